"""The built-in central system against an independent WebSocket client: what demo, benchmark and simulation rely on."""

import json
import pathlib
import shutil
import subprocess
import tempfile

import pytest
import websockets
from websockets.sync.client import connect

from stack import BINARIES, PATIENCE

PROGRAM = str(BINARIES / "central-system")
BOOT = {"chargePointVendor": "V", "chargePointModel": "M"}


class CentralSystem:
    def __init__(self, *options):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="csms-"))
        self.control = str(self.root / "control")
        self.log = self.root / "log"
        self.process = subprocess.Popen(
            [PROGRAM, "--control", self.control, "--log", str(self.log), *options],
            stdout=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL,
        )
        self.port = int(self.process.stdout.readline().rsplit(":", 1)[1])
        self.messages = 0

    def ask(self, *words, status=0):
        result = subprocess.run(
            [PROGRAM, "--ask", self.control, *words], capture_output=True, text=True, timeout=PATIENCE
        )
        assert result.returncode == status, result
        return result.stdout.strip() + result.stderr.strip()

    def connect(self, identity="CP1", **options):
        return connect(
            f"ws://127.0.0.1:{self.port}/ocpp/{identity}", subprotocols=["ocpp1.6"], proxy=None, **options
        )

    def call(self, station, action, payload):
        self.messages += 1
        station.send(json.dumps([2, str(self.messages), action, payload]))
        return json.loads(station.recv(PATIENCE))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(PATIENCE)
        self.process.stdout.close()
        shutil.rmtree(self.root)


def test_a_session_is_answered_logged_and_judged():
    with CentralSystem("--tag", "BAD=Blocked,GROUP", "--boot", "pending:1") as csms, csms.connect() as station:
        assert csms.call(station, "BootNotification", BOOT)[2]["status"] == "Pending"
        assert csms.call(station, "BootNotification", BOOT)[2]["status"] == "Accepted"
        info = csms.call(station, "Authorize", {"idTag": "bad"})[2]["idTagInfo"]
        assert info == {"parentIdTag": "GROUP", "status": "Blocked"}
        start = {"connectorId": 1, "idTag": "A", "meterStart": 5, "timestamp": "2026-01-01T00:00:00Z"}
        assert csms.call(station, "StartTransaction", start)[2]["transactionId"] == 1
        stop = {"transactionId": 1, "meterStop": 9, "timestamp": "2026-01-01T01:00:00Z"}
        assert csms.call(station, "StopTransaction", stop)[0] == 3
        ledger = json.loads(csms.ask("ledger"))
        assert ledger["violations"] == [] and ledger["open"] == 0
        assert ledger["transactions"][0]["energyWh"] == 4
        assert "No violations" in csms.ask("ledger", "--for-people")
        frames = [json.loads(line) for line in csms.log.read_text().splitlines()]
        assert [frame.get("direction", "event") for frame in frames] == ["event"] + ["received", "sent"] * 5


def test_commands_reach_the_charge_point_and_bring_its_answer_back():
    with CentralSystem() as csms, csms.connect() as station:
        asking = subprocess.Popen(
            [PROGRAM, "--ask", csms.control, "remote-start", "A", "1"], stdout=subprocess.PIPE, text=True
        )
        kind, identifier, action, payload = json.loads(station.recv(PATIENCE))
        assert (kind, action, payload) == (2, "RemoteStartTransaction", {"connectorId": 1, "idTag": "A"})
        station.send(json.dumps([3, identifier, {"status": "Rejected"}]))
        assert json.loads(asking.communicate(timeout=PATIENCE)[0]) == {"status": "Rejected"}


def test_faults_strike_once():
    with CentralSystem("--known") as csms, csms.connect() as station:
        csms.ask("error", "Heartbeat", "1", "GenericError")
        assert csms.call(station, "Heartbeat", {})[2] == "GenericError"
        assert csms.call(station, "Heartbeat", {})[0] == 3
        csms.ask("close-instead", "Heartbeat")
        with pytest.raises(websockets.ConnectionClosed):
            csms.call(station, "Heartbeat", {})


def test_who_may_not_connect_is_told_so():
    options = ("--only", "CP1", "--authorization-key", "0001FF")
    key = {"Authorization": "Basic Q1AxOgAB/w=="}
    with CentralSystem(*options) as csms:
        for identity, headers, status in [("CP2", key, 404), ("CP1", {}, 401), ("CP1", {"Authorization": "Basic Q1AxOng="}, 401)]:
            with pytest.raises(websockets.InvalidStatus) as refusal:
                csms.connect(identity, additional_headers=headers)
            assert refusal.value.response.status_code == status
        with csms.connect(additional_headers=key) as station:
            assert station.subprotocol == "ocpp1.6"
        csms.ask("refuse-connections", "on")
        with pytest.raises(ConnectionRefusedError):
            csms.connect(additional_headers=key)
        csms.ask("refuse-connections", "off")
        csms.connect(additional_headers=key).close()


def test_a_client_without_our_subprotocol_is_let_in_and_closed():
    with CentralSystem() as csms:
        with connect(f"ws://127.0.0.1:{csms.port}/CP1", subprotocols=["soap"], proxy=None) as station:
            assert station.subprotocol is None
            with pytest.raises(websockets.ConnectionClosed):
                station.recv(PATIENCE)


@pytest.mark.parametrize("size", [0, 125, 126, 65535, 65536, 300_000])
def test_frames_of_every_size_and_fragments_arrive(size):
    with CentralSystem("--known") as csms, csms.connect() as station:
        text = json.dumps([2, "1", "DataTransfer", {"vendorId": "v", "data": "x" * size}])
        station.send([text[:10], text[10:11], text[11:]])
        assert json.loads(station.recv(PATIENCE)) == [3, "1", {"status": "UnknownVendorId"}]
        assert station.ping().wait(PATIENCE)


def test_an_occupied_port_and_a_wrong_option_are_explained():
    with CentralSystem() as csms:
        for options, status, words in [
            (["--port", str(csms.port)], 1, "is used by another program"),
            (["--port", "x"], 2, "'x' is no number"),
            (["--tag", "A=Perhaps"], 2, "no status of an idTag"),
            (["--ask", "/nowhere", "status"], 3, "nobody answers"),
        ]:
            result = subprocess.run([PROGRAM, *options], capture_output=True, text=True, timeout=PATIENCE)
            assert result.returncode == status and words in result.stderr, result
        assert "is no command" in csms.ask("nonsense", status=4)
