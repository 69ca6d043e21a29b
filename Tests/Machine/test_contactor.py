"""The real hardware-io with contactors, an emergency stop and a sensor of the voltage on GPIO lines of the kernel; the EV, its pilot and the meter are simulated."""

import json
import time

import pytest
from machine import SimulatedChip

COIL, MIRROR, STOP, PHASES, PHASE_CONTACT, VOLTAGE = range(6)
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
THREE_PHASES = {
    "phases": 3,
    "phaseContactor": {
        "driver": "gpio-contactor",
        "output": {"chip": "wallbox", "line": "PHASES"},
        "feedback": {"chip": "wallbox", "line": "PHASE_CONTACT"},
    },
    "outputVoltage": {"driver": "gpio-input", "input": {"chip": "wallbox", "line": "VOLTAGE"}, "debounceMilliseconds": 20},
}
FOLDERS = ["--runtime-dir", "/run/charger"]


class Wallbox:
    devices = ["contactor"]

    def __init__(self, board, further=None):
        """`further` is what its connector has besides."""
        self.board = board
        self.chip = SimulatedChip(board, "wallbox", 8, ["COIL", "MIRROR", "STOP", "PHASES", "PHASE_CONTACT", "VOLTAGE"])
        board.run("mkdir", "-p", "/run/charger", "/var/lib/charger/hardware-io")
        document = {**CONFIGURATION, "connectors": [{**CONFIGURATION["connectors"][0], **(further or {})}]}
        board.write("/etc/charger.json", json.dumps(document))
        self.parts = []
        self.wire()
        self.service = None
        self.start()

    def wire(self):
        self.contactor(COIL, MIRROR)

    def contactor(self, coil, *contacts):
        """Builds one in, between these lines."""
        part = self.board.start("python3", "/usr/lib/charger-test/contactor.py", self.chip.folder, coil, *contacts)
        assert part.line() == "ready"
        self.parts.append(part)
        return part

    def start(self):
        self.service = self.board.start(
            "/usr/lib/charger/hardware-io", *FOLDERS, "--state-dir", "/var/lib/charger/hardware-io", "--config", "/etc/charger.json"
        )
        for device in self.devices:
            self.wait(f"hardware.device.{device}-1", "condition=ok")

    def ctl(self, *words, **options):
        return self.board.run("/usr/lib/charger/chargectl", *FOLDERS, *words, **options)

    def wait(self, topic, *conditions):
        return self.ctl("wait", topic, *conditions, "--timeout", "60")

    def permit(self, granted=True, **further):
        uptime = int(float(self.board.read("/proc/uptime").split()[0]) * 1000)
        permit = {
            "connectorId": 1, "granted": granted, "limitMilliamps": 16000, "validUntilUptime": uptime + 300_000,
            "transaction": "0f8fad5b-d9cb-469f-a165-70867728950e", **further,
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
        for program in (self.service, *self.parts):
            if program.status is None:
                program.signal("KILL")
                program.wait()
        # What it remembers, a failure of the contactor among it, is of this wallbox alone.
        self.board.run("rm", "-rf", "/var/lib/charger/hardware-io", "/run/charger/hardware-io")
        self.chip.unplug()


class ThreePhaseWallbox(Wallbox):
    """One with a phase contactor, and a sensor of the voltage behind its contactor."""

    devices = ["contactor", "phase-contactor", "output-voltage"]

    def __init__(self, board):
        super().__init__(board, THREE_PHASES)

    def wire(self):
        self.contactor(COIL, MIRROR, VOLTAGE)
        self.phase_contactor = self.contactor(PHASES, PHASE_CONTACT)

    def charge(self):
        super().charge()
        assert self.chip.level(PHASES) == 1

    def fails(self):
        """What the fault says, once there is one."""
        state = self.wait("hardware.connector.1", "faults!=[]")
        assert "PowerSwitchFailure" in state
        return state

    def repaired(self):
        self.ctl("call", "hardware.clearFault", json.dumps({"connectorId": 1, "code": "PowerSwitchFailure"}))


@pytest.fixture
def wallbox(board):
    made = Wallbox(board)
    yield made
    made.close()


@pytest.fixture
def three_phases(board):
    made = ThreePhaseWallbox(board)
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


def test_a_permit_for_one_phase_moves_the_phase_contactor_ten_seconds_after_the_contactor_has_opened(three_phases):
    three_phases.charge()
    three_phases.permit(phases=1)
    three_phases.falls()
    opened = time.monotonic()
    three_phases.board.until(lambda: three_phases.chip.level(PHASES) == 0, "the phase contactor is released")
    # A look takes some hundredths, and the coil may have fallen before the first one; after the last one it may have closed again.
    assert time.monotonic() - opened > 9.5
    three_phases.wait("hardware.connector.1", "contactor=closed", "phases=1")
    assert (three_phases.chip.level(COIL), three_phases.chip.level(PHASES)) == (1, 0)
    three_phases.permit()
    three_phases.falls()
    three_phases.wait("hardware.connector.1", "contactor=closed", "phases=3")
    assert (three_phases.chip.level(COIL), three_phases.chip.level(PHASES)) == (1, 1)


def test_both_contactors_fall_when_hardware_io_is_killed(three_phases):
    three_phases.charge()
    three_phases.service.signal("KILL")
    assert three_phases.falls() < 2
    assert three_phases.chip.level(PHASES) == 0


def test_a_phase_contactor_that_sticks_is_a_failure_that_ends_with_its_repair(three_phases):
    three_phases.charge()
    three_phases.phase_contactor.signal("KILL")
    three_phases.phase_contactor.wait()
    three_phases.permit(phases=1)
    assert "did not follow" in three_phases.fails()
    assert three_phases.chip.level(COIL) == 0
    three_phases.contactor(PHASES, PHASE_CONTACT)
    three_phases.repaired()
    three_phases.wait("hardware.connector.1", "contactor=closed", "phases=1")


def test_a_weld_that_the_mirror_contact_hides_shows_by_the_voltage(three_phases):
    three_phases.charge()
    three_phases.permit(granted=False)
    three_phases.wait("hardware.connector.1", "contactor=open")
    three_phases.chip.drive(VOLTAGE, True)
    three_phases.wait("hardware.connector.1", "contactor=welded")
    three_phases.fails()
    three_phases.permit()
    three_phases.chip.drive(VOLTAGE, False)
    # Without a current and without a voltage it is open now, and nobody knows since when.
    assert "openSinceUptime" not in three_phases.wait("hardware.connector.1", "contactor=open")
    three_phases.repaired()
    three_phases.wait("hardware.connector.1", "contactor=closed")


def test_a_sensor_that_sees_no_voltage_any_more_opens_the_contactor(three_phases):
    three_phases.charge()
    three_phases.chip.drive(VOLTAGE, False)
    assert three_phases.falls() < 10
    three_phases.fails()
