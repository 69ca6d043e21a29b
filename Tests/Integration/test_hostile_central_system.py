"""The nastiest central system: whatever it sends, the gateway lives on and answers what can be answered (OCPP-J 1.6 §4.2.3)."""

import json
import pathlib
import re
import socket
import threading

import pytest

import session
from certificates import Authority
from csms import CSMS
from stack import PATIENCE, Stack, configuration

NOTHING = None


def call(action, payload, identifier="x"):
    return json.dumps([2, identifier, action, payload])


def change(key, value):
    return call("ChangeConfiguration", {"key": key, "value": value})


def texts():
    """Name, text frame, expected: nothing, the code of a CALLERROR, or (member, value) of a CALLRESULT."""
    deep = 5000
    return [
        # Without a usable id nothing can be answered; unknown types are not to be answered (J §4.1.3).
        ("nothing at all", "", NOTHING),
        ("no JSON", "hello", NOTHING),
        ("half of a CALL", '[2,"x","Reset",{"type":', "FormationViolation"),
        ("two documents", call("ClearCache", {}) + call("ClearCache", {}), "FormationViolation"),
        ("a byte order mark", "\ufeff" + call("ClearCache", {}), NOTHING),
        ("a NUL after the end", call("ClearCache", {}) + "\0", "FormationViolation"),
        ("NaN", '[2,"x","RemoteStopTransaction",{"transactionId":NaN}]', "FormationViolation"),
        ("a lone surrogate", '[2,"x","ClearCache",{"\\ud800":1}]', "FormationViolation"),
        ("no array", '{"2":"x"}', NOTHING),
        ("an empty array", "[]", NOTHING),
        ("null", "null", NOTHING),
        ("only a type", "[2]", NOTHING),
        ("a type beyond all", '[5,"x",{}]', NOTHING),
        ("a type as text", '["2","x","ClearCache",{}]', NOTHING),
        ("a broken type", '[2.5,"x","ClearCache",{}]', NOTHING),
        ("an endless type", '[1e999,"x","ClearCache",{}]', NOTHING),
        ("a negative type", '[-2,"x","ClearCache",{}]', NOTHING),
        ("an id that is a number", '[2,7,"ClearCache",{}]', NOTHING),
        ("an id that is null", '[2,null,"ClearCache",{}]', NOTHING),
        ("an id without end", call("ClearCache", {}, "x" * 5000), NOTHING),
        ("a deep hole", '[2,"x","DataTransfer",' + "[" * deep + "]" * deep + "]", "FormationViolation"),
        ("a deep hole without a bottom", "[" * 100_000, NOTHING),
        ("a long text", call("DataTransfer", {"vendorId": "v", "data": "x" * 600_000}), "FormationViolation"),
        ("an answer to nobody", '[3,"nobody",{}]', NOTHING),
        ("an error to nobody", '[4,"nobody","GenericError","",{}]', NOTHING),
        ("an answer with nothing", "[3]", NOTHING),
        ("an error with nothing", "[4,null]", NOTHING),
        # Frames of a wrong form.
        ("an id of 37 characters", call("ClearCache", {}, "i" * 37), "PropertyConstraintViolation"),
        ("an id of 255 characters", call("ClearCache", {}, "i" * 255), "PropertyConstraintViolation"),
        ("no payload", '[2,"x","ClearCache"]', "FormationViolation"),
        ("too many elements", '[2,"x","ClearCache",{},{}]', "FormationViolation"),
        ("only an id", '[2,"x"]', "FormationViolation"),
        ("an action that is a number", '[2,"x",1,{}]', "FormationViolation"),
        ("a payload that is a list", '[2,"x","ClearCache",[]]', "FormationViolation"),
        ("a payload of null", '[2,"x","GetConfiguration",null]', "FormationViolation"),
        ("a payload of null where nothing is expected", '[2,"x","ClearCache",null]', "FormationViolation"),
        ("half of an action", '[2,"x","ClearCac', NOTHING),
        ("nothing behind the action", '[2,"x","ClearCache"', "FormationViolation"),
        ("a payload that is a text", '[2,"x","ClearCache","{}"]', "FormationViolation"),
        ("an unknown action", call("SelfDestruct", {}), "NotImplemented"),
        ("an action in the wrong case", call("clearcache", {}), "NotImplemented"),
        ("an action without a name", call("", {}), "NotImplemented"),
        ("an action with its suffix", call("Reset.req", {"type": "Soft"}), "NotImplemented"),
        ("an action of our own", call("Heartbeat", {}), "NotSupported"),
        ("an action of a profile that is not there", call("GetLocalListVersion", {}), ("listVersion", -1)),
        ("smart charging", call("ClearChargingProfile", {}), "NotSupported"),
        # Good ones among them.
        ("white space everywhere", ' [ 2 ,\n"x",\t"ClearCache" , { } ] ', ("status", "Accepted")),
        ("an escaped action", '[2,"x","Clear\\u0043ache",{}]', ("status", "Accepted")),
        ("a type written as a decimal", '[2.0,"x","ClearCache",{}]', ("status", "Accepted")),
        # Payloads.
        ("a member too many", call("ClearCache", {"now": True}), "FormationViolation"),
        ("a member twice", '[2,"x","Reset",{"type":"Soft","type":"Sofa"}]', "FormationViolation"),
        ("a member missing", call("Reset", {}), "ProtocolError"),
        ("a member of null", call("Reset", {"type": None}), "TypeConstraintViolation"),
        ("a type of no reset", call("Reset", {"type": "Warm"}), "PropertyConstraintViolation"),
        ("a reset in lower case", call("Reset", {"type": "soft"}), "PropertyConstraintViolation"),
        ("availability of a text", call("ChangeAvailability", {"connectorId": "1", "type": "Operative"}), "TypeConstraintViolation"),
        ("availability of connector -1", call("ChangeAvailability", {"connectorId": -1, "type": "Operative"}), "PropertyConstraintViolation"),
        ("availability of connector 99", call("ChangeAvailability", {"connectorId": 99, "type": "Inoperative"}), ("status", "Rejected")),
        ("availability of 2^63", '[2,"x","ChangeAvailability",{"connectorId":9223372036854775808,"type":"Operative"}]', "PropertyConstraintViolation"),
        ("availability of connector 1.5", call("ChangeAvailability", {"connectorId": 1.5, "type": "Operative"}), "TypeConstraintViolation"),
        ("keys as a text", call("GetConfiguration", {"key": "HeartbeatInterval"}), "TypeConstraintViolation"),
        ("keys of numbers", call("GetConfiguration", {"key": [1]}), "TypeConstraintViolation"),
        ("21 keys", call("GetConfiguration", {"key": ["HeartbeatInterval"] * 21}), "OccurenceConstraintViolation"),
        ("a key of 51 characters", call("GetConfiguration", {"key": ["k" * 51]}), "PropertyConstraintViolation"),
        ("20 unknown keys", call("GetConfiguration", {"key": [f"Nonsense{n}" for n in range(20)]}), ("unknownKey", [f"Nonsense{n}" for n in range(20)])),
        ("remote start at connector 0", call("RemoteStartTransaction", {"connectorId": 0, "idTag": "A"}), ("status", "Rejected")),
        ("remote start at connector -1", call("RemoteStartTransaction", {"connectorId": -1, "idTag": "A"}), ("status", "Rejected")),
        ("remote start at connector 99", call("RemoteStartTransaction", {"connectorId": 99, "idTag": "A"}), ("status", "Rejected")),
        ("remote start by nobody", call("RemoteStartTransaction", {"connectorId": 1}), "ProtocolError"),
        ("remote start by an empty card", call("RemoteStartTransaction", {"connectorId": 1, "idTag": ""}), ("status", "Rejected")),
        ("remote start by 21 characters", call("RemoteStartTransaction", {"idTag": "A" * 21}), "PropertyConstraintViolation"),
        ("remote start by a number", call("RemoteStartTransaction", {"idTag": 7}), "TypeConstraintViolation"),
        ("remote stop of a text", call("RemoteStopTransaction", {"transactionId": "7"}), "TypeConstraintViolation"),
        ("remote stop of nothing that runs", call("RemoteStopTransaction", {"transactionId": -2147483648}), ("status", "Rejected")),
        ("unlocking connector 0", call("UnlockConnector", {"connectorId": 0}), ("status", "NotSupported")),
        ("unlocking connector 99", call("UnlockConnector", {"connectorId": 99}), ("status", "NotSupported")),
        ("data for nobody", call("DataTransfer", {"vendorId": "x" * 255, "data": "\u0000\u202e" * 100}), ("status", "UnknownVendorId")),
        ("data of a list", call("DataTransfer", {"vendorId": "v", "data": [1]}), "TypeConstraintViolation"),
        # ChangeConfiguration with odd values: the answer tells, nothing changes (OCPP 1.6 §5.3).
        ("an unknown key", change("Nonsense", "1"), ("status", "NotSupported")),
        ("an empty key", change("", "1"), ("status", "NotSupported")),
        ("a read-only key", change("NumberOfConnectors", "7"), ("status", "Rejected")),
        ("a number beyond all", change("HeartbeatInterval", "9" * 400), ("status", "Rejected")),
        ("a negative number", change("WebSocketPingInterval", "-1"), ("status", "Rejected")),
        ("a decimal", change("ConnectionTimeOut", "1.5"), ("status", "Rejected")),
        ("a hexadecimal", change("ConnectionTimeOut", "0x10"), ("status", "Rejected")),
        ("digits of Arabia", change("ConnectionTimeOut", "\u0661\u0662"), "PropertyConstraintViolation"),
        ("a number with a space", change("ConnectionTimeOut", " 60"), ("status", "Rejected")),
        ("no number", change("ConnectionTimeOut", ""), ("status", "Rejected")),
        ("no boolean", change("StopTransactionOnInvalidId", "1"), ("status", "Rejected")),
        ("a measurand that does not exist", change("MeterValuesSampledData", "Hope"), ("status", "Rejected")),
        ("only commas", change("MeterValuesSampledData", ",,,"), ("status", "Rejected")),
        ("a password that is no hexadecimal", change("AuthorizationKey", "no hexadecimal at all!"), ("status", "Rejected")),
        ("a value of 501 characters", change("MeterValuesSampledData", "x" * 501), "PropertyConstraintViolation"),
        ("a value that is a number", call("ChangeConfiguration", {"key": "ConnectionTimeOut", "value": 60}), "TypeConstraintViolation"),
    ]


def frame(opcode, payload, final=True, masked=False, reserved=0, length=None):
    """A WebSocket frame as a server writes it (RFC 6455 §5.2), or as it must not."""
    size = len(payload) if length is None else length
    head = bytes([(0x80 if final else 0) | reserved << 4 | opcode])
    mask = 0x80 if masked else 0
    if size < 126:
        head += bytes([mask | size])
    elif size < 65536:
        head += bytes([mask | 126]) + size.to_bytes(2, "big")
    else:
        head += bytes([mask | 127]) + size.to_bytes(8, "big")
    return head + (b"\0\0\0\0" if masked else b"") + payload


GOOD = call("ClearCache", {}).encode()
VIOLATIONS = [
    ("invalid UTF-8", frame(1, b'[2,"x","ClearCache",{"\xff":1}]'), 1007),
    ("an overlong NUL", frame(1, b'[2,"\xc0\x80","ClearCache",{}]'), 1007),
    ("a masked frame", frame(1, GOOD, masked=True), 1002),
    ("a reserved bit", frame(1, GOOD, reserved=4), 1002),
    ("an unknown opcode", frame(3, GOOD), 1002),
    ("a continuation of nothing", frame(0, GOOD), 1002),
    ("a message inside a message", frame(1, GOOD, final=False) + frame(1, GOOD), 1002),
    ("a fragmented ping", frame(9, b"", final=False), 1002),
    ("a ping of 126 bytes", frame(9, b"p" * 126), 1002),
    ("a length of 2^62", frame(1, b"", length=1 << 62), 1009),
    ("a length of 2^64 - 1", frame(1, b"", length=(1 << 64) - 1), 1002),
    ("10 MB", frame(1, b"", length=10_000_000), 1009),
    ("ten thousand fragments", frame(1, b"[", final=False) + frame(0, b"", final=False) * 10_000, 1008),
    ("a Close of one byte", frame(8, b"\x03"), 1002),
    ("a Close with a code that is none", frame(8, (1005).to_bytes(2, "big")), 1002),
]


@pytest.fixture(scope="module", params=["ws", "wss"])
def online(request, tmp_path_factory):
    """A whole charger, connected; it must be the same processes at the end of each test."""
    authority = Authority(tmp_path_factory.mktemp("certificates"))
    tls = authority.issue("localhost").server() if request.param == "wss" else None
    with CSMS(tls) as csms, Stack(configuration(csms.url)) as stack:
        stack.configure(authority.trusted_by(configuration(csms.url)))
        stack.start()
        csms.wait_status("Available")
        yield stack, csms


def write(csms, data):
    """Bytes straight into the connection, or text as one message of it."""
    connection = csms.stations["CP1"]._connection.connection

    async def send():
        if isinstance(data, str):
            await connection.send(data)
        else:
            connection.transport.write(data)

    csms.run(send())
    return connection


def answers(csms, since, count=0):
    """What came back to our CALLs since then: at least so many, and all before the answer of a good CALL, which the gateway lives to give."""
    probe = f"probe-{since}"
    write(csms, call("GetConfiguration", {"key": ["HeartbeatInterval"]}, probe))

    def received():
        return [f for d, f in csms.frames[since:] if d == "received" and f[0] in (3, 4)]

    def complete():
        return len(received()) > count and any(f[1] == probe for f in received())

    with csms.news:
        assert csms.news.wait_for(complete, PATIENCE), f"the gateway answers only {received()}"
        return [f for f in received() if f[1] != probe]


def id_of(text):
    """The message id of a CALL, also of one that is broken behind it."""
    return json.loads(re.match(r'\s*\[\s*2(?:\.0)?\s*,\s*("(?:[^"\\]|\\.)*")', text)[1])


# Shows: J-RPC-06, J-RPC-20, J-RPC-21, J-RPC-23, CORE-UNL-03, CORE-AVL-11, CORE-REM-08, MSG-02
@pytest.mark.parametrize(["text", "expected"], [pytest.param(t, e, id=n) for n, t, e in texts()])
def test_a_nasty_text_gets_the_right_answer(online, text, expected):
    stack, csms = online
    connections, since = csms.connections, len(csms.frames)
    write(csms, text)
    got = answers(csms, since)
    if expected is NOTHING:
        assert got == []
    elif isinstance(expected, str):
        [answer] = got
        assert answer[:3] == [4, id_of(text), expected]
        assert isinstance(answer[3], str) and len(answer[3]) <= 255 and isinstance(answer[4], dict), answer
    else:
        [answer] = got
        assert answer[:2] == [3, id_of(text)] and answer[2][expected[0]] == expected[1], answer
    assert csms.connections == connections
    assert all(process.poll() is None for process in stack.processes.values())


@pytest.mark.parametrize(["data", "code"], [pytest.param(d, c, id=n) for n, d, c in VIOLATIONS])
def test_a_broken_frame_ends_the_connection_with_its_code_and_another_one_follows(online, data, code):
    stack, csms = online
    connections = csms.connections
    connection = write(csms, data)
    csms.wait_connection(connections + 1)
    csms.run(connection.wait_closed())
    assert connection.protocol.close_rcvd.code == code
    assert answers(csms, len(csms.frames)) == []
    assert all(process.poll() is None for process in stack.processes.values())


def test_fragments_with_control_frames_between_are_one_message(online):
    _, csms = online
    since = len(csms.frames)
    pieces = frame(1, b"", final=False) + frame(9, b"are you there?")
    for byte in GOOD:
        pieces += frame(0, bytes([byte]), final=False) + frame(10, b"nobody asked")
    write(csms, pieces + frame(0, b""))
    assert answers(csms, since) == [[3, "x", {"status": "Accepted"}]]


def test_a_binary_message_is_dropped(online):
    _, csms = online
    since = len(csms.frames)
    write(csms, frame(2, GOOD))
    assert answers(csms, since) == []


def test_a_message_dripping_byte_by_byte_arrives(online):
    _, csms = online
    since = len(csms.frames)
    for byte in frame(1, GOOD):
        write(csms, bytes([byte]))
    assert answers(csms, since) == [[3, "x", {"status": "Accepted"}]]


# Shows: J-RPC-22
def test_an_id_still_being_handled_is_refused_and_a_flood_does_not_drown(online):
    """ChangeConfiguration waits for the disk, so that its id is still taken when the next frame is read."""
    _, csms = online
    since = len(csms.frames)
    pair = [frame(1, change("ConnectionTimeOut", value).encode()) for value in ("70", "71")]
    write(csms, b"".join(pair))
    kinds = sorted((f[0], f[2] if f[0] == 4 else f[2]["status"]) for f in answers(csms, since, count=2))
    assert kinds == [(3, "Accepted"), (4, "GenericError")]

    since = len(csms.frames)
    flood = [change("ConnectionTimeOut", str(100 + n)).replace('"x"', f'"f{n}"') for n in range(200)]
    write(csms, b"".join(frame(1, text.encode()) for text in flood))
    got = answers(csms, since, count=200)
    assert sorted(f[1] for f in got) == sorted(f"f{n}" for n in range(200))
    csms.request("ChangeConfiguration", key="ConnectionTimeOut", value="60")


def memory(stack, kind):
    """MiB that the gateway holds (VmRSS), or has held at most (VmHWM)."""
    status = pathlib.Path(f"/proc/{stack.processes['ocpp-gateway'].pid}/status").read_text()
    return int(re.search(rf"{kind}:\s+(\d+) kB", status)[1]) / 1024


def test_hundreds_of_nasty_texts_leave_the_memory_as_it_was(online):
    """Each comes five times more; the longest has more than half a megabyte, so that nothing of them may be kept."""
    stack, csms = online
    connections = csms.connections

    def play(times):
        for _ in range(times):
            since = len(csms.frames)
            for _, text, _ in texts():
                write(csms, text)
            answers(csms, since)

    play(1)  # What is made once and kept.
    settled = memory(stack, "VmRSS")
    play(5)
    assert memory(stack, "VmRSS") < settled + 8
    assert memory(stack, "VmHWM") < settled + 32
    assert csms.connections == connections


def test_an_answer_of_the_wrong_kind_fails_only_its_call():
    """Each nasty answer comes once, then a good one: the transaction is reported until it is confirmed."""
    nasty = {
        "StatusNotification": ['[3,"%s",[]]', '[3,"%s"]', '[4,"%s"]', '[3,"%s",null]'],
        "Authorize": ['[3,"%s",{"idTagInfo":{"status":"Accepted","expiryDate":"never"}}]'],
        # Processed all the same (OCPP-J errata §3.3): it is not sent again, and the number is made out.
        "StartTransaction": ['[3,"%s",{"transactionId":"7","idTagInfo":{"status":"Accepted","expiryDate":"never"}}]'],
        "MeterValues": ['[4,"%s",7,8,9,10]', '[3,"%s",{"unasked":[]}]'],
        "StopTransaction": ['[3,"%s",{"idTagInfo":{"status":"Blocked"}}]'],
    }

    class Hostile(CSMS):
        async def serve(self, connection):
            original = connection.send

            async def send(text):
                message = json.loads(text)
                asked = next((f for d, f in reversed(self.frames) if d == "received" and f[1] == message[1]), None)
                script = nasty.get(asked[2], []) if asked and asked[0] == 2 else []
                await original(script.pop(0) % message[1] if script else text)

            connection.send = send
            await super().serve(connection)

    keys = {"TransactionMessageRetryInterval": 1, "TransactionMessageAttempts": 5}
    with Hostile() as csms, Stack(configuration(csms.url, ocpp=keys)) as stack:
        stack.start()
        csms.wait_status("Available")
        tap = stack.tap()
        stack.sim("plug")
        csms.wait_status("Preparing")
        stack.sim("swipe", "04A1B2C3")
        csms.wait("Authorize")
        if not csms.calls("StartTransaction"):  # an unusable verdict authorizes nobody: once more
            tap.wait(lambda m: m["topic"] == "ocpp.message" and m["payload"].get("action") == "Authorize"
                     and m["payload"]["kind"] != "CALL")
            session.present_again(stack, tap)
        start = csms.wait("StartTransaction")
        session.energy_beyond(tap, start["meterStart"])
        csms.wait("MeterValues", count=2)
        session.present_again(stack, tap)
        stop = csms.wait("StopTransaction")
        assert csms.calls("StartTransaction") == [start]
        assert stop["transactionId"] == 7
        answers(csms, len(csms.frames))
        assert not any(nasty.values()), nasty


ANSWERS = [
    ("nothing", None),
    ("a close", b""),
    ("a half", b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"),
    ("nonsense", b"SSH-2.0-OpenSSH_9.2\r\n\r\n"),
    ("a page", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"),
    ("a wrong key", b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                    b"Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\nSec-WebSocket-Protocol: ocpp1.6\r\n\r\n"),
    ("a header without end", b"HTTP/1.1 101 Switching Protocols\r\nX: " + b"x" * 200_000),
]


# Shows: J-CON-08
@pytest.mark.parametrize("answer", [pytest.param(a, id=n) for n, a in ANSWERS])
def test_a_handshake_that_fails_is_told_and_tried_again(answer):
    """The server never speaks WebSocket. The gateway says so, lives on, and dials again (after its patience, if nothing comes)."""
    with MuteServer(answer) as (port, dials):
        with Stack(configuration(f"ws://127.0.0.1:{port}/ocpp")) as stack:
            stack.start("ocpp-gateway")
            tap = stack.tap("--filter", "ocpp.link")
            dials.acquire(timeout=PATIENCE)
            if answer is None:
                tap.wait(lambda m: m["payload"]["phase"] == "handshaking")
            else:
                assert dials.acquire(timeout=PATIENCE), "it does not try again"
                problem = tap.wait(lambda m: m["payload"]["failedAttempts"] >= 1)["payload"]
                assert "127.0.0.1" in stack.log("ocpp-gateway"), problem
            assert stack.kill("ocpp-gateway", sig=15) == {"ocpp-gateway": 0}


class MuteServer:
    """Accepts TCP connections, answers the first bytes of each with fixed bytes and, unless these are None or a half, closes."""

    def __init__(self, answer):
        self.answer = answer
        self.dials = threading.Semaphore(0)
        self.open = []

    def __enter__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()
        return self.listener.getsockname()[1], self.dials

    def serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.open.append(connection)
            self.dials.release()
            if self.answer is not None:
                try:
                    connection.recv(4096)
                    connection.sendall(self.answer)
                except OSError:
                    continue
                finally:
                    connection.close()

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(PATIENCE)
        for connection in self.open:
            connection.close()


def test_a_central_system_that_closes_after_each_message_gets_them_all_in_the_end():
    class Curt(CSMS):
        async def serve(self, connection):
            original = connection.send

            async def send(text):
                await original(text)
                await connection.close()

            connection.send = send
            await super().serve(connection)

    with Curt() as csms, Stack(configuration(csms.url)) as stack:
        stack.start()
        csms.wait_status("Available")
        stack.sim("plug")
        csms.wait_status("Preparing")
        assert csms.connections >= 3
        assert all(process.poll() is None for process in stack.processes.values())


EXTREMES = ["0", "-1", str(2**31), str(-(2**31) - 1), str(2**53 + 1), "10000000000000000", str(2**63 - 1), str(-(2**63)), "1e308", "null", '"x"']
DATES = ['"0000-01-01T00:00:00Z"', '"9999-12-31T23:59:59.999Z"', '"2026-02-30T00:00:00Z"', '"never"', "1767225600", "null"]
NOW = '"2026-11-24T12:00:00Z"'
INFO = [f'{{"status":"Accepted","expiryDate":{date}}}' for date in DATES] + ['{"status":"Unheard"}', "{}", "null"]


def hostile_answers():
    """CALLRESULT payloads by action, each with one thing extreme, malformed or missing."""
    boots = [f'{{"status":"Pending","currentTime":{NOW},"interval":{number}}}' for number in EXTREMES]
    boots += [f'{{"status":"Accepted","currentTime":{date},"interval":{2**63 - 1}}}' for date in DATES]
    return {
        "BootNotification": boots,
        "Heartbeat": [f'{{"currentTime":{date}}}' for date in DATES],
        "StatusNotification": ["[]", "null", '{"status":"Accepted"}'],
        "Authorize": ['{"idTagInfo":{}}', '{"idTagInfo":{"status":"Accepted","expiryDate":"9999-12-31T23:59:59.999Z"}}'],
        "StartTransaction": [f'{{"transactionId":{number},"idTagInfo":{{"status":"Accepted"}}}}' for number in EXTREMES],
        "MeterValues": ["[]", "null", '{"a":1}'],
        "StopTransaction": [f'{{"idTagInfo":{info}}}' for info in INFO],
    }


class Extreme(CSMS):
    """Answers everything with extremes, one after the other, until it is told to be good."""

    def __init__(self):
        self.is_good = False
        self.answers = hostile_answers()
        self.played = []
        super().__init__()

    def payload(self, action):
        if self.is_good or not self.answers.get(action):
            return None
        self.played.append(action)
        self.answers[action].append(self.answers[action].pop(0))
        return self.answers[action][-1]

    async def serve(self, connection):
        original = connection.send

        async def send(text):
            message = json.loads(text)
            asked = next((f for d, f in reversed(self.frames) if d == "received" and f[1] == message[1]), None)
            payload = self.payload(asked[2]) if asked and asked[0] == 2 else None
            await original(text if payload is None else f'[3,"{message[1]}",{payload}]')

        connection.send = send
        await super().serve(connection)


def test_after_extreme_answers_and_a_restart_a_good_central_system_finds_a_working_charger():
    """Every answer to BootNotification meets a gateway of its own, since one of them may be believed for a day; then a session goes on under
    such answers, and nobody dies of any. The next start finds a good central system."""
    with Extreme() as csms, Stack(configuration(csms.url, ocpp={"TransactionMessageRetryInterval": 1})) as stack:
        stack.start()
        boots = len(csms.answers["BootNotification"])
        for number in range(1, boots + 1):
            csms.wait("BootNotification", count=number)
            assert stack.processes["ocpp-gateway"].poll() is None, stack.log("ocpp-gateway")
            stack.ctl("call", "ocpp.status")
            assert stack.kill("ocpp-gateway", sig=15) == {"ocpp-gateway": 0}, stack.log("ocpp-gateway")
            stack.start("ocpp-gateway")

        csms.answers["BootNotification"] = []
        stack.kill("ocpp-gateway")
        stack.start("ocpp-gateway")
        tap = stack.tap()
        stack.ctl("wait", "ocpp.link", "phase=accepted", "--timeout", "30")  # Offline nobody is asked.
        stack.sim("plug")
        stack.sim("swipe", "04A1B2C3")
        csms.wait("Authorize")
        tap.wait(lambda m: m["topic"] == "hardware.card")
        session.present_again(stack, tap)  # An unusable verdict authorizes nobody.
        csms.wait("Authorize", count=2)
        csms.wait("StartTransaction")
        assert all(process.poll() is None for process in stack.processes.values())

        csms.is_good = True
        stack.kill("ocpp-gateway")
        stack.start("ocpp-gateway")
        stack.sim("unplug")
        csms.wait("StopTransaction")  # Only then the next plug is one.
        tap = stack.tap()
        stack.sim("plug")
        csms.wait_status("Preparing")
        stack.sim("swipe", "04D4E5F6")
        start = csms.wait("StartTransaction", lambda p: p["idTag"] == "04D4E5F6")
        session.energy_beyond(tap, start["meterStart"])
        stack.sim("unplug")
        csms.wait("StopTransaction", lambda p: p["transactionId"] == csms.last_transaction)
        assert all(process.poll() is None for process in stack.processes.values())
