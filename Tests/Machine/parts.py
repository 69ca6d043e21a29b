#!/usr/bin/python3
"""Runs in the machine: the parts of a wallbox behind its lines and converters, and the car. One line of standard input is one order, answered by `done`:

    car A|B|C                 who is at the pilot
    plug OHMS|none            the resistor in the plug of the socket
    pulse COUNT MS            pulses of the S0 output, so many milliseconds apart
    stick PART|none           a part that stays as it is: contactor, lock, s0

What it says by itself: `flows` and `rests`, when current begins or ends to flow through the contactor.

usage: parts.py SIGNALS LOCKS BUS       folders of two chips in configfs, number of the I2C bus

Lines of SIGNALS: 0 coil, 1 mirror contact, 2 S0. Lines of LOCKS: 0 lock, 1 unlock, 2 bolt. Converters at 0x48 (positive half-wave), 0x49 (negative one),
0x4a (proximity contact); the pilot follows the PWM of the chip at 0x40 while somebody has it in use.
"""

import ctypes
import fcntl
import glob
import os
import select
import sys
import time

signals, locks, bus = sys.argv[1:4]
POSITIVE, NEGATIVE, PROXIMITY = 0x48, 0x49, 0x4A
# What a car makes of +12 V behind 1 kOhm (IEC 61851-1 table A.2).
LEVELS = {"A": 12_000, "B": 9000, "C": 6000}


class Converters:
    """Registers of i2c-stub, written as the chips would: word 0 is the newest conversion, most significant byte first."""

    class Transfer(ctypes.Structure):
        _fields_ = [("write", ctypes.c_uint8), ("command", ctypes.c_uint8), ("size", ctypes.c_uint32), ("data", ctypes.c_void_p)]

    def __init__(self, number):
        self.file = os.open(f"/dev/i2c-{number}", os.O_RDWR)
        self.shown = {}

    def show(self, address, millivolts):
        """12 bits over ±2.048 V."""
        if self.shown.get(address) == millivolts:
            return
        self.shown[address] = millivolts
        word = max(-2048, min(millivolts, 2047)) << 4 & 0xFFFF
        data = ctypes.c_uint16(word >> 8 | (word & 0xFF) << 8)
        fcntl.ioctl(self.file, 0x0706, address)  # I2C_SLAVE_FORCE: the driver of the converter has it
        fcntl.ioctl(self.file, 0x0720, self.Transfer(0, 0, 3, ctypes.addressof(data)))  # I2C_SMBUS, a word


def text(path):
    with open(path) as file:
        return file.read().strip()


def line(chip, offset):
    """A chip that was away may come back under another number."""
    return f"/sys/devices/platform/{text(f'{chip}/dev_name')}/{text(f'{chip}/bank0/chip_name')}/sim_gpio{offset}"


def level(chip, offset):
    return text(f"{line(chip, offset)}/value") == "1"


def pull(chip, offset, up):
    with open(f"{line(chip, offset)}/pull", "w") as file:
        file.write("pull-up" if up else "pull-down")


class Parts:
    def __init__(self):
        self.converters = Converters(bus)
        self.car, self.plug, self.stuck = "A", None, None
        self.closed = self.locked = self.flows = None

    def order(self, words):
        if words[0] == "car":
            self.car = words[1]
        elif words[0] == "plug":
            self.plug = None if words[1] == "none" else int(words[1])
        elif words[0] == "stick":
            self.stuck = None if words[1] == "none" else words[1]
        elif words[0] == "pulse" and self.stuck != "s0":
            for _ in range(int(words[1])):
                for up in (True, False):
                    pull(signals, 2, up)
                    self.settle(int(words[2]) / 2000)
        print("done", flush=True)

    def settle(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.step()
            time.sleep(0.004)

    def step(self):
        for part in (self.contactor, self.lock, self.pilot, self.proximity):
            try:
                part()
            except OSError:
                pass  # its chip is away, or nobody has it in use

    def contactor(self):
        wanted = level(signals, 0)
        if wanted != self.closed and self.stuck != "contactor":
            pull(signals, 1, wanted)
            self.closed = wanted

        flows = bool(self.closed) and self.car == "C"
        if flows != self.flows:
            print("flows" if flows else "rests", flush=True)
            self.flows = flows

    def lock(self):
        forth, back = level(locks, 0), level(locks, 1)
        if forth != back and self.locked != forth and self.stuck != "lock":
            pull(locks, 2, forth)
            self.locked = forth

    def pilot(self):
        high = low = 0
        for chip in glob.glob("/sys/class/pwm/pwmchip*/device/pwm/pwmchip*/pwm0"):
            if text(f"{chip}/enable") == "1":
                duty = int(text(f"{chip}/duty_cycle")) / int(text(f"{chip}/period"))
                high = LEVELS[self.car] if duty > 0 else -12_000
                low = -12_000 if duty < 1 else high
        # The divider of the board: 13 mV at the pilot for each at the converter, from -13 V on.
        self.converters.show(POSITIVE, (high + 13_000) // 13)
        self.converters.show(NEGATIVE, (low + 13_000) // 13)

    def proximity(self):
        """1 kOhm up to 2 V."""
        self.converters.show(PROXIMITY, 2000 if self.plug is None else 2000 * self.plug // (self.plug + 1000))


def main():
    parts = Parts()
    parts.step()
    print("ready", flush=True)
    waiting = b""
    while True:
        if select.select([0], [], [], 0.004)[0]:
            waiting += os.read(0, 4096)
            *orders, waiting = waiting.split(b"\n")
            for order in orders:
                parts.order(order.decode().split())
        parts.step()


main()
