"""Default routes that others take away under a call and under a DHCP client's lease, in a network namespace.

No kernel without PPP has a `ppp0` of its own, so that a pppd that only dials stands beside an interface of that name.
"""

import shutil
import subprocess
import threading

import pytest

from namespaces import HERE, THERE, StackInNamespace, add_namespaces, ip, may_make_namespaces, remove_namespaces, uplink
from simulated_modem import Dialler, SimulatedModem, missing, wait_for
from stack import PATIENCE, configuration

pytestmark = [
    pytest.mark.skipif(not may_make_namespaces(), reason="network namespaces and veth want root, ip and a kernel that has them"),
    pytest.mark.skipif(missing(["chat"]) is not None, reason="chat is not installed"),
]
BUSYBOX = shutil.which("busybox")
SCRIPT = """#!/bin/sh
case "$1" in
deconfig) ip address flush dev "$interface"; ip link set "$interface" up ;;
bound | renew)
    ip address replace "$ip/$mask" dev "$interface"
    ip route replace default via "$router" dev "$interface" metric 712
    ;;
esac
"""
SERVER = """start 10.97.0.10
end 10.97.0.20
interface usb1
lease_file {0}/leases
pidfile {0}/udhcpd.pid
option subnet 255.255.255.0
option router 10.97.0.1
"""


@pytest.fixture
def places():
    try:
        add_namespaces()
        yield
    finally:
        remove_namespaces()


@pytest.fixture
def modem(tmp_path):
    with SimulatedModem(tmp_path) as simulated:
        simulated.set("net.search", 200)
        yield simulated


def routes():
    """The default routes of IPv4, without what the kernel adds in words."""
    shown = ip("-n", HERE, "-4", "route", "show", "default").stdout
    return sorted(" ".join(line.split()) for line in shown.splitlines())


def site(modem, interface, **driver):
    document = configuration("ws://127.0.0.1:1/")
    driver = {"driver": "modem", "port": str(modem.at), "dataPort": str(modem.data), **driver}
    document["uplinks"] = [{"name": "cell", "interface": interface, "driver": driver}]
    return document


class Taker:
    """A tool that takes the default route over an interface away as soon as it sees it."""

    def __init__(self, interface):
        self.interface, self.taken, self.ended = interface, 0, threading.Event()
        self.thread = threading.Thread(target=self.work)

    def work(self):
        while not self.ended.wait(0.02):
            self.taken += ip("-n", HERE, "route", "del", "default", "dev", self.interface, check=False).returncode == 0

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join()


def test_the_route_of_a_call_comes_back_with_its_metric_and_a_tool_that_takes_it_is_met_with_patience(places, modem, tmp_path):
    ip("-n", HERE, "link", "add", "ppp0", "type", "veth", "peer", "name", "far", "netns", THERE)
    ip("-n", THERE, "link", "set", "far", "up")
    # Somebody else's, with the very metric, and one of IPv6 that stays whatever becomes of the other.
    ip("-n", HERE, "link", "add", "eth9", "type", "veth", "peer", "name", "near", "netns", THERE)
    ip("-n", THERE, "link", "set", "near", "up")
    ip("-n", HERE, "link", "set", "eth9", "up")
    ip("-n", HERE, "route", "add", "default", "dev", "eth9", "metric", "700")
    with Dialler(tmp_path) as dialler, StackInNamespace(site(modem, "ppp0", pppd=str(dialler.path))) as stack:
        stack.start("modem-manager")
        dialler.wait(1)
        ip("-n", HERE, "address", "add", "10.64.64.2/32", "dev", "ppp0")
        ip("-n", HERE, "link", "set", "ppp0", "up")
        wait_for("the uplink", lambda: uplink(stack)["link"] == "up")
        both = ["default dev eth9 scope link metric 700", "default dev ppp0 proto static scope link metric 700"]
        wait_for("the route", lambda: routes() == both)
        ip("-n", HERE, "-6", "route", "add", "default", "dev", "ppp0")
        ip("-n", HERE, "route", "del", "default", "dev", "ppp0")
        wait_for("the route again", lambda: routes() == both)
        wait_for("its word", lambda: uplink(stack)["detail"] == "ppp0 has an address")
        assert "ppp0 has an address, and no default route" in stack.ctl("net", "history")
        with Taker("ppp0") as tool:
            words = "ppp0 has an address; somebody takes its default route away again and again"
            wait_for("the fight told", lambda: words in stack.ctl("net", "history"))
        assert tool.taken <= 6
        assert "the default route of an uplink is taken away again and again" in stack.log("modem-manager")
        wait_for("the route after it", lambda: routes() == both, PATIENCE * 2)
        assert uplink(stack)["link"] == "up" and len(dialler.lives) == 1


@pytest.mark.skipif(BUSYBOX is None, reason="busybox is not installed")
def test_the_route_of_a_lease_comes_back_by_the_client_that_made_it(places, modem, tmp_path):
    ip("-n", HERE, "link", "add", "usb0", "type", "veth", "peer", "name", "usb1", "netns", THERE)
    ip("-n", THERE, "address", "add", "10.97.0.1/24", "dev", "usb1")
    ip("-n", THERE, "link", "set", "usb1", "up")
    ip("-n", HERE, "link", "set", "usb0", "up")
    (tmp_path / "script").write_text(SCRIPT)
    (tmp_path / "script").chmod(0o755)
    (tmp_path / "leases").touch()
    (tmp_path / "udhcpd.conf").write_text(SERVER.format(tmp_path))
    client = {"dhcpClient": BUSYBOX, "dhcpScript": str(tmp_path / "script")}
    document = site(modem, "usb0", connection="networkInterface", family="quectel", **client)
    server = subprocess.Popen(["ip", "netns", "exec", THERE, BUSYBOX, "udhcpd", "-f", tmp_path / "udhcpd.conf"])
    try:
        with StackInNamespace(document) as stack:
            stack.start("modem-manager")
            up = wait_for("the uplink", lambda: (state := uplink(stack))["link"] == "up" and state)
            made = wait_for("the route", routes)
            assert made == ["default via 10.97.0.1 dev usb0 metric 712"]
            ip("-n", HERE, "-6", "route", "add", "default", "dev", "usb0")
            ip("-n", HERE, "route", "del", "default")
            wait_for("the route again", lambda: routes() == made)
            wait_for("its word", lambda: uplink(stack)["detail"] == "usb0 has an address")
            assert uplink(stack)["address"] == up["address"]
            told = stack.ctl("net", "history")
            # The lease went on: the link was up all the time.
            assert "usb0 has an address, and no default route" in told and "ended" not in told, told
    finally:
        server.terminate()
        server.wait(PATIENCE)
