"""The judge of messages: it finds what is wrong with them, and nothing else (schemas.py)."""

import pytest

from schemas import violations

BOOT = {"chargePointVendor": "V", "chargePointModel": "M"}
ACCEPTED = {"currentTime": "2026-01-01T00:00:00.000Z", "interval": 60, "status": "Accepted"}
STATUS = {"connectorId": 1, "errorCode": "NoError", "status": "Available"}


def test_a_good_conversation_is_good():
    assert violations([
        ("received", [2, "1", "BootNotification", BOOT]), ("sent", [3, "1", ACCEPTED]),
        ("received", [2, "2", "StatusNotification", STATUS | {"timestamp": "2026-01-01T00:00:00+01:00"}]), ("sent", [3, "2", {}]),
        ("sent", [2, "2", "Reset", {"type": "Soft"}]), ("received", [3, "2", {"status": "Accepted"}]),
        ("sent", [2, "3", "Reserve", {}]), ("received", [4, "3", "NotImplemented", "", {}]), ("closed", []),
    ], ["received"]) == []


@pytest.mark.parametrize(["frame", "words"], [
    ([2, "1", "BootNotification", BOOT | {"chargePointModel": "M" * 21}], "is too long"),
    ([2, "1", "BootNotification", {"chargePointModel": "M"}], "'chargePointVendor' is a required property"),
    ([2, "1", "StatusNotification", STATUS | {"status": "Idle"}], "'Idle' is not one of"),
    ([2, "1", "StatusNotification", STATUS | {"connectorId": "1"}], "is not of type 'integer'"),
    ([2, "1", "StatusNotification", STATUS | {"timestamp": "today"}], "is not a 'date-time'"),
    ([2, "1", "Heartbeat", {"now": 1}], "Additional properties are not allowed"),
    ([2, "1", "Hello", {}], "Hello is no message of OCPP 1.6"),
    ([2, "i" * 37, "Heartbeat", {}], "the id"),
    ([2, 1, "Heartbeat", {}], "the id"),
    ([2, "1", "Heartbeat"], "a type 2 of 3 elements"),
    ([3, "asked", {"status": "Perhaps"}], "'Perhaps' is not one of"),
    ([3, "asked", None], "is not of type 'object'"),
    ([4, "asked", "Oops", "", {}], "a wrong CALLERROR"),
    ([4, "asked", "GenericError", "x" * 256, {}], "a wrong CALLERROR"),
    ([5, "asked", {}], "a type 5 of 3 elements"),
])
def test_what_is_wrong_is_found(frame, words):
    [problem] = violations([("sent", [2, "asked", "Reset", {"type": "Hard"}]), ("received", frame)])
    assert words in problem
