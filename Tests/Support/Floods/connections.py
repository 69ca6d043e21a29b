"""Opens COUNT connections to SOCKET and holds those that were accepted until its input is closed."""

import resource
import socket
import struct
import sys

path, count = sys.argv[1], int(sys.argv[2])
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, count + 100), hard))
held, refused = [], 0
for _ in range(count):
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    # Waits for a place in the backlog, but not for ever.
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", 1, 0))
    try:
        connection.connect(path)
        held.append(connection)
    except OSError:
        refused += 1
        connection.close()
print(f"ready {len(held)} connected, {refused} refused", flush=True)
sys.stdin.read()
