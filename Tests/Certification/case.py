"""What a case is written with: the table of cases, and the laboratory that one case runs in."""

import dataclasses
import json
import statistics
import time
from typing import Callable

from central_system import CentralSystem, Conversation, Received, Refused  # noqa: F401 (Refused is for the cases)
from charge_point import ChargePoint, Form

PATIENCE = 30.0  # seconds until an expectation is given up
WALLBOX = Form()
DETACHABLE = Form(detachable_cable=True)
TWO_CONNECTORS = Form(connectors=2, readers=2)
SHARED_READER = Form(connectors=2, readers=1)


@dataclasses.dataclass(frozen=True)
class Known:
    """Why a case is known to fail, and the whole of what it then says, as a regular expression: another failure is a new one."""

    reason: str
    says: str


@dataclasses.dataclass
class Case:
    id: str
    title: str
    script: Callable
    form: Form
    applies: str
    known: Known | None
    settings: dict
    boots: bool

    @property
    def for_product(self):
        return self.applies == "applies"


CASES: list[Case] = []


def case(id, title, form=WALLBOX, applies="applies", known=None, settings=None, boots=True):
    """Registers a script as the case `id`.

    applies   "applies", or why it does not apply to the product; it runs all the same, on `form`.
    known     that it is known to fail. It is printed as such, and is an error as soon as it passes or fails otherwise.
    settings  keys that the maker sets in this run, because the product as delivered does not have them.
    boots     whether the charge point is switched on, accepted and Available before the script begins."""

    def register(script):
        assert all(other.id != id for other in CASES), f"{id} is there twice"
        CASES.append(Case(id, title, script, form, applies, known, settings or {}, boots))
        return script

    return register


class NotApplicable(Exception):
    """The charge point says itself, over OCPP, that it has not what the case is about."""


class Expected:
    """A CALL that is expected: its action, and the fields that matter, as values or as questions about the value."""

    def __init__(self, action, **fields):
        self.action, self.fields = action, fields

    def fits(self, received: Received):
        if received.action != self.action:
            return False
        for name, wanted in self.fields.items():
            found = received.get(name)
            if not (wanted(found) if callable(wanted) else found == wanted):
                return False
        return True

    def __repr__(self):
        fields = {name: "…" if callable(value) else value for name, value in self.fields.items()}
        return f"{self.action} {json.dumps(fields)}"


def boot(**fields):
    return Expected("BootNotification", **fields)


def heartbeat():
    return Expected("Heartbeat")


def status(value, connector=1, errorCode="NoError", **fields):
    return Expected("StatusNotification", connectorId=connector, status=value, errorCode=errorCode, **fields)


def authorize(card, **fields):
    return Expected("Authorize", idTag=card, **fields)


def start(card, connector=1, **fields):
    return Expected("StartTransaction", idTag=card, connectorId=connector, **fields)


def local(reason):
    """Local is the default of the field (OCPP 1.6 §6.49)."""
    return reason in (None, "Local")


def stop(transaction, reason=local, **fields):
    return Expected("StopTransaction", transactionId=transaction, reason=reason, **fields)


def meter_values(**fields):
    return Expected("MeterValues", **fields)


class Lab:
    """One case: a central system, a charge point, and the order in which messages are expected.

    Whatever comes and is neither expected nor background fails the case: certificates are lost on extra messages."""

    CARD, OTHER_CARD = "04A1B2C3", "04D4E5F6"

    def __init__(self, form: Form, new_charge_point: Callable[[Form], ChargePoint], real_time=False, port=0):
        self.conversation = Conversation()
        self.central_system = CentralSystem(self.conversation, port)
        self.charge_point = new_charge_point(form)
        self.form = form
        self.real_time = real_time
        self.background = {"Heartbeat", "MeterValues"}
        self.acted_at = None
        self.function_times = []
        self.evidence = {}

    def close(self):
        try:
            self.charge_point.close()
        finally:
            self.central_system.close()

    def seconds(self, real, scaled):
        """A time that the laboratory takes `real` seconds for, and the unattended run `scaled`."""
        return real if self.real_time else scaled

    # MARK: the operator

    def act(self, act, *arguments, **options):
        words = [act.replace("_", " "), *map(str, arguments), *(f"{name} {value}" for name, value in options.items())]
        self.conversation.note("operator", ", ".join(words))
        self.acted_at = time.monotonic()
        getattr(self.charge_point, act)(*arguments, **options)

    def plug(self, connector=1, ready=True):
        self.act("plug", connector, ready=ready)

    def unplug(self, connector=1):
        self.act("unplug", connector)

    def unplug_at_car(self, connector=1):
        self.act("unplug_at_car", connector)

    def present(self, card, reader=1):
        self.act("present", card, reader)
        self.acted_at = time.monotonic()  # it may have waited for the reader to forget the card

    def break_part(self, fault, connector=1):
        self.act("break_part", fault, connector)

    def mend_part(self, fault, connector=1):
        self.act("mend_part", fault, connector)

    def cut_link(self):
        self.act("cut_link")
        self.central_system.wait_connection(False)

    def mend_link(self):
        self.act("mend_link")
        self.acted_at = None  # how long a way back takes is not the charge point's alone

    def cut_power(self):
        self.act("cut_power")
        self.central_system.wait_connection(False)

    def restore_power(self):
        self.act("restore_power")
        self.acted_at = None  # the form leaves booting out

    # MARK: the central system

    def answer(self, action, reply):
        """How CALLs of an action are answered from now on: a payload, a `Refused`, a function of the payload received that gives one of
        these, or None for the usual."""
        if reply is None:
            self.central_system.answers.pop(action, None)
        else:
            self.central_system.answers[action] = reply if callable(reply) else lambda _: reply

    def verdict(self, **by_action):
        """What is said of every idTag: `Authorize="Blocked"`, or a whole idTagInfo."""
        for action, info in by_action.items():
            info = {"status": info} if isinstance(info, str) else info
            if action == "StartTransaction":
                self.answer(action, lambda _, info=info: {
                    "transactionId": self.central_system.new_transaction(), "idTagInfo": info,
                })
            else:
                self.answer(action, {"idTagInfo": info})

    def call(self, action, within=PATIENCE, **payload):
        result = self.central_system.call(action, within, **payload)
        self.acted_at = None
        return result

    def accepted(self, action, **payload):
        self.answered("Accepted", action, **payload)

    def answered(self, status, action, **payload):
        result = self.call(action, **payload)
        statuses = status if isinstance(status, tuple) else (status,)
        self.check(result["status"] in statuses, f"{action} was answered {result['status']}, expected {' or '.join(statuses)}")

    def set(self, **keys):
        for key, value in keys.items():
            self.accepted("ChangeConfiguration", key=key, value=str(value))

    def get(self, *keys):
        """GetConfiguration: the known keys by name, and the unknown ones."""
        result = self.call("GetConfiguration", **({"key": list(keys)} if keys else {}))
        return {entry["key"]: entry for entry in result.get("configurationKey", [])}, result.get("unknownKey", [])

    def need_key(self, key):
        known, _ = self.get(key)
        if key not in known:
            raise NotApplicable(f"the charge point has no key {key}, hence not what it switches")
        return known[key]

    @property
    def transaction(self):
        """The newest transactionId given."""
        return self.central_system.last_transaction

    # MARK: judging

    def check(self, holds, otherwise):
        if not holds:
            raise AssertionError(otherwise)

    @property
    def lateness(self):
        """Seconds by which a message may come late: in the laboratory nothing holds it up, in the unattended run a machine that is starved does."""
        return self.seconds(1, 10)

    def check_rhythm(self, times, wanted, what):
        """Messages that came at these times, `wanted` seconds apart, give or take a second. One that is held up makes a long gap and a short one, and
        leaves the median of several as it was."""
        gaps = [after - before for before, after in zip(times, times[1:])]
        usual = statistics.median(gaps)
        shown = ", ".join(f"{gap:.2f}" for gap in gaps)
        self.check(abs(usual - wanted) <= 1 and max(gaps) <= wanted + self.lateness, f"{what} {shown} s apart, expected {wanted}")

    def expect(self, *wanted, within=PATIENCE, optional=()):
        """Waits for these CALLs, in any order; `optional` ones may be among them. Returns what came, in the order of `wanted`."""
        acted_at, self.acted_at = self.acted_at, None
        found = [None] * len(wanted)
        deadline = time.monotonic() + within
        while None in found:
            received = self.next(deadline, [w for w, f in zip(wanted, found) if f is None])
            place = next((i for i, w in enumerate(wanted) if found[i] is None and w.fits(received)), None)
            if place is not None:
                found[place] = received
                if acted_at is not None:
                    self.function_times.append((received.action, received.at - acted_at))
                    acted_at = None
            elif not any(o.fits(received) for o in optional) and received.action not in self.background:
                missing = ", ".join(str(w) for w, f in zip(wanted, found) if f is None)
                raise AssertionError(f"{received} came while waiting for {missing}")
        return found[0] if len(found) == 1 else found

    def in_order(self, *wanted, within=PATIENCE, optional=()):
        """Waits for these CALLs, in this order."""
        return [self.expect(one, within=within, optional=optional) for one in wanted]

    def next(self, deadline, missing):
        system = self.central_system
        with system.news:
            come = lambda: system.next_unread < len(system.inbox)  # noqa: E731
            if not system.news.wait_for(come, max(deadline - time.monotonic(), 0)):
                raise AssertionError(f"it never came: {', '.join(map(str, missing))}")
            received = system.inbox[system.next_unread]
            system.next_unread += 1
        return received

    def silence(self, seconds, *allowed):
        """So long nothing comes but background, and what is allowed. Returns what came of the allowed."""
        deadline = time.monotonic() + seconds
        came = []
        system = self.central_system
        while True:
            with system.news:
                if not system.news.wait_for(
                    lambda: system.next_unread < len(system.inbox), max(deadline - time.monotonic(), 0)
                ):
                    self.acted_at = None
                    return came
                received = system.inbox[system.next_unread]
                system.next_unread += 1
            if any(one.fits(received) for one in allowed):
                came.append(received)
            elif received.action not in self.background:
                raise AssertionError(f"{received} came where nothing was to come")

    def received(self, action):
        """Every CALL of an action so far."""
        with self.central_system.news:
            return [received for received in self.central_system.inbox if received.action == action]

    def finish(self):
        """Nothing is left over, and no frame broke the protocol."""
        self.silence(0)
        self.check(not self.central_system.violations, "; ".join(self.central_system.violations))

    # MARK: what many cases begin with

    def switch_on(self, settings):
        self.conversation.note("operator", "switch on")
        self.charge_point.start(self.central_system.url, settings)

    def expect_idle(self, value="Available", connectors=None):
        """The statuses after a boot: of the charge point, and of each connector (OCPP 1.6 §4.2)."""
        self.expect(*(status(value, connector) for connector in range(self.form.connectors + 1)))

    def boot(self, settings):
        self.switch_on(settings)
        self.expect(boot())
        self.expect_idle()

    def charge(self, card=CARD, connector=1, reader=1):
        """A session by plug and card up to Charging; returns its StartTransaction."""
        self.plug(connector)
        self.expect(status("Preparing", connector))
        self.present(card, reader)
        self.expect(authorize(card))
        began, _ = self.expect(start(card, connector), status("Charging", connector))
        return began

    def wait_reconnect(self, connections):
        """Waits until the charge point has connected more often than that."""
        system = self.central_system
        with system.news:
            self.check(
                system.news.wait_for(lambda: system.connections > connections and system.connection, PATIENCE),
                "it did not connect again",
            )

    def now(self):
        """The wall clock that BootNotification.conf gave to the charge point."""
        return time.time()

    def pass_offline(self, seconds):
        """Lets time pass while there is no connection."""
        system = self.central_system
        with system.news:
            self.check(
                not system.news.wait_for(lambda: system.connection is not None, seconds), "it connected through a cut link"
            )
