"""The laboratory's central system: answers as the script says, keeps the conversation, and judges the form of every frame.

Messages are validated with the official JSON schemas that the PyPI package `ocpp` ships; `websockets` speaks RFC 6455."""

import datetime
import json
import threading
import time

from ocpp import messages
from websockets.exceptions import ConnectionClosed
from websockets.frames import Opcode
from websockets.sync.server import ServerConnection, serve

from statuses import Statuses

FROM_CHARGE_POINT = {
    "Authorize", "BootNotification", "DataTransfer", "DiagnosticsStatusNotification", "FirmwareStatusNotification", "Heartbeat",
    "MeterValues", "StartTransaction", "StatusNotification", "StopTransaction",
}

# Of a message, by its type (OCPP-J 1.6 §4.2).
ELEMENTS = {2: 4, 3: 3, 4: 5}


def now():
    return datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Received:
    """A CALL of the charge point: when it came, what it says."""

    def __init__(self, at, action, payload):
        self.at, self.action, self.payload = at, action, payload

    def __getitem__(self, field):
        return self.payload[field]

    def get(self, field, default=None):
        return self.payload.get(field, default)

    def __repr__(self):
        return f"{self.action} {json.dumps(self.payload)}"


class Refused(Exception):
    """A CALLERROR: raised where the charge point answers with one, returned where the central system is to."""

    def __init__(self, code, description=""):
        super().__init__(f"CALLERROR {code}: {description}")
        self.code, self.description = code, description


class Conversation:
    """What happened, in order, for the page: frames, the operator's acts, the laboratory's remarks."""

    def __init__(self):
        self.began = time.monotonic()
        self.entries = []
        self.lock = threading.Lock()

    def note(self, who, text):
        with self.lock:
            self.entries.append((time.monotonic() - self.began, who, text))


class CentralSystem:
    """One port of its own; the charge point connects to `url`. Every wait has an end."""

    def __init__(self, conversation, port=0):
        self.conversation = conversation
        self.news = threading.Condition()
        self.inbox = []
        self.next_unread = 0
        self.violations = []
        self.connection = None
        self.connections = 0
        self.answers = {}
        self.silent = False
        self.requests = {}
        self.outcomes = {}
        self.last_request = 0
        self.last_transaction = 1000
        self.response_times = []
        self.pings = []
        self.seen_ids = {}
        self.statuses = Statuses()
        self.port = port
        self.server = None
        self.listen()

    @property
    def url(self):
        return f"ws://127.0.0.1:{self.port}/ocpp"

    # MARK: the line

    def listen(self):
        """On the same port as before, if there was one."""
        self.server = serve(
            self.converse, "127.0.0.1", self.port, subprotocols=["ocpp1.6"], ping_interval=None, compression=None,
            create_connection=self.watched,
        )
        self.port = self.server.socket.getsockname()[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        if self.connection:
            self.connection.close()

    def watched(self, *arguments, **options):
        """A connection whose pings are noted; they are answered as ever."""
        system = self

        class Watched(ServerConnection):
            def process_event(self, event):
                if getattr(event, "opcode", None) is Opcode.PING:
                    system.pings.append(time.monotonic())
                super().process_event(event)

        return Watched(*arguments, **options)

    def converse(self, connection):
        with self.news:
            self.connection = connection
            self.connections += 1
            self.statuses.forget()
            self.news.notify_all()
        self.conversation.note("line", f"connected: {connection.request.path}")
        try:
            for text in connection:
                self.receive(connection, text)
        except ConnectionClosed:
            pass
        self.conversation.note("line", "connection closed")
        with self.news:
            if self.connection is connection:
                self.connection = None
            self.news.notify_all()

    def wait_connection(self, up, within=30):
        with self.news:
            if not self.news.wait_for(lambda: (self.connection is not None) == up, within):
                raise AssertionError("the charge point did not connect" if up else "the connection was not closed")

    # MARK: frames

    def violation(self, text):
        self.conversation.note("violation", text)
        self.violations.append(text)

    def receive(self, connection, text):
        at = time.monotonic()
        self.conversation.note("charge point", text)
        try:
            frame = json.loads(text)
            kind, unique_id = frame[0], frame[1]
        except (ValueError, LookupError, TypeError):
            return self.violation(f"no OCPP message: {text}")
        if len(frame) != ELEMENTS.get(kind):
            return self.violation(f"a message of type {kind} with {len(frame)} elements")
        if kind == 2:
            self.receive_call(connection, at, unique_id, frame[2], frame[3])
        else:
            self.receive_answer(at, kind, unique_id, frame)

    def receive_call(self, connection, at, unique_id, action, payload):
        if action not in FROM_CHARGE_POINT:
            self.violation(f"{action} is not for a charge point to send")
        self.validate(messages.Call(unique_id, action, payload))
        # A repetition is the same message under the same id (OCPP-J 1.6 errata §3.3); anything else needs an id of its own.
        is_repeated = unique_id in self.seen_ids
        if self.seen_ids.setdefault(unique_id, (action, payload)) != (action, payload):
            self.violation(f"message id {unique_id} was used for another message before")
        received = Received(at, action, payload)
        answer = None if self.silent else self.answer(received)
        if action == "BootNotification":
            self.statuses.forget()
        # What got no answer may be told again.
        if action == "StatusNotification" and not is_repeated and answer is not None:
            objection = self.statuses.objection(payload)
            if objection:
                self.violation(objection)
        with self.news:
            self.inbox.append(received)
            self.news.notify_all()
        if isinstance(answer, Refused):
            self.send(connection, [4, unique_id, answer.code, answer.description, {}])
        elif answer is not None:
            self.send(connection, [3, unique_id, answer])

    def receive_answer(self, at, kind, unique_id, frame):
        with self.news:
            request = self.requests.pop(unique_id, None)
            if request is None:
                return self.violation(f"an answer to no CALL of ours: {unique_id}")
            action, sent_at = request
            self.response_times.append((action, at - sent_at))
            if kind == 3:
                self.validate(messages.CallResult(unique_id, frame[2], action))
                self.outcomes[unique_id] = (at, frame[2], None)
            else:
                self.outcomes[unique_id] = (at, None, Refused(frame[2], frame[3]))
            self.news.notify_all()

    def validate(self, message):
        validator = messages.get_validator(message.message_type_id, message.action, "1.6")
        for error in validator.iter_errors(message.payload):
            self.violation(f"{message.action} breaks its schema: {error.message}")

    def send(self, connection, frame):
        text = json.dumps(frame, separators=(",", ":"))
        self.conversation.note("central system", text)
        try:
            connection.send(text)
        except ConnectionClosed:
            self.conversation.note("line", "it could not be sent: the connection is closed")

    # MARK: answers and requests

    def answer(self, received):
        scripted = self.answers.get(received.action)
        if scripted is not None:
            return scripted(received.payload)
        return {
            "BootNotification": lambda: {"currentTime": now(), "interval": 300, "status": "Accepted"},
            "Heartbeat": lambda: {"currentTime": now()},
            "Authorize": lambda: {"idTagInfo": {"status": "Accepted"}},
            "StartTransaction": lambda: {"transactionId": self.new_transaction(), "idTagInfo": {"status": "Accepted"}},
            "DataTransfer": lambda: {"status": "UnknownVendorId"},
        }.get(received.action, dict)()

    def new_transaction(self):
        self.last_transaction += 1
        return self.last_transaction

    def call(self, action, within=30, **payload):
        """Sends a CALL; returns the payload of the CALLRESULT.

        Raises Refused for a CALLERROR."""
        with self.news:
            connection = self.connection
            if connection is None:
                raise AssertionError(f"{action} cannot be sent: the charge point is not connected")
            self.last_request += 1
            unique_id = f"lab-{self.last_request}"
            self.requests[unique_id] = (action, time.monotonic())
        self.send(connection, [2, unique_id, action, payload])
        with self.news:
            if not self.news.wait_for(lambda: unique_id in self.outcomes, within):
                raise AssertionError(f"no answer to {action} within {within} s")
            _, result, refusal = self.outcomes.pop(unique_id)
        if refusal:
            raise refusal
        return result
