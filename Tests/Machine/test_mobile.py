"""modem-manager and the gateway over real PPP: two pppd, one of them behind a simulated modem, and the kernel's interfaces between them."""

import json

import pytest
from mobile import Mobile, modem


@pytest.fixture
def mobile(board):
    made = Mobile(board, modem())
    yield made
    made.close()


def connected(mobile):
    mobile.start()
    mobile.wait("ocpp.link", "phase=accepted")
    mobile.wait("uplink.state", "link=up", "active=cell")


def test_a_call_carries_the_session_and_its_probes_ask_the_name_servers_of_the_network(board, mobile):
    connected(mobile)
    uplink = mobile.uplink()
    assert (uplink["link"], uplink["interface"], uplink["address"]) == ("up", "ppp0", "10.64.64.2")
    boot = mobile.messages("BootNotification")[0]["frame"][3]
    assert (boot["iccid"], boot["imsi"]) == ("8949000000000000017", "262010000000001")
    # The system itself knows no name server from here on: only those that pppd was told answer.
    board.write("/etc/resolv.conf", "")
    steps = json.loads(mobile.ctl("net", "test", "--json"))["steps"]
    assert [step["outcome"] for step in steps if step["name"] in ("sim", "registration", "address", "dns", "tcp")] == ["ok"] * 5, steps
    assert any(line.startswith("10.64.64.2 csms.example") for line in mobile.names.until(lambda line: line.startswith("10.64.64.2 ")))


def test_a_default_route_that_is_taken_from_a_call_comes_back_and_the_session_goes_on(board, mobile):
    connected(mobile)

    def route():
        return " ".join(board.run("ip", "-4", "route", "show", "default", "dev", "ppp0").split())

    board.until(lambda: "metric 700" in route(), "the call has its route")
    call, made, boots = mobile.pppd(), route(), len(mobile.messages("BootNotification"))
    board.run("ip", "route", "del", "default", "dev", "ppp0")
    board.until(lambda: route() == made, "the route is there again")
    assert mobile.pppd() == call and len(mobile.messages("BootNotification")) == boots
    story = mobile.history()
    assert "ppp0 has an address, and no default route" in story, story


def test_a_call_that_dies_silently_is_noticed_by_probes_and_made_anew(board, mobile):
    connected(mobile)
    first = mobile.pppd()
    mobile.block()
    mobile.wait("ocpp.link", "phase!=accepted")
    mobile.wait("ocpp.link", "phase=accepted", seconds=400)
    mobile.wait("uplink.state", "link=up", "endToEnd=reachable", seconds=400)
    assert mobile.pppd() not in ("", first)
    story = mobile.history()
    assert "dialled again" in story, story


def test_a_call_outlives_a_killed_modem_manager_which_then_knows_all_of_it(board, mobile):
    connected(mobile)
    call, boots = mobile.pppd(), len(mobile.messages("BootNotification"))
    assert call
    mobile.kill("modem-manager")
    mobile.start("modem-manager")
    mobile.wait("uplink.state", "link=up", "active=cell")
    assert mobile.pppd() == call
    board.write("/etc/resolv.conf", "")
    steps = json.loads(mobile.ctl("net", "test", "--json"))["steps"]
    assert next(step for step in steps if step["name"] == "tcp")["outcome"] == "ok", steps
    # The session did not notice.
    assert len(mobile.messages("BootNotification")) == boots
    assert "phase" in mobile.ctl("state", "ocpp.link")
