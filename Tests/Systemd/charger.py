"""A charger in a booted systemd, and the central system that it talks to."""

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess

from container import Container

BINARIES = pathlib.Path(os.environ.get("CHARGER_BINARIES", ".build/debug")).resolve()
UNITS = pathlib.Path(__file__).resolve().parents[2] / "deploy" / "systemd"
SERVICES = ["config-store", "hardware-io", "modem-manager", "ocpp-gateway"]
PORT = 8180
CARD = "04A1B2C3D4E5F6"

CONFIGURATION = {
    "station": {"chargePointVendor": "Vendor", "chargePointModel": "Wallbox", "chargePointSerialNumber": "S-1"},
    "centralSystem": {"url": f"ws://127.0.0.1:{PORT}/ocpp", "identity": "CP1", "callTimeoutSeconds": 10, "reconnectMaximumSeconds": 2},
    "allowSimulation": True,
    "simulation": {"energyTimeScale": 60},
    "connectors": [
        {
            "id": 1, "cable": "fixed", "maximumCurrentAmps": 32, "phases": 3, "contactorRestSeconds": 1,
            "pilot": {"driver": "simulated"}, "contactor": {"driver": "simulated"}, "meter": {"driver": "simulated"},
        }
    ],
    "readers": [{"id": 1, "driver": "simulated", "connectors": [1]}],
    "uplinks": [{"name": "lan", "driver": "simulated"}],
    "ocpp": {"MeterValueSampleInterval": 1},
}


def install(root, binaries=BINARIES):
    """Puts the charger below `root`, as its packages would."""
    libraries = root / "usr/lib/charger"
    system = root / "usr/lib/systemd/system"
    for directory in (libraries, system, root / "etc/charger"):
        directory.mkdir(parents=True, exist_ok=True)
    for program in SERVICES:
        shutil.copy(binaries / program, libraries / program)
    shutil.copy(binaries / "chargectl", root / "usr/bin/chargectl")
    for library in runtime_libraries(binaries / "ocpp-gateway"):
        shutil.copy(library, root / "usr/lib" / library.name)
    for unit in UNITS.iterdir():
        if unit.suffix in (".service", ".socket", ".target", ".path"):
            shutil.copy(unit, system / unit.name)
    shutil.copy(UNITS / "charger-reboot", libraries / "charger-reboot")
    shutil.copy(UNITS / "charger.sysusers", root / "usr/lib/sysusers.d/charger-common.conf")
    shutil.copy(UNITS / "charger.tmpfiles", root / "usr/lib/tmpfiles.d/charger-common.conf")
    (root / "etc/charger/charger.json").write_text(json.dumps(CONFIGURATION))


def install_packages(machine, *patterns, check=True):
    """As the guide for operators has it: apt puts what the others share first."""
    words = " ".join(patterns)
    options = "--yes --allow-downgrades --no-install-recommends"
    return machine.run("sh", "-c", f"DEBIAN_FRONTEND=noninteractive apt-get install {options} {words}", check=check, timeout=120)


def runtime_libraries(program):
    """Swift's own libraries that a program needs; the others are Debian's."""
    listing = subprocess.run(["ldd", str(program)], capture_output=True, text=True, check=True).stdout
    return [pathlib.Path(path) for path in re.findall(r"=> (\S*/libswift\S+)", listing)]


class CentralSystem:
    """The built-in one, on the machine's network; its ledger judges what it is told."""

    def __init__(self, machine, *options):
        self.control = f"{machine.work}.central"
        self.process = subprocess.Popen(
            machine.on_its_network(BINARIES / "central-system", "--port", PORT, "--control", self.control, "--quiet", *options),
            stdin=subprocess.DEVNULL,
        )
        machine.until(lambda: pathlib.Path(self.control).exists(), "the central system listens")

    def ask(self, *words):
        result = subprocess.run(
            [str(BINARIES / "central-system"), "--ask", self.control, *words], capture_output=True, text=True, stdin=subprocess.DEVNULL
        )
        assert result.returncode == 0, f"central-system --ask {' '.join(words)}: {result.stdout}{result.stderr}"
        return result.stdout.strip()

    def close(self):
        self.process.kill()
        self.process.wait()
        pathlib.Path(self.control).unlink(missing_ok=True)


class Charger:
    """The four services in a machine, driven as a technician drives them."""

    def __init__(self, change=lambda root: None, put=install):
        def files(root):
            put(root)
            change(root)

        self.machine = Container(files)
        self.central = None

    def boot(self, *options):
        """Boots, with a central system that is there already."""
        self.central = CentralSystem(self.machine, *options)
        self.machine.boot()
        return self

    def start(self, *options):
        """Boots and starts the target."""
        self.boot(*options)
        self.machine.run("systemctl", "start", "charger.target")
        return self

    def ctl(self, *arguments, **options):
        return self.machine.read("chargectl", *arguments, **options)

    def sim(self, *arguments):
        return self.ctl("sim", *arguments)

    def wait(self, topic, *conditions):
        """Until a state of the bus fits."""
        return self.ctl("wait", topic, *conditions)

    def state(self, topic, field):
        return self.ctl("state", topic, "--value", field)

    def header(self, topic):
        """Of the newest message that told a state."""
        lines = self.ctl("state", topic, "--json")
        return next(message["header"] for message in json.loads(lines) if message["topic"] == topic)

    def close(self):
        if self.central:
            self.central.close()
        self.machine.close()

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind and self.machine.leader:
            print(self.machine.journal("-n", "200"))  # pytest shows it with a failure
        self.close()

    # MARK: - A session

    def register(self):
        """What the meter shows, Wh, once its service tells it."""
        self.wait("hardware.meter.1", "energyWh>=0")
        return int(self.state("hardware.meter.1", "energyWh"))

    def begin(self):
        """A car and a central system that wants it charged; returns the register at the beginning, Wh, once energy flows."""
        register = self.register()
        self.sim("plug")
        self.wait("ocpp.connector.1", "status=Preparing")
        self.central.ask("remote-start", CARD, "1")
        self.wait("hardware.connector.1", "contactor=closed")
        self.energy_flows()
        return register

    def energy_flows(self):
        """Waits until the meter has counted 50 Wh more than it shows now, or than it shows when its service is back."""
        self.wait("hardware.meter.1", f"energyWh>={self.register() + 50}")

    def end(self):
        """The central system ends it and the car leaves; returns the register then, Wh."""
        self.wait("ocpp.link", "phase=accepted")
        self.central.ask("remote-stop")
        self.wait("ocpp.connector.1", "status=Finishing")
        return self.leave()

    def leave(self):
        self.machine.until(lambda: self.ledger()["open"] == 0, "the central system hears of the end")
        self.wait("hardware.connector.1", "contactor=open")
        self.sim("unplug")
        self.wait("ocpp.connector.1", "status=Available")
        return self.register()

    def ledger(self):
        return json.loads(self.central.ask("ledger"))

    def judge(self, number, meter_start, meter_stop, reason="Remote"):
        """The newest of `number` transactions: told once, in order, and with all the energy that the meter counted."""
        ledger = self.ledger()
        assert ledger["violations"] == []
        assert ledger["received"]["StartTransaction"] == number + ledger["retransmissions"]
        assert len(ledger["transactions"]) == number
        newest = ledger["transactions"][-1]
        assert (newest["meterStart"], newest["meterStop"], newest["reason"]) == (meter_start, meter_stop, reason)
        assert meter_stop > meter_start

    # MARK: - Units

    def tap(self, topic):
        return Tap(self.machine, topic)

    def set_unit(self, service, section):
        """Lines of `[Service]` that count instead of those of the unit, from its next start on; none takes them back."""
        folder = f"/run/systemd/system/{service}.service.d"
        script = f"rm -rf {folder}; [ -z \"$1\" ] || {{ mkdir -p {folder} && printf '[Service]\\n%s\\n' \"$1\" > {folder}/test.conf; }}; systemctl daemon-reload"
        self.machine.run("sh", "-c", script, "sh", section)

    def another_process(self, service, before):
        """Waits until a service runs again after the process `before`."""

        def runs():
            pid = self.machine.pid(service)
            return pid not in (0, before) and self.machine.property(service, "ActiveState") == "active"

        self.machine.until(runs, f"{service} runs again")


class Tap:
    """What one topic of the bus has shown, as a person who listens sees it."""

    def __init__(self, machine, topic):
        self.machine = machine
        self.process = subprocess.Popen(
            machine.command("sh", "-c", 'echo $$; exec chargectl tap --json --filter "$1"', "sh", topic),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
        )
        # As the machine numbers it.
        self.pid = int(self.process.stdout.readline())
        self.payloads = [json.loads(self.process.stdout.readline())["payload"]]

    def end(self):
        """Everything that has come."""
        self.machine.kill(self.pid, signal.SIGTERM)
        rest, _ = self.process.communicate(timeout=30)
        self.payloads += [json.loads(line)["payload"] for line in rest.splitlines() if line.endswith("}")]
        return self.payloads
