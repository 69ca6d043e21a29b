"""The encrypted link (OCPP 1.6 security whitepaper, profile 2): whom the gateway believes, what it says, and what it lives through."""

import contextlib
import datetime
import pathlib
import socket
import ssl
import subprocess
import sys
import threading
import time

import pytest

from certificates import DAY, NEW_KEY, Authority, Certificate, openssl
from csms import CSMS
from stack import PATIENCE, Stack, configuration

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "Support" / "Floods"))
from journals import write_journal  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # old versions of TLS are what is tested


@pytest.fixture
def root(tmp_path):
    return Authority(tmp_path)


@contextlib.contextmanager
def gateway(url, root, journal=(), **changes):
    """The gateway alone: it needs nobody to connect. `journal`: records that an earlier process of it left."""
    with Stack(root.trusted_by(configuration(url), **changes)) as stack:
        if journal:
            folder = stack.state_directory("ocpp-gateway")
            folder.mkdir(parents=True)
            write_journal(folder / "transactions.journal", journal)
        stack.start("ocpp-gateway")
        yield stack


def problem(stack, *words):
    """Waits until the link tells of a problem with these words; returns it."""
    tap = stack.tap("--filter", "ocpp.link")
    state = tap.wait(lambda m: all(word in (m["payload"].get("lastError") or "") for word in words))["payload"]
    return state["lastError"]


def accepted(stack):
    tap = stack.tap("--filter", "ocpp.link")
    return tap.wait(lambda m: m["payload"]["phase"] == "accepted")["payload"]


def refused_by(stack, csms, *words):
    """The problem is told and logged, no HTTP request ever got through, and there is another attempt."""
    said = problem(stack, *words)
    assert said in stack.log("ocpp-gateway")
    assert csms.connections == 0
    return said


# Versions and suites


@pytest.mark.parametrize(["version", "suite"], [
    (ssl.TLSVersion.TLSv1_3, None),
    # The four that a central system must have (A00.FR.317), and those with forward secrecy for RSA.
    (ssl.TLSVersion.TLSv1_2, "ECDHE-ECDSA-AES128-GCM-SHA256"),
    (ssl.TLSVersion.TLSv1_2, "ECDHE-ECDSA-AES256-GCM-SHA384"),
    (ssl.TLSVersion.TLSv1_2, "AES128-GCM-SHA256"),
    (ssl.TLSVersion.TLSv1_2, "AES256-GCM-SHA384"),
    (ssl.TLSVersion.TLSv1_2, "ECDHE-RSA-AES128-GCM-SHA256"),
    (ssl.TLSVersion.TLSv1_2, "ECDHE-RSA-AES256-GCM-SHA384"),
])
def test_versions_and_suites_that_are_allowed(root, version, suite):
    key = NEW_KEY if suite is None or "ECDSA" in suite else ["-newkey", "rsa:2048", "-nodes"]
    context = root.issue("localhost", key=key).server()
    context.minimum_version = context.maximum_version = version
    if suite:
        context.set_ciphers(suite)
    with CSMS(context) as csms, gateway(csms.url, root) as stack:
        accepted(stack)
        used = csms.stations["CP1"]._connection.connection.transport.get_extra_info("ssl_object")
        assert used.version() == version.name.replace("_", ".")
        assert suite is None or used.cipher()[0] == suite
        assert used.compression() is None


@contextlib.contextmanager
def plain_openssl(certificate, *options):
    """The server of the program `openssl`, which knows no OCPP; yields its process and its address."""
    with socket.create_server(("127.0.0.1", 0)) as place:
        port = place.getsockname()[1]
    server = subprocess.Popen(
        ["openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-cert", certificate.chain, "-key", certificate.key, *options],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, bufsize=1,
    )
    watchdog = threading.Timer(PATIENCE, server.kill)
    watchdog.start()
    try:
        for line in server.stdout:
            if "ACCEPT" in line:
                break
        yield server, f"wss://localhost:{port}/ocpp"
    finally:
        watchdog.cancel()
        server.kill()
        server.wait()


@pytest.mark.parametrize(["options", "words"], [
    (["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"], "offers no TLS 1.2 or newer"),
    (["-tls1", "-cipher", "ALL:@SECLEVEL=0"], "offers no TLS 1.2 or newer"),
    (["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA"], "offers no cipher suite that is allowed here"),
    (["-tls1_2", "-cipher", "NULL:aNULL:@SECLEVEL=0"], "offers no cipher suite that is allowed here"),
])
def test_versions_and_suites_that_are_not(root, options, words):
    with plain_openssl(root.issue("localhost"), *options) as (_, url), gateway(url, root) as stack:
        assert problem(stack, "no encrypted connection to localhost", words) in stack.log("ocpp-gateway")


# Certificates


def day(offset):
    return time.strftime("%Y-%m-%d", time.gmtime(time.time() + offset.total_seconds()))


def expired(root):
    """Before the first charger of this kind: also one that does not know the time knows that."""
    begin, end = (datetime.datetime(year, 3, 4, tzinfo=datetime.timezone.utc) - datetime.datetime.now(datetime.timezone.utc) for year in (2023, 2024))
    return root.issue("localhost", begin, end), "the certificate of the central system ended on 2024-03-0"


def another_name(root):
    words = "the certificate of the central system was issued for another name: for elsewhere.example, not for localhost"
    return root.issue("elsewhere.example"), words


def unknown_root(root):
    other = Authority(root.folder, "Other root")
    return Authority(root.folder, "Middle", other).issue("localhost"), "Middle was issued by Other root, which is neither trusted nor sent along"


def signed_by_itself(root):
    pem, key = root.folder / "own.pem", root.folder / "own.key"
    openssl("req", "-x509", *NEW_KEY, "-days", 9, "-subj", "/CN=localhost", "-keyout", key, "-out", pem)
    return Certificate(pem, key), "is signed by itself and not among the trusted ones"


def root_sent_along(root):
    other = Authority(root.folder, "Other root")
    made = other.issue("localhost")
    made.chain.write_bytes(made.chain.read_bytes() + other.pem.read_bytes())
    return made, "goes back to Other root, which is not among the trusted ones"


def missing_intermediate(root):
    made = Authority(root.folder, "Middle", root).issue("localhost")
    alone = made.chain.read_text().split("-----END CERTIFICATE-----")[0] + "-----END CERTIFICATE-----\n"
    made.chain.write_text(alone)
    return made, "the certificate of the central system was issued by Middle, which is neither trusted nor sent along"


def expired_intermediate(root):
    middle = Authority(root.folder, "Middle", root)
    made = middle.issue("localhost")
    old = root.issue("Middle", begin=-9 * DAY, end=-2 * DAY, extensions="basicConstraints=critical,CA:TRUE\n")
    # The same name with another key would be an unknown issuer: sign the key of the intermediate again.
    openssl("req", "-new", "-key", middle.key, "-subj", "/CN=Middle", "-out", root.folder / "again.csr")
    extra = root.folder / "again.ext"
    extra.write_text("basicConstraints=critical,CA:TRUE\n")
    openssl("ca", "-batch", "-notext", "-config", root.folder / "ca.conf", "-in", root.folder / "again.csr", "-out", old.chain,
            "-extfile", extra, "-startdate", "20200101000000Z", "-enddate", "20210101000000Z")
    leaf = made.chain.read_text().split("-----END CERTIFICATE-----")[0] + "-----END CERTIFICATE-----\n"
    made.chain.write_text(leaf + old.chain.read_text())
    return made, "the certificate of the issuer Middle ended on 2021-01-01"


def no_authority(root):
    """Signed by somebody whom the root has signed, but not to sign."""
    shop = root.issue("shop.example")
    fake = Authority(root.folder, "Fake")
    fake.pem.write_bytes(shop.chain.read_bytes())
    fake.key.write_bytes(shop.key.read_bytes())
    fake.issuer = root
    return fake.issue("localhost"), "the certificate of the issuer shop.example is refused (invalid CA certificate)"


@pytest.mark.parametrize("case", [
    expired, another_name, unknown_root, signed_by_itself, root_sent_along, missing_intermediate, expired_intermediate, no_authority,
], ids=lambda case: case.__name__)
def test_a_bad_certificate_is_refused_with_its_reason(root, case):
    certificate, words = case(root)
    with CSMS(certificate.server()) as csms, gateway(csms.url, root) as stack:
        said = refused_by(stack, csms, "is not trusted", words)
        assert "check centralSystem.url, centralSystem.rootCertificates and the clock" in said
        # The same back-off as for every other failure.
        state = stack.tap("--filter", "ocpp.link").wait(lambda m: m["payload"]["failedAttempts"] >= 2)
        assert state["payload"]["phase"] in ("backingOff", "resolving", "connecting", "handshaking", "closing")


@pytest.mark.parametrize(["begin", "end", "words"], [(-9, -2, "ended on"), (2, 9, "begins on")])
def test_once_the_time_is_known_certificates_are_held_to_it(root, begin, end, words):
    boot = pathlib.Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    start = int((time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)) * 1000)
    # The central system had told it for an hour, by certificates that were good.
    told = [{"bootStart": {"boot": boot, "utc": start, "isProven": True}}]
    with CSMS(root.issue("localhost").server()) as csms, gateway(csms.url, root, told) as stack:
        accepted(stack)
        csms.vanish()
        csms.tls = root.issue("localhost", begin * DAY, end * DAY).server()
        csms.listen()
        on = day((end if end < 0 else begin) * DAY)
        problem(stack, f"the certificate of the central system {words} {on}, and today is {day(0 * DAY)} by the clock of the charger")
        assert csms.connections == 1


@pytest.mark.parametrize("revoked", ["leaf", "intermediate"])
def test_a_revoked_certificate_is_refused_and_a_new_list_counts_at_the_next_attempt(root, revoked):
    middle = Authority(root.folder, "Middle", root)
    leaf = middle.issue("localhost")
    lists = root.folder / "lists.pem"
    other = root.issue("other.example")
    lists.write_bytes(root.revoke(other.chain).read_bytes())
    with CSMS(leaf.server()) as csms, gateway(csms.url, root, revocationLists=str(lists)) as stack:
        # Of the intermediate there is no list: it has revoked nothing.
        accepted(stack)
        new = root.revoke(middle.pem) if revoked == "intermediate" else middle.revoke(leaf.chain)
        lists.write_bytes(lists.read_bytes() + new.read_bytes() if revoked == "leaf" else new.read_bytes())
        csms.run(close(csms))
        whose = "the issuer Middle" if revoked == "intermediate" else "the central system"
        problem(stack, f"the certificate of {whose} was revoked")


async def close(csms, abort=False):
    connection = csms.stations["CP1"]._connection.connection
    if abort:
        connection.transport.abort()
    else:
        await connection.close()


@pytest.mark.parametrize(["content", "words"], [
    (None, "No such file or directory"), ("", "it holds no certificate in PEM"), ("nonsense", "it holds no certificate in PEM"),
])
def test_roots_that_cannot_be_used_are_named_and_taken_once_they_can(root, content, words):
    path = root.folder / "roots.pem"
    if content is not None:
        path.write_text(content)
    with CSMS(root.issue("localhost").server()) as csms, gateway(csms.url, root, rootCertificates=str(path)) as stack:
        refused_by(stack, csms, str(path), words)
        path.write_bytes(root.pem.read_bytes())
        accepted(stack)


# Sessions


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("abort", [False, True], ids=["closed", "cut"])
def test_a_reconnect_resumes_the_session(root, version, abort):
    context = root.issue("localhost").server()
    context.minimum_version = context.maximum_version = version
    with CSMS(context) as csms, gateway(csms.url, root) as stack:
        accepted(stack)
        assert not csms.stations["CP1"]._connection.connection.transport.get_extra_info("ssl_object").session_reused
        csms.run(close(csms, abort))
        csms.wait_connection(2)
        assert csms.stations["CP1"]._connection.connection.transport.get_extra_info("ssl_object").session_reused


def test_a_central_system_with_new_ticket_keys_is_connected_to_all_the_same(root):
    certificate = root.issue("localhost")
    with CSMS(certificate.server()) as csms, gateway(csms.url, root) as stack:
        accepted(stack)
        csms.vanish()
        csms.tls = certificate.server()
        csms.listen()
        csms.wait_connection(2)


def test_renegotiation_is_refused(root):
    with plain_openssl(root.issue("localhost"), "-tls1_2", "-msg") as (server, url), gateway(url, root):
        output = []
        for line in server.stdout:
            output.append(line)
            if "Upgrade: websocket" in line:
                server.stdin.write("R\n")
            if "no_renegotiation" in line or "no renegotiation" in line:
                return
        raise AssertionError("".join(output))


# Bad peers


class Middleman:
    """Between the gateway and a central system, one connection after the other, with a say in what gets through."""

    def __init__(self, target):
        self.target = target
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        self.connections = 0
        self.news = threading.Condition()
        self.open = []
        threading.Thread(target=self.run, daemon=True).start()

    @property
    def url(self):
        return f"wss://localhost:{self.port}/ocpp"

    def run(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.server.accept()
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self.open.append(client)
                with self.news:
                    self.connections += 1
                    self.news.notify_all()
                threading.Thread(target=self.serve, args=[client, self.connections], daemon=True).start()

    def serve(self, client, number):
        with contextlib.suppress(OSError):
            upstream = socket.create_connection(("127.0.0.1", self.target))
            self.open.append(upstream)
            threading.Thread(target=self.pump, args=[client, upstream, lambda data, _: [data]], daemon=True).start()
            self.pump(upstream, client, lambda data, sent: self.shape(data, sent, number))

    def shape(self, data, sent, number):
        """What becomes of bytes for the gateway, in pieces; nothing ends the connection. `sent` bytes came before."""
        return [data]

    def pump(self, source, sink, shape):
        sent = 0
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                pieces = shape(data, sent)
                if pieces is None:
                    break
                for piece in pieces:
                    sink.sendall(piece)
                sent += len(data)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def wait(self, count):
        with self.news:
            assert self.news.wait_for(lambda: self.connections >= count, PATIENCE), "it did not try again"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for end in [self.server, *self.open]:
            end.close()


def test_a_peer_that_sends_one_byte_at_a_time_is_understood(root):
    class Dripping(Middleman):
        def shape(self, data, sent, number):
            return [data[i:i + 1] for i in range(len(data))]

    with CSMS(root.issue("localhost").server()) as csms, Dripping(csms.port) as between, gateway(between.url, root) as stack:
        accepted(stack)
        assert csms.request("GetConfiguration", key=["SecurityProfile"]).unknown_key == ["SecurityProfile"]


@pytest.mark.parametrize("length", [0, 1, 5, 90, 600])
def test_a_cut_in_the_middle_of_a_handshake_is_tried_again(root, length):
    class Cut(Middleman):
        def serve(self, client, number):
            if number > 2:
                return super().serve(client, number)
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.target)) as upstream:
                upstream.sendall(client.recv(65536))
                answer = b""
                while len(answer) < length:
                    answer += upstream.recv(65536)
                client.sendall(answer[:length])
                client.shutdown(socket.SHUT_RDWR)

    with CSMS(root.issue("localhost").server()) as csms, Cut(csms.port) as between, gateway(between.url, root) as stack:
        problem(stack, "no encrypted connection", "the connection ended in the middle of the TLS handshake")
        accepted(stack)
        assert between.connections >= 3


@pytest.mark.parametrize("garbage", [
    b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\0" * 100, b"\x16\x03\x03\xff\xff" + b"x" * 70000, b"\x15\x03\x03\0\x02\x02\x28",
    b"\x16\x03\x03\0\x04\x02\xff\xff\xff", bytes(range(256)) * 100,
], ids=["http", "zeros", "a record too long", "an alert", "a message without end", "noise"])
def test_garbage_instead_of_a_handshake_is_tried_again(root, garbage):
    class Noisy(Middleman):
        def serve(self, client, number):
            if number > 2:
                return super().serve(client, number)
            with contextlib.suppress(OSError):
                client.recv(65536)
                client.sendall(garbage)
                client.shutdown(socket.SHUT_WR)

    with CSMS(root.issue("localhost").server()) as csms, Noisy(csms.port) as between, gateway(between.url, root) as stack:
        problem(stack, "no encrypted connection to localhost")
        accepted(stack)
        assert stack.processes["ocpp-gateway"].poll() is None


@pytest.mark.parametrize("position", ["header", "middle"])
def test_a_changed_byte_of_an_open_connection_ends_it_and_another_follows(root, position):
    class Meddling(Middleman):
        armed = False

        def shape(self, data, sent, number):
            if not self.armed:
                return [data]
            self.armed = False
            at = 0 if position == "header" else len(data) // 2
            return [data[:at] + bytes([data[at] ^ 0x55]) + data[at + 1:]]

    with CSMS(root.issue("localhost").server()) as csms, Meddling(csms.port) as between, gateway(between.url, root) as stack:
        accepted(stack)
        between.armed = True
        station = csms.stations["CP1"]
        csms.run(station._connection.connection.send('[2,"x","ClearCache",{}]'))
        between.wait(2)
        csms.wait_connection(2)
        # Nothing of the changed record was believed.
        assert not [f for d, f in csms.frames if d == "received" and f[0] in (3, 4) and f[1] == "x"]


def test_a_silent_peer_is_given_up_after_the_patience_of_a_step(root):
    class Silent(Middleman):
        def serve(self, client, number):
            if number > 1:
                super().serve(client, number)

    with CSMS(root.issue("localhost").server()) as csms, Silent(csms.port) as between:
        with gateway(between.url, root, connectTimeoutSeconds=1) as stack:
            problem(stack, "no answer from localhost", "the TLS handshake")
            accepted(stack)


def test_an_end_without_close_notify_is_an_end(root):
    """A half-open stream: the peer sends no more, and says so by TCP alone."""

    class Halving(Middleman):
        def half(self):
            for end in self.open:
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_WR)

    with CSMS(root.issue("localhost").server()) as csms, Halving(csms.port) as between, gateway(between.url, root) as stack:
        accepted(stack)
        between.half()
        csms.wait_connection(2)


def test_a_close_notify_in_the_middle_of_a_conversation_is_an_end(root):
    with CSMS(root.issue("localhost").server()) as csms, gateway(csms.url, root) as stack:
        accepted(stack)

        async def notify():
            # Ends TLS below the WebSocket, which knows nothing of it.
            csms.stations["CP1"]._connection.connection.transport.close()

        csms.run(notify())
        csms.wait_connection(2)


# Profiles


@pytest.mark.parametrize(["url", "profile", "words"], [
    ("ws://127.0.0.1:1", 2, "expected 0 or 1 for ws://, found 2"), ("wss://localhost:1", 1, "expected 0 or 2 for wss://, found 1"),
])
def test_a_profile_that_the_address_does_not_keep_is_refused(root, url, profile, words):
    with Stack(root.trusted_by(configuration(url), securityProfile=profile)) as stack:
        process = stack.launch("ocpp-gateway")
        assert process.wait(PATIENCE) != 0
        del stack.processes["ocpp-gateway"]
        assert f"centralSystem.securityProfile: {words}" in stack.log("ocpp-gateway")


@pytest.mark.parametrize("encrypted", [False, True], ids=["profile 1", "profile 2"])
def test_a_profile_needs_a_password_and_is_shown(root, encrypted):
    tls = root.issue("localhost").server() if encrypted else None
    profile = 2 if encrypted else 1
    with CSMS(tls) as csms:
        with gateway(csms.url, root, securityProfile=profile) as stack:
            refused_by(stack, csms, f"security profile {profile} needs a password")
        with gateway(csms.url, root, securityProfile=profile, authorizationKeyHex="00ff" * 8) as stack:
            accepted(stack)
            [key] = csms.request("GetConfiguration", key=["SecurityProfile"]).configuration_key
            assert key == {"key": "SecurityProfile", "readonly": True, "value": str(profile)}
            assert csms.request("ChangeConfiguration", key="SecurityProfile", value="0").status == "Rejected"
            assert csms.request("ChangeConfiguration", key="SecurityProfile", value="3").status == "Rejected"


def test_an_encrypted_gateway_never_falls_back_to_plain(root):
    """A central system that only speaks ws:// at the same place hears nothing but TLS."""
    with CSMS() as csms, gateway(f"wss://localhost:{csms.port}/ocpp", root, authorizationKeyHex="00ff" * 8) as stack:
        problem(stack, "no encrypted connection to localhost")
        tap = stack.tap("--filter", "ocpp.link")
        tap.wait(lambda m: m["payload"]["failedAttempts"] >= 3)
        assert csms.connections == 0 and not csms.frames
