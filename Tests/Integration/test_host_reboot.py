"""When modem-manager asks for a boot of the machine: a file in its runtime folder, which a unit of systemd watches for (`deploy/systemd`)."""

import contextlib
import subprocess
import time

import pytest
import session
from csms import SilentDoor
from simulated_modem import missing
from stack import Stack, configuration


def through(csms, may):
    """Its only uplink is up, and nothing comes back over it. Nobody can help that uplink, so that the ladder has no step but the last one."""
    uplink = {"name": "network", "driver": "static", "interface": "lo", "rebootHost": may}
    document = configuration(csms.url, uplinks=[uplink])
    # What is not answered is known to be so after that time.
    document["centralSystem"]["connectTimeoutSeconds"] = 2
    return document


def wish(stack):
    path = stack.runtime / "modem-manager" / "reboot"
    return path.read_text() if path.exists() else ""


def wait_for_wish(stack, patience):
    end = time.monotonic() + patience
    while not wish(stack):
        assert time.monotonic() < end, f"nobody asked for a boot:\n{stack.log('modem-manager')}\n{stack.ctl('net', 'history')}"
        time.sleep(0.2)
    return wish(stack)


# Six hours after its start a machine may be started anew: the clock of a boot that began so much earlier.
UP_FOR_LONG = ["unshare", "--time", "--boottime", str(7 * 3600), "--monotonic", str(7 * 3600)]
lacking = missing(["unshare"]) or subprocess.run([*UP_FOR_LONG, "true"], stderr=subprocess.DEVNULL).returncode != 0


@pytest.mark.skipif(lacking, reason="needs a time namespace")
def test_a_boot_is_asked_for_only_where_configured_and_while_it_is_known_that_nobody_charges(csms, stack):
    stack.configure(through(csms, True))
    stack.wrapper = UP_FOR_LONG
    stack.start("config-store", "hardware-io", "ocpp-gateway")
    csms.wait_status("Available")
    tap = stack.tap()
    session.begin(stack, csms, tap)
    csms.vanish()
    with SilentDoor(csms.port), contextlib.ExitStack() as chargers:
        tap.wait(lambda m: m["topic"] == "ocpp.link" and m["payload"]["phase"] not in ("accepted", "closing"))
        forbidden, alone, idle = (chargers.enter_context(Stack(through(csms, may))) for may in (False, True, True))
        for charger in (forbidden, alone, idle):
            charger.wrapper = UP_FOR_LONG
        stack.start("modem-manager")
        forbidden.start()
        # Without a gateway nobody says that no transaction runs.
        alone.start("modem-manager")
        idle.start()
        assert "network" in wait_for_wish(idle, 400)
        # All of them have been in the same trouble for about as long.
        for other in (forbidden, alone, stack):
            assert wish(other) == ""
        # Attempts grow rarer, so that the next one is some minutes away.
        stack.sim("unplug")
        tap.wait_status("Available")
        assert "network" in wait_for_wish(stack, 400)
        for other in (forbidden, alone):
            assert "unreachable" in other.ctl("net", "history")
            assert wish(other) == ""
