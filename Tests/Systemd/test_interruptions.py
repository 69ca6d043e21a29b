"""A charging session that is interrupted in the middle: each time the transaction ends right, once, with all energy."""

import signal

import pytest

from charger import SERVICES, Charger

# With these gone for a moment the car goes on charging: hardware-io has a permit that lasts.
BYSTANDERS = [service for service in SERVICES if service != "hardware-io"]


@pytest.fixture
def charger():
    """A new one for each test: a run of hardware-io that closed a contactor and lasted less than an hour halves the closings of the next."""
    with Charger() as machine:
        machine.start()
        machine.wait("ocpp.link", "phase=accepted")
        yield machine


@pytest.fixture
def interrupted(charger):
    """Plays a session around an interruption and returns what the contactor did meanwhile."""

    def play(interrupt):
        start = charger.begin()
        tap = charger.tap("hardware.connector.1")
        interrupt()
        charger.energy_flows()
        states = tap.end()
        stop = charger.end()
        charger.judge(1, start, stop)
        return [state["contactor"] for state in states]

    return play


def check_contactor(service, contactor):
    if service in BYSTANDERS:
        assert set(contactor) == {"closed"}, contactor
    else:
        # Open with the process that owned it, closed again by the next one under the permit of the same transaction.
        assert "open" in contactor and contactor[-1] == "closed", contactor


def test_a_restart_of_all(charger, interrupted):
    check_contactor("hardware-io", interrupted(lambda: charger.machine.run("systemctl", "restart", "charger.target")))


@pytest.mark.parametrize("service", SERVICES)
def test_a_restart(charger, interrupted, service):
    check_contactor(service, interrupted(lambda: charger.machine.run("systemctl", "restart", service)))


@pytest.mark.parametrize("service", SERVICES)
def test_a_kill(charger, interrupted, service):
    def kill():
        before = charger.machine.pid(service)
        charger.machine.signal(service, signal.SIGKILL)
        charger.another_process(service, before)

    check_contactor(service, interrupted(kill))


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_that_is_stuck_is_ended_by_its_watchdog(charger, interrupted, service):
    charger.set_unit(service, "WatchdogSec=2")
    charger.machine.run("systemctl", "restart", service)
    charger.wait("ocpp.connector.1", "status=Available")

    def stop():
        before = charger.machine.pid(service)
        charger.machine.signal(service, signal.SIGSTOP)
        charger.another_process(service, before)

    contactor = interrupted(stop)
    assert "Watchdog timeout" in charger.machine.journal("--unit", service, "-n", "100")
    charger.set_unit(service, "")
    check_contactor(service, contactor)


@pytest.mark.parametrize("service", SERVICES)
def test_the_end_takes_less_than_a_second_with_a_silent_central_system(charger, service):
    charger.wait("ocpp.link", "phase=accepted")
    charger.central.ask("silence", "on")
    before = charger.machine.property(service, "ActiveExitTimestampMonotonic")
    charger.machine.run("systemctl", "stop", service)
    begun = int(charger.machine.property(service, "ActiveExitTimestampMonotonic"))
    ended = int(charger.machine.property(service, "InactiveEnterTimestampMonotonic"))
    charger.central.ask("silence", "off")
    charger.machine.run("systemctl", "start", service)
    charger.wait("ocpp.link", "phase=accepted")
    assert str(begun) != before
    assert charger.machine.property(service, "Result") == "success"
    assert ended - begun < 1_000_000
