"""Who may charge, and who may stop it: cards, groups, the cache (OCPP 1.6 §3.5, §4.1, §4.8, §7.8)."""

from case import DETACHABLE, authorize, case, start, status, stop

PARENT = "FAMILY"


# Shows: CORE-AUTH-12
@case("TC_007", "Regular session with a cached id")
def cached_id(lab):
    lab.need_key("AuthorizationCacheEnabled")
    lab.set(AuthorizationCacheEnabled="true", LocalPreAuthorize="true")
    lab.accepted("ClearCache")
    lab.charge()
    lab.present(lab.CARD)
    lab.expect(stop(lab.transaction), status("Finishing"))
    lab.unplug()
    lab.expect(status("Available"))
    lab.plug()
    lab.expect(status("Preparing"))
    lab.present(lab.CARD)
    lab.expect(start(lab.CARD), status("Charging"))


# Shows: CORE-AUTH-29
@case("TC_061", "Clear the authorization cache")
def clear_cache(lab):
    has_cache = "AuthorizationCacheEnabled" in lab.get("AuthorizationCacheEnabled")[0]
    if has_cache:
        lab.set(AuthorizationCacheEnabled="true", LocalPreAuthorize="true")
    lab.charge()
    lab.present(lab.CARD)
    lab.expect(stop(lab.transaction), status("Finishing"))
    lab.unplug()
    lab.expect(status("Available"))
    lab.answered("Accepted" if has_cache else "Rejected", "ClearCache")
    lab.plug()
    lab.expect(status("Preparing"))
    lab.present(lab.CARD)
    lab.in_order(authorize(lab.CARD), start(lab.CARD), optional=[status("Charging")])


# Shows: CORE-AUTH-05
@case("TC_068", "Stop transaction – only the same idTag")
def same_id_tag(lab):
    lab.charge()
    lab.present(lab.OTHER_CARD)
    lab.silence(lab.seconds(30, 3))
    lab.present(lab.CARD)
    lab.expect(stop(lab.transaction, idTag=lab.CARD), status("Finishing"))
    lab.unplug()
    lab.expect(status("Available"))


# Shows: CORE-AUTH-05, CORE-TX-12
@case("TC_069", "Stop transaction – parentIdTag")
def parent_id_tag(lab):
    lab.verdict(
        Authorize={"status": "Accepted", "parentIdTag": PARENT}, StartTransaction={"status": "Accepted", "parentIdTag": PARENT}
    )
    lab.charge()
    lab.present(lab.OTHER_CARD)
    lab.expect(authorize(lab.OTHER_CARD))
    lab.expect(stop(lab.transaction, idTag=lab.OTHER_CARD), status("Finishing"))
    lab.unplug()
    lab.expect(status("Available"))


def refused(verdict):
    """Plug and card, with a card that the central system refuses: no transaction, now or later."""

    def script(lab):
        if "MinimumStatusDuration" in lab.get("MinimumStatusDuration")[0]:
            lab.set(MinimumStatusDuration=lab.seconds(10, 1))
        lab.verdict(Authorize=verdict)
        lab.plug()
        lab.expect(status("Preparing"))
        lab.present(lab.CARD)
        lab.expect(authorize(lab.CARD))
        lab.silence(lab.seconds(20, 3))
        lab.unplug()
        lab.expect(status("Available"))

    return script


# Shows: CORE-AUTH-11
case("TC_023_1", "Start with an invalid id")(refused("Invalid"))
# Shows: CORE-AUTH-11
case("TC_023_2", "Start with an expired id")(refused("Expired"))
# Shows: CORE-AUTH-11
case("TC_023_3", "Start with a blocked id")(refused("Blocked"))
case("TC_023_4", "Start with an invalid id, MinimumStatusDuration", settings={"MinimumStatusDuration": 0})(refused("Invalid"))


@case("TC_023_5", "Identification first with an invalid id")
def refused_before_the_cable(lab):
    lab.verdict(Authorize="Invalid")
    lab.present(lab.CARD)
    lab.expect(authorize(lab.CARD))
    lab.silence(lab.seconds(10, 1))
    lab.plug()
    lab.expect(status("Preparing"))
    lab.silence(lab.seconds(20, 3))


@case("TC_024", "Lock failure at the start", DETACHABLE, "not to the product: its cable is fixed")
def lock_failure(lab):
    lab.break_part("jammed lock")
    lab.plug()
    lab.expect(status("Preparing"))
    lab.accepted("RemoteStartTransaction", connectorId=1, idTag=lab.CARD)
    lab.expect(authorize(lab.CARD))
    lab.expect(status("Faulted", errorCode="ConnectorLockFailure"))
    lab.silence(lab.seconds(20, 3))
