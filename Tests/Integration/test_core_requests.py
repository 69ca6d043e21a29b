"""What a central system can ask of a charge point in the Core profile (OCPP 1.6 §3.1, §5), by two of them, plain and through TLS."""

import json
import subprocess
import sys
import threading

import session
from packaged_csms import every_central_system
from schemas import violations
from stack import PATIENCE, Stack, configuration

CORE = {
    "ChangeAvailability", "ChangeConfiguration", "ClearCache", "DataTransfer", "GetConfiguration", "RemoteStartTransaction",
    "RemoteStopTransaction", "Reset", "UnlockConnector",
}


def with_a_socket(stack, csms):
    """The same wallbox with a cable that can be unlocked."""
    document = json.loads(stack.config.read_text())
    stack.configure(document | {"connectors": configuration(csms.url, cable="socket")["connectors"]})
    stack.start()
    csms.wait_status("Available")
    return stack.tap()


def settings(csms, *keys):
    """The values of these keys (all if there are none), and which are unknown."""
    answer = csms.request("GetConfiguration", **({"key": list(keys)} if keys else {}))
    return {entry["key"]: entry["value"] for entry in answer.configuration_key if "value" in entry}, answer.unknown_key or []


@every_central_system
def test_every_core_request_is_carried_out_and_every_message_is_valid(csms, stack):
    tap = with_a_socket(stack, csms)

    assert csms.request("ClearCache").status == "Accepted"
    assert csms.request("DataTransfer", vendor_id="com.example", message_id="m", data="d").status == "UnknownVendorId"
    assert settings(csms)[0]["NumberOfConnectors"] == "1"
    assert csms.request("ChangeConfiguration", key="ConnectionTimeOut", value="90").status == "Accepted"
    assert csms.request("ChangeConfiguration", key="NumberOfConnectors", value="2").status == "Rejected"
    assert settings(csms, "ConnectionTimeOut", "Nonsense") == ({"ConnectionTimeOut": "90"}, ["Nonsense"])

    assert csms.request("ChangeAvailability", connector_id=1, type="Inoperative").status == "Accepted"
    csms.wait_status("Unavailable")
    assert csms.request("ChangeAvailability", connector_id=1, type="Operative").status == "Accepted"
    csms.wait_status("Available", count=2)

    stack.sim("plug")
    csms.wait_status("Preparing")
    assert csms.request("RemoteStartTransaction", id_tag="REMOTE1", connector_id=1).status == "Accepted"
    start = csms.wait("StartTransaction")
    assert start["idTag"] == "REMOTE1"
    csms.wait_status("Charging")
    session.energy_beyond(tap, start["meterStart"])
    csms.wait("MeterValues")
    assert csms.request("RemoteStopTransaction", transaction_id=csms.last_transaction).status == "Accepted"
    stop = csms.wait("StopTransaction")
    assert stop["reason"] == "Remote"
    session.assert_one_transaction(csms, start, stop)
    csms.wait_status("Finishing")
    assert csms.request("UnlockConnector", connector_id=1).status == "Unlocked"
    tap.wait_connector(lock="unlocked", since=len(tap.messages) - 1)
    stack.sim("unplug")
    csms.wait_status("Available", count=3)

    assert csms.request("Reset", type="Soft").status == "Accepted"
    csms.wait("BootNotification", count=2)
    csms.wait_status("Available", count=4)
    assert settings(csms, "ConnectionTimeOut")[0] == {"ConnectionTimeOut": "90"}

    asked = [frame for direction, frame in csms.frames if direction == "sent" and frame[0] == 2]
    assert {frame[2] for frame in asked} == CORE
    answered = {frame[1] for direction, frame in csms.frames if direction == "received" and frame[0] == 3}
    assert answered == {frame[1] for frame in asked}
    assert violations(csms.frames) == []


def test_the_command_of_ocpp_csms_tells_of_a_whole_session():
    """As its README starts it, with nothing of ours but a pipe for what it prints."""
    command = [sys.executable, "-m", "ocpp_csms", "--host", "127.0.0.1", "--port", "0"]
    printed = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL)
    watchdog = threading.Timer(PATIENCE, printed.kill)
    watchdog.start()

    def until(*words):
        for line in printed.stdout:
            print(line, end="")
            if all(word in line for word in words):
                return line
        raise AssertionError(f"it never printed {words}")

    try:
        port = until("listening on port").split()[-1]
        with Stack(configuration(f"ws://127.0.0.1:{port}/ocpp")) as stack:
            stack.start()
            until("ConnectedEvent(charge_point_id='CP1')")
            until("BootEvent", "vendor='Vendor', model='Wallbox', serial_number='S-1'")
            until("StatusEvent", "connector_id=1, status=<ConnectorStatus.AVAILABLE")
            tap = stack.tap()
            stack.sim("plug")
            until("StatusEvent", "connector_id=1, status=<ConnectorStatus.PREPARING")
            stack.sim("swipe", "04A1B2C3")
            begun = until("TransactionStartedEvent", "id_tag='04A1B2C3'")
            start = int(begun.split("meter_start=")[1].split(",")[0])
            until("MeterValuesEvent", "Energy.Active.Import.Register")
            session.energy_beyond(tap, start)
            stack.sim("unplug")
            ended = until("TransactionStoppedEvent", "stop_reason='EVDisconnected'")
            assert int(ended.split("meter_stop=")[1].split(",")[0]) > start
            assert ended.split("transaction_id=")[1].split(",")[0] == begun.split("transaction_id=")[1].split(",")[0]
    finally:
        watchdog.cancel()
        printed.kill()
        printed.wait(PATIENCE)
        printed.stdout.close()
