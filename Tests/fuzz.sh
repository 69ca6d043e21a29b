#!/usr/bin/env bash
# Lets libFuzzer loose, guided by coverage and under the address sanitizer, on everything that reads bytes from outside or from disk:
# HTTP head and URL, WebSocket frames, JSON, OCPP-J both ways, bus header and payload, journal, documents, charger.json, and on the
# services that start with what was stored. A reader may neither stop nor cost more than so much for each byte.
#
#   Tests/fuzz.sh [--seconds N] [TARGET...]     N seconds for each target, 60 unless given, two targets at a time
#   Tests/fuzz.sh --quick [TARGET...]           4 seconds for each, not optimised: it is built in a third of the time
#
# What it finds stays in .build/fuzz/found, to be committed under Tests/Fuzz/Seeds with the mend.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=60
configuration=release
targets=()
while [ $# -gt 0 ]; do
  case "$1" in
    --seconds) seconds=$2 && shift 2 ;;
    --quick) seconds=4 configuration=debug && shift ;;
    -*) sed -n '2,10s/^# \{0,1\}//p' "$0" >&2 && exit 2 ;;
    *) targets+=("$1") && shift ;;
  esac
done
[ ${#targets[@]} -gt 0 ] || for folder in Tests/Fuzz/Seeds/*/; do targets+=("$(basename "$folder")"); done

work=.build/fuzz
program=$work/fuzz-$configuration
mkdir -p "$work/found"
rm -f "$work/"*.log
# Apart from the other builds: with these flags every module is another one.
CHARGER_FUZZ=1 swift build --target Fuzz -c "$configuration" --scratch-path "$work/build" \
  -Xswiftc -sanitize=address -Xswiftc -sanitize-coverage=edge,inline-8bit-counters,pc-table \
  > "$work/build.log" 2>&1 || { grep -E 'error' "$work/build.log" || cat "$work/build.log"; exit 1; }
# Linked here, because the package manager knows no program whose main is libFuzzer's.
swiftc -sanitize=fuzzer,address -o "$program" "$work/build/$configuration"/*.build/*.o > "$work/link.log" 2>&1 ||
  { cat "$work/link.log"; exit 1; }

# fuzz TARGET: one target for its time; one line, and all of it when it fails.
fuzz() {
  local log="$work/$1.log"
  mkdir -p "$work/corpus/$1"
  # A crash is what is looked for: without the backtracer of Swift, which takes seconds and hides the report.
  if SWIFT_BACKTRACE=enable=no FUZZ_TARGET=$1 "$program" "$work/corpus/$1" "Tests/Fuzz/Seeds/$1" \
    -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 -max_len=16384 -dict=Tests/Fuzz/dictionary \
    -artifact_prefix="$work/found/$1-" > "$log" 2>&1; then
    printf '%-15s %s, %s\n' "$1" "$(grep -E '^Done' "$log" | tail -n 1)" "$(grep -oE 'cov: [0-9]+' "$log" | tail -n 1)"
  else
    printf '%-15s FAILED\n%s\n' "$1" "$(grep -vE '^#[0-9]+.*(NEW|REDUCE|pulse|RELOAD)|^INFO' "$log" | head -n 40)"
    return 1
  fi
}

failed=0
for target in "${targets[@]}"; do
  while [ "$(jobs -pr | wc -l)" -ge 2 ]; do wait -n || failed=1; done
  fuzz "$target" &
done
while [ -n "$(jobs -pr)" ]; do wait -n || failed=1; done
exit "$failed"
