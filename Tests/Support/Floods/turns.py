"""Prints the longest turn of each daemon under each flood, and how long a contactor takes to open: `turns.py BINARIES CONFIGURATION`.

Every flood meets four fresh services pinned to one CPU. The figures are those that the services publish in `service.health`: the longest
turn since the start, and in parentheses how much of it the service worked; in the rest it waited for the disk, or others had the CPU.
"""

import base64
import hashlib
import json
import os
import pathlib
import re
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import zlib

import zmtp

HERE = pathlib.Path(__file__).resolve().parent
SERVICES = ["ocpp-gateway", "hardware-io", "modem-manager", "config-store"]
LIMITS = {service: 50 for service in SERVICES} | {"hardware-io": 5}
# What the simulated board takes by itself: a second reading of the pilot after 10 ms, and a contactor that moves for 20 ms
# (SimulatedSensors.secondReading, SimulatedConnector.contactorDelay).
BOARD_MILLISECONDS = 30
# News of a service's health come at most every 10 s.
HEALTH_SECONDS = 11


def frame(payload, opcode=1, final=True):
    head = bytes([(0x80 if final else 0) | opcode])
    if len(payload) < 126:
        return head + bytes([len(payload)]) + payload
    if len(payload) < 65536:
        return head + struct.pack(">BH", 126, len(payload)) + payload
    return head + struct.pack(">BQ", 127, len(payload)) + payload


class CentralSystem(threading.Thread):
    """As much of a central system as a charger needs to be accepted; sends whatever bytes it is told to."""

    def __init__(self):
        super().__init__(daemon=True)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.answers = {}
        self.news = threading.Condition()
        self.connection = None
        self.start()

    def run(self):
        while True:
            self.connection, _ = self.listener.accept()
            try:
                self.converse(self.connection.makefile("rb"))
            except (OSError, struct.error):
                pass

    def converse(self, stream):
        key = b""
        while (line := stream.readline().strip()):
            if line.lower().startswith(b"sec-websocket-key:"):
                key = line.split(b":")[1].strip()
        accept = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
        self.connection.sendall(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Protocol: ocpp1.6\r\nSec-WebSocket-Accept: " + accept + b"\r\n\r\n"
        )
        while True:
            opcode, length = struct.unpack("BB", stream.read(2))
            length &= 0x7F
            if length > 125:
                length = struct.unpack(">H", stream.read(2))[0] if length == 126 else struct.unpack(">Q", stream.read(8))[0]
            mask = stream.read(4)
            payload = bytes(byte ^ mask[index % 4] for index, byte in enumerate(stream.read(length)))
            if opcode & 0xF == 1:
                self.hear(json.loads(payload))

    def hear(self, message):
        if message[0] != 2:
            with self.news:
                self.answers[message[1]] = message
                self.news.notify_all()
            return
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        accepted = {"idTagInfo": {"status": "Accepted"}}
        answer = {
            "BootNotification": {"status": "Accepted", "interval": 300, "currentTime": now},
            "Heartbeat": {"currentTime": now},
            "Authorize": accepted,
            "StartTransaction": accepted | {"transactionId": 1},
        }.get(message[2], {})
        self.connection.sendall(frame(json.dumps([3, message[1], answer]).encode()))

    def send(self, data, then):
        """Sends the bytes, and waits until the CALL with the id `then`, the last of them, is answered."""
        self.connection.sendall(data)
        with self.news:
            self.news.wait_for(lambda: then in self.answers, timeout=120)


def call(identifier, action="GetConfiguration", payload=None):
    return json.dumps([2, identifier, action, payload or {"key": ["HeartbeatInterval"]}]).encode()


def write_journal(path, count):
    """A journal of transactions with one that has `count` samples to deliver."""
    header = b"OCPPTXNS" + struct.pack("<HHQQ", 2, 1, 0, 1)
    header += struct.pack("<I", zlib.crc32(header))
    moment = {"utc": 1_800_000_000_000, "uptime": 1000}
    with open(path, "wb") as journal:
        journal.write(header + bytes(4096 - len(header)) + header)
        for number in range(1, count + 1):
            common = {"sequence": number, "messageId": f"m{number}", "transaction": "t1", "connectorId": 1, "time": moment}
            if number == 1:
                record = {"began": common | {"idTag": "CARD", "meterStartWh": 0, "boot": "b0"}}
            elif number == count:
                record = {"ended": common | {"meterStopWh": 2 * count, "reason": "Local"}}
            else:
                record = {"sampled": common | {"energyWh": number, "values": [{"value": str(number)}]}}
            payload = json.dumps(record, separators=(",", ":")).encode()
            rest = struct.pack("<Q", number) + payload
            length = struct.pack("<I", len(payload))
            journal.write(length + struct.pack("<I", zlib.crc32(length + rest)) + rest)


class Charger:
    """Four fresh services and their central system."""

    def __init__(self, binaries, configuration, stalled=False, records=0):
        self.folder = tempfile.TemporaryDirectory(prefix="charger-turns.")
        self.path = pathlib.Path(self.folder.name)
        self.binaries = binaries
        self.central = CentralSystem()
        text = pathlib.Path(configuration).read_text()
        (self.path / "charger.json").write_text(re.sub(r"ws://127\.0\.0\.1:\d+", f"ws://127.0.0.1:{self.central.port}", text))
        (self.path / "run").mkdir()
        self.processes = []
        for service in SERVICES:
            (self.path / service).mkdir()
            if service == "ocpp-gateway" and records:
                write_journal(self.path / service / "transactions.journal", records)
            command = [
                "taskset", "-c", "0", f"{binaries}/{service}", "--runtime-dir", str(self.path / "run"),
                "--state-dir", str(self.path / service), "--config", str(self.path / "charger.json"),
            ]
            if stalled:
                command = [sys.executable, str(HERE / "stalled.py"), *command]
            self.processes.append(subprocess.Popen(command, stderr=subprocess.DEVNULL if not stalled else None))
        self.ctl("wait", "ocpp.connector.1", "status=Available")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self.processes:
            process.send_signal(signal.SIGTERM)
        for process in self.processes:
            process.wait()
        self.folder.cleanup()

    def ctl(self, *arguments):
        command = [f"{self.binaries}/chargectl", "--runtime-dir", str(self.path / "run"), *arguments]
        return subprocess.run(command, capture_output=True, text=True).stdout

    def socket(self, service):
        return str(self.path / "run" / f"{service}.pub")

    def health(self):
        """The newest health of each service, once there has been time to tell it."""
        time.sleep(HEALTH_SECONDS)
        found = {}
        for line in self.ctl("state", "service.health", "--json").splitlines():
            message = json.loads(line)
            for entry in message if isinstance(message, list) else [message]:
                if entry["topic"].startswith("service.health."):
                    found[entry["payload"]["service"]] = entry["payload"]
        return found


def neighbour(script, *arguments):
    process = subprocess.Popen(
        [sys.executable, str(HERE / script), *map(str, arguments)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    process.stdout.readline()
    return process


def subscribe_much(charger):
    return [neighbour("subscriptions.py", charger.socket(service), 1000, 60) for service in SERVICES]


def read_nothing(charger):
    return [neighbour("unread.py", charger.socket(service)) for service in SERVICES]


def flood(charger, name):
    """Lets the flood come; returns the neighbours that are it."""
    central = charger.central
    if name == "1000 subscriptions":
        return subscribe_much(charger)
    if name == "texts of 1 MiB":
        text = json.dumps([2, "big", "DataTransfer", {"vendorId": "x", "data": "y" * (1 << 20)}]).encode()[: (1 << 20)]
        many = b'{"' + b'":1,"'.join(b"e\xcc\x81%07d" % number for number in range(60_000)) + b'":1}'
        keys = b'[2,"keys","DataTransfer",' + many + b"]"
        central.send((frame(text) + frame(keys)) * 5 + frame(call("after")), "after")
    if name == "4096 fragments":
        whole = call("pieces", "DataTransfer", {"vendorId": "x", "data": "y" * 60_000})
        size = len(whole) // 4096
        pieces = [whole[start : start + size] for start in range(0, size * 4095, size)] + [whole[size * 4095 :]]
        data = b"".join(frame(piece, 1 if index == 0 else 0, index == 4095) for index, piece in enumerate(pieces))
        central.send(data * 5 + frame(call("after")), "after")
    if name == "10 000 frames at once":
        central.send(b"".join(frame(call(f"c{number}")) for number in range(10_000)) + frame(call("after")), "after")
    if name == "log reader stalled":
        for number in range(500):
            request = call(f"s{number}", "ChangeConfiguration", {"key": "HeartbeatInterval", "value": str(300 + number % 2)})
            central.send(frame(request), f"s{number}")
    return []


def show(name, health):
    cells = []
    for service in SERVICES:
        state = health[service]
        longest, worked = state["longestTurnMicroseconds"] / 1000, state["longestTurnWorkedMicroseconds"] / 1000
        mark = "!" if longest > LIMITS[service] else " "
        cells.append(f"{longest:6.1f} ({worked:5.1f}){mark}")
    print(f"  {name:<24} " + " ".join(cells), flush=True)
    for service in SERVICES:
        if health[service]["longestTurnMicroseconds"] / 1000 > LIMITS[service]:
            print(f"    ! {service}: {health[service]['longestTurnReason']}", flush=True)


class Listener:
    """A subscriber that keeps up, and comes again whenever it is cut off. States that it missed come again with their own times."""

    def __init__(self, path, topics):
        self.path = path
        self.topics = topics
        self.connection = None
        self.end = 0

    def close(self):
        if self.connection:
            self.connection.close()
        self.connection = None

    def until(self, wanted, seconds=20):
        """What `wanted` makes of the first message of which it makes something; None when none comes in time."""
        self.end = time.monotonic() + seconds
        while time.monotonic() < self.end:
            try:
                if not self.connection:
                    self.connect()
                found = wanted(*self.message())
                if found is not None:
                    return found
            except OSError:
                self.close()
                time.sleep(0.05)
        return None

    def connect(self):
        self.connection = zmtp.connect(self.path)
        self.connection.settimeout(5)
        zmtp.greet(self.connection)
        for topic in self.topics:
            self.connection.sendall(zmtp.subscription(topic))

    def message(self):
        parts = []
        self.connection.settimeout(max(0.01, self.end - time.monotonic()))
        while True:
            flags = zmtp.read(self.connection, 1)[0]
            length = struct.unpack(">Q", zmtp.read(self.connection, 8))[0] if flags & 2 else zmtp.read(self.connection, 1)[0]
            parts.append(zmtp.read(self.connection, length))
            if not flags & 1:
                return parts[0], json.loads(parts[1]), json.loads(parts[2])


def reaction(charger, listener):
    """Milliseconds from the order to the simulated pilot to leave C until the opened contactor; None when either was not heard of."""

    def contactor(position, after=0):
        def wanted(topic, header, payload):
            if topic.startswith(b"hardware.") and payload.get("contactor") == position and header["uptime"] >= after:
                return header["uptime"]

        return wanted

    def order(after):
        def wanted(topic, header, _):
            if topic.startswith(b"request.") and header["uptime"] > after:
                return header["uptime"]

        return wanted

    try:
        charger.ctl("sim", "plug")
        charger.ctl("wait", "ocpp.connector.1", "status=Preparing")
        begun = time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000
        charger.ctl("sim", "swipe", "04A1B2C3")
        closed = listener.until(contactor("closed", after=begun))
        if closed is None:
            return None
        charger.ctl("sim", "unplug")
        asked = listener.until(order(after=closed))
        opened = listener.until(contactor("open", after=asked)) if asked is not None else None
        return opened - asked if opened is not None else None
    finally:
        charger.ctl("sim", "unplug")
        charger.ctl("wait", "ocpp.connector.1", "status=Available")


def reactions(charger, rounds):
    listener = Listener(charger.socket("hardware-io"), [b"hardware.connector.1", b"request.hardware.sim"])
    # The first finds out that it is connected.
    listener.until(lambda *_: True)
    found = [reaction(charger, listener) for _ in range(rounds)]
    listener.close()
    return sorted(each for each in found if each is not None)


def main(binaries, configuration):
    print("  target: 5 ms for hardware-io, 50 ms for the others; '!' is above it")
    print(f"  {'milliseconds (worked)':<24} " + " ".join(f"{service:<15}" for service in SERVICES))
    plan = [
        ("none", {}), ("log reader stalled", {"stalled": True}), ("100 000 records", {"records": 100_000}), ("texts of 1 MiB", {}),
        ("4096 fragments", {}), ("10 000 frames at once", {}), ("1000 subscriptions", {}),
    ]
    for name, options in plan:
        with Charger(binaries, configuration, **options) as charger:
            neighbours = flood(charger, name)
            show(name, charger.health())
            for process in neighbours:
                process.communicate()
    title = "From the driver's reading that the pilot has left C to the order to open, log stalled and bus flooded"
    print(f"\n{title} (what the simulated board takes left out)", flush=True)
    with Charger(binaries, configuration, stalled=True) as charger:
        neighbours = subscribe_much(charger) + read_nothing(charger)
        found = reactions(charger, 5)
        found = [each - BOARD_MILLISECONDS for each in found]
        figures = f"median {found[len(found) // 2]} ms, worst {found[-1]} ms" if found else "not measured"
        print(f"  {len(found)} openings of 5 heard of: {figures}; target 20 ms")
        for process in neighbours:
            process.communicate()


main(*sys.argv[1:])
