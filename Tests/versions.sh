#!/usr/bin/env bash
# Runs services of two versions together: those of this state, and those of a newer one (Tests/Versions/newer.patch), which has a bus message and
# a configuration key more and an optional field less. Every combination of the four plays a session, and another one in which all of them are
# replaced by those of the other version. Needs root, to build the newer state over this one without touching it.
set -euo pipefail
cd "$(dirname "$0")/.."
. deploy/prerequisites.sh

need_packages libzmq3-dev libssl-dev git python3 python3-venv
need_swift
services=(ocpp-gateway hardware-io modem-manager config-store)

# The interpreter and the packages of the other tests of real programs.
venv=.build/venv
[ -x "$venv/bin/python" ] || { echo "Run Tests/check.sh once: it sets up $venv." >&2; exit 1; }
git apply --check Tests/Versions/newer.patch || {
  echo "Tests/Versions/newer.patch does not fit this state of the sources any more. Tests/Versions/README.md says how to write it anew." >&2
  exit 1
}

# Without root nothing can be mounted over this state: the tests say that they are skipped.
[ "$(id -u)" = 0 ] || exec "$venv/bin/python" -m pytest -q -rs Tests/Versions "$@"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/layer" "$work/newer"

# build STATE PROGRAM...: those programs of the state in the working directory. What the compiler says is shown when it refuses.
build() {
  local state=$1 program
  shift
  for program; do
    swift build --product "$program" > "$work/log" 2>&1 || {
      grep -E '(error|warning):' "$work/log" || cat "$work/log"
      echo "$program of the $state state could not be built." >&2
      return 1
    }
  done
}

# build_newer: at the same path, so that the build is continued and not begun. Everything written goes to memory, and the programs to $work.
build_newer() {
  mount -t tmpfs tmpfs "$work/layer"
  mkdir "$work/layer/upper" "$work/layer/work"
  mount -t overlay -o "lowerdir=$PWD,upperdir=$work/layer/upper,workdir=$work/layer/work" overlay "$PWD"
  cd "$PWD"
  git apply Tests/Versions/newer.patch
  # By which the two are told apart.
  sed -i 's/schemaVersion = [0-9]*/schemaVersion = 9999/' Shared/BusSchema/BusRegistry.swift
  build newer "${services[@]}"
  for program in "${services[@]}"; do cp "$(swift build --show-bin-path)/$program" "$work/newer/"; done
}

echo 'Building this state …'
build present "${services[@]}" chargectl
here=$(swift build --show-bin-path)
echo 'Building the newer one: what the patch does not reach is taken over …'
export work
export -f build build_newer
unshare --mount --propagation private bash -c "services=(${services[*]}); set -euo pipefail; build_newer"

CHARGER_BINARIES=$here CHARGER_NEWER=$work/newer "$venv/bin/python" -m pytest -q -rs Tests/Versions "$@"
