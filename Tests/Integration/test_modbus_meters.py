"""Meters on Modbus: hardware-io with its real driver against slaves that others wrote, over a bad line."""

import ctypes.util
import importlib.util
import json
import os
import pathlib
import subprocess
import sys

import modbus_slaves
import pytest
from serial_line import SerialLine
from stack import BINARIES, PATIENCE, Stack, configuration

EXAMPLES = pathlib.Path(__file__).parents[2] / "deploy/config"
SOAK_SECONDS = int(os.environ.get("CHARGER_SOAK_SECONDS", "20"))
MAIN, CONNECTOR = 1, 2  # their units; the main meter is read each second


def needs(*kinds):
    if "pymodbus" in kinds and not importlib.util.find_spec("pymodbus"):
        pytest.skip("pymodbus is not installed")
    if "libmodbus" in kinds and not ctypes.util.find_library("modbus"):
        pytest.skip("libmodbus5 is not installed")


def meter(path, unit, **changes):
    return {"driver": "modbus-rtu", "port": str(path), "type": "sdm120", "unit": unit, **changes}


@pytest.fixture
def line(tmp_path):
    with SerialLine(tmp_path / "rs485") as made:
        yield made


@pytest.fixture
def charger(line):
    """hardware-io with a main meter and a connector's meter on one line; everything else is simulated."""
    document = configuration("ws://localhost:1/")
    document["connectors"][0] |= {"phases": 1, "meter": meter(line.path, CONNECTOR)}
    document["mainMeter"] = {"maximumCurrentAmps": 63, "phases": 1, "meter": meter(line.path, MAIN)}
    with Stack(document) as made:
        (made.root / "meters").symlink_to(EXAMPLES / "meters")
        yield made


def readings(tap, number, valid=True):
    topic = f"hardware.meter.{number}"
    return [m["payload"] for m in tap.messages if m["topic"] == topic and m["payload"]["valid"] == valid]


def assert_true(tap):
    """Every value that was published is one that the unit had, and no register ever fell."""
    for number, unit in [(0, MAIN), (1, CONNECTOR)]:
        published = readings(tap, number) + readings(tap, number, valid=False)
        for reading in published:
            assert reading["voltageMillivolts"] == [1000 * modbus_slaves.voltage(unit)], reading
            assert reading["frequencyMillihertz"] == 50_000, reading
            assert reading["powerW"] == 0 and reading["currentMilliamps"] == [0], reading
            assert 0 < reading["energyWh"] - modbus_slaves.base_wh(unit) < 100_000, reading
        course = [reading["energyWh"] for reading in readings(tap, number)]
        assert course == sorted(course), course


def reading_of(number):
    return lambda m: m["topic"] == f"hardware.meter.{number}" and m["payload"]["valid"]


def test_two_meters_on_one_bad_line_never_make_a_wrong_value(charger, line):
    needs("pymodbus", "libmodbus")
    line.attach("pymodbus", MAIN)
    line.attach("libmodbus", CONNECTOR)
    charger.start("hardware-io")
    tap = charger.tap()
    for number in [0, 1]:
        tap.wait(reading_of(number))
    line.percent = 45
    begun = tap.messages[-1]["header"]["uptime"]
    for second in range(0, SOAK_SECONDS + 1, 5):
        tap.wait(lambda m: m["header"]["uptime"] > begun + 1000 * second)
    assert set(line.counts) >= {"silence", "checksum", "cut", "late", "noise", "exception"} or SOAK_SECONDS < 60
    # A value that is never published is no wrong one, and no use either.
    assert len(readings(tap, 0)) > SOAK_SECONDS / 4
    line.percent = 0
    position = len(tap.messages)
    for number in [0, 1]:
        tap.wait(reading_of(number), since=position)
    assert_true(tap)


def test_a_line_that_is_pulled_is_a_fault_and_recovers_by_itself(charger, line):
    needs("pymodbus")
    line.attach("pymodbus", MAIN)
    line.attach("pymodbus", CONNECTOR)
    charger.start("hardware-io")
    tap = charger.tap()
    for number in [0, 1]:
        tap.wait(reading_of(number))
    line.unplug()
    for number in [0, 1]:
        tap.wait(lambda m, n=number: m["topic"] == "hardware.fault" and m["payload"]["connectorId"] == n
                 and m["payload"]["code"] == "PowerMeterFailure" and m["payload"]["present"])
    line.plug()
    position = len(tap.messages)
    for number in [0, 1]:
        tap.wait(reading_of(number), since=position)
    assert_true(tap)


def test_a_meter_that_is_pulled_leaves_the_other_one_alone(charger, line):
    needs("pymodbus")
    line.attach("pymodbus", MAIN)
    gone = line.attach("pymodbus", CONNECTOR)
    charger.start("hardware-io")
    tap = charger.tap()
    for number in [0, 1]:
        tap.wait(reading_of(number))
    killed = len(tap.messages)
    gone.kill()
    gone.wait()
    tap.wait(lambda m: m["topic"] == "hardware.fault" and m["payload"]["connectorId"] == 1 and m["payload"]["present"])
    position = len(tap.messages)
    for _ in range(3):
        tap.wait(reading_of(0), since=position)
        position = len(tap.messages)
    faults = [m["payload"] for m in tap.messages[killed:] if m["topic"] == "hardware.fault"]
    assert not [fault for fault in faults if fault["connectorId"] == 0 and fault["present"]]
    assert_true(tap)


def check(tmp_path, document):
    path = tmp_path / "charger.json"
    path.write_text(json.dumps(document))
    result = subprocess.run(
        [str(BINARIES / "hardware-io"), "--config", str(path), "--check-config"],
        capture_output=True, text=True, timeout=PATIENCE,
    )
    return result.returncode, result.stdout + result.stderr


def test_the_example_with_a_modbus_meter_is_right():
    result = subprocess.run(
        [str(BINARIES / "hardware-io"), "--config", str(EXAMPLES / "modbus-meter.json"), "--check-config"],
        capture_output=True, text=True, timeout=PATIENCE,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert "modbus-rtu" in result.stdout + result.stderr


def test_all_mistakes_about_meters_are_told_at_once(tmp_path):
    (tmp_path / "meters").mkdir()
    for name in ["sdm120", "sdm630"]:
        (tmp_path / "meters" / f"{name}.json").write_bytes((EXAMPLES / "meters" / f"{name}.json").read_bytes())
    broken = json.loads((EXAMPLES / "meters/sdm120.json").read_text())
    broken["values"][0]["unit"] = "kWh"
    (tmp_path / "meters" / "mine.json").write_text(json.dumps(broken))
    document = configuration("ws://localhost:1/", connectors=3)
    kinds = ["sdm360", "mine", "sdm120"]
    for connector, kind in zip(document["connectors"], kinds):
        connector["meter"] = meter("/dev/serial/by-id/rs485", connector["id"], type=kind)
    status, told = check(tmp_path, document)
    assert status == 78
    for words in [
        'connectors[0].meter.type: there is no sdm360.json', 'did you mean "sdm630"?',
        'mine.json: values[0].unit: expected "V" or "mV" for Voltage, found "kWh"',
        "connectors[2].meter.type: Eastron SDM120 measures 1 phase, and there are 3",
    ]:
        assert words in told, told


def with_examples(tmp_path):
    (tmp_path / "meters").symlink_to(EXAMPLES / "meters")


def test_a_line_with_more_to_do_than_fits_is_a_mistake_with_its_figures(tmp_path):
    with_examples(tmp_path)
    document = configuration("ws://localhost:1/", connectors=8)
    for connector in document["connectors"]:
        connector["meter"] = meter("/dev/ttyS1", connector["id"], type="em24")
    status, said = check(tmp_path, document)
    assert status == 78
    mistake = [line for line in said.splitlines() if "connectors[7].meter: " in line]
    assert len(mistake) == 1 and "the 8 meters takes" in mistake[0] and "56 questions" in mistake[0], said
    for connector in document["connectors"]:
        connector["meter"] |= {"baud": 115200, "type": "sdm120"}
        connector["phases"] = 1
    assert check(tmp_path, document)[0] == 0


@pytest.mark.parametrize("other", ["{folder}/by-id", "/{folder}/port", "{folder}/../{name}/port"])
def test_a_port_has_one_owner_whatever_it_is_called(tmp_path, other):
    with_examples(tmp_path)
    parent, child = os.openpty()
    try:
        (tmp_path / "port").symlink_to(os.ttyname(child))
        (tmp_path / "by-id").symlink_to(os.ttyname(child))
        document = configuration("ws://localhost:1/")
        document["connectors"][0] |= {"phases": 1, "meter": meter(tmp_path / "port", 1)}
        name = other.format(folder=tmp_path, name=tmp_path.name)
        document["readers"][0]["driver"] = {"driver": "pn532", "port": name}
        status, said = check(tmp_path, document)
        assert status == 78, said
        assert f"readers[0].driver: {name} is {tmp_path}/port of connectors[0].meter under another name" in said
    finally:
        os.close(parent)
        os.close(child)


def test_two_meters_with_one_address_are_refused(tmp_path):
    document = configuration("ws://localhost:1/", connectors=2)
    for connector in document["connectors"]:
        connector |= {"phases": 1, "meter": meter("/dev/serial/by-id/rs485", 1)}
    status, told = check(tmp_path, document)
    assert status == 78 and "unit 1 on /dev/serial/by-id/rs485 is that of connectors[0].meter already" in told, told



def test_a_scan_finds_a_meter_unless_its_port_is_in_use(charger, line):
    needs("libmodbus")
    line.attach("libmodbus", MAIN)
    charger.start("hardware-io")
    tap = charger.tap()
    tap.wait(reading_of(0))
    scan = [str(BINARIES / "chargectl"), "scan-meter", str(line.path), "--last-unit", "2"]
    refused = subprocess.run(scan, capture_output=True, text=True, timeout=PATIENCE)
    assert refused.returncode == 4 and str(line.path) in refused.stderr, refused.stderr
    charger.kill("hardware-io")
    found = subprocess.run(scan, capture_output=True, text=True, timeout=2 * PATIENCE)
    assert f'unit {MAIN} answers at "baud": 9600, "parity": "none"' in found.stdout, found.stdout + found.stderr
    assert "unit 2" not in found.stdout and found.returncode == 0

if __name__ == "__main__":  # CHARGER_SOAK_SECONDS=600 python Tests/Integration/test_modbus_meters.py
    sys.exit(pytest.main([__file__, "-x"]))
