import sys
import pathlib

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from csms import CSMS  # noqa: E402
from stack import Stack, configuration  # noqa: E402


@pytest.fixture
def csms():
    with CSMS() as central_system:
        yield central_system


@pytest.fixture
def stack(csms):
    """One wallbox with simulated hardware, not started yet."""
    with Stack(configuration(csms.url)) as charger:
        yield charger
