"""What the specification asks for and no case of the laboratory looks at."""

from case import Refused, TWO_CONNECTORS, authorize, boot, case, local, meter_values, start, status, stop
from central_system import now

EXTRA = "beyond the laboratory's list"


# Shows: CORE-AVL-02, CORE-AVL-08, CORE-AVL-14
@case("X_availability-reset", "A scheduled change of availability outlives a reset", applies=EXTRA)
def scheduled_change_over_a_reset(lab):
    lab.charge()
    lab.answered("Scheduled", "ChangeAvailability", connectorId=1, type="Inoperative")
    lab.accepted("Reset", type="Soft")
    lab.expect(stop(lab.transaction, "SoftReset"), status("Finishing"))
    lab.expect(boot(), within=90)
    lab.expect(status("Available", 0), status("Finishing"))
    lab.unplug()
    lab.expect(status("Unavailable"))


# Shows: CORE-AVL-09
@case("X_availability-busy", "Out of service while one of two connectors is busy", TWO_CONNECTORS, EXTRA)
def out_of_service_while_busy(lab):
    lab.charge(connector=1, reader=1)
    lab.answered("Scheduled", "ChangeAvailability", connectorId=0, type="Inoperative")
    lab.expect(status("Unavailable", 2), optional=[status("Unavailable", 0)])
    lab.present(lab.CARD)
    lab.expect(stop(lab.transaction), status("Finishing", 1), optional=[status("Unavailable", 0)])
    lab.unplug(1)
    lab.expect(status("Unavailable", 1), optional=[status("Unavailable", 0)])


# Shows: CORE-AVL-12
@case("X_availability-faulted", "Operative does not repair", applies=EXTRA)
def operative_while_faulted(lab):
    lab.break_part("ground fault")
    lab.expect(status("Faulted", errorCode="GroundFailure"))
    lab.accepted("ChangeAvailability", connectorId=1, type="Operative")
    lab.silence(1)
    lab.mend_part("ground fault")
    lab.expect(status("Available"))


# Shows: CORE-TX-17
@case("X_replug", "Plugging in again begins nothing", applies=EXTRA)
def plugging_in_again(lab):
    lab.charge()
    lab.unplug()
    lab.expect(stop(lab.transaction, "EVDisconnected"), status("Finishing"), status("Available"))
    lab.plug()
    lab.expect(status("Preparing"))
    lab.silence(3)


# Shows: CORE-TX-04, CORE-TX-45
@case("X_transaction-id", "Any number is a transactionId, twice as well", applies=EXTRA)
def any_transaction_id(lab):
    lab.set(MeterValueSampleInterval=1)
    for transaction in (0, -5, -5):
        lab.answer("StartTransaction", {"transactionId": transaction, "idTagInfo": {"status": "Accepted"}})
        lab.plug()
        lab.expect(status("Preparing"))
        lab.accepted("RemoteStartTransaction", connectorId=1, idTag=lab.CARD)
        lab.expect(authorize(lab.CARD), start(lab.CARD), status("Charging"))
        lab.expect(meter_values(transactionId=transaction))
        lab.accepted("RemoteStopTransaction", transactionId=transaction)
        lab.expect(stop(transaction, "Remote"), status("Finishing"))
        lab.unplug()
        lab.expect(status("Available"))


# Shows: CORE-REM-12
@case("X_remote-profile", "A remote start with a profile that nobody can use", applies=EXTRA)
def remote_start_with_a_profile(lab):
    lab.plug()
    lab.expect(status("Preparing"))
    profile = {
        "chargingProfileId": 1, "stackLevel": 0, "chargingProfilePurpose": "TxProfile", "chargingProfileKind": "Relative",
        "chargingSchedule": {"chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 6}]},
    }
    lab.accepted("RemoteStartTransaction", connectorId=1, idTag=lab.CARD, chargingProfile=profile)
    lab.expect(authorize(lab.CARD), start(lab.CARD), status("Charging"))


# Shows: CORE-AUTH-10
@case("X_parent-card", "A card that is named like the parent of another stops nothing", applies=EXTRA)
def card_named_like_a_parent(lab):
    lab.verdict(
        Authorize={"status": "Accepted", "parentIdTag": lab.OTHER_CARD},
        StartTransaction={"status": "Accepted", "parentIdTag": lab.OTHER_CARD},
    )
    lab.charge()
    lab.verdict(Authorize="Accepted")
    lab.present(lab.OTHER_CARD)
    lab.expect(authorize(lab.OTHER_CARD))
    lab.silence(2)


# Shows: CORE-TX-37
@case("X_stop-verdict", "No answer prevents a stop", applies=EXTRA)
def stop_with_a_bad_verdict(lab):
    lab.answer("StopTransaction", {"idTagInfo": {"status": "Blocked"}})
    lab.charge()
    lab.present(lab.CARD)
    lab.expect(stop(lab.transaction, local), status("Finishing"))
    lab.silence(2)
    lab.unplug()
    lab.expect(status("Available"))


# Shows: CORE-STAT-05
@case("X_suspended-twice", "Suspended by both sides is SuspendedEVSE", applies=EXTRA)
def suspended_by_both(lab):
    lab.set(StopTransactionOnInvalidId="false")
    lab.plug(ready=False)
    lab.expect(status("Preparing"))
    lab.present(lab.CARD)
    lab.expect(authorize(lab.CARD), start(lab.CARD))
    lab.expect(status("SuspendedEV"))
    lab.unplug()
    lab.expect(stop(lab.transaction, "EVDisconnected"), status("Finishing"), status("Available"))
    lab.verdict(StartTransaction="Invalid")
    lab.plug(ready=False)
    lab.expect(status("Preparing"))
    lab.present(lab.CARD)
    lab.expect(authorize(lab.CARD), start(lab.CARD), status("SuspendedEVSE"))


# Shows: CORE-BOOT-25, CORE-BOOT-22
@case("X_registration-lost", "A registration that is withdrawn ends no transaction", applies=EXTRA)
def registration_is_withdrawn(lab):
    lab.set(MeterValueSampleInterval=5)
    lab.charge()
    # An error soon after the acceptance would be taken for one of the message.
    lab.silence(62)
    lab.answer("BootNotification", lambda _: {"currentTime": now(), "interval": 3, "status": "Pending"})
    lab.answer("MeterValues", Refused("SecurityError"))
    lab.expect(boot())
    lab.answer("MeterValues", None)
    lab.answer("BootNotification", None)
    lab.expect(boot())
    lab.expect(status("Available", 0), status("Charging", 1))
    lab.accepted("RemoteStopTransaction", transactionId=lab.transaction)
    lab.expect(stop(lab.transaction, "Remote"), status("Finishing"))


# Shows: CORE-RST-05
@case("X_reset-silence", "A hard reset does not wait for a central system that is silent", applies=EXTRA)
def hard_reset_in_silence(lab):
    lab.charge()
    transaction = lab.transaction
    lab.central_system.silent = True
    lab.accepted("Reset", type="Hard")
    lab.expect(boot(), within=15, optional=[stop(transaction, "HardReset"), status("Finishing")])
    lab.central_system.silent = False
    lab.expect(stop(transaction, "HardReset"), within=60, optional=[boot(), status("Finishing"), status("Available", 0)])


# Shows: CORE-RST-10, CORE-BOOT-24
@case("X_pending", "While Pending: a new password, and a reset", applies=EXTRA, boots=False)
def pending(lab):
    lab.answer("BootNotification", lambda _: {"currentTime": now(), "interval": 120, "status": "Pending"})
    lab.background.clear()
    lab.switch_on({})
    lab.expect(boot())
    connections = lab.central_system.connections
    lab.set(AuthorizationKey="00112233445566778899AABBCCDDEEFF")
    lab.wait_reconnect(connections)
    lab.accepted("Reset", type="Soft")
    lab.expect(boot(), within=90)
