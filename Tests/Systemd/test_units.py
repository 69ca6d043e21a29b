"""The units themselves, and what they cost."""

import json
import re
import uuid

import pytest

from charger import SERVICES, UNITS, Charger

# What `systemd-analyze security` may say at most: where no device and no network is needed 1.5, else 2.0.
EXPOSURE = {"config-store": 1.5, "hardware-io": 2.0, "modem-manager": 2.0, "ocpp-gateway": 2.0}


def test_systemd_finds_nothing_wrong_with_the_units(charger):
    names = sorted(path.name for path in UNITS.iterdir() if path.suffix in (".service", ".socket", ".target", ".path"))
    assert len(names) == 8 + 12 + 1 + 2
    result = charger.machine.run("systemd-analyze", "verify", *(f"/usr/lib/systemd/system/{name}" for name in names))
    assert result.stdout + result.stderr == ""


def exposure(charger, service):
    """What `systemd-analyze security` says of a service."""
    text = charger.machine.read("systemd-analyze", "security", "--no-pager", f"{service}.service")
    return float(re.search(r"Overall exposure level for \S+: ([0-9.]+)", text)[1])


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_may_do_little_else_than_its_work(charger, report, service):
    value = exposure(charger, service)
    report(f"exposure of {service}: {value} (at most {EXPOSURE[service]})")
    assert value <= EXPOSURE[service]


def test_nothing_is_warned_of_at_the_start(charger):
    """No socket is open to a wrong group, no folder is missing; simulated devices are announced as they should be."""
    lines = charger.machine.journal("--priority", "warning", *(f"--unit={service}" for service in SERVICES)).splitlines()
    assert [line for line in lines if "simulated" not in line] == []


def test_a_service_that_is_stopped_stays_so_although_others_ask_for_it(charger):
    machine = charger.machine
    machine.run("systemctl", "stop", "hardware-io")
    # The gateway tries to reach it all the time, and people do.
    for _ in range(5):
        assert machine.run("chargectl", "--timeout", "1", "sim", "plug", check=False).returncode == 3
    assert machine.property("hardware-io", "ActiveState") == "inactive"
    assert machine.read("find", "/run/charger", "-name", "hardware-io.*", "-type", "s") == ""
    machine.run("systemctl", "start", "hardware-io")
    charger.wait("hardware.connector.1", "pilot=A")


def test_no_limit_keeps_a_service_down_that_is_restarted_often(charger):
    machine = charger.machine
    for _ in range(12):
        machine.run("systemctl", "restart", "config-store")
    states = {unit: machine.property(unit, "ActiveState") for unit in ("config-store", "config-store-pub.socket", "config-store-svc.socket")}
    assert set(states.values()) == {"active"}, states
    assert "HeartbeatInterval" in charger.ctl("config", "get", "HeartbeatInterval")


def documented(unit):
    """The lines that the README of the units gives for `systemctl edit UNIT`."""
    text = (UNITS / "README.md").read_text().partition(f"`systemctl edit {unit}` with")[2]
    return text.split("```")[1].partition("[Service]\n")[2]


def test_the_modem_manager_runs_with_what_is_written_for_pppd(charger):
    machine = charger.machine
    charger.set_unit("modem-manager", documented("modem-manager"))
    try:
        machine.run("systemctl", "restart", "modem-manager")
        charger.wait("uplink.state", "link=up")
        process = machine.pid("modem-manager")
        status = dict(line.split(":", 1) for line in machine.read("cat", f"/proc/{process}/status").splitlines())
        # Root, and of its rights CAP_NET_ADMIN alone.
        assert status["Uid"].split() == ["0"] * 4 and int(status["CapEff"], 16) == int(status["CapBnd"], 16) == 1 << 12
        lines = machine.journal("--priority=warning", f"_PID={process}").splitlines()
        assert [line for line in lines if "simulated" not in line] == []
    finally:
        charger.set_unit("modem-manager", "")
        machine.run("chown", "charger-modem", "/run/charger/modem-manager.lock")
        machine.run("systemctl", "restart", "modem-manager")
    charger.wait("uplink.state", "link=up")


def test_the_modem_manager_sees_by_what_it_tells_boots_and_programs_apart(charger):
    """A program that it has started is found again by its number, its beginning and the boot."""
    machine = charger.machine
    process = machine.pid("modem-manager")
    # As it is seen from within the unit's own /proc; that of a container says another boot to everybody else.
    within = ["nsenter", f"--target={process}", "--mount", "setpriv", "--reuid=charger-modem", "--clear-groups"]
    boot = machine.read(*within, "cat", "/proc/sys/kernel/random/boot_id").strip()
    assert uuid.UUID(boot)
    assert machine.read(*within, "cat", "/proc/self/stat").split()[0].isdigit()
    entries = [json.loads(line) for line in charger.ctl("net", "history", "--json").splitlines()]
    assert {entry["bootId"] for entry in entries} == {boot}


def test_hardware_io_runs_with_what__is_written_for_a_meter_on_the_network(charger):
    machine = charger.machine
    charger.set_unit("hardware-io", documented("hardware-io"))
    try:
        machine.run("systemctl", "restart", "hardware-io")
        charger.wait("hardware.connector.1", "pilot=A")
        namespaces = {name: machine.read("readlink", f"/proc/{machine.pid(name)}/ns/net") for name in ("hardware-io", "ocpp-gateway")}
        assert namespaces["hardware-io"] == namespaces["ocpp-gateway"]
        assert machine.property("hardware-io", "IPAddressAllow").split() == ["192.168.1.50/32"]
        assert machine.property("hardware-io", "IPAddressDeny") != ""
    finally:
        charger.set_unit("hardware-io", "")
        machine.run("systemctl", "restart", "hardware-io")
    charger.wait("hardware.connector.1", "pilot=A")


def test_a_service_that_talks_without_end_does_not_fill_the_journal(charger):
    machine = charger.machine
    talk = "Type=exec\nExecStart=\nExecStart=/bin/sh -c 'i=0; while [ $$i -lt 20000 ]; do echo line $$i; i=$$((i+1)); done; exec sleep infinity'"
    charger.set_unit("modem-manager", talk)
    machine.run("systemctl", "restart", "modem-manager")
    machine.until(lambda: machine.read("cat", f"/proc/{machine.pid('modem-manager')}/comm", check=False) == "sleep", "it has said everything")
    charger.set_unit("modem-manager", "")
    machine.run("systemctl", "restart", "modem-manager")
    # 500 in 30 s, times a small number that journald takes from the free space of its disk.
    assert 0 < machine.journal("--unit=modem-manager", "--grep=^line ").count("\n") < 5000


def start_to_first_message(charger):
    """Milliseconds from the start of the target to the arrival of BootNotification."""
    machine = charger.machine
    machine.run("systemctl", "stop", "charger.target", *SERVICES)
    seen = charger.ledger()["received"]["BootNotification"]
    begun = machine.read("date", "+%s%N")
    machine.run("systemctl", "start", "charger.target")
    charger.central.ask("wait", "BootNotification", str(seen + 1), "30")
    arrived = int(charger.central.ask("arrival", "BootNotification"))
    return arrived / 1000 - int(begun) / 1e6


def memory(charger):
    """Proportional set size of each service, MiB."""
    sizes = {}
    for service in SERVICES:
        rollup = charger.machine.read("cat", f"/proc/{charger.machine.pid(service)}/smaps_rollup")
        sizes[service] = int(re.search(r"^Pss: +(\d+)", rollup, re.MULTILINE)[1]) / 1024
    return sizes


def test_memory_and_the_time_to_the_first_message(charger, report):
    report(f"systemctl start charger.target → BootNotification: {start_to_first_message(charger):.0f} ms")
    charger.wait("ocpp.connector.1", "status=Available")
    sizes = memory(charger)
    report(f"memory (PSS): {', '.join(f'{s} {size:.1f}' for s, size in sizes.items())}, together {sum(sizes.values()):.1f} MiB")


def test_a_first_authorization_key_comes_as_a_credential():
    """Everywhere else in these tests there is none, and the gateway starts all the same."""
    key = "00112233445566778899AABBCCDDEEFF"

    def put(root):
        folder = root / "etc/credstore"
        folder.mkdir(mode=0o700)
        (folder / "charger.AuthorizationKey").write_text(key + "\n")
        (folder / "charger.AuthorizationKey").chmod(0o600)

    with Charger(put) as charger:
        charger.start("--authorization-key", key)
        charger.wait("ocpp.link", "phase=accepted")
        held = charger.machine.read("find", "/run/credentials", "-type", "f")
        assert held == "/run/credentials/ocpp-gateway.service/AuthorizationKey"
        assert charger.machine.run("cat", held, user="charger-modem", check=False).returncode == 1


def test_a_service_gets_a_socket_back_that_was_stopped(charger):
    machine = charger.machine
    machine.run("systemctl", "stop", "hardware-io-svc.socket")
    machine.run("systemctl", "restart", "hardware-io")
    machine.until(lambda: machine.property("hardware-io", "ActiveState") == "active", "the service is there again")
    sockets = machine.read("find", "/run/charger", "-name", "hardware-io.*", "-type", "s", "-printf", "%f\n").split()
    assert sorted(sockets) == ["hardware-io.pub", "hardware-io.rpc", "hardware-io.svc"]
    charger.wait("hardware.connector.1", "pilot=A")
    charger.wait("ocpp.connector.1", "status=Available")


def test_what_is_missing_in_the_runtime_directory_is_made_again(charger):
    machine = charger.machine
    machine.run("systemctl", "stop", "charger.target", *SERVICES)
    machine.run("umount", "/run/charger/secrets-in")
    before = machine.read("find", "/run/charger", "-printf", "%p %M %u %g\n")
    machine.run("sh", "-c", "rm -rf /run/charger/secrets /run/charger/secrets-in /run/charger/*.lock")
    machine.run("systemctl", "start", "charger.target")
    charger.wait("ocpp.connector.1", "status=Available")
    after = machine.read("find", "/run/charger", "-printf", "%p %M %u %g\n")
    assert set(before.splitlines()) <= set(after.splitlines())
    assert {machine.property(service, "NRestarts") for service in SERVICES} == {"0"}
    machine.run("mountpoint", "-q", "/run/charger/secrets-in")


SOCKETS = sorted(f"{service}.{kind}" for service in SERVICES for kind in ("pub", "rpc", "svc"))


@pytest.mark.parametrize(
    "loss", ["rm /run/charger/hardware-io.svc", "rm -rf /run/charger/* || true", "mount -t tmpfs tmpfs /run/charger"], ids=["one file", "everything", "covered"]
)
@pytest.mark.parametrize("restart", ["hardware-io", "charger.target"])
def test_a_restart_makes_sockets_again_whose_files_are_gone(charger, loss, restart):
    machine = charger.machine
    before = {service: machine.pid(service) for service in SERVICES}
    machine.run("sh", "-c", loss)
    machine.run("systemctl", "restart", restart)
    restarted = ["hardware-io"] if restart == "hardware-io" else SERVICES
    try:
        for service in restarted:
            charger.another_process(service, before[service])
        kept = [name for name in SOCKETS if name.rpartition(".")[0] in restarted]
        found = machine.read("find", "/run/charger", "-type", "s", "-printf", "%f\n").split()
        assert set(kept) <= set(found)
        charger.wait("hardware.connector.1", "pilot=A")
        assert {machine.property(service, "NRestarts") for service in restarted} == {"0"}
        if restart == "charger.target":
            assert sorted(found) == SOCKETS
            charger.wait("ocpp.link", "phase=accepted")
            charger.wait("ocpp.connector.1", "status=Available")
    finally:
        if "mount" in loss:
            machine.run("umount", "-l", "/run/charger", check=False)
        # What is uncovered again is nobody's any more.
        machine.run("systemctl", "stop", "charger.target", *SERVICES)
        machine.run("systemctl", "start", "charger.target")
        charger.wait("ocpp.connector.1", "status=Available")


def test_whoever_starts_a_service_that_runs_leaves_its_sockets_alone(charger):
    machine = charger.machine
    machine.run("rm", "/run/charger/config-store.rpc")
    before = machine.pid("config-store")
    machine.run("systemctl", "start", "config-store")
    assert machine.pid("config-store") == before
    states = {unit: machine.property(unit, "ActiveState") for unit in ("config-store", "config-store-pub.socket", "config-store-rpc.socket")}
    assert set(states.values()) == {"active"}, states
    machine.run("systemctl", "restart", "config-store")
    machine.until(lambda: "HeartbeatInterval" in charger.ctl("config", "get"), "people are answered again")


def test_folders_of_secrets_that_belong_to_somebody_else_are_given_back(charger):
    machine = charger.machine
    before = machine.read("find", "/run/charger/secrets", "/run/charger/secrets-in", "-printf", "%p %M %u %g\n")
    machine.run("chown", "-R", "nobody:nogroup", "/run/charger/secrets", "/run/charger/secrets-in")
    machine.run("systemctl", "restart", "config-store", check=False)
    machine.until(lambda: machine.property("config-store", "ActiveState") == "active", "it works again")
    assert machine.read("find", "/run/charger/secrets", "/run/charger/secrets-in", "-printf", "%p %M %u %g\n") == before
    machine.until(lambda: "HeartbeatInterval" in charger.ctl("config", "get"), "people are answered again")
