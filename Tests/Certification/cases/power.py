"""The mains fails (OCPP 1.6 §3.7, §4.10, §7.36)."""

from case import NotApplicable, boot, case, status, stop


@case("TC_032_1", "Power failure – stops before going down", applies="not to the product: it has no battery of its own")
def stops_before(lab):
    if not lab.form.ups:
        raise NotApplicable("the form names no battery; without one nothing can be sent once the mains is gone")
    lab.charge()
    lab.cut_power()
    lab.expect(stop(lab.transaction, "PowerLoss"), status("Finishing"))
    lab.restore_power()
    lab.expect(boot())


# Shows: CORE-TX-36
@case("TC_032_2", "Power failure – stops after the boot")
def stops_after(lab):
    lab.set(MeterValueSampleInterval=lab.seconds(15, 2))
    began = lab.charge()
    lab.silence(lab.seconds(30, 5))
    before = lab.received("MeterValues")[-1]["meterValue"][-1]["sampledValue"][0]["value"]
    lab.cut_power()
    lab.restore_power()
    lab.expect(boot(), within=90)
    ended, *_ = lab.expect(
        stop(lab.transaction, "PowerLoss"), status("Available", 0), status("Finishing"), within=90
    )
    lab.check(ended["meterStop"] >= int(before) >= began["meterStart"], f"meterStop {ended['meterStop']} is below {before}")
    lab.check(ended["timestamp"] >= began["timestamp"], "the stop is dated before the start")
    lab.unplug()
    lab.expect(status("Available"))


# Shows: CORE-AVL-07, CORE-STAT-08
@case("TC_034", "Power failure with an unavailable charge point")
def unavailable(lab):
    lab.accepted("ChangeAvailability", connectorId=0, type="Inoperative")
    lab.expect(status("Unavailable", 0), status("Unavailable", 1))
    lab.cut_power()
    lab.restore_power()
    lab.expect(boot(), within=90)
    lab.expect(status("Unavailable", 0), status("Unavailable", 1))
    lab.accepted("ChangeAvailability", connectorId=0, type="Operative")
    lab.expect(status("Available", 0), status("Available", 1))
