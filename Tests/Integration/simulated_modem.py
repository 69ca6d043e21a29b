"""The simulated modem as a program, and what listens to modems on a Debian: ModemManager on a bus of its own."""

import contextlib
import json
import os
import pathlib
import select
import shutil
import signal
import socket
import subprocess
import textwrap
import threading
import time

from stack import BINARIES, PATIENCE


def wait_for(what, condition, patience=PATIENCE):
    """The first true value of `condition`, asked until it has one."""
    deadline = time.monotonic() + patience
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"{what} did not happen within {patience} s"
        time.sleep(0.05)


class SimulatedModem:
    """A modem whose ports are `at` and `data` in a directory."""

    def __init__(self, directory):
        self.at = pathlib.Path(directory) / "at"
        self.data = pathlib.Path(directory) / "data"
        self.control = pathlib.Path(directory) / "modem-control"

    def __enter__(self):
        program = BINARIES / "modem-simulator"
        self.process = subprocess.Popen([program, "--control", self.control, self.at, self.data])
        wait_for("the start of the modem", lambda: self.control.exists() and self.at.exists() and self.data.exists())
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(PATIENCE)

    def order(self, text):
        with socket.socket(socket.AF_UNIX) as link:
            link.settimeout(PATIENCE)
            link.connect(str(self.control))
            link.sendall(text.encode() + b"\n")
            return link.makefile().readline().rstrip("\n")

    def set(self, key, value):
        assert self.order(f"set {key} {value}") == "ok"

    @property
    def state(self):
        return dict(pair.split("=") for pair in self.order("state").split())

    @property
    def commands(self):
        return self.order("commands").split("\t")

    @property
    def pins(self):
        return [attempt.split(":")[1] for attempt in self.order("pins").split("\t") if attempt]

    def wait_registered(self):
        wait_for("registration", lambda: self.state["registration"] in ("1", "5"))


class Relay:
    """Gives a port to programs that want it as an abstract socket of Linux, as ModemManager's test interface does."""

    def __init__(self, name, port):
        self.name, self.port = name, port
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind("\0abstract:" + name)  # The prefix is part of the name.
        self.listener.listen()
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        with contextlib.suppress(OSError):
            while True:
                link, _ = self.listener.accept()
                port = os.open(self.port, os.O_RDWR | os.O_NOCTTY)
                with link, contextlib.suppress(OSError):
                    self.pump(link, port)
                os.close(port)

    @staticmethod
    def pump(link, port):
        while True:
            readable, _, _ = select.select([link, port], [], [])
            if port in readable:
                link.sendall(os.read(port, 4096))
            if link in readable:
                data = link.recv(4096)
                if not data:
                    return
                os.write(port, data)

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


MODEM_MANAGER = ["dbus-daemon", "ModemManager", "mmcli", "gdbus"]


def missing(programs):
    """The first of the programs that this machine lacks."""
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    return next((program for program in programs if not shutil.which(program, path=path)), None)


class ModemManager:
    """Debian's ModemManager on a message bus of its own, given one port by its test interface (no udev)."""

    def __init__(self, directory, modem):
        self.directory = pathlib.Path(directory)
        self.modem = modem
        self.environment = dict(
            os.environ,
            PATH=os.environ.get("PATH", "") + ":/usr/sbin:/sbin",
            DBUS_SESSION_BUS_ADDRESS=f"unix:path={self.directory / 'bus'}",
        )

    def __enter__(self):
        self.relay = Relay(f"modem-{os.getpid()}", self.modem.at)
        self.log = open(self.directory / "modem-manager.log", "w")
        self.processes = []
        self.start("dbus-daemon", "--session", "--nofork", "--nopidfile", f"--address=unix:path={self.directory / 'bus'}")
        wait_for("the bus", (self.directory / "bus").exists)
        self.start_service()
        return self

    def start_service(self):
        self.start(
            "ModemManager", "--test-session", "--test-enable", "--test-no-udev", "--test-no-suspend-resume", "--test-no-qrtr",
            "--no-auto-scan", "--debug",
        )
        wait_for("ModemManager", self.give_port)

    def kill_service(self):
        service = self.processes.pop()
        service.kill()
        service.wait()

    def wrapper(self):
        """An mmcli that speaks with this ModemManager, for programs that know nothing of a bus of its own."""
        path = self.directory / "mmcli"
        address = self.environment["DBUS_SESSION_BUS_ADDRESS"]
        path.write_text(f"#!/bin/sh\nDBUS_SESSION_BUS_ADDRESS={address} exec mmcli --test-session \"$@\"\n")
        path.chmod(0o755)
        return path

    def start(self, *command):
        self.processes.append(
            subprocess.Popen(command, env=self.environment, stdout=self.log, stderr=subprocess.STDOUT)
        )

    def give_port(self):
        name, path = "org.freedesktop.ModemManager1", "/org/freedesktop/ModemManager1"
        ports = json.dumps([f"abstract:{self.relay.name}"])
        answer = self.run("gdbus", "call", "--session", "-d", name, "-o", path, "-m", f"{name}.Test.SetProfile", "t", "generic", ports)
        return answer.returncode == 0

    def run(self, *command):
        return subprocess.run(
            command, env=self.environment, capture_output=True, text=True, timeout=PATIENCE * 4
        )

    def mmcli(self, *arguments):
        return self.run("mmcli", "--test-session", *arguments)

    def document(self, *arguments):
        answer = self.mmcli(*arguments, "-J")
        return json.loads(answer.stdout) if answer.returncode == 0 and answer.stdout else None

    def wait_modem(self, state=None):
        def found():
            document = self.document("-m", "0")
            if not document:
                return None
            modem = document["modem"]
            return modem if state is None or modem["generic"]["state"] == state else None

        return wait_for(f"a modem in ModemManager ({state})", found, PATIENCE * 2)

    def __exit__(self, *_):
        for process in reversed(self.processes):
            process.terminate()
        for process in reversed(self.processes):
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.relay.close()
        self.log.close()


class Dialler:
    """A pppd that dials by its connect script, where it is given one to go by, and stays; each of its lives is a line of JSON in a log."""

    def __init__(self, directory, dials=True):
        self.path, self.log = directory / "pppd", directory / "pppd.log"
        self.path.write_text(
            textwrap.dedent(
                f"""\
                #!/usr/bin/env python3
                import json, os, signal, subprocess, sys, termios
                signal.signal(signal.SIGTERM, lambda *_: sys.exit(5))
                signal.signal(signal.SIGUSR1, lambda *_: sys.exit(16))
                arguments, status = sys.argv[1:], 0
                if {dials}:
                    with open(arguments[0], "r+b", buffering=0) as port:
                        # As pppd does: what is left of the call before is no answer.
                        termios.tcflush(port, termios.TCIFLUSH)
                        script = arguments[arguments.index("connect") + 1]
                        status = subprocess.run(["/bin/sh", "-c", script], stdin=port, stdout=port, stderr=subprocess.DEVNULL).returncode
                with open({str(self.log)!r}, "a") as log:
                    log.write(json.dumps({{"pid": os.getpid(), "arguments": arguments, "connect": status}}) + "\\n")
                if status:
                    sys.exit(8)
                while True:
                    signal.pause()
                """
            )
        )
        self.path.chmod(0o755)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for life in self.lives:
            try:
                os.kill(life["pid"], signal.SIGKILL)
            except ProcessLookupError:
                pass

    @property
    def lives(self):
        return [json.loads(line) for line in self.log.read_text().splitlines()] if self.log.exists() else []

    def wait(self, count):
        """So many calls that were connected; one that was dialled just before the modem lost its power does not count."""

        def connected():
            lives = [life for life in self.lives if life["connect"] == 0]
            return len(lives) >= count and lives

        return wait_for(f"call {count}", connected)

    def hang_up(self):
        os.kill(self.lives[-1]["pid"], signal.SIGUSR1)
