"""kill -9 at random moments of plugging, starting and stopping: bookings stay whole, energy flows only where it is permitted.

CHARGER_KILL_ROUNDS and CHARGER_KILL_SEED make it longer and different.
"""

import os
import queue
import random
import subprocess
import time

from stack import BINARIES, PATIENCE, SERVICES, Stack, configuration

SEED = int(os.environ.get("CHARGER_KILL_SEED", "16"))
ROUNDS = int(os.environ.get("CHARGER_KILL_ROUNDS", "6"))
CARDS = ["04A1B2C3", "04A1B2C4", "04A1B2C5"]


def pass_by(tap, count):
    """Lets so many messages pass on the bus, or a second of silence."""
    for _ in range(count):
        try:
            tap.messages.append(tap.lines.get(timeout=1))
        except queue.Empty:
            return


def try_sim(stack, *arguments):
    """Starts a chargectl sim …, which may fail because the service that it talks to is being killed."""
    return subprocess.Popen(
        [str(BINARIES / "chargectl"), "--runtime-dir", str(stack.runtime), "--timeout", "3", "sim", *arguments],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
    )


def sim_until_done(stack, *arguments):
    deadline = time.monotonic() + PATIENCE
    while try_sim(stack, *arguments).wait(PATIENCE) != 0:
        assert time.monotonic() < deadline, f"sim {arguments} never succeeds"


def register(stack):
    # A hardware-io that was just started looks at its meter twice before it says anything.
    stack.ctl("wait", "--timeout", "10", "hardware.meter.1", "valid=true")
    return int(stack.ctl("state", "hardware.meter.1", "--value", "energyWh"))


def test_kills_at_any_moment_lose_no_transaction_and_no_energy(csms):
    # A card presented to a charger without a car is forgotten soon.
    with Stack(configuration(csms.url, ocpp={"ConnectionTimeOut": 2})) as stack:
        play(stack, csms, random.Random(SEED))


def play(stack, csms, chance):
    stack.start()
    csms.wait_status("Available")
    tap = stack.tap()
    first = register(stack)
    history = []
    for round_number in range(ROUNDS):
        card = chance.choice(CARDS)
        steps = [("plug",), ("swipe", card), None, None, chance.choice([("unplug",), ("swipe", card)])]
        for step in steps:
            action = try_sim(stack, *step) if step else None
            passed = chance.randrange(12 if step else 40)
            victims = chance.sample(SERVICES, chance.choice([0, 0, 0, 1, 1, 4]))
            pass_by(tap, passed)
            history.append((round_number, step, passed, victims))
            if victims:
                stack.kill(*victims)
                pass_by(tap, chance.randrange(6))
                stack.start(*chance.sample(victims, len(victims)))
            if action:
                action.wait(PATIENCE)
        sim_until_done(stack, "unplug")
        stack.ctl("wait", "hardware.connector.1", "pilot=A", "contactor=open", "--timeout", "30")
        stack.ctl("wait", "ocpp.connector.1", "status=Available", "--timeout", "30")
    print("history (pytest shows it with a failure)", *history, sep="\n")
    stack.ctl("wait", "ocpp.queue", "undelivered=0", "deadLetters=0", "--timeout", "30")

    # Every start once, and its stop once, in the order in which they happened.
    reports = [(a, p) for a, p in csms.calls() if a in ("StartTransaction", "StopTransaction")]
    distinct = [report for index, report in enumerate(reports) if report not in reports[:index]]
    assert [a for a, _ in distinct] == ["StartTransaction", "StopTransaction"] * (len(distinct) // 2), distinct
    course = [p["meterStart"] if a == "StartTransaction" else p["meterStop"] for a, p in distinct]
    assert course == sorted(course) and first <= course[0], course
    times = [p["timestamp"] for _, p in distinct]
    assert times == sorted(times), times
    # Energy flows in transactions only, and all of it is in one.
    print("transactions", len(course) // 2, "reports", len(reports), "registers", course)
    billed = sum(course[1::2]) - sum(course[0::2])
    assert billed == register(stack) - first, (course, first, register(stack))

    pass_by(tap, 1)
    while not tap.lines.empty():
        tap.messages.append(tap.lines.get())
    for message in tap.messages:
        state = message["payload"]
        if message["topic"] == "hardware.connector.1" and not state.get("permit"):
            # Nothing closes; what is closed opens as soon as the EV, which is offered nothing, has stopped drawing.
            assert state["contactor"] != "closing" and state["offeredMilliamps"] == 0, message
