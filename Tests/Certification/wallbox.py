"""The charge point of this repository: the real programs over simulated devices, moved with `chargectl sim`."""

import pathlib
import sys
import threading
import time

from charge_point import ChargePoint

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "Integration"))
from stack import Stack, configuration  # noqa: E402

AS_NEW = 5.5  # seconds: the same card counts as new three seconds after it left, and five after it ended a session
FAULTS = {
    "ground fault": ["fault", "GroundFailure"],
    "welded contactor": ["fault", "PowerSwitchFailure"],
    "contactor that does not close": ["fault", "PowerSwitchFailure"],
    "silent meter": ["fault", "PowerMeterFailure"],
    "jumping meter": ["meter", "set", "500000000"],
    "pilot error": ["fault", "EVCommunicationError"],
    "over-temperature": ["fault", "HighTemperature"],
    "over-current": ["fault", "OverCurrentFailure"],
    "reader failure": ["fault", "ReaderFailure"],
    "lock failure": ["fault", "ConnectorLockFailure"],
    "jammed lock": ["lock", "jam"],
}


class Wallbox(ChargePoint):
    def __init__(self, form):
        super().__init__(form)
        self.stack = None
        self.presented = {}

    def start(self, url, settings):
        document = configuration(
            url,
            connectors=self.form.connectors,
            cable="socket" if self.form.detachable_cable else "fixed",
            readers=self.form.readers,
            ocpp=settings,
        )
        document["ocpp"] = dict(settings)
        document["centralSystem"] |= {"reconnectMaximumSeconds": 1}
        self.stack = Stack(document)
        self.stack.start()

    def close(self):
        if self.stack:
            self.stack.close()

    def log(self):
        return {service: self.stack.log(service) for service in ("ocpp-gateway", "hardware-io")} if self.stack else {}

    def plug(self, connector=1, ready=True):
        self.sim("plug", "--ready", "on" if ready else "off", connector=connector)

    def unplug(self, connector=1):
        self.sim("unplug", connector=connector)

    def unplug_at_car(self, connector=1):
        self.sim("unplug", connector=connector)

    def present(self, card, reader=1):
        since = time.monotonic() - self.presented.get((card, reader), 0)
        if since < AS_NEW:
            threading.Event().wait(AS_NEW - since)
        self.stack.sim("swipe", card, "--reader", str(reader))
        self.presented[(card, reader)] = time.monotonic()

    def cut_link(self):
        self.stack.sim("link", "cut")

    def mend_link(self):
        self.stack.sim("link", "mend")

    def cut_power(self):
        self.stack.sim("power-cut")
        for process in self.stack.processes.values():
            process.wait(10)
        self.stack.processes.clear()

    def restore_power(self):
        self.stack.start()

    def break_part(self, fault, connector=1):
        self.sim(*FAULTS[fault], connector=connector)

    def mend_part(self, fault, connector=1):
        words = FAULTS[fault]
        if words[0] == "lock":
            self.sim("lock", "free", connector=connector)
        elif words[0] == "meter":
            self.sim("clear", "PowerMeterFailure", connector=connector)
        else:
            self.sim("clear", words[1], connector=connector)

    def sim(self, *words, connector):
        self.stack.sim(*words, "--connector", str(connector))
