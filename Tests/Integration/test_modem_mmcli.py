"""modem-manager with a modem that belongs to Debian's real ModemManager: the simulated modem, a message bus of their own, and a pppd that only stays.

This kernel need not have PPP, and ModemManager's test interface gives the modem a port that is no device: the way ends where the call would get its
address.
"""

import os
import signal

import pytest

from simulated_modem import MODEM_MANAGER, Dialler, ModemManager, SimulatedModem, missing, wait_for
from stack import Stack, configuration

pytestmark = pytest.mark.skipif(missing(MODEM_MANAGER) is not None, reason=f"{missing(MODEM_MANAGER)} is not installed")


@pytest.fixture
def modem(tmp_path):
    with SimulatedModem(tmp_path) as simulated:
        simulated.set("net.search", 200)
        yield simulated


@pytest.fixture
def owner(tmp_path, modem):
    with ModemManager(tmp_path, modem) as manager:
        yield manager


@pytest.fixture
def call(tmp_path):
    with Dialler(tmp_path, dials=False) as made:
        yield made


@pytest.fixture
def manager(owner, call):
    """modem-manager alone, not started yet. `driver` changes what its file says of the modem."""

    def make(**driver):
        document = configuration("ws://127.0.0.1:1/")
        settings = {"driver": "mmcli", "mmcli": str(owner.wrapper()), "pppd": str(call.path), **driver}
        document["uplinks"] = [{"name": "cell", "driver": settings}]
        return Stack(document)

    return make


def uplink(stack):
    return stack.ctl("state", "uplink.state", "--json")[0]["payload"]["uplinks"][0]


def wait_detail(stack, words, patience=60):
    return wait_for(f"'{words}'", lambda: words in uplink(stack)["detail"] and uplink(stack), patience)


def test_it_is_brought_up_connected_and_dialled(manager, modem, call):
    with manager(access={"apn": "internet"}) as stack:
        stack.start("modem-manager")
        arguments = call.wait(1)[0]["arguments"]
        assert modem.state["call"] == "1" and arguments[0].startswith("/dev/") and "nodetach" in arguments
        assert any(command.startswith("AT+CGDCONT=") and '"internet"' in command for command in modem.commands)
        radio = wait_detail(stack, "waiting for an address")["radio"]
        assert radio["iccid"] == "8949000000000000017" and radio["imsi"] == "262010000000001"
        assert radio["operatorCode"] == "26201" and radio["technology"] == "LTE"
        wait_for("the cell", lambda: uplink(stack)["radio"].get("cell") == "0000C3/0000A7B2")
        # There is one port, and data flows over it: what ModemManager measured before is what it tells, by its own scale, or by that of dBm
        # where the network took so long that it was asked for those.
        assert uplink(stack)["signalPercent"] in (54, 67)


def test_name_and_password_are_in_no_log_of_ours(manager, modem, call, tmp_path):
    (tmp_path / "password").write_text("p4ssw0rd\n")
    access = {"apn": "iot", "user": "charger", "passwordFile": str(tmp_path / "password"), "authentication": "chap"}
    with manager(access=access) as stack:
        stack.start("modem-manager")
        arguments = call.wait(1)[0]["arguments"]
        options = arguments[arguments.index("file") + 1]
        assert os.stat(options).st_mode & 0o777 == 0o600
        assert not any("p4ssw0rd" in argument for argument in arguments)
        assert "p4ssw0rd" not in stack.log("modem-manager")


@pytest.mark.parametrize("field", ["apn", "user", "password"])
def test_a_text_beyond_ascii_reaches_the_network(manager, modem, call, tmp_path, field):
    texts = {"apn": "iot", "user": "charger", "password": "p4ss", field: "büro"}
    (tmp_path / "password").write_text(texts.pop("password") + "\n")
    access = {**texts, "passwordFile": str(tmp_path / "password"), "authentication": "chap"}
    with manager(access=access) as stack:
        stack.start("modem-manager")
        call.wait(1)
        assert "büro" not in stack.log("modem-manager")


def test_the_right_pin_opens_it(manager, modem, call, tmp_path):
    modem.set("sim.pin", "1234")
    (tmp_path / "pin").write_text("1234\n")
    # This modem is a generic one to ModemManager, which does not tell the tries that are left then.
    with manager(pinFile=str(tmp_path / "pin"), triesPINWithoutCounter=True) as stack:
        stack.start("modem-manager")
        call.wait(1)
        assert modem.pins == ["1234"]


def test_a_wrong_pin_is_tried_once_whoever_starts_anew(manager, modem, owner, tmp_path):
    modem.set("sim.pin", "1234")
    (tmp_path / "pin").write_text("9999\n")
    with manager(pinFile=str(tmp_path / "pin"), triesPINWithoutCounter=True) as stack:
        stack.start("modem-manager")
        wait_detail(stack, "the SIM refused the PIN")
        stack.kill("modem-manager")
        owner.kill_service()
        owner.start_service()
        stack.start("modem-manager")
        wait_detail(stack, "the SIM refused the PIN")
        assert modem.pins == ["9999"]
        assert "9999" not in stack.log("modem-manager")


def test_a_pin_is_withheld_where_nobody_counts_the_tries(manager, modem, tmp_path):
    modem.set("sim.pin", "1234")
    (tmp_path / "pin").write_text("1234\n")
    with manager(pinFile=str(tmp_path / "pin")) as stack:
        stack.start("modem-manager")
        wait_detail(stack, "the modem does not say how many tries are left")
        assert modem.pins == []


@pytest.mark.parametrize(
    "knob, value, words",
    [
        ("sim.present", 0, "there is no SIM"),
        ("sim.tries", 0, "the SIM wants its PUK"),
        ("net.gone", 1, "no network yet"),
        ("net.refuses", 1, "the network refuses"),
    ],
)
def test_what_is_wrong_is_told_in_words(modem, tmp_path, call, knob, value, words):
    if knob == "sim.tries":
        modem.set("sim.pin", "1234")
    modem.set(knob, value)
    with ModemManager(tmp_path, modem) as owner:
        document = configuration("ws://127.0.0.1:1/")
        settings = {"driver": "mmcli", "mmcli": str(owner.wrapper()), "pppd": str(call.path)}
        document["uplinks"] = [{"name": "cell", "driver": settings}]
        with Stack(document) as stack:
            stack.start("modem-manager")
            assert wait_detail(stack, words)["link"] == "down"


def test_a_call_that_ends_is_made_anew(manager, modem, call):
    with manager() as stack:
        stack.start("modem-manager")
        call.wait(1)
        # ModemManager hangs up by a line that only a real port has: the network does it here.
        modem.order("hangup")
        call.hang_up()
        assert wait_detail(stack, "the modem hung up")["link"] == "down"
        call.wait(2)
        assert modem.state["call"] == "1"


def test_a_modem_manager_that_dies_is_told_and_its_next_life_is_used(manager, modem, owner, call):
    with manager() as stack:
        stack.start("modem-manager")
        call.wait(1)
        owner.kill_service()
        call.hang_up()
        wait_detail(stack, "the modem hung up")
        state = wait_detail(stack, "ModemManager does not answer: couldn't find the ModemManager process in the bus")
        assert state["link"] == "down"
        modem.order("hangup")
        owner.start_service()
        call.wait(2)


def test_without_mmcli_and_without_a_bus_it_says_so(manager, tmp_path):
    with manager(mmcli="/nowhere/mmcli") as stack:
        stack.start("modem-manager")
        wait_detail(stack, "mmcli does not start")
    lost = tmp_path / "lost"
    lost.write_text("#!/bin/sh\nDBUS_SESSION_BUS_ADDRESS=unix:path=/nowhere exec mmcli --test-session \"$@\"\n")
    lost.chmod(0o755)
    with manager(mmcli=str(lost)) as stack:
        stack.start("modem-manager")
        wait_detail(stack, "ModemManager does not answer: couldn't get bus")


def test_a_call_outlives_the_service_and_is_adopted(manager, modem, call):
    with manager() as stack:
        stack.start("modem-manager")
        pid = call.wait(1)[0]["pid"]
        wait_detail(stack, "waiting for an address")
        for end in (signal.SIGKILL, signal.SIGTERM):
            stack.kill("modem-manager", sig=end)
            os.kill(pid, 0)
            stack.start("modem-manager")
            wait_for("the modem, known again", lambda: uplink(stack).get("radio", {}).get("operatorCode"))
            assert len(call.lives) == 1 and modem.state["call"] == "1"
