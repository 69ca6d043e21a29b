"""charger.json: what the daemons, chargectl and the JSON Schema say of it, which is the same."""

import copy
import json
import os
import pathlib
import shutil
import subprocess
import tempfile

import jsonschema
import pytest

from certificates import Authority
from stack import BINARIES, PATIENCE, SERVICES, Stack, configuration

EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "deploy" / "config"
SHIPPED = EXAMPLES / "charger.schema.json"


class REMOVED:
    """Stands for a member that is not there. A class, since its name in the name of a test is the same in each run."""


def ask(*arguments):
    return subprocess.run([str(word) for word in arguments], capture_output=True, text=True, timeout=PATIENCE)


def check(path, service=None):
    """What is wrong with a file, as chargectl or a daemon says it, a line each."""
    words = [BINARIES / service, "--check-config", "--config", path] if service else [BINARIES / "chargectl", "config", "check", path]
    result = ask(*words)
    # What may not be wanted is no mistake.
    lines = [line for line in result.stderr.splitlines() if not line.startswith("warning: ")]
    assert result.returncode == (78 if lines else 0), result
    # hardware-io says what it would drive.
    assert (result.stdout != "") == (service == "hardware-io" and not lines)
    return lines


@pytest.fixture(scope="module")
def schema():
    return jsonschema.Draft202012Validator(json.loads(ask(BINARIES / "chargectl", "config", "schema").stdout))


def sample():
    document = configuration("ws://127.0.0.1:1/ocpp", connectors=2, cable="socket", readers=2)
    document["mainMeter"] = {"meter": "simulated", "maximumCurrentAmps": 63, "phases": 3}
    document["permit"] = {"leaseSeconds": 60, "renewSeconds": 20}
    document["powerLoss"] = {"policy": "resume"}
    document["connectors"][0]["onPermitLost"] = {"action": "continue", "graceSeconds": 5}
    return document


def changed(path, value):
    """A copy of the sample with the value at `path` replaced, added or removed."""
    document = copy.deepcopy(sample())
    *steps, last = path
    place = document
    for step in steps:
        place = place[step]
    if value is REMOVED:
        del place[last]
    else:
        place[last] = value
    return document


RIGHT = [
    (("permit",), {}),
    (("permit",), REMOVED),
    (("centralSystem",), REMOVED),
    (("centralSystem", "url"), "WSS://[::1]:00443/a%20b/"),
    (("centralSystem", "url"), "ws://h"),
    (("centralSystem", "securityProfile"), 1),
    (("centralSystem", "authorizationKeyHex"), "00" * 20),
    (("centralSystem", "callTimeoutSeconds"), 30.0),
    (("ocpp", "HeartbeatInterval"), "300"),
    (("ocpp", "HeartbeatInterval"), 86400),
    (("ocpp", "AuthorizationCacheEnabled"), "TRUE"),
    (("ocpp", "MeterValuesSampledData"), "Energy.Active.Import.Register,Voltage"),
    (("ocpp", "StopTxnSampledData"), ""),
    (("ocpp", "MessageTimeout"), 30),
    (("$schema",), "/usr/share/charger/charger.schema.json"),
    (("connectors", 0, "pilot"), "simulated"),
    (("connectors", 0, "lock"), "none"),
    (("connectors", 0, "controller"), "none"),
    (("connectors", 0, "proximity"), "simulated"),
    (("connectors", 0, "residualCurrent"), "simulated"),
    (("connectors", 0, "indicator"), {"driver": "simulated"}),
    (("connectors", 0, "temperature"), "none"),
    (("connectors", 0, "hottestCelsius"), 61),
    (("connectors", 0, "lock"), {"driver": "none"}),
    (("connectors", 0, "onPermitLost"), {"action": "open"}),
    (("readers",), []),
    (("readers", 0, "prefix"), "Ä" * 12),
    (("readers", 0, "connectors"), []),
    (("simulation", "measurands"), ["Voltage", "Power.Factor"]),
    (("uplinks",), REMOVED),
]

WRONG = [
    (("conectors",), []),
    (("station",), REMOVED),
    (("station",), []),
    (("station", "chargePointVendor"), REMOVED),
    (("station", "chargePointModel"), ""),
    (("station", "chargePointModel"), "x" * 21),
    (("station", "imsi"), "a\n"),
    (("station", "iccid"), 5),
    (("station", "iccid"), None),
    (("station", "colour"), "red"),
    (("centralSystem", "url"), "http://h"),
    (("centralSystem", "url"), "ws://"),
    (("centralSystem", "url"), "ws://h:65536"),
    (("centralSystem", "url"), "ws://h:0"),
    (("centralSystem", "url"), "ws://h:"),
    (("centralSystem", "url"), "ws://u@h"),
    (("centralSystem", "url"), "ws://h/?a"),
    (("centralSystem", "url"), "ws://h/%2"),
    (("centralSystem", "url"), "ws://[h]"),
    (("centralSystem", "url"), "ws://[::1"),
    (("centralSystem", "url"), "ws://a_b c"),
    (("centralSystem", "identity"), "a:b"),
    (("centralSystem", "callTimeoutSeconds"), 0),
    (("centralSystem", "callTimeoutSeconds"), 1.5),
    (("centralSystem", "callTimeoutSeconds"), "30"),
    (("centralSystem", "callTimeoutSeconds"), 10**30),
    (("centralSystem", "securityProfile"), 2),
    (("centralSystem", "securityProfile"), 3),
    (("centralSystem", "authorizationKeyHex"), "00" * 15),
    (("centralSystem", "authorizationKeyHex"), "0" * 33),
    (("ocpp",), []),
    (("ocpp", "AuthorizationKey"), "00" * 20),
    (("ocpp", "NumberOfConnectors"), 2),
    (("ocpp", "Nonsense"), 2),
    (("ocpp", "heartbeatInterval"), 2),
    (("ocpp", "HeartbeatInterval"), 0),
    (("ocpp", "HeartbeatInterval"), "soon"),
    (("ocpp", "HeartbeatInterval"), None),
    (("ocpp", "HeartbeatInterval"), True),
    (("ocpp", "AuthorizationCacheEnabled"), 1),
    (("ocpp", "MeterValuesSampledData"), []),
    (("allowSimulation",), "yes"),
    (("allowSimulation",), False),
    (("allowSimulation",), REMOVED),
    (("connectors",), REMOVED),
    (("connectors",), []),
    (("connectors",), {}),
    (("connectors", 0), 1),
    (("connectors", 0, "id"), REMOVED),
    (("connectors", 0, "id"), 33),
    (("connectors", 0, "cable"), "fixed"),
    (("connectors", 0, "cable"), "fixd"),
    (("connectors", 0, "phases"), 2),
    (("connectors", 0, "maximumCurrentAmps"), 5),
    (("connectors", 0, "pilot"), REMOVED),
    (("connectors", 0, "pilot"), 5),
    (("connectors", 0, "pilot"), {}),
    (("connectors", 0, "pilot"), "none"),
    (("connectors", 0, "pilot"), {"driver": "simulated", "port": 1}),
    (("connectors", 0, "lock"), "jammed"),
    (("connectors", 0, "contactor"), REMOVED),
    (("connectors", 0, "contactor"), {"driver": "none"}),
    (("connectors", 0, "controller"), "simulated"),
    (("connectors", 0, "residualCurrent"), "simulatd"),
    (("connectors", 0, "hottestCelsius"), 200),
    (("connectors", 0, "onPermitLost"), {"action": "open", "graceSeconds": 5}),
    (("connectors", 0, "onPermitLost"), {}),
    (("connectors", 0, "allowVentilation"), "no"),
    (("mainMeter", "meter"), "none"),
    (("readers", 0, "format"), "octal"),
    (("readers", 0, "prefix"), "1" * 13),
    (("readers", 0, "connectors"), ["1"]),
    (("readers", 0, "connectors"), 1),
    (("permit", "leaseSeconds"), 9),
    (("powerLoss", "policy"), "pause"),
    (("uplinks",), []),
    (("uplinks", 0, "driver"), "pigeon"),
    (("simulation", "measurands"), ["Colour"]),
    (("simulation", "energyTimeScale"), 0),
]

# No schema can compare values with each other, or see the number in a text.
BEYOND_THE_SCHEMA = [
    (("centralSystem", "reconnectMinimumSeconds"), 3),
    (("connectors", 1, "id"), 1),
    (("connectors", 1, "id"), 3),
    (("connectors", 0, "hottestCelsius"), 60),
    (("readers", 1, "id"), 1),
    (("readers", 0, "connectors"), [3]),
    (("readers", 0, "connectors"), [1, 1]),
    (("uplinks",), [{"name": "a", "driver": "static"}, {"name": "a", "driver": "static"}]),
    (("permit", "renewSeconds"), 31),
    (("ocpp", "HeartbeatInterval"), "0"),
    (("ocpp", "MeterValuesSampledData"), "Colour"),
]


def test_the_schema_is_one_and_the_shipped_one_is_it(schema):
    jsonschema.Draft202012Validator.check_schema(schema.schema)
    assert SHIPPED.read_text() == ask(BINARIES / "chargectl", "config", "schema").stdout, \
        "chargectl config schema > deploy/config/charger.schema.json"


@pytest.mark.parametrize("path", [path for path in sorted(EXAMPLES.glob("*.json")) if path != SHIPPED], ids=lambda path: path.name)
def test_everybody_accepts_the_examples(schema, path):
    assert check(path) == []
    for service in SERVICES:
        assert check(path, service) == []
    schema.validate(json.loads(path.read_text()))


def test_hardware_io_says_what_it_would_drive():
    result = ask(BINARIES / "hardware-io", "--check-config", "--config", EXAMPLES / "two-sockets.json")
    lines = result.stdout.splitlines()
    assert "lock-2: cable lock of connector 2, driven by simulated" in lines
    assert "proximity-1: proximity contact of connector 1, driven by simulated" in lines
    assert len(lines) == 12


@pytest.mark.parametrize(["path", "value"], RIGHT, ids=lambda case: str(case)[:60])
def test_schema_and_checker_accept_the_same(schema, tmp_path, path, value):
    document = changed(path, value)
    (tmp_path / "charger.json").write_text(json.dumps(document))
    assert check(tmp_path / "charger.json") == []
    schema.validate(document)


@pytest.mark.parametrize(["path", "value"], WRONG, ids=lambda case: str(case)[:60])
def test_schema_and_checker_refuse_the_same(schema, tmp_path, path, value):
    document = changed(path, value)
    (tmp_path / "charger.json").write_text(json.dumps(document))
    assert check(tmp_path / "charger.json")
    assert not schema.is_valid(document)


@pytest.mark.parametrize(["path", "value"], BEYOND_THE_SCHEMA, ids=lambda case: str(case)[:60])
def test_the_checker_also_compares_values_with_each_other(schema, tmp_path, path, value):
    document = changed(path, value)
    (tmp_path / "charger.json").write_text(json.dumps(document))
    assert len(check(tmp_path / "charger.json")) == 1
    assert schema.is_valid(document)


def several_mistakes():
    document = sample()
    document["premit"] = document.pop("permit")
    document["station"]["chargePointVendr"] = document["station"].pop("chargePointVendor")
    document["connectors"][0]["cable"] = "sockt"
    document["uplinks"][0]["driver"] = "static!"
    document["ocpp"]["NumberOfConnectors"] = 2
    return document


def test_every_program_says_all_mistakes_in_the_same_words(tmp_path):
    path = tmp_path / "charger.json"
    path.write_text(json.dumps(several_mistakes()))
    lines = check(path)
    assert [line.split(": ")[1] for line in lines] == [
        "station.chargePointVendor", "station.chargePointVendr", "connectors[0].cable", "uplinks[0].driver", "premit",
    ]
    assert 'did you mean "permit"?' in lines[-1]
    for service in SERVICES:
        assert check(path, service) == lines
    # The keys are judged once the sections that they depend on are right, and by their owner.
    document = several_mistakes()
    document["connectors"][0]["cable"] = "socket"
    path.write_text(json.dumps(document))
    assert "read-only" in check(path)[-1]
    assert check(path, "ocpp-gateway") == check(path)
    assert check(path, "hardware-io") == check(path)[:-1]


@pytest.mark.parametrize(["service", "paths"], [
    ("ocpp-gateway", ["station.chargePointVendor", "station.chargePointVendr", "premit", "connectors[0].cable"]),
    ("hardware-io", ["connectors[0].cable", "premit"]),
    ("modem-manager", ["uplinks[0].driver", "premit"]),
])
def test_a_daemon_that_starts_with_a_wrong_file_says_all_that_is_its_own(service, paths):
    with Stack(several_mistakes()) as stack:
        process = stack.launch(service)
        assert process.wait(PATIENCE) == 78
        del stack.processes[service]
        lines = stack.log(service).splitlines()
        assert [line.split("charger.json: ")[1].split(": ")[0] for line in lines] == paths


def test_a_file_that_is_not_there_is_a_mistake_of_everybody(tmp_path):
    for service in [None, *SERVICES]:
        assert "cannot be read" in check(tmp_path / "none.json", service)[0]


def doubts(path, about="centralSystem.", **environment):
    """What chargectl warns of one part of the file."""
    words = [str(BINARIES / "chargectl"), "config", "check", str(path)]
    result = subprocess.run(words, capture_output=True, text=True, timeout=PATIENCE, env={**os.environ, **environment})
    assert result.returncode == 0, result
    return [line for line in result.stderr.splitlines() if about in line]


def with_certificates(tmp_path):
    """A site that trusts one root; returns its file, and that of the root."""
    roots = tmp_path / "roots.pem"
    roots.write_bytes(Authority(tmp_path).pem.read_bytes())
    document = sample()
    document["centralSystem"].update(url="wss://127.0.0.1:1/ocpp", rootCertificates=str(roots))
    path = tmp_path / "charger.json"
    path.write_text(json.dumps(document))
    return path, roots


def cut_short(roots):
    roots.write_bytes(roots.read_bytes() + roots.read_bytes()[:200])


def fill(roots):
    roots.write_bytes(roots.read_bytes() + b"\n" * (1 << 20))


def make_pipe(roots):
    roots.unlink()
    os.mkfifo(roots)


@pytest.mark.parametrize(
    ["spoil", "words"],
    [
        (cut_short, "cut off"), (fill, "expected at most 1048576 bytes"), (make_pipe, "no certificate"),
        (lambda roots: roots.write_text("roots"), "no certificate"), (lambda roots: roots.unlink(), "without it"),
    ],
    ids=["cut off", "large", "a pipe", "no PEM", "gone"],
)
def test_the_checker_warns_of_certificates_that_the_gateway_refuses(tmp_path, spoil, words):
    path, roots = with_certificates(tmp_path)
    assert doubts(path) == []
    spoil(roots)
    (line,) = doubts(path)
    assert "centralSystem.rootCertificates" in line and "no wss:// connection is made" in line and words in line


def test_the_checker_warns_of_what_the_modem_manager_cannot_use_where_the_file_is_the_chargers_own(tmp_path):
    document = sample()
    pin, client = tmp_path / "pin", tmp_path / "client"
    document["uplinks"] = [{"name": "cell", "driver": {"driver": "mmcli", "mmcli": "/bin/sh", "pinFile": str(pin), "dhcpClient": str(client)}}]
    path = tmp_path / "charger.json"
    path.write_text(json.dumps(document))
    path.chmod(0o644)
    here = {"CHARGER_CONFIG": str(path)}
    assert doubts(path, "uplinks[", **here) == [
        f"warning: {path}: uplinks[0].driver.pinFile: there is no {pin}",
        f"warning: {path}: uplinks[0].driver.dhcpClient: there is no {client}",
    ]
    pin.write_text("1234\n")
    pin.chmod(0o644)
    client.write_text("")
    assert doubts(path, "uplinks[", **here) == [
        f"warning: {path}: uplinks[0].driver.pinFile: {pin} has mode 644: everybody on this machine may read the secret",
        f"warning: {path}: uplinks[0].driver.dhcpClient: {client} is no program",
    ]
    # A draft may be for another machine.
    assert doubts(path, "uplinks[") == []


def test_the_checker_warns_of_certificates_that_the_services_may_not_read(tmp_path):
    path, roots = with_certificates(tmp_path)
    # Those of pytest are for its user alone.
    folder = pathlib.Path(tempfile.mkdtemp(dir="/tmp"))
    try:
        folder.chmod(0o755)
        moved = folder / "roots.pem"
        moved.write_bytes(roots.read_bytes())
        moved.chmod(0o600)
        path.write_text(path.read_text().replace(str(roots), str(moved)))
        # Where the services look for their file; any other is a draft.
        assert doubts(path) == []
        (line,) = doubts(path, CHARGER_CONFIG=str(path))
        assert f"{moved} has mode 600 and may not be read by everybody" in line
        moved.chmod(0o644)
        assert doubts(path, CHARGER_CONFIG=str(path)) == []
    finally:
        shutil.rmtree(folder)


def test_a_checker_waits_for_nobody_at_a_pipe(tmp_path):
    pipe = tmp_path / "charger.json"
    os.mkfifo(pipe)
    for arguments in (["chargectl", "config", "check", pipe], ["hardware-io", "--config", pipe, "--check-config"]):
        result = ask(BINARIES / arguments[0], *arguments[1:])
        assert result.returncode == 78 and f"{pipe}: expected a regular file" in result.stdout + result.stderr
