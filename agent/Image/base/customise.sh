# Runs inside the new root, once per base. Everything here must be the same for every machine.
cat /tmp/initramfs.modules >> /etc/initramfs-tools/modules
rm /tmp/initramfs.modules

kernel=$(basename /boot/vmlinuz-*)
version=${kernel#vmlinuz-}
update-initramfs -c -k "$version" 2>/dev/null || update-initramfs -u -k "$version"
ln -sf "boot/vmlinuz-$version" /vmlinuz
ln -sf "boot/initrd.img-$version" /initrd.img

# The loader sits in the gap before the first partition and reads its menu from the file system,
# so that a kernel update by apt inside the image keeps working.
mkdir -p /boot/loader /boot/grub
cat > /boot/loader/early.cfg <<'CFG'
set root=hd0,msdos1
configfile /boot/grub/grub.cfg
CFG
grub-mkimage -O i386-pc -p '(hd0,msdos1)/boot/grub' -c /boot/loader/early.cfg -o /boot/loader/core.img \
    biosdisk part_msdos ext2 normal configfile linux
cp /usr/lib/grub/i386-pc/boot.img /boot/loader/boot.img
rm /boot/loader/early.cfg

apt-get -qq purge -y grub-pc-bin grub-common >/dev/null || true
apt-get -qq autoremove -y --purge >/dev/null
apt-get clean
rm -rf /var/lib/apt/lists/* /var/cache/debconf/*-old /var/log/*.log /var/log/apt

# A desktop clone is thrown away, not maintained: nothing may wake up by itself.
systemctl mask apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer fstrim.timer e2scrub_all.timer e2scrub_reap.service \
    systemd-tmpfiles-clean.timer man-db.timer getty@tty1.service serial-getty@ttyS0.service console-getty.service \
    systemd-binfmt.service proc-sys-fs-binfmt_misc.automount dev-hugepages.mount sys-kernel-debug.mount sys-kernel-tracing.mount \
    systemd-remount-fs.service systemd-networkd-wait-online.service systemd-timesyncd.service systemd-pstore.service \
    systemd-journal-flush.service systemd-random-seed.service systemd-update-utmp.service systemd-update-utmp-runlevel.service \
    systemd-machine-id-commit.service x11-common.service 2>/dev/null
systemctl enable systemd-networkd.service systemd-resolved.service xrdp.service xrdp-sesman.service
systemctl set-default multi-user.target

# Keys and identities belong to one machine; each clone makes its own at first boot.
rm -f /etc/ssl/private/ssl-cert-snakeoil.key /etc/ssl/certs/ssl-cert-snakeoil.pem /etc/xrdp/key.pem /etc/xrdp/cert.pem /etc/xrdp/rsakeys.ini
: > /etc/machine-id
rm -f /var/lib/dbus/machine-id
passwd -l root >/dev/null
