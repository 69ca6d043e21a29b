"""State that an earlier version wrote is read by this one: nothing is set aside, nothing is lost, nothing is told twice.

`Fixtures/state-*` are the state folders of a charger of that version, powered off with a session that was never told, a changed setting, a
connector out of service and a latched fault. They are kept as they are; a new version adds its own:
`CHARGER_BINARIES=… python3 test_earlier_files.py FOLDER` writes one.
"""

import pathlib
import shutil
import sys

import pytest
import session
from csms import CSMS
from stack import SERVICES, Stack, configuration

FIXTURES = pathlib.Path(__file__).parent / "Fixtures"
FOLDERS = sorted(path.name for path in FIXTURES.glob("state-*"))
CARD = "04A1B2C3"
# Without these the session of the fixture could not have begun offline.
KEYS = {"LocalAuthorizeOffline": True, "AllowOfflineTxForUnknownId": True}


def site(url):
    return configuration(url, connectors=2, ocpp=KEYS)


def write(folder):
    """Lets the programs of today make the state of a charger."""
    with CSMS() as csms, Stack(site(csms.url)) as stack:
        stack.start()
        csms.wait_status("Available", 2)
        tap = stack.tap()
        session.begin(stack, csms, tap)
        stack.ctl("config", "set", "HeartbeatInterval", "321")
        csms.request("ChangeAvailability", connector_id=2, type="Inoperative")
        csms.wait_status("Unavailable", 2)
        session.present_again(stack, tap)
        csms.wait("StopTransaction")
        stack.sim("unplug")
        tap.wait_status("Available", since=len(tap.messages) - 1)
        csms.vanish()
        tap.wait(lambda m: m["topic"] == "ocpp.link" and m["payload"]["phase"] != "accepted", len(tap.messages) - 1)
        since = len(tap.messages)
        stack.sim("plug")
        session.present_again(stack, tap)
        tap.wait_connector(contactor="closed", since=since)
        session.energy_beyond(tap, session.register_now(stack) + 20)
        stack.sim("unplug")
        tap.wait_connector(contactor="open", since=len(tap.messages) - 1)
        stack.sim("fault", "GroundFailure", "--connector", "2")
        tap.wait(lambda m: m["topic"] == "ocpp.connector.2" and m["payload"]["status"] == "Faulted")
        stack.kill(*SERVICES, sig=15)
        for service in SERVICES:
            # Without the space held in reserve, which is a MiB of nothing.
            shutil.copytree(stack.state_directory(service), folder / service, ignore=shutil.ignore_patterns("*.reserve"))


@pytest.mark.parametrize("name", FOLDERS)
def test_the_state_of_an_earlier_version_is_read_whole(name):
    with CSMS() as csms, Stack(site(csms.url)) as stack:
        for folder in (FIXTURES / name).iterdir():
            shutil.copytree(folder, stack.state_directory(folder.name))
        stack.start()
        start = csms.wait("StartTransaction")
        stop = csms.wait("StopTransaction")
        assert start["idTag"] == CARD and stop["meterStop"] > start["meterStart"]
        csms.wait_status("Faulted", 2)
        assert "321" in stack.ctl("config", "get", "HeartbeatInterval")
        tap = stack.tap()
        tap.wait(lambda m: m["topic"] == "ocpp.queue" and m["payload"]["undelivered"] == 0)
        assert len(csms.calls("StartTransaction")) == len(csms.calls("StopTransaction")) == 1
        stack.sim("clear", "GroundFailure", "--connector", "2")
        csms.wait_status("Unavailable", 2)
        aside = [path.name for path in (stack.root / "state").rglob("*") if "unreadable" in path.name or ".cut-" in path.name]
        assert aside == []
        listed = stack.ctl("tx", "list")
        assert listed.count(CARD) >= 1, listed


if __name__ == "__main__":
    write(pathlib.Path(sys.argv[1]))
