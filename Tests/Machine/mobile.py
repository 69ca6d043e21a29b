"""A mobile network, a cable and a central system around the charger's programs in the virtual machine, each in a network namespace of its own.

    charger (the machine itself)          `isp`                                    `csms`
    ppp0  10.64.64.2  ── pppd ◄─modem─► pppd  ppp7  10.64.64.1 ─ core ─ csms0  10.99.0.2   the central system, csms.example
    eth1  10.98.0.2  ──── cable ─────── lan  10.98.0.1                        10.99.0.53   the name server of both
"""

import json

BIN = "/usr/lib/charger"
ROOT = "/run/mobile"
SERVICES = ["config-store", "hardware-io", "ocpp-gateway", "modem-manager"]
NAME = "csms.example"

# What answers the modem's calls: a pppd that gives the other side its address and its name servers. `passive`: it waits for the other side.
NETWORK = """#!/bin/sh
exec ip netns exec isp pppd "$1" 115200 nodetach local noauth nocrtscts noproxyarp novj noccp passive unit 7 \\
    10.64.64.1:10.64.64.2 ms-dns 10.99.0.53 lcp-echo-interval 0
"""

PLACES = """
set -e
mkdir -p {root}
for place in isp csms; do ip netns add $place; ip -n $place link set lo up; done
ip link add core netns isp type veth peer name csms0 netns csms
ip -n isp address add 10.99.0.1/24 dev core
ip -n csms address add 10.99.0.2/24 dev csms0
ip -n csms address add 10.99.0.53/24 dev csms0
ip -n isp link set core up
ip -n csms link set csms0 up
ip -n csms route add default via 10.99.0.1
ip netns exec isp sh -c 'echo 1 > /proc/sys/net/ipv4/ip_forward'
echo 'nameserver 10.99.0.53' > /etc/resolv.conf
"""


def modem(**driver):
    return {
        "name": "cell", "interface": "ppp0",
        "driver": {"driver": "modem", "port": f"{ROOT}/at", "dataPort": f"{ROOT}/data", "access": {"apn": "internet"}, **driver},
    }


CABLE_ROUTE = ["default", "via", "10.98.0.1", "dev", "eth1", "metric", "100"]
CABLE = {"name": "cable", "interface": "eth1", "driver": "static"}


def configuration(*uplinks):
    connector = {
        "id": 1, "cable": "fixed", "maximumCurrentAmps": 32, "phases": 3, "contactorRestSeconds": 1,
        **{device: {"driver": "simulated"} for device in ("pilot", "contactor", "meter")},
    }
    return {
        "station": {"chargePointVendor": "Vendor", "chargePointModel": "Wallbox"},
        "centralSystem": {"url": f"ws://{NAME}:8180/ocpp", "identity": "CP1", "callTimeoutSeconds": 20, "reconnectMaximumSeconds": 5},
        "allowSimulation": True,
        "simulation": {"energyTimeScale": 60},
        "connectors": [connector],
        "readers": [{"id": 1, "driver": "simulated", "connectors": [1]}],
        "uplinks": list(uplinks),
        "ocpp": {"MeterValueSampleInterval": 2, "WebSocketPingInterval": 10},
    }


class Mobile:
    """The places, the central system and the modem; `start` adds services of the charger."""

    def __init__(self, board, *uplinks):
        self.board = board
        self.programs = {}
        board.run("sh", "-c", PLACES.format(root=ROOT))
        board.write(f"{ROOT}/network", NETWORK)
        board.run("chmod", "755", f"{ROOT}/network")
        board.write(f"{ROOT}/charger.json", json.dumps(configuration(*uplinks)))
        self.names = self.launch("names", *self.at("csms"), "python3", "/usr/lib/charger-test/nameserver.py", "10.99.0.53", NAME, "10.99.0.2")
        assert self.names.line() == "ready"
        self.launch("csms", *self.at("csms"), f"{BIN}/central-system", "--port", "8180", "--log", f"{ROOT}/csms.log", "--interval", "60", "--quiet")
        self.launch("door", *self.at("csms"), "socat", "TCP-LISTEN:8180,bind=10.99.0.2,fork,reuseaddr", "TCP:127.0.0.1:8180")
        self.launch("modem", f"{BIN}/modem-simulator", "--control", f"{ROOT}/control", "--network", f"{ROOT}/network", f"{ROOT}/at", f"{ROOT}/data")
        board.until(lambda: self.order("state").startswith("registration"), "the modem listens")

    @staticmethod
    def at(place):
        return "ip", "netns", "exec", place

    def launch(self, name, *arguments):
        self.programs[name] = self.board.start(*arguments)
        return self.programs[name]

    def plug_in_cable(self):
        self.board.run(
            "sh", "-ec",
            "ip link add eth1 type veth peer name lan netns isp; ip address add 10.98.0.2/24 dev eth1; ip -n isp address add 10.98.0.1/24 dev lan;"
            "ip -n isp link set lan up; ip link set eth1 up",
        )
        self.board.run("ip", "route", "add", *CABLE_ROUTE)

    def set_cable(self, up):
        """Its far end. As a network service of the system does, the route goes with the carrier; the address stays."""
        self.board.run("ip", "-n", "isp", "link", "set", "lan", "up" if up else "down")
        self.board.run("ip", "route", "replace" if up else "del", *CABLE_ROUTE)

    def start(self, *services):
        for service in services or SERVICES:
            self.board.run("mkdir", "-p", f"{ROOT}/state/{service}")
            self.launch(
                service, f"{BIN}/{service}", "--runtime-dir", f"{ROOT}/run", "--state-dir", f"{ROOT}/state/{service}", "--config", f"{ROOT}/charger.json"
            )

    def kill(self, name, how="KILL"):
        program = self.programs.pop(name)
        program.signal(how)
        # Not waited for: a call that outlives it keeps its output open.
        self.board.until(lambda: self.board.run("ps", "-o", "stat=", "-p", str(program.pid), check=False)[:1] in ("", "Z"), f"{name} has ended")

    def order(self, text):
        """Of the modem."""
        return self.board.run("sh", "-c", f"echo '{text}' | socat -t 5 - UNIX-CONNECT:{ROOT}/control", check=False)

    def ctl(self, *words, **options):
        return self.board.run(f"{BIN}/chargectl", "--runtime-dir", f"{ROOT}/run", *words, **options)

    def wait(self, topic, *conditions, seconds=240):
        return self.ctl("wait", topic, *conditions, "--timeout", str(seconds), patience=seconds + 60)

    def uplink(self, name="cell"):
        state = json.loads(self.ctl("state", "uplink.state", "--json"))[0]["payload"]
        return next(uplink for uplink in state["uplinks"] if uplink["name"] == name)

    def pppd(self):
        """The process of the charger's call, empty if there is none."""
        return self.board.run("pgrep", "-f", f"^/usr/sbin/pppd {ROOT}/data", check=False)

    def block(self):
        """The carrier drops whatever comes out of this call, without a word; PPP itself goes on. The next call is another one."""
        self.board.run(*self.at("isp"), "sh", "-c", "echo 0 > /proc/sys/net/ipv4/conf/ppp7/forwarding")

    def messages(self, action):
        """Requests of the charger with this action that the central system took, in their order."""
        lines = self.board.run("cat", f"{ROOT}/csms.log").splitlines()
        frames = [json.loads(line) for line in lines]
        return [frame for frame in frames if action in json.dumps(frame)]

    def history(self):
        return self.ctl("net", "history")

    def close(self):
        for name in list(self.programs):
            if self.programs[name].status is None:
                self.kill(name)
        self.board.run("sh", "-c", f"pkill -KILL pppd; ip netns del isp; ip netns del csms; ip link del eth1; rm -rf {ROOT}", check=False)

