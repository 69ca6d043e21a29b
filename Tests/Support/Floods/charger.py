"""Four services with their central system, and a subscriber that keeps up."""

import json
import os
import pathlib
import re
import signal
import struct
import subprocess
import sys
import tempfile
import time

import zmtp
from central import CentralSystem
from journals import one_transaction, write_journal

HERE = pathlib.Path(__file__).resolve().parent
SERVICES = ["ocpp-gateway", "hardware-io", "modem-manager", "config-store"]


class Charger:
    """Four fresh services and their central system, to be used in a `with`."""

    def __init__(self, binaries, configuration, stalled=False, records=0, change=None, central=None, libraries=None, patience=60):
        self.folder = tempfile.TemporaryDirectory(prefix="charger-bench.")
        self.path = pathlib.Path(self.folder.name)
        self.binaries = binaries
        self.stalled = stalled
        self.patience = patience
        self.environment = os.environ | ({"LD_LIBRARY_PATH": str(libraries)} if libraries else {})
        self.central = central or CentralSystem()
        scheme = "wss" if self.central.encryption else "ws"
        text = pathlib.Path(configuration).read_text()
        document = json.loads(re.sub(r"ws://127\.0\.0\.1:\d+", f"{scheme}://127.0.0.1:{self.central.port}", text))
        if change:
            change(document)
        (self.path / "charger.json").write_text(json.dumps(document))
        (self.path / "run").mkdir()
        self.processes = {}
        for service in SERVICES:
            (self.path / service).mkdir()
        if records:
            write_journal(self.journal, one_transaction(records))

    @property
    def journal(self):
        return self.path / "ocpp-gateway" / "transactions.journal"

    def __enter__(self):
        try:
            for service in SERVICES:
                self.start(service)
            self.ctl("wait", "ocpp.connector.1", "status=Available", "--timeout", str(self.patience))
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for process in self.processes.values():
            process.send_signal(signal.SIGTERM)
        for process in self.processes.values():
            process.wait()
        self.folder.cleanup()

    def start(self, service):
        """Starts a service pinned to the first CPU; returns when, in nanoseconds of the monotonic clock."""
        command = [
            "taskset", "-c", "0", f"{self.binaries}/{service}", "--runtime-dir", str(self.path / "run"),
            "--state-dir", str(self.path / service), "--config", str(self.path / "charger.json"),
        ]
        if service == "hardware-io":
            # As its unit has it: what opens the contactor goes before everything else.
            command = ["nice", "-n", "-10", *command]
        if self.stalled:
            command = [sys.executable, str(HERE / "stalled.py"), *command]
        at = time.monotonic_ns()
        self.processes[service] = subprocess.Popen(
            command, stderr=subprocess.DEVNULL if not self.stalled else None, env=self.environment
        )
        return at

    def stop(self, service):
        """Asks a service to end; returns the nanoseconds until it was gone."""
        process = self.processes.pop(service)
        begun = time.monotonic_ns()
        process.send_signal(signal.SIGTERM)
        try:
            process.wait()
        except BaseException:
            # Whoever interrupts ends the others too.
            self.processes[service] = process
            raise
        return time.monotonic_ns() - begun

    def ctl(self, *arguments):
        return self.begin_ctl(*arguments).communicate()[0]

    def begin_ctl(self, *arguments):
        """Starts chargectl, and does not wait for it."""
        command = [f"{self.binaries}/chargectl", "--runtime-dir", str(self.path / "run"), *arguments]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)

    def socket(self, service):
        return str(self.path / "run" / f"{service}.pub")

    def door(self, service):
        """The socket at which `service` is asked."""
        return str(self.path / "run" / f"{service}.rpc")


class Listener:
    """A subscriber that keeps up, and comes again whenever it is cut off. States that it missed come again with their own times."""

    def __init__(self, path, topics):
        self.path = path
        self.topics = topics
        self.connection = None
        self.end = 0
        # When the first byte of the newest message was read, nanoseconds of the monotonic clock.
        self.arrived = 0

    def close(self):
        if self.connection:
            self.connection.close()
        self.connection = None

    def until(self, wanted, seconds=20):
        """What `wanted` makes of the first message of which it makes something; None when none comes in time."""
        self.end = time.monotonic() + seconds
        while time.monotonic() < self.end:
            try:
                if not self.connection:
                    self.connect()
                found = wanted(*self.message())
                if found is not None:
                    return found
            except OSError:
                self.close()
                time.sleep(0.05)
        return None

    def connect(self):
        self.connection = zmtp.connect(self.path)
        self.connection.settimeout(5)
        zmtp.greet(self.connection)
        for topic in self.topics:
            self.connection.sendall(zmtp.subscription(topic))

    def message(self):
        parts = []
        self.connection.settimeout(max(0.01, self.end - time.monotonic()))
        while True:
            flags = zmtp.read(self.connection, 1)[0]
            if not parts:
                self.arrived = time.monotonic_ns()
            length = struct.unpack(">Q", zmtp.read(self.connection, 8))[0] if flags & 2 else zmtp.read(self.connection, 1)[0]
            parts.append(zmtp.read(self.connection, length))
            if not flags & 1:
                return parts[0], json.loads(parts[1]), json.loads(parts[2])
