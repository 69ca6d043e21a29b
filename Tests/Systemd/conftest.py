import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import container  # noqa: E402
from charger import BINARIES, Charger  # noqa: E402


def pytest_collection_modifyitems(items):
    """Says why nothing here can run, if so."""
    reason = container.missing()
    if not reason and not (BINARIES / "ocpp-gateway").exists():
        reason = f"there are no programs in {BINARIES}"
    for item in items:
        if reason:
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="module")
def charger():
    """One charger in one booted machine for the tests of a file, accepted by its central system."""
    with Charger() as machine:
        machine.start()
        machine.wait("ocpp.link", "phase=accepted")
        yield machine


@pytest.fixture
def report(capsys):
    """Prints a line that is seen although the test passes."""

    def show(line):
        with capsys.disabled():
            print(f"\n  {line}", end="")

    return show
