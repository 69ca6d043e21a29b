"""Which status may follow which (OCPP 1.6 §4.9; Preparing to Finishing from errata §3.20)."""

NAMES = [
    "Available", "Preparing", "Charging", "SuspendedEV", "SuspendedEVSE", "Finishing", "Reserved", "Unavailable", "Faulted",
]
# The digits are places in NAMES, counted from 1, as in the names of the transitions there (A2, B1, …).
FOLLOWERS = dict(zip(NAMES, ["2345789", "134569", "145689", "135689", "134689", "1289", "1289", "123459", "12345678"]))
OF_THE_CHARGE_POINT = {"Available", "Unavailable", "Faulted"}


class Statuses:
    """The statuses of one charge point, as they were told."""

    def __init__(self):
        self.told = {}

    def forget(self):
        """After a boot or a time offline anything may be told, because nobody was told what happened meanwhile."""
        self.told = {}

    def objection(self, payload):
        """What is wrong with this StatusNotification after those before; None when nothing is."""
        connector, status = payload["connectorId"], payload["status"]
        news = {key: value for key, value in payload.items() if key != "timestamp"}
        before, earlier = self.told.get(connector, (None, ""))
        at = payload.get("timestamp", "")
        self.told[connector] = news, at
        if connector == 0 and status not in OF_THE_CHARGE_POINT:
            return f"the charge point itself cannot be {status}"
        if before is None:
            return None
        # In UTC with milliseconds, which texts can be compared of.
        if at and at < earlier:
            return f"connector {connector} told {status} of {at} after something of {earlier}"
        if before == news:
            return f"connector {connector} told {status} again, and nothing is new"
        if connector == 0 or before["status"] == status or str(NAMES.index(status) + 1) in FOLLOWERS[before["status"]]:
            return None
        return f"connector {connector} went from {before['status']} to {status}, which is no transition of OCPP 1.6 §4.9"
