#!/usr/bin/env bash
# Prints the figures that the README shows: loopback, release build, everything pinned to one CPU so that they repeat. Asserts nothing.
set -euo pipefail
cd "$(dirname "$0")/.."
. deploy/prerequisites.sh

rounds=2000 idle_seconds=30
case "${1:-}" in
  "") ;;
  --quick) rounds=200 idle_seconds=5 ;;
  *) echo "usage: Tests/bench.sh [--quick]" >&2; exit 2 ;;
esac

need_packages libzmq3-dev libssl-dev openssl util-linux python3
need_swift
echo 'Building for release …'
log=$(mktemp)
for product in ocpp-gateway hardware-io modem-manager config-store chargectl central-system bus-bench; do
  swift build -c release --product "$product" > "$log" 2>&1 || { cat "$log"; exit 1; }
done
rm -f "$log"
binaries=$(swift build -c release --show-bin-path)

work=$(mktemp -d /tmp/charger-bench.XXXXXX)
mkdir "$work/run" "$work/lib"
# PSS divides a page by all who map it. With libraries of their own the four pay for all of them, whatever else runs on the machine, the
# central system of this script included.
for service in ocpp-gateway hardware-io modem-manager config-store; do ldd "$binaries/$service"; done |
  sed -nE 's/.*=> (\/[^ ]+) .*/\1/p' | sort -u | xargs cp -L -t "$work/lib"
processes=()
finish() {
  for process in "${processes[@]}"; do kill "$process" 2>/dev/null || true; done
  for process in "${processes[@]}"; do wait "$process" 2>/dev/null || true; done
  rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM

# On one CPU, and as a process of its own: a function in the background would hide it behind a shell.
pinned=(taskset -c 0)
ctl() { "$binaries/chargectl" --runtime-dir "$work/run" "$@"; }
ask() { "$binaries/central-system" --ask "$work/central-system" "$@"; }
# percentiles JSON: the medians and tails of a bench answer, in words.
percentiles() {
  sed -E 's/.*"p50Microseconds":([0-9]+).*"p99Microseconds":([0-9]+).*"failures":([0-9]+).*/p50 \1 µs, p99 \2 µs, \3 failures/' <<< "$1"
}
title() { printf '\n%s\n' "$*"; }
figure() { printf '  %-58s %s\n' "$1" "$2"; }
start() {
  mkdir -p "$work/$1"
  LD_LIBRARY_PATH=$work/lib "${pinned[@]}" "$binaries/$1" --runtime-dir "$work/run" --state-dir "$work/$1" --config "$work/charger.json" \
    2>> "$work/$1.log" &
  processes+=($!)
  service_pid[$1]=$!
}
declare -A service_pid
services=(ocpp-gateway hardware-io modem-manager config-store)

"${pinned[@]}" "$binaries/central-system" --port 0 --port-file "$work/port" --control "$work/central-system" > "$work/csms.log" &
processes+=($!)
for _ in $(seq 200); do [ -s "$work/port" ] && break; sleep 0.05; done
sed "s|ws://127.0.0.1:[0-9]*|ws://127.0.0.1:$(cat "$work/port")|" deploy/config/demo.json > "$work/charger.json"

title 'Start'
for service in hardware-io modem-manager config-store; do start "$service"; done
ctl wait service.announce.config-store running=true > /dev/null
started=$(date +%s%N)
start ocpp-gateway
ctl wait ocpp.link phase=accepted > /dev/null
boot=$(ask arrival BootNotification)
figure 'gateway exec to BootNotification at the central system' "$(((boot - started / 1000) / 1000)) ms"
ctl wait ocpp.connector.1 status=Available > /dev/null

memory() {
  local total=0 service pss
  for service in "${services[@]}"; do
    pss=$(awk '/^Pss:/ { print $2 }' "/proc/${service_pid[$service]}/smaps_rollup")
    figure "  $service" "$pss KiB"
    total=$((total + pss))
  done
  figure 'PSS of the four together' "$total KiB"
}

ticks() {
  local total=0 service fields
  for service in "${services[@]}"; do
    read -r -a fields < "/proc/${service_pid[$service]}/stat"
    total=$((total + fields[13] + fields[14]))
  done
  echo "$total"
}

switches() {
  local total=0 service
  for service in "${services[@]}"; do
    total=$((total + $(awk '/^voluntary_ctxt_switches/ { print $2 }' "/proc/${service_pid[$service]}/task/${service_pid[$service]}/status")))
  done
  echo "$total"
}

title 'Memory, idle (PSS of the four with copies of all libraries that nobody else maps: what they share counts once)'
memory

title "Idle for $idle_seconds s"
before=$(ticks) before_switches=$(switches)
sleep "$idle_seconds"
figure 'CPU of the four together' \
  "$(awk "BEGIN { printf \"%.3f s/min\", ($(ticks) - $before) / $(getconf CLK_TCK) * 60 / $idle_seconds }")"
figure 'wake-ups of the four main threads' "$(awk "BEGIN { printf \"%.1f per s\", ($(switches) - $before_switches) / $idle_seconds }")"

title "CSMS request to conf ($rounds each)"
before=$(ticks)
figure 'GetConfiguration of one key' "$(percentiles "$(ask bench GetConfiguration "$rounds")")"
after=$(ticks)
figure 'CPU per GetConfiguration' \
  "$(awk "BEGIN { printf \"%.0f µs\", ($after - $before) / $(getconf CLK_TCK) * 1000000 / $rounds }")"
figure 'ChangeConfiguration, durable when answered' "$(percentiles "$(ask bench ChangeConfiguration "$rounds")")"

title "Bus round trip ($rounds each, JSON both ways)"
"${pinned[@]}" "$binaries/bus-bench" "$work/run" "$rounds"

title "Memory after $((rounds * 5)) more calls"
many=$(ask bench GetConfiguration $((rounds * 5)))
memory
figure 'GetConfigurations per second, one at a time' "$(sed -E 's/.*"perSecond":([0-9]+).*/\1/' <<< "$many")"

title 'The same over wss:// (TLS 1.3; the library is loaded with the first connection)'
kill "${service_pid[ocpp-gateway]}"
# Its state is gone from the bus with it, so that the end of the process itself is waited for.
wait "${service_pid[ocpp-gateway]}" 2> /dev/null || true
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=localhost \
  -addext subjectAltName=IP:127.0.0.1 -keyout "$work/key.pem" -out "$work/roots.pem" 2> /dev/null
rm "$work/port"
"${pinned[@]}" "$binaries/central-system" --port 0 --port-file "$work/port" --control "$work/encrypted" --tls "$work/roots.pem" "$work/key.pem" \
  > "$work/encrypted.log" &
processes+=($!)
for _ in $(seq 200); do [ -s "$work/port" ] && break; sleep 0.05; done
sed -i "s|ws://127.0.0.1:[0-9]*|wss://127.0.0.1:$(cat "$work/port")|; s|\"centralSystem\": {|&\"rootCertificates\": \"$work/roots.pem\",|" \
  "$work/charger.json"
started=$(date +%s%N)
start ocpp-gateway
ctl wait ocpp.link phase=accepted > /dev/null
boot=$("$binaries/central-system" --ask "$work/encrypted" arrival BootNotification)
figure 'gateway exec to BootNotification, with the handshake' "$(((boot - started / 1000) / 1000)) ms"
before=$(ticks)
figure 'GetConfiguration of one key' "$(percentiles "$("$binaries/central-system" --ask "$work/encrypted" bench GetConfiguration "$rounds")")"
figure 'CPU per GetConfiguration' \
  "$(awk "BEGIN { printf \"%.0f µs\", ($(ticks) - $before) / $(getconf CLK_TCK) * 1000000 / $rounds }")"
memory

python3 Tests/Support/Benches/sessions.py "$binaries" deploy/config/demo.json "$@"

python3 Tests/Support/Benches/devices.py "$binaries" deploy/config/demo.json "$@"

title "Longest turn of each loop under each flood (load of the machine: $(cut -d' ' -f1 /proc/loadavg))"
python3 Tests/Support/Floods/turns.py "$binaries" deploy/config/demo.json
