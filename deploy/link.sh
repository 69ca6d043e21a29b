#!/usr/bin/env bash
# link.sh BUILD OUTPUT RELEASE PROGRAM...: links programs anew, from the objects that `swift build` has left in BUILD, with the modules of
# Shared and Swift's own library in one object that all of them map: SwiftPM links every module of a package into each of its programs. Writes
# OUTPUT/bin/PROGRAM and OUTPUT/shared/libcharger-shared.so, and prints the name of the folder in /usr/lib/charger where the programs look for
# the latter. The name has RELEASE in it and a part of the object's checksum: a program finds the very object that it was linked with or none,
# and those of several releases lie side by side.
#
# What a charger runs day by day is a tenth of what it has. functions.order names it (measured by measure-functions.sh), and the linker puts it
# side by side, in the shared object and in each program: a page of memory is full of what is used, or is never read from the disk. Names
# that are gone do no harm, and functions that it does not name come after the others.
set -euo pipefail
build=$(realpath "$1") output=$2 release=$3
shift 3
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$output/bin" "$output/shared"
toolchain=$(dirname "$(dirname "$(readlink -f "$(command -v swift)")")")
swift=$toolchain/lib/swift_static/linux
# It tells Swift's library what an object brings along, when that is loaded.
registration=$swift/$(uname -m)/swiftrt.o
[ -f "$swift/libswiftCore.a" ] || { echo "$swift/libswiftCore.a is not there: this toolchain came without the static libraries." >&2; exit 1; }

# objects PROGRAM: those that SwiftPM has linked it of, wherever the folder is called by another name now.
objects() {
  local list=$build/$1.product/Objects.LinkFileList
  [ -f "$list" ] || { echo "$list is not there: was $1 built by another build system than SwiftPM's own?" >&2; return 1; }
  sed -E "s|^.*/([A-Za-z0-9_]+\.build/)|$build/\1|" "$list"
}

modules=$(cd "$here/../Shared" && printf '%s\n' * | grep -v '^C[A-Z]' | paste -sd '|')
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for program; do
  objects "$program" > "$work/all"
  grep -E "/($modules)\.build/" "$work/all" >> "$work/shared"
  grep -vE "/($modules)\.build/" "$work/all" | tee -a "$work/own" > "$work/$program"
done
LC_ALL=C sort -u -o "$work/shared" "$work/shared"
# What the modules import: -lswiftCore, -lzmq and so on.
swift-autolink-extract "@$work/shared" "@$work/own" -o "$work/libraries"

# Seen from outside is what the programs want and nothing else; so the linker knows what nobody can call.
xargs nm --undefined-only --no-demangle "$registration" < "$work/own" |
  awk 'NF == 2 { print $2 }' | LC_ALL=C sort -u > "$work/wanted"
{ echo '{ global:'; sed 's/.*/"&";/' "$work/wanted"; echo 'local: *; };'; } > "$work/exports"
# Functions without a name cannot be ordered: they are few, and used everywhere, and stand before the others.
echo 'SECTIONS { .text.nameless : { *(.text..L*) } } INSERT BEFORE .text;' > "$work/layout"
# What programs alone want is taken out of Swift's archives all the same.
sed 's/.*/EXTERN("&")/' "$work/wanted" > "$work/needed"

options=(-fuse-ld=lld -Wl,-z,pack-relative-relocs -Wl,--icf=safe -Wl,--gc-sections -Wl,--build-id -Wl,--as-needed
  "-Wl,--symbol-ordering-file=$here/functions.order" -Wl,--no-warn-symbol-ordering "-Wl,-T,$work/layout")
"$toolchain/bin/clang" -shared -o "$output/shared/libcharger-shared.so" "$registration" "@$work/shared" "${options[@]}" "-L$swift" \
  "@$work/libraries" "-Wl,-T,$work/needed" -lstdc++ -lm -ldl -lpthread -Wl,-z,defs -Wl,-Bsymbolic -Wl,--undefined-version \
  "-Wl,--version-script=$work/exports" -Wl,-soname=libcharger-shared.so
folder=shared-${release//\~/-}-$(sha256sum "$output/shared/libcharger-shared.so" | cut -c 1-8)

for program; do
  module=${program//-/_}
  "$toolchain/bin/clang" -pie -o "$output/bin/$program" "$registration" "@$work/$program" "${options[@]}" \
    "-L$output/shared" -lcharger-shared -lm -Wl,--disable-new-dtags -Wl,--defsym,"main=${module}_main" "-Wl,-rpath=/usr/lib/charger/$folder"
done
echo "$folder"
