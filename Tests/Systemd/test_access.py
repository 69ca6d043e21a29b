"""Who may do what: tried for each socket and each file, as users that have one right each."""

import subprocess

import pytest

from charger import SERVICES

NOBODY = "65534"
PASSWORD = "000102030405060708090A0B0C0D0E0F"
RIGHTS = {"charger-tap": "pub", "charger-control": "rpc", "charger-services": "svc"}

CONNECT = "use Socket; socket(S, PF_UNIX, SOCK_STREAM, 0); connect(S, sockaddr_un($ARGV[0])) or die qq($!\\n)"


@pytest.fixture(scope="module", autouse=True)
def secret(charger):
    """A password that a technician has set, and one on its way."""
    machine = charger.machine
    machine.run("chargectl", "config", "set", "AuthorizationKey", "-", user=NOBODY, groups=["charger-control", "charger-tap"], text=PASSWORD)
    machine.run("sh", "-c", "umask 077; echo secret > /run/charger/secrets-in/on-its-way", user=NOBODY, groups=["charger-control"])
    machine.run("chmod", "640", "/run/charger/secrets-in/on-its-way")


def listed(machine, *where):
    return machine.read("find", "/run/charger", "/var/lib/charger", "/run/credentials", *where, check=False).split()


@pytest.mark.parametrize("group", [*RIGHTS, None])
def test_a_group_opens_its_own_sockets_and_no_others(charger, group):
    for service in SERVICES:
        for name in RIGHTS.values():
            path = f"/run/charger/{service}.{name}"
            result = charger.machine.run("perl", "-e", CONNECT, path, user=NOBODY, groups=[group] if group else [], check=False)
            if group and RIGHTS[group] == name:
                assert result.returncode == 0, (path, group, result.stderr)
            else:
                assert result.stderr == "Permission denied\n", (path, group)


def test_who_may_listen_sees_events_and_cannot_command(charger):
    listener = {"user": NOBODY, "groups": ["charger-tap"]}
    assert "ocpp.link" in charger.machine.read("chargectl", "tap", "--filter", "ocpp.link", "--count", "1", **listener)
    for command in (["sim", "plug"], ["config", "set", "HeartbeatInterval", "1"], ["call", "ocpp.status"]):
        result = charger.machine.run("chargectl", *command, check=False, **listener)
        assert result.returncode == 4, result
        assert "charger-control" in result.stderr


@pytest.mark.parametrize("groups", [["charger-tap"], ["charger-services"], ["charger-tap", "charger-services"], []])
def test_nobody_but_its_users_reads_a_file_or_writes_a_name(charger, groups):
    machine = charger.machine
    files = listed(machine, "-type", "f")
    assert any(path.endswith("/secrets/ocpp-gateway/AuthorizationKey") for path in files)
    assert any(path.endswith("/secrets-in/on-its-way") for path in files)
    for path in files:
        # Lock files, too: whoever may read one may hold its lock, and so keep the service from starting.
        assert machine.run("head", "-c", "1", path, user=NOBODY, groups=groups, check=False).returncode == 1, path
        assert machine.run("test", "-w", path, user=NOBODY, groups=groups, check=False).returncode == 1, path
    for path in listed(machine, "-type", "d"):
        assert machine.run("test", "-w", path, user=NOBODY, groups=groups, check=False).returncode == 1, path


def test_a_secret_is_read_by_its_owner_alone(charger):
    machine = charger.machine
    # Whoever may set secrets too: he can neither find another one's on its way, nor take it away.
    setter = {"user": "65533", "groups": ["charger-control"], "check": False}
    assert machine.run("ls", "/run/charger/secrets-in", **setter).returncode == 2
    assert machine.run("rm", "-f", "/run/charger/secrets-in/on-its-way", **setter).returncode == 1
    handed = "/run/charger/secrets/ocpp-gateway/AuthorizationKey"
    assert machine.read("cat", handed, user="charger-gateway", groups=["charger-gateway"]) == PASSWORD
    for other in ("charger-hardware", "charger-modem"):
        assert machine.run("cat", handed, user=other, check=False).returncode == 1
    # As people with every right on the bus.
    assert machine.run("cat", handed, user=NOBODY, groups=list(RIGHTS), check=False).returncode == 1
    assert machine.read("find", "/run/charger/secrets", "-type", "f") == handed


def test_no_service_writes_where_another_one_keeps_its_things(charger):
    machine = charger.machine
    owners = {"config-store": "charger-config", "hardware-io": "charger-hardware", "modem-manager": "charger-modem", "ocpp-gateway": "charger-gateway"}
    for service, user in owners.items():
        for other in set(owners) - {service}:
            for path in (f"/var/lib/charger/{other}", f"/run/charger/{other}.lock", "/run/charger", "/etc/charger"):
                assert machine.run("test", "-w", path, user=user, groups=[user], check=False).returncode == 1, (user, path)


def test_a_password_that_the_central_system_sets_reaches_the_gateway_through_the_store(charger):
    password = "F0E1D2C3B4A5968778695A4B3C2D1E0F"
    # The one that was set before has made it connect anew.
    charger.wait("ocpp.link", "phase=accepted")
    assert "Accepted" in charger.central.ask("change-configuration", "AuthorizationKey", password)
    machine = charger.machine
    machine.until(lambda: machine.read("cat", "/run/charger/secrets/ocpp-gateway/AuthorizationKey") == password, "the gateway has it")
    machine.run("rm", "/run/charger/secrets-in/on-its-way")
    machine.until(lambda: machine.read("ls", "/run/charger/secrets-in") == "", "nothing is left on its way")


def test_the_config_store_only_answers(charger):
    """Its user opens no socket of another service, although it reads what people hand in."""
    machine = charger.machine
    groups = machine.read("id", "-Gn", "charger-config").split()
    assert groups == ["charger-config"]
    for service in ("hardware-io", "modem-manager", "ocpp-gateway"):
        for name in RIGHTS.values():
            path = f"/run/charger/{service}.{name}"
            result = machine.run("perl", "-e", CONNECT, path, user="charger-config", groups=groups, check=False)
            assert result.stderr == "Permission denied\n", path
    status = machine.read("cat", f"/proc/{machine.pid('config-store')}/status")
    held = next(line for line in status.splitlines() if line.startswith("Groups:")).split()[1:]
    assert held in ([], machine.read("id", "-G", "charger-config").split())


def test_modem_manager_hears_the_gateway_and_asks_it_nothing(charger):
    """Whoever talks to a modem and a mobile network must not be able to do what people may."""
    machine = charger.machine
    groups = machine.read("id", "-Gn", "charger-modem").split()
    status = machine.read("cat", f"/proc/{machine.pid('modem-manager')}/status")
    held = next(line for line in status.splitlines() if line.startswith("Groups:")).split()[1:]
    assert set(machine.read("id", "-G", "charger-modem").split()[1:]) <= set(held)
    for name, is_open in {"pub": True, "rpc": False, "svc": False}.items():
        result = machine.run("perl", "-e", CONNECT, f"/run/charger/ocpp-gateway.{name}", user="charger-modem", groups=groups, check=False)
        assert (result.returncode == 0) == is_open, name


def test_who_may_set_secrets_cannot_fill_what_all_services_need(charger):
    machine = charger.machine
    setter = {"user": NOBODY, "groups": ["charger-control"], "check": False}
    free = int(machine.read("stat", "-f", "-c", "%f", "/run"))
    assert machine.run("sh", "-c", "cat /dev/zero > /run/charger/secrets-in/large", **setter).returncode == 1
    assert machine.run("sh", "-c", "for i in $(seq 500); do : > /run/charger/secrets-in/many-$i || exit 1; done", **setter).returncode != 0
    # In blocks of 4 KiB; other things are written there, too.
    assert int(machine.read("stat", "-f", "-c", "%f", "/run")) > free - 64
    machine.run("systemctl", "restart", "config-store")
    # The gateway declares its keys to the store that has just started.
    machine.until(
        lambda: "HeartbeatInterval" in machine.run("chargectl", "config", "get", "HeartbeatInterval", check=False).stdout,
        "the store knows the gateway's keys",
    )
    machine.run("sh", "-c", "rm -f /run/charger/secrets-in/large /run/charger/secrets-in/many-*")
    other = "F0E1D2C3B4A5968778695A4B3C2D1E0F"
    machine.run("chargectl", "config", "set", "AuthorizationKey", "-", user=NOBODY, groups=["charger-control", "charger-tap"], text=other)


# Connects often, reads from each connection, says how many were served and how many refused, and holds them until its input ends.
CROWD = """use Socket; $| = 1; my @all; my ($served, $refused) = (0, 0);
for (1 .. 60) { socket(my $s, PF_UNIX, SOCK_STREAM, 0); connect($s, sockaddr_un($ARGV[0])) or die qq($!\\n); push @all, $s }
for my $s (@all) { sysread($s, my $byte, 1) ? $served++ : $refused++ }
print qq($served $refused\\n); <STDIN>"""


def test_a_crowd_of_one_user_takes_nothing_from_another(charger):
    machine = charger.machine
    command = machine.command("perl", "-e", CROWD, "/run/charger/hardware-io.pub", user=NOBODY, groups=["charger-tap"])
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as crowd:
        assert crowd.stdout.readline().split() == ["32", "28"]
        seen = machine.read("chargectl", "tap", "--filter", "hardware.connector", "--count", "1", user="65533", groups=["charger-tap"])
        assert "hardware.connector.1" in seen
        crowd.stdin.close()
        crowd.wait()
