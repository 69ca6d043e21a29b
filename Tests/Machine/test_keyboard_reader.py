"""A card reader on USB that types as a keyboard: the real driver on the kernel's input devices, the keyboard made with uinput."""

import json

import pytest

FOLDERS = ["--runtime-dir", "/run/keyboard"]
CONFIGURATION = {
    "station": {"chargePointVendor": "Vendor", "chargePointModel": "Wallbox"},
    "centralSystem": {"url": "ws://127.0.0.1:8180/ocpp", "identity": "CP1"},
    "allowSimulation": True,
    "connectors": [
        {
            "id": 1, "cable": "fixed", "maximumCurrentAmps": 16, "phases": 1, "pilot": "simulated", "contactor": "simulated",
            "meter": "simulated",
        }
    ],
    "readers": [{"id": 1, "connectors": [1], "driver": {"driver": "evdev", "device": "/dev/input/card-reader"}}],
    "uplinks": [],
}


class Desk:
    """hardware-io, and a keyboard that comes and goes."""

    def __init__(self, board):
        self.board = board
        board.run("mkdir", "-p", "/run/keyboard", "/var/lib/keyboard")
        board.write("/etc/keyboard.json", json.dumps(CONFIGURATION))
        # A name that stays, as udev makes in /dev/input/by-id for what is on USB.
        board.write("/etc/udev/rules.d/99-reader.rules", 'SUBSYSTEM=="input", KERNEL=="event*", ATTRS{name}=="card reader", SYMLINK+="input/card-reader"\n')
        board.run("udevadm", "control", "--reload")
        self.keyboard = None
        self.service = board.start("/usr/lib/charger/hardware-io", *FOLDERS, "--state-dir", "/var/lib/keyboard", "--config", "/etc/keyboard.json")

    def ctl(self, *words):
        return self.board.run("/usr/lib/charger/chargectl", *FOLDERS, *words)

    def plug(self):
        self.keyboard = self.board.start("python3", "/usr/lib/charger-test/keyboard.py")
        assert self.keyboard.line() == "ready"

    def pull(self):
        self.keyboard.signal("KILL")
        self.keyboard.wait()
        self.keyboard = None

    def swipe(self, digits):
        """Types a card; what the bus says of it."""
        tap = self.board.start("/usr/lib/charger/chargectl", *FOLDERS, "tap", "--json", "--filter", "hardware.*")
        tap.until(lambda line: "hardware.reader.1" in line)
        self.keyboard.tell(digits)
        assert self.keyboard.line() == "typed"
        card = json.loads(tap.until(lambda line: '"hardware.card"' in line)[-1])
        tap.signal("KILL")
        tap.wait()
        return card["payload"]["idTag"]

    def close(self):
        for program in (self.service, self.keyboard):
            if program and program.status is None:
                program.signal("KILL")
                program.wait()


@pytest.fixture
def desk(board):
    made = Desk(board)
    yield made
    made.close()


def test_a_card_is_read_from_its_keys_and_again_after_the_reader_was_pulled(desk):
    desk.ctl("wait", "hardware.device.reader-1", "condition=lost", "--timeout", "60")
    for digits in ["04A1B2C3D4E5F6", "DEADBEEF"]:
        desk.plug()
        desk.ctl("wait", "hardware.device.reader-1", "condition=ok", "--timeout", "60")
        assert desk.swipe(digits) == digits
        desk.pull()
        desk.ctl("wait", "hardware.device.reader-1", "condition=lost", "--timeout", "60")
        assert "ReaderFailure" in desk.ctl("wait", "hardware.reader.1", "readerId=1")


def test_nobody_else_hears_the_keys(desk):
    desk.plug()
    desk.ctl("wait", "hardware.device.reader-1", "condition=ok", "--timeout", "60")
    # EVIOCGRAB, which only one may have: else the digits land on the console.
    grab = "import fcntl, os; fcntl.ioctl(os.open('/dev/input/card-reader', os.O_RDONLY), 0x40044590, 1)"
    assert "Device or resource busy" in desk.board.run("sh", "-c", f'python3 -c "{grab}" 2>&1 || true')
