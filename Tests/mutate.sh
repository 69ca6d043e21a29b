#!/usr/bin/env bash
# Puts deliberate mistakes into the code, one at a time, and says who notices: the unit tests, and the simulation alone.
#
#   Tests/mutate.sh [NAME...]      all of Tests/Mutations, or those named (without .mutation)
#
# Works in a copy of the committed state below .build/mutations, which is built once and then changed and restored. What was tried is kept in
# .build/mutations/results.tsv and skipped the next time; remove that file to begin anew. Each takes a minute or more.
#
# A mutation is a file: lines `file:`, `kind:`, `breaks:` (one sentence), `tests:` (test targets that should notice, as a pattern), then
# `--- old` and a text that is in the file exactly once, then `--- new` and what stands there instead; their last newline does not count.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
. deploy/prerequisites.sh
need_packages libzmq3-dev libssl-dev python3
need_swift

scratch=$root/.build/mutations
results=$scratch/results.tsv
commit=$(git rev-parse HEAD)
mkdir -p "$scratch"
touch "$results"
if [ ! -e "$scratch/copy/.git" ]; then
  git worktree prune
  git worktree add --detach --force "$scratch/copy" "$commit" >&2
fi
git -C "$scratch/copy" checkout --quiet --force --detach "$commit"

# part FILE KEY: the value of a line `KEY: value`.
part() { sed -n "s/^$2: //p" "$1" | head -n 1; }

# apply FILE: changes the copy. Fails when the old text is not there exactly once.
apply() { python3 Tests/mutation.py apply "$1" "$scratch/copy"; }

# tried FILTER SECONDS: "yes" when a test fails or crashes, "no" when all pass, "timed out" when neither is known by then: a mistake may make tests
# hang, and a machine may be slow. The first failure is enough; the rest is not waited for.
tried() {
  local process status=0
  : > "$scratch/last.log"
  # A group of its own, so that the end reaches the tests and not only who started them.
  setsid bash -c 'cd "$1" && exec timeout "$2" swift test --skip-build --disable-xctest --filter "$3"' \
    mutate "$scratch/copy" "$2" "$1" > "$scratch/last.log" 2>&1 &
  process=$!
  while kill -0 "$process" 2>/dev/null; do
    if grep -q ' recorded an issue' "$scratch/last.log"; then
      # Tests that run a loop hold SIGTERM back, and one that hangs would stay and slow the next ones down.
      kill -KILL -- "-$process" 2>/dev/null || true
      wait "$process" 2>/dev/null || true
      echo yes
      return
    fi
    timeout 1 tail --pid="$process" -f /dev/null || true
  done
  wait "$process" || status=$?
  kill -KILL -- "-$process" 2>/dev/null || true
  case $status in
    0) echo no ;;
    124) echo 'timed out' ;;
    *) echo yes ;;
  esac
}

names=("$@")
if [ ${#names[@]} -eq 0 ]; then
  for file in Tests/Mutations/*.mutation; do names+=("$(basename "$file" .mutation)"); done
fi
for name in "${names[@]}"; do
  mutation=Tests/Mutations/$name.mutation
  if cut -f 1 "$results" | grep -qx "$name"; then continue; fi
  git -C "$scratch/copy" checkout --quiet --force --detach "$commit"
  if ! problem=$(apply "$mutation" 2>&1); then
    echo "$name: $problem" >&2
    continue
  fi
  if (cd "$scratch/copy" && swift build --build-tests) > "$scratch/last.log" 2>&1; then
    tests=$(tried "$(part "$mutation" tests)" 600)
    cp "$scratch/last.log" "$scratch/$name.tests.log"
    simulation=$(tried SimulationTests 900)
    cp "$scratch/last.log" "$scratch/$name.simulation.log"
  else
    cp "$scratch/last.log" "$scratch/$name.build.log"
    tests='does not compile' simulation='does not compile'
  fi
  printf '%s\t%s\t%s\n' "$name" "$tests" "$simulation" >> "$results"
  echo "$name: tests $tests, simulation $simulation" >&2
done
git -C "$scratch/copy" checkout --quiet --force --detach "$commit"

printf '%-34s %-20s %-8s %-11s %s\n' mutation kind tests simulation breaks
while IFS=$'\t' read -r name tests simulation; do
  mutation=Tests/Mutations/$name.mutation
  [ -e "$mutation" ] || continue
  printf '%-34s %-20s %-8s %-11s %s\n' "$name" "$(part "$mutation" kind)" "$tests" "$simulation" "$(part "$mutation" breaks)"
done < "$results"
awk -F '\t' '
  function isNoticed(outcome) { return outcome != "no" && outcome != "timed out" }
  { total++; noticed = isNoticed($2) || isNoticed($3) }
  isNoticed($2) { tests++ }
  isNoticed($3) { simulation++ }
  !noticed && ($2 == "timed out" || $3 == "timed out") { unknown++ }
  !noticed && $2 == "no" && $3 == "no" { missed++ }
  END {
    printf "\n%d mistakes: %d noticed by the tests, %d by the simulation alone, %d by nobody, %d not known because of a time-out\n", total, tests,
      simulation, missed, unknown
  }' "$results"
