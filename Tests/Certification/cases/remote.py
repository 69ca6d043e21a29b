"""Sessions that the central system begins and ends (OCPP 1.6 §5.11, §5.12)."""

from case import Refused, TWO_CONNECTORS, authorize, case, start, status, stop


# Shows: CORE-REM-02, CORE-REM-05, CORE-REM-09
@case("TC_010", "Remote start – cable first, authorized")
def cable_first(lab):
    lab.set(AuthorizeRemoteTxRequests="true")
    lab.plug()
    lab.expect(status("Preparing"))
    lab.accepted("RemoteStartTransaction", connectorId=1, idTag=lab.CARD)
    lab.expect(authorize(lab.CARD))
    lab.expect(start(lab.CARD), status("Charging"))


# Shows: CORE-REM-03
@case("TC_010-unasked", "Remote start – cable first, AuthorizeRemoteTxRequests false")
def cable_first_unasked(lab):
    lab.set(AuthorizeRemoteTxRequests="false")
    lab.plug()
    lab.expect(status("Preparing"))
    lab.accepted("RemoteStartTransaction", connectorId=1, idTag=lab.CARD)
    lab.expect(start(lab.CARD), status("Charging"))


# Shows: CORE-REM-11
@case("TC_011_1", "Remote start – remote start first")
def remote_start_first(lab):
    lab.set(AuthorizeRemoteTxRequests="true")
    lab.accepted("RemoteStartTransaction", connectorId=1, idTag=lab.CARD)
    lab.in_order(authorize(lab.CARD), status("Preparing"))
    lab.plug()
    lab.expect(start(lab.CARD), status("Charging"))
    lab.accepted("RemoteStopTransaction", transactionId=lab.transaction)
    lab.expect(stop(lab.transaction, "Remote"), status("Finishing"))


# Shows: CORE-REM-11
@case("TC_011_2", "Remote start – time out")
def time_out(lab):
    time_out = lab.seconds(30, 3)
    lab.set(ConnectionTimeOut=time_out, AuthorizeRemoteTxRequests="true")
    lab.accepted("RemoteStartTransaction", connectorId=1, idTag=lab.CARD)
    _, began = lab.in_order(authorize(lab.CARD), status("Preparing"))
    given_up = lab.expect(status("Available"), within=time_out + 12)
    lab.check(-0.5 <= given_up.at - began.at - time_out <= 10, f"given up after {given_up.at - began.at:.1f} s")


# Shows: CORE-REM-15, CORE-REM-19, CORE-TX-13, CORE-TX-46
@case("TC_012", "Remote stop")
def remote_stop(lab):
    began = lab.charge()
    lab.accepted("RemoteStopTransaction", transactionId=lab.transaction)
    ended, _ = lab.expect(stop(lab.transaction, "Remote"), status("Finishing"))
    lab.check(ended["meterStop"] >= began["meterStart"], "meterStop is below meterStart")
    lab.unplug()
    lab.expect(status("Available"))


# Shows: CORE-REM-10, CORE-TX-42
@case("TC_026", "Remote start rejected")
def rejected(lab):
    lab.charge()
    lab.answered("Rejected", "RemoteStartTransaction", connectorId=1, idTag=lab.OTHER_CARD)
    lab.silence(lab.seconds(5, 1))


# Shows: CORE-REM-08
@case("TC_027", "Remote start at connector 0")
def connector_zero(lab):
    try:
        lab.answered("Rejected", "RemoteStartTransaction", connectorId=0, idTag=lab.CARD)
    except Refused:
        pass
    lab.silence(lab.seconds(5, 1))


# Shows: CORE-REM-16
@case("TC_028", "Remote stop of an unknown transaction")
def unknown_transaction(lab):
    lab.charge()
    lab.answered("Rejected", "RemoteStopTransaction", transactionId=lab.transaction + 4711)
    lab.silence(lab.seconds(5, 1))


@case("TC_012-two", "Two sessions at once, ended one by one", TWO_CONNECTORS, "not to the product: it has one connector")
def two_sessions(lab):
    lab.charge(lab.CARD, connector=1, reader=1)
    first = lab.transaction
    lab.charge(lab.OTHER_CARD, connector=2, reader=2)
    second = lab.transaction
    lab.accepted("RemoteStopTransaction", transactionId=first)
    lab.expect(stop(first, "Remote"), status("Finishing", 1))
    lab.present(lab.OTHER_CARD, reader=2)
    lab.expect(stop(second, idTag=lab.OTHER_CARD), status("Finishing", 2))
