"""A modem whose own network interface carries data: a DHCP client beside it gets the address, and the modem says when there is no bearer behind it."""

import pytest
from mobile import ROOT, Mobile, modem

BUSYBOX = "/usr/lib/charger-test/busybox"
SCRIPT = """#!/bin/sh
case "$1" in
deconfig) ip address flush dev "$interface"; ip link set "$interface" up ;;
bound | renew)
    ip address replace "$ip/$mask" dev "$interface"
    ip route replace default via "$router" dev "$interface" metric 700
    ;;
esac
"""
SERVER = f"""start 10.97.0.10
end 10.97.0.20
interface usb1
lease_file {ROOT}/leases
pidfile {ROOT}/udhcpd.pid
option subnet 255.255.255.0
option router 10.97.0.1
"""


@pytest.fixture
def mobile(board):
    uplink = modem(
        connection="networkInterface", family="quectel", dhcpClient=BUSYBOX, dhcpScript=f"{ROOT}/dhcp-script"
    )
    made = Mobile(board, {**uplink, "interface": "usb0"})
    board.write(f"{ROOT}/dhcp-script", SCRIPT)
    board.write(f"{ROOT}/udhcpd.conf", SERVER)
    board.run(
        "sh", "-ec",
        f"chmod 755 {ROOT}/dhcp-script; touch {ROOT}/leases; ip link add usb0 type veth peer name usb1 netns isp;"
        "ip -n isp address add 10.97.0.1/24 dev usb1; ip -n isp link set usb1 up; ip link set usb0 up",
    )
    made.launch("dhcp", *made.at("isp"), BUSYBOX, "udhcpd", "-f", f"{ROOT}/udhcpd.conf")
    yield made
    made.close()
    board.run("ip", "link", "del", "usb0", check=False)
    board.run("pkill", "-KILL", "-f", "busybox udhcpc", check=False)


def client(mobile):
    return mobile.board.run("pgrep", "-f", "^/usr/lib/charger-test/busybox udhcpc", check=False)


def test_the_client_gets_an_address_the_session_flows_and_a_bearer_that_goes_is_made_anew(board, mobile):
    mobile.start()
    mobile.wait("ocpp.link", "phase=accepted")
    mobile.wait("uplink.state", "link=up", "active=cell")
    uplink = mobile.uplink()
    assert uplink["interface"] == "usb0" and uplink["address"].startswith("10.97.0."), uplink
    first = client(mobile)
    assert first
    # The address stays and the interface runs: only the modem knows, and is asked each half minute.
    assert mobile.order("unbear") == "ok"
    board.until(lambda: client(mobile) not in ("", first), "the client has been started anew")
    mobile.wait("uplink.state", "link=up", "active=cell")
    # A killed service is no end of the link.
    second = client(mobile)
    mobile.kill("modem-manager")
    mobile.start("modem-manager")
    mobile.wait("uplink.state", "link=up", "active=cell")
    assert client(mobile) == second
