"""Whole sessions with a wallbox in which nothing is simulated but the car: every driver of it meets the kernel's own interfaces (`wallbox.py`)."""

import importlib.util
import signal
import time

import pytest


@pytest.fixture(scope="module")
def box(tmp_path_factory):
    lacking = [name for name in ("ocpp", "websockets", "pymodbus") if not importlib.util.find_spec(name)]
    if lacking:
        pytest.skip(f"needs {', '.join(lacking)} of PyPI, which Tests/check.sh installs")
    from wallbox import Wallbox

    made = Wallbox(tmp_path_factory.mktemp("wallbox"))
    yield made
    for service in made.services:  # pytest shows it with a failure
        print("\n".join(["---", *service.seen, *iter_lines(service)]))
    print("--- card reader", [command.hex() for command in made.chip.commands[-20:]])
    made.close()


def iter_lines(service):
    while not service.lines.empty():
        yield str(service.lines.get())


def test_every_device_answers_and_none_is_simulated(box):
    names = ["pilot-1", "proximity-1", "contactor-1", "lock-1", "meter-1", "controller-2", "meter-2", "reader-1"]
    for name in names:
        box.wait(f"hardware.device.{name}", "condition=ok", "simulated=false")
    box.csms.wait_status("Available", connector=1)
    box.csms.wait_status("Available", connector=2)


def test_a_session_of_plug_card_charge_and_unplug_bills_what_the_meter_says(box):
    before = int(box.meter.energy_wh)
    started = box.charge("04a1b2c3d4e5f6")
    assert started["meterStart"] == before
    # 220 Ohm: a cable of 32 A; it is held.
    box.wait("hardware.connector.1", "lock=locked", "offeredMilliamps=32000")
    assert box.locks.level(2) == 1
    box.csms.wait_status("Charging")
    values = box.csms.wait("MeterValues", lambda p: p["connectorId"] == 1, count=2)
    assert values["transactionId"] == box.csms.last_transaction
    box.csms.wait("MeterValues", lambda p: register(p) >= before + 10)
    stopped = box.unplug()
    assert stopped["reason"] == "EVDisconnected"
    assert stopped["meterStop"] == int(box.meter.energy_wh) > before + 10
    assert box.locks.level(2) == 0, "the cable is free"
    box.csms.wait_status("Available", count=2)


def register(message):
    """The energy register of a MeterValues.req, Wh."""
    return max(
        (float(value["value"]) for sample in message["meterValue"] for value in sample["sampledValue"]
         if value.get("measurand", "Energy.Active.Import.Register") == "Energy.Active.Import.Register"), default=0,
    )


def test_a_session_at_a_controller_bills_the_pulses_of_its_meter(box):
    box.openevse.vehicle = 2
    box.wait("hardware.connector.2", "pilot=B")
    box.csms.request("RemoteStartTransaction", id_tag="04A1B2C3D4E5F6", connector_id=2)
    started = box.csms.wait("StartTransaction", lambda p: p["connectorId"] == 2)
    box.openevse.vehicle = 3
    box.wait("hardware.connector.2", "contactor=closed")
    assert box.openevse.closed
    # 7.2 kW.
    box.order("pulse", 25, 500)
    box.csms.wait("MeterValues", lambda p: p["connectorId"] == 2 and register(p) >= started["meterStart"] + 25)
    box.openevse.vehicle = 1
    box.wait("hardware.connector.2", "contactor=open", "pilot=A")
    stopped = box.csms.wait("StopTransaction", lambda p: p["transactionId"] == box.csms.last_transaction)
    assert stopped["meterStop"] == started["meterStart"] + 25


class Charging:
    """A charge at connector 1, in the middle of which something goes."""

    def __init__(self, box, uid):
        self.box = box
        box.charge(uid)
        self.closings = 0

    def device(self, name, condition):
        self.box.wait(f"hardware.device.{name}", f"condition={condition}")

    def status(self, code, count=1):
        """The central system hears of it."""
        return self.box.csms.wait("StatusNotification", lambda p: p["connectorId"] == 1 and p["errorCode"] == code, count)

    def goes_on(self):
        self.box.wait("hardware.connector.1", "contactor=closed", "pilot=C")


@pytest.fixture
def charging(box, request):
    uid = f"{0x10 + sum(request.node.name.encode()) % 0xE0:02x}adbeef"
    made = Charging(box, uid)
    yield made
    box.unplug()


# Each limit has room for an emulated processor, on which programs run several times slower.


def test_a_converter_of_the_pilot_that_goes_opens_the_contactor_at_once_and_the_charge_goes_on_when_it_is_back(box, charging):
    begin = time.monotonic()
    give_back = box.board.unbind(box.i2c(49))
    assert box.falls(begin) < 3
    charging.device("pilot-1", "lost")
    charging.status("InternalError")
    give_back()
    charging.device("pilot-1", "ok")
    charging.goes_on()


def test_a_generator_that_goes_leaves_a_pilot_of_no_voltage_and_the_contactor_opens(box, charging):
    begin = time.monotonic()
    give_back = box.board.unbind(box.i2c(40))
    assert box.falls(begin) < 3
    charging.device("pilot-1", "lost")
    give_back()
    charging.device("pilot-1", "ok")
    charging.goes_on()


def test_a_proximity_contact_that_goes_opens_the_contactor(box, charging):
    begin = time.monotonic()
    give_back = box.board.unbind(box.i2c("4a"))
    assert box.falls(begin) < 3
    charging.device("proximity-1", "lost")
    give_back()
    charging.device("proximity-1", "ok")
    charging.goes_on()


def test_a_lock_that_goes_opens_the_contactor_within_a_second(box, charging):
    begin = time.monotonic()
    box.locks.unplug()
    assert box.falls(begin) < 5
    charging.device("lock-1", "lost")
    charging.status("ConnectorLockFailure")
    box.locks.plug()
    charging.device("lock-1", "ok")


def test_a_meter_that_falls_silent_ends_the_charge_after_its_grace_and_the_charge_goes_on_when_it_answers(box, charging):
    begin = time.monotonic()
    box.meter.process.send_signal(signal.SIGSTOP)
    charging.status("PowerMeterFailure")
    assert box.coil() == 1, "the grace is not over"
    assert GRACE_LIMITS[0] < box.falls(begin) < GRACE_LIMITS[1]
    box.meter.process.send_signal(signal.SIGCONT)
    charging.device("meter-1", "ok")
    charging.goes_on()


GRACE_LIMITS = (15, 45)  # the grace of the site's file, and three questions that nobody answers


def test_a_meter_whose_port_is_pulled_is_lost_at_once_and_answers_again(box, charging):
    give_back = box.board.unbind("/sys/class/tty/ttyS1/device")
    charging.device("meter-1", "lost")
    assert box.coil() == 1, "the grace is not over"
    give_back()
    charging.device("meter-1", "ok")
    charging.goes_on()


def test_a_reader_that_goes_is_said_and_stops_no_charge(box, charging):
    box.chip.mute = True
    try:
        charging.device("reader-1", "lost")
        # Of the charge point: the reader serves both connectors.
        box.csms.wait("StatusNotification", lambda p: p["connectorId"] == 0 and p["errorCode"] == "ReaderFailure")
        assert box.coil() == 1
    finally:
        box.chip.mute = False
    charging.device("reader-1", "ok")
    give_back = box.board.unbind("/sys/class/tty/ttyS2/device")
    charging.device("reader-1", "lost")
    give_back()
    charging.device("reader-1", "ok")
    assert box.coil() == 1


def test_a_controller_whose_port_is_pulled_opens_by_its_heartbeat_and_is_permitted_anew(box):
    box.openevse.vehicle = 2
    box.wait("hardware.connector.2", "pilot=B")
    count = len([p for p in box.csms.calls("StartTransaction") if p["connectorId"] == 2])
    box.csms.request("RemoteStartTransaction", id_tag="04A1B2C3D4E5F6", connector_id=2)
    box.csms.wait("StartTransaction", lambda p: p["connectorId"] == 2, count=count + 1)
    box.openevse.vehicle = 3
    box.wait("hardware.connector.2", "contactor=closed")
    begin = time.monotonic()
    give_back = box.board.unbind("/sys/class/tty/ttyS3/device")
    box.wait("hardware.device.controller-2", "condition=lost")
    box.board.until(lambda: not box.openevse.closed, "the controller has opened")
    assert box.openevse.opened_at - begin < 8 + 2
    before = len(box.openevse.commands)
    give_back()
    box.wait("hardware.device.controller-2", "condition=ok")
    box.wait("hardware.connector.2", "contactor=closed")
    assert box.openevse.commands[before] == "FS", "it is forbidden first"
    box.openevse.vehicle = 1
    box.wait("hardware.connector.2", "contactor=open", "pilot=A")


def test_a_killed_service_leaves_the_contactor_open_and_the_next_one_begins_with_a_steady_pilot(box, charging):
    begin = time.monotonic()
    hardware = box.services[1]
    hardware.signal("KILL")
    assert box.falls(begin) < 2
    hardware.wait()
    # A PWM has no owner: it runs on, with the contactor open.
    duty = box.board.run("sh", "-c", f"cat {box.i2c(40)}/pwm/pwmchip*/pwm0/duty_cycle")
    assert 0 < int(duty) < 1_000_000
    box.services[1] = box.start("hardware-io")
    charging.device("pilot-1", "ok")
    charging.goes_on()


def test_a_contactor_that_does_not_open_is_a_failure_that_stays(box):
    """The last one here: nobody but service clears it."""
    box.charge("0badbeef")
    box.order("stick", "contactor")
    box.order("car", "B")
    box.csms.wait("StatusNotification", lambda p: p["connectorId"] == 1 and p["errorCode"] == "PowerSwitchFailure")
    assert "PowerSwitchFailure" in box.wait("hardware.connector.1", "connectorId=1")
    assert box.locks.level(2) == 1, "what may be live stays locked"
    box.order("stick", "none")
    box.unplug()
    assert "PowerSwitchFailure" in box.wait("hardware.connector.1", "connectorId=1")
