"""Reset, and what programs beside the gateway ask of it: the real executables (OCPP 1.6 §5.14, §5.6, §3.7.1)."""

import json

import pytest

import session
from csms import CSMS
from stack import Stack, configuration


def boot_of_hardware(stack):
    [state] = [m for m in stack.ctl("state", "hardware.connector.1", "--json") if m["topic"] == "hardware.connector.1"]
    return state["payload"]["bootId"]


# Shows: CORE-RST-04
@pytest.mark.parametrize("kind", ["Soft", "Hard"])
def test_a_reset_ends_the_transaction_and_boots_anew(kind):
    with CSMS() as csms, Stack(configuration(csms.url)) as stack:
        stack.start()
        csms.wait_status("Available")
        session.begin(stack, csms, stack.tap())
        before = boot_of_hardware(stack)
        assert csms.request("Reset", type=kind).status == "Accepted"
        csms.wait("BootNotification", count=2)
        assert csms.wait("StopTransaction")["reason"] == f"{kind}Reset"
        # The cable is still in, and nothing begins by itself (OCPP 1.6 §4.9).
        csms.wait_status("Finishing")
        assert len(csms.calls("StartTransaction")) == 1
        assert all(process.poll() is None for process in stack.processes.values())
        # hardware-io is another one after a hard Reset only; its first state may be on its way.
        if kind == "Hard":
            stack.tap().wait(lambda m: m["topic"] == "hardware.connector.1" and m["payload"]["bootId"] != before)
        else:
            assert boot_of_hardware(stack) == before


def test_a_reset_without_the_hardware_is_a_failure_that_is_told():
    """hardware-io is gone, so that nobody restarts it (OCPP 1.6 §9.1.22, §7.6)."""
    with CSMS() as csms, Stack(configuration(csms.url, ocpp={"ResetRetries": 0})) as stack:
        stack.start()
        csms.wait_status("Available")
        stack.kill("hardware-io")
        assert csms.request("Reset", type="Hard").status == "Accepted"
        csms.wait("StatusNotification", lambda p: p["connectorId"] == 0 and p["errorCode"] == "ResetFailure")
        assert len(csms.calls("BootNotification")) == 1


def test_a_program_of_a_vendor_takes_and_sends_data():
    with CSMS() as csms, Stack(configuration(csms.url)) as stack:
        stack.start()
        csms.wait_status("Available")
        assert csms.request("DataTransfer", vendor_id="com.example").status == "UnknownVendorId"
        registration = {"vendorId": "com.example", "messageIds": ["Tariff"], "leaseSeconds": 60}
        stack.ctl("call", "ocpp.registerVendor", json.dumps(registration))
        assert csms.request("DataTransfer", vendor_id="com.example", message_id="x").status == "UnknownMessageId"
        # Nobody answers.
        assert csms.request("DataTransfer", vendor_id="com.example", message_id="Tariff").status == "Rejected"
        stack.ctl("call", "ocpp.answerDataTransfer", '{"number":1,"status":"Accepted"}', status=4)


def test_what_is_on_disk_is_shown():
    with CSMS() as csms, Stack(configuration(csms.url)) as stack:
        stack.start()
        csms.wait_status("Available")
        assert stack.ctl("queue", "--json") == [] and stack.ctl("tx", "list", "--json") == []
        tap = stack.tap()
        session.begin(stack, csms, tap)
        session.present_again(stack, tap)
        csms.wait("StopTransaction")
        tap.wait(lambda m: m["topic"] == "ocpp.queue" and m["payload"]["undelivered"] == 0, since=len(tap.messages))
        [line] = stack.ctl("tx", "list", "--json")
        assert line["connectorId"] == 1 and line["reason"] == "Local" and line["waiting"] == line["deadLetters"] == 0
        shown = stack.ctl("tx", "show", line["transaction"], "--json")
        assert shown[0]["action"] == "StartTransaction" and shown[-1]["action"] == "StopTransaction"
        assert shown == stack.ctl("tx", "show", str(line["transactionId"]), "--json")
        assert stack.ctl("tx", "resend", "--all") == "0 in the queue again\n"
        stack.ctl("tx", "resend", "1", status=4)
        stack.ctl("tx", "resend", status=2)
        stack.ctl("tx", "show", "nobody", status=4)
