"""chargectl report: one archive that says everything and no secret."""

import json
import os
import shutil
import stat
import subprocess
import tarfile

import pytest

from stack import BINARIES, PATIENCE, SERVICES, Stack, configuration

SECRET = "00112233445566778899aabbccddeeff00112233"
FIRST = "ffeeddccbbaa99887766554433221100ffeeddcc"


def report(stack, *words, **environment):
    path = stack.root / "report.tar"
    result = subprocess.run(
        [str(BINARIES / "chargectl"), "--runtime-dir", str(stack.runtime), "report", "--output", str(path),
         "--config", str(stack.config), *words],
        capture_output=True, text=True, timeout=2 * PATIENCE, env={**os.environ, **environment},
    )
    assert result.returncode == 0, result
    assert result.stdout.strip() == str(path)
    with tarfile.open(path) as archive:
        files = {member.name: archive.extractfile(member).read().decode() for member in archive}
    return files, result.stderr, path


def lines(text):
    return [json.loads(line) for line in text.splitlines()]


def test_the_report_of_a_running_charger_says_what_it_is_and_does(stack, csms):
    stack.start()
    csms.wait_status("Available")
    tap = stack.tap()
    csms.request("ChangeConfiguration", key="HeartbeatInterval", value="777")
    tap.wait(lambda m: m["topic"] == "config.changed")
    files, _, path = report(stack)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for service in SERVICES:
        assert service in files["status.txt"]
        assert any(line["topic"] == f"service.announce.{service}" for line in lines(files[f"traffic-{service}.jsonl"]))
    topics = {state["topic"] for state in json.loads(files["services.json"])}
    assert {f"service.{kind}.{service}" for kind in ("announce", "health") for service in SERVICES} <= topics
    topics = {state["topic"] for state in json.loads(files["states.json"])}
    assert {"ocpp.link", "ocpp.queue", "hardware.connector.1", "uplink.state", "config.values.ocpp-gateway"} <= topics
    assert json.loads(files["charger.json"])["station"]["chargePointVendor"] == "Vendor"
    assert files["charger.json-mistakes.txt"] == ""
    assert any(entry["value"].get("value") == "777" for entry in json.loads(files["settings.json"])["entries"])
    assert json.loads(files["history.json"])["changes"][0]["newValue"] == "777"
    assert json.loads(files["dead-letters.json"]) == []
    # A tap was there, so the frames were written and are remembered.
    frames = [json.loads(m["payload"])["frame"] for m in lines(files["traffic-ocpp-gateway.jsonl"])
              if m["topic"] == "ocpp.message" and "payload" in m]
    assert any("HeartbeatInterval" in frame for frame in frames)
    for name in files:
        assert name == "README.txt" or name in files["README.txt"]


def test_traffic_that_nobody_listened_to_is_remembered_by_its_names(stack, csms):
    stack.start()
    csms.wait_status("Available")
    files, _, _ = report(stack)
    notes = [m.get("note") for m in lines(files["traffic-ocpp-gateway.jsonl"]) if m["topic"] == "ocpp.message"]
    assert "sent CALL BootNotification" in notes
    assert "received CALLRESULT BootNotification" in notes


SPELLINGS = ["AuthorizationKey", "authorizationkey", "AuthorisationKey", "Authorization Key", "AuthKey", "Passwort"]


def test_no_secret_is_in_the_report_however_it_was_given(csms):
    document = configuration(csms.url)
    document["centralSystem"]["authorizationKeyHex"] = FIRST
    with Stack(document) as stack:
        stack.start()
        csms.wait_status("Available")
        tap = stack.tap()
        assert csms.request("ChangeConfiguration", key="AuthorizationKey", value=SECRET).status == "Accepted"
        csms.wait_connection(2)
        for key in SPELLINGS[2:]:
            csms.request("ChangeConfiguration", key=key, value=SECRET)
        # By people, in clear and under every name, as nobody should.
        for key in SPELLINGS:
            stack.ctl("call", "config.set", json.dumps({"key": key, "value": SECRET}), status=None)
        broken = '[2,"s","ChangeConfiguration",{"key":"Authorization\\u004bey","value":"%s"' % SECRET
        csms.run(csms.stations["CP1"]._connection.connection.send(broken))
        tap.wait(lambda m: m["topic"] == "ocpp.message" and "withheld" in m["payload"]["frame"])
        document["centralSystem"]["authorizationKeyHx"] = FIRST
        document["ocpp"]["AuthorizationKey"] = FIRST
        stack.configure(document)
        files, errors, path = report(stack)
        traffic = files["traffic-config-store.jsonl"] + files["traffic-ocpp-gateway.jsonl"]
        # They were there to be found.
        assert traffic.count("***") >= len(SPELLINGS)
        assert "authorizationKeyHx" in files["charger.json-mistakes.txt"]
        for secret in (SECRET, FIRST):
            for form in (secret, secret.upper(), bytes.fromhex(secret).decode("latin-1")):
                assert form.encode() not in path.read_bytes()
            assert secret not in errors


def test_what_cannot_be_had_is_named(stack, csms, tmp_path):
    stack.start("hardware-io")
    stack.config.write_text('{"centralSystem": {"authorizationKeyHex": "%s",}' % SECRET)
    files, errors, _ = report(stack, PATH=str(tmp_path))
    for gap in ("charger.json", "settings.json", "dead-letters.json", "traffic-ocpp-gateway.jsonl", "journal-hardware-io.txt"):
        assert gap in errors and gap in files["README.txt"].split("Missing:")[1]
        assert gap not in files
    assert "hardware-io" in files["status.txt"] and "traffic-hardware-io.jsonl" in files
    assert SECRET not in "".join(files.values()) + errors


def test_a_journal_is_bounded_and_without_secrets(stack, tmp_path):
    stack.start("config-store")
    journal = tmp_path / "journalctl"
    journal.write_text(f"#!/bin/sh\necho first\nyes 'line {SECRET} of a log' | head -c 2000000\necho $@\n")
    journal.chmod(0o755)
    files, _, _ = report(stack, PATH=f"{tmp_path}:{os.environ['PATH']}")
    text = files["journal-config-store.txt"]
    assert text.endswith("-u config-store -n 5000 --no-pager -o short-iso-precise\n")
    assert "first" not in text and len(text) < 600_000
    assert "line *** of a log" in text and SECRET not in text


@pytest.mark.parametrize("script, words", [
    ("echo -- No entries --; echo journal corrupted, ignoring file >&2", "journalctl says journal corrupted, ignoring file"),
    ("echo Input/output error >&2; exit 1", "journalctl ended with 1: Input/output error"),
    ("kill -9 $$", "journalctl was ended before it was through"),
    ("true", "nothing that this user may read, which takes the group systemd-journal"),
])
def test_a_journal_that_cannot_be_read_is_no_empty_one(stack, tmp_path, script, words):
    journal = tmp_path / "journalctl"
    journal.write_text(f"#!/bin/sh\n{script}\n")
    journal.chmod(0o755)
    files, errors, _ = report(stack, PATH=f"{tmp_path}:{os.environ['PATH']}")
    for place in (errors, files["README.txt"].split("Missing:")[1]):
        assert f"journal-config-store.txt: {words}" in place


def test_a_file_that_is_there_is_not_written_over(stack):
    path = stack.root / "report.tar"
    path.write_text("precious")
    result = subprocess.run(
        [str(BINARIES / "chargectl"), "--runtime-dir", str(stack.runtime), "report", "--output", str(path)],
        capture_output=True, text=True, timeout=PATIENCE,
    )
    assert result.returncode == 4 and "report.tar" in result.stderr
    assert path.read_text() == "precious"


@pytest.mark.skipif(not shutil.which("tar"), reason="tar is not installed")
def test_tar_unpacks_it(stack, tmp_path):
    stack.start("config-store")
    files, _, path = report(stack)
    subprocess.run(["tar", "-xf", str(path), "-C", str(tmp_path)], check=True, timeout=PATIENCE)
    assert {path.name for path in tmp_path.iterdir()} == set(files)
