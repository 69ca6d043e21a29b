"""What the packages of a release cost on a bare Debian: room, memory, time to start, and how exposed their services are."""

import json
import os
import pathlib
import re
import shutil
import statistics

import pytest

from charger import CONFIGURATION, SERVICES, Charger, install_packages
from test_units import EXPOSURE, exposure, memory, start_to_first_message

PACKAGES = pathlib.Path(os.environ.get("CHARGER_PACKAGES", "/nowhere"))
STARTS = 7

pytestmark = pytest.mark.skipif(not any(PACKAGES.glob("charger-*.deb")), reason="CHARGER_PACKAGES names no folder of deploy/package.sh")


@pytest.fixture(scope="module")
def released():
    def put(root):
        for package in PACKAGES.glob("charger-*.deb"):
            shutil.copy(package, root / "srv" / package.name)

    with Charger(put=put) as charger:
        charger.boot()
        install_packages(charger.machine, "/srv/*.deb")
        charger.machine.run("tee", "/etc/charger/charger.json", text=json.dumps(CONFIGURATION))
        charger.machine.run("systemctl", "restart", "charger.target")
        charger.wait("ocpp.link", "phase=accepted")
        yield charger


def test_the_room_that_the_packages_take(released, report):
    listing = released.machine.read("dpkg-query", "--show", "--showformat", "${Package} ${Installed-Size}\n", "charger-*")
    sizes = {name: int(size) / 1024 for name, size in re.findall(r"^charger-(\S+) (\d+)$", listing, re.MULTILINE)}
    report(f"installed: {', '.join(f'{name} {size:.1f}' for name, size in sizes.items())}, together {sum(sizes.values()):.1f} MiB")
    assert set(SERVICES) < set(sizes)


def test_the_time_until_the_central_system_hears_of_it(released, report):
    times = sorted(start_to_first_message(released) for _ in range(STARTS))
    report(f"systemctl start charger.target → BootNotification: {statistics.median(times):.0f} ms ({times[0]:.0f} to {times[-1]:.0f})")


def test_the_memory_of_the_four(released, report):
    released.wait("ocpp.connector.1", "status=Available")
    sizes = memory(released)
    report(f"memory (PSS): {', '.join(f'{s} {size:.1f}' for s, size in sizes.items())}, together {sum(sizes.values()):.1f} MiB")


@pytest.mark.parametrize("service", SERVICES)
def test_its_exposure(released, report, service):
    value = exposure(released, service)
    report(f"exposure of {service}: {value} (at most {EXPOSURE[service]})")
    assert value <= EXPOSURE[service]
