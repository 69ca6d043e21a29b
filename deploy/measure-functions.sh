#!/usr/bin/env bash
# Measures which functions a charger runs day by day, and writes their names into functions.order, by which link.sh puts them side by side.
# Worth repeating with another Swift and when much has changed: what it costs to leave it is memory, nothing else.
# The four services run under callgrind: start, a refused card, a session, an answer with all keys, what technicians ask, the end, and a start
# with what is on disk then.
set -euo pipefail
cd "$(dirname "$0")/.."
. deploy/prerequisites.sh
need_packages libzmq3-dev libssl-dev valgrind
need_swift

services=(config-store modem-manager hardware-io ocpp-gateway)
echo 'Building for release …'
for product in "${services[@]}" chargectl central-system; do swift build -c release --product "$product" | tail -n 1; done
binaries=$(swift build -c release --show-bin-path)
work=$(mktemp -d /tmp/charger-functions.XXXXXX)
processes=()
finish() {
  for process in "${processes[@]}"; do kill "$process" 2>/dev/null || true; done
  for process in "${processes[@]}"; do wait "$process" 2>/dev/null || true; done
}
trap 'finish; rm -rf "$work"' EXIT
deploy/link.sh "$binaries" "$work" measured "${services[@]}" > /dev/null
ctl() { "$binaries/chargectl" --runtime-dir "$work/run" "$@" > /dev/null; }

mkdir "$work/run"
"$binaries/central-system" --port 0 --port-file "$work/port" --control "$work/central-system" --tag 04DEADBEEF=Blocked > "$work/central-system.log" 2>&1 &
processes+=($!)
for _ in $(seq 200); do [ -s "$work/port" ] && break; sleep 0.05; done
sed "s|ws://127.0.0.1:[0-9]*|ws://127.0.0.1:$(cat "$work/port")|" deploy/config/demo.json > "$work/charger.json"
# begin NAME: the four services, whose calls are written to files of that name.
begin() {
  for service in "${services[@]}"; do
    mkdir -p "$work/$service"
    LD_LIBRARY_PATH=$work/shared valgrind --tool=callgrind --demangle=no --callgrind-out-file="$work/$service-$1.calls" "$work/bin/$service" \
      --runtime-dir "$work/run" --state-dir "$work/$service" --config "$work/charger.json" > "$work/$service-$1.log" 2>&1 &
    processes+=($!)
  done
  ctl wait --timeout 120 ocpp.connector.1 status=Available
}
echo 'Measuring (slowly: every instruction is looked at) …'
begin first
ctl sim swipe 04DEADBEEF
ctl wait --timeout 60 ocpp.connector.1 'refusal.reason!=' status=Available
ctl sim plug
ctl wait --timeout 60 ocpp.connector.1 status=Preparing
ctl sim swipe 04A1B2C3D4E5F6
ctl wait --timeout 60 ocpp.connector.1 status=Charging
ctl wait --timeout 60 hardware.meter.1 'powerW>=1'
"$binaries/central-system" --ask "$work/central-system" call GetConfiguration '{}' > /dev/null
ctl config get
ctl status
ctl sim swipe 04A1B2C3D4E5F6
ctl wait --timeout 60 ocpp.connector.1 status=Finishing
ctl sim unplug
ctl wait --timeout 60 ocpp.connector.1 status=Available
ctl report --output "$work/report.tar" --config "$work/charger.json"
finish
processes=()
# Once more, with what is on disk by now.
"$binaries/central-system" --port "$(cat "$work/port")" --control "$work/central-system" >> "$work/central-system.log" 2>&1 &
processes+=($!)
begin again
finish
processes=()

# A name may stand there with the number of a recursion behind it; what is not ours or Swift's is of other libraries.
sed -nE "s/^c?fn=\([0-9]+\) ([^ ']+).*/\1/p" "$work"/*.calls | LC_ALL=C sort -u > "$work/called"
nm --defined-only --no-demangle "$work"/bin/* "$work"/shared/* | awk '$2 ~ /[tTwW]/ { print $3 }' | LC_ALL=C sort -u > "$work/ours"
LC_ALL=C comm -12 "$work/called" "$work/ours" > "$work/order"
{
  echo '# What a charger runs day by day: an input of the linker, measured by measure-functions.sh and not made by a build, which would not give the'
  echo '# same bytes twice with it. Names that are gone do no harm.'
  cat "$work/order"
} > deploy/functions.order
echo "$(wc -l < "$work/order") of $(wc -l < "$work/ours") functions are run day by day."
