"""Without the central system (OCPP 1.6 §3.5, §4.1, §5.11; OCPP-J 1.6 §5.3)."""

from case import boot, case, heartbeat, local, meter_values, start, status, stop
from central_system import now

from cases.meter_values import check_sampled, moment


def offline_start(lab, **keys):
    """An unknown card begins a session while nobody can be asked; the wall clock of the card and the plug."""
    lab.set(AllowOfflineTxForUnknownId="true", LocalAuthorizeOffline="true", **keys)
    lab.cut_link()
    lab.plug()
    swiped = lab.now()
    lab.present(lab.CARD)
    lab.pass_offline(lab.seconds(60, 8))
    return swiped


def on_time(lab, received, at):
    off = moment(received["timestamp"]) - at
    lab.check(-1 <= off <= 6, f"{received.action} is dated {off:.1f} s after what it tells of")


# Shows: J-CON-09, CORE-HB-01
@case("TC_035", "Idle charge point – the link drops")
def idle(lab):
    interval = lab.seconds(10, 2)
    lab.answer("BootNotification", {"currentTime": now(), "interval": interval, "status": "Accepted"})
    lab.accepted("Reset", type="Soft")
    lab.expect(boot())
    lab.expect_idle()
    lab.cut_link()
    lab.pass_offline(lab.seconds(30, 2))
    lab.mend_link()
    lab.background.clear()
    beats = [lab.expect(heartbeat(), within=interval + 20) for _ in range(4)]
    lab.check_rhythm([beat.at for beat in beats], interval, "Heartbeats")


# Shows: CORE-TX-23, CORE-TX-24, CORE-MV-40
@case("TC_036", "Connection loss during a transaction")
def in_transaction(lab):
    interval = lab.seconds(15, 2)
    lab.background.discard("MeterValues")
    lab.set(MeterValueSampleInterval=interval)
    began = lab.charge()
    lab.expect(meter_values(transactionId=lab.transaction))
    lab.cut_link()
    lab.pass_offline(4.5 * interval)
    back = lab.now()
    lab.mend_link()
    samples = [lab.expect(meter_values(transactionId=lab.transaction)) for _ in range(6)]
    times = [moment(sample["meterValue"][0]["timestamp"]) for sample in samples]
    lab.check(sum(time < back for time in times) >= 3, f"fewer than 3 of the time offline: {times}, back at {back}")
    check_sampled(lab, began, times, interval)
    lab.background.add("MeterValues")
    lab.accepted("RemoteStopTransaction", transactionId=lab.transaction)
    lab.expect(stop(lab.transaction, "Remote"), status("Finishing"))


# Shows: CORE-AUTH-15, CORE-AUTH-18, CORE-STAT-13
@case("TC_037_1", "Offline start, valid id")
def start_valid(lab):
    swiped = offline_start(lab)
    lab.mend_link()
    began, _ = lab.expect(start(lab.CARD), status("Charging"))
    on_time(lab, began, swiped)
    lab.present(lab.CARD)
    lab.expect(stop(lab.transaction), status("Finishing"))


# Shows: CORE-TX-07
@case("TC_037_2", "Offline start, invalid id – the transaction goes on")
def start_invalid_goes_on(lab):
    offline_start(lab, StopTransactionOnInvalidId="false")
    lab.verdict(StartTransaction="Invalid", Authorize="Invalid")
    lab.mend_link()
    lab.expect(start(lab.CARD), status("SuspendedEVSE"), optional=[status("Charging")])
    lab.silence(lab.seconds(10, 2))
    lab.present(lab.CARD)
    lab.expect(stop(lab.transaction, local), status("Finishing"))


# Shows: CORE-TX-05
@case("TC_037_3", "Offline start, invalid id – the transaction is stopped")
def start_invalid_stops(lab):
    offline_start(lab, StopTransactionOnInvalidId="true")
    lab.verdict(StartTransaction="Invalid", Authorize="Invalid")
    lab.mend_link()
    lab.expect(start(lab.CARD), stop(lambda id: id == lab.transaction, "DeAuthorized"), status("Finishing"), optional=[status("Charging")])


# Shows: CORE-TX-24, CORE-TX-35
@case("TC_038", "Offline stop")
def offline_stop(lab):
    lab.charge()
    lab.cut_link()
    lab.pass_offline(lab.seconds(10, 1))
    swiped = lab.now()
    lab.present(lab.CARD)
    swiped = max(swiped, lab.now() - 1)
    lab.pass_offline(lab.seconds(30, 4))
    lab.mend_link()
    ended, _ = lab.expect(stop(lab.transaction, idTag=lab.CARD), status("Finishing"))
    on_time(lab, ended, swiped)
    lab.unplug()
    lab.expect(status("Available"))


# Shows: CORE-TX-23, CORE-TX-34
@case("TC_039", "Offline transaction")
def offline_transaction(lab):
    swiped = offline_start(lab)
    stopped = lab.now()
    lab.present(lab.CARD)
    lab.pass_offline(lab.seconds(30, 4))
    lab.mend_link()
    began, ended = lab.in_order(
        start(lab.CARD), stop(lambda id: id == lab.transaction, local), optional=[status("Finishing")]
    )
    on_time(lab, began, swiped)
    lab.check(moment(ended["timestamp"]) - moment(began["timestamp"]) >= 1, "the stop is dated like the start")
    lab.check(ended["meterStop"] > began["meterStart"], "no energy in a session that charged")
    lab.unplug()
    lab.expect(status("Available"), optional=[status("Finishing")])
