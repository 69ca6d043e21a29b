"""Meters that others wrote the protocol of: pymodbus, and libmodbus through ctypes. Each is a program of its own on one serial port.

    modbus_slaves.py pymodbus|libmodbus PORT UNIT

They hold the registers of an Eastron meter with one phase; the energy rises by a watt-hour with fifty answers, which is little enough for a contactor
that is open. What a unit shows follows from its number, so that a value of another unit, or of another register, is seen.
"""

import ctypes
import struct
import sys

INPUTS, HOLDINGS = 0x160, 0xFC02


def voltage(unit):
    return 220.0 + unit


def base_wh(unit):
    return 1000 * unit


def words(value):
    return list(struct.unpack(">HH", struct.pack(">f", value)))


def registers(unit, answers):
    """All input registers, after so many answers. Gaps read as 0, as they do on the meter."""
    inputs = [0] * INPUTS
    values = {0x00: voltage(unit), 0x46: 50.0, 0x48: (base_wh(unit) + 1 + answers // 50) / 1000}
    for address, value in values.items():
        inputs[address:address + 2] = words(value)
    return inputs


def serial_number(unit):
    return [0, 100 + unit]


def with_pymodbus(port, unit):
    import asyncio

    from pymodbus import FramerType
    from pymodbus.server import StartAsyncSerialServer
    from pymodbus.simulator import DataType, SimData, SimDevice

    answers = 0

    async def live(function, start, address, count, present, values):
        nonlocal answers
        if function == 4:
            answers += 1
            present[0:INPUTS] = registers(unit, answers)

    def wire(sending, data):
        # A unit that is not there is silent on a line; pymodbus would answer with an exception.
        return b"" if sending and data[0] != unit else data

    holdings = [0] * 0xFC00 + serial_number(unit)
    bits = [SimData(0, values=False, datatype=DataType.BITS)]
    device = SimDevice(unit, action=live, simdata=(
        bits, bits,
        [SimData(0, values=holdings, datatype=DataType.REGISTERS)],
        [SimData(0, values=registers(unit, 0), datatype=DataType.REGISTERS)],
    ))
    asyncio.run(StartAsyncSerialServer(
        device, framer=FramerType.RTU, port=port, baudrate=9600, trace_packet=wire, ignore_missing_devices=True,
    ))


class Mapping(ctypes.Structure):
    """`modbus_mapping_t` of libmodbus 3.1."""

    _fields_ = [(name, ctypes.c_int) for name in (
        "nb_bits", "start_bits", "nb_input_bits", "start_input_bits",
        "nb_input_registers", "start_input_registers", "nb_registers", "start_registers",
    )] + [
        ("bits", ctypes.POINTER(ctypes.c_uint8)), ("input_bits", ctypes.POINTER(ctypes.c_uint8)),
        ("input_registers", ctypes.POINTER(ctypes.c_uint16)), ("registers", ctypes.POINTER(ctypes.c_uint16)),
    ]


def with_libmodbus(port, unit):
    library = ctypes.CDLL("libmodbus.so.5")
    library.modbus_new_rtu.restype = ctypes.c_void_p
    library.modbus_new_rtu.argtypes = [ctypes.c_char_p, ctypes.c_int, ctypes.c_char, ctypes.c_int, ctypes.c_int]
    library.modbus_mapping_new.restype = ctypes.POINTER(Mapping)
    for name, arguments in {
        "modbus_set_slave": [ctypes.c_int], "modbus_connect": [],
        "modbus_receive": [ctypes.c_char_p], "modbus_reply": [ctypes.c_char_p, ctypes.c_int, ctypes.POINTER(Mapping)],
    }.items():
        getattr(library, name).argtypes = [ctypes.c_void_p, *arguments]
    context = library.modbus_new_rtu(port.encode(), 9600, b"N", 8, 1)
    mapping = library.modbus_mapping_new(0, 0, HOLDINGS, INPUTS)
    library.modbus_set_slave(context, unit)
    if not mapping or library.modbus_connect(context) != 0:
        sys.exit(f"libmodbus does not open {port}")
    for offset, word in enumerate(serial_number(unit)):
        mapping.contents.registers[0xFC00 + offset] = word
    answers = 0
    question = ctypes.create_string_buffer(260)
    while True:
        length = library.modbus_receive(context, question)
        if length > 0:
            if question.raw[1] == 4:
                answers += 1
                for address, word in enumerate(registers(unit, answers)):
                    mapping.contents.input_registers[address] = word
            library.modbus_reply(context, question, length, mapping)


if __name__ == "__main__":
    {"pymodbus": with_pymodbus, "libmodbus": with_libmodbus}[sys.argv[1]](sys.argv[2], int(sys.argv[3]))
