"""Prints what real devices cost hardware-io, and how fast it opens a contactor: `devices.py BINARIES CONFIGURATION [--quick]`.

The drivers are the real ones, over files and lines that `board.c` puts in the kernel's place: from the read that brings the newest voltage of the pilot to the
ioctl that opens the contactor everything is the charger's own. Asserts nothing.
"""

import json
import os
import pathlib
import shutil
import socket
import struct
import subprocess
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "Floods"))

from charger import Charger  # noqa: E402
from rounds import title, words  # noqa: E402
from turns import read_nothing, subscribe_much  # noqa: E402

OUTPUT = "devices/board.pwm/pwm/pwmchip0"
VOLTS = {"A": (12_000, 12_000), "B": (9000, -12_000), "C": (6000, -12_000)}


class Board:
    """The folder that stands for sysfs, the library, and what it has written down."""

    def __init__(self, folder):
        self.folder = folder
        self.log = folder / "coil"
        self.library = folder / "board.so"
        compiler = shutil.which("cc") or shutil.which("clang")
        if not compiler:
            raise FileNotFoundError("no C compiler")
        subprocess.run([compiler, "-shared", "-fPIC", "-O2", "-o", str(self.library), str(HERE / "board.c"), "-ldl"], check=True)
        (folder / OUTPUT / "pwm0").mkdir(parents=True)
        for name in ["export", "pwm0/enable", "pwm0/period", "pwm0/duty_cycle", "pwm0/polarity"]:
            (folder / OUTPUT / name).write_text("0")
        (folder / OUTPUT / "device").symlink_to(folder / "devices/board.pwm")
        self.link("class/pwm/pwmchip0", OUTPUT)
        for number in (0, 1):
            converter = folder / f"devices/0-004{number}/iio:device{number}"
            converter.mkdir(parents=True)
            (converter / "name").write_text("adc")
            (converter / "in_voltage0_scale").write_text("1.0")
            self.link(f"bus/iio/devices/iio:device{number}", f"devices/0-004{number}/iio:device{number}")
        self.files = [open(folder / f"bus/iio/devices/iio:device{n}/in_voltage0_raw", "w+b", buffering=0) for n in (0, 1)]
        self.show("A")

    def link(self, name, target):
        (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / name).symlink_to(self.folder / target)

    def show(self, state):
        """The negative half-wave first: the bench is after the positive one. Each value in one write of a fixed length, so that none is read half."""
        high, low = VOLTS[state]
        os.pwrite(self.files[1].fileno(), b"%07d\n" % low, 0)
        os.pwrite(self.files[0].fileno(), b"%07d\n" % high, 0)

    def orders(self):
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        return [tuple(map(int, line.split())) for line in lines]

    def wait_order(self, level, count, seconds=10):
        """The newest order, once there are so many and it is that one."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            orders = self.orders()
            if len(orders) >= count and orders[-1][0] == level:
                return orders[-1]
            time.sleep(0.002)
        return None


def real_parts(port=None):
    """A change of the configuration: pilot and contactor are real, and so is a main meter that answers at `port`."""

    def change(document):
        line = {"chip": "/dev/gpiochip0"}
        document["connectors"][0] |= {
            "contactorRestSeconds": 1,
            "pilot": {
                "driver": "pwm-pilot", "pwm": {"chip": "board.pwm"}, "positive": {"device": "0-0040", "channel": 0},
                "negative": {"device": "0-0041", "channel": 0},
            },
            "contactor": {"driver": "gpio-contactor", "output": {**line, "line": "0"}, "feedback": {**line, "line": "1"}},
        }
        if port:
            document["mainMeter"] = {
                "maximumCurrentAmps": 63, "phases": 1,
                "meter": {"driver": "modbus-tcp", "host": "127.0.0.1", "port": port, "type": "sdm120", "unit": 1},
            }

    return change


class Meter:
    """Answers Modbus TCP with the registers of an Eastron SDM120: nothing flows."""

    VALUES = {0x00: 230.0, 0x46: 50.0, 0x48: 1234.5}

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.questions = 0
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            link, _ = self.listener.accept()
            threading.Thread(target=self.serve, args=(link,), daemon=True).start()

    def serve(self, link):
        while len(question := link.recv(12)) == 12:
            transaction, _, _, unit, function, address, count = struct.unpack(">HHHBBHH", question)
            self.questions += 1
            registers = bytearray(2 * 0x10000)
            for place, value in self.VALUES.items():
                struct.pack_into(">f", registers, 2 * place, value)
            body = bytes([unit, function, 2 * count]) + registers[2 * address : 2 * (address + count)]
            link.sendall(struct.pack(">HHH", transaction, 0, len(body)) + body)


def pid(charger):
    """Of hardware-io itself, which a reader of logs may have as its child."""
    process = charger.processes["hardware-io"].pid
    while children := pathlib.Path(f"/proc/{process}/task/{process}/children").read_text().split():
        process = int(children[0])
    return process


def spent(process):
    """Nanoseconds on a CPU, and voluntary waits, of all its threads."""
    nanoseconds = waits = 0
    for task in pathlib.Path(f"/proc/{process}/task").iterdir():
        nanoseconds += int((task / "schedstat").read_text().split()[0])
        status = (task / "status").read_text()
        waits += int(status.split("voluntary_ctxt_switches:")[1].split()[0])
    return nanoseconds, waits


def over(process, seconds):
    # What a start brings along is not idling.
    time.sleep(5)
    before = spent(process)
    time.sleep(seconds)
    after = spent(process)
    return (after[0] - before[0]) / seconds, (after[1] - before[1]) / seconds


def openings(charger, board, rounds):
    """Of each: nanoseconds from the first reading that the pilot has left C, from the one that confirmed it, and from the change itself, to the ioctl."""
    found = []
    board.show("B")
    charger.ctl("wait", "ocpp.connector.1", "status=Preparing")
    charger.ctl("sim", "swipe", "04A1B2C3")
    for _ in range(rounds):
        count = len(board.orders())
        board.show("C")
        if board.wait_order(1, count + 1) is None:
            break
        charger.ctl("wait", "hardware.connector.1", "contactor=closed")
        changed = time.monotonic_ns()
        board.show("B")
        order = board.wait_order(0, count + 2)
        if order is None:
            break
        found.append((order[1] - order[2], order[1] - order[3], order[1] - changed))
    return found


def percentiles(values):
    ordered = sorted(values)
    return f"p50 {words(ordered[len(ordered) // 2])}, p99 {words(ordered[(len(ordered) * 99 - 1) // 100])}, worst {words(ordered[-1])}"


def preloaded(charger, board):
    charger.environment = charger.environment | {
        "LD_PRELOAD": str(board.library), "BOARD_SYSTEM": str(board.folder), "BOARD_LOG": str(board.log),
    }
    return charger


def with_board(binaries, configuration, port=None, **options):
    charger = Charger(binaries, configuration, change=real_parts(port), **options)
    (charger.path / "meters").symlink_to(HERE.parents[2] / "deploy/config/meters")
    (charger.path / "board").mkdir()
    board = Board(charger.path / "board")
    return preloaded(charger, board), board


def measure_openings(binaries, configuration, rounds):
    for name, options in [("quiet", {}), ("log stalled, bus flooded", {"stalled": True})]:
        charger, board = with_board(binaries, configuration, **options)
        with charger:
            neighbours = subscribe_much(charger) + read_nothing(charger) if options else []
            found = openings(charger, board, rounds)
            for process in neighbours:
                process.communicate()
        print(f"  {name}: {len(found)} openings of {rounds}", flush=True)
        if found:
            for index, what in enumerate(["first reading that it has left C", "reading that confirms it", "change of the voltage"]):
                print(f"    {what + ' to the ioctl':<56} {percentiles([each[index] for each in found])}", flush=True)


def measure_idle(binaries, configuration, seconds):
    charger, _ = with_board(binaries, configuration)
    with charger:
        quiet, waits = over(pid(charger), seconds)
    print(f"  {'wake-ups of all threads of hardware-io, pilot sampled':<58} {waits:.1f} per s; aim 5 per s")
    print(f"  {'CPU of hardware-io':<58} {quiet * 60 / 1e9:.3f} s/min")
    meter = Meter()
    charger, _ = with_board(binaries, configuration, meter.port)
    with charger:
        before = meter.questions
        busy, _ = over(pid(charger), seconds)
        asked = (meter.questions - before) / seconds
    print(f"  {'CPU for a meter that is read once a second':<58} {max(busy - quiet, 0) / 1000:.0f} µs per s, {asked:.1f} questions per s")


def main(binaries, configuration, quick):
    title("Real drivers: idle")
    try:
        measure_idle(binaries, configuration, 5 if quick else 20)
        title("Real drivers: the pilot leaves C; aim: 20 ms worst from the driver's reading")
        # 60 closings within an hour are what a contactor may have.
        measure_openings(binaries, configuration, 8 if quick else 50)
    except FileNotFoundError as problem:
        print(f"  not measured: {problem}")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], "--quick" in sys.argv[3:])
