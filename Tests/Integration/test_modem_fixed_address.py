"""modem-manager gives the interface of a modem the address that ModemManager names, and asks the name servers behind it: in a network namespace.

No modem without hardware has a network interface of its own, so that mmcli is a program here that answers as the real one does.
"""

import json
import pathlib
import signal
import subprocess
import sys
import textwrap

import pytest

from namespaces import HERE, THERE, StackInNamespace, add_namespaces, ip, may_make_namespaces, remove_namespaces, uplink
from simulated_modem import wait_for
from stack import Stack, configuration

NAMESERVER = pathlib.Path(__file__).parent.parent / "Machine" / "nameserver.py"

pytestmark = pytest.mark.skipif(not may_make_namespaces(), reason="network namespaces and veth want root, ip and a kernel that has them")


@pytest.fixture
def network():
    """`wwan0` in the charger's namespace, whose other end is a network with a name server and a central system that only listens."""
    processes = []
    try:
        add_namespaces()
        ip("-n", HERE, "link", "add", "wwan0", "type", "veth", "peer", "name", "far", "netns", THERE)
        ip("-n", THERE, "link", "set", "far", "up")
        for address in ("10.65.1.8/28", "10.65.0.1/32", "192.0.2.10/32"):
            ip("-n", THERE, "address", "add", address, "dev", "far")

        def start(*command):
            process = subprocess.Popen(["ip", "netns", "exec", THERE, sys.executable, *command], stdout=subprocess.PIPE, text=True)
            processes.append(process)
            assert process.stdout.readline() == "ready\n"
            return process

        start(NAMESERVER, "10.65.0.1", "csms.example", "192.0.2.10")
        start("-c", "import socket; s = socket.create_server(('192.0.2.10', 9000)); print('ready', flush=True)\nwhile True: s.accept()")
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()
        remove_namespaces()


class Service:
    """An mmcli of a ModemManager with one modem that is connected as a document says, or not."""

    def __init__(self, directory):
        self.path, self.document = directory / "mmcli", directory / "service.json"
        self.path.write_text(
            textwrap.dedent(
                f"""\
                #!{sys.executable}
                import json, sys
                path = {str(self.document)!r}
                state = json.load(open(path))
                modem, sim, bearer = ["/org/freedesktop/ModemManager1/" + kind + "/0" for kind in ("Modem", "SIM", "Bearer")]
                said = sys.argv[1:]
                generic = {{
                    "access-technologies": ["lte"], "bearers": [bearer] if state["connected"] else [], "device": "/sys/devices/usb1/1-1",
                    "equipment-identifier": "356938035643809", "manufacturer": "QUALCOMM INCORPORATED", "signal-quality": {{"recent": "yes", "value": "61"}},
                    "sim": sim, "state": "connected" if state["connected"] else "registered", "state-failed-reason": "--",
                    "unlock-required": "--", "unlock-retries": [],
                }}
                if any(word.startswith("--simple-connect") for word in said):
                    state["connected"] = True
                    json.dump(state, open(path, "w"))
                elif "--simple-disconnect" in said:
                    state["connected"] = False
                    json.dump(state, open(path, "w"))
                elif "-L" in said:
                    print(json.dumps({{"modem-list": [modem]}}))
                elif said[:2] == ["-m", modem] and said[2:] == ["-J"]:
                    network = {{"operator-code": "26202", "operator-name": "Zweites Netz", "registration-state": "home"}}
                    print(json.dumps({{"modem": {{"3gpp": network, "dbus-path": modem, "generic": generic}}}}))
                elif said[0] == "-i":
                    print(json.dumps({{"sim": {{"properties": {{"iccid": "8949020000000000025", "imsi": "262020000000002"}}}}}}))
                elif said[0] == "-b":
                    config = {{
                        "address": state["address"], "dns": ["10.65.0.1"], "gateway": "10.65.1.8", "method": "static", "mtu": "1430", "prefix": "28",
                    }}
                    status = {{"connected": "yes" if state["connected"] else "no", "interface": "wwan0"}}
                    print(json.dumps({{"bearer": {{"dbus-path": bearer, "ipv4-config": config, "status": status}}}}))
                else:
                    sys.exit(print("error: couldn't do it", file=sys.stderr) or 1)
                """
            )
        )
        self.path.chmod(0o755)
        self.set(connected=False, address="10.65.1.7")

    def set(self, **state):
        new = self.document.with_suffix(".new")
        new.write_text(json.dumps({**(json.loads(self.document.read_text()) if self.document.exists() else {}), **state}))
        new.rename(self.document)


def interface():
    shown = json.loads(ip("-n", HERE, "-j", "address", "show", "wwan0").stdout)[0]
    return shown["mtu"], [(a["local"], a["prefixlen"]) for a in shown["addr_info"] if a["family"] == "inet"]


def test_the_address_is_set_with_its_route_and_the_way_is_walked_through_it(network, tmp_path):
    service = Service(tmp_path)
    document = configuration("ws://csms.example:9000/")
    document["uplinks"] = [{"name": "cell", "driver": {"driver": "mmcli", "mmcli": str(service.path), "access": {"apn": "iot"}}}]
    with StackInNamespace(document) as stack:
        stack.start("modem-manager")
        up = wait_for("the uplink", lambda: (state := uplink(stack))["link"] == "up" and state)
        assert up["address"] == "10.65.1.7" and up["interface"] == "wwan0" and up["nameServers"] == ["10.65.0.1"]
        assert interface() == (1430, [("10.65.1.7", 28)])
        route = ip("-n", HERE, "route", "show", "default").stdout
        assert "via 10.65.1.8 dev wwan0" in route and "metric 700" in route
        walked = stack.ctl("net", "test", "--json", status=None)
        steps = {step["name"]: step for step in walked["steps"]}
        assert steps["dns"]["outcome"] == "ok" and "192.0.2.10" in steps["dns"]["detail"]
        assert steps["tcp"]["outcome"] == "ok" and "milliseconds" in steps["tcp"]

        # The network gives another address when the connection is made anew.
        service.set(connected=False, address="10.65.1.9")
        wait_for("the other address", lambda: interface()[1] == [("10.65.1.9", 28)], 90)
        wait_for("the uplink", lambda: uplink(stack).get("address") == "10.65.1.9")


def test_what_others_take_away_is_given_anew_also_where_a_route_of_ipv6_stays(network, tmp_path):
    service = Service(tmp_path)
    document = configuration("ws://csms.example:9000/")
    document["uplinks"] = [{"name": "cell", "driver": {"driver": "mmcli", "mmcli": str(service.path)}}]
    with StackInNamespace(document) as stack:
        stack.start("modem-manager")
        wait_for("the uplink", lambda: uplink(stack)["link"] == "up")
        ip("-n", HERE, "-6", "address", "add", "2001:db8::7/64", "dev", "wwan0", "nodad")
        ip("-n", HERE, "-6", "route", "add", "default", "dev", "wwan0")
        before = ip("-n", HERE, "route", "show", "default").stdout
        assert "via 10.65.1.8 dev wwan0" in before
        ip("-n", HERE, "route", "del", "default")
        wait_for("the route", lambda: ip("-n", HERE, "route", "show", "default").stdout == before)
        ip("-n", HERE, "address", "del", "10.65.1.7/28", "dev", "wwan0")
        wait_for("the address", lambda: interface()[1] == [("10.65.1.7", 28)])
        wait_for("its route", lambda: ip("-n", HERE, "route", "show", "default").stdout == before)
        told = stack.ctl("net", "history")
        assert "wwan0 has an address, and no default route" in told and "again and again" not in told, told


def test_what_others_change_is_put_right_also_where_there_are_many_routes(network, tmp_path):
    service = Service(tmp_path)
    document = configuration("ws://csms.example:9000/")
    document["uplinks"] = [{"name": "cell", "driver": {"driver": "mmcli", "mmcli": str(service.path)}}]
    # More than a page of /proc/net/route has.
    for number in range(60):
        ip("-n", HERE, "route", "add", f"198.18.{number}.0/24", "dev", "lo")
    default = lambda: ip("-n", HERE, "route", "show", "default").stdout
    with StackInNamespace(document) as stack:
        stack.start("modem-manager")
        wait_for("the uplink", lambda: uplink(stack)["link"] == "up")
        before = wait_for("the route", default)
        assert "via 10.65.1.8 dev wwan0" in before
        ip("-n", HERE, "route", "del", "default")
        wait_for("the route again", lambda: default() == before)
        ip("-n", HERE, "link", "set", "wwan0", "mtu", "1280")
        wait_for("the MTU again", lambda: interface()[0] == 1430)
        ip("-n", HERE, "route", "replace", "default", "via", "10.65.1.9", "dev", "wwan0", "metric", "700", "onlink")
        wait_for("the gateway again", lambda: default() == before)


def test_the_address_of_an_uplink_that_is_gone_from_the_file_is_taken_away(network, tmp_path):
    service = Service(tmp_path)
    document = configuration("ws://csms.example:9000/")
    document["uplinks"] = [{"name": "cell", "driver": {"driver": "mmcli", "mmcli": str(service.path)}}]
    with StackInNamespace(document) as stack:
        stack.start("modem-manager")
        wait_for("the uplink", lambda: uplink(stack)["link"] == "up")
        stack.kill("modem-manager", sig=signal.SIGTERM)
        # The call goes on without its service, and so does its address.
        assert interface()[1] == [("10.65.1.7", 28)]
        stack.configure({**document, "uplinks": [{"name": "other", "driver": "simulated"}]})
        stack.start("modem-manager")
        wait_for("the end of the address", lambda: interface()[1] == [])
        wait_for("the end of its note", lambda: not (stack.runtime / "modem-manager" / "cell-address").exists())
        assert ip("-n", HERE, "route", "show", "default").stdout == ""


@pytest.mark.parametrize("noted", [True, False])
def test_an_address_of_somebody_else_is_left_alone(network, tmp_path, noted):
    """Another uplink has the interface, and a network service gave it an address while modem-manager was away; also where an earlier version noted none."""
    service = Service(tmp_path)
    document = configuration("ws://csms.example:9000/")
    document["uplinks"] = [{"name": "cell", "driver": {"driver": "mmcli", "mmcli": str(service.path)}}]
    with StackInNamespace(document) as stack:
        note = stack.runtime / "modem-manager" / "cell-address"
        stack.start("modem-manager")
        wait_for("the uplink", lambda: uplink(stack)["link"] == "up")
        assert note.read_text() == "wwan0 10.65.1.7\n"
        stack.kill("modem-manager")
        if not noted:
            note.write_text("wwan0\n")
            ip("-n", HERE, "address", "flush", "dev", "wwan0")
        ip("-n", HERE, "address", "add", "172.16.5.5/24", "dev", "wwan0")
        stack.configure({**document, "uplinks": [{"name": "lan", "driver": "static", "interface": "wwan0"}]})
        stack.start("modem-manager")
        wait_for("the end of its note", lambda: not note.exists())
        assert interface()[1] == [("172.16.5.5", 24)]


def test_what_an_uplink_of_another_kind_gave_is_taken_away(network, tmp_path):
    service = Service(tmp_path)
    document = configuration("ws://csms.example:9000/")
    document["uplinks"] = [{"name": "cell", "driver": {"driver": "mmcli", "mmcli": str(service.path)}}]
    with StackInNamespace(document) as stack:
        folder = stack.runtime / "modem-manager"
        stack.start("modem-manager")
        wait_for("the uplink", lambda: uplink(stack)["link"] == "up")
        stack.kill("modem-manager", sig=signal.SIGTERM)
        # An earlier version noted no settings.
        (folder / "cell-settings").unlink()
        stack.configure({**document, "uplinks": [{"name": "cell", "driver": {"driver": "modem", "port": "/dev/none"}}]})
        stack.start("modem-manager")
        wait_for("the end of the address", lambda: interface()[1] == [])
        wait_for("the end of its note", lambda: not (folder / "cell-address").exists())


def test_without_the_right_to_set_it_the_log_says_so(network, tmp_path):
    service = Service(tmp_path)
    document = configuration("ws://csms.example:9000/")
    document["uplinks"] = [{"name": "cell", "driver": {"driver": "mmcli", "mmcli": str(service.path)}}]

    class Unprivileged(Stack):
        def arguments(self, service):
            return ["ip", "netns", "exec", HERE, "setpriv", "--bounding-set=-net_admin", "--inh-caps=-net_admin", *super().arguments(service)]

    with Unprivileged(document) as stack:
        stack.start("modem-manager")
        wait_for("the complaint", lambda: "an interface is not given its address" in stack.log("modem-manager"))
        assert uplink(stack)["link"] == "down" and uplink(stack)["detail"] == "waiting for an address"
