"""Every frame against the official JSON schemas of OCPP 1.6 (the PyPI package `ocpp` ships them), whatever a central system made of it.

A library that refuses a message answers a CALLERROR, and a charger that repeats itself gets over that: no test would notice."""

import functools
import json
import pathlib
import re

import jsonschema
import ocpp

SCHEMAS = pathlib.Path(ocpp.__file__).parent / "v16" / "schemas"
OTHER = {"received": "sent", "sent": "received"}
# OCPP-J 1.6 §4.2.3, with the spelling of its table, and what the schemas leave to the text: the lengths of §4.1.4 and §4.2.3.
ERROR_CODES = {
    "NotImplemented", "NotSupported", "InternalError", "ProtocolError", "SecurityError", "FormationViolation",
    "PropertyConstraintViolation", "OccurenceConstraintViolation", "TypeConstraintViolation", "GenericError",
}
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
formats = jsonschema.FormatChecker(formats=())


@formats.checks("date-time")
def is_moment(value):
    return not isinstance(value, str) or MOMENT.fullmatch(value) is not None


@functools.cache
def validator(name):
    path = SCHEMAS / f"{name}.json"
    if not path.exists():
        return None
    schema = json.loads(path.read_text(encoding="utf-8-sig"))
    return jsonschema.validators.validator_for(schema)(schema, format_checker=formats)


def payload_problems(name, payload):
    found = validator(name)
    if found is None:
        return [f"{name} is no message of OCPP 1.6"]
    return [f"{name}, {'.'.join(map(str, e.path))}: {e.message[:200]}" for e in found.iter_errors(payload)]


def frame_problems(frame, action):
    """`action` is that of the CALL which a CALLRESULT answers, where it is known."""
    if len(frame) < 2 or not isinstance(frame[1], str) or frame[0] == 2 and len(frame[1]) > 36:
        return ["the id is none"]
    if len(frame) != {2: 4, 3: 3, 4: 5}.get(frame[0]):
        return [f"a type {frame[0]} of {len(frame)} elements"]
    if frame[0] == 2:
        return payload_problems(frame[2], frame[3])
    if frame[0] == 3:
        return payload_problems(f"{action}Response", frame[2]) if action else []
    is_right = frame[2] in ERROR_CODES and isinstance(frame[3], str) and len(frame[3]) <= 255 and isinstance(frame[4], dict)
    return [] if is_right else ["a wrong CALLERROR"]


def violations(frames, directions=("received", "sent")):
    """What is wrong with the frames of a conversation, pairs of a direction and a decoded frame."""
    asked, found = {}, []
    for direction, frame in frames:
        if direction not in OTHER:
            continue
        if frame and frame[0] == 2:
            asked[direction, frame[1]] = frame[2]
        if direction in directions:
            action = asked.get((OTHER[direction], frame[1])) if len(frame) > 1 and frame[0] == 3 else None
            found += [f"{problem} in {direction} {json.dumps(frame)[:400]}" for problem in frame_problems(frame, action)]
    return found
