#!/usr/bin/env bash
# Builds the packages of the last commit twice, in folders, with a umask, a time zone, a language, a home and times of the files that differ, and
# compares them byte for byte. Takes the time of two release builds.
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# build FOLDER UMASK DATE VARIABLE...
build() {
  local folder=$work/$1 mask=$2
  shift 2
  mkdir -p "$folder/home"
  git archive HEAD | tar -x -C "$folder"
  # As if each had been cloned at another time.
  find "$folder" -type f -exec touch -d "$1" {} +
  shift
  (umask "$mask" && env HOME="$folder/home" "$@" "$folder/deploy/package.sh" --unchecked --output "$folder/packages")
}
build one 022 2026-01-01 TZ=UTC LANG=C
build with/another-and-much-longer-name/two 077 2026-06-30 TZ=Asia/Tokyo LANG=C.UTF-8

different=0
for package in "$work"/one/packages/*.deb "$work"/one/packages/symbols/*.deb; do
  cmp "$package" "$work/with/another-and-much-longer-name/two/packages/${package#"$work"/one/packages/}" || different=1
done
[ "$different" = 0 ] || { echo 'The packages differ.' >&2; exit 1; }
echo 'Both builds are the same, byte for byte.'
