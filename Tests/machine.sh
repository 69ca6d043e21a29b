#!/usr/bin/env bash
# Runs the tests that need a kernel of their own, in a virtual machine: real GPIO lines, serial ports and the devices behind them. `Tests/machine.sh -k NAME`
# and other arguments go to pytest. Debian 12 on amd64, as root; the first run makes the machine (some minutes).
set -euo pipefail
cd "$(dirname "$0")/.."
. deploy/prerequisites.sh

need_packages libzmq3-dev libssl-dev python3 python3-venv qemu-system-x86 busybox-static cpio e2fsprogs kmod xz-utils mmdebstrap
need_swift
swift build
venv=.build/venv
[ -x "$venv/bin/python" ] || need_venv "$venv" 'pytest==9.0.3'
CHARGER_BINARIES=$(swift build --show-bin-path) exec "$venv/bin/python" -m pytest -q -rs Tests/Machine "$@"
