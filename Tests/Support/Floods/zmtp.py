"""As much of ZMTP 3.0 (RFC 23) as a subscriber and an asker need, so that a flood does what no library would do."""

import socket
import struct


def connect(path):
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.connect(path)
    return connection


def frame(body, command=False, more=False):
    flags = 4 if command else 1 if more else 0
    if len(body) < 256:
        return bytes([flags, len(body)]) + body
    return bytes([flags | 2]) + struct.pack(">Q", len(body)) + body


def message(parts):
    return b"".join(frame(part, more=index < len(parts) - 1) for index, part in enumerate(parts))


def read(connection, count):
    data = b""
    while len(data) < count:
        part = connection.recv(count - len(data))
        if not part:
            raise ConnectionError("the publisher has ended the connection")
        data += part
    return data


def greet(connection, kind=b"SUB"):
    """Shakes hands as a socket of that kind."""
    connection.sendall(b"\xff" + bytes(8) + b"\x7f\x03\x00NULL" + bytes(48))
    read(connection, 64)
    ready = b"\x05READY\x0bSocket-Type" + struct.pack(">I", len(kind)) + kind
    connection.sendall(frame(ready, command=True))
    _, length = read(connection, 2)
    read(connection, length)


def subscriber(path):
    """A connection that has shaken hands as a SUB socket."""
    connection = connect(path)
    greet(connection)
    return connection


def subscription(topic):
    return frame(b"\x01" + topic)
