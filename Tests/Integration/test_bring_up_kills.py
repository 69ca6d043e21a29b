"""Whoever puts a charger into operation tests single parts, and something dies in the middle: nothing stays closed, offered or lit."""

import signal
import subprocess
import time

import pytest
from stack import BINARIES, PATIENCE, Stack, configuration

PARTS = ["relay", "lock", "meter", "pilot", "rcd", "led"]


@pytest.fixture
def charger():
    """hardware-io alone, with everything that a connector may have."""
    document = configuration("ws://127.0.0.1:1/ocpp", cable="socket")
    document["connectors"][0] |= {
        name: "simulated" for name in ("residualCurrent", "indicator", "outputVoltage", "phaseContactor")
    } | {"contactorRestSeconds": 1}
    with Stack(document) as stack:
        yield stack.start("hardware-io")


def live(part):
    return ["--live"] if part == "relay" else []


def begin(charger, part):
    """The test is under way: it was logged, and what it moves was ordered."""
    charger.ctl("wait", "hardware.connector.1", "pilot=A", "contactor=open", "lock=unlocked", "offeredMilliamps=0")
    charger.ctl("wait", "hardware.meter.1", "valid=true")
    tap = charger.tap()
    tests = lambda: charger.log("hardware-io").count("hardware is tested")  # noqa: E731
    deadline, before = time.monotonic() + PATIENCE, tests()
    while tests() == before:
        # Refused while the contactor rests after the start.
        assert time.monotonic() < deadline
        asker = subprocess.Popen(
            [str(BINARIES / "chargectl"), "--runtime-dir", str(charger.runtime), "hw", "test", part, *live(part)],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        while asker.poll() is None and tests() == before:
            pass
    # What moves is seen to move; what does not is over at once.
    seen = {"relay": {"contactor": "closed"}, "lock": {"lock": "locking"}, "pilot": {"offeredMilliamps": 16_000}}
    if part in seen:
        tap.wait_connector(**seen[part])
    return asker, tap


def is_safe(charger):
    charger.ctl("wait", "hardware.connector.1", "contactor=open", "offeredMilliamps=0", "lock=unlocked", "faults=[]")


@pytest.mark.parametrize("part", PARTS)
def test_a_hardware_io_that_is_killed_in_a_test_starts_clean_and_tests_again(charger, part):
    asker, tap = begin(charger, part)
    charger.kill("hardware-io", sig=signal.SIGKILL)
    asker.wait(PATIENCE)
    # The coil hangs on a line of the process: what the next one finds is an open contactor.
    since = len(tap.messages)
    charger.start("hardware-io")
    tap.wait_connector(contactor="open", since=since)
    closed = [m for m in tap.messages[since:]
              if m["topic"] == "hardware.connector.1" and m["payload"]["contactor"] in ("closing", "closed", "welded")]
    assert not closed, closed
    is_safe(charger)
    charger.ctl("wait", "hardware.meter.1", "valid=true")
    charger.ctl("hw", "test", part, *live(part), status=None)
    is_safe(charger)


@pytest.mark.parametrize("part", PARTS)
def test_an_asker_that_is_killed_changes_nothing_and_the_test_ends_by_itself(charger, part):
    asker, tap = begin(charger, part)
    asker.kill()
    asker.wait(PATIENCE)
    is_safe(charger)
    # Nothing of it is left: another one may begin.
    charger.ctl("hw", "test", "meter", status=None)
    is_safe(charger)
