"""Prints the longest turn of each daemon under each flood, and how long a contactor takes to open: `turns.py BINARIES CONFIGURATION`.

Every flood meets four fresh services pinned to one CPU. The figures are those that the services publish in `service.health`: the longest
turn since the start, and in parentheses how much of it the service worked; in the rest it waited for the disk, or others had the CPU.
"""

import json
import subprocess
import sys
import time

from central import call, frame
from charger import HERE, SERVICES, Charger, Listener

LIMITS = {service: 50 for service in SERVICES} | {"hardware-io": 5}
# What the simulated board takes by itself: a second reading of the pilot after 10 ms, and a contactor that moves for 20 ms
# (SimulatedSensors.secondReading, SimulatedConnector.contactorDelay).
BOARD_MILLISECONDS = 30
# News of a service's health come at most every 10 s.
HEALTH_SECONDS = 11


def clean_board(document):
    """A second reading that comes late, or not at all, is the board's doing and not the service's."""
    document["simulation"] = document.get("simulation", {}) | {"noise": False}


def health(charger):
    """The newest health of each service, once there has been time to tell it."""
    time.sleep(HEALTH_SECONDS)
    found = {}
    for line in charger.ctl("state", "service.health", "--json").splitlines():
        message = json.loads(line)
        for entry in message if isinstance(message, list) else [message]:
            if entry["topic"].startswith("service.health."):
                found[entry["payload"]["service"]] = entry["payload"]
    return found


def neighbour(script, *arguments):
    process = subprocess.Popen(
        [sys.executable, str(HERE / script), *map(str, arguments)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    process.stdout.readline()
    return process


def subscribe_much(charger):
    return [neighbour("subscriptions.py", charger.socket(service), 1000, 60) for service in SERVICES]


def read_nothing(charger):
    return [neighbour("unread.py", charger.socket(service)) for service in SERVICES]


def ask_much(charger):
    return [neighbour("requests.py", charger.door(service)) for service in SERVICES]


def flood(charger, name):
    """Lets the flood come; returns the neighbours that are it."""
    central = charger.central
    if name == "1000 subscriptions":
        return subscribe_much(charger)
    if name == "lists of numbers":
        numbers = b'[2,"numbers","DataTransfer",[' + b"1," * 250_000 + b"1]]"
        central.send(frame(numbers) * 5 + frame(call("after")), "after")
        return ask_much(charger)
    if name == "texts of 1 MiB":
        text = json.dumps([2, "big", "DataTransfer", {"vendorId": "x", "data": "y" * (1 << 20)}]).encode()[: (1 << 20)]
        many = b'{"' + b'":1,"'.join(b"e\xcc\x81%07d" % number for number in range(60_000)) + b'":1}'
        keys = b'[2,"keys","DataTransfer",' + many + b"]"
        central.send((frame(text) + frame(keys)) * 5 + frame(call("after")), "after")
    if name == "4096 fragments":
        whole = call("pieces", "DataTransfer", {"vendorId": "x", "data": "y" * 60_000})
        size = len(whole) // 4096
        pieces = [whole[start : start + size] for start in range(0, size * 4095, size)] + [whole[size * 4095 :]]
        data = b"".join(frame(piece, 1 if index == 0 else 0, index == 4095) for index, piece in enumerate(pieces))
        central.send(data * 5 + frame(call("after")), "after")
    if name == "10 000 frames at once":
        central.send(b"".join(frame(call(f"c{number}")) for number in range(10_000)) + frame(call("after")), "after")
    if name == "log reader stalled":
        for number in range(500):
            request = call(f"s{number}", "ChangeConfiguration", {"key": "HeartbeatInterval", "value": str(300 + number % 2)})
            central.send(frame(request), f"s{number}")
    return []


def show(name, found):
    cells = []
    for service in SERVICES:
        state = found[service]
        longest, worked = state["longestTurnMicroseconds"] / 1000, state["longestTurnWorkedMicroseconds"] / 1000
        mark = "!" if longest > LIMITS[service] else " "
        cells.append(f"{longest:6.1f} ({worked:5.1f}){mark}")
    print(f"  {name:<24} " + " ".join(cells), flush=True)
    for service in SERVICES:
        if found[service]["longestTurnMicroseconds"] / 1000 > LIMITS[service]:
            print(f"    ! {service}: {found[service]['longestTurnReason']}", flush=True)


def reaction(charger, listener):
    """Milliseconds from the order to the simulated pilot to leave C until the opened contactor; None when either was not heard of."""

    def contactor(position, after=0):
        def wanted(topic, header, payload):
            if topic.startswith(b"hardware.") and payload.get("contactor") == position and header["uptime"] >= after:
                return header["uptime"]

        return wanted

    def order(after):
        def wanted(topic, header, _):
            if topic.startswith(b"request.") and header["uptime"] > after:
                return header["uptime"]

        return wanted

    try:
        charger.ctl("sim", "plug")
        charger.ctl("wait", "ocpp.connector.1", "status=Preparing")
        begun = time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000
        charger.ctl("sim", "swipe", "04A1B2C3")
        closed = listener.until(contactor("closed", after=begun))
        if closed is None:
            return None
        charger.ctl("sim", "unplug")
        asked = listener.until(order(after=closed))
        opened = listener.until(contactor("open", after=asked)) if asked is not None else None
        return opened - asked if opened is not None else None
    finally:
        charger.ctl("sim", "unplug")
        charger.ctl("wait", "ocpp.connector.1", "status=Available")


def reactions(charger, rounds):
    listener = Listener(charger.socket("hardware-io"), [b"hardware.connector.1", b"request.hardware.sim"])
    # The first finds out that it is connected.
    listener.until(lambda *_: True)
    found = [reaction(charger, listener) for _ in range(rounds)]
    listener.close()
    return sorted(each for each in found if each is not None)


def main(binaries, configuration):
    print("  target: 5 ms for hardware-io, 50 ms for the others; '!' is above it")
    print(f"  {'milliseconds (worked)':<24} " + " ".join(f"{service:<15}" for service in SERVICES))
    plan = [
        ("none", {}), ("log reader stalled", {"stalled": True}), ("100 000 records", {"records": 100_000}), ("texts of 1 MiB", {}),
        ("lists of numbers", {}),
        ("4096 fragments", {}), ("10 000 frames at once", {}), ("1000 subscriptions", {}),
    ]
    for name, options in plan:
        with Charger(binaries, configuration, **options) as charger:
            neighbours = flood(charger, name)
            show(name, health(charger))
            for process in neighbours:
                process.communicate()
    title = "From the driver's reading that the pilot has left C to the order to open, log stalled and bus flooded"
    print(f"\n{title} (what the simulated board takes left out)", flush=True)
    with Charger(binaries, configuration, stalled=True, change=clean_board) as charger:
        neighbours = subscribe_much(charger) + read_nothing(charger)
        found = reactions(charger, 5)
        found = [each - BOARD_MILLISECONDS for each in found]
        figures = f"median {found[len(found) // 2]} ms, worst {found[-1]} ms" if found else "not measured"
        print(f"  {len(found)} openings of 5 heard of: {figures}; target 20 ms")
        for process in neighbours:
            process.communicate()


if __name__ == "__main__":
    main(*sys.argv[1:])
