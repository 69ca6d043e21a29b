"""The devices of a charger, as hardware-io and chargectl tell of them."""

import signal
import time

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


def test_every_simulated_device_is_ok_without_anybody_doing_anything(charger):
    for name in conditions(charger):
        charger.ctl("wait", f"hardware.device.{name}", "condition=ok")


def test_a_lost_device_is_told_and_comes_back(charger):
    charger.ctl("wait", "hardware.device.pilot-1", "condition=ok")
    charger.sim("fault", "InternalError")
    charger.ctl("wait", "hardware.device.pilot-1", "condition=lost")
    assert conditions(charger, status=1)["pilot-1"] == "lost"
    charger.sim("clear", "InternalError")
    charger.ctl("wait", "hardware.device.pilot-1", "condition=ok")


def test_a_temperature_that_is_measured_is_no_silent_one(charger):
    charger.ctl("wait", "hardware.device.temperature-1", "condition=ok")


@pytest.mark.parametrize("part", ["lock", "meter", "pilot", "rcd", "led"])
def test_a_part_is_tested_and_says_what_it_did(charger, part):
    charger.ctl("wait", "hardware.connector.1", "pilot=A", "contactor=open")
    charger.ctl("wait", "hardware.meter.1", "valid=true")
    assert charger.ctl("hw", "test", part, "--json")["passed"] is True
    charger.ctl("wait", "hardware.connector.1", "lock=unlocked", "contactor=open", "offeredMilliamps=0")


def test_a_contactor_is_tested_by_who_says_that_the_cable_is_live_and_while_nobody_is_there(charger):
    charger.ctl("wait", "hardware.connector.1", "pilot=A", "contactor=open")
    charger.ctl("hw", "test", "relay", status=4)
    tap = charger.tap("--filter", "hardware.connector.1")
    deadline = time.monotonic() + 20
    while "passed" not in (said := charger.ctl("hw", "test", "relay", "--live", status=None)):
        assert time.monotonic() < deadline, said
    tap.wait_connector(contactor="closed")
    tap.wait_connector(contactor="open")
    charger.sim("plug")
    charger.ctl("wait", "hardware.connector.1", "pilot=B")
    charger.ctl("hw", "test", "relay", "--live", status=4)


def test_it_ends_in_order(charger):
    assert charger.kill("hardware-io", sig=signal.SIGTERM) == {"hardware-io": 0}
