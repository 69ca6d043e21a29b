"""A meter that a test moves: pymodbus with the registers of an Eastron SDM120, made of a file at each answer.

    modbus_meter.py PORT UNIT FILE          PORT is a terminal, or tcp:NUMBER

The file has {"powerW", "currentA", "energyWh"} and may have a "serialNumber". Whoever writes it replaces it, so that it is never read half.
"""

import asyncio
import json
import pathlib
import struct
import sys

from pymodbus import FramerType
from pymodbus.server import StartAsyncSerialServer, StartAsyncTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

INPUTS = 0x160


def words(value):
    return list(struct.unpack(">HH", struct.pack(">f", value)))


def registers(shown):
    """All input registers. Gaps read as 0, as they do on the meter."""
    inputs = [0] * INPUTS
    values = {0x00: 230.0, 0x06: shown["currentA"], 0x0C: shown["powerW"], 0x46: 50.0, 0x48: shown["energyWh"] / 1000}
    for address, value in values.items():
        inputs[address:address + 2] = words(value)
    return inputs


def serial_number(shown):
    return list(struct.unpack(">HH", struct.pack(">I", shown.get("serialNumber", 4711))))


async def serve(port, unit, file):
    async def live(function, start, address, count, present, values):
        if function == 3:
            present[0xFC00:0xFC02] = serial_number(json.loads(file.read_text()))
        if function == 4:
            present[0:INPUTS] = registers(json.loads(file.read_text()))

    def wire(sending, data):
        # A unit that is not there is silent on a line; pymodbus would answer with an exception.
        return b"" if sending and data[0] != unit and not port.startswith("tcp:") else data

    bits = [SimData(0, values=False, datatype=DataType.BITS)]
    device = SimDevice(unit, action=live, simdata=(
        bits, bits,
        [SimData(0, values=[0] * 0xFC00 + serial_number(json.loads(file.read_text())), datatype=DataType.REGISTERS)],
        [SimData(0, values=registers(json.loads(file.read_text())), datatype=DataType.REGISTERS)],
    ))
    if port.startswith("tcp:"):
        await StartAsyncTcpServer(device, address=("127.0.0.1", int(port[4:])))
    else:
        await StartAsyncSerialServer(
            device, framer=FramerType.RTU, port=port, baudrate=9600, trace_packet=wire, ignore_missing_devices=True
        )


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], int(sys.argv[2]), pathlib.Path(sys.argv[3])))
