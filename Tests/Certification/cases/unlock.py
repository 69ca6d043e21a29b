"""UnlockConnector (OCPP 1.6 §5.18, E §3.40)."""

from case import DETACHABLE, case, status, stop

FIXED = "not to the product: its cable is fixed"


# Shows: CORE-UNL-01
@case("TC_017_1", "Unlock without a session, detachable cable", DETACHABLE, FIXED)
def no_session_detachable(lab):
    lab.answered("Unlocked", "UnlockConnector", connectorId=1)
    lab.silence(lab.seconds(5, 1))


# Shows: CORE-UNL-01, CORE-UNL-05
@case("TC_017_2", "Unlock without a session, fixed cable")
def no_session_fixed(lab):
    lab.answered("NotSupported", "UnlockConnector", connectorId=1)
    lab.silence(lab.seconds(5, 1))


# Shows: CORE-UNL-02
@case("TC_018_1", "Unlock during a session, detachable cable", DETACHABLE, FIXED)
def in_session_detachable(lab):
    lab.charge()
    lab.answered("Unlocked", "UnlockConnector", connectorId=1)
    lab.expect(stop(lab.transaction, "UnlockCommand"), status("Finishing"))
    lab.unplug()
    lab.expect(status("Available"))


# Shows: CORE-UNL-05
@case("TC_018_2", "Unlock during a session, fixed cable")
def in_session_fixed(lab):
    lab.charge()
    lab.answered("NotSupported", "UnlockConnector", connectorId=1)
    lab.silence(lab.seconds(10, 2))
    lab.accepted("RemoteStopTransaction", transactionId=lab.transaction)
    lab.expect(stop(lab.transaction, "Remote"), status("Finishing"))


# Shows: CORE-UNL-01
@case("TC_030", "Unlock failure", DETACHABLE, FIXED)
def failure(lab):
    lab.charge()
    lab.break_part("jammed lock")
    lab.answered("UnlockFailed", "UnlockConnector", connectorId=1)
    lab.silence(
        lab.seconds(5, 1),
        stop(lab.transaction, "UnlockCommand"), status("Finishing"), status("Faulted", errorCode="ConnectorLockFailure"),
    )


# Shows: CORE-UNL-03
@case("TC_031", "Unlock of an unknown connector")
def unknown_connector(lab):
    lab.answered("NotSupported", "UnlockConnector", connectorId=9765)
