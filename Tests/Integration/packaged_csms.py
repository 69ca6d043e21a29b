"""A central system that is nobody's test: the PyPI package `ocpp-csms` as it comes, on `aiohttp`."""

import json
import pathlib
import subprocess
import sys
import threading
import types

import pytest

from csms import Conversation
from schemas import violations
from stack import PATIENCE

PROCESS = pathlib.Path(__file__).parent / "packaged_central_system.py"

# For tests with the fixtures of conftest.py: two central systems of different origin, plain and through TLS.
CENTRAL_SYSTEMS = ["ws", "wss", "ocpp-csms ws", "ocpp-csms wss"]
every_central_system = pytest.mark.parametrize("central", CENTRAL_SYSTEMS, indirect=True)


class PackagedCSMS(Conversation):
    """`ocpp-csms` as a process of its own (packaged_central_system.py)."""

    def __init__(self, certificate=None):
        super().__init__()
        self.scheme = "wss://localhost" if certificate else "ws://127.0.0.1"
        self.options = ["--certificate", certificate.chain, "--key", certificate.key] if certificate else []
        self.answers = []
        self.port = 0
        self.listen()

    @property
    def url(self):
        return f"{self.scheme}:{self.port}/ocpp"

    @property
    def last_transaction(self):
        return self.transactions()[-1]

    def listen(self):
        """Starts the process, on the same port as before if there was one."""
        self.process = subprocess.Popen(
            [sys.executable, PROCESS, "--port", str(self.port), *self.options],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        line = self.process.stdout.readline()
        assert line, "ocpp-csms does not start"
        self.port = json.loads(line)["port"]
        self.reader = threading.Thread(target=self.read, args=[self.process.stdout], daemon=True)
        self.reader.start()

    def read(self, lines):
        for text in lines:
            if not text.endswith("\n"):  # It was killed in the middle of it.
                return
            line = json.loads(text)
            if "frame" in line:
                self.note(line["direction"], line["frame"])
                continue
            with self.news:
                if "event" in line:
                    self.connections += line["event"] == "ConnectedEvent"
                else:
                    self.answers.append(line)
                self.news.notify_all()

    def vanish(self):
        """Kills the process, which says goodbye to nobody."""
        self.process.kill()
        self.close()

    def close(self):
        self.process.stdin.close()
        self.process.wait(PATIENCE)
        self.reader.join(PATIENCE)
        self.process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        self.print()
        self.close()
        assert kind or not (wrong := violations(self.frames)), wrong

    def request(self, action, identity="CP1", **payload):
        """Sends a CALL to the charge point and returns its confirmation."""
        with self.news:
            count, since = len(self.answers), len(self.frames)
            self.process.stdin.write(json.dumps({"identity": identity, "action": action, "payload": payload}) + "\n")
            self.process.stdin.flush()
            assert self.news.wait_for(lambda: len(self.answers) > count, PATIENCE), f"no answer to {action}"
            line = self.answers[count]
            # It gives an answer up when the connection ends while it still validates it, as after that to a Reset.
            answer = line.get("answer") or self.answer_on_the_wire(action, since)
        assert answer, line
        return types.SimpleNamespace(**answer)

    def answer_on_the_wire(self, action, since):
        """The payload of the CALLRESULT to the CALL of that action, if it came."""
        asked = [f[1] for d, f in self.frames[since:] if d == "sent" and f[0] == 2 and f[2] == action]
        return next((f[2] for d, f in self.frames[since:] if d == "received" and f[0] == 3 and f[1] in asked), None)
