"""The wall clock is stepped in the middle of a session.

The machine shares the clock of its host, which nobody may step; so a library that is loaded first (`step.c`) steps it for the services.
"""

import datetime
import pathlib
import shutil
import subprocess

import pytest

from charger import SERVICES, Charger

COMPILER = shutil.which("clang") or shutil.which("cc")


def step(root, seconds):
    # In one go, so that nobody reads half of it.
    (root / "etc/step.new").write_text(f"{seconds:+d}\n")
    (root / "etc/step.new").rename(root / "etc/step")


@pytest.mark.skipif(not COMPILER, reason="needs a C compiler; Swift's toolchain has one")
@pytest.mark.parametrize("seconds", [3600, -3600])
def test_a_step_of_an_hour_changes_no_energy_and_no_charge(seconds):
    def put(root):
        library = root / "usr/lib/charger-clock.so"
        source = pathlib.Path(__file__).with_name("step.c")
        subprocess.run([COMPILER, "-shared", "-fPIC", "-O1", "-o", str(library), str(source)], check=True)
        step(root, 0)
        for service in SERVICES:
            folder = root / f"etc/systemd/system/{service}.service.d"
            folder.mkdir(parents=True)
            (folder / "clock.conf").write_text("[Service]\nEnvironment=LD_PRELOAD=/usr/lib/charger-clock.so\n")

    with Charger(put) as charger:
        charger.start()
        charger.wait("ocpp.link", "phase=accepted")
        start = charger.begin()
        tap = charger.tap("hardware.connector.1")
        step(charger.machine.root, seconds)
        charger.energy_flows()
        # It was seen: what the services send carries the clock of theirs.
        sent = charger.header("hardware.meter.1")["sentAt"] / 1000
        assert abs(sent - datetime.datetime.now().timestamp() - seconds) < 600
        assert {state["contactor"] for state in tap.end()} == {"closed"}
        stop = charger.end()
        charger.judge(1, start, stop)
        # Told in the time of the central system, whatever the charger's clock says: about now, and no earlier than it began.
        newest = charger.ledger()["transactions"][-1]
        began, ended = (datetime.datetime.fromisoformat(newest[key]) for key in ("startedAt", "stoppedAt"))
        assert datetime.timedelta(0) < ended - began < datetime.timedelta(minutes=10)
