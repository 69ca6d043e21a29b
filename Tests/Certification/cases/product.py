"""The product as it is delivered, with nothing set: what its certificate says of it, in the certificate's own times."""

from case import authorize, case, heartbeat, local, meter_values, start, status, stop
from central_system import now

from cases.meter_values import moment, seconds_between

DELIVERED = "the product as delivered, beyond the laboratory's list"


# Shows: SEED-02
@case("Z_session", "As delivered: a register each 20 s, and a stop without data", applies=DELIVERED)
def session(lab):
    lab.background.discard("MeterValues")
    began = lab.charge()
    for number in (1, 2):
        sample = lab.expect(meter_values(connectorId=1, transactionId=lab.transaction))
        values = [value for entry in sample["meterValue"] for value in entry["sampledValue"]]
        lab.check(len(values) == 1, f"{len(values)} values instead of one")
        lab.check(values[0].get("measurand", "Energy.Active.Import.Register") == "Energy.Active.Import.Register", str(values))
        after = moment(sample["meterValue"][0]["timestamp"]) - moment(began["timestamp"])
        lab.check(-1 <= after - 20 * number <= lab.lateness, f"sample {number} is of {after:.1f} s after the start")
    lab.present(lab.CARD)
    ended, _ = lab.expect(stop(lab.transaction, local), status("Finishing"))
    lab.check(ended.get("transactionData") is None, "StopTransaction has transactionData")


# Shows: SEED-03, J-CON-13
@case("Z_silence", "As delivered: a ping each 10 s, a Heartbeat after 20 s", applies=DELIVERED, boots=False)
def silence(lab):
    lab.answer("BootNotification", lambda _: {"currentTime": now(), "interval": 20, "status": "Accepted"})
    lab.boot({})
    lab.background.clear()
    beats = [lab.expect(heartbeat(), within=25 + lab.lateness) for _ in range(4)]
    lab.check_rhythm([beat.at for beat in beats], 20, "Heartbeats")
    pings = list(lab.central_system.pings)
    lab.check(len(pings) >= 6, f"{len(pings)} pings in more than a minute")
    lab.check_rhythm(pings, 10, "pings")


# Shows: SEED-04
@case("Z_offline", "As delivered: offline any card begins, online none without asking", applies=DELIVERED)
def offline(lab):
    lab.central_system.silent = True
    lab.plug()
    lab.present(lab.CARD)
    lab.expect(authorize(lab.CARD), status("Preparing"))
    lab.silence(3, authorize(lab.CARD), status("Preparing"))
    lab.cut_link()
    lab.central_system.silent = False
    lab.present(lab.OTHER_CARD)
    lab.pass_offline(2)
    lab.mend_link()
    lab.expect(status("Charging"), start(lambda card: card in (lab.CARD, lab.OTHER_CARD)), optional=[status("Preparing")])


# Shows: SEED-06, CORE-STAT-20
@case("Z_preparing", "As delivered: Preparing ends after 60 s", applies=DELIVERED)
def preparing(lab):
    lab.plug()
    began = lab.expect(status("Preparing"))
    given_up = lab.expect(status("Finishing"), within=90)
    after = seconds_between(began, given_up)
    lab.check(-1 <= after - 60 <= lab.lateness, f"given up after {after:.1f} s")
    lab.unplug()
    lab.expect(status("Available"))


# Shows: SEED-08, CORE-CFG-20
@case("Z_connectors", "As delivered: connectors 0 and 1, and no other", applies=DELIVERED)
def connectors(lab):
    lab.check(lab.get("NumberOfConnectors")[0]["NumberOfConnectors"]["value"] == "1", "NumberOfConnectors is not 1")
    lab.answered("Rejected", "ChangeAvailability", connectorId=2, type="Inoperative")
    lab.answered("Rejected", "RemoteStartTransaction", connectorId=2, idTag=lab.CARD)
    lab.answered("NotSupported", "UnlockConnector", connectorId=2)
    lab.silence(1)
