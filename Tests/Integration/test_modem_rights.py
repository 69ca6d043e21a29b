"""The rule of polkit that is shipped for modem-manager, with Debian's polkit and ModemManager on a system bus of their own."""

import json
import os
import pathlib
import subprocess
import tempfile

import pytest

from simulated_modem import MODEM_MANAGER, Relay, SimulatedModem, missing, wait_for
from stack import PATIENCE

RULE = pathlib.Path(__file__).parents[2] / "deploy/systemd/charger-modem.rules"
POLKIT = pathlib.Path("/usr/lib/polkit-1/polkitd")
USER = 61234

lacking = missing([*MODEM_MANAGER, "setpriv", "unshare"]) or (None if POLKIT.exists() else "polkitd")
pytestmark = [
    pytest.mark.skipif(lacking is not None, reason=f"{lacking} is not installed"),
    pytest.mark.skipif(os.geteuid() != 0, reason="a system bus and users of its own want root"),
]


class SystemBus:
    """A bus with polkit, which sees a user `charger-modem` and these rules alone, and with ModemManager and its modem."""

    def __init__(self, directory, modem, rules):
        self.directory, self.modem, self.rules = directory, modem, rules
        self.environment = dict(
            os.environ,
            PATH=os.environ.get("PATH", "") + ":/usr/sbin:/sbin",
            DBUS_SYSTEM_BUS_ADDRESS=f"unix:path={directory / 'bus'}",
        )
        self.processes = []

    def start(self, *command):
        with open(self.directory / "bus.log", "a") as log:
            self.processes.append(subprocess.Popen(command, env=self.environment, stdout=log, stderr=subprocess.STDOUT))

    def run(self, *command):
        return subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=PATIENCE * 2)

    def __enter__(self):
        folder = self.directory / "rules.d"
        folder.mkdir()
        for rule in self.rules:
            (folder / rule.name).write_text(rule.read_text())
        users = self.directory / "passwd"
        users.write_text(pathlib.Path("/etc/passwd").read_text() + f"charger-modem:x:{USER}:{USER}::/:/bin/false\n")
        # Whoever has dropped his rights reads all of it.
        self.directory.chmod(0o755)
        self.relay = Relay(f"rights-{os.getpid()}", self.modem.at)
        mounts = f"mount --bind {users} /etc/passwd && mount --bind {folder} /etc/polkit-1/rules.d && exec "
        address = f"--address=unix:path={self.directory / 'bus'}"
        bus = f"dbus-daemon --config-file=/usr/share/dbus-1/system.conf --nofork --nopidfile {address}"
        self.start("unshare", "--mount", "sh", "-c", mounts + bus)
        wait_for("the bus", (self.directory / "bus").exists)
        self.start("unshare", "--mount", "sh", "-c", f"{mounts} {POLKIT} --no-debug")
        wait_for("polkit", lambda: self.names("org.freedesktop.PolicyKit1"))
        self.start(
            "ModemManager", "--test-enable", "--test-no-udev", "--test-no-suspend-resume", "--test-no-qrtr", "--no-auto-scan"
        )
        wait_for("ModemManager", self.give_port)
        wait_for("the modem", lambda: '"state":"disabled"' in self.run("mmcli", "-m", "any", "-J").stdout, PATIENCE * 2)
        return self

    def names(self, name):
        bus = "org.freedesktop.DBus"
        return "true" in self.run("gdbus", "call", "--system", "-d", bus, "-o", "/", "-m", f"{bus}.NameHasOwner", name).stdout

    def give_port(self):
        name, path = "org.freedesktop.ModemManager1", "/org/freedesktop/ModemManager1"
        ports = json.dumps([f"abstract:{self.relay.name}"])
        return self.run("gdbus", "call", "--system", "-d", name, "-o", path, "-m", f"{name}.Test.SetProfile", "t", "generic", ports).returncode == 0

    def mmcli(self, *arguments):
        """As the user of the service."""
        return self.run("setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups", "mmcli", *arguments)

    def __exit__(self, *_):
        for process in reversed(self.processes):
            process.terminate()
            process.wait(PATIENCE)
        self.relay.close()


@pytest.fixture
def folder():
    """Not one of pytest's, which root alone may enter."""
    with tempfile.TemporaryDirectory() as path:
        yield pathlib.Path(path)


@pytest.fixture
def modem(folder):
    with SimulatedModem(folder) as simulated:
        simulated.set("net.search", 200)
        yield simulated


def test_with_the_shipped_rule_the_service_may_order_the_modem_about(folder, modem):
    with SystemBus(folder, modem, [RULE]) as bus:
        enabled = bus.mmcli("-m", "any", "--enable")
        assert enabled.returncode == 0, enabled.stderr
        assert bus.mmcli("-m", "any", "--location-get", "-J").returncode == 0


def test_without_it_the_service_may_only_look(folder, modem):
    with SystemBus(folder, modem, []) as bus:
        assert bus.mmcli("-m", "any", "-J").returncode == 0
        refused = bus.mmcli("-m", "any", "--enable")
        # These words tell our own machine that a person is needed.
        assert refused.returncode == 1 and "Core.Unauthorized" in refused.stderr
