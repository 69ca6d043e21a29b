"""A wallbox with two connectors whose devices are all real to its kernel, and its central system: what `test_session.py` drives.

Connector 1 is a socket on the board's own lines: pilot by PWM and converters, proximity contact, contactor with mirror contact, cable lock, meter on RS-485.
Connector 2 has an OpenEVSE controller and a meter that gives pulses. The card reader is a PN532. What is on serial ports lives outside the machine.
"""

import json
import os
import pathlib
import queue
import subprocess
import sys
import threading
import time
import tty

import machine
from container import dies_with_us
from machine import SimulatedChip
from programs import files

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "Integration"))

from csms import CSMS  # noqa: E402
from pn532 import PN532  # noqa: E402
from rapi import Controller  # noqa: E402
from serial_line import SerialLine  # noqa: E402

METER, READER, CONTROLLER = "/dev/ttyS1", "/dev/ttyS2", "/dev/ttyS3"
FOLDERS = ["--runtime-dir", "/run/charger"]
HEARTBEAT = 8  # seconds until the controller of connector 2 opens by itself
GRACE = 15  # seconds that a charge goes on without its meter
AMPS = 16  # of the car at connector 1


def line(name):
    return {"chip": name[0], "line": str(name[1])}


def converter(bus, address, **divider):
    return {"device": f"{bus}-00{address}", "channel": 0, **divider}


def configuration(url, bus):
    divider = {"numerator": 13, "offsetMillivolts": -13_000}
    signal = {"chip": "signals"}
    return {
        "station": {"chargePointVendor": "Vendor", "chargePointModel": "Wallbox", "chargePointSerialNumber": "S-1"},
        "centralSystem": {"url": url, "identity": "CP1", "callTimeoutSeconds": 20, "reconnectMaximumSeconds": 2},
        "connectors": [
            {
                "id": 1, "cable": "socket", "maximumCurrentAmps": 32, "phases": 1, "contactorRestSeconds": 1, "meterLossGraceSeconds": GRACE,
                "pilot": {
                    "driver": "pwm-pilot", "pwm": {"chip": f"{bus}-0040"},
                    "positive": converter(bus, 48, **divider), "negative": converter(bus, 49, **divider),
                },
                "proximity": {
                    "driver": "iio-proximity", "input": converter(bus, "4a"), "pullUpOhms": 1000, "supplyMillivolts": 2000,
                },
                "contactor": {
                    "driver": "gpio-contactor", "output": {**signal, "line": "0"}, "feedback": {**signal, "line": "1"},
                },
                "lock": {
                    "driver": "gpio-lock", "lockOutput": line(("locks", 0)), "unlockOutput": line(("locks", 1)),
                    "feedback": line(("locks", 2)), "pulseMilliseconds": 300,
                },
                "meter": {"driver": "modbus-rtu", "port": METER, "type": "sdm120", "unit": 1},
            },
            {
                "id": 2, "cable": "fixed", "maximumCurrentAmps": 16, "phases": 1,
                "controller": {"driver": "rapi", "port": CONTROLLER, "heartbeatSeconds": HEARTBEAT, "fallbackAmps": 0},
                "meter": {"driver": "s0-meter", "input": {**signal, "line": "2"}, "pulsesPerKilowattHour": 1000},
            },
        ],
        "readers": [{"id": 1, "connectors": [1, 2], "driver": {"driver": "pn532", "port": READER}}],
        "uplinks": [{"name": "lan", "driver": "static"}],
        "ocpp": {"MeterValueSampleInterval": 5, "ConnectionTimeOut": 120},
    }


class Meter:
    """Unit 1 on the line: its register rises by what its power is worth."""

    def __init__(self, line, folder, energy_wh):
        self.file = folder / "meter.json"
        self.energy_wh = float(energy_wh)
        self.amps = 0
        self.lock = threading.Lock()
        self.at = time.monotonic()
        self.show()
        master, slave = os.openpty()
        tty.setraw(slave)
        line.devices.append(master)
        program = pathlib.Path(sys.modules["serial_line"].__file__).with_name("modbus_meter.py")
        self.process = subprocess.Popen(dies_with_us(sys.executable, str(program), os.ttyname(slave), "1", str(self.file)))
        line.processes.append((self.process, slave))

    def show(self):
        new = self.file.with_suffix(".new")
        watts = 230 * self.amps
        # As the register of the meter: whole watt-hours.
        new.write_text(json.dumps({"powerW": watts, "currentA": self.amps, "energyWh": int(self.energy_wh)}))
        new.rename(self.file)

    def pass_time(self):
        with self.lock:
            now = time.monotonic()
            self.energy_wh += 230 * self.amps * (now - self.at) / 3600
            self.at = now
            self.show()

    def draw(self, amps):
        self.pass_time()
        self.amps = amps
        self.pass_time()


class Wallbox:
    def __init__(self, folder):
        self.folder = folder
        self.csms = CSMS()
        self.chip = PN532(folder / "pn532")
        self.rs485 = SerialLine(folder / "rs485")
        self.meter = Meter(self.rs485, folder, 4000)
        self.openevse = Controller(folder / "openevse")
        self.board = machine.Machine(files, serial=[self.rs485.path, self.chip.path, self.openevse.path], network=True)
        self.running = True
        self.ticker = threading.Thread(target=self.tick, daemon=True)
        self.ticker.start()
        self.prepare()
        self.services = [self.start(name) for name in ("config-store", "hardware-io", "ocpp-gateway")]

    def prepare(self):
        board = self.board
        board.run("modprobe", "-a", "i2c-dev", "ti-ads1015", "pwm-pca9685")
        board.run("modprobe", "i2c-stub", "chip_addr=0x40,0x48,0x49,0x4a")
        self.bus = int(board.run("sh", "-c", "grep -l 'SMBus stub' /sys/bus/i2c/devices/i2c-*/name").rsplit("-", 1)[1].removesuffix("/name"))
        self.devices = f"/sys/bus/i2c/devices/i2c-{self.bus}"
        # Of all registers 0 is the reset value of these chips but for two of the PCA9685 (its data sheet, table 5): 200 Hz, and no pulse.
        for register, value in [(0xFE, 0x1E), (0x09, 0x10)]:
            board.run("i2cset", "-y", self.bus, 0x40, register, value)
        for kind, address in [("pca9685", "0x40"), *(("ads1015", f"0x4{n}") for n in "89a")]:
            board.write(f"{self.devices}/new_device", f"{kind} {address}")
        self.signals = SimulatedChip(board, "signals", 4)
        self.locks = SimulatedChip(board, "locks", 4)
        self.parts = board.start("python3", "/usr/lib/charger-test/parts.py", self.signals.folder, self.locks.folder, self.bus)
        self.answers = queue.Queue()
        threading.Thread(target=self.listen, daemon=True).start()
        assert self.answers.get(timeout=machine.PATIENCE) == "ready"
        url = self.csms.url.replace("127.0.0.1", "10.0.2.2")
        board.write("/etc/charger.json", json.dumps(configuration(url, self.bus)))
        board.run("mkdir", "-p", "/etc/meters", "/run/charger")
        source = pathlib.Path(__file__).resolve().parents[2] / "deploy/config/meters/sdm120.json"
        board.write("/etc/meters/sdm120.json", source.read_text())

    def start(self, name):
        state = f"/var/lib/charger/{name}"
        self.board.run("mkdir", "-p", state)
        return self.board.start(f"/usr/lib/charger/{name}", *FOLDERS, "--state-dir", state, "--config", "/etc/charger.json")

    def tick(self):
        while self.running:
            self.meter.pass_time()
            time.sleep(0.1)

    def listen(self):
        """What the parts say: the meter shows the current that flows, until the machine is gone."""
        while (said := self.parts.lines.get()) is not None:
            if said in ("flows", "rests"):
                self.meter.draw(AMPS if said == "flows" else 0)
            else:
                self.answers.put(said)

    def i2c(self, address):
        return f"/sys/bus/i2c/devices/{self.bus}-00{address}"

    def order(self, *words):
        """An order for the parts of the board, done when this returns."""
        self.parts.tell(" ".join(map(str, words)))
        assert self.answers.get(timeout=machine.PATIENCE) == "done"

    def ctl(self, *words, **options):
        return self.board.run("/usr/lib/charger/chargectl", *FOLDERS, *words, **options)

    def wait(self, topic, *conditions):
        return self.ctl("wait", topic, *conditions, "--timeout", "60")

    def coil(self):
        return self.signals.level(0)

    def falls(self, since):
        """How long after `since` the coil has fallen, in seconds; a look takes some hundredths."""
        self.board.until(lambda: self.coil() == 0, "the coil has fallen")
        return time.monotonic() - since

    def swipe(self, uid):
        self.chip.place(uid)
        self.csms.wait("Authorize", lambda p: p["idTag"] == uid.upper(), count=1)
        self.chip.remove()

    # Sessions.

    def charge(self, uid):
        """A car at connector 1, a card, and energy flows; the message that began it."""
        before = len(self.csms.calls("StartTransaction"))
        # A card that is held there before somebody can ask for it is told once, and has to come again.
        self.wait("hardware.device.reader-1", "condition=ok")
        self.wait("ocpp.link", "phase=accepted")
        self.order("plug", 220)
        self.order("car", "B")
        self.wait("hardware.connector.1", "pilot=B")
        self.swipe(uid)
        started = self.csms.wait("StartTransaction", lambda p: p["connectorId"] == 1 and p["idTag"] == uid.upper())
        assert len(self.csms.calls("StartTransaction")) == before + 1
        self.order("car", "C")
        self.wait("hardware.connector.1", "contactor=closed")
        return started

    def unplug(self):
        """The message that ended it."""
        count = len(self.csms.calls("StopTransaction"))
        self.order("car", "A")
        self.order("plug", "none")
        self.wait("hardware.connector.1", "pilot=A", "contactor=open")
        return self.csms.wait("StopTransaction", count=count + 1)

    def close(self):
        self.running = False
        self.ticker.join()
        self.board.close()
        self.rs485.close()
        self.openevse.__exit__()
        self.chip.__exit__()
        self.csms.close()
