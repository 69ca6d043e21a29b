"""Several askers at SOCKET, each of whose requests is as large as one may be, and a list of nothing but short numbers."""

import json
import select
import sys
import time

import zmtp

ASKERS = 10
LARGEST = 256 * 1024

path = sys.argv[1]
body = b"[" + b"1," * ((LARGEST - 3) // 2) + b"1]"


def request(number):
    now = time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000
    header = {"v": 1, "kind": "request", "type": "hardware.sim", "id": f"q{number}", "source": "chargectl", "sentAt": 0}
    header |= {"uptime": now, "expiresAt": now + 5000}
    return zmtp.message([b"request.hardware.sim", json.dumps(header).encode(), body])


connections = [zmtp.connect(path) for _ in range(ASKERS)]
for connection in connections:
    zmtp.greet(connection, b"DEALER")
print("ready", flush=True)
number = 0
unsent = {}
while True:
    ready, writable, _ = select.select([*connections, sys.stdin], connections, [])
    if sys.stdin in ready:
        break
    for connection in ready:
        connection.recv(65536)
    for connection in writable:
        if connection not in unsent:
            number += 1
            unsent[connection] = memoryview(request(number))
        connection.setblocking(False)
        try:
            unsent[connection] = unsent[connection][connection.send(unsent[connection]) :]
        except BlockingIOError:
            pass
        connection.setblocking(True)
        if not unsent[connection]:
            del unsent[connection]
print(f"asked {number}", flush=True)
