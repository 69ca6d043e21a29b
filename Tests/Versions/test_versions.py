"""Every combination of services of two versions, in a session and changed in the middle of one."""

import itertools
import os
import pathlib
import signal
import sys
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Integration"))

import session  # noqa: E402
from csms import CSMS  # noqa: E402
from stack import BINARIES, PATIENCE, SERVICES, Stack, configuration  # noqa: E402

NEWER = pathlib.Path(os.environ.get("CHARGER_NEWER", "."))
COMBINATIONS = [frozenset(newer) for count in range(5) for newer in itertools.combinations(SERVICES, count)]
KEY = "ExampleOfANewerVersion"

pytestmark = pytest.mark.skipif(not (NEWER / "ocpp-gateway").exists(), reason="Tests/versions.sh builds the newer version, as root")


class Mixed(Stack):
    """`newer` are those of the newer version."""

    def __init__(self, document, newer):
        super().__init__(document)
        self.newer = set(newer)

    def arguments(self, service):
        words = super().arguments(service)
        words[0] = str((NEWER if service in self.newer else BINARIES) / service)
        return words

    def replace(self, service):
        """By the one of the other version, as an upgrade or a downgrade does."""
        self.newer ^= {service}
        self.kill(service, sig=signal.SIGTERM)
        self.start(service)

    def versions(self):
        return {m["payload"]["service"]: m["payload"]["schemaVersion"] == 9999 for m in self.ctl("state", "service.announce", "--json")}


def name(newer):
    return "+".join(sorted(newer)) or "none"


@pytest.fixture
def central():
    with CSMS() as csms:
        yield csms


def begun(stack, csms):
    stack.start()
    csms.wait_status("Available")
    tap = stack.tap()
    return tap, session.begin(stack, csms, tap)


def end(stack, csms, tap, start):
    session.present_again(stack, tap)
    session.assert_one_transaction(csms, start, csms.wait("StopTransaction"))
    stack.sim("unplug")
    csms.wait_status("Available", count=2)


def keys(csms):
    return {each["key"] for each in csms.request("GetConfiguration").configuration_key}


@pytest.mark.parametrize("newer", COMBINATIONS, ids=name)
def test_a_session(central, newer):
    with Mixed(configuration(central.url), newer) as stack:
        tap, start = begun(stack, central)
        assert stack.versions() == {service: service in newer for service in SERVICES}
        session.energy_beyond(tap, start["meterStart"])
        end(stack, central, tap, start)
        # The store keeps what it has never heard of.
        assert (KEY in keys(central)) == ("ocpp-gateway" in newer)
        answer = central.request("ChangeConfiguration", key=KEY, value="7").status
        assert answer == ("Accepted" if "ocpp-gateway" in newer else "NotSupported")


@pytest.mark.parametrize("newer", COMBINATIONS, ids=name)
def test_a_session_in_which_every_service_is_replaced_by_the_other_version(central, newer):
    with Mixed(configuration(central.url), newer) as stack:
        tap, start = begun(stack, central)
        register = session.energy_beyond(tap, start["meterStart"])
        for service in sorted(SERVICES, key=lambda each: each == "hardware-io"):
            since = len(tap.messages)
            stack.replace(service)
            if service == "hardware-io":
                tap.wait_connector(contactor="closed", since=since)
            register = session.energy_beyond(tap, register)
        assert stack.versions() == {service: service not in newer for service in SERVICES}
        end(stack, central, tap, start)


def test_what_a_newer_version_has_set_survives_an_older_one(central):
    with Mixed(configuration(central.url), SERVICES) as stack:
        stack.start()
        central.wait_status("Available")
        assert central.request("ChangeConfiguration", key=KEY, value="7").status == "Accepted"
        stack.replace("ocpp-gateway")
        stack.replace("config-store")
        stack.ctl("wait", "ocpp.link", "phase=accepted")
        assert KEY not in keys(central)
        stack.replace("ocpp-gateway")
        central.wait("BootNotification", count=3)
        # Until the store has spoken the gateway goes by what the older one left, which did not know the key.
        deadline = time.monotonic() + PATIENCE
        while [each["value"] for each in central.request("GetConfiguration", key=[KEY]).configuration_key] != ["7"]:
            assert time.monotonic() < deadline, "the value is lost"
