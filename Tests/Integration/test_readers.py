"""Card readers: the emulated PN532 before drivers that others wrote, then the driver of hardware-io before the emulated PN532."""

import os
import shutil
import subprocess

import pytest

from pn532 import PN532


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
