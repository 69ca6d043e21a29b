"""A service that cannot start any more: the others go on, it is seen, and nothing closes a contactor."""

import signal
import time

import pytest

from charger import SERVICES, Charger

BROKEN = "ExecStart=\nExecStart=/bin/false"


def restarts(machine, service):
    return int(machine.property(service, "NRestarts"))


@pytest.mark.parametrize("service", SERVICES)
def test_a_crash_loop_of_one_service_is_slow_and_seen_and_the_others_go_on(service):
    with Charger() as charger:
        machine = charger.start().machine
        charger.wait("ocpp.link", "phase=accepted")
        start = charger.begin()
        tap = charger.tap("hardware.connector.1")
        others = {other: machine.pid(other) for other in SERVICES if other != service}
        charger.set_unit(service, BROKEN)
        machine.signal(service, signal.SIGKILL)
        machine.until(lambda: restarts(machine, service) >= 1, "it is tried again")
        first, begun = restarts(machine, service), time.monotonic()

        def two_more():
            # Peers and people go on asking, which neither speeds it up nor ends it for good.
            status = machine.run("chargectl", "--timeout", "1", "status", check=False)
            assert status.returncode == 1 and service in status.stdout
            return restarts(machine, service) >= first + 2

        machine.until(two_more, "it is tried again and again")
        assert time.monotonic() - begun > 1.9
        machine.until(lambda: machine.property(service, "Result") == "exit-code", "systemd says why")
        assert {other: machine.pid(other) for other in others} == others
        assert machine.read("systemctl", "list-units", "--failed", "--plain", "--no-legend") == ""
        if service != "ocpp-gateway":
            # It goes on answering the central system.
            assert "HeartbeatInterval" in charger.central.ask("get-configuration", "HeartbeatInterval")
        # Mended, it comes back by itself.
        charger.set_unit(service, "")
        charger.another_process(service, 0)
        charger.energy_flows()
        contactor = [state["contactor"] for state in tap.end()]
        if service == "hardware-io":
            assert contactor[0] == "closed" and "open" in contactor and contactor[-1] == "closed"
        else:
            assert set(contactor) == {"closed"}
        stop = charger.end()
        charger.judge(1, start, stop)
