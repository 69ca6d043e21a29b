import sys
import pathlib

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from certificates import Authority  # noqa: E402
from csms import CSMS  # noqa: E402
from packaged_csms import PackagedCSMS  # noqa: E402
from stack import Stack, configuration  # noqa: E402


@pytest.fixture
def central(request):
    """Which central system it is, and how it is reached (`every_central_system`)."""
    return getattr(request, "param", "ws")


@pytest.fixture
def authority(central, tmp_path):
    """The root that the central system has its certificate of, if the link is encrypted."""
    return Authority(tmp_path) if central.endswith("wss") else None


@pytest.fixture
def csms(central, authority):
    certificate = authority.issue("localhost") if authority else None
    if central.startswith("ocpp-csms"):
        made = PackagedCSMS(certificate)
    else:
        made = CSMS(certificate.server() if certificate else None)
    with made as central_system:
        yield central_system


@pytest.fixture
def stack(csms, authority):
    """One wallbox with simulated hardware, not started yet."""
    document = configuration(csms.url)
    with Stack(authority.trusted_by(document) if authority else document) as charger:
        yield charger
