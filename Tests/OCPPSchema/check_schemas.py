"""Checks the codec against the official JSON schemas of OCPP 1.6, as the package `ocpp` ships them, both ways:
what we write is valid, and what the schemas allow or refuse is read or answered accordingly."""

import json
import pathlib
import re
import subprocess
import sys
from datetime import datetime, timedelta
from decimal import Decimal

import jsonschema
import ocpp

from instances import full, invalid, minimal, places, valid

SCHEMAS = pathlib.Path(ocpp.__file__).parent / "v16" / "schemas"
FROM_CHARGE_POINT = {
    "Authorize", "BootNotification", "DataTransfer", "DiagnosticsStatusNotification", "FirmwareStatusNotification", "Heartbeat",
    "MeterValues", "StartTransaction", "StatusNotification", "StopTransaction",
}
FROM_CENTRAL_SYSTEM = {
    "CancelReservation", "ChangeAvailability", "ChangeConfiguration", "ClearCache", "ClearChargingProfile", "DataTransfer",
    "GetCompositeSchedule", "GetConfiguration", "GetDiagnostics", "GetLocalListVersion", "RemoteStartTransaction",
    "RemoteStopTransaction", "ReserveNow", "Reset", "SendLocalList", "SetChargingProfile", "TriggerMessage", "UnlockConnector",
    "UpdateFirmware",
}
ACTIONS = sorted(FROM_CHARGE_POINT | FROM_CENTRAL_SYSTEM)


def read(text):
    """Decimals stay decimals: with binary fractions `multipleOf: 0.1` refuses 8.1, the specification's own example."""
    return json.loads(text, parse_float=Decimal)


def write(value):
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(key)}:{write(part)}" for key, part in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(write, value)) + "]"
    return json.dumps(value)


def moment(text):
    match = re.fullmatch(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|([+-])(\d\d):(\d\d))", text)
    if not match:
        raise ValueError(f"no date-time: {text}")
    milliseconds = int((match[2] or "0")[:3].ljust(3, "0"))
    offset = timedelta(hours=int(match[5]), minutes=int(match[6])) if match[4] else timedelta()
    offset = -offset if match[4] == "-" else offset
    return datetime.fromisoformat(match[1]) + timedelta(milliseconds=milliseconds) - offset


class Schema:
    def __init__(self, file):
        self.tree = read((SCHEMAS / f"{file}.json").read_text(encoding="utf-8-sig"))
        kind = jsonschema.validators.validator_for(self.tree)
        self.validator = kind(self.tree, format_checker=None)

    def problem(self, payload):
        """Why the schema refuses the payload; None when it does not. Dates as we write them are checked here too."""
        error = next(iter(self.validator.iter_errors(payload)), None)
        return error and f"{'.'.join(map(str, error.path))}: {error.message[:200]}"

    def same(self, left, right, part=None):
        """Equal but for the way of writing a date, a decimal, Celsius, and members that are null."""
        part = part or self.tree
        if part["type"] == "object":
            left = {key: value for key, value in left.items() if value is not None}
            return left.keys() == right.keys() and all(
                self.same(value, right[key], part["properties"][key]) for key, value in left.items()
            )
        if part["type"] == "array":
            return len(left) == len(right) and all(self.same(a, b, part["items"]) for a, b in zip(left, right))
        if part.get("format") == "date-time":
            return moment(left) == moment(right) and re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", right) is not None
        if "Celcius" in part.get("enum", []) and left == "Celsius":
            return right == "Celcius"
        return type(left) is type(right) and left == right if part["type"] == "boolean" else left == right


class Probe:
    def __init__(self, path):
        self.process = subprocess.Popen([path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8")

    def ask(self, **question):
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            sys.exit(f"the probe ended at {json.dumps(question)[:2000]}")
        return read(answer)


class Check:
    def __init__(self, probe):
        self.probe = probe
        self.passed = 0
        self.failed = 0

    def expect(self, holds, what):
        if holds:
            self.passed += 1
            return
        self.failed += 1
        if self.failed <= 40:
            print(f"FAILED {what}")

    # What we write.

    def samples(self, schemas):
        samples = self.probe.ask()
        seen = {}
        for sample in samples:
            frame = read(sample["frame"])
            is_call = frame[0] == 2
            schema = schemas[sample["action"], is_call]
            title = f"sample {sample['frame'][:300]}"
            self.expect(len(frame) == (4 if is_call else 3) and frame[1] == "sample", title)
            self.expect(not is_call or frame[2] == sample["action"], title)
            problem = schema.problem(frame[-1])
            self.expect(problem is None, f"{title}: {problem}")
            self.expect(schema.same(frame[-1], frame[-1]), f"{title}: dates")
            seen.setdefault((sample["action"], is_call), []).append(frame[-1])
        for key, schema in schemas.items():
            written = seen.get(key, [{}, {}])
            names = {path for path, _ in places(schema.tree) if path and path[-1] != 0}
            covered = {path for path in names if present(written[0], path)}
            self.expect(covered == names, f"full sample of {key} lacks {sorted(map(str, names - covered))}")
            self.expect(len(written) == 2 and written[1].keys() == minimal(schema.tree).keys(), f"minimal sample of {key}")

    # What we read.

    def accepted(self, action, is_call, schema, what, payload):
        problem = schema.problem(payload)
        self.expect(problem is None, f"the generator made {action} {what}, which the schema refuses: {problem}")
        answer = self.decode(action, is_call, payload)
        title = f"{action} {'request' if is_call else 'confirmation'}, {what}: {answer}"
        again = read(answer["again"]) if "again" in answer else [None]
        fits = answer["verdict"] == ("call" if is_call else "callResult") and answer["id"] == "id" and "again" in answer
        self.expect(fits and schema.same(payload, again[-1]), title[:1500])
        self.expect(fits and schema.problem(again[-1]) is None, f"written again: {title}"[:1500])

    def refused(self, action, is_call, schema, what, payload, code, schema_refuses):
        title = f"{action} {'request' if is_call else 'confirmation'}, {what}"
        if schema_refuses:
            self.expect(schema.problem(payload) is not None, f"the generator made {title}, which the schema allows")
        answer = self.decode(action, is_call, payload)
        if is_call:
            fits = answer["verdict"] == "rejectedCall" and answer["code"] == code and answer["id"] == "id"
        elif code == "FormationViolation" and isinstance(payload, dict):
            fits = answer["verdict"] == "callResult"  # unknown members of a result are skipped; see the codec's README
        else:
            fits = answer["verdict"] == "undecodableResult" and answer["id"] == "id"
        self.expect(fits, f"{title}: expected {code}, found {answer}"[:1500])

    def decode(self, action, is_call, payload):
        if is_call:
            role = "chargePoint" if action in FROM_CENTRAL_SYSTEM else "centralSystem"
            return self.probe.ask(role=role, text=f'[2,"id","{action}",{write(payload)}]')
        role = "chargePoint" if action in FROM_CHARGE_POINT else "centralSystem"
        return self.probe.ask(role=role, pending=action, text=f'[3,"id",{write(payload)}]')


def present(payload, path):
    for step in path:
        if isinstance(payload, list):
            if not payload:
                return False
        elif step not in payload:
            return False
        payload = payload[step]
    return True


def main():
    check = Check(Probe(sys.argv[1]))
    schemas = {(action, True): Schema(action) for action in ACTIONS}
    schemas |= {(action, False): Schema(f"{action}Response") for action in ACTIONS}
    check.expect(len(schemas) == 56, "28 actions have 56 schemas")
    check.samples(schemas)
    for seed, ((action, is_call), schema) in enumerate(schemas.items()):
        for what, payload in valid(action, schema.tree, seed):
            check.accepted(action, is_call, schema, what, payload)
        for what, payload, code, schema_refuses in invalid(action, schema.tree):
            check.refused(action, is_call, schema, what, payload, code, schema_refuses)
        for path, _ in places(schema.tree):
            if len(path) == 1 and path[0] not in schema.tree.get("required", []):
                answer = check.decode(action, is_call, full(schema.tree) | {path[0]: None})
                check.expect(answer["verdict"] in ("call", "callResult"), f"{action}: null for {path[0]}: {answer}")
    check.probe.process.stdin.close()
    check.expect(check.probe.process.wait(10) == 0, "the probe ends with its input")
    print(f"{check.passed} passed, {check.failed} failed")
    sys.exit(1 if check.failed else 0)


main()
