#!/usr/bin/python3
"""Runs in the machine: a name server for one name, which says who asked.

usage: nameserver.py ADDRESS NAME ANSWER      listens on ADDRESS, port 53; NAME has the IPv4 address ANSWER, no other name is there
"""

import socket
import struct
import sys

here, name, answer = sys.argv[1:4]
link = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
link.bind((here, 53))
print("ready", flush=True)
while True:
    question, sender = link.recvfrom(512)
    labels, at = [], 12
    while question[at]:
        labels.append(question[at + 1:at + 1 + question[at]].decode())
        at += 1 + question[at]
    kind = struct.unpack_from(">H", question, at + 1)[0]
    wanted = ".".join(labels).lower()
    found = kind == 1 and wanted == name
    # A response with recursion; NXDOMAIN for other names, no answer for another kind of address (RFC 1035 §4.1.1).
    code = 0 if wanted == name else 3
    head = question[:2] + struct.pack(">HHHHH", 0x8180 | code, 1, 1 if found else 0, 0, 0)
    record = b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 5, 4) + socket.inet_aton(answer) if found else b""
    link.sendto(head + question[12:at + 5] + record, sender)
    print(sender[0], wanted, kind, flush=True)
