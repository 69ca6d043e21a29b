#!/usr/bin/env bash
# Plays random worlds (Tests/Support/ChargerWorld) on all cores, built for release, and years of a modem that fails (Tests/Support/MobileWorld).
#
#   Tests/soak.sh [WORLDS [FIRST_SEED [HOURS [MODEMS [WEEKS]]]]]
#       2000 worlds of 2 hours from seed 1, and 10 modems for 52 weeks; 0 worlds or modems for none
#
# Prints each world that broke a rule with its kind, its seed, what went wrong and the newest steps before it, and a summary at the end;
# exits 1 if there was any. `CHARGER_SIM_KIND=KIND CHARGER_SIM_SEED=SEED swift test --disable-xctest --filter RandomDayTests` plays one again.
set -euo pipefail
cd "$(dirname "$0")/.."
. deploy/prerequisites.sh

worlds=${1:-2000} first=${2:-1} hours=${3:-2} modems=${4:-10} weeks=${5:-52}
need_packages libzmq3-dev libssl-dev
need_swift
swift build -c release --product world-soak >&2
swift build -c release --product uplink-bench >&2
binaries=$(swift build -c release --show-bin-path)
program=$binaries/world-soak

cores=$(nproc)
results=$(mktemp -d)
pids=()
trap 'for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done; rm -rf "$results"' EXIT
started=$SECONDS
for ((core = 0; core < cores; core++)); do
  count=$(((worlds + cores - 1 - core) / cores))
  "$program" $((first + core)) "$count" "$cores" "$hours" > "$results/$core" &
  pids+=($!)
  count=$(((modems + cores - 1 - core) / cores))
  "$binaries/uplink-bench" 0 "$count" "$weeks" $((first + core * modems)) > "$results/modems-$core" &
  pids+=($!)
done
status=0
for pid in "${pids[@]}"; do wait "$pid" || status=1; done
pids=()

grep -h -v '^DONE' "$results"/* || true
failed=$(cat "$results"/[0-9]* | grep -c '^VIOLATION' || true)
transactions=$(awk '/^DONE/ { for (i = 2; i <= NF; i++) if ($i ~ /^transactions/) sum += $(i - 1) } END { print sum + 0 }' "$results"/*)
printf '\n%d worlds of %d h from seed %d with %d transactions: %d with violations, %d s\n' \
  "$worlds" "$hours" "$first" "$transactions" "$failed" $((SECONDS - started))
[ "$status" = 0 ] || echo 'A promise of the modem manager was broken, or a program ended before its last world.'
[ "$failed" = 0 ] && [ "$status" = 0 ]
