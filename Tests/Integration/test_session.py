"""A charging session over four services against a central system that others wrote."""

import signal
import threading

import pytest

import session


# What `ocpp-csms` prints of one over ws:// stands in test_core_requests.py.
# Shows: CORE-BOOT-01, CORE-BOOT-03, MSG-02
@pytest.mark.parametrize("central", ["ws", "wss", "ocpp-csms wss"], indirect=True)
def test_a_wallbox_boots_charges_stops_and_reports_its_energy(stack, csms):
    stack.start()
    boot = csms.wait("BootNotification")
    assert boot["chargePointVendor"] == "Vendor"
    csms.wait_status("Available", connector=0)
    csms.wait_status("Available", connector=1)
    tap = stack.tap()

    start = session.begin(stack, csms, tap)
    assert start["idTag"] == "04A1B2C3"
    csms.wait_status("Charging")
    csms.wait("MeterValues", count=2)
    session.energy_beyond(tap, start["meterStart"])
    session.present_again(stack, tap)
    stop = csms.wait("StopTransaction")
    csms.wait_status("Finishing")
    tap.wait_connector(contactor="open", since=len(tap.messages) - 1)
    stack.sim("unplug")
    csms.wait_status("Available", count=2)

    assert stop.get("reason", "Local") == "Local"
    session.assert_one_transaction(csms, start, stop)
    statuses = [p["status"] for p in csms.calls("StatusNotification") if p["connectorId"] == 1]
    assert statuses == ["Available", "Preparing", "Charging", "Finishing", "Available"]
    assert len(csms.calls("BootNotification")) == 1


# Shows: CORE-BOOT-02, CORE-BOOT-08, CORE-BOOT-12, CORE-BOOT-14
def test_nothing_is_sent_while_rejected_and_only_boot_while_pending(stack, csms):
    csms.registrations = ["Rejected", "Pending"]
    stack.start()
    csms.wait_status("Available", connector=1)
    actions = [action for action, _ in csms.calls()]
    assert actions[:3] == ["BootNotification"] * 3
    assert actions[3] == "StatusNotification"


def test_a_card_that_the_central_system_refuses_gets_no_energy(stack, csms):
    csms.verdicts["04BAD000"] = "Blocked"
    stack.start()
    csms.wait_status("Available")
    tap = stack.tap()
    stack.sim("plug")
    csms.wait_status("Preparing")
    stack.sim("swipe", "04BAD000")
    csms.wait("Authorize")
    tap.wait(lambda m: m["topic"] == "request.hardware.indicate" and m["payload"]["signal"] == "rejected")
    assert not csms.calls("StartTransaction")
    assert not any(m["payload"].get("granted") for m in tap.messages if m["topic"] == "request.hardware.permit")


def test_remote_start_and_remote_stop(stack, csms):
    stack.start()
    csms.wait_status("Available")
    tap = stack.tap()
    stack.sim("plug")
    csms.wait_status("Preparing")
    assert csms.request("RemoteStartTransaction", id_tag="REMOTE1", connector_id=1).status == "Accepted"
    start = csms.wait("StartTransaction")
    assert start["idTag"] == "REMOTE1"
    tap.wait_connector(contactor="closed")
    csms.wait_status("Charging")
    assert csms.request("RemoteStartTransaction", id_tag="REMOTE2", connector_id=1).status == "Rejected"
    assert csms.request("RemoteStopTransaction", transaction_id=99).status == "Rejected"
    session.energy_beyond(tap, start["meterStart"])
    assert csms.request("RemoteStopTransaction", transaction_id=csms.last_transaction).status == "Accepted"
    stop = csms.wait("StopTransaction")
    assert stop["reason"] == "Remote"
    assert "idTag" not in stop


# Shows: CORE-CFG-02, CORE-CFG-07, CORE-CFG-13
def test_configuration_is_read_changed_and_kept_over_restarts(stack, csms):
    stack.start()
    csms.wait_status("Available")
    everything = csms.request("GetConfiguration")
    keys = {entry["key"]: entry for entry in everything.configuration_key}
    assert keys["NumberOfConnectors"] == {"key": "NumberOfConnectors", "readonly": True, "value": "1"}
    assert "AuthorizationKey" not in keys or "value" not in keys["AuthorizationKey"]
    answer = csms.request("GetConfiguration", key=["connectiontimeout", "NoSuchKey"])
    assert answer.configuration_key == [{"key": "ConnectionTimeOut", "readonly": False, "value": "60"}]
    assert answer.unknown_key == ["NoSuchKey"]

    assert csms.request("ChangeConfiguration", key="ConnectionTimeOut", value="90").status == "Accepted"
    assert csms.request("ChangeConfiguration", key="ConnectionTimeOut", value="-1").status == "Rejected"
    assert csms.request("ChangeConfiguration", key="NumberOfConnectors", value="2").status == "Rejected"
    assert csms.request("ChangeConfiguration", key="NoSuchKey", value="1").status == "NotSupported"
    stack.kill()
    stack.start()
    csms.wait("BootNotification", count=2)
    csms.wait_status("Available", count=2)
    answer = csms.request("GetConfiguration", key=["ConnectionTimeOut"])
    assert answer.configuration_key[0]["value"] == "90"
    assert "90" in stack.ctl("config", "get", "ConnectionTimeOut")
    assert "ChangeConfiguration" in stack.ctl("config", "history", "ConnectionTimeOut")


def test_a_change_that_the_store_takes_up_too_late_is_rejected_and_not_stored(stack, csms):
    stack.start()
    csms.wait_status("Available")
    assert csms.request("ChangeConfiguration", key="ConnectionTimeOut", value="90").status == "Accepted"
    store = stack.processes["config-store"]
    store.send_signal(signal.SIGSTOP)
    # Later than a change may be taken up, and earlier than the gateway gives up.
    resume = threading.Timer(3, store.send_signal, [signal.SIGCONT])
    resume.start()
    assert csms.request("ChangeConfiguration", key="ConnectionTimeOut", value="91").status == "Rejected"
    resume.join()
    assert csms.request("ChangeConfiguration", key="ResetRetries", value="4").status == "Accepted"
    answer = csms.request("GetConfiguration", key=["ConnectionTimeOut"])
    assert answer.configuration_key[0]["value"] == "90"
    assert "expired" in stack.log("ocpp-gateway")


# Shows: SEED-05
def test_an_unplug_at_the_car_ends_the_transaction(stack, csms):
    stack.start()
    csms.wait_status("Available")
    tap = stack.tap()
    start = session.begin(stack, csms, tap)
    session.energy_beyond(tap, start["meterStart"])
    stack.sim("unplug")
    stop = csms.wait("StopTransaction")
    assert stop["reason"] == "EVDisconnected"
    csms.wait_status("Available", count=2)


def test_a_welded_contactor_is_reported_and_repaired(stack, csms):
    stack.start()
    csms.wait_status("Available")
    stack.sim("fault", "PowerSwitchFailure")
    fault = csms.wait_status("Faulted")
    assert fault["errorCode"] == "PowerSwitchFailure"
    stack.sim("clear", "PowerSwitchFailure")
    csms.wait_status("Available", count=2)
