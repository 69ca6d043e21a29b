"""The cable is pulled at the EV (OCPP 1.6 §9.1.25, §9.1.33, E §3.85)."""

from case import DETACHABLE, case, status, stop


# Shows: CORE-TX-19
@case("TC_005_1", "EV-side disconnect – stop and unlock", DETACHABLE, "not to the product: its cable is fixed")
def stop_and_unlock(lab):
    lab.set(StopTransactionOnEVSideDisconnect="true", UnlockConnectorOnEVSideDisconnect="true")
    lab.charge()
    lab.unplug_at_car()
    lab.expect(stop(lab.transaction, "EVDisconnected"), status("Finishing"))
    lab.unplug()
    lab.expect(status("Available"))


# Shows: CORE-TX-16, CORE-STAT-16, SEED-05
@case("TC_005_2", "EV-side disconnect – stop, no unlock")
def stop_without_unlock(lab):
    lab.set(StopTransactionOnEVSideDisconnect="true")
    lab.charge()
    lab.unplug_at_car()
    # A fixed cable has nothing left to finish: the connector is free as soon as the EV is gone.
    _, finishing, available = lab.expect(stop(lab.transaction, "EVDisconnected"), status("Finishing"), status("Available"))
    lab.check(finishing.at <= available.at, "Finishing came after Available")
    lab.answered(("Unlocked", "NotSupported"), "UnlockConnector", connectorId=1)


# Shows: CORE-TX-19
@case("TC_005_2-socket", "EV-side disconnect – stop, no unlock, detachable cable", DETACHABLE, "not to the product: its cable is fixed")
def stop_without_unlock_at_socket(lab):
    lab.set(StopTransactionOnEVSideDisconnect="true", UnlockConnectorOnEVSideDisconnect="false")
    lab.charge()
    lab.unplug_at_car()
    lab.expect(stop(lab.transaction, "EVDisconnected"), status("Finishing"))
    lab.answered("Unlocked", "UnlockConnector", connectorId=1)
    lab.unplug()
    lab.expect(status("Available"))


# Shows: CORE-TX-18, CORE-STAT-17
@case("TC_005_3", "EV-side disconnect – the transaction goes on")
def transaction_goes_on(lab):
    lab.set(StopTransactionOnEVSideDisconnect="false")
    lab.charge()
    lab.unplug_at_car()
    lab.expect(status("SuspendedEV"))
    lab.silence(lab.seconds(10, 2))
    lab.accepted("RemoteStopTransaction", transactionId=lab.transaction)
    lab.expect(stop(lab.transaction, "Remote"), status("Available"), optional=[status("Finishing")])
