"""Journals of transactions, as an earlier process of the gateway left them."""

import json
import os
import struct
import zlib


def began(number, transaction):
    return {"began": common(number, transaction) | {"idTag": "CARD", "meterStartWh": 0, "boot": "b0"}}


def ended(number, transaction):
    return {"ended": common(number, transaction) | {"meterStopWh": 2 * number, "reason": "Local"}}


def sampled(number, transaction):
    return {"sampled": common(number, transaction) | {"energyWh": number, "values": [{"value": str(number)}]}}


def common(number, transaction):
    moment = {"utc": 1_800_000_000_000, "uptime": 1000}
    return {"sequence": number, "messageId": f"m{number}", "transaction": transaction, "connectorId": 1, "time": moment}


def one_transaction(count):
    """A transaction with `count` messages to deliver, nearly all of them samples."""
    return [began(1, "t1"), *(sampled(number, "t1") for number in range(2, count)), ended(count, "t1")]


def many_transactions(count):
    """Transactions with nothing but their begin and end to deliver."""
    return [make(number, f"t{turn}") for turn in range(count) for number, make in ((2 * turn + 1, began), (2 * turn + 2, ended))]


def write_journal(path, records):
    """A journal of transactions as the gateway writes it (Shared/Storage, Journal)."""
    header = b"OCPPTXNS" + struct.pack("<HHQQ", 2, 1, 0, 1)
    header += struct.pack("<I", zlib.crc32(header))
    with open(path, "wb") as journal:
        journal.write(header + bytes(4096 - len(header)) + header)
        for number, record in enumerate(records, 1):
            payload = json.dumps(record, separators=(",", ":")).encode()
            rest = struct.pack("<Q", number) + payload
            length = struct.pack("<I", len(payload))
            journal.write(length + struct.pack("<I", zlib.crc32(length + rest)) + rest)
        # On the disk as the gateway's own would be, so that the gateway does not wait for what was written here.
        journal.flush()
        os.fsync(journal.fileno())
