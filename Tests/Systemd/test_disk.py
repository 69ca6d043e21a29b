"""The disk with the state is full in the middle of a session."""

import signal

import pytest

from charger import Charger

FULL = ["ocpp-gateway", "config-store"]


@pytest.fixture(scope="module")
def charger():
    """A charger whose settings and transactions lie in small file systems; the simulated car and meter need a disk that real ones do not."""

    def put(root):
        lines = [f"tmpfs /var/lib/charger/{service} tmpfs size=4m 0 0\n" for service in FULL]
        (root / "etc/fstab").write_text("".join(lines))

    with Charger(put) as machine:
        machine.start()
        machine.wait("ocpp.link", "phase=accepted")
        yield machine


def fill(machine):
    """Takes the last byte."""
    for service in FULL:
        machine.run("sh", "-c", f"cat /dev/zero > /var/lib/charger/{service}/filler", check=False)
        assert machine.read("df", "--output=avail", f"/var/lib/charger/{service}").split()[-1] == "0"


@pytest.mark.parametrize("then", ["nothing", "ocpp-gateway is killed", "config-store is killed"])
def test_a_session_ends_right_although_the_disk_is_full(charger, then):
    machine = charger.machine
    number = len(charger.ledger()["transactions"]) + 1
    start = charger.begin()
    fill(machine)
    tap = charger.tap("hardware.connector.1")
    if then != "nothing":
        service = then.split()[0]
        before = machine.pid(service)
        machine.signal(service, signal.SIGKILL)
        charger.another_process(service, before)
    charger.energy_flows()
    assert {state["contactor"] for state in tap.end()} == {"closed"}
    stop = charger.end()
    charger.judge(number, start, stop)
    machine.run("rm", *(f"/var/lib/charger/{service}/filler" for service in FULL))
