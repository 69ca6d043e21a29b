#!/usr/bin/env bash
# Sets up and runs every test. `Tests/check.sh --fast` leaves out fuzzing, the sanitizer and the runs of the real programs.
set -euo pipefail
cd "$(dirname "$0")/.."
. deploy/prerequisites.sh

fast=no
case "${1:-}" in
  "") ;;
  --fast) fast=yes ;;
  *)
    echo "usage: Tests/check.sh [--fast]   (--fast leaves out fuzzing, the sanitizer and the runs of the real programs)" >&2
    exit 2
    ;;
esac

passed=0 failed=0 skipped=0
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT

step() { printf '\n== %s\n' "$1"; }

# count PASSED FAILED SKIPPED: adds to the totals of the closing line.
count() { passed=$((passed + $1)) failed=$((failed + $2)) skipped=$((skipped + $3)); }

# check TITLE COMMAND...: one check that passes or fails as a whole.
check() {
  step "$1"
  shift
  if "$@"; then count 1 0 0; else count 0 1 0; fi
}

# with_pytest ARGUMENT...: tests of pytest against the programs that were built.
with_pytest() { CHARGER_BINARIES=$binaries "$venv/bin/python" -m pytest "$@"; }

# suite TITLE COMMAND...: a command that takes further arguments of pytest, and counts as the tests that it runs.
suite() {
  local status=0 tests failures skips
  step "$1"
  shift
  "$@" -q -rs --junitxml="$results/pytest.xml" || status=$?
  read -r tests failures skips < <(python3 - "$results/pytest.xml" <<'PY'
import sys, xml.etree.ElementTree as tree
try:
    suite = tree.parse(sys.argv[1]).getroot().find("testsuite").attrib
    print(suite["tests"], int(suite["failures"]) + int(suite["errors"]), suite["skipped"])
except Exception:
    print(0, 1, 0)
PY
)
  [ "$status" = 0 ] || [ "$failures" -gt 0 ] || failures=1
  rm -f "$results/pytest.xml"
  count $((tests > failures + skips ? tests - failures - skips : 0)) "$failures" "$skips"
}

step 'Prerequisites'
need_packages libzmq3-dev libssl-dev openssl python3 python3-venv
# Who reads manual pages and completions, makes packages, boots a systemd and speaks with modems and meters; without them their tests are skipped.
[ "$(id -u)" != 0 ] ||
  need_packages mandoc man-db fish zsh debhelper dpkg-dev lintian systemd-container mmdebstrap iproute2 \
    modemmanager dbus polkitd libglib2.0-bin gammu ppp libnfc-bin libmodbus5
need_swift
swift --version 2>/dev/null | head -n 1

check 'Format' swift format lint --strict --recursive --parallel Package.swift Services Shared Tests
check 'Rules of the layout' Tests/rules.sh
check 'Obligations of OCPP 1.6 Core, and the tests that show them' Tests/Requirements/coverage.py

step 'Build (warnings are errors, undeclared imports are errors)'
swift build --build-tests --explicit-target-dependency-import-check error > "$results/build" 2>&1 || {
  grep -E 'error|warning' "$results/build" || cat "$results/build"
  echo 'The build failed.'
  exit 1
}
tail -n 1 "$results/build"
binaries=$(swift build --show-bin-path)

step 'Swift tests: machines, codecs, real sockets and files, whole-stack simulation'
status=0
swift test --skip-build --disable-xctest > "$results/swift" 2>&1 || status=$?
if [ "$status" = 0 ]; then
  grep -E '^✔ Test run|skipped' "$results/swift" || true
else
  grep -vE '^(◇|✔|\[)' "$results/swift" || true
fi
swift_total=$(grep -oE 'Test run with [0-9]+ tests' "$results/swift" | grep -oE '[0-9]+' | tail -n 1 || true)
swift_failed=$(grep -cE '^✘ Test .* failed' "$results/swift" || true)
swift_skipped=$(grep -cE '^➜ Test .* skipped|^↷' "$results/swift" || true)
[ -n "$swift_total" ] || { swift_total=0; [ "$status" = 0 ] && status=1; }
[ "$status" = 0 ] || [ "$swift_failed" -gt 0 ] || swift_failed=1
count $((swift_total - swift_failed - swift_skipped)) "$swift_failed" "$swift_skipped"

venv=.build/venv
need_venv "$venv" 'ocpp==2.1.0' 'websockets==15.0.1' 'ocpp-csms==0.1.0' 'aiohttp==3.14.5' 'jsonschema==4.26.0' 'pytest==9.0.3' \
  'pyserial==3.5' 'pymodbus==3.16.1' 'adafruit-circuitpython-pn532==2.4.9' 'pytest-xdist==3.8.0'

step 'Messages against the official JSON schemas, both ways'
if Tests/OCPPSchema/run.sh "$venv/bin/python" "$binaries" | tee "$results/schema"; then :; fi
read -r schema_passed schema_failed < <(sed -nE 's/^([0-9]+) passed, ([0-9]+) failed.*/\1 \2/p' "$results/schema" | tail -n 1) || true
count "${schema_passed:-0}" "${schema_failed:-1}" 0

if [ "$fast" = no ]; then
  check 'Fuzzing of all readers of outside bytes, 4 seconds each' Tests/fuzz.sh --quick
  check 'Tests of what touches raw memory or outside bytes, under the address sanitizer' Tests/sanitize.sh

  # They wait more than they work, and each has a charger of its own: three files at a time.
  suite 'The real programs: sockets, kills, restarts, an independent central system' \
    with_pytest -n 3 --dist loadfile Tests/Integration Tests/Certification/test_judge.py
  suite 'Units, users and packages in a booted systemd' with_pytest Tests/Systemd
  suite 'Services of this version and of a newer one together, in every combination' Tests/versions.sh

  step 'Certification cases of OCPP 1.6 Core, against the real programs'
  status=0
  CHARGER_BINARIES=$binaries "$venv/bin/python" Tests/Certification/certify.py > "$results/certification" || status=$?
  grep -vE '^✔ ' "$results/certification" || true
  read -r cases broken known inapplicable < <(
    sed -nE 's/^([0-9]+) passed, ([0-9]+) failed, ([0-9]+) known to fail, ([0-9]+) not applicable.*/\1 \2 \3 \4/p' \
      "$results/certification"
  ) || true
  [ "$status" = 0 ] || [ "${broken:-0}" -gt 0 ] || broken=1
  count "${cases:-0}" "${broken:-1}" $((${known:-0} + ${inapplicable:-0}))
fi

printf '\n%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
[ "$failed" = 0 ]
