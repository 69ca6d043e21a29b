#!/usr/bin/env bash
# link.sh BUILD OUTPUT SWIFT RELEASE PROGRAM...: links programs anew, from the objects that `swift build` has left in BUILD, with the modules of
# Shared in one object that all of them map: SwiftPM links every module of a package into each of its programs. Writes OUTPUT/bin/PROGRAM and
# OUTPUT/shared/libcharger-shared.so, and prints the name of the folder in /usr/lib/charger where the programs look for the latter; SWIFT is
# that of Swift's own libraries. The name has RELEASE in it and a part of the object's checksum: a program finds the very object that it was
# linked with or none, and those of several releases lie side by side.
set -euo pipefail
build=$(realpath "$1") output=$2 swift=$3 release=$4
shift 4
here=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "$output/bin" "$output/shared"

# As Package.swift has it for a release.
options=(-use-ld=lld -Xlinker -z -Xlinker pack-relative-relocs -Xlinker --icf=safe -Xlinker --gc-sections -Xlinker --build-id -no-toolchain-stdlib-rpath)

# objects PROGRAM: those that SwiftPM has linked it of, wherever the folder is called by another name now.
objects() {
  local list=$build/$1.product/Objects.LinkFileList
  [ -f "$list" ] || { echo "$list is not there: was $1 built by another build system than SwiftPM's own?" >&2; return 1; }
  sed -E "s|^.*/([A-Za-z0-9_]+\.build/)|$build/\1|" "$list"
}

modules=$(cd "$here/Shared" && printf '%s\n' * | grep -v '^C[A-Z]' | paste -sd '|')
for program; do objects "$program"; done > "$output/objects"
grep -E "/($modules)\.build/" "$output/objects" | LC_ALL=C sort -u > "$output/shared.objects"
swiftc -emit-library -o "$output/shared/libcharger-shared.so" "@$output/shared.objects" "${options[@]}" \
  -Xlinker -soname=libcharger-shared.so -Xlinker "-rpath=$swift"
folder=shared-${release//\~/-}-$(sha256sum "$output/shared/libcharger-shared.so" | cut -c 1-8)

for program; do
  objects "$program" | grep -vE "/($modules)\.build/" > "$output/objects"
  module=${program//-/_}
  swiftc -emit-executable -o "$output/bin/$program" "@$output/objects" "${options[@]}" -L "$output/shared" -lcharger-shared \
    -Xlinker --defsym -Xlinker "main=${module}_main" -Xlinker "-rpath=$swift:/usr/lib/charger/$folder"
done
rm "$output/objects" "$output/shared.objects"
echo "$folder"
