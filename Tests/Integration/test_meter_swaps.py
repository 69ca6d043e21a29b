"""The meter of a connector is swapped in the middle of a session, in every manner: nobody is billed for what another meter counted before."""

import json
import pathlib
import socket
import subprocess
import sys
import time

import pytest
from stack import PATIENCE, Stack, configuration

EXAMPLES = pathlib.Path(__file__).parents[2] / "deploy/config"
UNIT = 1
FIRST, SECOND = 4711, 815


class Place:
    """Where a meter hangs: one at a time, at the same address."""

    def __init__(self, folder):
        self.folder = folder
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.process = None

    def file(self, serial):
        return self.folder / f"meter-{serial}.json"

    def show(self, serial, energy_wh, current=0):
        shown = {"powerW": 230 * current, "currentA": current, "energyWh": energy_wh, "serialNumber": serial}
        new = self.file(serial).with_suffix(".new")
        new.write_text(json.dumps(shown))
        new.rename(self.file(serial))

    def put_in(self, serial):
        program = pathlib.Path(__file__).parent / "modbus_meter.py"
        self.process = subprocess.Popen([sys.executable, str(program), f"tcp:{self.port}", str(UNIT), str(self.file(serial))])
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                return socket.create_connection(("127.0.0.1", self.port)).close()
            except OSError:
                assert time.monotonic() < deadline and self.process.poll() is None, "pymodbus does not listen"
                time.sleep(0.05)

    def take_out(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None


@pytest.fixture
def place(tmp_path):
    pytest.importorskip("pymodbus", reason="pymodbus is not installed")
    made = Place(tmp_path)
    made.show(FIRST, 5000)
    made.show(SECOND, 90)
    yield made
    made.take_out()


@pytest.fixture
def charger(place):
    """hardware-io alone; everything but the meter is simulated, and an EV charges under a permit."""
    document = configuration("ws://localhost:1/")
    document["connectors"][0] |= {
        "phases": 1, "contactorRestSeconds": 1,
        "meter": {"driver": "modbus-tcp", "host": "127.0.0.1", "port": place.port, "type": "sdm120", "unit": UNIT},
    }
    with Stack(document) as made:
        (made.root / "meters").symlink_to(EXAMPLES / "meters")
        place.put_in(FIRST)
        yield made.start("hardware-io")


def permit(charger, lease_seconds=600):
    uptime = int(float(pathlib.Path("/proc/uptime").read_text().split()[0]) * 1000)
    charger.ctl("call", "hardware.permit", json.dumps({
        "connectorId": 1, "granted": True, "limitMilliamps": 16_000, "transaction": "swapped",
        "validUntilUptime": uptime + lease_seconds * 1000,
    }))


def charge(charger, tap):
    permit(charger)
    charger.sim("plug")
    tap.wait_connector(contactor="closed")


def readings(tap, since=0):
    return [m["payload"] for m in tap.messages[since:] if m["topic"] == "hardware.meter.1"]


def wait_reading(tap, since, **facts):
    return tap.wait(lambda m: m["topic"] == "hardware.meter.1" and m["payload"]["valid"]
                    and all(m["payload"].get(name) == value for name, value in facts.items()), since)


def counted(tap):
    """What the register that others bill by rose in all; it never falls."""
    course = [reading["energyWh"] for reading in readings(tap)]
    assert course == sorted(course), course
    return course[-1] - course[0]


def test_a_meter_that_is_swapped_in_a_charge_goes_on_from_its_first_reading(charger, place):
    tap = charger.tap()
    wait_reading(tap, 0, energyWh=5000, meterSerialNumber=str(FIRST))
    charge(charger, tap)
    place.show(FIRST, 5004, current=16)
    wait_reading(tap, 0, energyWh=5004)
    place.take_out()
    place.put_in(SECOND)
    since = len(tap.messages)
    wait_reading(tap, since, meterSerialNumber=str(SECOND))
    first = readings(tap, since)[-1]
    assert first["energyWh"] == 5004 and first["registerOffsetWh"] == 5004 - 90
    place.show(SECOND, 93, current=16)
    wait_reading(tap, since, energyWh=5007)
    # The first one comes back: it counted 2000 Wh elsewhere meanwhile, for somebody else.
    place.take_out()
    place.show(FIRST, 7004)
    place.put_in(FIRST)
    since = len(tap.messages)
    wait_reading(tap, since, meterSerialNumber=str(FIRST))
    place.show(FIRST, 7006)
    wait_reading(tap, since, energyWh=5009)
    assert counted(tap) == 9


def die_in_a_charge(charger, place, tap):
    wait_reading(tap, 0, energyWh=5000, meterSerialNumber=str(FIRST))
    charge(charger, tap)
    place.show(FIRST, 5004, current=16)
    wait_reading(tap, 0, energyWh=5004)
    charger.kill("hardware-io")
    place.take_out()


def test_a_meter_that_is_swapped_while_hardware_io_is_dead_bills_nothing_of_its_own(charger, place):
    tap = charger.tap()
    die_in_a_charge(charger, place, tap)
    place.put_in(SECOND)
    since = len(tap.messages)
    charger.start("hardware-io")
    wait_reading(tap, since, meterSerialNumber=str(SECOND))
    assert readings(tap, since)[-1]["energyWh"] == 5004
    place.show(SECOND, 93)
    wait_reading(tap, since, energyWh=5007)
    assert counted(tap) == 7


def test_a_meter_that_somebody_else_used_while_hardware_io_was_dead_bills_nothing_and_is_looked_at(charger, place):
    """More than can have flowed through a closed contactor: somebody has to say what that is."""
    tap = charger.tap()
    die_in_a_charge(charger, place, tap)
    place.show(FIRST, 90_000)
    place.put_in(FIRST)
    since = len(tap.messages)
    charger.start("hardware-io")
    tap.wait_connector(since=since, faults=["PowerMeterFailure"])
    assert "register jumped from 5004 Wh to 90000 Wh over a restart" in charger.log("hardware-io")
    permit(charger)
    charger.ctl("wait", "hardware.connector.1", "contactor=open")
    charger.ctl("call", "hardware.clearFault", json.dumps({"connectorId": 1, "code": "PowerMeterFailure"}))
    told = wait_reading(tap, since, energyWh=90_000)["payload"]
    # Whoever bills does not count across that.
    assert told["registerEpoch"] > 0
    assert max(r["energyWh"] for r in readings(tap) if not r.get("registerEpoch")) == 5004
