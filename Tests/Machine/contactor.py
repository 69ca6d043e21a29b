#!/usr/bin/python3
"""Runs in the machine: a contactor between two simulated lines. Its mirror contact follows its coil after 30 ms, as long as the chip is there.

usage: contactor.py COIL_VALUE CONTACT_PULL      files of gpio-sim
"""

import sys
import time

coil, contact = sys.argv[1:3]
closed = None
print("ready", flush=True)
while True:
    try:
        with open(coil) as value:
            wanted = value.read().strip() == "1"
        if wanted != closed:
            time.sleep(0.03)
            with open(contact, "w") as pull:
                pull.write("pull-up" if wanted else "pull-down")
            closed = wanted
    except OSError:
        closed = None
    time.sleep(0.005)
