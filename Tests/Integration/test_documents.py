"""Manual pages and completions: made of the tables that the programs go by, read by the programs that they are for."""

import os
import shutil
import subprocess

import pytest

from stack import BINARIES, PATIENCE, SERVICES

PAGES = [*SERVICES, "chargectl", "charger.json"]


def program(*words):
    result = subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=PATIENCE)
    assert result.returncode == 0, result
    return result.stdout


def page(name):
    if name in SERVICES:
        return program(BINARIES / name, "--manual-page")
    return program(BINARIES / "chargectl", "manual-page", name)


def needs(name):
    return pytest.mark.skipif(not shutil.which(name), reason=f"{name} is not installed")


@needs("mandoc")
@pytest.mark.parametrize("name", PAGES)
def test_mandoc_finds_nothing_wrong_in_a_page(name, tmp_path):
    (tmp_path / "page").write_text(page(name))
    lint = subprocess.run(["mandoc", "-Tlint", "-W", "warning", tmp_path / "page"], capture_output=True, text=True, timeout=PATIENCE)
    # The same sources make the same page, so that it has no date.
    assert [line for line in lint.stdout.splitlines() if "missing date" not in line] == []


@needs("groff")
@needs("man")
@pytest.mark.parametrize("name", PAGES)
def test_groff_finds_nothing_wrong_in_a_page_and_shows_the_words_of_help(name, tmp_path):
    (tmp_path / "page").write_text(page(name))
    result = subprocess.run(
        ["man", "--warnings=w", "-E", "UTF-8", "-l", tmp_path / "page"], capture_output=True, text=True, timeout=PATIENCE,
        env={**os.environ, "LC_ALL": "C.UTF-8", "MANWIDTH": "160", "MANPAGER": "cat"},
    )
    assert result.returncode == 0 and result.stderr == ""
    if name == "charger.json":
        for field in ("centralSystem.url", "connectors[].onPermitLost.graceSeconds", "ocpp.HeartbeatInterval", "readers[].driver"):
            assert field in result.stdout
        return
    shown = " ".join(result.stdout.replace("‐\n", "").split())
    for line in program(BINARIES / name, "--help").splitlines():
        words = line.split()
        if line.startswith("  ") and len(words) > 1:
            assert words[0] in shown
            assert words[-1] in shown


def bash(line, *, index=None):
    words = line.split(" ")
    script = program(BINARIES / "chargectl", "completion", "bash")
    script += f"\nCOMP_WORDS=({' '.join(word or chr(39) * 2 for word in words)}); COMP_CWORD={len(words) - 1}; _chargectl; printf '%s\\n' \"${{COMPREPLY[@]}}\""
    return [word for word in program("bash", "--norc", "-c", script).splitlines() if word]


@needs("bash")
@pytest.mark.parametrize(["line", "wanted", "unwanted"], [
    ("chargectl st", ["state", "status"], ["tap"]),
    ("chargectl ", ["report", "--runtime-dir", "manual-page"], ["get"]),
    ("chargectl config ", ["get", "check", "history"], ["tap"]),
    ("chargectl --timeout 5 config h", ["history"], ["get"]),
    ("chargectl config history --", ["--limit", "--json"], ["--reason"]),
    ("chargectl tap --filter hardware --", ["--json", "--count"], []),
    ("chargectl state hardware.meter.1 --v", ["--value"], []),
    ("chargectl call ocpp.st", ["ocpp.status"], ["hardware.permit"]),
    ("chargectl sim lock ", ["jam", "free"], []),
    ("chargectl sim fault Gr", ["GroundFailure"], []),
    ("chargectl config get Heart", ["HeartbeatInterval"], []),
    ("chargectl config set NumberOf", ["NumberOfConnectors"], []),
    ("chargectl wait hardware.", ["hardware.connector.1", "hardware.meter.1"], []),
    ("chargectl tap --filter ocpp.m", ["ocpp.message"], []),
    ("chargectl completion ", ["bash", "zsh", "fish"], []),
])
def test_bash_completes(line, wanted, unwanted):
    found = bash(line)
    assert set(wanted) <= set(found), found
    assert not set(unwanted) & set(found), found


@needs("bash")
def test_bash_completes_files_where_files_are_expected(tmp_path):
    (tmp_path / "charger.json").write_text("{}")
    for line in (f"chargectl config check {tmp_path}/ch", f"chargectl report --output {tmp_path}/ch"):
        assert bash(line) == [f"{tmp_path}/charger.json"]


@needs("fish")
@pytest.mark.parametrize(["line", "wanted", "unwanted"], [
    ("chargectl st", ["state", "status"], ["tap"]),
    ("chargectl config ", ["get", "check", "history"], ["tap", "report"]),
    ("chargectl config history --", ["--limit", "--json"], ["--reason"]),
    ("chargectl sim lock ", ["jam", "free"], []),
    ("chargectl call ocpp.st", ["ocpp.status"], []),
    ("chargectl sim fault Gr", ["GroundFailure"], []),
    ("chargectl config explain Heart", ["HeartbeatInterval"], []),
    ("chargectl wait hardware.m", ["hardware.meter.1"], []),
    ("chargectl tap --filter ocpp.m", ["ocpp.message"], []),
])
def test_fish_completes(tmp_path, line, wanted, unwanted):
    (tmp_path / "chargectl.fish").write_text(program(BINARIES / "chargectl", "completion", "fish"))
    script = f"source {tmp_path}/chargectl.fish; complete -C '{line}'"
    result = subprocess.run(["fish", "--no-config", "-c", script], capture_output=True, text=True, timeout=PATIENCE,
                            env={**os.environ, "HOME": str(tmp_path)})
    assert result.returncode == 0 and result.stderr == "", result
    found = {word.split("\t")[0] for word in result.stdout.splitlines()}
    assert set(wanted) <= found, found
    assert not set(unwanted) & found, found


@needs("zsh")
def test_zsh_takes_the_completion(tmp_path):
    (tmp_path / "_chargectl").write_text(program(BINARIES / "chargectl", "completion", "zsh"))
    script = f"""
        fpath=({tmp_path} $fpath); autoload -Uz compinit; compinit -u -d {tmp_path}/dump
        autoload -Uz +X _chargectl && echo "for ${{_comps[chargectl]}}"
        COMP_WORDS=(chargectl config ''); autoload -Uz bashcompinit; bashcompinit
        source {tmp_path}/_chargectl; echo "then ${{_comps[chargectl]}}"
    """
    output = program("zsh", "-f", "-c", script)
    assert "for _chargectl" in output
    assert "then _bash_complete" in output
