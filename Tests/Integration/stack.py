"""The real programs under test: one charger in a temporary directory, driven as a technician drives it."""

import collections
import contextlib
import json
import os
import pathlib
import queue
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

BINARIES = pathlib.Path(os.environ.get("CHARGER_BINARIES", ".build/debug")).resolve()
SERVICES = ["config-store", "hardware-io", "modem-manager", "ocpp-gateway"]
PATIENCE = 30.0  # seconds until a wait gives up; nothing in the tests waits for a time to pass


def configuration(url, identity="CP1", connectors=1, cable="fixed", readers=1, ocpp=None, **changes):
    """A charger.json for simulated hardware."""
    socket_lock = {"driver": "simulated"} if cable == "socket" else None
    document = {
        "station": {"chargePointVendor": "Vendor", "chargePointModel": "Wallbox", "chargePointSerialNumber": "S-1"},
        "centralSystem": {"url": url, "identity": identity, "callTimeoutSeconds": 10, "reconnectMaximumSeconds": 2},
        "allowSimulation": True,
        "simulation": {"energyTimeScale": 60},
        "connectors": [
            {
                "id": number,
                "cable": cable,
                "maximumCurrentAmps": 32,
                "phases": 3,
                "contactorRestSeconds": 1,
                "pilot": {"driver": "simulated"},
                "contactor": {"driver": "simulated"},
                "meter": {"driver": "simulated"},
                **({"lock": socket_lock} if socket_lock else {}),
            }
            for number in range(1, connectors + 1)
        ],
        "readers": [
            {
                "id": number,
                "driver": "simulated",
                "connectors": [number] if readers == connectors else list(range(1, connectors + 1)),
            }
            for number in range(1, readers + 1)
        ],
        "uplinks": [{"name": "lan", "driver": "simulated"}],
        "ocpp": {"MeterValueSampleInterval": 1, "WebSocketPingInterval": 5, **(ocpp or {})},
    }
    document.update(changes)
    return document


class Stack:
    """Up to four services over one runtime directory."""

    def __init__(self, document):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="charger-"))
        self.runtime = self.root / "run"
        self.runtime.mkdir()
        self.config = self.root / "charger.json"
        self.configure(document)
        # A program that runs the others, with its arguments.
        self.wrapper = []
        self.processes = {}
        self.taps = []

    def configure(self, document):
        self.config.write_text(document if isinstance(document, str) else json.dumps(document))

    def state_directory(self, service):
        return self.root / "state" / service

    def arguments(self, service):
        self.state_directory(service).mkdir(parents=True, exist_ok=True)
        return [
            str(BINARIES / service),
            "--runtime-dir", str(self.runtime),
            "--state-dir", str(self.state_directory(service)),
            "--config", str(self.config),
        ]

    def log(self, service):
        path = self.root / f"{service}.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def launch(self, service, notify=None):
        """Starts a service without waiting for it."""
        environment = {k: v for k, v in os.environ.items() if k not in ("NOTIFY_SOCKET", "JOURNAL_STREAM")}
        if notify:
            environment["NOTIFY_SOCKET"] = notify
        with open(self.root / f"{service}.log", "ab") as log:
            process = subprocess.Popen(
                [*self.wrapper, *self.arguments(service)], env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        self.processes[service] = process
        return process

    def start(self, *services):
        """Starts services (all without arguments) in that order, each once the one before is ready."""
        for service in services or SERVICES:
            path = self.root / f"{service}.notify"
            path.unlink(missing_ok=True)
            with contextlib.closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as notify:
                notify.bind(str(path))
                notify.settimeout(PATIENCE)
                process = self.launch(service, str(path))
                lines = []
                while "READY=1" not in lines:
                    try:
                        lines = notify.recv(4096).decode().split("\n")
                    except TimeoutError:
                        raise AssertionError(
                            f"{service} is not ready (exit status {process.poll()}):\n{self.log(service)}"
                        ) from None
        return self

    def kill(self, *services, sig=signal.SIGKILL):
        """Ends services by the ids of the processes started here; returns their exit statuses."""
        for service in services or list(self.processes):
            self.processes[service].send_signal(sig)
        return {service: self.processes.pop(service).wait(PATIENCE) for service in services or list(self.processes)}

    def ctl(self, *arguments, status=0):
        """Runs chargectl; returns what it printed, decoded where --json was asked for."""
        result = subprocess.run(
            [*self.wrapper, str(BINARIES / "chargectl"), "--runtime-dir", str(self.runtime), *arguments],
            capture_output=True, text=True, timeout=PATIENCE, stdin=subprocess.DEVNULL,
        )
        assert status is None or result.returncode == status, (
            f"chargectl {' '.join(arguments)}: exit status {result.returncode}\n{result.stdout}{result.stderr}"
        )
        return json.loads(result.stdout) if "--json" in arguments else result.stdout + result.stderr

    def sim(self, *arguments):
        return self.ctl("sim", *arguments)

    def tap(self, *arguments):
        """A tap that is connected to every running service (to one of them when it filters)."""
        tap = Tap(self, arguments)
        self.taps.append(tap)
        if arguments:
            tap.wait(lambda m: True)
        else:
            for service in self.processes:
                tap.wait(lambda m: m["topic"] == f"service.announce.{service}")
        return tap

    def close(self):
        for tap in self.taps:
            tap.close()
        for process in self.processes.values():
            process.kill()
            process.wait()
        shutil.rmtree(self.root)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for service in SERVICES:  # pytest shows it with a failure
            print(f"--- {service}\n{self.log(service)}")
        self.close()


class Tap:
    """`chargectl tap --json`, with waits for what it prints."""

    def __init__(self, stack, arguments):
        self.process = subprocess.Popen(
            [*stack.wrapper, str(BINARIES / "chargectl"), "--runtime-dir", str(stack.runtime), "tap", "--json", *arguments],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL,
        )
        self.messages = []
        self.lines = queue.Queue()
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            self.lines.put(json.loads(line))

    def wait(self, predicate, since=0):
        """The first message from index `since` on that fits; waits for it."""
        for message in self.messages[since:]:
            if predicate(message):
                return message
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                message = self.lines.get(timeout=max(deadline - time.monotonic(), 0.001))
            except queue.Empty:
                recent = "\n".join(json.dumps(m) for m in self.messages[-20:])
                raise AssertionError(f"the tap never showed it; last messages:\n{recent}") from None
            self.messages.append(message)
            if predicate(message):
                return message

    def wait_connector(self, connector=1, since=0, **facts):
        """Waits until `hardware.connector` shows all the facts; the contactor's state, for example."""
        return self.wait(
            lambda m: m["topic"] == f"hardware.connector.{connector}"
            and all(m["payload"].get(key) == value for key, value in facts.items()),
            since,
        )

    def wait_status(self, status, connector=1, since=0):
        return self.wait(
            lambda m: m["topic"] == f"ocpp.connector.{connector}" and m["payload"]["status"] == status, since
        )

    def close(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
        self.process.wait()
        self.reader.join(PATIENCE)
        self.process.stdout.close()
        self.process.stderr.close()


def count_by(messages, key):
    return collections.Counter(key(message) for message in messages)
