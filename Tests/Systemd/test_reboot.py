"""A service asks for a boot of the machine: by a Hard reset, at the wrong moment, and as somebody who may not."""

import json
import signal

import pytest

from charger import CONFIGURATION, Charger

REQUEST = "/run/charger/ocpp-gateway/reboot"
HELPER = "charger-reboot"


def wants_boots(root):
    document = CONFIGURATION | {"reset": {"hard": "machine"}, "ocpp": CONFIGURATION["ocpp"] | {"ResetRetries": 1}}
    (root / "etc/charger/charger.json").write_text(json.dumps(document))
    # The kernel is that of the host and does not boot, so that its boot id does not tell; a simulated charger counts power cuts itself. Read
    # from the second boot on, because the first has no tmpfiles of it yet.
    (root / "etc/tmpfiles.d").mkdir(exist_ok=True)


def counts_as_another_boot(machine):
    machine.run("tee", "/etc/tmpfiles.d/another-boot.conf", text="f /run/charger/simulated-power-cuts 0644 charger-hardware - - 1\n")


@pytest.fixture
def charger():
    with Charger(wants_boots) as charger:
        charger.boot()
        charger.machine.run("systemctl", "enable", "--now", "charger.target")
        charger.wait("ocpp.link", "phase=accepted")
        yield charger


def may_boot(charger):
    """As two minutes later; until the next boot."""
    charger.set_unit(HELPER, "Environment=MINIMUM_UPTIME_SECONDS=0")


def reset(charger):
    assert "Accepted" in charger.central.ask("call", "Reset", '{"type":"Hard"}')


def said(charger, text):
    return text in charger.machine.journal("--unit", HELPER, "--boot")


def test_a_hard_reset_boots_the_machine_once_and_the_transaction_is_billed(charger):
    machine = charger.machine
    counts_as_another_boot(machine)
    may_boot(charger)
    start = charger.begin()
    reset(charger)
    machine.await_boot()
    charger.wait("ocpp.link", "phase=accepted")
    stop = charger.leave()
    charger.judge(1, start, stop, "HardReset")
    # The reset is over with that boot: nobody asks for another one.
    assert "goes on" not in machine.journal("--unit", "ocpp-gateway", "--boot")
    assert machine.run("test", "-e", REQUEST, check=False).returncode == 1
    charger.begin()
    charger.end()


def test_a_machine_that_is_just_up_does_not_boot_again(charger):
    """Even where nothing tells one boot from the other, so that the gateway takes the reset for one that goes on."""
    machine = charger.machine
    may_boot(charger)
    reset(charger)
    machine.await_boot()
    leader = machine.leader
    machine.until(lambda: said(charger, "has been up for"), "the second boot is refused")
    # ResetRetries is over: the charger goes on as it is, and says so.
    machine.until(lambda: "the reset failed" in machine.journal("--unit", "ocpp-gateway", "--boot"), "it is given up")
    assert machine.find_leader() == leader
    charger.begin()
    charger.end()


def test_what_is_left_of_a_request_at_a_boot_asks_for_nothing(charger):
    machine = charger.machine
    machine.run("tee", "/etc/tmpfiles.d/stale.conf", text=f"d /run/charger/ocpp-gateway 0700 charger-gateway charger-gateway -\nf {REQUEST} 0600 charger-gateway - -\n")
    machine.cut_power()
    machine.boot()
    leader = machine.leader
    charger.wait("ocpp.link", "phase=accepted")
    machine.until(lambda: machine.run("test", "-e", REQUEST, check=False).returncode == 1, "it is taken away")
    assert machine.find_leader() == leader
    assert machine.property(HELPER + ".path", "ActiveState") == "active"


def test_a_power_cut_in_the_middle_of_a_request_is_the_boot(charger):
    machine = charger.machine
    counts_as_another_boot(machine)
    machine.run("systemctl", "stop", HELPER + ".path")
    start = charger.begin()
    reset(charger)
    machine.until(lambda: machine.run("test", "-e", REQUEST, check=False).returncode == 0, "the gateway asks")
    machine.cut_power()
    machine.boot()
    leader = machine.leader
    charger.wait("ocpp.link", "phase=accepted")
    stop = charger.leave()
    charger.judge(1, start, stop, "HardReset")
    assert machine.find_leader() == leader
    assert "goes on" not in machine.journal("--unit", "ocpp-gateway", "--boot")


def test_a_gateway_that_is_killed_while_it_waits_asks_again(charger):
    machine = charger.machine
    counts_as_another_boot(machine)
    machine.run("systemctl", "stop", HELPER + ".path")
    reset(charger)
    machine.until(lambda: machine.run("test", "-e", REQUEST, check=False).returncode == 0, "the gateway asks")
    before = machine.pid("ocpp-gateway")
    machine.signal("ocpp-gateway", signal.SIGKILL)
    charger.another_process("ocpp-gateway", before)
    may_boot(charger)
    machine.run("systemctl", "start", HELPER + ".path")
    machine.await_boot()
    charger.wait("ocpp.link", "phase=accepted")


def test_nothing_boots_while_packages_are_installed(charger):
    machine = charger.machine
    may_boot(charger)
    leader = machine.leader
    machine.run("systemd-run", "--unit=installs", "perl", "-e", HOLD_LOCK, "/var/lib/dpkg/lock-frontend")
    machine.until(lambda: "locked" in machine.journal("--unit", "installs", "--identifier", "perl"), "the lock is held")
    reset(charger)
    machine.until(lambda: said(charger, "packages are being installed"), "the boot is refused")
    machine.until(lambda: "the reset failed" in machine.journal("--unit", "ocpp-gateway"), "it is given up")
    assert machine.find_leader() == leader
    charger.wait("ocpp.connector.1", "status=Available")


# As dpkg does it: a lock of POSIX, of the whole file.
HOLD_LOCK = "use Fcntl; open(F, '+>>', $ARGV[0]); my $l = pack('s s x4 l! l! i x4', F_WRLCK, 0, 0, 0, 0); fcntl(F, F_SETLK, $l) or die $!; $| = 1; print qq(locked\\n); sleep 300"


def test_nobody_but_the_services_may_ask(charger):
    machine = charger.machine
    may_boot(charger)
    leader = machine.leader
    everything = ["charger-tap", "charger-control", "charger-services"]
    for user, groups in [("65534", everything), ("charger-hardware", ["charger-hardware"]), ("charger-config", ["charger-config", "charger-control"])]:
        for folder in ("/run/charger/ocpp-gateway", "/run/charger/modem-manager", "/run/charger"):
            result = machine.run("touch", f"{folder}/reboot", user=user, groups=groups, check=False)
            assert result.returncode == 1 and "Permission denied" in result.stderr, (user, folder, result)
    # Nor does a link ask, or take anything along that it leads to.
    gateway = {"user": "charger-gateway", "groups": ["charger-gateway"]}
    machine.run("ln", "-s", "/etc/charger", REQUEST, **gateway)
    machine.until(lambda: said(charger, "out of date"), "it is looked at")
    assert machine.run("test", "-L", REQUEST, check=False).returncode == 1
    assert "charger.json" in machine.read("ls", "/etc/charger")
    assert machine.find_leader() == leader


# What a service that has gone wrong could leave where a request stands, by a name that says what it is.
PLANTED = {
    "a folder": "mkdir -p {0}/a/b && touch {0}/a/b/c",
    "a folder that nobody may enter": "mkdir -p {0}/a && chmod 0 {0}/a {0}",
    "a pipe": "mkfifo {0}",
    "a socket": "perl -MSocket -e 'socket(S, PF_UNIX, SOCK_STREAM, 0); bind(S, sockaddr_un($ARGV[0])) or die' {0}",
    "a link to a folder": "ln -s /etc/charger {0}",
    "a link to a file": "ln -s /etc/charger/charger.json {0}",
    "an old request": "touch -d '-2 hours' {0}",
}


def put_in_place(machine, command, path):
    """At once, so that nobody looks at it before it is whole."""
    script = f"{command.format(path + '.new')} && mv -T {path}.new {path}"
    machine.run("sh", "-c", script, user="charger-gateway", groups=["charger-gateway"])


def gone(machine, path):
    return machine.run("sh", "-c", '[ -e "$1" ] || [ -L "$1" ]', "sh", path, check=False).returncode == 1


def test_whatever_lies_where_a_request_stands_does_no_harm_and_keeps_nobody_from_asking(charger):
    machine = charger.machine
    may_boot(charger)
    leader = machine.leader
    kept = machine.read("sh", "-c", "ls -la --time-style=full-iso /etc/charger; cat /etc/charger/*.json")
    for what, command in PLANTED.items():
        put_in_place(machine, command, REQUEST)
        machine.until(lambda: gone(machine, REQUEST), f"{what} is taken away")
        machine.until(lambda: machine.property(HELPER + ".service", "ActiveState") == "inactive", f"{what} is dealt with")
        assert machine.property(HELPER + ".service", "Result") == "success", what
        machine.run("systemctl", "reset-failed", HELPER + ".service")
    # A link to nothing is for systemd as if nothing were there; it stays, and the next request takes its place.
    put_in_place(machine, "ln -s /nowhere/at/all {0}", REQUEST)
    assert machine.find_leader() == leader
    assert machine.read("sh", "-c", "ls -la --time-style=full-iso /etc/charger; cat /etc/charger/*.json") == kept
    assert machine.property(HELPER + ".path", "ActiveState") == "active"
    counts_as_another_boot(machine)
    reset(charger)
    machine.await_boot()
    charger.wait("ocpp.link", "phase=accepted")


RESTART = "/run/charger/ocpp-gateway/restart-hardware-io"


def test_whatever_lies_where_the_request_for_a_restart_stands_does_no_harm(charger):
    machine = charger.machine
    kept = machine.read("sh", "-c", "ls -la --time-style=full-iso /etc/charger; cat /etc/charger/*.json")
    for what, command in PLANTED.items():
        put_in_place(machine, command, RESTART)
        machine.until(lambda: gone(machine, RESTART), f"{what} is taken away")
        machine.until(lambda: machine.property("charger-restart@hardware-io", "ActiveState") == "inactive", f"{what} is dealt with")
        machine.run("systemctl", "reset-failed", "charger-restart@hardware-io.service")
    # It is the gateway's to ask, whatever the file looks like; one that is stopped by people stays so.
    assert machine.read("sh", "-c", "ls -la --time-style=full-iso /etc/charger; cat /etc/charger/*.json") == kept
    charger.wait("ocpp.connector.1", "status=Available")
    machine.run("systemctl", "stop", "hardware-io")
    put_in_place(machine, "touch {0}", RESTART)
    machine.until(lambda: gone(machine, RESTART), "it is taken away")
    machine.until(lambda: machine.property("charger-restart@hardware-io", "ActiveState") == "inactive", "it is dealt with")
    assert machine.property("hardware-io", "ActiveState") == "inactive"
    for user, groups in [("65534", ["charger-tap", "charger-control", "charger-services"]), ("charger-modem", ["charger-modem"])]:
        assert machine.run("touch", RESTART, user=user, groups=groups, check=False).returncode == 1


def test_a_hard_reset_gets_by_a_hardware_io_that_is_stuck():
    """Where the machine does not boot: the gateway has systemd restart it, and the next attempt succeeds."""
    with Charger() as charger:
        charger.start()
        machine = charger.machine
        # So that its own watchdog does not do it first.
        charger.set_unit("hardware-io", "WatchdogSec=0")
        machine.run("systemctl", "restart", "hardware-io")
        charger.wait("ocpp.connector.1", "status=Available")
        before = machine.pid("hardware-io")
        machine.signal("hardware-io", signal.SIGSTOP)
        reset(charger)
        charger.another_process("hardware-io", before)
        machine.until(lambda: "starting anew" in machine.journal("--unit", "ocpp-gateway"), "the reset is done")
        assert "the reset failed and is tried again" in machine.journal("--unit", "ocpp-gateway")
        assert machine.run("ls", "/run/charger/ocpp-gateway").stdout == ""
        charger.wait("ocpp.link", "phase=accepted")
        charger.begin()
        charger.end()
