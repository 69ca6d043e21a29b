"""chargectl in clumsy hands: every mistake has its exit status and a line that says what is wrong; no service minds."""

import json
import os
import shutil
import socket
import subprocess

import pytest

from csms import CSMS
from stack import BINARIES, PATIENCE, SERVICES, Stack, configuration

USAGE, NOT_RUNNING, REFUSED, NO_ANSWER = 2, 3, 4, 5
PERMIT = {"connectorId": 1, "granted": True, "limitMilliamps": 16000, "validUntilUptime": 1 << 40, "transaction": "x"}


@pytest.fixture(scope="module")
def charger():
    with CSMS() as csms, Stack(configuration(csms.url)) as stack:
        stack.start()
        csms.wait_status("Available")
        # A meter is published once two of its samples agree.
        assert run(stack, "wait", "hardware.meter.1", "valid=true").returncode == 0
        yield stack


def run(stack, *arguments, text=""):
    return subprocess.run(
        [str(BINARIES / "chargectl"), "--runtime-dir", str(stack.runtime), *arguments],
        capture_output=True, text=True, timeout=PATIENCE, input=text,
    )


def permit(**changes):
    return ["call", "hardware.permit", json.dumps({**PERMIT, **changes})]


MISTAKES = [
    ([], USAGE, "command is missing"),
    (["nonsense"], USAGE, "nonsense"),
    (["--timeout", "soon", "status"], USAGE, "soon"),
    (["status", "extra"], USAGE, "extra"),
    (["status", "--bogus"], USAGE, "--bogus"),
    (["tap", "--count", "0"], USAGE, "--count"),
    (["tap", "--filter"], USAGE, "--filter"),
    (["state", "nonsense"], REFUSED, "hardware.connector.1"),
    (["state", "--value", "nonsense"], REFUSED, "nonsense"),
    (["state", "hardware.meter.1", "--value", "nonsense"], REFUSED, "energyWh"),
    (["wait"], USAGE, "topic"),
    (["wait", "hardware.meter.1", "energyWh"], USAGE, "FIELD=VALUE"),
    (["wait", "hardware.meter.1", "energyWh=-1", "--timeout", "1"], NO_ANSWER, "energyWh"),
    (["--timeout", "1", "wait", "hardware.meter.1", "energyWh=-1"], NO_ANSWER, "within 1 s"),
    (["config"], USAGE, "explain"),
    (["config", "get", "Nonsense"], REFUSED, "Nonsense"),
    (["config", "get", "Heartbeat"], REFUSED, "did you mean HeartbeatInterval?"),
    (["config", "set", "centralSystem.url", "ws://elsewhere/ocpp"], REFUSED, "it belongs to"),
    (["config", "set", "HeartbeatInterval"], USAGE, "value is missing"),
    (["config", "set", "HeartbeatInterval", "abc"], REFUSED, "1…86400 s"),
    (["config", "set", "HeartbeatInterval", "9" * 30], REFUSED, "1…86400 s"),
    (["config", "set", "HeartbeatInterval", "-"], USAGE, "standard input has no value"),
    (["config", "set", "NumberOfConnectors", "3"], REFUSED, "read-only"),
    (["config", "unset", "NumberOfConnectors"], REFUSED, "read-only"),
    (["config", "set", "AuthorizationKey", "zz"], USAGE, "must not stand on a command line"),
    (["config", "set", "AuthorizationKey", "-"], USAGE, "standard input has no value"),
    (["config", "history", "--limit", "0"], USAGE, "--limit"),
    (["config", "history", "Nonsense"], REFUSED, "Nonsense"),
    (["state", "nonsense", "--runtime-dir", "/nowhere"], NOT_RUNNING, "/nowhere"),
    (["call", "nonsense"], USAGE, "hardware.permit"),
    (["tx"], USAGE, "list, show or resend"),
    (["tx", "show", "nobody"], REFUSED, "chargectl tx list"),
    (["tx", "show", "7"], REFUSED, "chargectl tx list"),
    (["tx", "resend"], USAGE, "--all"),
    (["tx", "resend", "x"], USAGE, "number"),
    (["tx", "resend", "7"], REFUSED, "chargectl queue"),
    (["tx", "resend", "7", "--all"], USAGE, "--all"),
    (["queue", "extra"], USAGE, "extra"),
    (["call", "ocpp.sendDataTransfer", '{"vendorId":""}'], REFUSED, "vendorId"),
    (["call", "ocpp.registerVendor", '{"vendorId":"v","leaseSeconds":9223372036854775807}'], REFUSED, "leaseSeconds"),
    (["call", "ocpp.answerDataTransfer", '{"number":1,"status":"Accepted"}'], REFUSED, "waits"),
    (["call", "hardware.permit", "{"], USAGE, "not JSON"),
    (["call", "hardware.permit", "[" * 20_000], USAGE, "deeper"),
    (["call", "hardware.permit", "[]"], REFUSED, "expected an object"),
    (["call", "hardware.permit"], REFUSED, "connectorId"),
    (permit(connectorId=99), REFUSED, "no connector 99"),
    (permit(limitMilliamps=2**63 - 1), REFUSED, "limitMilliamps"),
    (permit(limitMilliamps=-1), REFUSED, "limitMilliamps"),
    (permit(limitMilliamps=1e300), REFUSED, "limitMilliamps"),
    (permit(granted="yes"), REFUSED, "granted"),
    (permit(transaction=""), REFUSED, "transaction"),
    (permit(validUntilUptime=2**63), REFUSED, "validUntilUptime"),
    (["sim"], USAGE, "action"),
    (["sim", "fly"], USAGE, "fly"),
    (["sim", "plug", "--connector", "0"], USAGE, "--connector"),
    (["sim", "plug", "--connector", "9"], REFUSED, "9"),
    (["sim", "swipe", ""], REFUSED, "1…20"),
    (["sim", "swipe", "A" * 300], REFUSED, "1…20"),
    (["sim", "fault", "Nonsense"], REFUSED, "Nonsense"),
    (["sim", "clear", "Nonsense"], REFUSED, "Nonsense"),
    (["sim", "lock", "jam"], REFUSED, "no lock"),
    (["sim", "load", "nan"], USAGE, "nan"),
    (["sim", "meter", "set", "-1"], USAGE, "-1"),
    (["sim", "link", "cut", "nonsense"], REFUSED, "nonsense"),
    (["sim", "signal", "101"], USAGE, "101"),
    (["sim", "signal", "10", "nonsense"], REFUSED, "nonsense"),
]


def test_a_page_of_records_from_anywhere_is_answered(charger):
    for question in ({"after": -2**63, "limit": -5}, {"after": 2**63 - 1, "limit": 2**63 - 1}):
        result = run(charger, "call", "ocpp.records", json.dumps(question))
        assert result.returncode == 0 and json.loads(result.stdout)["records"] == [], result


@pytest.mark.parametrize(["arguments", "status", "words"], [
    pytest.param(*mistake, id=" ".join(mistake[0])[:60] or "nothing") for mistake in MISTAKES
])
def test_a_mistake_is_explained(charger, arguments, status, words):
    result = run(charger, *arguments)
    assert result.returncode == status, result
    assert words in result.stderr and result.stdout == "", result
    assert all(process.poll() is None for process in charger.processes.values())


def test_a_lease_that_is_over_permits_nothing(charger):
    for until in (-(2**63), -1, 0, 1):
        run(charger, *permit(validUntilUptime=until))
        assert "permit" not in json.loads(run(charger, "state", "hardware.connector.1", "--json").stdout)[0]["payload"]


def test_where_a_value_comes_from_is_told(charger):
    site = ["--config", str(charger.config)]
    shown = run(charger, "config", "get", "centralSystem.identity", "NumberOfConnectors", "HeartbeatInterval", *site).stdout.splitlines()
    assert shown[0].split()[1] == "CP1" and shown[0].endswith(f"(from {charger.config})")
    assert any(line.startswith("NumberOfConnectors") and line.endswith(f"(from {charger.config}: connectors)") for line in shown)
    assert run(charger, "config", "get", "centralSystem.nonsense", *site).returncode == REFUSED


def test_a_secret_may_come_through_standard_input(charger):
    key = "0123456789ABCDEF0123456789ABCDEF01234567"
    result = run(charger, "config", "set", "AuthorizationKey", "-", text=key + "\n")
    assert (result.returncode, key in result.stdout) == (0, False), result
    assert list((charger.runtime / "secrets-in").iterdir()) == []
    result = run(charger, "config", "set", "AuthorizationKey", "-", text="zz\n")
    assert result.returncode == REFUSED and "16…20 bytes" in result.stderr and "zz" not in result.stderr, result
    assert list((charger.runtime / "secrets-in").iterdir()) == []


def test_a_reader_that_leaves_ends_the_tap_quietly(charger):
    command = f"'{BINARIES}/chargectl' --runtime-dir '{charger.runtime}' tap | head -1"
    result = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=PATIENCE)
    assert len(result.stdout.splitlines()) == 1 and result.stderr == "", result


def test_status_shows_what_each_service_has_written_to_flash(charger):
    lines = {line.split()[0]: line for line in run(charger, "status").stdout.splitlines() if "running for" in line}
    for service in ("ocpp-gateway", "config-store", "modem-manager"):
        assert " syncs written to flash" in lines[service], lines


def test_a_value_that_only_some_states_have_is_shown_of_those(charger):
    assert run(charger, "state", "hardware", "--value", "energyWh").stdout.splitlines() == ["0"]


def test_where_nothing_runs_the_directory_is_named():
    with Stack(configuration("ws://127.0.0.1:1/ocpp")) as stack:
        for command in (["state"], ["wait", "--timeout", "1", "ocpp.link"], ["config", "get"], ["sim", "plug"]):
            result = run(stack, *command)
            assert result.returncode == NOT_RUNNING and str(stack.runtime) in result.stderr, (command, result)
        status = run(stack, "status")
        assert status.returncode == 1 and str(stack.runtime) in status.stdout, status
        tap = [str(BINARIES / "chargectl"), "--runtime-dir", str(stack.runtime), "tap"]
        with subprocess.Popen(tap, stderr=subprocess.PIPE, text=True) as process:
            assert str(stack.runtime) in process.stderr.readline()
            process.terminate()


def test_who_may_not_listen_is_told_which_group_may():
    if os.geteuid() != 0:
        pytest.skip("takes root to become somebody else")
    with Stack(configuration("ws://127.0.0.1:1/ocpp")) as stack:
        stack.start("hardware-io")
        stack.root.chmod(0o755)
        stack.runtime.chmod(0o755)
        program = shutil.copy(BINARIES / "chargectl", stack.root)
        for command in ("status", "state", "tap", "wait"):
            arguments = [program, "--runtime-dir", stack.runtime, command, *(["ocpp.link"] if command == "wait" else [])]
            result = subprocess.run(arguments, capture_output=True, text=True, timeout=PATIENCE, user="nobody", group="nogroup",
                                    extra_groups=[])
            if "shared libraries" in result.stderr or "ermission denied" in result.stderr:
                pytest.skip("only root may run this program here")
            assert result.returncode == REFUSED and "charger-tap" in result.stderr, (command, result)


def test_after_a_power_cut_the_sockets_are_stale_and_chargectl_says_so():
    with Stack(configuration("ws://127.0.0.1:1/ocpp")) as stack:
        stack.start()
        run(stack, "sim", "power-cut")
        assert [process.wait(PATIENCE) for process in stack.processes.values()] == [-9] * 4
        status = run(stack, "status")
        assert status.returncode == 1 and status.stdout.count("not running") == 4, status
        for command in (["config", "get"], ["sim", "plug"], permit()):
            result = run(stack, *command)
            assert result.returncode == NOT_RUNNING and "not running" in result.stderr, result
        stack.start()
        assert run(stack, "config", "get").returncode == 0


class Listener:
    """A socket where a service would have one, that counts who comes and says nothing."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.bind(str(path))
        self.socket.listen(1000)
        self.socket.setblocking(False)

    def close(self):
        """How many came; they waited to be accepted."""
        count = 0
        with self.socket:
            while True:
                try:
                    self.socket.accept()[0].close()
                    count += 1
                except BlockingIOError:
                    return count


def test_status_asks_with_one_connection_to_each_socket_it_needs(tmp_path):
    """A service that is short of descriptors must not lose more of them to whoever looks after it."""
    listeners = {
        f"{service}.{socket_name}": Listener(tmp_path / f"{service}.{socket_name}")
        for service in SERVICES for socket_name in ["pub", "rpc", "svc"]
    }
    status = subprocess.run(
        [str(BINARIES / "chargectl"), "--runtime-dir", str(tmp_path), "status"],
        capture_output=True, text=True, timeout=PATIENCE,
    )
    counts = {name: listener.close() for name, listener in listeners.items()}
    # They listen and stay silent, so that it waited for all of them.
    assert status.stdout.count("does not answer") >= len(SERVICES)
    # One that looks whether somebody listens, and one that hears what is published.
    assert counts == {name: 0 if name.endswith(".svc") else 1 for name in listeners}
