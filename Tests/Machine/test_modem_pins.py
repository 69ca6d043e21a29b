"""The GPIO lines of a modem, on a simulated chip of the kernel: a key is pressed when the modem is off, and a line changes to the other SIM."""

import pytest
from machine import SimulatedChip
from mobile import BIN, ROOT, Mobile, modem

KEY, RESET, SUPPLY, SIM = range(4)
PINS = {
    "powerKey": {"line": {"chip": "modem-board", "line": "KEY"}, "onMilliseconds": 3000},
    "reset": {"line": {"chip": "modem-board", "line": str(RESET)}},
    "supply": {"line": {"chip": "modem-board", "line": str(SUPPLY)}},
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
