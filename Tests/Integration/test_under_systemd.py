"""What systemd hands to the real programs: sockets that it has made (`sd_listen_fds(3)`), and credentials."""

import contextlib
import os
import signal
import socket
import subprocess

import pytest

import session
from csms import CSMS
from stack import PATIENCE, SERVICES, Stack, configuration

NAMES = ["pub", "rpc", "svc"]


class Listening:
    """What the `.socket` units of a service do."""

    def __init__(self, stack, service):
        self.stack, self.service = stack, service
        self.sockets = []
        for name in NAMES:
            listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            listener.bind(str(stack.runtime / f"{service}.{name}"))
            os.chmod(stack.runtime / f"{service}.{name}", 0o600)
            listener.listen(128)
            self.sockets.append(listener)

    def command(self, names):
        # The shell puts the sockets where systemd puts them, and knows the process id, which `exec` keeps.
        moves = " ".join(f"{3 + n}<&{s.fileno()}" for n, s in enumerate(self.sockets))
        variables = f"LISTEN_PID=$$ LISTEN_FDS={len(self.sockets)} LISTEN_FDNAMES={':'.join(names)}"
        return f'exec env {variables} "$@" {moves}'

    def arguments(self, names=NAMES):
        return {
            "args": ["bash", "-c", self.command(names), "start", *self.stack.arguments(self.service)],
            "pass_fds": [s.fileno() for s in self.sockets],
        }

    def launch(self):
        with open(self.stack.root / f"{self.service}.log", "ab") as log:
            process = subprocess.Popen(**self.arguments(), stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.stack.processes[self.service] = process
        return process

    def close(self):
        for listener in self.sockets:
            listener.close()


@pytest.fixture
def charger():
    with contextlib.ExitStack() as cleaning:
        csms = cleaning.enter_context(CSMS())
        stack = cleaning.enter_context(Stack(configuration(csms.url)))
        listening = {service: Listening(stack, service) for service in SERVICES}
        for one in listening.values():
            cleaning.callback(one.close)
        yield csms, stack, listening


@pytest.mark.parametrize("kind", ["Soft", "Hard"])
def test_a_charger_on_handed_sockets_charges_and_keeps_them_over_a_reset(charger, kind):
    """A reset replaces the program in its process (`execv`), and so hands the sockets to itself."""
    csms, stack, listening = charger
    for one in listening.values():
        one.launch()
    csms.wait_status("Available")
    session.begin(stack, csms, stack.tap())
    assert csms.request("Reset", type=kind).status == "Accepted"
    csms.wait("BootNotification", count=2)
    csms.wait_status("Finishing")
    assert all(process.poll() is None for process in stack.processes.values())
    # Both ways through the sockets: what is published, and what is asked.
    stack.ctl("wait", "ocpp.connector.1", "status=Finishing")
    stack.sim("unplug")
    csms.wait_status("Available", count=2)
    for service in SERVICES:
        for name in NAMES:
            assert (stack.runtime / f"{service}.{name}").stat().st_mode & 0o777 == 0o600


def test_the_next_process_of_a_service_takes_them_over_after_a_kill(charger):
    csms, stack, listening = charger
    for one in listening.values():
        one.launch()
    csms.wait_status("Available")
    tap = stack.tap()
    for service in SERVICES:
        seen = len(tap.messages)
        stack.kill(service, sig=signal.SIGKILL)
        listening[service].launch()
        tap.wait(
            lambda m: m["topic"] == f"service.announce.{service}" and m["payload"]["pid"] == stack.processes[service].pid, seen
        )
    start = session.begin(stack, csms, tap)
    assert start["connectorId"] == 1


def test_wrong_names_are_refused_in_one_line(charger):
    _, stack, listening = charger
    one = listening["config-store"]
    result = subprocess.run(
        **one.arguments(["pub", "rpc", "other"]), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE
    )
    assert result.returncode == 1
    assert len(result.stderr.splitlines()) == 1
    assert 'handed over as "pub:rpc:other"' in result.stderr


def test_nothing_that_was_handed_over_is_removed_at_the_end(charger):
    _, stack, listening = charger
    listening["config-store"].launch()
    stack.ctl("wait", "service.announce.config-store", "running=true")
    assert stack.kill("config-store", sig=signal.SIGTERM) == {"config-store": 0}
    assert all((stack.runtime / f"config-store.{name}").exists() for name in NAMES)


@pytest.mark.parametrize(
    "content", ["not hexadecimal digits", "0" * (1 << 21), "", "\n\n"], ids=["a typing error", "too large", "empty", "empty lines"]
)
def test_a_credential_that_is_no_key_is_told_of_without_what_it_holds_and_keeps_nobody_from_working(charger, tmp_path, content):
    csms, stack, _ = charger
    (tmp_path / "AuthorizationKey").write_text(content)
    with open(stack.root / "ocpp-gateway.log", "ab") as log:
        stack.processes["ocpp-gateway"] = subprocess.Popen(
            stack.arguments("ocpp-gateway"), env={**os.environ, "CREDENTIALS_DIRECTORY": str(tmp_path)},
            stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        )
    csms.wait("BootNotification")
    told = [line for line in stack.log("ocpp-gateway").splitlines() if f"{tmp_path}/AuthorizationKey" in line]
    assert len(told) == 1
    assert "is not used" in told[0]
    assert content.strip() not in told[0] if content.strip() else "found nothing" in told[0]
