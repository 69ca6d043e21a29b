"""One subscriber of SOCKET that asks for everything and reads nothing, until its input is closed."""

import sys

import zmtp

connection = zmtp.subscriber(sys.argv[1])
connection.sendall(zmtp.subscription(b""))
print("ready", flush=True)
sys.stdin.read()
