"""Payloads made from a JSON schema: valid ones, and ones with exactly one defect each."""

import copy
import random
from decimal import Decimal

DATE = "2026-11-22T17:11:00.123Z"

# Where the text of the specification is stricter than its schemas, which know no minimum: the field type column of OCPP 1.6 chapter 6
# (`connectorId >= 0`), §7.8 (`integer >= 0`) and §7.14 (seconds from the start), E §3.39.
NOT_NEGATIVE = {
    ("ChangeAvailability", "connectorId"),
    ("MeterValues", "connectorId"),
    ("ReserveNow", "connectorId"),
    ("SetChargingProfile", "connectorId"),
    ("StatusNotification", "connectorId"),
    ("*", "stackLevel"),
    ("*", "startPeriod"),
}
# ClearChargingProfile only compares stack levels; any number may be asked for.
MAY_BE_NEGATIVE = {("ClearChargingProfile", "stackLevel")}
# Lists that the text wants with at least one element.
NOT_EMPTY = {"meterValue", "sampledValue", "chargingSchedulePeriod"}


def full(schema, count=2):
    """Every property present, every list with `count` elements."""
    kind = schema["type"]
    if kind == "object":
        return {name: full(part, count) for name, part in schema.get("properties", {}).items()}
    if kind == "array":
        return [full(schema["items"], count) for _ in range(count)]
    return scalar(schema)


def minimal(schema):
    """Required properties only."""
    kind = schema["type"]
    if kind == "object":
        return {name: minimal(schema["properties"][name]) for name in schema.get("required", [])}
    if kind == "array":
        return [minimal(schema["items"])]
    return scalar(schema)


def scalar(schema):
    kind = schema["type"]
    if kind == "string":
        if "enum" in schema:
            return schema["enum"][0]
        if schema.get("format") == "date-time":
            return DATE
        if schema.get("format") == "uri":
            return "ftp://user:secret@example.org/upload"
        return "text"
    return {"integer": 3, "number": Decimal("8.1"), "boolean": True}[kind]


def places(schema, path=()):
    """(path, schema) of every value; a list's elements are represented by its first."""
    yield path, schema
    if schema["type"] == "object":
        for name, part in schema.get("properties", {}).items():
            yield from places(part, path + (name,))
    elif schema["type"] == "array":
        yield from places(schema["items"], path + (0,))


def name_of(path):
    return next((step for step in reversed(path) if isinstance(step, str)), "")


def replaced(payload, path, value):
    result = copy.deepcopy(payload)
    node = result
    for step in path[:-1]:
        node = node[step]
    node[path[-1]] = value
    return result


def removed(payload, path):
    result = copy.deepcopy(payload)
    node = result
    for step in path[:-1]:
        node = node[step]
    del node[path[-1]]
    return result


def at(payload, path):
    for step in path:
        payload = payload[step]
    return payload


def applies(table, action, path):
    return (action, name_of(path)) in table or ("*", name_of(path)) in table


def valid(action, schema, seed):
    """(what, payload) that the schema and the text of the specification allow."""
    whole = full(schema)
    yield "all properties", whole
    yield "required properties", minimal(schema)
    for path, part in places(schema):
        where = ".".join(map(str, path))
        if not path:
            continue
        for value in part.get("enum", []):
            if value != "Hertz":  # added by the package; no unit of OCPP 1.6 (§7.45, E §3.86)
                yield f"{where} = {value}", replaced(whole, path, value)
        if "maxLength" in part:
            yield f"{where} of {part['maxLength']} characters", replaced(whole, path, "x" * part["maxLength"])
            yield f"{where} empty", replaced(whole, path, "")
            yield f"{where} all printable ASCII", replaced(whole, path, ''.join(map(chr, range(0x20, 0x7F)))[-part["maxLength"]:])
        elif part["type"] == "string" and "enum" not in part and "format" not in part:
            yield f"{where} of any length and script", replaced(whole, path, "Ünïcode 🚗 \"\\\n" + "x" * 5000)
        if part["type"] == "integer":
            values = [0, 1, 2**31 - 1, 2**31, 2**63 - 1]
            if not applies(NOT_NEGATIVE - MAY_BE_NEGATIVE, action, path) or applies(MAY_BE_NEGATIVE, action, path):
                values += [-1, -(2**31), -(2**63)]
            for value in values:
                yield f"{where} = {value}", replaced(whole, path, value)
        if part["type"] == "number":
            for value in ["0", "0.1", "0.3", "8.1", "21.7", "32", "32.0", "11000", "99999999.9"]:
                yield f"{where} = {value}", replaced(whole, path, Decimal(value))
        if part["type"] == "boolean":
            yield f"{where} = false", replaced(whole, path, False)
        if part.get("format") == "date-time":
            for value in [
                "2013-02-01T20:53:32.486Z", "2026-11-22T17:11:00Z", "2026-11-22T17:11:00+05:30", "2026-11-22T17:11:00.1234567890-01:00",
                "1970-01-01T00:00:00Z", "2024-02-29T23:59:59.999Z",
            ]:
                yield f"{where} = {value}", replaced(whole, path, value)
        if part["type"] == "array":
            element = at(whole, path)[0]
            counts = [1, 100] + ([] if name_of(path) in NOT_EMPTY else [0])
            for count in counts:
                yield f"{where} with {count} elements", replaced(whole, path, [copy.deepcopy(element)] * count)
        if isinstance(path[-1], str) and not is_required(schema, path):
            yield f"without {where}", removed(whole, path)
    generator = random.Random(seed)
    for number in range(60):
        yield f"random {number}", arbitrary(schema, generator, action)


def arbitrary(schema, generator, action, path=()):
    """Any subset of the optional properties, any values."""
    kind = schema["type"]
    if kind == "object":
        required = schema.get("required", [])
        names = [name for name in schema.get("properties", {}) if name in required or generator.random() < 0.5]
        generator.shuffle(names)
        return {name: arbitrary(schema["properties"][name], generator, action, path + (name,)) for name in names}
    if kind == "array":
        least = 1 if name_of(path) in NOT_EMPTY else 0
        return [arbitrary(schema["items"], generator, action, path + (0,)) for _ in range(generator.randint(least, 4))]
    if kind == "integer":
        return generator.choice([0, 1, generator.randint(0, 10**6), generator.randint(0, 2**53)])
    if kind == "number":
        return Decimal(generator.randint(0, 10**6)) / 10
    if kind == "boolean":
        return generator.random() < 0.5
    if "enum" in schema:
        return generator.choice([value for value in schema["enum"] if value != "Hertz"])
    if "format" in schema:
        return scalar(schema)
    length = generator.randint(0, schema.get("maxLength", 60))
    return "".join(chr(generator.randint(0x20, 0x7E)) for _ in range(length))


def is_required(schema, path):
    node = schema
    for step in path[:-1]:
        node = node["items"] if step == 0 else node["properties"][step]
    return path[-1] in node.get("required", [])


WRONG_TYPES = {
    "string": [12, True, [], {}, Decimal("1.5")],
    "integer": ["1", True, [], {}, Decimal("1.5")],
    "number": ["8.1", True, [], {}],
    "boolean": ["true", 1, 0, [], {}],
    "array": ["text", 1, {}],
    "object": ["text", 1, []],
}


def invalid(action, schema):
    """(what, payload, code of the CALLERROR, whether the schema refuses it too)."""
    whole = full(schema)
    for value in [[], "text", 1, True]:
        yield f"payload {value!r}", value, "FormationViolation", True
    for path, part in places(schema):
        where = ".".join(map(str, path)) or "payload"
        if part["type"] == "object":
            extra = "customData" if path else "extra"
            yield f"{where} with {extra}", replaced(whole, path + (extra,), 1), "FormationViolation", True
            for name in part.get("required", []):
                yield f"{where} without {name}", removed(whole, path + (name,)), "ProtocolError", True
                yield f"{where} with null for {name}", replaced(whole, path + (name,), None), "TypeConstraintViolation", True
        if not path:
            continue
        for value in WRONG_TYPES[part["type"]]:
            yield f"{where} = {value!r}", replaced(whole, path, value), "TypeConstraintViolation", True
        if "maxLength" in part:
            yield f"{where} too long", replaced(whole, path, "x" * (part["maxLength"] + 1)), "PropertyConstraintViolation", True
            # CiString is printable ASCII only; the schemas do not say so.
            for value in ["ä", "\n", "\x7f"]:
                yield f"{where} = {value!r}", replaced(whole, path, value), "PropertyConstraintViolation", False
        if "enum" in part and name_of(path) != "requestedMessage":  # §5.17: answered with a status
            for value in ["", "Bogus", part["enum"][0] + " ", part["enum"][0].swapcase()]:
                yield f"{where} = {value!r}", replaced(whole, path, value), "PropertyConstraintViolation", True
        if "Hertz" in part.get("enum", []):
            yield f"{where} = Hertz", replaced(whole, path, "Hertz"), "PropertyConstraintViolation", False
        if part.get("format") == "date-time":
            for value in ["", "yesterday", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z", "1700000000"]:
                yield f"{where} = {value!r}", replaced(whole, path, value), "PropertyConstraintViolation", False
        if part["type"] == "integer":
            yield f"{where} = 10^30", replaced(whole, path, 10**30), "PropertyConstraintViolation", False
            if applies(NOT_NEGATIVE, action, path) and not applies(MAY_BE_NEGATIVE, action, path):
                yield f"{where} = -1", replaced(whole, path, -1), "PropertyConstraintViolation", False
        if part["type"] == "number":
            for value in ["8.15", "0.01"]:
                yield f"{where} = {value}", replaced(whole, path, Decimal(value)), "PropertyConstraintViolation", True
        if part["type"] == "array" and name_of(path) in NOT_EMPTY:
            yield f"{where} empty", replaced(whole, path, []), "OccurenceConstraintViolation", False
