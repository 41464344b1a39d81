# Runs inside the new root, once per base. Everything here must be the same for every machine.
kernel=$(basename /boot/vmlinuz-*)
version=${kernel#vmlinuz-}

# An initial RAM disk of our own: busybox, the few modules that lead to the root, no udev. Debian's costs seconds of a
# small virtual CPU at every start. The price: an image gets a new kernel by being built anew, not by apt.
tree=$(mktemp -d)
mkdir -p "$tree/bin" "$tree/dev" "$tree/proc" "$tree/sys" "$tree/root" "$tree/modules" "$tree/scsi"
cp /bin/busybox "$tree/bin/busybox"
install -m 0755 /tmp/init "$tree/init"
number=100
add() {   # <module> <folder>, in the order in which they are loaded
    modprobe -S "$version" --show-depends "$1" | sed -n 's/^insmod \([^ ]*\).*/\1/p' | while read -r file; do
        name=$(basename "$file")
        ls "$tree/modules" "$tree/scsi" | grep -q -- "-$name\$" || { number=$((100 + $(ls "$tree/$2" | wc -l))); cp "$file" "$tree/$2/$number-$name"; }
    done
}
for module in virtio_pci virtio_blk crc32c_generic ext4; do add "$module" modules; done
# For a machine whose disk hangs on SCSI; the others are spared the checking of four signatures.
for module in virtio_scsi sd_mod; do add "$module" scsi; done
(cd "$tree" && find . | sort | cpio --quiet -o -H newc) | gzip -1 > /boot/initrd.montalegre
rm -rf "$tree" /tmp/init /boot/initrd.img-*
ln -sf "boot/vmlinuz-$version" /vmlinuz
ln -sf boot/initrd.montalegre /initrd.img
rm -f /vmlinuz.old /initrd.img.old

# The loader sits in the gap before the first partition and reads its menu from the file system,
# so that a kernel update by apt inside the image keeps working.
mkdir -p /boot/loader /boot/grub
cat > /boot/loader/early.cfg <<'CFG'
set root=hd0,msdos1
configfile /boot/grub/grub.cfg
CFG
grub-mkimage -O i386-pc -p '(hd0,msdos1)/boot/grub' -c /boot/loader/early.cfg -o /boot/loader/core.img \
    biosdisk part_msdos ext2 normal configfile linux16 smbios test
cp /usr/lib/grub/i386-pc/boot.img /boot/loader/boot.img
rm /boot/loader/early.cfg

apt-get -qq purge -y grub-pc-bin grub-common >/dev/null || true
apt-get -qq autoremove -y --purge >/dev/null
apt-get clean
rm -rf /var/lib/apt/lists/* /var/cache/debconf/*-old /var/log/*.log /var/log/apt

# A desktop clone is thrown away, not maintained: nothing may wake up by itself.
systemctl mask apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer fstrim.timer e2scrub_all.timer e2scrub_reap.service \
    systemd-tmpfiles-clean.timer man-db.timer motd-news.timer \
    getty@tty1.service serial-getty@ttyS0.service console-getty.service getty.target \
    systemd-binfmt.service proc-sys-fs-binfmt_misc.automount dev-hugepages.mount dev-mqueue.mount sys-kernel-debug.mount \
    sys-kernel-tracing.mount sys-kernel-config.mount sys-fs-fuse-connections.mount \
    modprobe@configfs.service modprobe@dm_mod.service modprobe@drm.service modprobe@fuse.service modprobe@loop.service \
    modprobe@efi_pstore.service systemd-modules-load.service kmod-static-nodes.service systemd-sysusers.service \
    systemd-remount-fs.service systemd-networkd-wait-online.service systemd-timesyncd.service systemd-pstore.service \
    systemd-journal-flush.service systemd-random-seed.service systemd-update-utmp.service systemd-update-utmp-runlevel.service \
    systemd-machine-id-commit.service systemd-update-done.service systemd-network-generator.service systemd-initctl.socket ldconfig.service x11-common.service procps.service 2>/dev/null
# Generators look for things that this machine has not: each is a process to start before the first unit.
mkdir -p /etc/systemd/system-generators
for generator in /lib/systemd/system-generators/*; do
    case $(basename "$generator") in
        systemd-fstab-generator) ;;
        *) ln -sf /dev/null "/etc/systemd/system-generators/$(basename "$generator")" ;;
    esac
done
systemctl enable systemd-networkd.service systemd-resolved.service xrdp.service xrdp-sesman.service
systemctl set-default multi-user.target

# Keys and identities belong to one machine; each clone makes its own at first boot.
rm -f /etc/ssl/private/ssl-cert-snakeoil.key /etc/ssl/certs/ssl-cert-snakeoil.pem /etc/xrdp/key.pem /etc/xrdp/cert.pem /etc/xrdp/rsakeys.ini
: > /etc/machine-id
rm -f /var/lib/dbus/machine-id
passwd -l root >/dev/null

# What the machine cannot start without.
test -e /boot/vmlinuz-"$version"
test -e /lib/modules/"$version"/modules.dep.bin
test -x /usr/sbin/xrdp
