"""A meter on Modbus TCP: hardware-io with its real driver against pymodbus, through a network that damages, swallows and cuts."""

import json
import pathlib
import select
import socket
import struct
import subprocess
import sys
import threading
import time

import pytest
from stack import PATIENCE, Stack, configuration

EXAMPLES = pathlib.Path(__file__).parents[2] / "deploy/config"
UNIT = 1


class Network:
    """Between the charger and the meter. `damage` makes of an answer the pieces that arrive instead of it."""

    def __init__(self, target):
        self.target = target
        self.damage = lambda answer: [answer]
        self.connections = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.open = []
        self.ended = False
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while not self.ended:
            ends = {end: other for pair in self.open for end, other in (pair, pair[::-1])}
            for end in select.select([self.listener, *ends], [], [], 0.02)[0]:
                if end is self.listener:
                    self.accept()
                else:
                    self.carry(end, ends[end])

    def accept(self):
        charger, _ = self.listener.accept()
        self.connections += 1
        try:
            self.open.append((charger, socket.create_connection(("127.0.0.1", self.target))))
        except OSError:
            charger.close()

    def carry(self, end, other):
        try:
            data = end.recv(4096)
            if data:
                for piece in [data] if any(end is charger for charger, _ in self.open) else self.damage(data):
                    other.sendall(piece)
                return
        except OSError:
            pass
        self.close_pair(end)

    def close_pair(self, end):
        for pair in [pair for pair in self.open if end in pair]:
            self.open.remove(pair)
            for side in pair:
                side.close()

    def close(self):
        self.ended = True
        self.thread.join()
        for charger, _ in list(self.open):
            self.close_pair(charger)
        self.listener.close()


@pytest.fixture
def meter(tmp_path):
    """A file that says what the meter shows, and the port where it answers."""
    pytest.importorskip("pymodbus", reason="pymodbus is not installed")
    file = tmp_path / "meter.json"
    show(file, 5000)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    program = pathlib.Path(__file__).parent / "modbus_meter.py"
    process = subprocess.Popen([sys.executable, str(program), f"tcp:{port}", str(UNIT), str(file)])
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            break
        except OSError:
            assert time.monotonic() < deadline and process.poll() is None, "pymodbus does not listen"
            time.sleep(0.05)
    yield file, port
    process.kill()
    process.wait()


def show(file, energy_wh):
    new = file.with_suffix(".new")
    new.write_text(json.dumps({"powerW": 0, "currentA": 0, "energyWh": energy_wh}))
    new.rename(file)


@pytest.fixture
def network(meter):
    made = Network(meter[1])
    yield made
    made.close()


@pytest.fixture
def charger(network):
    """hardware-io with a main meter on the network, which is read each second; everything else is simulated."""
    document = configuration("ws://localhost:1/")
    document["mainMeter"] = {
        "maximumCurrentAmps": 63, "phases": 1,
        "meter": {"driver": "modbus-tcp", "host": "127.0.0.1", "port": network.port, "type": "sdm120", "unit": UNIT},
    }
    with Stack(document) as made:
        (made.root / "meters").symlink_to(EXAMPLES / "meters")
        yield made.start("hardware-io")


def wait_reading(tap, energy_wh, since=0):
    def fits(message):
        reading = message["payload"]
        return message["topic"] == "hardware.meter.0" and reading["valid"] and reading["energyWh"] == energy_wh

    return tap.wait(fits, since)


def wait_fault(tap, present, since=0):
    return tap.wait(
        lambda m: m["topic"] == "hardware.fault" and m["payload"]["connectorId"] == 0
        and m["payload"]["code"] == "PowerMeterFailure" and m["payload"]["present"] == present, since,
    )


def readings(tap):
    return [m["payload"] for m in tap.messages if m["topic"] == "hardware.meter.0"]


def other_protocol(answer):
    return [answer[:2] + b"\x00\x01" + answer[4:]]


def wrong_length(answer):
    return [answer[:4] + struct.pack(">H", 0xFFFF) + answer[6:]]


def other_transaction(answer):
    return [struct.pack(">H", struct.unpack(">H", answer[:2])[0] ^ 0x5555) + answer[2:]]


def other_unit(answer):
    return [answer[:6] + bytes([answer[6] ^ 0x20]) + answer[7:]]


def noise(answer):
    return [bytes(range(0x40, 0x57))]


def silence(answer):
    return []


@pytest.mark.parametrize("damage", [other_protocol, wrong_length, other_transaction, other_unit, noise, silence], ids=lambda d: d.__name__)
def test_a_bad_answer_makes_no_value_and_a_good_one_ends_the_fault(charger, meter, network, damage):
    tap = charger.tap("--filter", "hardware.*")
    wait_reading(tap, 5000)
    network.damage = damage
    show(meter[0], 5003)
    since = len(tap.messages)
    wait_fault(tap, True, since)
    assert {reading["energyWh"] for reading in readings(tap)} == {5000}
    assert all(reading["voltageMillivolts"] == [230_000] for reading in readings(tap))
    network.damage = lambda answer: [answer]
    since = len(tap.messages)
    wait_reading(tap, 5003, since)
    wait_fault(tap, False)


def test_an_answer_in_single_bytes_is_one(charger, meter, network):
    tap = charger.tap("--filter", "hardware.*")
    wait_reading(tap, 5000)
    network.damage = lambda answer: [answer[place:place + 1] for place in range(len(answer))]
    show(meter[0], 5001)
    wait_reading(tap, 5001)


def test_a_connection_that_is_cut_is_made_anew(charger, meter, network):
    tap = charger.tap("--filter", "hardware.*")
    wait_reading(tap, 5000)
    for round in range(1, 3):
        before = network.connections

        def cut(answer):
            raise ConnectionResetError

        network.damage = cut
        tap.wait(lambda _: network.connections > before, len(tap.messages))
        network.damage = lambda answer: [answer]
        show(meter[0], 5000 + round)
        wait_reading(tap, 5000 + round, len(tap.messages))
