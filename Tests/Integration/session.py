"""Steps of a charging session that many tests share."""


def begin(stack, csms, tap, card="04A1B2C3", connector=1, reader=1):
    """Plug and card; returns StartTransaction once energy flows."""
    started = len(csms.calls("StartTransaction"))
    stack.sim("plug", "--connector", str(connector))
    csms.wait_status("Preparing", connector)
    stack.sim("swipe", card, "--reader", str(reader))
    start = csms.wait("StartTransaction", lambda p: p["connectorId"] == connector, started + 1 if connector == 1 else 1)
    tap.wait_connector(connector, contactor="closed")
    return start


def present_again(stack, tap, card="04A1B2C3", reader=1):
    """The same card once more: that counts from 3 s after it was taken away, which any message on the bus may tell."""
    newest = [m for m in tap.messages if m["topic"] == "hardware.card" and m["payload"]["idTag"] == card][-1]
    tap.wait(lambda m: m["header"]["uptime"] > newest["header"]["uptime"] + 4000)
    stack.sim("swipe", card, "--reader", str(reader))


def energy_beyond(tap, register, connector=1):
    """Waits until the meter shows more than `register` Wh; returns its reading."""
    topic = f"hardware.meter.{connector}"
    return tap.wait(lambda m: m["topic"] == topic and m["payload"]["energyWh"] > register)["payload"]["energyWh"]


def register_now(stack, connector=1):
    state = stack.ctl("state", f"hardware.meter.{connector}", "--json")
    return next(m["payload"]["energyWh"] for m in state if m["topic"] == f"hardware.meter.{connector}")


def assert_one_transaction(csms, start, stop):
    """Exactly one start and one stop, with an energy that adds up."""
    assert len(csms.calls("StartTransaction")) == 1
    assert len(csms.calls("StopTransaction")) == 1
    assert stop["transactionId"] == csms.last_transaction
    assert stop["meterStop"] > start["meterStart"]
    registers = [
        int(sampled["value"])
        for values in csms.calls("MeterValues")
        for value in values["meterValue"]
        for sampled in value["sampledValue"]
        if sampled.get("measurand", "Energy.Active.Import.Register") == "Energy.Active.Import.Register"
    ]
    course = [start["meterStart"], *registers, stop["meterStop"]]
    assert course == sorted(course), course
