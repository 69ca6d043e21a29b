#!/bin/bash
# image.sh ROOT TARGET MODULE…: makes what the virtual machine boots from in TARGET: `kernel`, `initrd` and `root.img`, out of the directory ROOT with a
# Debian in it and Debian's kernel with those modules. Needs root, Debian's archives and the packages that machine.py names.
set -Eeuo pipefail
shopt -s inherit_errexit
umask 022

here=$(cd "$(dirname "$0")" && pwd)
root=$1 target=$2
shift 2
boot_modules="crc32c_generic virtio_pci virtio_blk virtio_console ext4 overlay"
modules="$*"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

apt() { DEBIAN_FRONTEND=noninteractive timeout 600 apt-get -qq -o DPkg::Lock::Timeout=300 -o APT::Sandbox::User=root "$@" </dev/null >&2; }
fetch() { (cd "$work" && apt download "$1"); }

# drivers KERNEL: makes gpio-sim.ko and pwm-pca9685.ko, which Debian's kernel lacks, from the source of Debian's kernel. gpio-sim wants the interrupt
# simulator, which that lacks too, so that this goes into the same module.
drivers() {
    local source sim=$work/sim
    source=linux-source-$(cut -d. -f1,2 <<<"$1")
    mkdir "$sim"
    apt -y --no-install-recommends install gcc make "linux-headers-$1"
    fetch "$source"
    dpkg-deb --fsys-tarfile "$work/$source"_*.deb | tar -xO "./usr/src/$source.tar.xz" | xz -dc -T0 |
        tar -x -C "$sim" --strip-components=1 \
            "$source"/{drivers/gpio/{gpio-sim.c,gpiolib.h},drivers/pwm/pwm-pca9685.c,kernel/irq/irq_sim.c}
    mv "$sim/drivers/gpio/gpio-sim.c" "$sim/sim.c"
    mv "$sim/drivers/gpio/gpiolib.h" "$sim/drivers/pwm/pwm-pca9685.c" "$sim/kernel/irq/irq_sim.c" "$sim/"
    # A module cannot call irq_to_desc().
    sed -i 's/handle_simple_irq(irq_to_desc(irqnum))/generic_handle_irq(irqnum)/' "$sim/irq_sim.c"
    printf 'obj-m := gpio-sim.o pwm-pca9685.o\ngpio-sim-y := sim.o irq_sim.o\n' >"$sim/Makefile"
    make -C "/usr/src/linux-headers-$1" M="$sim" modules >"$work/make.log" 2>&1 || { cat "$work/make.log" >&2; exit 1; }
}

# unpack_kernel FILE: prints the kernel that is packed in the bzImage FILE; an emulated processor would take seconds to do so at each boot.
unpack_kernel() {
    local sectors offset length
    sectors=$(od -An -tu1 -j 0x1f1 -N1 "$1")
    offset=$(od -An -tu4 -j 0x248 -N4 "$1")
    length=$(od -An -tu4 -j 0x24c -N4 "$1")
    # The last four bytes are the length of what is in the xz stream, and no part of it.
    dd if="$1" iflag=skip_bytes,count_bytes skip=$(((sectors + 1) * 512 + offset)) count=$((length - 4)) bs=64k status=none | xz -dc
}

# files_of MODULE…: the files to load for these, in order.
files_of() {
    local module
    for module; do
        modprobe -d "$work/image" -S "$kernel" -D "$module" | awk '$1 == "insmod" { print $2 }'
    done | awk '!seen[$0]++'
}

apt update
kernel=$(apt-cache depends linux-image-amd64 | sed -n 's/.*Depends: linux-image-//p')
fetch "linux-image-$kernel"
dpkg-deb -x "$work/linux-image-$kernel"_*.deb "$work/image"
unpack_kernel "$work/image/boot/vmlinuz-$kernel" >"$target/kernel"
drivers "$kernel"
install -D -m 644 -t "$work/image/lib/modules/$kernel/extra" "$work"/sim/{gpio-sim,pwm-pca9685}.ko
depmod -b "$work/image" "$kernel"

# The initrd: a shell, the modules in the order they load, and the first process.
mkdir -p "$work"/initrd/{bin,lib,proc,sys,dev,lower,upper,root}
# shellcheck disable=SC2086
for file in $(files_of $boot_modules); do
    cp "$file" "$work/initrd/lib/"
    basename "$file" >>"$work/initrd/modules"
done
cp /bin/busybox "$work/initrd/bin/"
install -m 755 "$here/initrd-init" "$work/initrd/init"
(cd "$work/initrd" && find . | cpio --quiet -o -H newc -R 0:0) >"$target/initrd"

# The root file system: Debian, and the modules.
cp -a "$root" "$work/root"
# shellcheck disable=SC2086
for file in $(files_of $boot_modules $modules); do
    install -D -m 644 "$file" "$work/root/usr/${file#"$work/image/"}"
done
cp "$work/image/lib/modules/$kernel"/modules.{builtin,builtin.modinfo,order} "$work/root/usr/lib/modules/$kernel/"
depmod -b "$work/root" "$kernel"
truncate -s $(($(du -sm "$work/root" | cut -f1) * 5 / 4 + 64))M "$target/root.img"
mke2fs -q -F -t ext4 -O ^has_journal -m 0 -d "$work/root" "$target/root.img"
