"""An OpenEVSE controller on the other end of a pseudo-terminal, with a heartbeat of its own: when the host falls silent, it opens.

After the firmware's own description of its protocol (rapi_proc.h), but for falling back to nothing, which is what `fallbackAmps` 0 asks for.
"""

import functools
import operator
import os
import pathlib
import pty
import select
import threading
import time
import tty


def line(words, sequence=None):
    text = "$" + " ".join(words) + (f" :{sequence}" if sequence else "")
    return f"{text}^{functools.reduce(operator.xor, text.encode()):02X}\r".encode()


class Controller:
    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.commands = []
        self.mode = "enabled"  # as at power-on, without locks
        self.vehicle = 1  # 1 A, 2 B, 3 C
        self.amps = 16
        self.closed = False
        self.opened_at = None
        self.closings = 0
        self._interval, self._fallback, self._pulse, self._fell_back = 0, 0, 0.0, False
        self._master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        self.path.symlink_to(os.ttyname(self._slave))
        self._running = True
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._running = False
        self._thread.join(5)
        os.close(self._master)
        os.close(self._slave)

    def _run(self):
        waiting = b""
        while self._running:
            if select.select([self._master], [], [], 0.02)[0]:
                waiting += os.read(self._master, 4096)
                *lines, waiting = waiting.split(b"\r")
                for text in lines:
                    self._take(text.decode(errors="replace"))
            self._pass()

    def _pass(self):
        """Its own time: the heartbeat, and the relay that follows the EV."""
        if self._interval and time.monotonic() - self._pulse > self._interval:
            self._fell_back = True
        limit = self._fallback if self._fell_back else self.amps
        closed = self.vehicle == 3 and self.mode == "enabled" and limit >= 6
        if closed and not self.closed:
            self.closings += 1
        if self.closed and not closed:
            self.opened_at = time.monotonic()
        self.closed = closed

    def _take(self, text):
        body, _, check = text[text.find("$"):].partition("^")
        if not check or int(check, 16) != functools.reduce(operator.xor, body.encode()):
            return
        words = body[1:].split()
        sequence = words.pop()[1:] if words[-1].startswith(":") else None
        self.commands.append(" ".join(words))
        answer = self._answer(words)
        self._pass()
        os.write(self._master, line(answer, sequence))

    def _answer(self, words):
        if words[0] in ("FS", "FD", "FE"):
            self.mode = {"FS": "sleeping", "FD": "disabled", "FE": "enabled"}[words[0]]
            return ["OK"]
        if words[0] == "GE":
            return ["OK", str(self.amps), "0121"]
        if words[0] == "GV":
            return ["OK", "8.2.1", "5.2.1"]
        if words[0] == "GS":
            state = {"sleeping": 0xFE, "disabled": 0xFF}.get(self.mode, self.vehicle)
            flags = 0x200 | (0x40 if self.closed else 0) | (0x100 if self.vehicle > 1 else 0)
            return ["OK", f"{state:x}", "0", f"{self.vehicle:x}", f"{flags:04x}"]
        if words[0] == "SC":
            self.amps = int(words[1])
            return ["OK", words[1]]
        if words[0] == "SY":
            if len(words) == 3:
                self._interval, self._fallback, self._fell_back = int(words[1]), int(words[2]), False
            elif len(words) == 2:
                self._fell_back = False
            elif self._fell_back:
                return ["NK", str(self._interval), str(self._fallback), "2"]
            self._pulse = time.monotonic()
            return ["OK", str(self._interval), str(self._fallback), "0"]
        return ["NK"]
