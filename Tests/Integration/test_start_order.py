"""Starting order does not matter; what is absent is said, not suffered."""

import itertools

import pytest
import session
from stack import SERVICES, Stack, configuration

ORDERS = list(itertools.permutations(SERVICES))


@pytest.mark.parametrize("order", ORDERS[::5], ids=lambda order: "-".join(name[0] for name in order))
def test_services_start_in_any_order(stack, csms, order):
    stack.start(*order)
    csms.wait_status("Available", connector=1)
    tap = stack.tap()
    session.begin(stack, csms, tap)


@pytest.mark.parametrize("absent", SERVICES)
def test_an_absent_service_is_shown_and_crashes_nobody(stack, csms, absent):
    stack.start(*(service for service in SERVICES if service != absent))
    if absent not in ("ocpp-gateway", "hardware-io"):
        csms.wait_status("Available", connector=1)
    text = stack.ctl("status", status=1)
    line = next(line for line in text.splitlines() if line.startswith(absent))
    assert "not running" in line
    assert all(process.poll() is None for process in stack.processes.values())
    status = stack.ctl("status", "--json", status=1)
    assert {s["service"]: s["running"] for s in status["services"]}[absent] is False


def test_a_request_to_an_absent_service_says_so(stack):
    stack.start("config-store")
    assert "hardware-io is not running" in stack.ctl("sim", "plug", status=3)


def test_two_stacks_run_side_by_side(csms):
    with Stack(configuration(csms.url, "CP1")) as one, Stack(configuration(csms.url, "CP2")) as two:
        one.start()
        two.start()
        tap = one.tap()
        csms.wait("StatusNotification", lambda p: p["connectorId"] == 1, count=2)
        session.begin(one, csms, tap)
        assert set(csms.stations) == {"CP1", "CP2"}
        quiet = two.ctl("state", "hardware.connector.1", "--json")
        assert quiet[0]["payload"]["pilot"] == "A"


def test_two_sockets_with_locks_and_two_readers_from_configuration_alone(csms):
    document = configuration(csms.url, connectors=2, cable="socket", readers=2)
    with Stack(document) as stack:
        stack.start()
        for connector in (0, 1, 2):
            csms.wait_status("Available", connector)
        tap = stack.tap()
        session.begin(stack, csms, tap, card="04AAAAAA", connector=1, reader=1)
        session.begin(stack, csms, tap, card="04BBBBBB", connector=2, reader=2)
        tap.wait_connector(1, lock="locked", contactor="closed")
        tap.wait_connector(2, lock="locked", contactor="closed")
        session.present_again(stack, tap, card="04BBBBBB", reader=2)
        stop = csms.wait("StopTransaction")
        assert stop["transactionId"] == 102
        tap.wait_connector(2, lock="unlocked")
        state = stack.ctl("state", "hardware.connector.1", "--json")
        assert state[0]["payload"]["contactor"] == "closed"
