"""Is the simulated modem a modem? Judged by programs that know nothing of it: ModemManager, gammu and chat.

Only then may our own machine be judged by it.
"""

import subprocess

import pytest

from simulated_modem import MODEM_MANAGER, ModemManager, SimulatedModem, missing


@pytest.fixture
def modem(tmp_path):
    with SimulatedModem(tmp_path) as simulated:
        yield simulated


def needs(*programs):
    lacking = missing(programs)
    return pytest.mark.skipif(lacking is not None, reason=f"{lacking} is not installed")


def gammu(tmp_path, modem, command):
    configuration = tmp_path / "gammurc"
    configuration.write_text(f"[gammu]\ndevice = {modem.at}\nconnection = at115200\n")
    answer = subprocess.run(
        ["gammu", "-c", configuration, command], capture_output=True, text=True, timeout=60, env={"LC_ALL": "C", "PATH": "/usr/bin"}
    )
    return dict(line.split(":", 1) for line in answer.stdout.replace(" ", "").splitlines() if ":" in line)


def chat(modem, *script):
    """Talks on the port for data. The exit status: 0, or 4 for the first string of ABORT."""
    with open(modem.data, "r+b", buffering=0) as port:
        path = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
        return subprocess.run(["chat", "-v", *script], stdin=port, stdout=port, env=path, timeout=60).returncode


DIAL = ["ABORT", "NO CARRIER", "ABORT", "BUSY", "TIMEOUT", "10", "", "ATE0", "OK", 'AT+CGDCONT=1,"IP","internet"', "OK"]


@needs("gammu")
def test_gammu_identifies_it_and_reads_its_network(tmp_path, modem):
    modem.wait_registered()
    identity = gammu(tmp_path, modem, "identify")
    assert identity["Manufacturer"] == "Simulated" and identity["IMEI"] == "490154203237518"
    assert identity["SIMIMSI"] == "262010000000001"
    network = gammu(tmp_path, modem, "networkinfo")
    assert network["Networkstate"] == "homenetwork" and network["GPRS"] == "attached"


@needs("gammu")
@pytest.mark.parametrize("knob, words", [("net.gone", "requestingnetwork"), ("net.refuses", "registrationtonetworkdenied"), ("net.foreign", "roamingnetwork")])
def test_gammu_sees_networks_that_are_gone_refuse_or_are_foreign(tmp_path, modem, knob, words):
    modem.set("net.search", 0)
    modem.set(knob, 1)
    assert gammu(tmp_path, modem, "networkinfo")["Networkstate"] == words


@needs("chat")
def test_chat_dials_it_and_the_network_hangs_up(modem):
    modem.wait_registered()
    assert chat(modem, *DIAL, "ATD*99***1#", "CONNECT", "\\c") == 0
    assert modem.state["call"] == "1"
    assert modem.order("hangup") == "ok"
    assert modem.state["call"] == "0"
    with open(modem.data, "rb", buffering=0) as port:
        # The rest of the line with CONNECT comes first, where chat did not wait for it.
        said = b""
        while b"NO CARRIER" not in said:
            said += port.read(100)
            assert len(said) < 1000, said
    assert chat(modem, *DIAL, "\\c") == 0, "It listens again."


@needs("chat")
@pytest.mark.parametrize("result, status", [("NO CARRIER", 4), ("BUSY", 5)])
def test_chat_hears_a_call_that_fails(modem, result, status):
    modem.wait_registered()
    modem.set("net.dial", result)
    assert chat(modem, *DIAL, "ATD*99***1#", "CONNECT", "\\c") == status


@needs("chat")
def test_chat_gives_up_on_a_modem_that_falls_silent(modem):
    modem.set("fault.cut", 3)
    assert chat(modem, "TIMEOUT", "2", "", "AT", "OK") == 3


@needs(*MODEM_MANAGER)
def test_modem_manager_brings_it_up_to_a_connection(tmp_path, modem):
    modem.wait_registered()
    with ModemManager(tmp_path, modem) as manager:
        bring_up(modem, manager)


def bring_up(modem, manager):
    found = manager.wait_modem()
    assert found["generic"]["manufacturer"] == "Simulated" and found["3gpp"]["imei"] == "490154203237518"
    assert manager.mmcli("-m", "0", "--enable").returncode == 0
    registered = manager.wait_modem("registered")
    assert registered["3gpp"]["operator-code"] == "26201" and registered["3gpp"]["registration-state"] == "home"
    assert registered["generic"]["access-technologies"] == ["lte"]
    connected = manager.mmcli("-m", "0", "--simple-connect=apn=internet,ip-type=ipv4")
    assert connected.returncode == 0, connected.stderr
    assert modem.state["call"] == "1"


@needs(*MODEM_MANAGER)
def test_modem_manager_unlocks_it_with_its_pin_and_sees_a_wrong_one_refused(tmp_path, modem):
    modem.set("sim.pin", "1234")
    with ModemManager(tmp_path, modem) as manager:
        locked = manager.wait_modem("locked")
        assert locked["generic"]["unlock-required"] == "sim-pin"
        assert manager.mmcli("-i", "0", "--pin=9999").returncode != 0
        assert manager.mmcli("-i", "0", "--pin=1234").returncode == 0
        assert modem.pins == ["9999", "1234"]
        manager.wait_modem("disabled")


@needs(*MODEM_MANAGER)
def test_modem_manager_sees_a_slot_without_a_card(tmp_path, modem):
    modem.set("sim.present", 0)
    with ModemManager(tmp_path, modem) as manager:
        failed = manager.wait_modem("failed")
        assert failed["generic"]["state-failed-reason"] == "sim-missing"


@needs(*MODEM_MANAGER)
def test_modem_manager_sees_a_card_that_wants_its_puk(tmp_path, modem):
    modem.set("sim.pin", "1234")
    modem.set("sim.tries", 0)
    with ModemManager(tmp_path, modem) as manager:
        assert manager.wait_modem("locked")["generic"]["unlock-required"] == "sim-puk"
