"""TC_041, fault behaviour, once for each thing that can fail: Faulted with its code, or the code as a warning, and recovery
(OCPP 1.6 §4.9, §7.6)."""

from case import DETACHABLE, case, status, stop


def idle(fault, code):
    """The fault keeps energy from flowing: the connector is Faulted until it is repaired."""

    def script(lab):
        lab.break_part(fault)
        lab.expect(status("Faulted", errorCode=code))
        lab.mend_part(fault)
        lab.expect(status("Available"))

    return script


# Shows: CORE-STAT-12, CORE-STAT-22
case("TC_041", "Fault behaviour – ground fault")(idle("ground fault", "GroundFailure"))
case("TC_041-welded", "Fault behaviour – welded contactor")(idle("welded contactor", "PowerSwitchFailure"))
case("TC_041-meter", "Fault behaviour – silent meter")(idle("silent meter", "PowerMeterFailure"))
case("TC_041-temperature", "Fault behaviour – over-temperature")(idle("over-temperature", "HighTemperature"))


# Shows: CORE-UNL-07
@case("TC_041-lock", "Fault behaviour – the lock lets the cable go", DETACHABLE, "not to the product: its cable is fixed")
def lock_failure(lab):
    lab.charge()
    lab.break_part("lock failure")
    lab.expect(status("Faulted", errorCode="ConnectorLockFailure"))
    lab.mend_part("lock failure")
    lab.expect(status(lambda value: value in ("Charging", "SuspendedEVSE")), optional=[status("SuspendedEV")])


@case("TC_041-session", "Fault behaviour – ground fault while charging")
def ground_fault_in_session(lab):
    lab.charge()
    lab.break_part("ground fault")
    lab.expect(status("Faulted", errorCode="GroundFailure"))
    lab.mend_part("ground fault")
    # Back to a status of the transaction; which, depends on how soon the EV asks again.
    lab.expect(status(lambda value: value in ("Charging", "SuspendedEV", "SuspendedEVSE")))


@case("TC_041-jump", "Fault behaviour – the meter's register jumps while charging")
def jumping_meter(lab):
    lab.charge()
    lab.set(MeterValueSampleInterval=1)
    lab.silence(lab.seconds(10, 3))
    lab.break_part("jumping meter")
    lab.expect(status("Charging", errorCode="PowerMeterFailure"))
    registers = [
        int(value["value"]) for one in lab.received("MeterValues") for entry in one["meterValue"] for value in entry["sampledValue"]
    ]
    lab.check(registers == sorted(registers) and registers[-1] < 100_000, f"energy that never flowed: {registers}")


# Shows: CORE-STAT-03, CORE-STAT-23
@case("TC_041-reader", "Fault behaviour – card reader")
def reader(lab):
    lab.break_part("reader failure")
    lab.expect(status("Available", 0, errorCode="ReaderFailure"))
    lab.mend_part("reader failure")
    lab.expect(status("Available", 0))


# Shows: CORE-STAT-15
@case("TC_041-pilot", "Fault behaviour – pilot error while charging")
def pilot(lab):
    lab.charge()
    lab.break_part("pilot error")
    lab.expect(status("SuspendedEVSE", errorCode="EVCommunicationError"))
    lab.mend_part("pilot error")
    lab.expect(status("Charging"), optional=[status("SuspendedEV"), status("SuspendedEVSE")])


@case("TC_041-overcurrent", "Fault behaviour – the EV takes more than it was offered")
def overcurrent(lab):
    lab.charge()
    lab.break_part("over-current")
    lab.expect(status("Faulted", errorCode="OverCurrentFailure"))
    lab.mend_part("over-current")
    lab.expect(status(lambda value: value in ("Charging", "SuspendedEVSE", "SuspendedEV")), optional=[status("SuspendedEVSE")])


@case("TC_041-silence", "Silent central system – nothing is lost and nothing comes twice")
def silent_central_system(lab):
    lab.charge()
    lab.central_system.silent = True
    lab.present(lab.CARD)
    lab.expect(status("Finishing"), optional=[stop(lab.transaction)])
    lab.central_system.silent = False
    lab.silence(lab.seconds(60, 25), stop(lab.transaction), status("Finishing"))
    stops = lab.received("StopTransaction")
    lab.check(stops, "StopTransaction never came")
    lab.check(all(one.payload == stops[0].payload for one in stops), "repetitions of one StopTransaction differ")
