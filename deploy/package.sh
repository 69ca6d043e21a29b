#!/usr/bin/env bash
# Builds the Debian packages of the charger, without network once its prerequisites are there.
set -euo pipefail

usage() {
  cat <<'END'
usage: deploy/package.sh [--output DIRECTORY] [--version VERSION] [--binaries DIRECTORY] [--unchecked]
  --output     where the packages go (default: .build/packages)
  --version    instead of the one in deploy/debian/changelog, for a build that is newer than it
  --binaries   packs what `swift build` has left in this folder instead of building it, and no symbols; for tests
  --unchecked  without lintian
The same commit and toolchain give the same bytes, whatever the directory is called.
END
}

output='' version='' binaries='' checked=yes
while [ $# -gt 0 ]; do
  case "$1" in
    --output) output=$(realpath -m "${2:?--output needs a directory}"); shift 2 ;;
    --version) version=${2:?--version needs a version}; shift 2 ;;
    --binaries) binaries=$(realpath "${2:?--binaries needs a directory}"); shift 2 ;;
    --unchecked) checked=no; shift ;;
    --help | -h) usage; exit 0 ;;
    *) echo "unknown option: $1" >&2; usage >&2; exit 2 ;;
  esac
done

cd "$(dirname "$0")/.."
output=${output:-$PWD/.build/packages}
mkdir -p "$output"
. deploy/prerequisites.sh
need_packages libzmq3-dev libssl-dev debhelper dpkg-dev lintian
need_swift
programs=(ocpp-gateway hardware-io modem-manager config-store chargectl)
toolchain=$(dirname "$(dirname "$(readlink -f "$(command -v swift)")")")

# Times in the packages are that of the changelog, not of today.
SOURCE_DATE_EPOCH=$(dpkg-parsechangelog -l deploy/debian/changelog -S Timestamp)
export SOURCE_DATE_EPOCH LC_ALL=C.UTF-8 TZ=UTC

if [ -z "$binaries" ]; then
  echo "Building the programs (the first time takes some minutes) …"
  # Everybody builds in a folder of the same name, whatever the clone is called: the compiler writes names into what it makes, also as hashes
  # that no option takes out. Whoever is not root gets the right to mount in a namespace of his own.
  in_place=(unshare --mount --propagation private)
  [ "$(id -u)" = 0 ] || in_place+=(--map-root-user)
  # The headers of system modules are of the same time there, too: it goes into a checksum that the compiler writes down.
  # shellcheck disable=SC2016
  in_place+=(sh -euc '
    mount -t tmpfs tmpfs /usr/src
    mkdir /usr/src/charger
    mount --bind . /usr/src/charger
    cd /usr/src/charger
    for module in Shared/C*; do
      mkdir -p "/usr/src/$module"
      cp "$module"/* "/usr/src/$module/"
      touch -d "@$SOURCE_DATE_EPOCH" "/usr/src/$module"/*
      mount --bind "/usr/src/$module" "$module"
    done
    exec "$@"' sh)
  # By time and size a changed header would be taken for the one before.
  rm -rf .build/packaging/*/release/ModuleCache
  for program in "${programs[@]}"; do
    "${in_place[@]}" swift build -c release --scratch-path .build/packaging --product "$program" > "$output/building.log" 2>&1 \
      || { cat "$output/building.log"; exit 1; }
  done
  binaries=$PWD/.build/packaging/release
else
  export DEB_BUILD_OPTIONS=noautodbgsym
fi

# By the name of the output, so that two may be made at once.
work=$output.stage
stage=$work/charger
rm -rf "$work"
mkdir -p "$stage/built" "$stage/etc"
packed=${version:-$(dpkg-parsechangelog -l deploy/debian/changelog -S Version)}
# The programs find what they share where the packages put it.
shared=$(deploy/link.sh "$binaries" "$stage/built" "$packed" "${programs[@]}")
found=$stage/built/shared
# One version in both places, or an announcement on the bus names no package. What is built in between says so behind a +.
said=$(LD_LIBRARY_PATH=$found "$stage/built/bin/chargectl" --version)
[ "$said" = "chargectl ${packed%%+*}" ] || {
  echo "The programs say '$said', the packages $packed: make SoftwareVersion.swift and deploy/debian/changelog agree." >&2
  exit 1
}
# What people read is made by the programs, of the tables that they go by.
run() { LD_LIBRARY_PATH=$found "$stage/built/bin/$1" "${@:2}"; }
mkdir "$stage/man" "$stage/completions"
for service in ocpp-gateway hardware-io modem-manager config-store; do run "$service" --manual-page > "$stage/man/$service.8"; done
run chargectl manual-page chargectl > "$stage/man/chargectl.1"
run chargectl manual-page charger.json > "$stage/man/charger.json.5"
run chargectl completion bash > "$stage/completions/chargectl"
run chargectl completion zsh > "$stage/completions/_chargectl"
run chargectl completion fish > "$stage/completions/chargectl.fish"
cp -r deploy/systemd "$stage/systemd"
cp deploy/config/wallbox.json "$stage/etc/charger.json"
cp deploy/config/charger.schema.json deploy/README.md "$stage/"
cp -r deploy/config/meters "$stage/meters"
# The site's files that are to be read and copied: those of whole boards, and the others.
mkdir "$stage/boards" "$stage/examples"
cp deploy/config/*.json "$stage/examples/"
rm "$stage/examples/wallbox.json" "$stage/examples/charger.schema.json"
mv "$stage/examples"/board-*.json "$stage/boards/"
cp -r deploy/debian "$stage/debian"
chmod -R u+w,go-w "$stage"
(
  cd "$stage/debian"
  for template in *.in; do
    sed "s/@SHARED@/$shared/g" "$template" > "${template%.in}"
    rm "$template"
  done
  cp ../systemd/charger.sysusers charger-common.sysusers
  cp ../systemd/charger.tmpfiles charger-common.tmpfiles
  cp ../systemd/charger.udev charger-common.udev
  echo "built/shared/*.so usr/lib/charger/$shared" > "charger-$shared.install"
  if [ -n "$version" ]; then
    { printf 'charger (%s) bookworm; urgency=medium\n\n  * Built from a newer state than the last release.\n\n -- %s  %s\n\n' \
        "$version" "$(dpkg-parsechangelog -l changelog -S Maintainer)" "$(dpkg-parsechangelog -l changelog -S Date)"
      cat changelog
    } > changelog.new && mv changelog.new changelog
  fi
)

echo "Packing …"
rm -rf "$output"/charger*.deb "$output"/charger_* "$output/symbols"
(cd "$stage" && dpkg-buildpackage --build=binary --no-sign --no-check-builddeps) > "$output/packing.log" 2>&1 || { cat "$output/packing.log"; exit 1; }
if [ -z "${DEB_BUILD_OPTIONS:-}" ] && named=$(grep -rlF -e "$PWD/" -e "$toolchain" "$stage"/debian/charger-*/usr); then
  echo "These name a directory of the machine that built them: $named" >&2
  exit 1
fi
mv "$work"/charger*_*.deb "$work"/charger_*.changes "$work"/charger_*.buildinfo "$output/"
[ "$checked" = no ] || lintian --fail-on error,warning --tag-display-limit 0 --allow-root "$output"/charger_*.changes
# Apart, so that nobody installs them with the rest.
if ls "$output"/*-dbgsym_*.deb > /dev/null 2>&1; then mkdir "$output/symbols" && mv "$output"/*-dbgsym_*.deb "$output/symbols/"; fi
ls -l "$output"/charger*.deb | awk '{ printf "  %-60s %9d bytes\n", $9, $5 }'
