#!/bin/sh
# SPDX-License-Identifier: MIT
#
# run.sh DIRECTORY, in the world of tests/world.sh: measures with the programs built there.

set -eu
cp "$1/stub" /srv/bin/qemu-system-x86_64
printf '[nic]\nifname = tap0\naddress = 192.168.50.1/24\n' >/srv/bench.ini
"$1/bench" "${ROUNDS:-200}" /srv/bench.ini "$1/raw"

# A profile of 200 lines in four files: 22 disks, 3 taps that are switched off, every one-line key.
mkdir -p /srv/load
cd /srv/load
printf '[vm]\nname = empty\n[nic]\ntype = none\n' >empty.ini
printf '[vm]\nname = full\ninclude = base.ini, disks.ini, nics.ini\n' >full.ini
cat >base.ini <<'END'
[machine]
type = q35
accel = tcg
cpu = max,-vmx
smp = 4,cores=2,threads=2
memory = 4G
rtc = localtime
[boot]
order = dc
menu = on
[display]
type = none
[video]
model = virtio
resolution = 1920x1080
[serial "console"]
type = null
[guest]
rng = on
balloon = on
[usb]
host = 046d:c52b, 1-2.3
END
for i in $(seq 22); do
	printf '[disk "d%s"]\nfile = d%s.qcow2\nif = scsi\ncache = none\naio = native\n' "$i" "$i"
	printf 'discard = unmap\nserial = s%s\n' "$i"
	: >"d$i.qcow2"
done >disks.ini
for i in 1 2 3; do
	printf '[nic "n%s"]\ntype = none\nmodel = virtio-net-pci\nmac = 52:54:00:00:00:0%s\n' "$i" "$i"
	printf 'ifname = tap%s\naddress = 192.168.5%s.1/24, fd00:%s::1/64\n' "$i" "$i" "$i"
done >nics.ini
echo
echo "lines: $(cat ./*.ini | wc -l), of which empty.ini has 4"
"$1/load" "${ROUNDS:-200}" empty.ini full.ini

echo
echo "memory while the VM runs: QEMU's own; processes of ours then:"
printf '#!/bin/sh\nexec sleep 5\n' >/srv/bin/qemu-system-x86_64
qemu-tapwrap /srv/bench.ini &
sleep 0.5
count=$(pgrep -c qemu-tapwrap || true)
echo "$count"
kill $!
[ "$count" = 0 ]
