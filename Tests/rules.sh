#!/usr/bin/env bash
# The rules of the layout that the compiler cannot see. Prints each breach; exits 1 if there is any.
set -u
# The last part of a pipe runs here and not in a shell of its own, where `breaches` would be another one.
shopt -s lastpipe
cd "$(dirname "$0")/.."
breaches=0

# rule TITLE: takes the offending lines on standard input.
rule() {
  local lines
  lines=$(cat)
  [ -n "$lines" ] || return 0
  printf '%s\n%s\n' "$1" "$lines"
  breaches=1
}

files() { git ls-files --cached --others --exclude-standard -- "$@"; }

files | sed 's|/.*||' | sort -u | grep -vE '^(Package\.swift|Services|Shared|Tests|deploy|README\.md|\..*)$' |
  rule 'The top level is Package.swift, Services, Shared, Tests, deploy, README.md and dotfiles only:'

grep -nE '\.package\(' Package.swift | rule 'Package.swift depends on no Swift package:'

import='^ *(@[a-zA-Z]+ +)*((internal|private|fileprivate|package|public) +)?import +'
pure='Services/*/Core Services/*/Simulation Services/HardwareIO/Devices Services/ModemManager/Modem Shared/Primitives Shared/BusSchema Shared/OCPP Shared/JSON Shared/WebSocket Shared/ZMTP Shared/SiteConfiguration Shared/BusCodec Shared/OCPPCodec'
# shellcheck disable=SC2086
files $(for folder in $pure; do echo "$folder/*.swift"; done) | xargs -r grep -nHE \
  "${import}(Foundation|FoundationEssentials|Dispatch|Glibc|C[A-Z][A-Za-z]*)\\b|ContinuousClock|SuspendingClock|SystemRandomNumberGenerator|Date\\(\\)|clock_gettime|Task\\b *\\{|\\.random\\(in: [^,)]*\\)" |
  rule 'Cores, vocabularies and codecs are free of Foundation, C, clocks and unseeded randomness:'

# Swift ends the process when arithmetic overflows, and numbers from outside are of any size (Shared/Primitives/OutsideNumbers.swift).
files 'Services/*/Core/*.swift' 'Services/ModemManager/Modem/*.swift' | xargs -r grep -nHP '\.(seconds|milliseconds|microseconds|nanoseconds)\((?![0-9][0-9_.]*\))' |
  rule 'Cores make durations of variables with Duration(outsideSeconds:) and its sibling, which cannot overflow:'

# Every integer that a message of the bus or of OCPP carries, by its name; short names that mean other things elsewhere are left to review.
outside=$(files 'Shared/BusSchema/*.swift' 'Shared/OCPP/*.swift' |
  xargs -r grep -hoP '^\s*public (var|let) \K\w+(?=: \[?Int(64|32)?\]?\??\s*($|=|\{))' | sort -u |
  grep -vxE 'at|count|first|id|interval|limit|since|uptime|v' | paste -sd '|')
files 'Services/*/Core/*.swift' | xargs -r grep -nHP \
  "\\.($outside)\\b[)?!]*\\s+(&?[-+*]|[-+*]=)\\s|\\s(&?[-+*]|[-+*]=)\\s\\(?(?!Self)[\\w.?]*\\.($outside)\\b" |
  rule 'Cores add and multiply integers of messages with addingClamped and its siblings:'

files 'Services/*.swift' 'Shared/*.swift' | xargs -r grep -nHE "${import}Foundation" |
  rule 'Foundation is not used in the product (README, "Decisions"):'

files 'Services/*.swift' | xargs -r grep -nHE "${import}(CZeroMQ|COpenSSL)\\b" |
  rule 'Only wrapper modules import C libraries:'

files 'Services/*.swift' 'Shared/*.swift' | xargs -r grep -nHE 'try!|[^a-zA-Z]as!|catch *\{ *\}' |
  rule 'No try!, no as!, no empty catch:'

files 'Services/*.swift' 'Shared/*.swift' 'Tests/*.swift' | xargs -r grep -cvE '^ *// Shows: ' | awk -F: '$2 > 400 { print $1 ": " $2 " lines" }' |
  rule 'No Swift file above 400 lines (tags of tests not counted):'

files 'Services/*.swift' 'Shared/*.swift' 'Tests/Support/ChargerWorld/*.swift' | python3 Tests/type-rules.py |
  rule 'No type is spread over more than three files, or has more than twelve stored properties:'

files 'Services/*' 'Shared/*' 'Tests/*' 'deploy/*' README.md | grep -vE '^Tests/(rules\.sh$|Requirements/)' |
  xargs -r grep -nHE '\b(CORE|J)-[A-Z]+-[0-9]+|\b(AMB|SEED)-[0-9]+' | grep -vE '^Tests/[^:]*:[0-9]+: *(//|#) Shows: ' |
  rule 'A comment cites the clause; numbers of obligations stand in the tags of tests only (Tests/Requirements):'

files 'Tests/Mutations/*.mutation' | xargs -r python3 Tests/mutation.py check |
  rule 'Every deliberate mistake of Tests/Mutations can be put in:'

git apply --check Tests/Versions/newer.patch 2>&1 |
  rule 'What makes a newer version of this one can be put in (Tests/Versions/README.md):'

for folder in Shared/*/; do
  case "$folder" in Shared/C*) continue ;; esac
  [ -f "$folder/README.md" ] || echo "$folder"
done | rule 'Every module says in its README what it is for:'

exit "$breaches"
