"""Every service is killed in a running session; nothing is lost, and energy flows on where it may."""

import pytest
import session
from packaged_csms import every_central_system
from stack import SERVICES


def test_a_session_survives_the_kill_of_each_service_and_of_all(stack, csms):
    stack.start()
    csms.wait_status("Available")
    tap = stack.tap()
    start = session.begin(stack, csms, tap)
    csms.wait_status("Charging")
    register = session.energy_beyond(tap, start["meterStart"])

    for service in SERVICES:
        stack.kill(service)
        stack.start(service)
        since = len(tap.messages)
        if service == "hardware-io":  # its contactor fell open; the gateway permits again
            tap.wait_connector(contactor="closed", since=since)
        register = session.energy_beyond(tap, register)
    stack.kill()
    since = len(tap.messages)
    stack.start()
    tap.wait_connector(contactor="closed", since=since)
    register = session.energy_beyond(tap, register)

    session.present_again(stack, tap)
    stop = csms.wait("StopTransaction")
    assert stop["meterStop"] >= register
    stack.sim("unplug")
    csms.wait("StatusNotification", lambda p: p["status"] == "Finishing")
    tap.wait_status("Available", since=len(tap.messages) - 1)
    session.assert_one_transaction(csms, start, stop)
    assert stop["meterStop"] == session.register_now(stack)


@pytest.mark.parametrize("service", ["config-store", "modem-manager", "ocpp-gateway"])
def test_the_contactor_stays_closed_while_another_service_dies(stack, csms, service):
    stack.start()
    csms.wait_status("Available")
    tap = stack.tap("--filter", "hardware.*")
    start = session.begin(stack, csms, tap)
    register = session.energy_beyond(tap, start["meterStart"])
    since = len(tap.messages)
    stack.kill(service)
    register = session.energy_beyond(tap, register)
    stack.start(service)
    session.energy_beyond(tap, register)
    states = [m["payload"]["contactor"] for m in tap.messages[since:] if m["topic"] == "hardware.connector.1"]
    assert set(states) <= {"closed"}


def test_a_gateway_that_stays_dead_ends_the_charge_when_its_permit_runs_out(csms):
    from stack import Stack, configuration

    with Stack(configuration(csms.url, permit={"leaseSeconds": 10, "renewSeconds": 3})) as stack:
        stack.start()
        csms.wait_status("Available")
        tap = stack.tap("--filter", "hardware.*")
        session.begin(stack, csms, tap)
        since = len(tap.messages)
        stack.kill("ocpp-gateway")
        tap.wait_connector(contactor="open", since=since)
        stack.start("ocpp-gateway")
        tap.wait_connector(contactor="closed", since=len(tap.messages))


@pytest.mark.parametrize("restarted", [[], ["hardware-io"]])
def test_the_next_car_is_not_charged_on_the_card_of_the_one_that_left_unheard(stack, csms, restarted):
    """hardware-io alone saw the cars change, and remembers it over its own death."""
    stack.start()
    csms.wait_status("Available")
    tap = stack.tap()
    start = session.begin(stack, csms, tap)
    session.energy_beyond(tap, start["meterStart"])

    stack.kill("ocpp-gateway")
    since = len(tap.messages)
    stack.sim("unplug")
    tap.wait_connector(pilot="A", contactor="open", since=since)
    since = len(tap.messages)
    stack.sim("plug")
    tap.wait_connector(pilot="B", since=since)
    for service in restarted:
        stack.kill(service)
        since = len(tap.messages)
        stack.start(service)
        tap.wait_connector(pilot="B", since=since)
    since = len(tap.messages)
    stack.start("ocpp-gateway")

    stop = csms.wait("StopTransaction")
    assert stop["reason"] == "EVDisconnected"
    assert stop["meterStop"] == session.register_now(stack)
    tap.wait_status("Finishing", since=since)
    seen = [m["payload"] for m in tap.messages[since:] if m["topic"] == "hardware.connector.1"]
    assert not [state for state in seen if state["contactor"] == "closed"], seen


def test_a_simulated_register_that_is_not_kept_has_not_fallen(csms):
    from stack import Stack, configuration

    with Stack(configuration(csms.url, simulation={"energyTimeScale": 60, "persistState": False})) as stack:
        stack.start()
        csms.wait_status("Available")
        tap = stack.tap("--filter", "hardware.*")
        start = session.begin(stack, csms, tap)
        session.energy_beyond(tap, start["meterStart"] + 100)
        stack.kill("hardware-io")
        since = len(tap.messages)
        stack.start("hardware-io")
        # Its contactor closes again only on a meter that is trusted, and after all that could have been a fault.
        tap.wait(lambda m: m["topic"] == "hardware.meter.1" and m["payload"]["valid"], since)
        tap.wait_connector(contactor="open", since=since)
        since_meter = len(tap.messages)
        tap.wait(lambda m: m["topic"] == "hardware.meter.1" and m["payload"]["valid"], since_meter)
        faults = [m for m in tap.messages[since:] if m["topic"] == "hardware.fault"]
        assert not faults, faults


# Shows: CORE-TX-27
def test_a_stop_that_could_not_be_sent_is_sent_after_all_were_killed(stack, csms):
    stack.start()
    csms.wait_status("Available")
    tap = stack.tap()
    start = session.begin(stack, csms, tap)
    session.energy_beyond(tap, start["meterStart"])
    csms.vanish()
    tap.wait(lambda m: m["topic"] == "ocpp.link" and m["payload"]["phase"] not in ("accepted", "closing"))
    session.present_again(stack, tap)
    tap.wait_status("Finishing")
    stack.kill()
    csms.listen()
    stack.start()
    stop = csms.wait("StopTransaction")
    session.assert_one_transaction(csms, start, stop)


# Shows: CORE-TX-23, CORE-TX-34
@every_central_system
def test_offline_transactions_arrive_once_and_in_order(stack, csms):
    stack.start()
    csms.wait_status("Available")
    tap = stack.tap()
    csms.vanish()
    tap.wait(lambda m: m["topic"] == "ocpp.link" and m["payload"]["phase"] not in ("accepted", "closing"))
    for card in ("04A1B2C1", "04A1B2C2", "04A1B2C3"):
        since = len(tap.messages)
        stack.sim("plug")
        tap.wait_status("Preparing", since=since)
        stack.sim("swipe", card)
        tap.wait_status("Charging", since=since)
        since = len(tap.messages)
        stack.sim("unplug")
        tap.wait_status("Available", since=since)
    csms.listen()
    csms.wait("StopTransaction", count=3)
    order = [a for a, _ in csms.calls() if a in ("StartTransaction", "StopTransaction")]
    assert order == ["StartTransaction", "StopTransaction"] * 3
    assert [p["idTag"] for p in csms.calls("StartTransaction")] == ["04A1B2C1", "04A1B2C2", "04A1B2C3"]
    assert [p["transactionId"] for p in csms.calls("StopTransaction")] == csms.transactions()
    assert len(set(csms.transactions())) == 3
    assert {p["reason"] for p in csms.calls("StopTransaction")} == {"EVDisconnected"}


# Shows: J-CON-09
def test_a_cut_uplink_is_noticed_and_mended(stack, csms):
    stack.start()
    csms.wait_status("Available")
    tap = stack.tap()
    stack.sim("link", "cut")
    tap.wait(lambda m: m["topic"] == "ocpp.link" and m["payload"]["phase"] == "waitingForUplink")
    stack.sim("link", "mend")
    tap.wait(lambda m: m["topic"] == "ocpp.link" and m["payload"]["phase"] == "accepted", since=len(tap.messages))
    assert len(csms.calls("BootNotification")) == 1
