"""Prints how fast a charging session, a start and an end are, and what grows with what: `sessions.py BINARIES CONFIGURATION [--quick]`.

The services and the central system, a thread of this program, share the first CPU; the thread that watches the bus does not have to,
lest it wait for those that it watches. What the central system takes to read a message and to answer it is in the figures where it must
answer. Asserts nothing. Takes at most 90 s, with `--quick` 25 s.
"""

import collections
import os
import pathlib
import signal
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "Floods"))

from central import CentralSystem  # noqa: E402
from charger import Charger, Listener  # noqa: E402
from restarts import measure_encrypted, measure_ends, measure_flush, measure_plain, measure_queue  # noqa: E402
from rounds import Clock, NotHeard, figure, heard, own_libraries, pss, title  # noqa: E402

# Connectors that take turns, so that no contactor has to rest between two sessions.
CONNECTORS = 4


def connectors(count):
    """A change of the configuration: so many connectors, each with a reader of its own."""

    def change(document):
        connector, reader = document["connectors"][0], document["readers"][0]
        numbers = range(1, count + 1)
        document["connectors"] = [connector | {"id": number, "contactorRestSeconds": 1} for number in numbers]
        document["readers"] = [reader | {"id": number, "connectors": [number]} for number in numbers]

    return change


def status(central, connector, wanted, since):
    """Waits for the StatusNotification."""
    fits = lambda payload: payload["connectorId"] == connector and payload["status"] == wanted  # noqa: E731
    return heard(central.wait("StatusNotification", since, fits), f"StatusNotification {wanted}")


def plug(charger, connector):
    begun = time.monotonic_ns()
    charger.ctl("sim", "plug", "--connector", str(connector))
    status(charger.central, connector, "Preparing", begun)


def unplug(charger, connector):
    begun = time.monotonic_ns()
    charger.ctl("sim", "unplug", "--connector", str(connector))
    status(charger.central, connector, "Available", begun)


def watch(charger):
    """A subscriber at hardware-io that is connected: states come at once, and the events behind them."""
    listener = Listener(charger.socket("hardware-io"), [b"hardware.card", b"hardware.connector", b"request.hardware.permit"])
    listener.until(lambda *_: True, seconds=5)
    return listener


def permit(listener, granted, since):
    """When the gateway's order to allow energy, or to end it, was on the bus; what was sent before the uptime `since` does not count.
    None when it was not in time."""

    def wanted(topic, header, payload):
        if topic == b"request.hardware.permit" and payload["granted"] == granted and header["uptime"] >= since:
            return listener.arrived

    return listener.until(wanted, seconds=5)


def uptime():
    """Milliseconds, as headers on the bus have it."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000


def present_card(charger, listener, number, found):
    """One session by card; Authorize is answered from here."""
    connector, card = number % CONNECTORS + 1, f"04A1{number:04X}"
    slept = time.clock_gettime_ns(time.CLOCK_BOOTTIME) - time.monotonic_ns()
    plug(charger, connector)
    begun = time.monotonic_ns()
    swipe = charger.begin_ctl("sim", "swipe", card, "--reader", str(connector))
    try:
        presented = listener.until(
            lambda topic, header, payload: header["uptime"] if topic == b"hardware.card" and payload["idTag"] == card else None, seconds=5
        )
        authorize = heard(charger.central.wait("Authorize", begun, lambda payload: payload["idTag"] == card), "Authorize")
        asked = uptime()
        sent = charger.central.confirm(authorize.message)
        permitted = permit(listener, True, asked)
    finally:
        swipe.communicate()
    # By the sender's clock, because it cannot come late. It is in whole milliseconds, so that this is the most that it can have been.
    found["authorize"].append(authorize.at + slept - heard(presented, "hardware.card") * 1_000_000)
    found["permit"].append(heard(permitted, "request.hardware.permit") - sent)
    found["start"].append(heard(charger.central.wait("StartTransaction", sent), "StartTransaction").at - sent)
    unplug(charger, connector)


def measure_cards(clock, charger):
    found, why = collections.defaultdict(list), None
    listener = watch(charger)
    charger.central.silent = {"Authorize"}
    try:
        # Not counted: it waits for what a new state has left to write.
        present_card(charger, listener, 0, collections.defaultdict(list))
        for number in clock.rounds(20, 5, seconds=10):
            present_card(charger, listener, number + 1, found)
    except NotHeard as problem:
        why = problem
    charger.central.silent = set()
    listener.close()
    figure("hardware.card on the bus to Authorize.req (at most; start in whole ms)", found["authorize"], why, aim="2 ms")
    figure("Authorize.conf to hardware.permit on the bus", found["permit"], why, aim="2 ms")
    figure("Authorize.conf to StartTransaction.req", found["start"], why)


def remote(charger, listener, request, payload, follows, found):
    """Sends RemoteStartTransaction or RemoteStopTransaction, and notes when its answer, its effect and its CALL come."""
    central, starts = charger.central, request == "RemoteStartTransaction"
    # Of at most 36 characters (OCPP-J 1.6 §4.1.4).
    identifier = str(time.monotonic_ns())
    asked = uptime()
    sent = central.call(identifier, request, payload)
    permitted, answer = permit(listener, starts, asked), heard(central.answer(identifier), f"{request}.conf")
    if answer.message[2] != {"status": "Accepted"}:
        raise NotHeard(f"{request} was answered {answer.message[2:]}")
    found[request, ".conf"].append(answer.at - sent)
    found[request, "permit"].append(heard(permitted, "request.hardware.permit") - sent)
    found[request, follows].append(heard(central.wait(follows, sent), follows).at - sent)
    return sent


def remote_session(charger, listener, number, found):
    """One session that the central system begins and ends."""
    connector = number % CONNECTORS + 1
    plug(charger, connector)
    start = {"connectorId": connector, "idTag": f"REMOTE{number}"}
    sent = remote(charger, listener, "RemoteStartTransaction", start, "StartTransaction", found)
    # Only energy that flows has to be cut.
    status(charger.central, connector, "Charging", sent)
    remote(charger, listener, "RemoteStopTransaction", {"transactionId": 1}, "StopTransaction", found)
    unplug(charger, connector)


def measure_remote(clock, charger, asks, first):
    found, why = collections.defaultdict(list), None
    listener = watch(charger)
    try:
        change = {"key": "AuthorizeRemoteTxRequests", "value": "true" if asks else "false"}
        charger.central.call(f"asks-{asks}", "ChangeConfiguration", change)
        heard(charger.central.answer(f"asks-{asks}"), "ChangeConfiguration.conf")
        for number in clock.rounds(20, 3, seconds=12):
            remote_session(charger, listener, first + number, found)
    except NotHeard as problem:
        why = problem
    listener.close()
    print(f"  with AuthorizeRemoteTxRequests {'true (the default)' if asks else 'false'}")
    for request, follows in (("RemoteStartTransaction", "StartTransaction"), ("RemoteStopTransaction", "StopTransaction")):
        figure(f"  {request}.req to .conf", found[request, ".conf"], why)
        figure(f"  {request}.req to hardware.permit on the bus", found[request, "permit"], why)
        figure(f"  {request}.req to {follows}.req", found[request, follows], why)


def measure_connectors(clock, binaries, configuration, options):
    for count in (1, 8, 32):
        name = f"{count} connector{'s' if count > 1 else ''}"
        if not clock.left():
            figure(name, [])
            continue
        with Charger(binaries, configuration, change=connectors(count), central=CentralSystem(cpu=0), **options) as charger:
            heard_of = charger.central.wait("StatusNotification", 0, lambda payload: payload["connectorId"] == count)
            latencies = charger.central.latencies(clock.count(1000, 200), seconds=5) if heard_of else []
            memory = ", ".join(f"{service} {pss(charger, service)} KiB" for service in ("ocpp-gateway", "hardware-io"))
            figure(f"{name}: GetConfiguration", latencies, None if latencies else "not accepted by the central system")
            print(f"  {'  PSS':<66} {memory}", flush=True)


def measure_floor(clock, binaries, configuration, options):
    """What the disk takes for the least that is durable."""
    found = []
    with tempfile.TemporaryFile(dir=options["libraries"], buffering=0) as file:
        for _ in clock.rounds(200, 50, seconds=2):
            file.write(bytes(4096))
            begun = time.monotonic_ns()
            os.fdatasync(file.fileno())
            found.append(time.monotonic_ns() - begun)
    figure("fdatasync of 4 KiB appended, in the file system of the states", found)


def measure_sessions(clock, binaries, configuration, options):
    with Charger(binaries, configuration, change=connectors(CONNECTORS), central=CentralSystem(cpu=0), **options) as charger:
        measure_cards(clock, charger)
        measure_remote(clock, charger, True, 0)
        measure_remote(clock, charger, False, 1000)


PLAN = [
    ("The floor", [measure_floor]),
    ("A session (StopTransaction.req waits 500 ms for a contactor without mirror contact, and 300 ms for the meter)", [measure_sessions]),
    ("The connection alone, the central system's part of it included", [measure_plain, measure_encrypted]),
    ("After an absence, and at the end", [measure_flush, measure_ends]),
    ("What grows (PSS with copies of the libraries that nobody else maps)", [measure_connectors, measure_queue]),
]


def main(binaries, configuration, pace=""):
    # An end that is asked for is an exit, so that the services end too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory(prefix="charger-libraries.") as folder:
        own_libraries(binaries, folder)
        clock, options = Clock(quick=pace == "--quick"), {"libraries": folder, "patience": 10}
        for heading, parts in PLAN:
            title(heading)
            for part in parts:
                if clock.left():
                    part(clock, binaries, configuration, options)
                else:
                    figure(part.__name__.removeprefix("measure_"), [])


main(*sys.argv[1:])
