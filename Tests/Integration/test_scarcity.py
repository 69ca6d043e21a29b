"""What a service may have is less than it needs, or comes slowly: it says so, ends when it is asked to, and is never killed by it."""

import json
import os
import resource
import shutil
import signal
import stat
import subprocess
import time

import pytest
import session
from stack import PATIENCE, SERVICES, Stack, configuration
from test_bad_environment import refusal

LAST_WORDS = "ended while it was starting"


def prefixed(monkeypatch, stack, *words):
    """Services are started by another program that execs them."""
    plain = stack.arguments
    monkeypatch.setattr(stack, "arguments", lambda service: [*words, *plain(service)])


def wait_for(condition):
    deadline = time.monotonic() + PATIENCE
    while not (found := condition()):
        assert time.monotonic() < deadline, "it never came"
        os.sched_yield()
    return found


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("limit", [8, 4095])
def test_too_few_descriptors_are_one_clear_line(stack, monkeypatch, service, limit):
    prefixed(monkeypatch, stack, "prlimit", f"--nofile={limit}:{limit}")
    refusal(stack, service, f"only {limit} descriptors", "LimitNOFILE")


def test_a_program_for_people_has_the_same_line(stack, monkeypatch):
    from stack import BINARIES
    result = subprocess.run(
        ["prlimit", "--nofile=8:8", str(BINARIES / "chargectl"), "--runtime-dir", str(stack.runtime), "status"],
        capture_output=True, text=True, timeout=PATIENCE,
    )
    assert result.returncode > 0 and "only 8 descriptors" in result.stderr


@pytest.mark.parametrize("service", SERVICES)
def test_too_few_threads_are_one_clear_line(stack, monkeypatch, service):
    if os.geteuid() != 0 or not shutil.which("setpriv"):
        pytest.skip("the limit of threads holds for nobody who is root, and root is needed to become somebody else")
    user = 61234
    for path in [stack.root, stack.runtime, stack.state_directory(service)]:
        path.mkdir(parents=True, exist_ok=True)
        os.chown(path, user, user)
    os.chown(stack.state_directory(service).parent, user, user)
    prefixed(
        monkeypatch, stack, "setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", "prlimit", "--nproc=1:1"
    )
    refusal(stack, service, "of 2 threads can be started", "TasksMax")


# MARK: - The end


# The store reads no site file.
@pytest.mark.parametrize("service", [name for name in SERVICES if name != "config-store"])
def test_a_pipe_in_the_place_of_the_configuration_is_one_clear_line_and_waits_for_nobody(stack, service):
    stack.config.unlink()
    os.mkfifo(stack.config)
    refusal(stack, service, "charger.json", "expected a regular file, found something else")


@pytest.mark.parametrize("service, name", [
    ("ocpp-gateway", "transactions.journal"), ("config-store", "settings.journal"),
])
def test_the_end_is_answered_while_a_long_journal_is_read(stack, service, name):
    stack.start(service)
    assert stack.kill(service, sig=signal.SIGTERM) == {service: 0}
    journal = stack.state_directory(service) / name
    before = journal.read_bytes()
    with open(journal, "r+b") as file:
        file.truncate(1 << 30)  # Nothing in it is a record, and each place could begin one.
    process = stack.launch(service)
    place = f"{service}.rpc"
    wait_for(lambda: (stack.runtime / place).exists() and reads(process, journal))
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE) == 0
    assert LAST_WORDS in stack.log(service)
    assert journal.read_bytes()[:len(before)] == before
    journal.write_bytes(before)
    stack.start(service)


def reads(process, path):
    """The process has the file open."""
    folder = f"/proc/{process.pid}/fd"
    for name in os.listdir(folder):
        try:
            if os.readlink(f"{folder}/{name}") == str(path):
                return True
        except OSError:
            pass  # Closed meanwhile.
    return False


@pytest.mark.parametrize("obstacle", ["fifo", "folder"])
def test_what_is_no_file_is_no_simulated_world(stack, obstacle):
    world = stack.state_directory("hardware-io") / "simulation.json"
    world.parent.mkdir(parents=True)
    (os.mkfifo if obstacle == "fifo" else os.mkdir)(world)
    stack.start("hardware-io")
    assert "the simulated world begins anew" in stack.log("hardware-io")
    assert stack.kill("hardware-io", sig=signal.SIGTERM) == {"hardware-io": 0}
    assert stat.S_ISREG(world.stat().st_mode)


BAD_DISK = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
int fdatasync(int file) {
    int (*real)(int) = dlsym(RTLD_NEXT, "fdatasync");
    if (access(getenv("SLOW_DISK"), F_OK) == 0) {
        int calls = open(getenv("SLOW_DISK"), O_WRONLY | O_APPEND);
        write(calls, ".", 1);
        close(calls);
        struct timespec time = {3, 0};
        while (nanosleep(&time, &time)) {}
    }
    return real(file);
}
ssize_t pread(int file, void *bytes, size_t count, off_t offset) {
    ssize_t (*real)(int, void *, size_t, off_t) = dlsym(RTLD_NEXT, "pread");
    char link[64], path[4096] = "";
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    if (access(getenv("UNREADABLE"), F_OK) == 0 && readlink(link, path, sizeof path - 1) > 0
        && strstr(path, "/transactions.journal") && offset + count > 4096) {
        errno = EIO;
        return -1;
    }
    return real(file, bytes, count, offset);
}
"""


@pytest.fixture
def bad_disk(stack, monkeypatch):
    """Two files: while the first exists syncs are slow and leave a mark in it, while the second exists journals cannot be read."""
    compiler = shutil.which("cc") or shutil.which("clang")
    if not compiler:
        pytest.skip("a disk is spoilt by a library that has to be compiled")
    library, slow, unreadable = stack.root / "disk.so", stack.root / "slow", stack.root / "unreadable"
    (stack.root / "disk.c").write_text(BAD_DISK)
    subprocess.run([compiler, "-w", "-shared", "-fPIC", "-o", library, stack.root / "disk.c", "-ldl"], check=True)
    prefixed(
        monkeypatch, stack, "env", f"LD_PRELOAD={library}", f"SLOW_DISK={slow}", f"UNREADABLE={unreadable}"
    )
    return slow, unreadable


def test_a_journal_that_cannot_be_read_for_a_while_is_waited_for(stack, csms, bad_disk):
    _, unreadable = bad_disk
    stack.start()
    csms.wait_status("Available")
    tap = stack.tap()
    start = session.begin(stack, csms, tap)
    session.energy_beyond(tap, start["meterStart"])
    assert stack.kill("ocpp-gateway", sig=signal.SIGTERM) == {"ocpp-gateway": 0}
    unreadable.touch()
    process = stack.launch("ocpp-gateway")
    wait_for(lambda: "the device fails at the start" in stack.log("ocpp-gateway"))
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE) == 0
    known = stack.log("ocpp-gateway").count("the device fails at the start")
    stack.launch("ocpp-gateway")
    wait_for(lambda: stack.log("ocpp-gateway").count("the device fails at the start") > known)
    unreadable.unlink()
    csms.wait_connection(2)
    session.present_again(stack, tap)
    stop = csms.wait("StopTransaction")
    session.assert_one_transaction(csms, start, stop)
    assert "unreadable-1" not in stack.log("ocpp-gateway")


def test_a_disk_that_takes_long_is_not_waited_for_twice_at_the_end(stack, csms, bad_disk):
    calls, _ = bad_disk
    stack.configure(configuration(csms.url, simulation={"energyTimeScale": 60, "noise": False}))
    stack.start()
    csms.wait_status("Available")
    tap = stack.tap()
    start = session.begin(stack, csms, tap)
    session.energy_beyond(tap, start["meterStart"])
    # What the meter gives is kept once, when it is first read; a meter that wavers would have it kept again.
    wait_for(lambda: (stack.state_directory("ocpp-gateway") / "measurands").exists())
    calls.touch()
    wait_for(lambda: calls.read_text() == ".")
    assert stack.kill("ocpp-gateway", sig=signal.SIGTERM) == {"ocpp-gateway": 0}
    assert calls.read_text() == "."


# MARK: - Files above a limit


def test_a_file_above_the_limit_is_a_full_disk(stack, csms):
    stack.start()
    csms.wait_status("Available")
    tap = stack.tap()
    process = stack.processes["ocpp-gateway"]
    size = (stack.state_directory("ocpp-gateway") / "transactions.journal").stat().st_size
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (size, size))
    stack.sim("plug")
    stack.sim("swipe", "04A2B3C4D5E6F7")
    fault = tap.wait(lambda m: m["topic"] == "ocpp.queue" and m["payload"].get("storageFault"))
    assert "no space left" in json.dumps(fault["payload"])
    assert process.poll() is None
    assert stack.kill("ocpp-gateway", sig=signal.SIGTERM) == {"ocpp-gateway": 0}


@pytest.mark.parametrize("obstacle", ["folder", "fifo", "link"])
def test_what_stands_in_the_way_of_a_file_is_named_and_stops_nothing(stack, csms, obstacle):
    for service, names in [
        ("ocpp-gateway", [
            "transactions.reserve", "transactions.journal.new", "availability.new", "availability.previous",
            "config-snapshot.new",
        ]),
        ("config-store", ["settings.journal.new", "secrets.new", "secrets.previous"]),
        ("hardware-io", ["memory.new", "memory.previous", "simulation.json.new"]),
    ]:
        for name in names:
            path = stack.state_directory(service) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if obstacle == "folder":
                path.mkdir()
            elif obstacle == "fifo":
                os.mkfifo(path)
            else:
                path.symlink_to("/nowhere/at/all")
    stack.start()
    csms.wait_status("Available")
    assert "transactions.reserve.unreadable-1" in stack.log("ocpp-gateway")
    if obstacle == "folder":
        for service, name in [
            ("ocpp-gateway", "transactions.journal.new"), ("ocpp-gateway", "availability.new"),
            ("config-store", "settings.journal.new"), ("hardware-io", "memory.new"),
        ]:
            assert f"{name}.unreadable-1" in stack.log(service)
    for kind in ["Inoperative", "Operative", "Inoperative"]:
        answer = csms.request("ChangeAvailability", connector_id=1, type=kind)
        assert answer.status == "Accepted"
    secret = "0123456789ABCDEF0123456789ABCDEF01234567"
    assert csms.request("ChangeConfiguration", key="AuthorizationKey", value=secret).status == "Accepted"
