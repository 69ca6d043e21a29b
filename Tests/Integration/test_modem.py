"""modem-manager with a modem: the simulated one on pseudo-terminals, and a pppd that only dials (this kernel need not have PPP)."""

import json
import os
import signal

import pytest

from simulated_modem import Dialler, SimulatedModem, missing, wait_for
from stack import PATIENCE, Stack, configuration

pytestmark = pytest.mark.skipif(missing(["chat"]) is not None, reason="chat is not installed")


@pytest.fixture
def modem(tmp_path):
    with SimulatedModem(tmp_path) as simulated:
        simulated.set("net.search", 200)
        yield simulated


@pytest.fixture
def dialler(tmp_path):
    with Dialler(tmp_path) as made:
        yield made


@pytest.fixture
def manager(modem, dialler):
    """modem-manager alone, not started yet. `uplink` changes what its file says of the modem."""

    def make(**driver):
        document = configuration("ws://127.0.0.1:1/")
        document["uplinks"] = [
            {
                "name": "cell",
                "driver": {
                    "driver": "modem", "port": str(modem.at), "dataPort": str(modem.data), "pppd": str(dialler.path), **driver,
                },
            }
        ]
        return Stack(document)

    return make


def uplink(stack):
    return stack.ctl("state", "uplink.state", "--json")[0]["payload"]["uplinks"][0]


def wait_detail(stack, words):
    return wait_for(f"'{words}'", lambda: words in uplink(stack)["detail"] and uplink(stack))


def test_it_is_brought_up_and_dialled_on_the_port_for_data(manager, modem, dialler):
    with manager(access={"apn": "internet"}) as stack:
        stack.start("modem-manager")
        life = dialler.wait(1)[0]
        assert life["connect"] == 0 and modem.state["call"] == "1"
        assert life["arguments"][:2] == [str(modem.data), "115200"]
        assert "AT+CGDCONT=1,\"IP\",\"internet\"" in modem.commands
        radio = wait_detail(stack, "waiting for an address")["radio"]
        assert radio["iccid"] == "8949000000000000017" and radio["operatorCode"] == "26201" and radio["technology"] == "LTE"


def test_name_and_password_stand_in_a_file_of_its_own(manager, modem, dialler, tmp_path):
    (tmp_path / "password").write_text("p4ss\"w0rd\n")
    access = {"apn": "iot", "user": "charger", "passwordFile": str(tmp_path / "password"), "authentication": "chap"}
    with manager(access=access) as stack:
        stack.start("modem-manager")
        arguments = dialler.wait(1)[0]["arguments"]
        options = arguments[arguments.index("file") + 1]
        assert os.stat(options).st_mode & 0o777 == 0o600
        assert open(options).read().splitlines()[:2] == ['user "charger"', 'password "p4ss\\"w0rd"']
        assert not any("w0rd" in argument for argument in arguments)
        assert "w0rd" not in stack.log("modem-manager")


def test_a_call_that_ends_is_explained_and_dialled_again(manager, modem, dialler):
    with manager() as stack:
        stack.start("modem-manager")
        dialler.wait(1)
        modem.set("net.cause", "Regular deactivation")
        modem.order("hangup")
        dialler.hang_up()
        assert wait_detail(stack, "the modem hung up")["link"] == "down"
        wait_for("the cause", lambda: uplink(stack)["radio"].get("cause") == "Regular deactivation")
        dialler.wait(2)


def test_a_wrong_pin_is_tried_once_whoever_starts_anew(manager, modem, tmp_path):
    modem.set("sim.pin", "1234")
    (tmp_path / "pin").write_text("9999\n")
    with manager(pinFile=str(tmp_path / "pin")) as stack:
        stack.start("modem-manager")
        wait_detail(stack, "the SIM refused the PIN, 2 tries are left")
        stack.kill("modem-manager")
        stack.start("modem-manager")
        wait_detail(stack, "the SIM refused the PIN")
        asked = modem.commands.count("AT+CPIN?")
        modem.order("power 500")
        wait_for("the next question for the SIM", lambda: modem.commands.count("AT+CPIN?") > asked)
        wait_detail(stack, "the SIM refused the PIN")
        assert modem.pins == ["9999"]
        assert "9999" not in stack.log("modem-manager")


def test_a_wrong_pin_is_not_tried_by_the_modem_that_the_card_is_moved_to(modem, tmp_path):
    """Both modems run all the time, each with an uplink of its own."""
    (tmp_path / "other").mkdir()
    (tmp_path / "pin").write_text("9999\n")
    modem.set("sim.pin", "1234")
    with SimulatedModem(tmp_path / "other") as other:
        other.set("sim.present", 0)
        document = configuration("ws://127.0.0.1:1/")
        document["uplinks"] = [
            {
                "name": name, "interface": f"ppp{number}",
                "driver": {"driver": "modem", "port": str(each.at), "dataPort": str(each.data), "pinFile": str(tmp_path / "pin")},
            }
            for number, (name, each) in enumerate([("first", modem), ("second", other)])
        ]
        with Stack(document) as stack:
            stack.start("modem-manager")

            def wait_details(first, second):
                def told():
                    uplinks = stack.ctl("state", "uplink.state", "--json")[0]["payload"]["uplinks"]
                    return [each["detail"] for each in uplinks] == [first, second]

                return wait_for(f"'{first}' and '{second}'", told, PATIENCE * 2)

            refused = "the SIM refused the PIN, 2 tries are left"
            wait_details(refused, "there is no SIM")
            modem.set("sim.present", 0)
            for key, value in [("present", 1), ("pin", "1234"), ("tries", 2)]:
                other.set(f"sim.{key}", value)
            for each in (modem, other):
                each.order("power 500")
            wait_details("there is no SIM", refused)
            assert modem.pins == ["9999"] and other.pins == []


def test_the_right_pin_opens_it(manager, modem, dialler, tmp_path):
    modem.set("sim.pin", "1234")
    (tmp_path / "pin").write_text("1234\n")
    with manager(pinFile=str(tmp_path / "pin")) as stack:
        stack.start("modem-manager")
        dialler.wait(1)
        assert modem.pins == ["1234"]


def test_a_secret_that_cannot_be_read_is_told_with_its_uplink(manager, modem, tmp_path):
    modem.set("sim.pin", "1234")
    missing, folder = tmp_path / "pin", tmp_path / "password"
    folder.mkdir()
    with manager(pinFile=str(missing), access={"apn": "iot", "user": "charger", "passwordFile": str(folder)}) as stack:
        stack.start("modem-manager")
        detail = wait_detail(stack, "the SIM wants a PIN, and there is none; a secret of the modem cannot be read: ")["detail"]
        for reason in (f"cannot read {missing}: No such file or directory", f"cannot read {folder}: Is a directory"):
            assert reason in detail and reason in stack.log("modem-manager")
            assert reason in stack.ctl("net", "status", status=None)


def test_a_port_that_disappears_and_comes_back_is_brought_up_anew(manager, modem, dialler):
    with manager() as stack:
        stack.start("modem-manager")
        dialler.wait(1)
        modem.order("power 1000")
        dialler.hang_up()
        dialler.wait(2)
        assert modem.state["call"] == "1"


def test_a_call_outlives_the_service_and_is_adopted(manager, modem, dialler):
    with manager() as stack:
        stack.start("modem-manager")
        pid = dialler.wait(1)[0]["pid"]
        wait_detail(stack, "waiting for an address")
        for end in (signal.SIGKILL, signal.SIGTERM):
            stack.kill("modem-manager", sig=end)
            os.kill(pid, 0)
            stack.start("modem-manager")
            wait_for("the modem, known again", lambda: uplink(stack).get("radio", {}).get("operatorCode"))
            assert len(dialler.lives) == 1 and modem.state["call"] == "1"


@pytest.mark.parametrize(
    "knob, value, words",
    [
        ("sim.present", 0, "there is no SIM"),
        ("sim.tries", 0, "the SIM wants its PUK"),
        ("net.gone", 1, "no network yet"),
        ("net.refuses", 1, "the network refuses"),
    ],
)
def test_what_is_wrong_is_told_in_words(manager, modem, knob, value, words):
    if knob == "sim.tries":
        modem.set("sim.pin", "1234")
    modem.set(knob, value)
    with manager() as stack:
        stack.start("modem-manager")
        assert wait_detail(stack, words)["link"] == "down"


def test_what_an_uplink_of_another_name_has_left_running_is_ended(manager, modem, dialler):
    with manager() as stack:
        folder = stack.runtime / "modem-manager"
        stack.start("modem-manager")
        pid = dialler.wait(1)[0]["pid"]
        wait_detail(stack, "waiting for an address")
        assert (folder / "cell-pppd.pid").exists()
        stack.kill("modem-manager", sig=signal.SIGTERM)
        os.kill(pid, 0)
        document = json.loads(stack.config.read_text())
        document["uplinks"][0]["name"] = "lte"
        stack.configure(document)
        stack.start("modem-manager")
        wait_for("the end of the call", lambda: not os.path.exists(f"/proc/{pid}"))
        wait_for("the end of its record", lambda: not (folder / "cell-pppd.pid").exists())
        assert "what an uplink of before has left running is ended" in stack.log("modem-manager")


@pytest.mark.parametrize("changed", ["access point", "port", "kind"])
def test_a_call_of_earlier_settings_is_ended(manager, modem, dialler, tmp_path, changed):
    """The uplink keeps its name, and is another one."""
    (tmp_path / "other").mkdir()
    with SimulatedModem(tmp_path / "other") as other, manager(access={"apn": "old.example"}) as stack:
        folder = stack.runtime / "modem-manager"
        stack.start("modem-manager")
        pid = dialler.wait(1)[0]["pid"]
        wait_detail(stack, "waiting for an address")
        stack.kill("modem-manager", sig=signal.SIGTERM)
        document = json.loads(stack.config.read_text())
        driver = document["uplinks"][0]["driver"]
        if changed == "access point":
            driver["access"]["apn"] = "new.example"
        elif changed == "port":
            driver.update(port=str(other.at), dataPort=str(other.data))
        else:
            document["uplinks"][0]["driver"] = {"driver": "mmcli", "mmcli": "/bin/false", "pppd": driver["pppd"]}
        stack.configure(document)
        stack.start("modem-manager")
        wait_for("the end of the call", lambda: not os.path.exists(f"/proc/{pid}"))
        wait_for("the end of its record", lambda: not (folder / "earlier-settings-of-cell-pppd.pid").exists())
        if changed == "kind":
            return
        # As with a real one, whose port its program has let go.
        modem.order("hangup")
        second = dialler.wait(2)[1]["pid"]
        wait_detail(stack, "waiting for an address")
        assert any("new.example" in said for said in modem.commands) == (changed == "access point")
        # It is that of the settings by now.
        stack.kill("modem-manager")
        stack.start("modem-manager")
        wait_for("the modem, known again", lambda: uplink(stack).get("radio", {}).get("operatorCode"))
        os.kill(second, 0)


def test_an_earlier_version_noted_no_settings_and_its_call_goes_on(manager, modem, dialler):
    with manager() as stack:
        stack.start("modem-manager")
        pid = dialler.wait(1)[0]["pid"]
        wait_detail(stack, "waiting for an address")
        stack.kill("modem-manager", sig=signal.SIGTERM)
        (stack.runtime / "modem-manager" / "cell-settings").unlink()
        stack.start("modem-manager")
        wait_for("the modem, known again", lambda: uplink(stack).get("radio", {}).get("operatorCode"))
        os.kill(pid, 0)
        assert len(dialler.lives) == 1


def test_a_pipe_in_the_place_of_a_record_keeps_nobody_from_starting(manager, modem, dialler):
    with manager() as stack:
        folder = stack.runtime / "modem-manager"
        folder.mkdir(mode=0o700)
        os.mkfifo(folder / "cell-pppd.pid")
        stack.start("modem-manager")
        dialler.wait(1)
