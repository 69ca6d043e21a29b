"""Whatever is wrong around a service gives one clear line that says what to do."""

import json
import os
import subprocess

import pytest
import session
from stack import BINARIES, PATIENCE, SERVICES, Stack, configuration


def refusal(stack, service, *needles, mistakes=1):
    """The service ends with a failure, and its last words are one line for each mistake that names what was wrong."""
    process = stack.launch(service)
    assert process.wait(20) not in (0, -6, -11)
    lines = stack.log(service).strip().splitlines()
    assert len(lines) == mistakes, lines
    for needle in needles:
        assert needle in lines[0], lines[0]
    del stack.processes[service]


@pytest.mark.parametrize("service", ["hardware-io", "ocpp-gateway"])
def test_a_wrong_value_is_named_with_its_path(csms, service):
    document = configuration(csms.url)
    document["connectors"][0]["maximumCurrentAmps"] = "lots"
    with Stack(document) as stack:
        refusal(stack, service, "charger.json", "connectors[0].maximumCurrentAmps", "lots")


@pytest.mark.parametrize(["key", "value", "words"], [
    ("AuthorizationKey", "0123456789ABCDEF0123456789ABCDEF", "belongs to centralSystem.authorizationKeyHex"),
    ("NumberOfConnectors", 1, "read-only"),
    ("HeartbeatInterval", 10**30, "1…86400 s"),
    ("heartbeatinterval", 10, "no key of this charger"),
])
def test_a_wrong_default_of_a_key_is_named_with_its_path(csms, key, value, words):
    with Stack(configuration(csms.url, ocpp={key: value})) as stack:
        refusal(stack, "ocpp-gateway", "charger.json", f"ocpp.{key}", words)
        assert "0123456789ABCDEF" not in stack.log("ocpp-gateway")


def test_a_file_that_is_no_json_is_named_with_the_place(csms):
    with Stack('{"station": {,}') as stack:
        for service in SERVICES[1:]:
            refusal(stack, service, "charger.json", "line 1")


def test_a_missing_file_is_named(csms):
    with Stack(configuration(csms.url)) as stack:
        stack.config.unlink()
        refusal(stack, "ocpp-gateway", "charger.json", "--config")


def test_simulation_must_be_switched_on(csms):
    with Stack(configuration(csms.url, allowSimulation=False)) as stack:
        refusal(stack, "hardware-io", "connectors[0].pilot", "allowSimulation", mistakes=4)


def test_simulation_is_announced_at_the_start(stack, csms):
    stack.start("hardware-io")
    assert "SIMULATED DEVICES ARE IN USE" in stack.log("hardware-io")


@pytest.mark.parametrize("service", SERVICES)
def test_an_occupied_socket_is_refused_and_the_first_owner_lives_on(stack, service):
    stack.start(service)
    first = stack.processes.pop(service)
    (stack.root / f"{service}.log").unlink()
    refusal(stack, service, service, str(first.pid), "--runtime-dir")
    assert first.poll() is None
    stack.processes[service] = first
    assert "not running" not in next(
        line for line in stack.ctl("status", status=None).splitlines() if line.startswith(service)
    )


def test_two_of_hardware_io_never_share_a_state_folder(csms):
    with Stack(configuration(csms.url)) as stack, Stack(configuration(csms.url)) as other:
        stack.start("hardware-io")
        other.state_directory = stack.state_directory
        refusal(other, "hardware-io", "hardware-io.lock", "in use by another process")
        assert stack.processes["hardware-io"].poll() is None


@pytest.mark.parametrize("url, words", [
    ("ws://127.0.0.1:1/ocpp", "refused"),
    ("ws://no-such-host.invalid/ocpp", "no-such-host.invalid"),
])
def test_a_wrong_central_system_url_is_one_clear_line_however_often_it_is_tried(url, words):
    with Stack(configuration(url)) as stack:
        stack.start("ocpp-gateway", "modem-manager")
        tap = stack.tap("--filter", "ocpp.link")
        tap.wait(lambda m: m["payload"]["failedAttempts"] >= 3)
        lines = [line for line in stack.log("ocpp-gateway").splitlines() if words in line]
        assert len(lines) == 1, lines
        assert words in stack.ctl("status", status=1)


def test_a_url_of_another_kind_is_refused_at_the_start():
    with Stack(configuration("http://127.0.0.1/ocpp")) as stack:
        refusal(stack, "ocpp-gateway", "centralSystem.url", "ws://")


def test_an_http_error_of_the_central_system_is_told(csms):
    import asyncio
    import http

    async def refuse(connection, request):
        return connection.respond(http.HTTPStatus.NOT_FOUND, "unknown charge point\n")

    csms.vanish()

    async def start():
        import websockets
        csms.server = await websockets.serve(csms.serve, "127.0.0.1", csms.port, process_request=refuse)

    csms.run(start())
    with Stack(configuration(csms.url)) as stack:
        stack.start("ocpp-gateway")
        tap = stack.tap("--filter", "ocpp.link")
        tap.wait(lambda m: m["payload"]["failedAttempts"] >= 2)
        assert "404" in stack.log("ocpp-gateway")


def mounted(path, megabytes):
    path.mkdir(parents=True, exist_ok=True)
    return subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(path)], capture_output=True
    ).returncode == 0


def fill(path):
    """Writes to the file until the disk is full."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT)
    try:
        with pytest.raises(OSError):
            while os.write(descriptor, b"x" * 4096):
                pass
    finally:
        os.close(descriptor)


def test_a_full_disk_refuses_new_sessions_closes_running_ones_and_is_told(csms):
    with Stack(configuration(csms.url)) as stack:
        directory = stack.state_directory("ocpp-gateway")
        if os.geteuid() != 0 or not mounted(directory, 3):
            pytest.skip("mounting a small tmpfs needs root and the right to mount")
        try:
            stack.start()
            csms.wait_status("Available")
            tap = stack.tap()
            start = session.begin(stack, csms, tap)
            session.energy_beyond(tap, start["meterStart"])
            fill(directory / "ballast")
            session.present_again(stack, tap)
            stop = csms.wait("StopTransaction")
            session.assert_one_transaction(csms, start, stop)
            (directory / "ballast").unlink()
        finally:
            stack.kill()
            subprocess.run(["umount", str(directory)], check=True)


def test_a_full_disk_of_the_config_store_rejects_a_change_and_keeps_the_old_value(csms):
    with Stack(configuration(csms.url)) as stack:
        directory = stack.state_directory("config-store")
        if os.geteuid() != 0 or not mounted(directory, 1):
            pytest.skip("mounting a small tmpfs needs root and the right to mount")
        try:
            stack.start()
            csms.wait_status("Available")
            fill(directory / "ballast")
            accepted = "60"
            for value in map(str, range(100, 400)):  # the last page of the file takes some changes yet
                if csms.request("ChangeConfiguration", key="ConnectionTimeOut", value=value).status == "Rejected":
                    break
                accepted = value
            else:
                pytest.fail("the disk never became full")
            answer = csms.request("GetConfiguration", key=["ConnectionTimeOut"])
            assert answer.configuration_key[0]["value"] == accepted
            assert "no space left" in stack.log("config-store")
            (directory / "ballast").unlink()
            assert csms.request("ChangeConfiguration", key="ConnectionTimeOut", value="91").status == "Accepted"
        finally:
            stack.kill()
            subprocess.run(["umount", str(directory)], check=True)


def remount(directory, options):
    subprocess.run(["mount", "-o", f"remount,{options}", str(directory)], check=True)


def test_state_folders_that_are_read_only_at_the_start_strand_nobody(csms):
    with Stack(configuration(csms.url)) as stack:
        directories = [stack.state_directory(service) for service in ("ocpp-gateway", "config-store")]
        done = []
        for directory in directories:
            if os.geteuid() == 0 and mounted(directory, 3):
                done.append(directory)
        try:
            if len(done) < 2:
                pytest.skip("mounting a small tmpfs needs root and the right to mount")
            stack.start()
            csms.wait_status("Available")
            assert csms.request("ChangeConfiguration", key="ConnectionTimeOut", value="77").status == "Accepted"
            stack.kill("ocpp-gateway", "config-store")
            for directory in done:
                remount(directory, "ro")
            tap = stack.tap()
            for service in ("config-store", "ocpp-gateway"):
                stack.start(service)
            csms.wait_connection(2)
            fault = tap.wait(lambda m: m["topic"] == "ocpp.queue" and m["payload"].get("storageFault"))
            assert "read-only" in fault["payload"]["storageFault"]
            assert csms.request("ChangeConfiguration", key="ConnectionTimeOut", value="78").status == "Rejected"
            answer = csms.request("GetConfiguration", key=["ConnectionTimeOut"])
            assert answer.configuration_key[0]["value"] == "77"
            assert csms.request("ChangeAvailability", connector_id=1, type="Inoperative").status == "Rejected"
            assert "read-only" in stack.log("config-store")
            for directory in done:
                remount(directory, "rw")
            tap.wait(lambda m: m["topic"] == "ocpp.queue" and not m["payload"].get("storageFault"), len(tap.messages))
            assert csms.request("ChangeConfiguration", key="ConnectionTimeOut", value="79").status == "Accepted"
            assert csms.request("ChangeAvailability", connector_id=1, type="Inoperative").status == "Accepted"
        finally:
            stack.kill()
            for directory in done:
                subprocess.run(["umount", str(directory)], check=True)


@pytest.mark.parametrize("service", [*SERVICES, "chargectl"])
def test_help_and_version_and_unknown_options(service):
    from stack import BINARIES

    def run(*arguments):
        return subprocess.run([str(BINARIES / service), *arguments], capture_output=True, text=True, timeout=20)

    assert "--runtime-dir" in run("--help").stdout
    assert run("--version").stdout.strip()
    wrong = run("--no-such-option")
    assert wrong.returncode == 2
    assert "--no-such-option" in wrong.stderr


# Shows: J-CON-24, CORE-CFG-17
def test_a_secret_never_appears_on_the_bus(stack, csms):
    stack.start()
    csms.wait_status("Available")
    tap = stack.tap()
    secret = "0123456789ABCDEF0123456789ABCDEF01234567"
    assert csms.request("ChangeConfiguration", key="AuthorizationKey", value=secret).status == "Accepted"
    csms.wait_connection(2)  # it comes back with the new password
    csms.request("GetConfiguration", key=["AuthorizationKey"])
    tap.wait(lambda m: m["topic"] == "ocpp.message" and m["payload"].get("action") == "GetConfiguration"
             and m["payload"]["kind"] == "CALLRESULT")
    assert secret not in json.dumps(tap.messages)
    assert all(secret not in stack.log(service) for service in SERVICES)


SPELLINGS = [
    # As a request that is obeyed, that is refused, and that nobody understands.
    r'[2,"s1","ChangeConfiguration",{"key":"Authorization\u004bey","value":"SECRET"}]',
    r'[2,"s2","ChangeConfiguration",{"key":"\u0041uthorization\u004Bey","value":"SECRET","more":1}]',
    r'[2,"s3","ChangeConfiguration",{"key":"authorization\u006Bey","value":["SECRET"]}]',
    r'[2,"s4","ChangeConfiguration",{"key":"AuthorizationKe\u0079","value":"SECRET"',
    # Where the name is not quite the name.
    r'[2,"t1","ChangeConfiguration",{"key":"AuthorisationKey","value":"SECRET"}]',
    # The name mistyped, the value meant all the same.
    '[2,"t2","ChangeConfiguration",{"key":"Authorization Key","value":"SECRET"}]',
    '[2,"t3","ChangeConfiguration",{"key":"authorization-key","value":"SECRET"}]',
    '[2,"t4","ChangeConfiguration",{"key":" AuthorizationKey\\t","value":"SECRET"}]',
    # Without a key that could be read: cut off before it, never there, or with something in it that nobody sees.
    '[2,"s5","ChangeConfiguration",{"value":"SECRET"',
    '[2,"s6","ChangeConfiguration",{"value":"SECRET"}]',
    '[2,"s7","ChangeConfiguration",{"key":"Authorization\u00adKey","value":"SECRET"}]',
    '[2,"s8","ChangeConfiguration",{"key":"Authorisation","value":"SECRET"}]',
    '[2,"s9","changeconfiguration",{"value":"SECRET"}]',
    '[2,"s10","ChangeConfiguration",{"key":"ResetRetries","SECRET":"1"}]',
    '[2,"s11","ChangeConfiguration",{"key":"ResetRetries","value":["SECRET"]}]',
    '[2,"s12","ChangeConfiguration",["SECRET"]]',
    '[9,"s13","ChangeConfiguration",{"value":"SECRET"}]',
]


# Shows: J-CON-24
@pytest.mark.parametrize("frame", SPELLINGS)
def test_a_secret_never_appears_on_the_bus_in_whatever_spelling_its_name_is(stack, csms, frame):
    stack.start()
    csms.wait_status("Available")
    tap = stack.tap()
    secret = "0123456789ABCDEF0123456789ABCDEF01234568"
    before = len(tap.messages)
    csms.run(csms.stations["CP1"]._connection.connection.send(frame.replace("SECRET", secret)))
    shown = tap.wait(
        lambda m: m["topic"] == "ocpp.message" and m["payload"]["direction"] == "received"
        and ("***" in m["payload"]["frame"] or "withheld" in m["payload"]["frame"]),
        before,
    )
    assert secret not in shown["payload"]["frame"]
    # What was obeyed went through the config store, which has seen the name in clear.
    subprocess.run(
        [str(BINARIES / "chargectl"), "--runtime-dir", str(stack.runtime), "config", "get", "HeartbeatInterval"],
        timeout=PATIENCE, check=True, capture_output=True,
    )
    tap.wait(lambda m: m["topic"].endswith("config.get"), before)
    assert secret not in json.dumps(tap.messages)
    assert all(secret not in stack.log(service) for service in SERVICES)
