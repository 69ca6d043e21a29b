"""Any charge point, with a person in front of it who is told what to do. Run it with `--jobs 1 --port PORT --real-time`."""

import sys

from charge_point import ChargePoint


class Prompted(ChargePoint):
    def start(self, url, settings):
        keys = "".join(f", {key} = {value}" for key, value in settings.items())
        self.tell(f"Bring it to its state of delivery{keys}, pointed at {url}, and switch it on")

    def close(self):
        self.tell("The case is over: unplug, repair, switch off")

    def plug(self, connector=1, ready=True):
        self.tell(f"Connect {'an EV that asks for energy' if ready else 'an EV that does not ask for energy'} to connector {connector}")

    def unplug(self, connector=1):
        self.tell(f"Pull the cable of connector {connector} at the EV, and at the charge point where it can be pulled")

    def unplug_at_car(self, connector=1):
        self.tell(f"Pull the cable of connector {connector} at the EV only")

    def present(self, card, reader=1):
        self.tell(f"Present the card {card} at reader {reader}")

    def cut_link(self):
        self.tell("Cut the network")

    def mend_link(self):
        self.tell("Mend the network")

    def cut_power(self):
        self.tell("Cut the mains")

    def restore_power(self):
        self.tell("Switch the mains on again")

    def break_part(self, fault, connector=1):
        self.tell(f"Provoke: {fault}, at connector {connector}")

    def mend_part(self, fault, connector=1):
        self.tell(f"Repair: {fault}, at connector {connector}")

    def tell(self, what):
        print(f"→ {what}. Press Enter when it is done.", flush=True)
        if not sys.stdin.readline():
            raise AssertionError("nobody is there to do it")
