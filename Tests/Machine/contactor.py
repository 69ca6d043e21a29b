#!/usr/bin/python3
"""Runs in the machine: a contactor between simulated lines. What shows where it is follows its coil after 30 ms, as long as the chip is there.

usage: contactor.py FOLDER COIL CONTACT…     the chip's folder in configfs, a line of it for the coil, and one for each contact or sensor
"""

import sys
import time

folder, coil, *contacts = sys.argv[1:]


def text(path):
    with open(path) as file:
        return file.read().strip()


def line(offset):
    """A chip that was away may come back under another number."""
    return f"/sys/devices/platform/{text(f'{folder}/dev_name')}/{text(f'{folder}/bank0/chip_name')}/sim_gpio{offset}"


closed = None
print("ready", flush=True)
while True:
    try:
        wanted = text(f"{line(coil)}/value") == "1"
        if wanted != closed:
            time.sleep(0.03)
            for contact in contacts:
                with open(f"{line(contact)}/pull", "w") as pull:
                    pull.write("pull-up" if wanted else "pull-down")
            closed = wanted
    except OSError:
        closed = None
    time.sleep(0.005)
