"""`chargectl net test` over the real programs: each step with its time, without a second connection of the charger."""

import signal
import subprocess

import pytest

from csms import SilentDoor
from simulated_modem import wait_for
from stack import BINARIES, PATIENCE, Stack, configuration

STEPS = ["sim", "registration", "address", "dns", "tcp", "tls", "webSocket", "boot"]


@pytest.fixture
def charger(csms, authority):
    document = configuration(csms.url)
    document["uplinks"] = [{"name": "lan", "driver": "static", "interface": "lo"}]
    with Stack(authority.trusted_by(document) if authority else document) as stack:
        yield stack


@pytest.mark.parametrize("central", ["ws", "wss"], indirect=True)
def test_every_step_has_its_time_or_says_why_it_was_not_tried(central, csms, charger):
    charger.start()
    csms.wait_connection(1)
    answered = lambda: {step["name"]: step for step in charger.ctl("net", "test", "--json", status=None)["steps"]}
    wait_for("BootNotification", lambda: answered()["boot"]["outcome"] == "ok")
    steps = answered()
    assert list(steps) == STEPS
    done = [name for name in STEPS if steps[name]["outcome"] == "ok"]
    assert set(done) >= {"address", "tcp", "webSocket", "boot"} and ("tls" in done) == (central == "wss")
    assert all("milliseconds" in steps[name] for name in done if name != "address")
    printed = charger.ctl("net", "test")
    assert "sim           not tried: there is no modem" in printed
    if central == "ws":
        assert "tls           not tried: not asked for" in printed
    assert csms.connections == 1, "The charger is there once."


def test_behind_a_step_that_fails_nothing_is_tried(csms, charger):
    charger.start("modem-manager")
    csms.vanish()
    printed = charger.ctl("net", "test", status=None)
    assert "tcp           failed" in printed and "webSocket     not tried: tcp failed" in printed


def walks(charger, port):
    """Whether the service dials the central system."""
    shown = subprocess.run(["ss", "-tnpH", "state", "syn-sent", f"dport = :{port}"], capture_output=True, text=True).stdout
    return f"pid={charger.processes['modem-manager'].pid}," in shown


def test_a_service_that_ends_is_not_waited_for(csms, charger):
    charger.start("modem-manager")
    csms.vanish()
    with SilentDoor(csms.port):
        command = [BINARIES / "chargectl", "--runtime-dir", charger.runtime, "net", "test"]
        asking = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        wait_for("the walk", lambda: walks(charger, csms.port))
        charger.kill("modem-manager", sig=signal.SIGKILL)
        said = asking.communicate(timeout=PATIENCE / 2)[0]
        assert "modem-manager ended before it answered" in said, said
