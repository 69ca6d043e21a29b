"""Runs PROGRAM with a standard error that is full from the beginning and that nobody reads. Its exit status is the program's."""

import os
import signal
import subprocess
import sys

reader, writer = os.pipe()
os.set_blocking(writer, False)
try:
    while True:
        os.write(writer, b"x" * 4096)
except BlockingIOError:
    pass
os.set_blocking(writer, True)
process = subprocess.Popen(sys.argv[1:], stderr=writer)
os.close(writer)
for number in (signal.SIGTERM, signal.SIGINT):
    signal.signal(number, lambda received, _: process.send_signal(received))
sys.exit(process.wait())
