"""The GPIO lines of a modem, on a simulated chip of the kernel: a key is pressed when the modem is off, and a line changes to the other SIM."""

import zlib

import pytest
from machine import SimulatedChip
from mobile import BIN, ROOT, Mobile, modem

KEY, RESET, SUPPLY, SIM = range(4)
PINS = {
    "powerKey": {"line": {"chip": "modem-board", "line": "KEY"}, "onMilliseconds": 3000},
    "reset": {"line": {"chip": "modem-board", "line": str(RESET)}, "milliseconds": 2000},
    "supply": {"line": {"chip": "modem-board", "line": str(SUPPLY)}, "seconds": 5},
    "simSelect": {"chip": "modem-board", "line": str(SIM)},
}


@pytest.fixture
def chip(board):
    made = SimulatedChip(board, "modem-board", 4, ["KEY"])
    yield made
    made.unplug()


@pytest.fixture
def mobile(board, chip):
    made = Mobile(board, modem(pins=PINS, secondSIM={"returnHours": 12}))
    yield made
    made.close()


def test_a_modem_that_is_off_has_its_key_pressed_for_so_long_as_its_site_says(board, chip, mobile):
    mobile.order("power 3600000")
    mobile.start("modem-manager")
    held = board.run("gpioinfo")
    board.until(lambda: "charger cell powerKey" in board.run("gpioinfo"), "the lines are held")
    assert [chip.level(pin) for pin in (KEY, RESET, SUPPLY)] == [0, 0, 0], held
    # A port that is missing for a minute means that the modem is off.
    begin = float(board.until(lambda: chip.level(KEY) and board.read("/proc/uptime").split()[0], "the key is pressed"))
    end = float(board.until(lambda: chip.level(KEY) == 0 and board.read("/proc/uptime").split()[0], "the key is let go"))
    assert 2 < end - begin < 6
    mobile.order("power 100")
    mobile.wait("uplink.state", "link=up")


def pulse(board, chip, pin, what, patience):
    """Waits for the pin to be driven and let go; for how many seconds that was."""
    begin = float(board.until(lambda: chip.level(pin) and board.read("/proc/uptime").split()[0], f"{what} is driven", patience=patience))
    end = float(board.until(lambda: chip.level(pin) == 0 and board.read("/proc/uptime").split()[0], f"{what} is let go"))
    return end - begin


def test_a_modem_that_hangs_is_reset_and_then_left_without_supply(board, chip, mobile):
    """It takes the ladder some minutes until anything gentler has failed. A reset does not help this modem; being without supply does."""
    mobile.start("modem-manager")
    mobile.wait("uplink.state", "link=up")
    mobile.order("set fault.mute 1")
    mobile.order("hangup")
    assert 1 < pulse(board, chip, RESET, "the reset line", 1200) < 4
    assert [chip.level(pin) for pin in (KEY, SUPPLY)] == [0, 0], "One line at a time."
    assert 3 < pulse(board, chip, SUPPLY, "the supply", 600) < 7
    mobile.order("power 2000")
    mobile.wait("uplink.state", "link=up", seconds=400)
    story = mobile.history()
    assert "reset the modem by its power key or reset line" in story and "cut the supply of the modem" in story, story


def test_the_line_of_the_second_sim_stands_before_anything_is_asked(board, chip, mobile):
    """That one was in use before: half an hour lies between two changes, so that a test sees none."""
    board.run("mkdir", "-p", f"{ROOT}/state/modem-manager")
    body = '{"attempts":[],"slot":2}'
    line = f"charger-modem 1 {len(body)} "
    board.write(f"{ROOT}/state/modem-manager/modem-cell", f"{line}{zlib.crc32((line + body).encode()):08x}\n{body}")
    mobile.start("modem-manager")
    mobile.wait("uplink.state", "link=up")
    assert [chip.level(pin) for pin in (SIM, KEY, RESET, SUPPLY)] == [1, 0, 0, 0]
    mobile.kill("modem-manager")
    board.until(lambda: chip.level(SIM) == 0, "the line is let go")


def test_the_kernel_lets_the_lines_go_with_the_process(board, chip, mobile):
    mobile.order("power 3600000")
    mobile.start("modem-manager")
    board.until(lambda: chip.level(KEY), "the key is pressed", patience=200)
    mobile.kill("modem-manager")
    board.until(lambda: chip.level(KEY) == 0, "the key is let go")
    assert "charger cell" not in board.run("gpioinfo")


def test_a_line_that_hardware_io_uses_is_refused(board, chip, mobile):
    import json

    document = json.loads(board.read(f"{ROOT}/charger.json"))
    document["connectors"][0]["emergencyStop"] = {"driver": "gpio-input", "input": {"chip": "modem-board", "line": "KEY"}}
    board.write(f"{ROOT}/charger.json", json.dumps(document))
    said = board.run("sh", "-c", f"{BIN}/modem-manager --check-config --config {ROOT}/charger.json 2>&1", check=False)
    assert "GPIO line KEY of modem-board belongs to connectors[0].emergencyStop already" in said
