#!/usr/bin/env bash
# Runs services of two versions together: those of this state, and those of a newer one (Tests/Versions/newer.patch), which has a bus message and
# a configuration key more and an optional field less. Every combination of the four plays a session, and another one in which all of them are
# replaced by those of the other version. Needs root, to build the newer state over this one without touching it.
set -euo pipefail
cd "$(dirname "$0")/.."
. deploy/prerequisites.sh

if [ "$(id -u)" != 0 ]; then
  echo 'Skipped: it needs root, to mount the newer state over this one.'
  exit 0
fi
need_packages libzmq3-dev libssl-dev patch python3 python3-venv
need_swift
services=(ocpp-gateway hardware-io modem-manager config-store)

# The interpreter and the packages of the other tests of real programs.
venv=.build/venv
[ -x "$venv/bin/python" ] || { echo "Run Tests/check.sh once: it sets up $venv." >&2; exit 1; }

echo 'Building this version …'
for program in "${services[@]}" chargectl; do swift build --product "$program" > /dev/null; done
here=$(swift build --show-bin-path)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/upper" "$work/work" "$work/newer"
echo 'Building the newer one: what the patch does not reach is taken over …'
# At the same path, so that the build is continued and not begun; everything written goes to $work.
# shellcheck disable=SC2016
unshare --mount --propagation private bash -euc '
  work=$1 place=$PWD
  shift
  mount --bind "$work" "$work"
  mount -t overlay -o "lowerdir=$place,upperdir=$work/upper,workdir=$work/work" overlay "$place"
  cd "$place"
  patch --strip=1 --forward --no-backup-if-mismatch --input=Tests/Versions/newer.patch
  # By which the two are told apart.
  sed -i "s/schemaVersion = [0-9]*/schemaVersion = 9999/" Shared/BusSchema/BusRegistry.swift
  for program; do swift build --product "$program" | tail -n 1; done
  bin=$(swift build --show-bin-path)
  for program; do cp "$bin/$program" "$work/newer/"; done
' build "$work" "${services[@]}"

CHARGER_BINARIES=$here CHARGER_NEWER=$work/newer "$venv/bin/python" -m pytest -q Tests/Versions "$@"
