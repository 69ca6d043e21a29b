"""As much of a central system as a charger needs to be accepted; notes to the microsecond when each message came."""

import base64
import collections
import hashlib
import json
import os
import socket
import struct
import threading
import time

# A message of the charger, and when its first byte was read; a connection that was accepted, and when its request to upgrade was read.
# Nanoseconds of the monotonic clock.
Arrival = collections.namedtuple("Arrival", "at message")
Contact = collections.namedtuple("Contact", "accepted upgraded resumed")
# Newest messages that are remembered; a flood brings 100 000.
REMEMBERED = 4096


def frame(payload, opcode=1, final=True):
    head = bytes([(0x80 if final else 0) | opcode])
    if len(payload) < 126:
        return head + bytes([len(payload)]) + payload
    if len(payload) < 65536:
        return head + struct.pack(">BH", 126, len(payload)) + payload
    return head + struct.pack(">BQ", 127, len(payload)) + payload


def call(identifier, action="GetConfiguration", payload=None):
    return json.dumps([2, identifier, action, payload or {"key": ["HeartbeatInterval"]}]).encode()


class CentralSystem(threading.Thread):
    """Answers what the charger says, and sends whatever bytes it is told to."""

    def __init__(self, encryption=None, cpu=None):
        super().__init__(daemon=True)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.encryption = encryption
        self.cpu = cpu
        self.answers = {}
        self.heard = collections.deque(maxlen=REMEMBERED)
        self.contacts = []
        # Actions that are not answered by themselves; "all" stands for whatever comes.
        self.silent = set()
        self.hangs_up_at = None
        self.news = threading.Condition()
        self.connection = None
        self.series = None
        self.boot_answered = 0
        self.start()

    def run(self):
        if self.cpu is not None:
            # Of this thread alone.
            os.sched_setaffinity(0, {self.cpu})
        while True:
            connection, _ = self.listener.accept()
            accepted = time.monotonic_ns()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            try:
                if self.encryption:
                    connection = self.encryption.wrap_socket(connection, server_side=True)
                self.connection = connection
                with connection, connection.makefile("rb") as stream:
                    self.converse(stream, accepted)
            except (OSError, struct.error):
                pass

    def converse(self, stream, accepted):
        key = b""
        line = stream.readline().strip()
        upgraded = time.monotonic_ns()
        while line:
            if line.lower().startswith(b"sec-websocket-key:"):
                key = line.split(b":")[1].strip()
            line = stream.readline().strip()
        accept = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
        self.connection.sendall(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Protocol: ocpp1.6\r\nSec-WebSocket-Accept: " + accept + b"\r\n\r\n"
        )
        self.contacts.append(Contact(accepted, upgraded, bool(self.encryption) and self.connection.session_reused))
        while True:
            start = stream.read(2)
            at = time.monotonic_ns()
            opcode, length = struct.unpack("BB", start)
            length &= 0x7F
            if length > 125:
                length = struct.unpack(">H", stream.read(2))[0] if length == 126 else struct.unpack(">Q", stream.read(8))[0]
            mask = stream.read(4) * (length // 4 + 1)
            # As one number: byte by byte it would take the charger's time, which shares the CPU.
            masked = int.from_bytes(stream.read(length), "big") ^ int.from_bytes(mask[:length], "big")
            if opcode & 0xF == 1:
                message = json.loads(masked.to_bytes(length, "big"))
                self.hear(Arrival(at, message))
                if message[0] == 2 and message[2] == self.hangs_up_at:
                    return

    def hear(self, arrival):
        message = arrival.message
        if message[0] != 2:
            if self.series and message[1] == "series":
                return self.go_on(arrival.at)
            with self.news:
                self.answers[message[1]] = arrival
                self.news.notify_all()
            return
        if not self.silent & {message[2], "all"}:
            self.confirm(message)
        with self.news:
            self.heard.append(arrival)
            self.news.notify_all()

    def confirm(self, message):
        """Answers a CALL; returns when."""
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        accepted = {"idTagInfo": {"status": "Accepted"}}
        answer = {
            "BootNotification": {"status": "Accepted", "interval": 300, "currentTime": now},
            "Heartbeat": {"currentTime": now},
            "Authorize": accepted,
            "StartTransaction": accepted | {"transactionId": 1},
        }.get(message[2], {})
        data = frame(json.dumps([3, message[1], answer]).encode())
        at = time.monotonic_ns()
        if message[2] == "BootNotification":
            self.boot_answered = at
        self.connection.sendall(data)
        return at

    def send(self, data, then):
        """Sends the bytes, and waits until the CALL with the id `then`, the last of them, is answered."""
        self.connection.sendall(data)
        self.answer(then, seconds=120)

    def call(self, identifier, action, payload):
        """Sends a CALL; returns when."""
        data = frame(call(identifier, action, payload))
        at = time.monotonic_ns()
        self.connection.sendall(data)
        return at

    def answer(self, identifier, seconds=10):
        """The answer to the CALL; None when none comes in time."""
        with self.news:
            self.news.wait_for(lambda: identifier in self.answers, timeout=seconds)
            return self.answers.get(identifier)

    def wait(self, action, since, fits=lambda payload: True, seconds=10):
        """The first CALL with the action that came after `since` and fits; None when none comes in time."""

        def first():
            return next((each for each in self.heard if each.at > since and each.message[2] == action and fits(each.message[3])), None)

        with self.news:
            return self.news.wait_for(first, timeout=seconds)

    def latencies(self, count, seconds=20):
        """Nanoseconds from call to answer of GetConfiguration, one after the other; those that came in time."""
        data = frame(call("series"))
        with self.news:
            self.series = [data, count, [], time.monotonic_ns()]
            self.connection.sendall(data)
            self.news.wait_for(lambda: self.series is None or len(self.series[2]) == count, timeout=seconds)
            found, self.series = self.series[2], None
        return found

    def go_on(self, at):
        """The next of a series, sent by the thread that hears the answers: another would have to be woken first."""
        with self.news:
            if not self.series:
                return
            data, count, found, sent = self.series
            found.append(at - sent)
            if len(found) == count:
                self.news.notify_all()
                return
            self.series[3] = time.monotonic_ns()
            self.connection.sendall(data)
