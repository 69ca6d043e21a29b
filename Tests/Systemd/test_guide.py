"""What the guide for operators says about backups and the factory reset, typed as it stands there."""

import re

import pytest

from charger import SERVICES, UNITS, Charger

GUIDE = UNITS.parent / "README.md"


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
