import os
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import machine  # noqa: E402

BINARIES = pathlib.Path(os.environ.get("CHARGER_BINARIES", ".build/debug")).resolve()


def pytest_collection_modifyitems(items):
    """Says why nothing here can run, if so."""
    reason = machine.missing()
    if not reason and not (BINARIES / "gpio-probe").exists():
        reason = f"there are no programs in {BINARIES}"
    for item in items:
        if reason:
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def board():
    """A booted machine with the charger's programs, for all tests: a boot takes longer than most of them."""
    from charger import runtime_libraries

    programs = [
        "hardware-io", "ocpp-gateway", "config-store", "modem-manager", "chargectl", "gpio-probe", "central-system", "modem-simulator",
    ]

    def files(add):
        for program in programs:
            add(f"usr/lib/charger/{program}", BINARIES / program, 0o755)
        for name in ("contactor.py", "nameserver.py"):
            add(f"usr/lib/charger-test/{name}", (machine.HERE / name).read_bytes(), 0o755)
        add("usr/lib/charger-test/busybox", pathlib.Path("/bin/busybox").resolve(), 0o755)
        for library in runtime_libraries(BINARIES / "ocpp-gateway"):
            add(f"usr/lib/{library.name}", library)

    booted = machine.Machine(files)
    yield booted
    booted.close()
