#!/bin/sh
# Makes the base of the golden image: Debian packages, kernel, boot loader; nothing of ours that changes often.
#   base.sh <output directory>     leaves base.raw there, a disk that starts by itself
# Works as root and as an ordinary user: no loop device, no mount, no network listener.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
out=$1
suite=bookworm
work=$(mktemp -d "$out/work.XXXXXX")
trap 'rm -rf "$work"' EXIT

# The machine's own package sources, so that mirrors and proxies of the house keep counting.
# Only Debian's stanzas: third-party sources of the host have no business in a desktop.
cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null \
    | grep -E "^deb .*[[:space:]]$suite(-updates|-security)?[[:space:]]" > "$work/sources.list" || true
for file in /etc/apt/sources.list.d/*.sources; do
    [ -e "$file" ] || continue
    grep -qE "^Suites:.*\\b$suite" "$file" && cat "$file" > "$work/$(basename "$file")" || true
done
sources=$(find "$work" -maxdepth 1 -size +0 \( -name '*.list' -o -name '*.sources' \))
[ -n "$sources" ] || { echo "no Debian $suite source found under /etc/apt" >&2; exit 1; }
apt-config dump --format '%F "%v";%n' Acquire | grep -E '^Acquire::(http|https|Check|Retries)' > "$work/apt.conf" || true

packages=$(sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$here/packages" | paste -sd,)

mmdebstrap --mode=auto --variant=minbase --format=tar \
    --aptopt="$work/apt.conf" \
    --aptopt='APT::Sandbox::User "root"' \
    --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/doc/*' \
    --dpkgopt='path-include=/usr/share/doc/*/copyright' \
    --dpkgopt='path-exclude=/usr/share/locale/*' \
    --dpkgopt='path-exclude=/usr/share/icons/*' \
    --include="$packages" \
    --customize-hook="upload $here/base/customise.sh /tmp/customise.sh" \
    --customize-hook="upload $here/base/init /tmp/init" \
    --customize-hook='chroot "$1" sh -e /tmp/customise.sh' \
    --customize-hook="download /boot/loader/boot.img $work/boot.img" \
    --customize-hook="download /boot/loader/core.img $work/core.img" \
    --customize-hook='rm -rf "$1/boot/loader" "$1/tmp/customise.sh"' \
    "$suite" "$work/root.tar" $sources

# Boot sector, loader in the gap after it, one partition from 1 MiB on. No loop device: mke2fs fills it at the offset.
disk="$work/base.raw"
truncate -s 8193M "$disk"

# An ordinary user needs fakeroot to keep the owners that the archive names.
as_root=; [ "$(id -u)" = 0 ] || as_root=fakeroot
mkdir "$work/root"
$as_root sh -eu -c '
    tar -C "$1/root" --numeric-owner --exclude="./dev/*" -xf "$1/root.tar"
    mke2fs -q -F -t ext4 -L montalegre -m 1 -N 200000 \
        -E offset=1048576,lazy_itable_init=0,lazy_journal_init=0,root_owner=0:0 -d "$1/root" "$1/base.raw" 8G
' sh "$work"

dd if="$work/boot.img" of="$disk" bs=440 count=1 conv=notrunc status=none
dd if="$work/core.img" of="$disk" bs=512 seek=1 conv=notrunc status=none
# Partition entry: active, type 83, from sector 2048, 8 GiB long; CHS fields are not read by anybody.
printf '\200\377\377\377\203\377\377\377\000\010\000\000\000\000\000\001' \
    | dd of="$disk" bs=1 seek=446 conv=notrunc status=none
printf '\125\252' | dd of="$disk" bs=1 seek=510 conv=notrunc status=none
mv "$disk" "$out/base.raw"
