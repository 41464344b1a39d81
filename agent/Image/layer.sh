#!/bin/sh
# Puts our own files over a base: settings, the PAM module, the agent. Seconds, not minutes, and no mount: debugfs writes.
#   layer.sh <base.raw> <image.qcow2> <pam module> [agent directory]
set -eu

here=$(cd "$(dirname "$0")" && pwd)
base=$1 image=$2 pam=$3 agent=${4:-}
work=$(mktemp -d "$(dirname "$image")/work.XXXXXX")
trap 'rm -rf "$work"' EXIT
cp --reflink=auto --sparse=always "$base" "$work/disk.raw"
commands="$work/commands"

directory() { echo "mkdir $1" >> "$commands"; }
# A file that exists is taken away first: debugfs does not overwrite.
file() {
    mode=0100644; [ ! -x "$1" ] || mode=0100755
    printf 'rm %s\nwrite %s %s\nset_inode_field %s mode %s\nset_inode_field %s uid 0\nset_inode_field %s gid 0\n' \
        "$2" "$1" "$2" "$2" "$mode" "$2" "$2" >> "$commands"
}
link() { printf 'rm %s\nsymlink %s %s\n' "$1" "$1" "$2" >> "$commands"; }
tree() {
    (cd "$1" && find . -mindepth 1 -type d | sort) | while read -r path; do directory "$2${path#.}"; done
    (cd "$1" && find . -type f ! -name '*.dbg' ! -name '*.pdb' | sort) | while read -r path; do file "$1/${path#./}" "$2${path#.}"; done
}

tree "$here/root" ""
file "$pam" /usr/lib/x86_64-linux-gnu/security/pam_montalegre.so
if [ -n "$agent" ]; then
    tree "$agent" /usr/lib/montalegre
    link /usr/lib/montalegre/montalegre-agent Montalegre.Vdi.Agent
fi
link /etc/systemd/system/multi-user.target.wants/montalegre-agent.service /etc/systemd/system/montalegre-agent.service
for unit in xrdp xrdp-sesman; do
    link "/etc/systemd/system/multi-user.target.wants/$unit.service" "/etc/systemd/system/$unit.service"
done

# debugfs answers 0 whatever happens, so the complaints are read: only "is there already" and "was not there" are expected.
debugfs -w -f "$commands" "$work/disk.raw?offset=1048576" > "$work/log" 2> "$work/complaints"
if grep -vE '^debugfs |Ext2 (directory|file) already exists|^mkdir: |File not found by ext2_lookup|^rm: ' "$work/complaints" >&2; then exit 1; fi
qemu-img convert -f raw -O qcow2 -o lazy_refcounts=on "$work/disk.raw" "$work/image.qcow2"
mv "$work/image.qcow2" "$image"
