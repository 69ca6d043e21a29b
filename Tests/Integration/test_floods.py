"""Neighbours that flood, stall or vanish: the charger goes on, and each daemon ends when it is asked to."""

import pathlib
import signal
import subprocess
import sys
import time

import session
from stack import SERVICES

FLOODS = pathlib.Path(__file__).resolve().parent.parent / "Support" / "Floods"


class Flood:
    """One of the scripts of Tests/Support/Floods, standing from here to the end of the block."""

    def __init__(self, script, *arguments):
        self.process = subprocess.Popen(
            [sys.executable, str(FLOODS / script), *map(str, arguments)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )

    def __enter__(self):
        line = self.process.stdout.readline()
        assert line.startswith("ready"), line
        self.said = line
        return self

    def __exit__(self, *_):
        self.rest = self.process.communicate(timeout=30)[0]


def stall_logs(stack, monkeypatch):
    """From here on every service is started with a standard error that nobody reads."""
    plain = stack.arguments
    monkeypatch.setattr(stack, "arguments", lambda service: [sys.executable, str(FLOODS / "stalled.py"), *plain(service)])


def test_services_whose_log_nobody_reads_charge_and_end_within_a_second(stack, csms, monkeypatch):
    stall_logs(stack, monkeypatch)
    for service in SERVICES:
        stack.launch(service)
    csms.wait_status("Available")
    tap = stack.tap()
    start = session.begin(stack, csms, tap)
    # More permits than lines fit into the pipe, had it been empty.
    for _ in range(500):
        csms.request("ChangeConfiguration", key="HeartbeatInterval", value="300")
    session.energy_beyond(tap, start["meterStart"])
    session.present_again(stack, tap)
    stop = csms.wait("StopTransaction")
    session.assert_one_transaction(csms, start, stop)
    for service in SERVICES:
        begin = time.monotonic()
        assert stack.kill(service, sig=signal.SIGTERM) == {service: 0}
        assert time.monotonic() - begin < 1.5, f"{service} took too long"  # of which Python's own end is a part


def test_more_connections_than_descriptors_end_nobody(stack, csms, monkeypatch):
    plain = stack.arguments
    # The hard limit too, so that the services cannot raise it.
    monkeypatch.setattr(stack, "arguments", lambda service: ["prlimit", "--nofile=4096:4096", *plain(service)])
    stack.start()
    csms.wait_status("Available")
    for name in ("hardware-io.pub", "hardware-io.rpc", "ocpp-gateway.svc"):
        with Flood("connections.py", stack.runtime / name, 6000):
            assert all(process.poll() is None for process in stack.processes.values()), name
            csms.request("GetConfiguration", key=["HeartbeatInterval"])
        # All of them are one user, who has a share and no more; who was there stays.
        deadline = time.monotonic() + 30
        while "a user has too many connections, more are refused" not in stack.log(name.split(".")[0]):
            assert time.monotonic() < deadline, f"{name} lets everybody in"
            csms.request("GetConfiguration", key=["HeartbeatInterval"])
    # Where descriptors became few, a door was shut for a while.
    log = lambda: stack.log("hardware-io")  # noqa: E731
    deadline = time.monotonic() + 30
    while log().count("no more are accepted") > log().count("connections are accepted again"):
        assert time.monotonic() < deadline, "the door stays shut"
        csms.request("GetConfiguration", key=["HeartbeatInterval"])
    tap = stack.tap()
    start = session.begin(stack, csms, tap)
    session.energy_beyond(tap, start["meterStart"])
    session.present_again(stack, tap)
    session.assert_one_transaction(csms, start, csms.wait("StopTransaction"))


def test_a_tap_with_a_thousand_long_topics_is_cut_off_and_harms_nobody(stack, csms):
    stack.start()
    csms.wait_status("Available")
    with Flood("subscriptions.py", stack.runtime / "hardware-io.pub", 1000, 60) as many, \
            Flood("subscriptions.py", stack.runtime / "ocpp-gateway.pub", 10, 4096) as long:
        tap = stack.tap()
        start = session.begin(stack, csms, tap)
        session.energy_beyond(tap, start["meterStart"])
        session.present_again(stack, tap)
        session.assert_one_transaction(csms, start, csms.wait("StopTransaction"))
    assert int(many.rest.split()[1]) > 0 and int(long.rest.split()[1]) > 0
    assert "a subscriber was disconnected" in stack.log("hardware-io")


def test_a_tap_that_was_killed_leaves_nothing_behind(stack, csms):
    stack.start()
    csms.wait_status("Available")
    taps = [stack.tap() for _ in range(5)]
    for tap in taps:
        tap.process.kill()
        tap.process.wait()
    descriptors = pathlib.Path(f"/proc/{stack.processes['hardware-io'].pid}/fd")
    deadline = time.monotonic() + 20
    base = None
    while time.monotonic() < deadline:
        base = len(list(descriptors.iterdir()))
        if base < 40:
            break
    assert base < 40, f"{base} descriptors are open"
