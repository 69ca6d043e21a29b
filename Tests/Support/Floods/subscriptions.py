"""One subscriber of SOCKET that asks for COUNT different topics of BYTES bytes each, again after each time that it is cut off."""

import select
import sys

import zmtp

path, count, length = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
topics = b"".join(
    zmtp.subscription(b"%06d" % number + b"x" * max(0, length - 6)) for number in range(count)
)
cuts = 0
isReady = False
while True:
    try:
        connection = zmtp.subscriber(path)
        connection.sendall(topics)
        if not isReady:
            print("ready", flush=True)
            isReady = True
        while connection not in (ready := select.select([connection, sys.stdin], [], [])[0]) or connection.recv(65536):
            if sys.stdin in ready:
                print(f"cut {cuts}", flush=True)
                sys.exit(0)
    except OSError:
        pass
    cuts += 1
    if not isReady:
        print("ready", flush=True)
        isReady = True
    # As fast as a client of ours would come again.
    if select.select([sys.stdin], [], [], 0.05)[0]:
        print(f"cut {cuts}", flush=True)
        sys.exit(0)
