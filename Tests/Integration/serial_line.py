"""An RS-485 line of pseudo-terminals: the charger at one end, several devices at the other, and a bad cable between them."""

import heapq
import os
import pathlib
import random
import select
import subprocess
import sys
import threading
import time
import tty

FAULTS = ["silence", "checksum", "cut", "late", "noise", "exception"]


def crc(data):
    """Modbus over Serial Line V1.02 §6.2.2, written down anew, so that a mistake of ours is not made twice."""
    value = 0xFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = (value >> 1) ^ 0xA001 if value & 1 else value >> 1
    return bytes([value & 0xFF, value >> 8])


class SerialLine:
    """What the charger sends goes to every device; what a device sends goes to the charger, with faults in `percent` of a hundred frames."""

    def __init__(self, path, seed=1):
        self.path = pathlib.Path(path)
        self.random = random.Random(seed)
        self.percent = 0
        self.counts = {}
        self.devices = []
        self.processes = []
        self.late = []
        self.ended = False
        self.plug()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def plug(self):
        """The charger's end is there, as a name that leads to the port of the moment."""
        self.charger, slave = os.openpty()
        tty.setraw(slave)
        self.slave = slave
        new = self.path.with_suffix(".new")
        new.symlink_to(os.ttyname(slave))
        new.rename(self.path)

    def unplug(self):
        """The charger's end is gone: what had it open reads an error, and the name leads nowhere."""
        self.path.unlink()
        charger, self.charger = self.charger, None
        os.close(self.slave)
        os.close(charger)

    def attach(self, kind, unit):
        master, slave = os.openpty()
        tty.setraw(slave)
        self.devices.append(master)
        program = pathlib.Path(__file__).parent / "modbus_slaves.py"
        process = subprocess.Popen([sys.executable, str(program), kind, os.ttyname(slave), str(unit)])
        self.processes.append((process, slave))
        return process

    def run(self):
        heard = {}
        while not self.ended:
            now = time.monotonic()
            while self.late and self.late[0][0] <= now:
                self.give(heapq.heappop(self.late)[1])
            ends = [end for end in [self.charger, *self.devices] if end is not None]
            try:
                ready = select.select(ends, [], [], 0.004)[0]
            except (OSError, ValueError):
                continue
            for end in ready:
                try:
                    data = os.read(end, 4096)
                except OSError:
                    continue
                if end == self.charger:
                    for device in self.devices:
                        os.write(device, data)
                else:
                    heard[end] = (heard.get(end, (b"", 0))[0] + data, now)
            # A device has said all it has to say when it is silent for a while.
            for end, (frame, at) in list(heard.items()):
                if now - at > 0.012:
                    del heard[end]
                    self.carry(frame)

    def give(self, data):
        try:
            if self.charger is not None:
                os.write(self.charger, data)
        except OSError:
            pass

    def carry(self, frame):
        fault = self.random.choice(FAULTS) if self.random.randrange(100) < self.percent else "none"
        self.counts[fault] = self.counts.get(fault, 0) + 1
        place = self.random.randrange(len(frame))
        if fault == "none":
            self.give(frame)
        elif fault == "checksum":
            self.give(frame[:place] + bytes([frame[place] ^ self.random.randrange(1, 256)]) + frame[place + 1:])
        elif fault == "cut":
            self.give(frame[:place])
        elif fault == "late":
            heapq.heappush(self.late, (time.monotonic() + self.random.uniform(0.4, 0.95), frame))
        elif fault == "noise":
            self.give(frame[:3] + bytes(self.random.randrange(256) for _ in range(place)))
            self.give(frame)
        elif fault == "exception":
            refusal = bytes([frame[0], frame[1] | 0x80, self.random.choice([2, 4, 6])])
            self.give(refusal + crc(refusal))

    def close(self):
        for process, slave in self.processes:
            process.kill()
            process.wait()
            os.close(slave)
        self.ended = True
        self.thread.join()
        for end in [self.charger, *self.devices]:
            if end is not None:
                os.close(end)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
