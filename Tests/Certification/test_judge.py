"""The laboratory itself: a charge point that does one thing wrong does not pass."""

import json
import pathlib
import sys

import pytest
from websockets.sync.client import connect

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from case import Lab, WALLBOX, boot, status  # noqa: E402
from charge_point import ChargePoint  # noqa: E402

BOOT = ["BootNotification", {"chargePointVendor": "V", "chargePointModel": "M"}]


def told(value, connector=1, at="2026-01-01T00:00:00.000Z", code="NoError"):
    return ["StatusNotification", {"connectorId": connector, "status": value, "errorCode": code, "timestamp": at}]


class Puppet(ChargePoint):
    """Says what it is told to, and takes the answers."""

    def __init__(self, form):
        super().__init__(form)
        self.line = None

    def start(self, url, settings):
        self.line = connect(url + "/CP", subprotocols=["ocpp1.6"])

    def close(self):
        if self.line:
            self.line.close()

    def say(self, action, payload, id):
        self.line.send(json.dumps([2, id, action, payload]))
        assert json.loads(self.line.recv(10))[:2] == [3, id]

    plug = unplug = unplug_at_car = present = cut_link = mend_link = cut_power = restore_power = break_part = mend_part = None


@pytest.fixture
def lab():
    lab = Lab(WALLBOX, Puppet)
    lab.switch_on({})
    yield lab
    lab.close()


def say(lab, *messages):
    for number, (action, payload) in enumerate(messages):
        lab.charge_point.say(action, payload, f"{action}-{number}")


def test_what_is_expected_passes(lab):
    say(lab, BOOT, told("Available", 0), told("Available"), told("Preparing"))
    lab.expect(status("Available", 0), status("Available"), optional=[boot()])
    lab.expect(status("Preparing"))
    lab.finish()


@pytest.mark.parametrize("messages, words", [
    ([told("Available"), told("Finishing")], "no transition"),
    ([told("Available"), told("Available")], "nothing is new"),
    ([told("Preparing", 0)], "cannot be Preparing"),
    ([told("Available", at="2026-01-01T00:00:02.000Z"), told("Preparing", at="2026-01-01T00:00:01.000Z")], "after something of"),
    ([["StatusNotification", {"connectorId": 1, "status": "Idle", "errorCode": "NoError"}]], "breaks its schema"),
    ([["StatusNotification", {"connectorId": 1, "status": "Available", "errorCode": "NoError", "x": 1}]], "breaks its schema"),
    ([["Reset", {"type": "Soft"}]], "not for a charge point"),
])
def test_what_breaks_the_protocol_fails(lab, messages, words):
    say(lab, *messages)
    for _ in messages:
        lab.next(0, [])
    with pytest.raises(AssertionError, match=words):
        lab.finish()


def test_an_id_that_is_used_twice_fails(lab):
    lab.charge_point.say(*told("Available"), "same")
    lab.charge_point.say(*told("Preparing"), "same")
    lab.expect(status("Available"))
    lab.expect(status("Preparing"))
    with pytest.raises(AssertionError, match="was used for another message"):
        lab.finish()


@pytest.mark.parametrize("text", ["hello", "[]", '[2,"x","Heartbeat"]', '[7,"x",{}]', '[3,"nobody",{}]'])
def test_a_frame_that_is_no_message_fails(lab, text):
    lab.charge_point.line.send(text)
    say(lab, BOOT)
    lab.next(0, [])
    with pytest.raises(AssertionError):
        lab.finish()


def test_a_message_too_many_fails(lab):
    say(lab, told("Available"), told("Preparing"))
    with pytest.raises(AssertionError, match="came while waiting for"):
        lab.expect(status("Charging"))


def test_a_message_that_is_left_over_fails(lab):
    say(lab, told("Available"))
    with pytest.raises(AssertionError, match="nothing was to come"):
        lab.finish()


def test_a_message_that_never_comes_fails(lab):
    with pytest.raises(AssertionError, match="it never came"):
        lab.expect(status("Available"), within=0.1)


def test_what_must_not_come_fails(lab):
    say(lab, told("Available"))
    with pytest.raises(AssertionError, match="nothing was to come"):
        lab.silence(0.1)
