"""How a session begins and ends by card and cable (OCPP 1.6 §4.1, §4.8, §4.9, §4.10)."""

from case import SHARED_READER, authorize, case, local, start, status, stop


def end_by_card(lab, began):
    """The card of the session, once more; then the EV is taken away."""
    lab.present(lab.CARD)
    ended, _ = lab.expect(stop(lab.transaction, local, idTag=lab.CARD), status("Finishing"))
    lab.check(ended["meterStop"] >= began["meterStart"], "meterStop is below meterStart")
    lab.unplug()
    lab.expect(status("Available"))


# Shows: CORE-AUTH-01, CORE-AUTH-04, CORE-STAT-01, CORE-STAT-09, CORE-STAT-14
# Shows: CORE-STAT-25, CORE-STAT-28, CORE-STAT-30, J-RPC-24
@case("TC_003", "Regular charging session – plug-in first")
def plug_in_first(lab):
    lab.plug()
    lab.expect(status("Preparing"))
    lab.present(lab.CARD)
    asked, began, _ = lab.expect(authorize(lab.CARD), start(lab.CARD), status("Charging"))
    lab.check(asked.at < began.at, "StartTransaction came before Authorize")
    end_by_card(lab, began)


# Shows: CORE-STAT-30
@case("TC_004_1", "Regular charging session – identification first")
def identification_first(lab):
    lab.present(lab.CARD)
    lab.in_order(authorize(lab.CARD), status("Preparing"))
    lab.plug()
    began, _ = lab.expect(start(lab.CARD), status("Charging"))
    end_by_card(lab, began)


# Shows: CORE-STAT-19
@case("TC_004_2", "Identification first – ConnectionTimeOut")
def connection_time_out(lab):
    time_out = lab.seconds(30, 3)
    lab.set(ConnectionTimeOut=time_out)
    lab.present(lab.CARD)
    _, began = lab.in_order(authorize(lab.CARD), status("Preparing"))
    given_up = lab.expect(status("Available"), within=time_out + 12)
    lab.check(-1 <= given_up.at - began.at - time_out <= 10, f"given up after {given_up.at - began.at:.1f} s")
    # The authorization is forgotten with it: the cable alone begins nothing.
    lab.plug()
    lab.expect(status("Preparing"))
    lab.silence(lab.seconds(10, 2))


@case("TC_006", "One reader for several connectors", SHARED_READER, "not to the product: it has one connector")
def one_reader(lab):
    lab.present(lab.CARD)
    lab.expect(authorize(lab.CARD), optional=[status("Preparing", 1), status("Preparing", 2)])
    lab.plug(1)
    lab.expect(start(lab.CARD, 1), status("Charging", 1), optional=[status("Preparing", 1)])
    lab.present(lab.OTHER_CARD)
    lab.expect(authorize(lab.OTHER_CARD), optional=[status("Preparing", 2)])
    lab.plug(2)
    lab.expect(start(lab.OTHER_CARD, 2), status("Charging", 2), optional=[status("Preparing", 2)])
