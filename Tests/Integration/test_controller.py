"""A controller that owns pilot and contactor, and speaks RAPI, behind the real hardware-io."""

import json
import signal
import time

import pytest

from pn532 import wait_until
from rapi import Controller
from stack import Stack, configuration

HEARTBEAT = 3  # seconds until the controller opens by itself


@pytest.fixture
def controller(tmp_path):
    with Controller(tmp_path / "controller") as model:
        yield model


@pytest.fixture
def charger(controller):
    document = configuration("ws://127.0.0.1:1/none")
    connector = document["connectors"][0]
    del connector["pilot"], connector["contactor"]
    connector["controller"] = {
        "driver": "rapi", "port": str(controller.path), "heartbeatSeconds": HEARTBEAT, "fallbackAmps": 0
    }
    with Stack(document) as stack:
        stack.start("hardware-io")
        yield stack


def permit(stack, granted=True):
    uptime = int(time.clock_gettime(time.CLOCK_BOOTTIME) * 1000)
    stack.ctl("call", "hardware.permit", json.dumps({
        "connectorId": 1, "granted": granted, "limitMilliamps": 13_000, "validUntilUptime": uptime + 120_000,
        "transaction": "t-1",
    }))


def charge(controller, stack, tap):
    tap.wait_connector(pilot="A")
    controller.vehicle = 2
    tap.wait_connector(pilot="B")
    permit(stack)
    controller.vehicle = 3
    tap.wait_connector(contactor="closed")


def test_a_controller_from_before_is_forbidden_first_and_closes_only_under_a_permit(controller, charger):
    tap = charger.tap("--filter", "hardware.*")
    tap.wait_connector(pilot="A")
    assert controller.commands[0] == "FS"
    controller.vehicle = 3
    tap.wait_connector(pilot="C")
    assert controller.closings == 0
    permit(charger)
    tap.wait_connector(contactor="closed")
    assert controller.amps == 13
    permit(charger, granted=False)
    tap.wait_connector(contactor="open", since=len(tap.messages))
    assert not controller.closed
    assert not any(m["topic"] == "hardware.fault" and m["payload"]["present"] for m in tap.messages)


def test_a_stopped_hardware_io_lets_the_controller_open_within_its_heartbeat(controller, charger):
    tap = charger.tap("--filter", "hardware.*")
    charge(controller, charger, tap)
    process = charger.processes["hardware-io"]
    process.send_signal(signal.SIGSTOP)
    stopped = time.monotonic()
    wait_until(lambda: not controller.closed)
    assert controller.opened_at - stopped < HEARTBEAT + 1
    since = len(tap.messages)
    process.send_signal(signal.SIGCONT)
    tap.wait(lambda m: m["topic"] == "hardware.connector.1", since)


def test_a_killed_hardware_io_lets_the_controller_open_and_the_next_one_forbids_first(controller, charger):
    tap = charger.tap("--filter", "hardware.*")
    charge(controller, charger, tap)
    charger.kill("hardware-io")
    wait_until(lambda: not controller.closed)
    before = len(controller.commands)
    charger.start("hardware-io")
    wait_until(lambda: "GS" in controller.commands[before:])
    assert controller.commands[before] == "FS"
    assert controller.closings == 1


def test_an_orderly_end_forbids_at_once(controller, charger):
    tap = charger.tap("--filter", "hardware.*")
    charge(controller, charger, tap)
    assert charger.kill("hardware-io", sig=signal.SIGTERM) == {"hardware-io": 0}
    wait_until(lambda: controller.mode != "enabled", patience=HEARTBEAT - 1)
    assert not controller.closed
