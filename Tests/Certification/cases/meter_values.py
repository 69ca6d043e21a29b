"""MeterValues and transactionData (OCPP 1.6 §4.7, §3.16, §9.1)."""

import datetime
import math

from case import authorize, case, meter_values, start, status, stop

REGISTER = "Energy.Active.Import.Register"


def moment(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def sampled(received):
    return [value for entry in received["meterValue"] for value in entry["sampledValue"]]


def measurands(values):
    """With the defaults of OCPP 1.6 §7.43 filled in."""
    return {value.get("measurand", REGISTER) for value in values}


def check_sampled(lab, began, times, interval):
    """Values of these times follow each other by the interval, counted from the begin of the transaction: none is missing, none is twice. Where the
    machine is starved one may be measured late, but before the next one."""
    off = [time - moment(began["timestamp"]) for time in times]
    numbers = [math.floor((seconds + 0.5) / interval) for seconds in off]
    held_up = lab.seconds(1, interval)
    lab.check(
        numbers == list(range(numbers[0], numbers[0] + len(times)))
        and all(seconds - number * interval <= held_up for seconds, number in zip(off, numbers)),
        f"values {', '.join(f'{seconds:.3f}' for seconds in off)} s after the begin, expected one every {interval} s",
    )


def seconds_between(before, after):
    """By what they say themselves of their times, if both do; else by when they came."""
    told = [received.get("timestamp") for received in (before, after)]
    return moment(told[1]) - moment(told[0]) if all(told) else after.at - before.at


def check_values(lab, values, wanted, context):
    lab.check(measurands(values) == set(wanted), f"measurands {sorted(measurands(values))}, expected {sorted(wanted)}")
    for value in values:
        found = value.get("context", "Sample.Periodic")
        lab.check(found == context, f"context {found}, expected {context}")
        if value.get("measurand", REGISTER) == REGISTER:
            lab.check(value.get("unit", "Wh") in ("Wh", "kWh"), f"unit {value.get('unit')} of an energy")
            lab.check(value.get("location", "Outlet") == "Outlet", f"location {value.get('location')}")


# Shows: CORE-MV-01, CORE-MV-03, CORE-MV-09, CORE-MV-11, CORE-MV-19
@case("TC_070", "Sampled meter values")
def sampled_values(lab):
    interval = lab.seconds(15, 2)
    lab.background.discard("MeterValues")
    lab.set(MeterValueSampleInterval=interval, MeterValuesSampledData=REGISTER, StopTxnSampledData=REGISTER)
    began = lab.charge()
    wanted = meter_values(transactionId=lab.transaction, connectorId=1)
    samples = [lab.expect(wanted, within=interval + lab.lateness + 5) for _ in range(3)]
    times = [moment(sample["meterValue"][0]["timestamp"]) for sample in samples]
    lab.check(times[0] - moment(began["timestamp"]) < 2 * interval, f"the first value is of {times[0]}, the session of {began['timestamp']}")
    check_sampled(lab, began, times, interval)
    for sample in samples:
        check_values(lab, sampled(sample), [REGISTER], "Sample.Periodic")
    lab.present(lab.CARD)
    ended, *_ = lab.expect(
        stop(lab.transaction), status("Finishing"), optional=[meter_values(transactionId=lab.transaction)]
    )
    data = [value for entry in ended["transactionData"] for value in entry["sampledValue"]]
    lab.check(REGISTER in measurands(data), "transactionData is without the sampled register")
    contexts = [value.get("context", "Sample.Periodic") for value in data]
    lab.check((contexts[0], contexts[-1]) == ("Transaction.Begin", "Transaction.End"), f"contexts {contexts}")
    lab.check(len(ended["transactionData"]) >= 3, f"{len(ended['transactionData'])} entries of transactionData for three samples")


# Shows: CORE-MV-08, CORE-MV-17, CORE-MV-33, CORE-MV-34
@case("TC_070-measurands", "Sampled meter values – several measurands")
def several_measurands(lab):
    wanted = [REGISTER, "Power.Active.Import", "Current.Import", "Voltage"]
    lab.background.discard("MeterValues")
    lab.set(MeterValueSampleInterval=lab.seconds(15, 2), MeterValuesSampledData=",".join(wanted))
    lab.charge()
    sample = lab.expect(meter_values(transactionId=lab.transaction), within=30)
    check_values(lab, sampled(sample), wanted, "Sample.Periodic")
    for measurand, unit, phases in (("Current.Import", "A", {"L1", "L2", "L3"}), ("Voltage", "V", {"L1-N", "L2-N", "L3-N"})):
        values = [value for value in sampled(sample) if value.get("measurand") == measurand]
        # A meter may also measure the current of the neutral conductor, and voltages from line to line.
        more = {"N", "L1-L2", "L2-L3", "L3-L1"}
        lab.check({value.get("phase") for value in values} - more == phases, f"phases of {measurand}: {values}")
        lab.check(all(value.get("unit") == unit for value in values), f"unit of {measurand}: {values}")


# Shows: CORE-MV-04, CORE-MV-09, CORE-MV-26
@case("TC_071", "Clock-aligned meter values")
def clock_aligned(lab):
    interval = lab.seconds(15, 2)
    lab.background.discard("MeterValues")
    lab.set(MeterValueSampleInterval=0, MeterValuesAlignedData=REGISTER, StopTxnAlignedData=REGISTER)
    lab.set(ClockAlignedDataInterval=interval)
    lab.plug()
    lab.expect(status("Preparing"), optional=[meter_values()])
    lab.present(lab.CARD)
    lab.expect(authorize(lab.CARD), start(lab.CARD), status("Charging"), optional=[meter_values()])
    samples = [lab.expect(meter_values(connectorId=1), within=interval + 5, optional=[meter_values()]) for _ in range(3)]
    for sample in samples:
        for entry in sample["meterValue"]:
            off = moment(entry["timestamp"]) % interval
            lab.check(off == 0, f"{entry['timestamp']} is {off:.3f} s off the grid of {interval} s")
        check_values(lab, sampled(sample), [REGISTER], "Sample.Clock")
    times = [moment(sample["meterValue"][0]["timestamp"]) for sample in samples]
    lab.check(times == [times[0] + n * interval for n in range(3)], f"values are missing: {times}")
    lab.present(lab.CARD)
    ended, *_ = lab.expect(stop(lab.transaction), status("Finishing"), optional=[meter_values()])
    data = [value for entry in ended.get("transactionData", []) for value in entry["sampledValue"]]
    lab.check("Sample.Clock" in {value.get("context") for value in data}, "transactionData is without clock-aligned values")
