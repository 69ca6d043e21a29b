#!/usr/bin/env bash
# Builds everything and shows a whole charging session: four services, a simulated car, a built-in central system.
set -euo pipefail

usage() {
  cat <<'END'
usage: deploy/demo.sh [--keep] [--debug]
  --keep    leave the charger running afterwards and say how to tap and drive it
  --debug   build for debugging (quicker to build, slower to run, larger figures)
END
}

keep=no configuration=release
for argument in "$@"; do
  case "$argument" in
    --keep) keep=yes ;;
    --debug) configuration=debug ;;
    --help | -h) usage; exit 0 ;;
    *) echo "unknown option: $argument" >&2; usage >&2; exit 2 ;;
  esac
done

cd "$(dirname "$0")/.."
. deploy/prerequisites.sh

if [ -t 1 ]; then bold=$(printf '\033[1m') plain=$(printf '\033[0m'); else bold='' plain=''; fi
step() { printf '\n%s● %s%s\n' "$bold" "$*" "$plain"; }

step "Prerequisites"
need_packages libzmq3-dev libssl-dev
need_swift
swift --version 2>/dev/null | head -n 1

step "Build ($configuration; the first time takes some minutes)"
log=$(mktemp)
for product in ocpp-gateway hardware-io modem-manager config-store chargectl central-system; do
  printf '  %-16s' "$product"
  started=$SECONDS
  swift build -c "$configuration" --product "$product" > "$log" 2>&1 || { echo failed; cat "$log"; rm -f "$log"; exit 1; }
  printf '%4d s\n' $((SECONDS - started))
done
rm -f "$log"
binaries=$(swift build -c "$configuration" --show-bin-path)

work=$(mktemp -d /tmp/charger-demo.XXXXXX)
mkdir "$work/run"
processes=()
finish() {
  if [ "$keep" = yes ] && [ "${played:-no}" = yes ]; then return; fi
  for process in "${processes[@]}"; do kill "$process" 2>/dev/null || true; done
  for process in "${processes[@]}"; do wait "$process" 2>/dev/null || true; done
  rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM

ctl() { "$binaries/chargectl" --runtime-dir "$work/run" "$@"; }
# until_shown TOPIC CONDITION...: waits until a state on the bus fits, and says so when it does not come.
until_shown() {
  ctl wait --timeout 60 "$@" >/dev/null || {
    echo "The demo waited for $* and it never came. Logs:" >&2
    tail -n 5 "$work"/*.log >&2
    exit 1
  }
}

step "A central system, on this machine only"
"$binaries/central-system" --port 0 --port-file "$work/port" --control "$work/central-system" --tag 04DEADBEEF=Blocked &
processes+=($!)
for _ in $(seq 200); do [ -s "$work/port" ] && break; sleep 0.05; done
port=$(cat "$work/port")
sed "s|ws://127.0.0.1:[0-9]*|ws://127.0.0.1:$port|" deploy/config/demo.json > "$work/charger.json"

step "Four services, in any order"
for service in hardware-io ocpp-gateway config-store modem-manager; do
  mkdir -p "$work/$service"
  "$binaries/$service" --runtime-dir "$work/run" --state-dir "$work/$service" --config "$work/charger.json" \
    2> "$work/$service.log" &
  processes+=($!)
done
until_shown ocpp.connector.1 status=Available
until_shown ocpp.link phase=accepted
ctl status

step "A stranger's card is refused, and no energy flows"
ctl sim swipe 04DEADBEEF
until_shown ocpp.connector.1 'refusal.reason!=' status=Available
until_shown hardware.connector.1 contactor=open
printf 'connector 1: %s; the contactor is %s\n' "$(ctl state ocpp.connector.1 --value refusal.reason)" "$(ctl state hardware.connector.1 --value contactor)"

step "A car is plugged in, a known card is presented"
session_started=$(date +%s)
ctl sim plug
until_shown ocpp.connector.1 status=Preparing
ctl sim swipe 04A1B2C3D4E5F6
until_shown ocpp.connector.1 status=Charging
until_shown hardware.connector.1 contactor=closed
meter_start=$(ctl state hardware.meter.1 --value energyWh)

step "The meter counts (time runs faster in the simulated meter)"
until_shown hardware.meter.1 "energyWh>=$((meter_start + 1500))"
printf 'meter of connector 1: %s Wh, %s W\n' "$(ctl state hardware.meter.1 --value energyWh)" "$(ctl state hardware.meter.1 --value powerW)"

step "The same card ends the session, the car leaves"
ctl sim swipe 04A1B2C3D4E5F6
until_shown ocpp.connector.1 status=Finishing
until_shown hardware.connector.1 contactor=open
ctl sim unplug
until_shown ocpp.connector.1 status=Available
until_shown ocpp.queue undelivered=0
session_ended=$(date +%s)

step "Summary"
ctl status || true
"$binaries/central-system" --ask "$work/central-system" ledger --for-people
printf 'Real time of the session: %d s\n' $((session_ended - session_started))
printf '\nMemory (proportional share, PSS)\n'
total=0
for process in "${processes[@]:1}"; do
  pss=$(awk '/^Pss:/ { print $2 }' "/proc/$process/smaps_rollup")
  printf '  %-16s %6d KiB\n' "$(cat "/proc/$process/comm")" "$pss"
  total=$((total + pss))
done
printf '  %-16s %6d KiB\n' together "$total"
played=yes
printf '\nShown: a stranger was refused, and a transaction from card to card, in which no energy flowed without permission and all of it was billed.\n'

if [ "$keep" = yes ]; then
  cat <<END

The charger keeps running. In another terminal:
  alias chargectl='CHARGER_CONFIG=$work/charger.json $binaries/chargectl --runtime-dir $work/run'
  chargectl tap                        every message on the local bus
  chargectl status                     what is going on, in words
  chargectl sim plug; chargectl sim swipe 04A1B2C3D4E5F6
End it:
  kill ${processes[*]}; rm -rf $work
END
  disown -a
fi
