import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import machine  # noqa: E402
from programs import BINARIES, files  # noqa: E402


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
    booted = machine.Machine(files)
    yield booted
    booted.close()
