#!/bin/sh
# Makes the base of the golden image: Debian packages, kernel, boot loader; nothing of ours that changes often.
#   base.sh <output directory>     leaves base.ext4, boot.img and core.img there
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
    --essential-hook='mkdir -p "$1/etc/initramfs-tools/conf.d"' \
    --essential-hook="upload $here/base/initramfs.conf /etc/initramfs-tools/conf.d/montalegre" \
    --essential-hook="upload $here/base/initramfs.modules /tmp/initramfs.modules" \
    --customize-hook="upload $here/base/customise.sh /tmp/customise.sh" \
    --customize-hook='chroot "$1" sh -e /tmp/customise.sh' \
    --customize-hook="download /boot/loader/boot.img $work/boot.img" \
    --customize-hook="download /boot/loader/core.img $work/core.img" \
    --customize-hook='rm -rf "$1/boot/loader" "$1/tmp/customise.sh"' \
    "$suite" "$work/root.tar" $sources

# An ordinary user needs fakeroot to keep the owners that the archive names.
as_root=; [ "$(id -u)" = 0 ] || as_root=fakeroot
mkdir "$work/root"
$as_root sh -eu -c '
    tar -C "$1/root" --numeric-owner --exclude="./dev/*" -xf "$1/root.tar"
    mke2fs -q -t ext4 -L montalegre -m 1 -N 200000 -E lazy_itable_init=0,lazy_journal_init=0,root_owner=0:0 \
        -d "$1/root" "$1/base.ext4" 8G
' sh "$work"
mv "$work/boot.img" "$work/core.img" "$work/base.ext4" "$out/"
