"""The devices of a charger, as hardware-io and chargectl tell of them."""

import signal

import pytest

from stack import Stack, configuration


@pytest.fixture
def charger():
    """hardware-io alone, with everything that a connector may have."""
    document = configuration("ws://127.0.0.1:1/ocpp", cable="socket")
    document["connectors"][0] |= {
        name: "simulated" for name in ("residualCurrent", "temperature", "emergencyStop", "indicator")
    }
    with Stack(document) as stack:
        yield stack.start("hardware-io")


def conditions(charger, status=0):
    return {device["name"]: device["condition"] for device in charger.ctl("hw", "--json", status=status)}


def test_every_device_is_told_with_its_driver(charger):
    charger.ctl("wait", "hardware.device.pilot-1", "condition=ok")
    names = set(conditions(charger))
    assert names == {
        "pilot-1", "proximity-1", "contactor-1", "meter-1", "lock-1", "residual-current-1", "emergency-stop-1",
        "temperature-1", "indicator-1", "reader-1",
    }
    lines = charger.ctl("hw").splitlines()
    assert any(line.split()[:3] == ["pilot-1", "ok", "simulated"] for line in lines), lines


def test_a_lost_device_is_told_and_comes_back(charger):
    charger.ctl("wait", "hardware.device.pilot-1", "condition=ok")
    charger.sim("fault", "InternalError")
    charger.ctl("wait", "hardware.device.pilot-1", "condition=lost")
    assert conditions(charger, status=1)["pilot-1"] == "lost"
    charger.sim("clear", "InternalError")
    charger.ctl("wait", "hardware.device.pilot-1", "condition=ok")


def test_a_temperature_that_is_measured_is_no_silent_one(charger):
    charger.ctl("wait", "hardware.device.temperature-1", "condition=ok")


def test_it_ends_in_order(charger):
    assert charger.kill("hardware-io", sig=signal.SIGTERM) == {"hardware-io": 0}
