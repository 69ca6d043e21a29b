#!/usr/bin/env bash
# Runs the tests of everything that touches raw memory, or bytes from outside, under the address sanitizer. The others are left out: cores
# and vocabularies have no unsafe memory (the compiler checks that, `.strictMemorySafety()` in Package.swift), and whole worlds take too
# long. There is no sanitizer of undefined behaviour for Swift on Linux; integers trap in every build.
set -euo pipefail
cd "$(dirname "$0")/.."

build=.build/sanitized
log=$build/log
mkdir -p "$build"
# Apart from the other builds: every module is another one.
swift build --build-tests --sanitize=address --scratch-path "$build" > "$log" 2>&1 || { grep -E 'error' "$log" || cat "$log"; exit 1; }
# A report is what is looked for: without the backtracer of Swift, which takes seconds and hides it. The leaks would be Foundation's, in the
# tests alone; and the one test that compares two short times is left out, since here they depend on the sanitizer.
if SWIFT_BACKTRACE=enable=no ASAN_OPTIONS=detect_leaks=0 swift test --skip-build --disable-xctest --sanitize=address --scratch-path "$build" \
  --filter '^(AnalogLines|Bus|BusSchema|EventLoop|GatewayStorage|GPIOLines|JSON|Log|OCPPCodec|Primitives|ServiceHost|SerialPort|SiteConfiguration|Storage|TLS|WebSocket|ZMTP)Tests\.' \
  --skip askingWhetherATopicIsWantedTakesNoLongerWithManySubscribers > "$log" 2>&1; then
  grep -E '^✔ Test run' "$log"
else
  grep -vE '^(◇|✔|\[)' "$log"
  exit 1
fi
