#!/bin/sh
# SPDX-License-Identifier: MIT
#
# run.sh DIRECTORY, in the world of tests/world.sh: measures with the programs built there.

set -eu
cp "$1/stub" /srv/bin/qemu-system-x86_64
printf '[machine]\naccel = tcg\n[nic]\nifname = tap0\naddress = 192.168.50.1/24\n' >/srv/bench.ini
recipe='ip tuntap add mode tap tap0; ip addr add 192.168.50.1/24 dev tap0; ip link set tap0 up'
sudo_recipe=$(echo "$recipe" | sed 's/ip /sudo ip /g')
"$1/bench" "${ROUNDS:-200}" \
	qemu-tapwrap '' 'qemu-tapwrap /srv/bench.ini' '' \
	'recipe: three ip commands in sh' '' "sh -c '$recipe; exec qemu-system-x86_64'" \
	'ip tuntap del mode tap tap0' \
	'recipe as it is typed, with sudo' '' "sh -c '$sudo_recipe; exec qemu-system-x86_64'" \
	'ip tuntap del mode tap tap0' \
	'raw: 60 lines of C, no checks' '' "$1/raw" ''

# More NICs in the VM, then more of everything on the host.
for n in 1 2 4 8; do
	printf '[machine]\naccel = tcg\n' >"/srv/nics$n.ini"
	for i in $(seq "$n"); do
		printf '[nic "n%s"]\nifname = tap%s\naddress = 192.168.5%s.1/24\n' "$i" "$i" "$i"
	done >>"/srv/nics$n.ini"
done
echo
"$1/bench" "${ROUNDS:-200}" \
	'1 NIC' '' 'qemu-tapwrap /srv/nics1.ini' '' '2 NICs' '' 'qemu-tapwrap /srv/nics2.ini' '' \
	'4 NICs' '' 'qemu-tapwrap /srv/nics4.ini' '' '8 NICs' '' 'qemu-tapwrap /srv/nics8.ini' ''

# host.sh NAME INTERFACES ROUTES: a network namespace with so many veth ends, each with an address.
host() {
	ip netns add "$1"
	{
		for i in $(seq $(($2 / 2))); do
			echo "link add v$i type veth peer name w$i"
		done
		for i in $(seq $(($2 / 2))); do
			echo "addr add 10.$((i / 250)).$((i % 250)).1/24 dev v$i"
			echo "addr add 10.$((i / 250 + 10)).$((i % 250)).1/24 dev w$i"
			echo "link set v$i up"
			echo "link set w$i up"
		done
		for i in $(seq 0 $(($3 - 1))); do
			echo "route add 172.$((16 + i / 65536)).$((i / 256 % 256)).$((i % 256))/32 dev v1"
		done
	} >/srv/batch
	ip -n "$1" -batch /srv/batch
}
mount -t tmpfs tmpfs /run
host few 2 0
host hundred 100 0
host thousand 1000 0
host routes 2 10000
echo
"$1/bench" "${ROUNDS:-200}" \
	'2 other interfaces' /run/netns/few 'qemu-tapwrap /srv/bench.ini' '' \
	'100 other interfaces' /run/netns/hundred 'qemu-tapwrap /srv/bench.ini' '' \
	'1,000 other interfaces' /run/netns/thousand 'qemu-tapwrap /srv/bench.ini' '' \
	'10,000 routes' /run/netns/routes 'qemu-tapwrap /srv/bench.ini' ''

# Many VMs that run, five of them real QEMUs; pgrep knows neither their states nor their addresses.
mv /srv/bin/qemu-system-x86_64 /srv/stub
for i in 1 2 3 4 5; do
	printf '[vm]\nname = real%s\n[machine]\naccel = tcg\nmemory = 64M\n' "$i" >"/srv/real$i.ini"
	printf '[nic]\ntype = none\n[display]\ntype = none\n[serial]\ntype = null\n' >>"/srv/real$i.ini"
	qemu-tapwrap "/srv/real$i.ini" -- -S -daemonize
done
echo
"$1/many" "${ROUNDS:-200}" 1 '--list' 'qemu-tapwrap --list'
"$1/many" "${ROUNDS:-200}" 95 '--list' 'qemu-tapwrap --list' \
	'--list --json' 'qemu-tapwrap --list --json' '--status of one' 'qemu-tapwrap --status vm050' \
	'a completion of their names' "qemu-tapwrap --complete -- --stop ''" \
	'for comparison: pgrep -a qemu' 'pgrep -a qemu' \
	'for comparison: an exec that does nothing' 'true'
for i in 1 2 3 4 5; do
	qemu-tapwrap --stop --now "real$i" || true # 1: it had to quit
done
mv /srv/stub /srv/bin/qemu-system-x86_64

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
