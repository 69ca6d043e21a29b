"""An independent central system: the PyPI packages `ocpp` (messages, JSON schemas) and `websockets` (RFC 6455)."""

import asyncio
import contextlib
import datetime
import json
import socket
import threading
import time

import websockets
from ocpp.routing import on
from ocpp.v16 import ChargePoint, call, call_result
from ocpp.v16.enums import Action

from schemas import violations
from stack import PATIENCE


class Station(ChargePoint):
    """One charge point as the central system sees it. Every message is validated against its JSON schema by the library."""

    def __init__(self, identity, connection, csms):
        super().__init__(identity, connection, response_timeout=PATIENCE)
        self.csms = csms

    def now(self):
        return datetime.datetime.now(datetime.timezone.utc).isoformat().replace("+00:00", "Z")

    @on(Action.boot_notification)
    def boot_notification(self, **payload):
        status = self.csms.registrations.pop(0) if self.csms.registrations else "Accepted"
        interval = self.csms.heartbeat_interval if status == "Accepted" else 1
        return call_result.BootNotification(current_time=self.now(), interval=interval, status=status)

    @on(Action.heartbeat)
    def heartbeat(self):
        return call_result.Heartbeat(current_time=self.now())

    @on(Action.status_notification)
    def status_notification(self, **payload):
        return call_result.StatusNotification()

    @on(Action.authorize)
    def authorize(self, id_tag):
        return call_result.Authorize(id_tag_info={"status": self.csms.verdicts.get(id_tag, "Accepted")})

    @on(Action.start_transaction)
    def start_transaction(self, id_tag, **payload):
        self.csms.last_transaction += 1
        return call_result.StartTransaction(
            transaction_id=self.csms.last_transaction,
            id_tag_info={"status": self.csms.verdicts.get(id_tag, "Accepted")},
        )

    @on(Action.meter_values)
    def meter_values(self, **payload):
        return call_result.MeterValues()

    @on(Action.stop_transaction)
    def stop_transaction(self, **payload):
        return call_result.StopTransaction()


class Recorder:
    """The connection, with every frame noted on its way."""

    def __init__(self, connection, csms):
        self.connection = connection
        self.csms = csms

    async def recv(self):
        text = await self.connection.recv()
        self.csms.note("received", text)
        return text

    async def send(self, text):
        self.csms.note("sent", text)
        # What came in before the other side began to close is still to be read: `recv` tells when that is done.
        with contextlib.suppress(websockets.ConnectionClosed):
            await self.connection.send(text)


class Conversation:
    """What went to and fro between a central system and the charge point; tests wait for what comes."""

    def __init__(self):
        self.frames = []
        self.news = threading.Condition()
        self.connections = 0

    def print(self):
        print("--- conversation (pytest shows it with a failure)")
        for direction, frame in self.frames:
            print(direction, json.dumps(frame))

    def note(self, direction, text):
        with self.news:
            self.frames.append((direction, json.loads(text)))
            self.news.notify_all()

    def calls(self, action=None):
        """Payloads of the CALLs received, of one action or as (action, payload)."""
        with self.news:
            received = [(f[2], f[3]) for direction, f in self.frames if direction == "received" and f[0] == 2]
        return [payload for name, payload in received if name == action] if action else received

    def wait(self, action, predicate=lambda payload: True, count=1):
        """Waits until `count` CALLs of an action fit; returns the last of them."""
        deadline = time.monotonic() + PATIENCE
        with self.news:
            while True:
                fitting = [p for p in self.calls(action) if predicate(p)]
                if len(fitting) >= count:
                    return fitting[count - 1]
                if not self.news.wait(deadline - time.monotonic()):
                    raise AssertionError(f"no {action} that fits; received: {self.calls()[-20:]}")

    def wait_connection(self, count):
        """Waits until so many connections have been made in all."""
        with self.news:
            assert self.news.wait_for(lambda: self.connections >= count, PATIENCE), "it did not connect again"

    def wait_status(self, status, connector=1, count=1):
        return self.wait(
            "StatusNotification", lambda p: p["connectorId"] == connector and p["status"] == status, count
        )

    def transactions(self):
        """The ids that it has given, in their order."""
        with self.news:
            started = {f[1] for d, f in self.frames if d == "received" and f[0] == 2 and f[2] == "StartTransaction"}
            return [f[2]["transactionId"] for d, f in self.frames if d == "sent" and f[0] == 3 and f[1] in started]


class CSMS(Conversation):
    """Runs in a thread of its own; tests wait for what it has received."""

    def __init__(self, tls=None):
        """`tls` is the context of a server (certificates.py), or nothing for plain connections."""
        super().__init__()
        self.tls = tls
        self.stations = {}
        self.registrations = []
        self.verdicts = {}
        self.heartbeat_interval = 60
        self.last_transaction = 100
        self.port = 0
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.server = None
        self.listen()

    @property
    def url(self):
        return f"wss://localhost:{self.port}/ocpp" if self.tls else f"ws://127.0.0.1:{self.port}/ocpp"

    def admit(self, connection, request):
        """Asked before each upgrade; a response refuses it."""
        return None

    def run(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(PATIENCE)

    def listen(self):
        """Starts listening, on the same port as before if there was one."""

        async def start():
            self.server = await websockets.serve(
                self.serve, "127.0.0.1", self.port, subprotocols=["ocpp1.6"], ping_interval=None,
                ssl=self.tls, process_request=self.admit,
            )
            self.port = self.server.sockets[0].getsockname()[1]

        self.run(start())

    def vanish(self):
        """Stops listening and drops every connection."""

        async def stop():
            self.server.close()
            await self.server.wait_closed()

        self.run(stop())

    def close(self):
        self.vanish()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(PATIENCE)
        self.loop.close()

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        self.print()
        self.close()
        # What it sends itself is up to the test.
        assert kind or not (wrong := violations(self.frames, ["received"])), wrong

    async def serve(self, connection):
        identity = connection.request.path.rsplit("/", 1)[-1]
        station = Station(identity, Recorder(connection, self), self)
        with self.news:
            self.stations[identity] = station
            self.connections += 1
            self.news.notify_all()
        try:
            await station.start()
        except websockets.ConnectionClosed:
            self.note("closed", "[]")

    def request(self, action, identity="CP1", **payload):
        """Sends a CALL to the charge point and returns its confirmation."""
        station = self.stations[identity]
        return self.run(station.call(getattr(call, action)(**payload), suppress=False))


class SilentDoor:
    """A port whose queue is full: the kernel answers nobody any more, as a carrier that blocks traffic."""

    def __init__(self, port):
        self.port = port

    def __enter__(self):
        self.sockets = contextlib.ExitStack()
        listener = self.sockets.enter_context(socket.socket())
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self.port))
        listener.listen(0)
        for _ in range(4):
            waiting = self.sockets.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(("127.0.0.1", self.port))
        return self

    def __exit__(self, *_):
        self.sockets.close()
