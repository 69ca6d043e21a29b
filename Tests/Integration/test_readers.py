"""Card readers: the emulated PN532 before drivers that others wrote, then the driver of hardware-io before the emulated PN532."""

import os
import pty
import random
import shutil
import subprocess
import tty

import pytest

from pn532 import PN532, wait_until
from stack import BINARIES, Stack, configuration


@pytest.fixture
def chip(tmp_path):
    with PN532(tmp_path / "pn532") as emulated:
        yield emulated


@pytest.mark.parametrize("uid, ats", [("deadbeef", b""), ("04a1b2c3d4e5f6", b""), ("04a1b2c3d4e5f6", bytes.fromhex("067577810280"))])
def test_libnfc_takes_the_emulator_for_a_chip(chip, uid, ats):
    if not shutil.which("nfc-list"):
        pytest.skip("the package libnfc-bin is not installed")
    chip.place(uid, ats)
    environment = {**os.environ, "LIBNFC_DEFAULT_DEVICE": f"pn532_uart:{chip.path}"}
    listed = subprocess.run(["nfc-list", "-v"], env=environment, capture_output=True, text=True, timeout=60).stdout
    digits = "".join(line.split(":")[1] for line in listed.splitlines() if "UID (NFCID1)" in line).replace(" ", "")
    assert digits == uid, listed


def test_the_driver_of_adafruit_takes_the_emulator_for_a_chip(chip):
    pytest.importorskip("serial", reason="the package pyserial is not installed")
    uart = pytest.importorskip("adafruit_pn532.uart", reason="the package adafruit-circuitpython-pn532 is not installed")
    import serial

    with serial.Serial(str(chip.path), 115200, timeout=1) as port:
        reader = uart.PN532_UART(port)
        assert tuple(reader.firmware_version) == (0x32, 1, 6, 7)
        reader.SAM_configuration()
        for uid in ["deadbeef", "04a1b2c3d4e5f6"]:
            chip.place(uid)
            assert bytes(reader.read_passive_target(timeout=5)) == bytes.fromhex(uid)
        chip.remove()
        assert reader.read_passive_target(timeout=0.2) is None


def charger(driver):
    """Of a charger, hardware-io alone, with one real reader; everything else is simulated."""
    document = configuration("ws://127.0.0.1:1/none")
    document["readers"][0]["driver"] = driver
    return Stack(document)


@pytest.fixture
def charger_of_chip(chip):
    with charger({"driver": "pn532", "port": str(chip.path)}) as stack:
        stack.start("hardware-io")
        yield stack


def wait_reader(tap, faults, since=0):
    return tap.wait(lambda m: m["topic"] == "hardware.reader.1" and m["payload"]["faults"] == faults, since)


def wait_card(tap, id_tag, since=0):
    return tap.wait(lambda m: m["topic"] == "hardware.card" and m["payload"]["idTag"] == id_tag, since)


def cards(tap):
    return [m["payload"]["idTag"] for m in tap.messages if m["topic"] == "hardware.card"]


def wait_device(tap, condition, since=0):
    return tap.wait(
        lambda m: m["topic"] == "hardware.device.reader-1" and m["payload"]["condition"] == condition, since
    )


SCAN = bytes([0x4A, 1, 0])
ENDLESS = bytes([0x32, 5, 0xFF, 1, 0xFF])


def wait_scan(chip):
    """Until the chip watches its field for a card by itself."""
    wait_until(lambda: chip.commands[-2:] == [ENDLESS, SCAN])


def test_cards_of_every_length_are_presented_once_each(chip, charger_of_chip):
    tap = charger_of_chip.tap("--filter", "hardware.*")
    wait_device(tap, "ok")
    for uid in ["DEADBEEF", "04A1B2C3D4E5F6", "0102030405060708090A"]:
        chip.place(uid)
        wait_card(tap, uid)
        scans = chip.commands.count(SCAN)
        wait_until(lambda: chip.commands.count(SCAN) >= scans + 3)  # it lies there for a while
        chip.remove()
        wait_scan(chip)
    assert cards(tap) == ["DEADBEEF", "04A1B2C3D4E5F6", "0102030405060708090A"]


def test_a_random_uid_is_said_and_not_presented(chip, charger_of_chip):
    tap = charger_of_chip.tap("--filter", "hardware.*")
    chip.place("08112233")
    wait_until(lambda: "drawn at random" in charger_of_chip.log("hardware-io"))
    chip.place("04a1b2c3d4e5f6")
    wait_card(tap, "04A1B2C3D4E5F6")
    assert len(cards(tap)) == 1


def test_what_a_card_would_be_called_is_shown(chip, charger_of_chip):
    chip.place("0063e9ae")
    shown = charger_of_chip.ctl("card", "show", "--json")
    assert shown["idTag"] == "0063E9AE"
    assert {"settings": "decimal 10 digits", "idTag": "0006547886"} in shown["renderings"]
    lines = [line.split() for line in charger_of_chip.ctl("card", "show").splitlines()]
    assert ["hex", "reversed", "AEE96300"] in lines


def test_a_pulled_reader_is_lost_and_comes_back(chip, charger_of_chip):
    tap = charger_of_chip.tap("--filter", "hardware.*")
    wait_device(tap, "ok")
    for round in range(2):
        since = len(tap.messages)
        chip.unplug()
        wait_reader(tap, ["ReaderFailure"], since)
        chip.remove()
        since = len(tap.messages)
        chip.plug()
        wait_reader(tap, [], since)
        chip.place(f"0{round + 1}ADBEEF")
        wait_card(tap, f"0{round + 1}ADBEEF", since)


def test_a_silent_chip_is_lost_and_comes_back(chip, charger_of_chip):
    tap = charger_of_chip.tap("--filter", "hardware.*")
    wait_device(tap, "ok")
    since = len(tap.messages)
    chip.mute = True
    wait_reader(tap, ["ReaderFailure"], since)
    since = len(tap.messages)
    chip.mute = False
    wait_reader(tap, [], since)
    chip.place("deadbeef")
    wait_card(tap, "DEADBEEF", since)


def test_noise_and_damaged_answers_present_no_wrong_card(chip, charger_of_chip):
    tap = charger_of_chip.tap("--filter", "hardware.*")
    wait_device(tap, "ok")
    source = random.Random(532)
    for number in range(20):
        chip.send(source.randbytes(source.randrange(1, 200)) + bytes.fromhex("00ff"))
        chip.damaged = number % 3
        uid = f"{number + 16:02X}ADBEEF"
        chip.place(uid)
        wait_card(tap, uid)
        chip.remove()
    assert len(cards(tap)) == 20


def test_the_chip_is_left_with_its_field_off(chip, charger_of_chip):
    wait_scan(chip)
    assert chip.field
    assert charger_of_chip.kill("hardware-io", sig=15) == {"hardware-io": 0}
    wait_until(lambda: not chip.field)


@pytest.fixture
def printer(tmp_path):
    """A line that a reader prints on: the path, and what writes on it."""
    master, slave = pty.openpty()
    tty.setraw(slave)
    path = tmp_path / "printer"
    path.symlink_to(os.ttyname(slave))
    yield path, lambda data: os.write(master, data)
    os.close(master)
    os.close(slave)


RECORDED = [
    ({"driver": "rdm6300"}, bytes.fromhex("02 30 31 30 30 36 33 45 39 41 45 32 35 03") * 5, "010063E9AE"),
    ({"driver": "rdm6300", "customerByte": False}, b"\x0201006\x02010063E9AF25\x03\x02010063E9AE25\r\n\x03", "0063E9AE"),
    ({"driver": "twn4"}, b"04A1B2C3D4E5F6\r", "04A1B2C3D4E5F6"),
    (
        {"driver": "line-reader", "baud": 19200, "parity": "even", "characters": "digits", "printedPrefix": "CARD=",
         "terminator": "semicolon"},
        b"hello;CARD=00123456;",
        "00123456",
    ),
    ({"driver": "line-reader", "terminator": "silence"}, b"04a1b2c3d4e5f6", "04A1B2C3D4E5F6"),
]


@pytest.mark.parametrize("driver, printed, id_tag", RECORDED, ids=["rdm6300", "id-12", "twn4", "prefix", "silence"])
def test_recorded_cards_of_readers_that_print_are_presented(printer, driver, printed, id_tag):
    path, write = printer
    with charger({**driver, "port": str(path)}) as stack:
        stack.start("hardware-io")
        tap = stack.tap("--filter", "hardware.*")
        wait_device(tap, "ok")
        write(printed)
        wait_card(tap, id_tag)
        write(printed)
        assert len(cards(tap)) == 1


def test_two_readers_on_one_port_are_refused_by_name(tmp_path):
    document = configuration("ws://127.0.0.1:1/none", readers=2)
    for reader in document["readers"]:
        reader["driver"] = {"driver": "pn532", "port": "/dev/serial/by-id/reader"}
    with Stack(document) as stack:
        checked = subprocess.run(
            [str(BINARIES / "hardware-io"), "--check-config", "--config", str(stack.config)],
            capture_output=True, text=True, timeout=30,
        )
    assert checked.returncode == 78
    assert "/dev/serial/by-id/reader belongs to" in checked.stdout + checked.stderr
