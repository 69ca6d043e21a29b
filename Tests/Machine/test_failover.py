"""A transaction while the uplink in use changes from a cable to the modem and back: nothing that is owed to the central system is lost or sent twice."""

import json

import pytest
from mobile import CABLE, Mobile, modem


@pytest.fixture
def mobile(board):
    made = Mobile(board, CABLE, modem())
    made.plug_in_cable()
    yield made
    made.close()


def payloads(mobile, action):
    """What the charger asked with this action, in its order."""
    frames = [message["frame"] for message in mobile.messages(action) if "frame" in message]
    return [frame[3] for frame in frames if frame[0] == 2 and frame[2] == action]


def sampled(mobile):
    return [value["timestamp"] for values in payloads(mobile, "MeterValues") for value in values["meterValue"]]


def more_values(mobile):
    before = len(sampled(mobile))
    mobile.board.until(lambda: len(sampled(mobile)) > before + 1, "more meter values have come")


def test_a_transaction_loses_nothing_over_a_cable_that_goes_and_comes_back(board, mobile):
    mobile.start()
    mobile.wait("uplink.state", "active=cable")
    mobile.wait("ocpp.link", "phase=accepted")
    board.until(lambda: mobile.uplink()["link"] == "up", "the modem is up beside the cable")
    mobile.ctl("sim", "plug", "--ready", "on")
    mobile.ctl("sim", "swipe", "04A1B2C3")
    mobile.wait("ocpp.connector.1", "status=Charging")
    more_values(mobile)

    mobile.set_cable(False)
    mobile.wait("uplink.state", "active=cell")
    mobile.wait("ocpp.link", "phase=accepted")
    more_values(mobile)
    # Whoever reaches the central system now has the address of the modem.
    assert "10.64.64.2" in board.run(*mobile.at("csms"), "ss", "-tnH", "state", "established", "src", "10.99.0.2")

    mobile.set_cable(True)
    mobile.wait("uplink.state", "active=cable")
    mobile.wait("ocpp.link", "phase=accepted")
    more_values(mobile)
    assert "10.98.0.2" in board.run(*mobile.at("csms"), "ss", "-tnH", "state", "established", "src", "10.99.0.2")

    mobile.ctl("sim", "unplug")
    board.until(lambda: payloads(mobile, "StopTransaction"), "the transaction has been stopped")
    mobile.wait("ocpp.queue", "undelivered=0")
    for action in ("StartTransaction", "StopTransaction"):
        assert len({payload["timestamp"] for payload in payloads(mobile, action)}) == 1
    # One each two seconds, also for the time without a network. What was sent and not confirmed when a link went is sent once more.
    stamps = list(dict.fromkeys(sampled(mobile)))
    assert stamps == sorted(stamps), "The values came in their order."
    gaps = [seconds(after) - seconds(before) for before, after in zip(stamps, stamps[1:])]
    assert max(gaps) < 5, (max(gaps), json.dumps(stamps))


def test_a_cable_with_a_dead_network_behind_it_is_left_for_the_modem_although_its_route_stands(board, mobile):
    mobile.start()
    mobile.wait("uplink.state", "active=cable")
    mobile.wait("ocpp.link", "phase=accepted")
    board.until(lambda: mobile.uplink()["link"] == "up", "the modem is up beside the cable")
    board.run(*mobile.at("isp"), "sh", "-c", "echo 0 > /proc/sys/net/ipv4/conf/lan/forwarding")
    mobile.wait("uplink.state", "active=cell", seconds=500)
    # The system's resolver and everything that is bound to no interface still go into the dead cable.
    assert "dev eth1" in board.run("ip", "route", "get", "10.99.0.53")
    mobile.wait("ocpp.link", "phase=accepted", seconds=300)
    assert "10.64.64.2" in board.run(*mobile.at("csms"), "ss", "-tnH", "state", "established", "src", "10.99.0.2")
    assert "metric 701" in board.run("ip", "route", "show", "default", "dev", "ppp0")


def seconds(stamp):
    hours, minutes, rest = stamp.split("T")[1].rstrip("Z").split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(rest)
