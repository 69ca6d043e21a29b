#!/usr/bin/python3
"""Runs in the machine: a card reader that is a keyboard, made with uinput. Each line of standard input is typed, with Enter behind it; it is gone with its
process.
"""

import fcntl
import os
import struct
import sys
import time

KEYS = {**{str(digit): code for digit, code in zip([1, 2, 3, 4, 5, 6, 7, 8, 9, 0], range(2, 12))}, "\n": 28}
KEYS.update(zip("QWERTYUIOP", range(16, 26)))
KEYS.update(zip("ASDFGHJKL", range(30, 39)))
KEYS.update(zip("ZXCVBNM", range(44, 51)))
SHIFT = 42
SET_EVENT, SET_KEY, SETUP, CREATE = 0x40045564, 0x40045565, 0x405C5503, 0x5501

device = os.open("/dev/uinput", os.O_WRONLY)
fcntl.ioctl(device, SET_EVENT, 1)
for code in [*KEYS.values(), SHIFT]:
    fcntl.ioctl(device, SET_KEY, code)
fcntl.ioctl(device, SETUP, struct.pack("HHHH80sI", 3, 0x1234, 0x5678, 1, b"card reader", 0))
fcntl.ioctl(device, CREATE)
print("ready", flush=True)


def event(kind, code, value):
    os.write(device, struct.pack("qqHHi", 0, 0, kind, code, value))


def press(code, down):
    """As fast as a keyboard on USB is asked for its keys; the kernel has room for 64 events of those who come late."""
    event(1, code, down)
    event(0, 0, 0)
    time.sleep(0.008)


for line in sys.stdin:
    for character in line.rstrip("\n") + "\n":
        if character.isalpha():
            press(SHIFT, 1)
        press(KEYS[character.upper()], 1)
        press(KEYS[character.upper()], 0)
        if character.isalpha():
            press(SHIFT, 0)
    print("typed", flush=True)
