"""What the guides say about backups, the factory reset and the first closing of a contactor, typed as it stands there."""

import re

import pytest

from charger import SERVICES, UNITS, Charger

GUIDE = UNITS.parent / "README.md"
BOARD = UNITS.parents[1] / "Services/HardwareIO/README.md"


@pytest.fixture(scope="module")
def charger():
    with Charger() as machine:
        machine.start()
        machine.wait("ocpp.link", "phase=accepted")
        yield machine


def block(word):
    """The lines of the guide that begin with stopping the charger, end with starting it, and have `word` between."""
    blocks = [text.strip().splitlines() for text in GUIDE.read_text().split("```")[1::2]]
    return next(lines for lines in blocks if lines[0].startswith("systemctl stop") and any(word in line for line in lines))


def type_in(charger, lines):
    """Types them, and sees that nothing runs between the first and the last one, however long a service takes for its end."""
    machine = charger.machine
    machine.run("sh", "-c", lines[0])
    states = {service: machine.property(service, "ActiveState") for service in SERVICES}
    assert set(states.values()) == {"inactive"}, states
    for line in lines[1:]:
        machine.run("sh", "-c", line)
    charger.wait("ocpp.connector.1", "status=Available")


@pytest.fixture
def slow(charger):
    """The disk of each service takes its time for the last writes."""
    for service in SERVICES:
        charger.set_unit(service, "ExecStopPost=/bin/sleep 2")
    yield
    for service in SERVICES:
        charger.set_unit(service, "")


def heartbeat(charger):
    charger.machine.until(lambda: "HeartbeatInterval" in charger.ctl("config", "get"), "the gateway has told its keys")
    return charger.ctl("config", "get", "HeartbeatInterval").split()[1]


def test_a_factory_reset_forgets_and_a_backup_brings_back(charger, slow):
    charger.machine.until(lambda: "HeartbeatInterval" in charger.ctl("config", "get"), "the gateway has told its keys")
    charger.ctl("config", "set", "HeartbeatInterval", "77")
    backup = block("backup.tar")
    type_in(charger, backup)
    type_in(charger, block("/run/charger/hardware-io/*"))
    assert heartbeat(charger) != "77"
    restore = re.search(r"`(rm -rf [^`]* -xf backup\.tar)`", GUIDE.read_text())[1]
    type_in(charger, [backup[0], restore, backup[-1]])
    assert heartbeat(charger) == "77"


def test_a_contactor_is_closed_by_hand_as_the_way_from_a_bare_board_has_it(charger):
    machine = charger.machine
    steps = BOARD.read_text().partition("## From a bare board to a charging car")[2].partition("## Decisions")[0]
    stop, start, start_all = (re.search(rf"`(systemctl {words})`", steps)[1] for words in ("stop ocpp[^`]*", "start hardware-io", "start charger.target"))
    permit = re.search(r"(permit\(\) \{.*?^ *\}\n)", steps, re.DOTALL | re.MULTILINE)[1] + "permit"
    machine.run("sh", "-c", stop)
    machine.run("sh", "-c", start)
    charger.wait("hardware.connector.1", "pilot=A")
    charger.sim("plug")
    machine.run("sh", "-c", permit)
    charger.wait("hardware.connector.1", "contactor=closed")
    # Nobody takes it back.
    charger.energy_flows()
    assert charger.state("hardware.connector.1", "contactor") == "closed"
    assert machine.property("ocpp-gateway", "ActiveState") == "inactive"
    charger.sim("unplug")
    charger.wait("hardware.connector.1", "contactor=open")
    machine.run("sh", "-c", start_all)
    charger.wait("ocpp.connector.1", "status=Available")
