#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# Every key of a profile, and every word it can have, is taken by the real QEMU, and arrives there.
#
# The tables have a row for each: the setting, what it needs beside it, a question for QEMU, and the
# answer that shows that it arrived (see lib/rows.pl). The rows of a table share one QEMU, which is
# asked while it is paused, so no guest runs. At the end nothing of the schema may be left out.

use strict;
use warnings;
use Fcntl;
use FindBin;
use lib "$FindBin::Bin/lib";
use World;
use Test::More;

plan skip_all => "this is about Debian's QEMU; others leave out other devices" if !-e '/etc/debian_version';

require "$FindBin::Bin/lib/lan.pl";
require "$FindBin::Bin/lib/rows.pl";
require "$FindBin::Bin/lib/pulse.pl";

# What no row shows, and why not.
my %unproven = (
	'audio.type=pipewire' => 'QEMU has it from 8.1 on',
	'desktop.title' => 'QEMU has no part in it: see desktop.t',
	'desktop.icon' => 'QEMU has no part in it: see desktop.t',
	'display.type=egl-headless' => 'needs the render node of a GPU',
	(map { $_ => 'QEMU has no part in it: see hooks.t' } qw(hooks.pre-start hooks.post-stop)),
	(map { $_ => 'QEMU has no part in it: see supervise.t' }
		qw(vm.on-terminate vm.on-terminate=quit vm.on-terminate=powerdown vm.powerdown-timeout)),
	'nic.nat' => 'QEMU has no part in it: see nat.t',
	'nic.persist' => 'leaves a tap behind; adopt.t has it',
	'nic.vhost' => 'needs the host\'s vhost-net; tests/queues.t has what comes before it',
	'machine.hugepages' => 'needs a pool of huge pages, and the host is left alone',
	'tpm.model=tpm-spapr' => 'only qemu-system-ppc64 has it',
	'vfio.host' => 'needs a PCI device of the host and its IOMMU',
	'vfio.romfile' => 'needs a PCI device of the host and its IOMMU',
);

my $ovmf = '/usr/share/OVMF';
my $aavmf = '/usr/share/AAVMF';
my $ipxe = ipxe();
my @programs = qw(qemu-system-i386 qemu-system-aarch64 qemu-system-arm swtpm passt Xvfb dbus-daemon gdbus);
my @missing = grep { !-e } map({ "/usr/bin/$_" } @programs), '/usr/lib/x86_64-linux-gnu/qemu/ui-gtk.so',
	'/usr/lib/qemu/virtiofsd', "$ovmf/OVMF_CODE_4M.fd", "$aavmf/AAVMF_CODE.fd";
must_or_skip(!@missing, "see platform/linux/packages.sh for @missing");

# No KVM: a virtual machine inside a virtual machine is not what is tested here.
run([qw(mount --bind /dev/null /dev/kvm)]) if -e '/dev/kvm';

# Without a kernel they would want firmware.
my $aarch64 = "[vm] arch = aarch64; [boot] kernel = $ipxe";
my $arm = "[vm] arch = arm; [boot] kernel = $ipxe";

# ---- the machine ----------------------------------------------------------------------------------------

spew('included.ini', "[vm]\nuuid = 7d444840-9dc0-11d1-b245-5ffdce74fad2\n");
accepted('q35', {},
	['[vm] name = q35, and more', '', 'qmp query-name name', 'q35, and more'],
	['[vm] include = included.ini', '', 'qmp query-uuid UUID', '7d444840-9dc0-11d1-b245-5ffdce74fad2'],
	['[vm] arch = x86_64', '', 'qmp query-target arch', 'x86_64'],
	['[machine] type = q35', '', 'machine type', qr/^pc-q35-/],
	['[machine] accel = tcg', '', 'qmp query-kvm enabled', 'false'],
	['[machine] cpu = Nehalem,-sse4.2', '', 'cpu sse4.2', 'false'],
	['[machine] smp = 4,cores=2,threads=2', '', 'machine smp cores', 2],
	['[machine] rtc = 2024-02-29T13:00:00', '', 'machine rtc-time tm_mday', 29],
	['[machine] memory-shared = on', '', 'memory numa-b share', 'true'],
	['[numa "a"] cpus = 0-1', 'memory = 32M', 'hmp info numa', qr/^node 0 cpus: 0 1\nnode 0 size: 32 MB/m],
	['[numa "b"] cpus = 2, 3', 'memory = 64M', 'hmp info numa', qr/^node 1 cpus: 2 3\nnode 1 size: 64 MB/m],
	['[numa "b"] memory = 64M', '[machine] memory = 96M', 'qmp query-memory-size-summary base-memory', 96 << 20],
	['[qemu] args = -device edu,id=edu', '', 'device edu type', 'edu'],
	['[monitor] paused = on', '', 'qmp query-status status', 'prelaunch']);

spew('own-qemu', "#!/bin/sh\necho own > /srv/tmp/own-qemu.log\nexec qemu-system-i386 \"\$@\"\n", 0755);
accepted('pc, i386', { under => [qw(env TZ=UTC-5)] },
	['[vm] uuid = 7d444840-9dc0-11d1-b245-5ffdce74fad3', '', 'qmp query-uuid UUID',
		'7d444840-9dc0-11d1-b245-5ffdce74fad3'],
	['[vm] arch = i386', '', 'qmp query-target arch', 'i386'],
	['[qemu] binary = own-qemu', '', sub { slurp('own-qemu.log') }, "own\n"],
	['[machine] type = pc', '', 'machine type', qr/^pc-i440fx-/],
	['[machine] rtc = localtime', '', 'machine rtc-time tm_hour', (gmtime(time + 5 * 3600))[2]],
	['[machine] memory = 96M', '', 'qmp query-memory-size-summary base-memory', 96 << 20],
	['[machine] memory-shared = on', '', 'memory ram share', 'true'],
	['[machine] memory-prealloc = on', '', 'memory ram prealloc', 'true']);

accepted('reset', { end => 'system_reset', says => qr/^(?:.*\n)*.*falling back to tcg\n\z/ },
	['[machine] accel = kvm:tcg', '', 'qmp query-kvm enabled', 'false'],
	['[machine] rtc = utc', '', 'machine rtc-time tm_hour', (gmtime)[2]],
	['[machine] memory-file = memory', '', 'size memory', 64 << 20],
	['[machine] reboot = off', '']); # else it would not end

accepted('virt', {},
	['[machine] type = virt', $aarch64, 'machine type', qr/^virt-/],
	['[machine] cpu = cortex-a57', '', 'cpu type', 'cortex-a57-arm-cpu'],
	['[machine] rtc = 2024-02-29', ''],
	['[numa "a"] cpus = 0', 'memory = 32M', 'hmp info numa', qr/^node 0 size: 32 MB/m],
	['[numa "b"] cpus = 1', 'memory = 32M', 'hmp info numa', qr/^node 1 size: 32 MB/m],
	['[machine] memory-prealloc = on', '', 'memory numa-a prealloc', 'true']);
accepted('virt, 32 bits', {},
	['[machine] type = virt', $arm, 'qmp query-target arch', 'arm'],
	['[machine] memory-file = /srv/tmp', '[machine] memory-shared = on', 'memory ram share', 'true']);

accepted('isapc', {},
	['[machine] type = isapc', '[machine] cpu = 486; smp = 1', 'machine type', 'isapc-machine'],
	['[disk "a"] if = ide', 'file = isa-a.raw', 'device disk-a-device parent_bus', qr{/ide\.0$}],
	['[disk "b"] if = ide', 'file = isa-b.raw', 'device disk-b-device unit', 1],
	['[disk "c"] if = ide', 'file = isa-c.raw', 'device disk-c-device parent_bus', qr{/ide\.1$}],
	['[cdrom "d"] if = ide', '', 'device cdrom-d-device parent_bus', qr{/ide\.1$}],
	['[nic] model = ne2k_isa', 'type = user', 'device nic-0-device type', 'ne2k_isa'],
	['[video] model = none', '', 'device video type', qr/^error: .*not found/]);

if (is_real_root()) {
	accepted('locked memory', {}, ['[machine] memory-lock = on', '', 'status VmLck', qr/^\d{5,} kB$/]);
} else {
	$unproven{'machine.memory-lock'} = 'needs the right to lock memory';
}

# ---- firmware and boot ------------------------------------------------------------------------------------

run_ok('cp', '/usr/share/seabios/bios-256k.bin', 'own.bin');
accepted('BIOS', {},
	['[firmware] type = bios', 'code = own.bin', 'hmp info roms', qr/name="[^"]*own\.bin"/],
	['[firmware] code = own.bin', '', 'hmp info roms', qr/name="[^"]*own\.bin"/]);
accepted('UEFI', {},
	['[firmware] type = uefi', '', 'machine pflash0', 'pflash0'],
	["[firmware] code = $ovmf/OVMF_CODE_4M.fd", '', 'block pflash0 inserted.ro', 'true'],
	["[firmware] vars = $ovmf/OVMF_VARS_4M.fd", '', 'size own.nvram', -s "$ovmf/OVMF_VARS_4M.fd"],
	['[firmware] nvram = own.nvram', '', 'block pflash1 inserted.file', '/srv/tmp/own.nvram']);
accepted('UEFI, secure', {},
	['[firmware] type = uefi-secure', "code = $ovmf/OVMF_CODE_4M.secboot.fd", 'machine smm', 'on'],
	["[firmware] vars = $ovmf/OVMF_VARS_4M.ms.fd", '[vm] name = se,cure', 'block pflash1 inserted.file',
		'/srv/home/.local/state/qemu-tapwrap/se,cure/nvram.fd'],
	['[machine] type = q35', '', 'qom /machine/system.flash0 secure', 'true']);
accepted('UEFI that QEMU describes', {},
	['[firmware] type = uefi', '[vm] name = found', 'block pflash0 inserted.file', qr{/OVMF_CODE.*\.fd$}],
	['[machine] type = q35', '', 'block pflash1 inserted.file',
		'/srv/home/.local/state/qemu-tapwrap/found/nvram.fd']);
accepted('secure UEFI that QEMU describes', {},
	['[firmware] type = uefi-secure', '[vm] name = secure', 'qom /machine/system.flash0 secure', 'true']);
accepted('UEFI that QEMU describes, aarch64', {},
	['[firmware] type = uefi', '[vm] arch = aarch64; [vm] name = arm', 'block pflash0 inserted.file',
		qr{/AAVMF_CODE.*\.fd$}]);
accepted('UEFI, aarch64', {},
	['[firmware] type = uefi', "code = $aavmf/AAVMF_CODE.fd; [vm] arch = aarch64", 'machine pflash0', 'pflash0'],
	["[firmware] vars = $aavmf/AAVMF_VARS.fd", '', 'block pflash1 inserted.ro', 'false']);

spew('initrd.img', 'x' x 4096);
accepted('boot', {},
	["[boot] kernel = $ipxe", '', 'fw_cfg_number 0x08', qr/^[1-9]/],
	['[boot] initrd = initrd.img', '', 'fw_cfg_number 0x0b', 4096],
	['[boot] append = a, "b" = c', '', 'fw_cfg 0x15 10', 'a, "b" = c'],
	['[boot] order = nc', '', 'cmos 0x3d', '24'],
	['[boot] menu = on', '', 'fw_cfg_number 0x0e', 1]);
accepted('boot once', {},
	['[boot] once = d', 'order = c; [machine] type = pc', 'cmos 0x3d', '03'],
	['[boot] menu = off', '', 'fw_cfg_number 0x0e', 0]);
accepted('not paused', {}, ['[monitor] paused = off', '', 'qmp query-status status', 'running']);

run_ok(qw(qemu-system-aarch64 -display none -machine), 'virt,dumpdtb=virt.dtb');
accepted('boot, aarch64', {},
	['[vm] arch = aarch64', '', 'qmp query-target arch', 'aarch64'],
	["[boot] kernel = $ipxe", '', 'hmp info roms', qr/name="\Q$ipxe\E"/],
	['[boot] initrd = initrd.img', '', 'hmp info roms', qr{name="/srv/tmp/initrd\.img"}],
	['[boot] append = one, two', '', sub { in_memory(qr/(one, two)/) }, 'one, two'],
	['[boot] dtb = virt.dtb', '', 'hmp info roms', qr/name="dtb"/],
	['[boot] order = dc', ''],
	['[boot] menu = on', '']);

# What of a virt machine's first 64 MiB matches.
sub in_memory
{
	my ($pattern) = @_;
	ask_qmp('pmemsave', val => 0x40000000, size => 64 << 20, filename => '/srv/tmp/memory.raw');
	return (slurp('memory.raw') =~ $pattern)[0];
}

# ---- drives -----------------------------------------------------------------------------------------------

my @formats = qw(raw qcow2 qed vdi vhdx vmdk vpc);
accepted('images', {},
	map({ ["[disk \"$_\"] format = $_", "file = new.$_; size = 8M", "block disk-$_ inserted.image.format", $_] }
		@formats),
	['[disk "raw"] size = 8M', '', 'block disk-raw inserted.image.virtual-size', 8 << 20],
	['[disk "raw"] file = new.raw', '', 'block disk-raw inserted.file', '/srv/tmp/new.raw']);
accepted('layers', {},
	map({ ["[disk \"$_\"] backing-format = $_", "file = on-$_.qcow2; backing = new.$_",
		"block disk-$_ inserted.image.backing-image.format", $_] } @formats),
	['[disk "vdi"] backing = new.vdi', '', 'block disk-vdi inserted.backing_file', '/srv/tmp/new.vdi'],
	['[disk "vdi"] aio = threads', '', 'mapped [aio]', 'null']);

# query-block's words for the modes of -drive cache=.
sub cache
{
	my ($direct, $no_flush, $writeback) = map { $_ ? 'true' : 'false' } @_;
	return qq({"direct":$direct,"no-flush":$no_flush,"writeback":$writeback});
}

# How many blocks of 512 bytes a disk's file has left after its first MiB was discarded.
sub after_discard
{
	my ($disk, $file) = @_;
	ask_hmp("qemu-io disk-$disk \"discard 0 1M\"");
	return (stat $file)[12];
}

sub has_direct_io { return sysopen my $file, 'direct', O_RDWR | O_CREAT | O_DIRECT }

if (has_direct_io()) {
	accepted('drives without the cache of the host', {},
		['[disk "none"] cache = none', 'file = 1.raw', 'block disk-none inserted.cache', cache(1, 0, 1)],
		['[disk "sync"] cache = directsync', 'file = 2.raw', 'block disk-sync inserted.cache', cache(1, 0, 0)],
		['[disk "none"] aio = native', '', 'mapped [aio]', '[aio]'],
		['[disk "sync"] aio = io_uring', '', 'descriptors', qr/io_uring/]);
} else {
	$unproven{$_} = 'the tmpfs of this kernel has no O_DIRECT'
		for 'disk.cache=none', 'disk.cache=directsync', 'disk.aio=native', 'disk.aio=io_uring';
}
accepted('disks', {},
	['[disk "back"] cache = writeback', 'file = 1.raw', 'block disk-back inserted.cache', cache(0, 0, 1)],
	['[disk "through"] cache = writethrough', 'file = 2.raw', 'block disk-through inserted.cache', cache(0, 0, 0)],
	['[disk "unsafe"] cache = unsafe', 'file = 3.raw', 'block disk-unsafe inserted.cache', cache(0, 1, 1)],
	['[disk "unmap"] discard = unmap', 'file = 4.raw', sub { after_discard('unmap', '4.raw') }, 0],
	['[disk "ignore"] discard = ignore', 'file = 5.raw', sub { after_discard('ignore', '5.raw') }, 2048],
	['[disk "back"] serial = WD-123', '', 'device disk-back-device serial', 'WD-123'],
	['[disk "back"] bootindex = 0', '', 'device disk-back-device bootindex', 0],
	['[disk "unmap"] bootindex = 9999', '', 'device disk-unmap-device bootindex', 9999],
	['[disk "snapshot"] snapshot = on', 'file = 6.raw', 'block disk-snapshot inserted.backing_file',
		'/srv/tmp/6.raw'],
	map { ["[disk \"$_\"] readonly = on", "file = readonly.raw; if = $_", "block disk-$_ inserted.ro", 'true'] }
		qw(virtio scsi nvme usb));

# A drive at each controller, and two where there is a bus.
sub drives
{
	my ($name, $needs, $ide) = @_;
	my %cdrom = (ide => 'ide-cd', scsi => 'scsi-cd', usb => 'usb-storage');
	my %disk = (virtio => 'virtio-blk-pci', ide => 'ide-hd', scsi => 'scsi-hd', nvme => 'nvme',
		usb => 'usb-storage');
	my $bootindex = 0;

	accepted("drives, $name", {},
		map({ ["[disk \"$_\"] if = $_", "file = $_.raw; bootindex = " . ++$bootindex . "; $needs",
				"device disk-$_-device type", $disk{$_}],
			["[disk \"${_}2\"] if = $_", "file = ${_}2.raw; serial = WD-123",
				"device disk-${_}2-device serial", 'WD-123'] } sort keys %disk),
		map({ ["[cdrom \"$_\"] if = $_", 'file = c.iso; bootindex = ' . ++$bootindex,
				"device cdrom-$_-device type", $cdrom{$_}],
			["[cdrom \"no$_\"] if = $_", '', "block cdrom-no$_ inserted", 'null'] } sort keys %cdrom),
		['[disk "nvme"] if = nvme', '', 'device disk-nvme-device serial', 'nvme'],
		['[disk "ide"] if = ide', '', 'device disk-ide-device parent_bus', $ide],
		['[disk "scsi"] if = scsi', '', 'device disk-scsi-device parent_bus', qr{/scsi\.0$}],
		['[disk "usb"] if = usb', '', 'device disk-usb-device parent_bus', qr{/usb\.0$}],
		['[cdrom "ide"] file = c.iso', '', 'block cdrom-ide inserted.file', '/srv/tmp/c.iso'],
		['[cdrom "usb"] bootindex = 8', '', 'device cdrom-usb-device bootindex', 8]);
}

drives('q35', '[machine] type = q35', qr{/ide\.0$});
drives('pc', '[machine] type = pc', qr{/ide\.0$});
drives('i386', '[vm] arch = i386', qr{/ide\.0$});
drives('aarch64', $aarch64, qr{/ahci\.0$});
drives('arm', $arm, qr{/ahci\.0$});

for my $type (qw(q35 pc isapc)) {
	my $more = $type eq 'isapc' ? '; [machine] smp = 1; [video] model = none' : '';
	accepted("floppies, $type", {},
		['[floppy "a"] file = a.img', "[machine] type = $type$more", 'block floppy-a inserted.file',
			'/srv/tmp/a.img'],
		['[floppy "b"] readonly = on', 'file = b.img', 'block floppy-b inserted.ro', 'true']);
}

# ---- shares -----------------------------------------------------------------------------------------------

my $virtiofsd_ends = qr/\A(?:virtio_loop: Unexpected poll revents 11\n)*\z/;
mkdir 'shared';
for (['x86_64', '[vm] arch = x86_64'], ['aarch64', $aarch64]) {
	my ($arch, $needs) = @$_;
	accepted("shares, $arch", { says => $virtiofsd_ends },
		['[share "a"] type = 9p', "path = shared; $needs", 'device share-a-device type', 'virtio-9p-pci'],
		['[share "a"] tag = src', '', 'device share-a-device mount_tag', 'src'],
		['[share "a"] readonly = on', ''],
		map({ ["[share \"$_\"] security-model = $_", 'path = shared', "device share-$_-device mount_tag", $_] }
			qw(mapped-xattr mapped-file passthrough none)),
		['[share "b"] type = virtiofs', 'path = shared', 'device share-b-device type', 'vhost-user-fs-pci'],
		['[share "b"] path = shared', '', 'memory ram share', 'true'],
		['[share "b"] tag = data', '', 'device share-b-device tag', 'data']);
}

# ---- network ----------------------------------------------------------------------------------------------

run_ok(qw(ip link add br0 address 02:00:00:00:00:01 type bridge));
spew('/proc/sys/net/ipv6/conf/br0/disable_ipv6', '1'); # no address that comes later
run_ok(qw(ip link set br0 up));
run_ok(qw(ip tuntap add dev tap4 mode tap vnet_hdr));
sub nics
{
	my ($name, $needs, @models) = @_;
	accepted("NICs, $name", {},
		['[nic "tap"] type = tap', "ifname = tap0; $needs", 'hmp info network',
			qr/nic-tap: index=0,type=tap,fd=\d+/],
		['[nic "tap"] ifname = tap0', '', 'run ip -o link', qr/: tap0:/],
		['[nic "tap"] address = 192.168.50.1/24, fd00:5a17::1/64', '', 'run ip -o addr',
			qr{tap0 +inet 192\.168\.50\.1/24.*tap0 +inet6 fd00:5a17::1/64}s],
		['[nic "point"] peer = 192.168.51.2', 'ifname = tap1; address = 192.168.51.1/32', 'run ip -o addr',
			qr{tap1 +inet 192\.168\.51\.1 peer 192\.168\.51\.2/32}],
		['[nic "tap"] route = 198.51.100.0/24 via 192.168.50.2', '', 'run ip route',
			qr{198\.51\.100\.0/24 via 192\.168\.50\.2 dev tap0}],
		['[nic "port"] type = bridge', 'br = br0; ifname = tap2', 'run ip -o link show master br0', qr/: tap2:/],
		['[nic "port"] br = br0', '', 'run ip -o link show master br0', qr/: tap2:/],
		['[nic "tap"] mtu = 9000', '', 'run ip -o link', qr/: tap0:.*mtu 9000/],
		['[nic "many"] queues = 3', 'model = virtio-net-pci; ifname = tap5', 'run ip -d link show tap5',
			qr/multi_queue numqueues 1 numdisabled 2/],
		['[nic "theirs"] managed = off', 'ifname = tap4', 'run ip -o link show tap4',
			qr/tap4: <(?!.*UP)(?!.*alias)/],
		['[nic "tap"] guest-address = 192.168.50.2, fd00:5a17::2', '', 'run ip -o addr',
			qr{\A(?!.*(?:50\.|::)2/)}s],
		['[nic "tap"] dhcp = on', '', 'run ss -ulnH', qr/%tap0:67 .*%tap0:547 /s],
		['[nic "tap"] mac = 52:54:00:0a:0b:0c', '', 'device nic-tap-device mac', '52:54:00:0a:0b:0c'],
		['[nic "user"] type = user', '', 'hmp info network', qr/nic-user: index=0,type=user/],
		['[nic "user"] hostfwd = tcp:127.0.0.1:2222-:22, udp::5353-10.0.2.15:53', '', 'hmp info usernet',
			qr/TCP\[HOST_FORWARD\].* 2222 .*UDP\[HOST_FORWARD\].* 5353 /s],
		['[nic "none"] type = none', 'mac = 52:54:00:0a:0b:0d', 'hmp info network', qr/\A(?!.*0a:0b:0d)/s],
		['[nic "boot"] bootindex = 7', 'link = on', 'device nic-boot-device bootindex', 7],
		['[nic "boot"] romfile = own,1.rom', 'model = virtio-net-pci', 'device nic-boot-device romfile',
			'/srv/tmp/own,1.rom'],
		['[nic "boot"] options = rombar=0,addr=0x1d', '', 'device nic-boot-device rombar', 0],
		['[nic "boot"] options = rombar=0,addr=0x1d', '', 'device nic-boot-device addr', 0x1d << 3],
		['[nic "cut"] link = off', '', 'chardev links', qr{^disconnected:fd:\d+$}],
		map { ["[nic \"$_\"] model = $_", '', "device nic-$_-device type", $_] } @models);
}

spew('own,1.rom', slurp((grep { -r } map { "$_/efi-virtio.rom" } qw(/usr/lib/ipxe/qemu /usr/share/qemu /usr/share/ipxe/qemu))[0]));
nics('q35', '[machine] type = q35', qw(e1000 e1000e virtio-net-pci rtl8139 pcnet ne2k_pci vmxnet3 usb-net));
nics('pc', '[machine] type = pc', qw(e1000 virtio-net-pci rtl8139 i82559er));
nics('aarch64', $aarch64, qw(e1000 e1000e virtio-net-pci usb-net));

run_ok(qw(ip link add v0 type veth peer name v1));
run_ok('ip', 'link', 'set', $_, 'addrgenmode', 'none') for qw(v0 v1); # no address that comes later
run_ok(qw(ip address add 192.0.2.2/24 dev v0));
run_ok('ip', 'link', 'set', $_, 'up') for qw(v0 v1);
run_ok(qw(ip route add default via 192.0.2.1));
accepted('passt', {},
	['[nic "a"] type = passt', 'hostfwd = tcp:127.0.0.1:2222-:22', 'hmp info network', qr/nic-a: .*type=socket/],
	['[nic "a"] hostfwd = tcp:127.0.0.1:2222-:22', '', 'run ss -Htlnp sport = 2222', qr/"passt/]);
run_ok(qw(ip link del v0));

# On 7.2 a stream tells its other end only when there is one.
{
	my $listener = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => 5001, Listen => 4) or die $!;
	accepted('wires', {},
		['[nic "a"] type = stream', 'listen = 127.0.0.1:5000', 'hmp info network', qr/nic-a: index=0,type=stream/],
		['[nic "a"] listen = 127.0.0.1:5000', '', 'run ss -Htlnp sport = 5000', qr/127\.0\.0\.1:5000/],
		['[nic "b"] type = stream', 'connect = 127.0.0.1:5001'],
		['[nic "b"] connect = 127.0.0.1:5001', '', sub { my $peer = $listener->accept; $peer->sockhost }, '127.0.0.1'],
		['[nic "c"] type = dgram', 'listen = 127.0.0.1:5002', 'hmp info network', qr/nic-c: .*type=dgram/],
		['[nic "c"] listen = 127.0.0.1:5002', 'connect = 127.0.0.1:5003', 'run ss -Hulnp sport = 5002',
			qr/127\.0\.0\.1:5002/],
		['[nic "d"] type = socket', 'listen = 127.0.0.1:5004', 'hmp info network', qr/nic-d: .*type=socket/],
		['[nic "d"] listen = 127.0.0.1:5004', '', 'run ss -Htlnp sport = 5004', qr/127\.0\.0\.1:5004/]);
}
spew('my keys', "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE5vYm9keSBoYXMgdGhpcyBrZXkgYXQgYWxsLg== me\n");
spew('user-data.yaml', "#cloud-config\npackage_update: true\n");
my $told = 'address = 192.168.50.1/24; guest-address = 192.168.50.2';
my $image = '/srv/run/qemu-tapwrap/vm/seed.iso';
accepted('guest setup', {},
	['[nic "a"] guest-setup = kernel', "[boot] kernel = $ipxe; $told", 'fw_cfg 0x15 23', 'ip=192.168.50.2:::255.2'],
	['[nic "b"] guest-setup = systemd', $told =~ s/50\./51./gr, 'fw_cfg_file etc/smbios/smbios-tables',
		qr/io\.systemd\.credential\.binary:network\.network\.10-b=W01hdGNoXQ/],
	['[nic "c"] guest-setup = none', $told =~ s/50\./52./gr, 'fw_cfg_file etc/smbios/smbios-tables',
		qr/\A(?!.*network\.10-c)/s],
	['[nic "d"] guest-setup = cloud-init', $told =~ s/50\./53./gr, sub { slurp($image) }, qr{- "192\.168\.53\.2/24"}],
	['[cloud-init] hostname = web', '', 'block cloud-init inserted.file', $image],
	['[cloud-init] user = ada', '', sub { slurp($image) }, qr/name: "ada"/],
	['[cloud-init] ssh-keys = my keys', '', 'device cloud-init-device type', 'scsi-cd']);
accepted('guest setup, aarch64', {},
	['[cloud-init] user-data = user-data.yaml', $aarch64, sub { slurp($image) }, qr/package_update: true/]);

my @modes = qw(bridge vepa private passthru);
my $why_no_macvtaps = why_no_macvtaps();
if (!$why_no_macvtaps) {
	for (@modes) {
		run_ok(qw(ip link add), "far-$_", qw(type veth peer name), "end-$_");
		spew("/proc/sys/net/ipv6/conf/far-$_/disable_ipv6", '1');
		run_ok(qw(ip link set dev), "far-$_", 'up');
	}
	prepare_macvtaps();
	accepted('macvtaps', {},
		map({ ["[nic \"$_\"] mode = $_", "parent = far-$_; ifname = mv-$_", "run ip -d link show mv-$_", qr/macvtap mode $_/] } @modes),
		['[nic "private"] type = macvtap', '', 'hmp info network', qr/nic-private: index=0,type=tap,fd=\d+/],
		['[nic "private"] parent = far-private', '', 'run ip -o link show mv-private', qr/mv-private\@far-private/]);
} else {
	$unproven{$_} = $why_no_macvtaps for 'nic.type=macvtap', 'nic.parent', map { "nic.mode=$_" } @modes;
}

# ---- ports ------------------------------------------------------------------------------------------------

my $run_dir = '/srv/run/qemu-tapwrap/vm';
accepted('serial ports', { terminal => 1 },
	['[serial "a"] type = stdio', '', 'chardev serial-a', 'stdio'],
	['[serial "b"] type = pty', '', 'chardev serial-b', qr{^pty:/dev/pts/\d+$}],
	['[serial "c"] type = unix', 'path = c.sock', 'chardev serial-c',
		'disconnected:unix:/srv/tmp/c.sock,server=on'],
	['[serial "d"] type = tcp', 'listen = 127.0.0.1:4321', 'chardev serial-d',
		'disconnected:tcp:127.0.0.1:4321,server=on'],
	['[serial "a"] model = serial', '', 'all isa-serial chardev', 'serial-a serial-b serial-c serial-d']);
accepted('more serial ports', { terminal => 1 },
	['[serial "a"] type = mon:stdio', '', 'chardev serial-a', 'mux'],
	['[serial "b"] type = telnet', 'listen = [::1]:4321', 'chardev serial-b',
		'disconnected:telnet:::1:4321,server=on'],
	['[serial "b"] listen = [::1]:4321', '', 'chardev serial-b', 'disconnected:telnet:::1:4321,server=on'],
	['[serial "c"] type = file', 'path = out,put', 'chardev serial-c', 'file'],
	['[serial "c"] path = out,put', '', 'size out,put', 0],
	['[serial "d"] type = null', '', 'chardev serial-d', 'null']);

for (['x86_64', '[vm] arch = x86_64', 'isa-serial'], ['aarch64', $aarch64, 'pl011']) {
	my ($arch, $needs, $uart) = @$_;
	accepted("virtio ports, $arch", { terminal => 1 },
		['[serial "a"] type = mon:stdio', "model = virtio; $needs", 'chardev serial-a', 'mux'],
		['[serial "b"] type = pty', 'model = virtio', 'device serial-b-device chardev', 'serial-b'],
		['[serial "c"] type = unix', 'model = virtio', 'chardev serial-c',
			"disconnected:unix:$run_dir/serial-c.sock,server=on"],
		['[serial "d"] type = tcp', 'model = virtio; listen = :4321', 'chardev serial-d',
			'disconnected:tcp:127.0.0.1:4321,server=on'],
		['[serial "e"] type = telnet', 'model = virtio; listen = 127.0.0.1:4322', 'chardev serial-e',
			'disconnected:telnet:127.0.0.1:4322,server=on'],
		['[serial "f"] type = file', 'model = virtio; path = f.log', 'chardev serial-f', 'file'],
		['[serial "g"] type = null', 'model = virtio', 'chardev serial-g', 'null'],
		['[serial "h"] model = serial', 'type = null', "all $uart chardev", 'serial-h'],
		['[serial "b"] model = virtio', '', 'device serial-b-device type', 'virtconsole'],
		['[guest] agent = on', '', 'chardev agent', "disconnected:unix:$run_dir/agent.sock,server=on"],
		['[guest] agent = on', '', 'all virtserialport name', 'org.qemu.guest_agent.0'],
		['[guest] balloon = on', '', 'device balloon free-page-reporting', 'true'],
		['[guest] rng = on', '', 'device rng-device rng', '/objects/rng']);
}

# QEMU has no part in these: they are for --ssh, which reads them in the run directory.
sub recorded { my ($word) = @_; return sub { (slurp("$run_dir/lock") // '') =~ /^$word (.*)$/m ? $1 : '' } }
accepted('ssh', {},
	['[guest] ssh-user = ada', '', recorded('ssh-user'), 'ada'],
	['[guest] ssh-port = 2022', '[nic "a"] hostfwd = 2222:2022', recorded('ssh'), '127.0.0.1 2222']);

for my $listen (["$run_dir/qmp.sock", "$run_dir/hmp.sock", "$run_dir/gdb.sock"],
	['127.0.0.1:4444', '127.0.0.1:4445', '127.0.0.1:1234'], ['[::1]:4444', '[::1]:4445', '[::1]:1234']) {
	my ($qmp, $hmp, $gdb) = @$listen;
	accepted("monitors at $qmp", {},
		["[monitor] qmp = $qmp", '', 'chardev qmp', qr/^(?!null)/],
		["[monitor] hmp = $hmp", '', "greeting $hmp", qr/^QEMU \d/],
		["[monitor] gdb = $gdb", '', "gdb $gdb", qr/^\+?\$T05thread:/]);
}

# ---- TPM --------------------------------------------------------------------------------------------------

for (['tpm-crb', '2.0', '[vm] arch = x86_64'], ['tpm-tis', '2.0', '[machine] type = pc'],
	['tpm-tis', '1.2', '[vm] arch = x86_64'], ['tpm-tis-device', '2.0', $aarch64]) {
	my ($model, $version, $needs) = @$_;
	my ($state, $file) = ("$model-$version", $version eq '2.0' ? 'tpm2-00.permall' : 'tpm-00.permall');

	accepted("$model, version $version", {},
		["[tpm] model = $model", $needs, 'device tpm-device type', $model],
		["[tpm] version = $version", '', "size $state/$file", qr/^\d+$/],
		['[tpm] type = emulator', '', 'qmp query-tpm 0.options.type', 'emulator'],
		["[tpm] state = $state", '', "size $state/$file", qr/^\d+$/]);
}
accepted('no TPM', {}, ['[tpm] type = none', '', 'qmp query-tpm', '[]']);

# swtpm at a terminal is as good a device as any, once sysfs has the file that QEMU wants of one.
sub start_swtpm
{
	my ($pid, $terminal) = start_on_pty('sh', '-c', 'stty raw -echo; tty > tty; exec sleep 60');
	wait_for(sub { -s 'tty' });
	mkdir 'host-tpm';
	my @swtpm = (qw(swtpm chardev --tpm2 --tpmstate dir=host-tpm --fd 10), '--flags=not-need-init,startup-clear');
	my $swtpm = start(\@swtpm, before => sub { POSIX::dup2(fileno $terminal, 10) });
	symlink slurp('tty') =~ s/\n//r, 'tpm0';
	return ($swtpm, $pid);
}

if ((run([qw(mount -t tmpfs tmpfs /sys/class/misc)]))[0] == 0) {
	my @pids = start_swtpm();
	spew('/sys/class/misc/tpm0/device/cancel', '');
	accepted('TPM of the host', {},
		['[tpm] type = passthrough', '', 'qmp query-tpm 0.options.type', 'passthrough'],
		['[tpm] path = tpm0', '', 'qmp query-tpm 0.options.data.path', '/srv/tmp/tpm0']);
	for (@pids) { kill 'KILL', $_; finish($_) }
	run_ok(qw(umount /sys/class/misc));
} else {
	$unproven{$_} = 'needs a TPM of the host' for 'tpm.type=passthrough', 'tpm.path';
}

# ---- display, video, audio, USB ---------------------------------------------------------------------------

spew('/srv/home/.asoundrc', "pcm.!default { type null }\n");
my %card = (std => 'VGA', virtio => 'virtio-vga', qxl => 'qxl-vga', cirrus => 'cirrus-vga', vmware => 'vmware-svga',
	bochs => 'bochs-display', ramfb => 'ramfb');

sub video { my ($model, $needs) = @_; return ["[video] model = $model", $needs, 'device video type', $card{$model}] }

# A controller with a slow device, a fast one, and one more.
sub usb
{
	my ($controller) = @_;
	return ["[usb] controller = $controller", '', 'device usb type', $controller],
		['[usb] tablet = on', '', 'hmp info usb', qr/Product QEMU USB Tablet/],
		['[usb] keyboard = on', '', 'hmp info usb', qr/Product QEMU USB Keyboard/],
		['[disk "usb"] if = usb', 'file = usb.raw', 'hmp info usb', qr/Product QEMU USB MSD/];
}

accepted('VNC', {},
	['[display] type = vnc', '', 'qmp query-vnc service', "$run_dir/vnc.sock"],
	['[guest] clipboard = on', '', 'all virtserialport name', 'com.redhat.spice.0'],
	['[guest] clipboard = on', '', 'chardev vdagent', 'qemu-vdagent'],
	video('virtio'),
	['[video] resolution = 1920x1080', '', 'device video xres', 1920],
	['[video] resolution = 1920x1080', '', 'device video yres', 1080],
	['[video] heads = 16', '', 'device video max_outputs', 16],
	['[audio] type = none', '', 'device audio-device type', qr/^error: .*not found/],
	usb('qemu-xhci'));
accepted('VNC at an address', {},
	['[display] type = vnc', '', 'qmp query-vnc-servers 0.server.0.host', '127.0.0.1'],
	['[display] listen = 127.0.0.1:5901', '', 'qmp query-vnc service', 5901],
	['[display] options = password=on', '', 'qmp query-vnc auth', 'vnc'],
	video('cirrus'),
	['[audio] type = alsa', '', 'mapped audio-alsa', 'audio-alsa'],
	['[audio] model = ac97', '', 'device audio-device type', 'AC97'],
	usb('nec-usb-xhci'));
accepted('VNC at an IPv6 address', { says => qr/^(?:.*jack.*\n)*\z/i }, # which finds no server
	['[display] type = vnc', 'listen = [::1]:5902', 'qmp query-vnc-servers 0.server.0.host', '::1'],
	video('std'),
	['[video] resolution = 1024x768', '', 'device video xres', 1024],
	['[audio] type = jack', '', 'mapped audio-jack', 'audio-jack'],
	['[audio] model = es1370', '', 'device audio-device type', 'ES1370'],
	usb('usb-ehci'));
accepted('spice', {},
	['[display] type = spice', '', 'qmp query-spice enabled', 'true'],
	['[guest] clipboard = on', '', 'chardev vdagent', 'spicevmc'],
	video('qxl'),
	['[video] heads = 4', '', 'device video max_outputs', 4],
	['[video] resolution = 1024x768', '', 'device video xres', 1024],
	['[audio] type = spice', '', 'mapped audio-spice', 'audio-spice'],
	['[audio] model = hda', '', 'device audio-device type', 'hda-duplex'],
	['[usb] keyboard = on', '', 'hmp info usb', qr/Product QEMU USB Keyboard/],
	['[usb] redirect = 8', '', 'hmp info usb', qr/(?:USB Redir.*){8}/s]);
my $pulse = start_pulse();
accepted('spice at an address', {},
	['[display] type = spice', '', 'qmp query-spice enabled', 'true'],
	['[display] listen = [::1]:5930', '', 'qmp query-spice port', 5930],
	['[display] options = playback-compression=off', ''],
	video('vmware'),
	['[audio] type = pa', '', 'mapped audio-pa', 'audio-pa'],
	['[audio] model = sb16', '', 'device audio-device type', 'sb16'],
	usb('piix3-usb-uhci'),
	['[usb] redirect = 1', '', 'hmp info usb', qr/USB Redir/]);
kill 'KILL', $pulse;
waitpid $pulse, 0;
accepted('no display', {},
	['[display] type = none', '', 'qmp query-vnc enabled', 'false'],
	video('bochs'),
	['[video] resolution = 1024x768', '', 'device video xres', 1024],
	['[usb] tablet = off', '', 'hmp info usb', qr/\A(?!.*Tablet)/s],
	['[usb] host = 046d:c52b, 1-2.3', '', 'all usb-host hostport', ' 2.3']);
accepted('ramfb', {},
	video('ramfb'),
	['[audio] model = usb', 'type = alsa', 'device audio-device type', 'usb-audio']);
accepted('no graphics card', {}, ['[video] model = none', '', 'device video type', qr/^error: .*not found/]);

for (['aarch64', $aarch64], ['arm', $arm]) {
	my ($arch, $needs) = @$_;
	accepted("VNC, $arch", {},
		['[display] type = vnc', $needs, 'qmp query-vnc enabled', 'true'],
		['[video] heads = 2', '', 'device video type', 'virtio-gpu-pci'],
		['[disk "a"] if = usb', 'file = usb.raw', 'hmp info usb', qr/MSD.*Tablet.*Keyboard/s]);
	accepted("spice, $arch", {},
		['[display] type = spice', $needs, 'qmp query-spice enabled', 'true'],
		['[video] model = bochs', 'resolution = 800x600', 'device video type', 'bochs-display'],
		['[audio] model = hda', '', 'device audio-device type', 'hda-duplex'],
		['[guest] clipboard = on', '', 'chardev vdagent', 'spicevmc']);
}

# ---- displays that need somebody else ---------------------------------------------------------------------

# A viewer for spice-app, which keeps what it is to look at.
my $applications = '/srv/home/.local/share/applications';
spew('/srv/bin/viewer', "#!/bin/sh\necho \"\$1\" > /srv/tmp/viewed\n", 0755);
spew("$applications/viewer.desktop", "[Desktop Entry]\nType=Application\nName=viewer\nExec=/srv/bin/viewer %u\n");
spew("$applications/mimeapps.list", "[Default Applications]\nx-scheme-handler/spice+unix=viewer.desktop\n");
accepted('spice-app', { says => qr/^.*Launching display with URI: .*\n\z/ },
	['[display] type = spice-app', '', sub { wait_for(sub { -s 'viewed' }); slurp('viewed') },
		qr{^spice\+unix://.*sock$}],
	['[usb] redirect = 1', '', 'hmp info usb', qr/USB Redir/]);

accepted('curses', { terminal => 1, under => [qw(env TERM=xterm)] },
	['[display] type = curses', '[serial] type = null', 'terminal', qr/\e\[/]);

my $bus = start([qw(dbus-daemon --session --nofork --nopidfile --address=unix:path=/srv/tmp/bus)]);
wait_for(sub { -S 'bus' });
$ENV{DBUS_SESSION_BUS_ADDRESS} = 'unix:path=/srv/tmp/bus';
accepted('D-Bus', {},
	['[display] type = dbus', '',
		'run gdbus introspect --session --dest org.qemu --object-path /org/qemu/Display1/VM', qr/Name = 'vm'/],
	['[audio] type = dbus', '', 'mapped audio-dbus', 'audio-dbus'],
	['[guest] clipboard = on', '', 'chardev vdagent', 'qemu-vdagent']);
kill 'TERM', $bus;
finish($bus);

# Without a socket and a lock in the real /tmp.
my $xvfb = start([qw(Xvfb :99 -screen 0 1024x768x24 -nolisten tcp -nolisten unix -nolock -displayfd 1)]);
wait_for(sub { (slurp("/srv/tmp/$xvfb.out") // '') =~ /99/ });
$ENV{DISPLAY} = ':99';
for my $type (qw(gtk sdl)) {
	accepted($type, { under => [qw(env SDL_AUDIODRIVER=dummy)] },
		["[display] type = $type", '', "mapped ui-$type", "ui-$type"],
		['[display] full-screen = on', ''],
		['[display] options = window-close=off', ''],
		['[audio] type = sdl', '', 'mapped audio-sdl', 'audio-sdl'],
		$type eq 'gtk' ? ['[guest] clipboard = on', '', 'chardev vdagent', 'qemu-vdagent'] : ());
	accepted("$type with GL", {},
		['[display] gl = on', "type = $type", 'device video type', 'virtio-vga-gl'],
		['[video] model = virtio', '', 'device video type', 'virtio-vga-gl']);
}
kill 'TERM', $xvfb;
finish($xvfb);

# ---- paths with commas and blanks -------------------------------------------------------------------------

my $odd = '/srv/tmp/a, b=c';
mkdir $odd;
for (['own.bin', 'bios'], [$ipxe, 'kernel'], ['initrd.img', 'initrd'], ['virt.dtb', 'dtb']) {
	run_ok('cp', $_->[0], "$odd/$_->[1]");
}
spew("$odd/$_, x", "\0" x (1 << 20)) for qw(disk snapshot iso floppy);
run_ok(qw(qemu-img create -q -f qcow2), "$odd/base, x", '1M');
accepted('odd paths', { says => $virtiofsd_ends },
	['[vm] name = x, y=z', '', 'qmp query-name name', 'x, y=z'],
	["[machine] memory-file = $odd/memory", '', 'memory ram share', 'true'],
	["[firmware] code = $odd/bios", '', 'hmp info roms', qr{name="\Q$odd\E/bios"}],
	["[boot] kernel = $odd/kernel", ''],
	["[boot] initrd = $odd/initrd", ''],
	["[disk \"a\"] file = $odd/disk, x", 'format = raw', 'block disk-a inserted.file', "$odd/disk, x"],
	["[disk \"b\"] file = $odd/new, x.qcow2", 'size = 1M', 'block disk-b inserted.file', "$odd/new, x.qcow2"],
	["[disk \"c\"] backing = $odd/base, x", "backing-format = qcow2; file = $odd/newer, x.qcow2",
		'block disk-c inserted.backing_file', "$odd/base, x"],
	["[disk \"d\"] file = $odd/snapshot, x", 'format = raw; snapshot = on', 'block disk-d inserted.backing_file',
		"$odd/snapshot, x"],
	["[cdrom \"a\"] file = $odd/iso, x", '', 'block cdrom-a inserted.file', "$odd/iso, x"],
	["[floppy \"a\"] file = $odd/floppy, x", '', 'block floppy-a inserted.file', "$odd/floppy, x"],
	["[share \"a\"] path = $odd", '', 'device share-a-device mount_tag', 'a'],
	["[share \"b\"] path = $odd", 'type = virtiofs', 'device share-b-device tag', 'b'],
	["[display] listen = $odd/vnc", 'type = vnc', 'qmp query-vnc service', "$odd/vnc"],
	["[serial \"a\"] path = $odd/serial", 'type = unix', 'chardev serial-a',
		"disconnected:unix:$odd/serial,server=on"],
	["[serial \"b\"] type = unix", '', 'chardev serial-b', qr{/x, y=z/serial-b\.sock}],
	['[guest] agent = on', '', 'chardev agent', qr{/x, y=z/agent\.sock}],
	["[tpm] state = $odd/tpm", '', 'qmp query-tpm 0.model', 'tpm-crb'],
	["[monitor] qmp = $odd/qmp", '', sub { -S "$odd/qmp" }, 1],
	["[monitor] hmp = $odd/hmp", '', sub { -S "$odd/hmp" }, 1],
	["[monitor] gdb = $odd/gdb", '', sub { -S "$odd/gdb" }, 1]);
accepted('odd paths, aarch64', {},
	["[boot] kernel = $odd/kernel", '[vm] arch = aarch64', 'hmp info roms', qr{name="\Q$odd\E/kernel"}],
	["[boot] initrd = $odd/initrd", '', 'hmp info roms', qr{name="\Q$odd\E/initrd"}],
	["[boot] dtb = $odd/dtb", '', 'hmp info roms', qr/name="dtb"/],
	["[display] listen = $odd/spice", 'type = spice', sub { -S "$odd/spice" }, 1]);

# ---- nothing is left out ----------------------------------------------------------------------------------

# 'disk.if' and, where there are words to choose from, 'disk.if=nvme', of all the schema.
sub keys_and_words
{
	my ($section, @all);

	for (split /\n/, run_ok(qw(qemu-tapwrap --help-profile))) {
		$section = $1 if /^\[([\w-]+)/;
		my ($key, $words) = /^    (\S+) = (.*)$/ or next;
		push @all, "$section.$key", $words =~ /\|/ ? map { "$section.$key=$_" } split /\|/, $words : ();
	}
	return @all;
}

my $seen = rows_seen();
my %known = map { $_ => 1 } keys_and_words();
cmp_ok(scalar keys %known, '>', 150, 'the schema is known');
is_deeply([grep { !$seen->{$_} && !$unproven{$_} } sort keys %known], [], 'every key and word has a row or a reason');
is_deeply([grep { $seen->{$_} } sort keys %unproven], [], 'and not both');
is_deeply([grep { !$known{$_} } sort keys %unproven], [], 'a reason is for what is there');
diag("not proven in QEMU here: $_: $unproven{$_}") for sort keys %unproven;

done_testing();
