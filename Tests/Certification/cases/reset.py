"""Reset (OCPP 1.6 §5.14, E §3.36)."""

from case import boot, case, status, stop


def without_transaction(kind):
    def script(lab):
        lab.accepted("ChangeAvailability", connectorId=1, type="Inoperative")
        lab.expect(status("Unavailable"))
        lab.accepted("Reset", type=kind)
        lab.expect(boot(), within=90)
        lab.expect(status("Available", 0), status("Unavailable", 1))
        lab.accepted("ChangeAvailability", connectorId=1, type="Operative")
        lab.expect(status("Available", 1))

    return script


# Shows: CORE-RST-01, CORE-RST-06, CORE-RST-07
case("TC_013", "Hard reset without transaction")(without_transaction("Hard"))
# Shows: CORE-RST-01, CORE-RST-06, CORE-RST-07
case("TC_014", "Soft reset without transaction")(without_transaction("Soft"))


# Shows: CORE-RST-04, CORE-RST-12
@case("TC_015", "Hard reset with a transaction")
def hard_with_transaction(lab):
    lab.charge()
    lab.accepted("Reset", type="Hard")
    # The stop may come before the charge point goes down or after it is back.
    lab.expect(
        stop(lab.transaction, "HardReset"), boot(), status("Available", 0),
        status(lambda value: value in ("Finishing", "Preparing")), within=90, optional=[status("Finishing")],
    )
    lab.silence(lab.seconds(10, 2), status("Finishing"))
    ending = [one["status"] for one in lab.received("StatusNotification") if one["connectorId"] == 1][-1]
    lab.check(ending in ("Finishing", "Preparing"), f"connector 1 is {ending} after the reset")


# Shows: CORE-RST-03, CORE-RST-12
@case("TC_016", "Soft reset with a transaction")
def soft_with_transaction(lab):
    lab.charge()
    lab.accepted("Reset", type="Soft")
    lab.expect(stop(lab.transaction, "SoftReset"), status("Finishing"), within=90)
    lab.expect(boot(), within=90)
    lab.expect(status("Available", 0), status(lambda value: value in ("Finishing", "Preparing")))
