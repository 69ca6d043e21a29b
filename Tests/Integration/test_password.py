"""A new password that the central system does not take never strands the charger, whatever is killed in between."""

import base64
import http
import threading

import pytest
from websockets.datastructures import Headers
from websockets.http11 import Response

from csms import CSMS
from stack import PATIENCE, Stack, configuration

OLD, NEW = "00112233445566778899aabbccddeeff", "ff112233445566778899aabbccddee00"


class Guarded(CSMS):
    """Lets in only who has one of `accepted`; notes every password that was offered."""

    def __init__(self, tls=None):
        self.accepted = {OLD}
        # The code with which the others are closed after an upgrade, as if a front upgraded everybody.
        self.late = None
        self.offered = []
        super().__init__(tls)

    @staticmethod
    def password(request):
        header = request.headers.get("Authorization", "")
        user, _, password = base64.b64decode(header.removeprefix("Basic ")).partition(b":")
        assert user == b"CP1"
        return password.hex()

    def admit(self, connection, request):
        password = self.password(request)
        with self.news:
            self.offered.append(password)
            self.news.notify_all()
        if password not in self.accepted and not self.late:
            return Response(http.HTTPStatus.UNAUTHORIZED, "Unauthorized", Headers({"Content-Length": "0"}))

    async def serve(self, connection):
        if self.password(connection.request) in self.accepted:
            await super().serve(connection)
        else:
            await connection.close(self.late or 1000)

    def wait_offers(self, count):
        with self.news:
            assert self.news.wait_for(lambda: len(self.offered) >= count, PATIENCE), self.offered
            return list(self.offered)


@pytest.fixture
def charger():
    with Guarded() as csms:
        document = configuration(csms.url)
        document["centralSystem"] |= {"authorizationKeyHex": OLD, "securityProfile": 1}
        with Stack(document) as stack:
            stack.start()
            csms.wait_status("Available")
            yield stack, csms


def change(csms, password=NEW):
    connections = csms.connections
    assert csms.request("ChangeConfiguration", key="AuthorizationKey", value=password).status == "Accepted"
    return connections


def assert_secret(stack):
    """No password is in a log."""
    for service in ("ocpp-gateway", "config-store"):
        assert OLD not in stack.log(service).lower() and NEW not in stack.log(service).lower()


def test_a_new_password_that_is_accepted_is_used_from_then_on(charger):
    stack, csms = charger
    csms.accepted = {OLD, NEW}
    csms.wait_connection(change(csms) + 1)
    csms.request("GetConfiguration", key=["SecurityProfile"])
    csms.accepted = {NEW}
    for service in ("ocpp-gateway", "config-store"):
        count = csms.connections
        stack.kill(service)
        stack.start(service)
        if service == "ocpp-gateway":
            csms.wait_connection(count + 1)
    assert csms.offered == [OLD, NEW, NEW]
    assert (stack.state_directory("ocpp-gateway") / "accepted-password").stat().st_mode & 0o777 == 0o600
    assert_secret(stack)


def test_the_old_one_comes_back_after_three_refusals_and_survives_a_restart(charger):
    stack, csms = charger
    csms.wait_connection(change(csms) + 1)
    assert csms.offered == [OLD, NEW, NEW, NEW, OLD]
    assert "the last one that worked is tried again" in stack.log("ocpp-gateway")
    # Connected again, it says which password that is.
    stack.ctl("wait", "ocpp.link", "phase=accepted", "passwordRefused=true")
    assert "the password that was set last was refused" in stack.ctl("status", status=None)
    count = csms.connections
    stack.kill("ocpp-gateway")
    stack.start("ocpp-gateway")
    csms.wait_connection(count + 1)
    assert csms.offered == [OLD, NEW, NEW, NEW, OLD, OLD]
    # The central system says it once more, and means it.
    csms.wait("BootNotification", count=2)
    csms.accepted = {NEW}
    csms.wait_connection(change(csms) + 1)
    assert csms.offered[6:] == [NEW]
    stack.ctl("wait", "ocpp.link", "phase=accepted", "passwordRefused=")
    assert_secret(stack)


@pytest.mark.parametrize("accepted", [{OLD}, {NEW}], ids=["never taken in", "taken in"])
@pytest.mark.parametrize("refusals", [0, 1, 2, 3])
def test_a_kill_at_any_refusal_strands_nothing(charger, refusals, accepted):
    stack, csms = charger
    csms.accepted = set()
    connections = change(csms)
    csms.wait_offers(1 + refusals)
    stack.kill("ocpp-gateway")
    csms.accepted = accepted
    stack.start("ocpp-gateway")
    csms.wait_connection(connections + 1)
    assert set(csms.offered[-1:]) == accepted
    assert len(csms.offered) <= 1 + refusals + 1 + 7
    csms.wait("BootNotification", count=2)


def test_a_gateway_that_starts_before_its_store_uses_the_password_that_worked(charger):
    stack, csms = charger
    csms.accepted = {OLD, NEW}
    count = change(csms) + 1
    csms.wait_connection(count)
    # The gateway has seen that it was let in.
    csms.request("GetConfiguration", key=["SecurityProfile"])
    csms.accepted = {NEW}
    stack.kill("ocpp-gateway", "config-store")
    handed = stack.runtime / "secrets" / "ocpp-gateway" / "AuthorizationKey"
    handed.unlink()  # as after a power cut: the runtime folder is empty
    stack.start("ocpp-gateway")
    csms.wait_connection(count + 1)
    assert csms.offered == [OLD, NEW, NEW]


@pytest.mark.parametrize("code", [1008, 1000], ids=["because of its policy", "for no reason"])
def test_a_front_that_upgrades_everybody_proves_no_password(charger, code):
    stack, csms = charger
    csms.late = code
    connections = change(csms)
    csms.wait_connection(connections + 1)
    # Without a reason it may be anything, so that the new one gets more turns.
    assert csms.offered[1:] == [NEW] * (3 if code == 1008 else 10) + [OLD]
    csms.request("GetConfiguration", key=["SecurityProfile"])
    assert_secret(stack)


@pytest.mark.parametrize("damage", ["a bit", "all of it"])
def test_without_the_password_that_worked_the_one_of_the_site_is_the_last_resort(charger, damage):
    stack, csms = charger
    csms.wait_connection(change(csms) + 1)
    csms.request("GetConfiguration", key=["SecurityProfile"])
    stack.kill("ocpp-gateway")
    accepted = stack.state_directory("ocpp-gateway") / "accepted-password"
    content = bytearray(accepted.read_bytes())
    content[-5] ^= 1
    if damage == "a bit":
        accepted.write_bytes(content)
    else:
        accepted.unlink()
    count, offers = csms.connections, len(csms.offered)
    stack.start("ocpp-gateway")
    csms.wait_connection(count + 1)
    assert csms.offered[offers:] == [NEW, NEW, NEW, OLD]
    assert ("accepted-password" in stack.log("ocpp-gateway")) == (damage == "a bit")
    assert_secret(stack)


def test_what_one_central_system_accepted_is_not_offered_to_another(charger):
    stack, csms = charger
    csms.request("GetConfiguration", key=["AuthorizationKey"])
    stack.kill("ocpp-gateway")
    with Guarded() as other:
        document = configuration(other.url)
        document["centralSystem"] |= {"authorizationKeyHex": NEW, "securityProfile": 1}
        stack.configure(document)
        other.accepted = set()
        stack.start("ocpp-gateway")
        assert other.wait_offers(5) == [NEW] * 5
    assert_secret(stack)
