"""A PN532 on the other end of a pseudo-terminal: the chip's side of HSU (NXP UM0701-02), with a card field that tests reach into.

Ours, so that it is judged first by drivers that others wrote (`test_readers.py`): libnfc and the one of Adafruit take it for a chip.
"""

import os
import pathlib
import pty
import select
import threading
import time
import tty

ACK = bytes.fromhex("0000ff00ff00")
NACK = bytes.fromhex("0000ffff0000")
SYNTAX_ERROR = bytes.fromhex("0000ff01ff7f8100")


def frame(data):
    length = len(data)
    return b"\x00\x00\xff" + bytes([length, -length & 0xFF]) + data + bytes([-sum(data) & 0xFF, 0])


class PN532:
    """`path` is a link that stays the same while the terminals behind it come and go, as `/dev/serial/by-id` does."""

    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.commands = []  # the data of each command, without D4
        self.uid = None
        self.ats = b""
        self.mute = False
        self.damaged = 0  # so many answers leave with a wrong checksum
        self.field = False
        self._retries = 0xFF  # of a scan: FF is endless
        self._scan = None  # the scan that waits for a card
        self._awake = False
        self._last = b""
        self._buffer = b""
        self._lock = threading.RLock()
        self._master = self._slave = None
        self._wake, self._woken = os.pipe()
        self._running = True
        self.plug()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._running = False
        os.write(self._woken, b"x")
        self._thread.join(5)
        self.unplug()
        os.close(self._wake)
        os.close(self._woken)

    # The world around it.

    def plug(self):
        with self._lock:
            self._master, self._slave = pty.openpty()
            tty.setraw(self._slave)
            os.set_blocking(self._master, False)
            self._awake, self._retries, self._scan, self._buffer, self.field = False, 0xFF, None, b"", False
            self.path.unlink(missing_ok=True)
            self.path.symlink_to(os.ttyname(self._slave))
            os.close(self._slave)
            self._slave = None
        os.write(self._woken, b"x")

    def unplug(self):
        with self._lock:
            self.path.unlink(missing_ok=True)
            if self._master is not None:
                os.close(self._master)
                self._master = None

    def place(self, uid, ats=b""):
        """A card comes into the field: 4, 7 or 10 bytes in hexadecimal digits."""
        with self._lock:
            self.uid, self.ats = bytes.fromhex(uid), ats
            if self._scan is not None:
                self._scan = None
                self._answer(self._target())

    def remove(self):
        with self._lock:
            self.uid = None

    def send(self, data):
        """Bytes that nobody asked for."""
        with self._lock:
            if self._master is not None:
                os.write(self._master, data)

    # The chip.

    def _run(self):
        while self._running:
            with self._lock:
                master = self._master
            readable, _, _ = select.select([self._wake] + ([] if master is None else [master]), [], [], 0.5)
            if self._wake in readable:
                os.read(self._wake, 4096)
            if master is None or master not in readable:
                continue
            with self._lock:
                if master != self._master:
                    continue
                try:
                    data = os.read(master, 4096)
                except BlockingIOError:
                    continue
                except OSError:  # nobody has the other end open: it says so until somebody has
                    data = b""
                if data:
                    self._take(data)
            if not data:
                time.sleep(0.02)

    def _take(self, data):
        if self.mute:
            return
        if not self._awake:
            if b"\x55" not in data:
                return
            self._awake = True
        self._buffer += data
        while True:
            start = self._buffer.find(b"\x00\xff")
            if start < 0:
                self._buffer = self._buffer[-1:] if self._buffer.endswith(b"\x00") else b""
                return
            rest = self._buffer[start + 2:]
            if len(rest) < 2:
                return
            if rest[:2] == b"\x00\xff":
                self._buffer = rest[2:]
                self._scan = None  # an acknowledgement aborts what runs
                continue
            if rest[:2] == b"\xff\x00":
                self._buffer = rest[2:]
                self.send(self._last)
                continue
            length = rest[0]
            if (length + rest[1]) & 0xFF:
                self._buffer = rest
                continue
            if len(rest) < length + 3:
                return
            body, check = rest[2:length + 2], rest[length + 2]
            self._buffer = rest[length + 3:]
            if (sum(body) + check) & 0xFF or body[:1] != b"\xd4":
                continue
            self._scan = None
            self.commands.append(body[1:])
            self.send(ACK)
            self._run_command(body[1], body[2:])

    def _run_command(self, command, parameters):
        if command == 0x00 and parameters[:1] == b"\x00":
            self._answer(b"\x01" + parameters)
        elif command == 0x02:
            self._answer(bytes.fromhex("0332010607"))
        elif command == 0x06:
            self._answer(b"\x07" + bytes(len(parameters) // 2))
        elif command in (0x08, 0x12, 0x14):
            self._answer(bytes([command + 1]))
        elif command == 0x32:
            if parameters[:1] == b"\x05":
                self._retries = parameters[3]
            if parameters[:1] == b"\x01":
                self.field = bool(parameters[1] & 1)
            self._answer(b"\x33")
        elif command in (0x44, 0x52):
            self._answer(bytes([command + 1, 0]))
        elif command == 0x16:
            self._answer(b"\x17\x00")
            self._awake = False
        elif command == 0x4A:
            self.field = True
            if parameters[1] != 0 or (self.uid is None and self._retries != 0xFF):
                self._answer(b"\x4b\x00")
            elif self.uid is None:
                self._scan = parameters
            else:
                self._answer(self._target())
        else:
            self.send(SYNTAX_ERROR)

    def _target(self):
        sens, sel = (b"\x00\x04", b"\x08") if len(self.uid) == 4 else (b"\x00\x44", b"\x00")
        if self.ats:
            sens, sel = b"\x03\x44", b"\x20"
        return b"\x4b\x01\x01" + sens + sel + bytes([len(self.uid)]) + self.uid + self.ats

    def _answer(self, data):
        self._last = frame(b"\xd5" + data)
        if self.damaged:
            self.damaged -= 1
            self.send(self._last[:-2] + bytes([self._last[-2] ^ 0x55, 0]))
        else:
            self.send(self._last)


def wait_until(condition, patience=30.0):
    end = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.01)

