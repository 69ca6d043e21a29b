"""The real hardware-io with a contactor and an emergency stop on GPIO lines of the kernel; the EV and its pilot are simulated."""

import json
import time

import pytest
from machine import SimulatedChip

COIL, MIRROR, STOP = range(3)
CONFIGURATION = {
    "station": {"chargePointVendor": "Vendor", "chargePointModel": "Wallbox"},
    "centralSystem": {"url": "ws://127.0.0.1:8180/ocpp", "identity": "CP1"},
    "allowSimulation": True,
    "connectors": [
        {
            "id": 1, "cable": "fixed", "maximumCurrentAmps": 16, "phases": 1, "contactorRestSeconds": 1, "pilot": "simulated", "meter": "simulated",
            "contactor": {
                "driver": "gpio-contactor",
                "output": {"chip": "wallbox", "line": "COIL"},
                "feedback": {"chip": "wallbox", "line": "MIRROR"},
            },
            "emergencyStop": {"driver": "gpio-input", "input": {"chip": "wallbox", "line": str(STOP)}},
        }
    ],
    "readers": [],
    "uplinks": [],
}
FOLDERS = ["--runtime-dir", "/run/charger"]


class Wallbox:
    def __init__(self, board):
        self.board = board
        self.chip = SimulatedChip(board, "wallbox", 4, ["COIL", "MIRROR"])
        board.run("mkdir", "-p", "/run/charger", "/var/lib/charger/hardware-io")
        board.write("/etc/charger.json", json.dumps(CONFIGURATION))
        self.contactor = board.start("python3", "/usr/lib/charger-test/contactor.py", self.chip.folder, COIL, MIRROR)
        assert self.contactor.line() == "ready"
        self.service = None
        self.start()

    def start(self):
        self.service = self.board.start(
            "/usr/lib/charger/hardware-io", *FOLDERS, "--state-dir", "/var/lib/charger/hardware-io", "--config", "/etc/charger.json"
        )
        self.wait("hardware.device.contactor-1", "condition=ok")

    def ctl(self, *words, **options):
        return self.board.run("/usr/lib/charger/chargectl", *FOLDERS, *words, **options)

    def wait(self, topic, *conditions):
        return self.ctl("wait", topic, *conditions, "--timeout", "60")

    def permit(self, granted=True):
        uptime = int(float(self.board.read("/proc/uptime").split()[0]) * 1000)
        permit = {
            "connectorId": 1, "granted": granted, "limitMilliamps": 16000, "validUntilUptime": uptime + 300_000,
            "transaction": "0f8fad5b-d9cb-469f-a165-70867728950e",
        }
        self.ctl("call", "hardware.permit", json.dumps(permit))

    def charge(self):
        """A car is plugged in, and the contactor closed."""
        self.ctl("sim", "plug", "--ready", "on")
        self.permit()
        self.wait("hardware.connector.1", "contactor=closed")
        assert self.chip.level(COIL) == 1

    def falls(self):
        """How long the coil takes to fall, in seconds; a look takes some milliseconds."""
        begin = time.monotonic()
        self.board.until(lambda: self.chip.level(COIL) == 0, "the coil has fallen")
        return time.monotonic() - begin

    def close(self):
        for program in (self.service, self.contactor):
            if program.status is None:
                program.signal("KILL")
                program.wait()
        self.chip.unplug()


@pytest.fixture
def wallbox(board):
    made = Wallbox(board)
    yield made
    made.close()


def test_a_charge_closes_the_contactor_and_the_end_of_its_permit_opens_it(wallbox):
    wallbox.charge()
    wallbox.permit(granted=False)
    wallbox.wait("hardware.connector.1", "contactor=open")
    assert wallbox.chip.level(COIL) == 0


def test_the_contactor_falls_when_hardware_io_is_killed_and_a_new_one_does_not_close_it_by_itself(wallbox):
    wallbox.charge()
    wallbox.service.signal("KILL")
    # The kernel releases the line with the process: no time-out is involved.
    assert wallbox.falls() < 2
    wallbox.service.wait()
    wallbox.start()
    wallbox.wait("hardware.connector.1", "contactor=open")
    assert wallbox.chip.level(COIL) == 0
    wallbox.permit()
    wallbox.wait("hardware.connector.1", "contactor=closed")


def test_sigterm_opens_the_contactor(wallbox):
    wallbox.charge()
    wallbox.service.signal("TERM")
    assert wallbox.service.wait() == 0
    assert wallbox.chip.level(COIL) == 0


def test_an_emergency_stop_opens_the_contactor(wallbox):
    wallbox.charge()
    wallbox.chip.drive(STOP, True)
    assert wallbox.falls() < 2
    assert "EmergencyStop" in wallbox.wait("hardware.connector.1", "contactor=open")
    wallbox.chip.drive(STOP, False)


def test_a_chip_that_goes_in_the_middle_of_a_charge_is_a_lost_device_that_comes_back(wallbox):
    wallbox.charge()
    wallbox.chip.unplug()
    # The chip is looked after each second.
    begin = time.monotonic()
    wallbox.wait("hardware.device.contactor-1", "condition=lost")
    assert time.monotonic() - begin < 10
    assert "InternalError" in wallbox.wait("hardware.connector.1", "contactor!=closed")
    wallbox.chip.plug()
    wallbox.wait("hardware.device.contactor-1", "condition=ok")
    wallbox.wait("hardware.device.emergency-stop-1", "condition=ok")
    # Its permit is still in force: the charge goes on, after the contactor's rest.
    wallbox.wait("hardware.connector.1", "contactor=closed")
    assert wallbox.chip.level(COIL) == 1
