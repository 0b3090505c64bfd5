#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# --check and what it is made of: which firmware descriptor wins, and every kind of thing that can be
# wrong with a profile, its host or its QEMU, found without starting or changing anything.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use World;
use Test::More;
use IO::Socket::INET;
use JSON::PP;

my $inspect = '/srv/libexec/qemu-tapwrap-inspect';
my $helper = '/srv/libexec/qemu-tapwrap-helper';
my $policy = '/srv/etc/qemu-tapwrap/policy';
my $uid = 4711;
my @as_user = ('setpriv', "--reuid=$uid", "--regid=$uid", '--clear-groups', '--');
my ($qemu) = grep { -x } map { "$_/qemu-system-x86_64" } split /:/, $ENV{PATH};
my $before = host_state();

chmod 0755, '/srv/tmp';
mkdir '/srv/tmp/vms';
chmod 01777, '/srv/tmp/vms';

# ---- firmware descriptors -------------------------------------------------------------------------

my $config = '/srv/home/.config/qemu/firmware';

# A descriptor as packages have them; what is asked for differs from the plain one.
sub descriptor
{
	my ($file, %option) = @_;
	my $stem = $option{stem} // "/srv/tmp/fw/$file";
	my %mapping = (device => 'flash', executable => { filename => "$stem.code", format => $option{format} // 'raw' });

	$mapping{'nvram-template'} = { filename => "$stem.vars", format => 'raw' }
		if ($option{mode} // 'split') eq 'split';
	$mapping{mode} = $option{mode} if $option{mode};
	$mapping{device} = $option{device} if $option{device};
	spew("$stem.$_", '') for 'code', 'vars';
	unlink "$stem.vars" if $option{without_vars};
	return spew("$config/$file.json", encode_json({
		description => 'x', tags => [], mapping => \%mapping, 'interface-types' => $option{types} // ['uefi'],
		targets => [{ architecture => $option{arch} // 'x86_64', machines => $option{machines} // ['pc-q35-*', 'pc-i440fx-*'] }],
		features => $option{features} // [] }));
}

sub forget_descriptors { unlink glob "$config/*.json" }

sub firmware { my @asked = @_; return [run([$inspect, '--firmware', @asked])] }

sub takes
{
	my ($name, $asked, $file, $format, $smm) = @_;
	my $vars = $format && $format eq 'none' ? "\n" : "/srv/tmp/fw/$file.vars\nraw";
	my $code = $format && $format ne 'none' ? $format : 'raw';
	is_deeply(firmware(@$asked), [0, "/srv/tmp/fw/$file.code\n$code\n$vars\n" . ($smm // '') . "\n", ''], $name);
}

sub takes_none
{
	my ($name, $asked, $wanted) = @_;
	my ($status, $out, $err) = @{ firmware(@$asked) };
	is(exited($status), 72, "$name: status 72");
	is($out . $err, "$wanted\n", "$name: one line");
}

# What the packages of this machine have must not be seen here.
my @hidden = grep { -d } '/usr/share/qemu/firmware', '/etc/qemu/firmware';
if (!@hidden || run_ok($inspect, qw(--firmware x86_64 q35 plain))) {
	for (['x86_64', 'q35', 'plain'], ['x86_64', 'pc-q35-7.2,smm=on', 'secure'], ['aarch64', 'virt', 'plain']) {
		my ($status, $out, $err) = @{ firmware(@$_) };
		is($status, 0, "this machine's firmware for @$_: found") or diag $err;
		my ($code, undef, $vars, undef, $smm) = split /\n/, $out, -1;
		ok(-s $code && -s $vars, 'its files are there');
		is($smm, $_->[2] eq 'secure' ? 'smm' : '', 'it keeps its keys in system management mode, or has none');
	}
}
mkdir '/srv/empty';
run_ok('mount', '--bind', '/srv/empty', $_) for @hidden;

my $where = "$config, /etc/qemu/firmware, /usr/share/qemu/firmware";
takes_none('nothing installed', [qw(x86_64 q35 plain)],
	"no UEFI firmware for x86_64, machine q35, in $where; install ovmf or edk2-ovmf");
takes_none('nothing for aarch64', [qw(aarch64 virt secure)], 'no UEFI firmware with Secure Boot for aarch64, '
	. "machine virt, in $where; install qemu-efi-aarch64 or edk2-aarch64");
takes_none('an architecture nobody packages', ['s390x', '', 'plain'], "no UEFI firmware for s390x, in $where");

descriptor('60-b');
descriptor('50-a', features => ['verbose-dynamic', 'amd-sev']);
descriptor('40-secure', features => [qw(secure-boot enrolled-keys requires-smm)], machines => ['pc-q35-*']);
descriptor('45-no-keys', features => [qw(secure-boot requires-smm)]);
descriptor('30-arm', arch => 'aarch64', machines => ['virt-*']);
takes('the first of those that fit', [qw(x86_64 q35 plain)], '50-a');
takes('an alias with properties', ['x86_64', 'pc,usb=off', 'plain'], '50-a');
takes('a version', [qw(x86_64 pc-q35-7.2 plain)], '50-a');
takes('secure: with keys', [qw(x86_64 q35 secure)], '40-secure', 'raw', 'smm');
takes('another architecture', [qw(aarch64 virt plain)], '30-arm');
takes_none('a machine without any', [qw(x86_64 microvm plain)],
	"no UEFI firmware for x86_64, machine microvm, in $where; install ovmf or edk2-ovmf");
takes_none('secure on a machine without', [qw(x86_64 pc secure)],
	"no UEFI firmware with Secure Boot for x86_64, machine pc, in $where; install ovmf or edk2-ovmf");
descriptor('10-exact', machines => ['pc-q35-7.2']);
takes('a version by its name', [qw(x86_64 pc-q35-7.2 plain)], '10-exact');
takes('an alias is any version', [qw(x86_64 q35 plain)], '50-a');

for (
	['for BIOS', types => ['bios']], ['a memory mapping', device => 'memory'], ['one flash for both', mode => 'combined'],
	['files that are gone', without_vars => 1],
	['for encrypted guests', mode => 'stateless', features => [qw(amd-sev-snp intel-tdx)]])
{
	my ($name, %option) = @$_;
	descriptor('05-other', %option);
	takes("passed over: $name", [qw(x86_64 q35 plain)], '50-a');
}
descriptor('05-other', mode => 'stateless', format => 'raw');
takes('without settings', [qw(x86_64 q35 plain)], '05-other', 'none');
descriptor('05-other', format => 'qcow2');
takes('qcow2', [qw(x86_64 q35 plain)], '05-other', 'qcow2');
spew("$config/05-other.json", '');
takes('an empty file is none', [qw(x86_64 q35 plain)], '50-a');
my %malformed = ('{' => 'expected', '[]' => 'holds no JSON object', '{}' => 'has no list interface-types',
	'{"interface-types":["uefi"],"features":[],"mapping":{"device":"flash"},"targets":[]}'
		=> 'has no executable with filename and format',
	'{"interface-types":["uefi",7],"features":[],"mapping":{"device":"memory"},"targets":[1]}'
		=> 'has a target without architecture or machines');
for (sort keys %malformed) {
	spew("$config/05-other.json", $_);
	takes("malformed: $_", [qw(x86_64 q35 plain)], '50-a');
}
unlink "$config/05-other.json";
run_ok('mkfifo', "$config/05-other.json");
takes('a FIFO', [qw(x86_64 q35 plain)], '50-a');
unlink "$config/05-other.json";
{
	mkdir '/srv/tmp/system';
	run_ok('mount', '--bind', '/srv/tmp/system', '/usr/share/qemu/firmware') if -d '/usr/share/qemu/firmware';
	if (-d '/usr/share/qemu/firmware') {
		run_ok('cp', "$config/50-a.json", '/srv/tmp/system/20-system.json');
		takes('a system\'s descriptor', [qw(x86_64 q35 plain)], '50-a');
		spew("$config/20-system.json", '{');
		takes('hidden by a broken one of the user', [qw(x86_64 q35 plain)], '50-a');
		descriptor('20-system', machines => ['pc-i440fx-*']);
		takes('by one for another machine', [qw(x86_64 q35 plain)], '50-a');
		takes('which is used for that', [qw(x86_64 pc plain)], '20-system');
		run_ok('umount', '/usr/share/qemu/firmware');
	}
}
forget_descriptors();

# ---- findings ------------------------------------------------------------------------------------

my $n = 0;

# What --check says of a profile, which is called P there.
sub check
{
	my ($text, %option) = @_;
	my $path = $option{path} // spew('/srv/tmp/vms/vm' . ++$n . '.ini', $text, 0644);
	my @command = (@{ $option{as} // [] }, 'qemu-tapwrap', '--check', @{ $option{options} // [] }, $path);
	my ($status, @text) = run([@command, @{ $option{extra} // [] }], seconds => 30);

	s/\Q$path\E/P/g for @text;
	s/since \d{4}-\d\d-\d\d \d\d:\d\d/since T/ for @text;
	return (exited($status), @text);
}

sub errors
{
	my ($name, $text, $wanted_status, $wanted, %option) = @_;
	my ($status, $out, $err) = check($text, %option);

	is($status, $wanted_status, "$name: status $wanted_status");
	is($err, join('', map { "qemu-tapwrap: $_\n" } @$wanted), "$name: its lines");
	like($out, $option{out}, "$name: standard output") if $option{out};
	return $out;
}

my $quiet = "[machine]\naccel = tcg\n[display]\ntype = none\n";
my $alone = "${quiet}[nic]\ntype = none\n";
my $tap = "${quiet}[nic \"lan\"]\nifname = tap0\naddress = 192.168.50.1/24\n";

run_ok(qw(qemu-img create -q -f qcow2 /srv/tmp/vms/a.qcow2 1M));
{
	my ($status, $out, $err) = check("$tap\[disk \"root\"]\nfile = a.qcow2\n[disk \"new\"]\nfile = new.qcow2\nsize = 1M\n");
	is("$status$err", '0', 'a good profile: nothing is wrong');
	$out =~ s/QEMU \d\S+( \(.*?\))? has all \d+ /QEMU V has all N /;
	is($out, <<"END", 'and what was looked at');
ok: P: the profile is sound, its files are there
ok: P:6: [nic "lan"] ifname: tap0 is a free name
note: P:10: [disk "new"]: /srv/tmp/vms/new.qcow2 will be created
ok: helper: the taps can be had, with the privilege of root
ok: P:9: [disk "root"] file: is a qcow2 image
ok: $qemu: QEMU V has all N things that are asked of it
END
}

my $later = qr/\Anote: P: host and QEMU are looked at when the profile is sound\n\z/;
errors('mistakes', "[machine]\nmemroy = 1G\n[disk \"a\"]\nfile = none.qcow2\n[nic]\ntype = x\n", 65, [
	"P:2: [machine] memroy: no such key; did you mean 'memory'?",
	'P:4: [disk "a"] file: /srv/tmp/vms/none.qcow2: No such file or directory',
	"P:6: [nic] type: 'x' is not one of: tap, bridge, macvtap, user, passt, stream, dgram, socket, none"], out => $later);
errors('an address no host can have', "[nic]\naddress = 10.0.0.0/24\n", 65,
	["P:2: [nic] address: '10.0.0.0/24' cannot be the host's address here: it is the network's own address, not a host's"]);
errors('no profile', undef, 66, ['P: No such file or directory'], path => '/srv/tmp/none.ini');
errors('--set', $alone, 65, ["--set: [machine] memory: 'x' is not a size, like 512M or 4G"],
	options => ['--set', 'machine.memory=x'], out => $later);
errors('a missing file', "$alone\[disk \"a\"]\nfile = none.qcow2\n[qemu]\nargs = -device e1001\n", 66, [
	'P:8: [disk "a"] file: /srv/tmp/vms/none.qcow2: No such file or directory',
	"P:10: [qemu] args: this QEMU has no device e1001; did you mean 'e1000'?"]);

# ---- taps and the helper -----------------------------------------------------------------------------

run_ok(qw(ip link add tap0 type veth peer name lan0));
errors('a foreign interface', $tap, 69,
	['P:6: [nic "lan"] ifname: tap0 exists and is a veth, not a tap; choose another ifname']);
run_ok(qw(ip addr add 192.168.50.7/24 dev lan0));
run_ok(qw(ip link set lan0 up));
errors('the LAN', $tap =~ s/tap0/tap1/r, 69, ['P:7: [nic "lan"] address: 192.168.50.1/24 overlaps 192.168.50.7/24 on '
	. 'lan0; choose another subnet, or start as root with --force']);
run_ok(qw(ip link del tap0));
run_ok(qw(ip tuntap add dev tap0 mode tap));
run_ok(qw(ip link set tap0 up));
like(errors('a tap that lacks something', $tap, 0, []),
	qr/^ok: P:6: \[nic "lan"\] ifname: tap0 is there; what it lacks is added while the VM runs$/m, 'is ok');
run_ok(qw(ip addr add 192.168.50.1/25 dev tap0));
errors('a tap that differs', $tap, 69, ['P:6: [nic "lan"] ifname: tap0 exists and differs from the profile: its address '
	. 'is 192.168.50.1/25, not 192.168.50.1/24; correct it, or remove it with: ip link delete tap0']);
run_ok(qw(ip addr flush dev tap0));
run_ok(qw(ip addr add 192.168.50.1/24 dev tap0));
like(errors('a tap that is right', $tap, 0, []), qr/^ok: P:6: \[nic "lan"\] ifname: tap0 is there, and right$/m, 'is ok');
run_ok(qw(ip link del tap0));

rename $helper, '/srv/helper';
errors('no helper', $tap, 72, ["$helper: is missing; install it with: make install"]);
rename '/srv/helper', $helper;

{
	my $text = "$tap\[guest]\nagent = on\n";
	my $path = spew('/srv/tmp/vms/run.ini', $text);
	spew('/srv/tmp/stub', $World::TAP_STUB, 0755);
	my $pid = start(['qemu-tapwrap', '--set', 'qemu.binary=/srv/tmp/stub', $path]);
	wait_for(sub { has_link('tap0') && (slurp("/proc/$pid/comm") // '') eq "sleep\n" });
	my $inside = host_state();
	errors('the VM runs already', $text, 75, ["P:6: [nic \"lan\"] ifname: tap0 is in use by VM 'run' (pid $pid, P)",
		"/srv/run/qemu-tapwrap/run: VM 'run' is running already, since T (pid $pid, P)"], path => $path);
	is(host_state(), $inside, 'and goes on');
	kill 'KILL', $pid;
	finish($pid);
	state_settles($before, 'as before');
	like(errors('the VM ran', $text, 0, [], path => $path),
		qr{^ok: /srv/run/qemu-tapwrap/run: the VM is not running$}m, 'and does no longer');
}

# ---- firmware, programs, places ------------------------------------------------------------------------

errors('no firmware', "$alone\[firmware]\ntype = uefi\n", 72,
	["P:8: [firmware] type: no UEFI firmware for x86_64, machine q35, in $where; install ovmf or edk2-ovmf"]);
descriptor('50-a');
for (sort keys %malformed) {
	next if $_ eq '{';
	spew("$config/10-bad.json", $_);
	errors("a broken descriptor: $_", "$alone\[firmware]\ntype = uefi\n", 0,
		["warning: $config/10-bad.json: $malformed{$_}; it is passed over; correct it or remove it"],
		out => qr{^ok: P:8: \[firmware\] type: UEFI is /srv/tmp/fw/50-a.code\nnote: P:7: \[firmware\]: \S+/vm\d+ will be created$}m);
}
forget_descriptors();
{
	symlink $qemu, '/srv/only/qemu-system-x86_64' if mkdir '/srv/only';
	local $ENV{PATH} = '/srv/bin:/srv/only';
	errors('no qemu-img', "$alone\[disk \"a\"]\nfile = n.qcow2\nsize = 1G\n", 72, ['P:8: [disk "a"] file: '
		. '/srv/tmp/vms/n.qcow2 is missing, and so is qemu-img to create it: install it']);
	errors('no swtpm', "$alone\[tpm]\n", 72,
		['P:7: [tpm] type: swtpm is not in $PATH; install it, or take type = none']);
}
errors('no QEMU', "[vm]\narch = sparc\n$alone", 127,
	['qemu-system-sparc: is not in $PATH; install QEMU, or correct [vm] arch']);
spew('/srv/tmp/vms/not-executable', '', 0644);
errors('a QEMU that may not be executed', "$alone\[qemu]\nbinary = not-executable\n", 126,
	['/srv/tmp/vms/not-executable: you may not execute it']);

# ---- KVM, desktop ------------------------------------------------------------------------------------------

SKIP: {
	skip 'no other user to be', 6 if !is_real_root();
	make_kvm(0600);
	my $join = 'join the group that ls -l /dev/kvm shows, often kvm';
	my $text = "[display]\ntype = none\n[nic]\ntype = none\n[machine]\n";
	errors('kvm, else tcg', "${text}accel = kvm:tcg\n", 0,
		["warning: /dev/kvm: Permission denied: the VM will be slow; $join"], as => \@as_user);
	errors('kvm alone', "${text}accel = kvm\n", 1, ["/dev/kvm: Permission denied; $join"], as => \@as_user);
	errors('cpu = host without it', "${text}accel = kvm:tcg\ncpu = host\n", 1,
		["warning: /dev/kvm: Permission denied: the VM will be slow; $join",
		'P:7: [machine] cpu: host is for KVM only; take cpu = max'], as => \@as_user);
	run_ok(qw(umount /dev/kvm));
}
errors('no desktop', "[machine]\naccel = tcg\n[nic]\ntype = none\n[display]\ntype = curses\n", 0, []);
like((check("[machine]\naccel = tcg\n[nic]\ntype = none\n[display]\ntype = gtk\n"))[2],
	qr/^qemu-tapwrap: warning: P:6: \[display\] type: gtk needs a desktop, and there is none here; take vnc or spice/m, 'no desktop');

# ---- images --------------------------------------------------------------------------------------------------

sub image { my ($format, $file, @more) = @_; run_ok(qw(qemu-img create -q -f), $format, @more, "/srv/tmp/vms/$file", '1M') }

image($_, "of.$_") for qw(raw qcow2 vdi vhdx vmdk vpc qed);
image('vpc', 'fixed.vpc', qw(-o subformat=fixed));
for (qw(of.raw of.qcow2 of.vdi of.vhdx of.vmdk of.vpc of.qed fixed.vpc)) {
	my ($format) = /\.(.*)/;
	like(errors("$_: right", "$alone\[disk \"a\"]\nfile = $_\nformat = $format\n", 0, []),
		qr/^ok: P:8: \[disk "a"\] file: is a $format image$/m, 'is ok');
	errors("$_: as raw", "$alone\[disk \"a\"]\nfile = $_\nformat = raw\n", 0, ["warning: P:8: [disk \"a\"] file: "
		. "/srv/tmp/vms/$_ is taken as raw, but looks like $format; add format = $format"]) if $format ne 'raw';
}
errors('no qcow2', "$alone\[disk \"a\"]\nfile = of.raw\nformat = qcow2\n", 1,
	['P:8: [disk "a"] file: /srv/tmp/vms/of.raw is no qcow2 image; add format = raw']);
image('qcow2', 'layer.qcow2', qw(-b of.qcow2 -F qcow2));
my $layer = "$alone\[disk \"a\"]\nfile = layer.qcow2\n";
errors('a backing file', $layer, 0, []);
unlink '/srv/tmp/vms/of.qcow2';
errors('a backing file that is gone', $layer, 1, ['P:8: [disk "a"] file: its backing file /srv/tmp/vms/of.qcow2: '
	. 'No such file or directory; bring it back, or name the new place with qemu-img rebase -u']);

# ---- ports, sockets ---------------------------------------------------------------------------------------------

{
	my $user = "${quiet}[nic \"net\"]\ntype = user\nhostfwd = ";
	my $tcp = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 1) or die $!;
	my $udp = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Proto => 'udp') or die $!;
	my ($taken, $taken_udp) = ($tcp->sockport, $udp->sockport);
	my $busy = 'Address already in use; take another one; ss -lnp shows who has it';
	errors('hostfwd', "${user}$taken:22, udp:127.0.0.1:$taken_udp-:53, udp::$taken-:53, 5:6, 5:7\n", 1, [
		"P:7: [nic \"net\"] hostfwd: TCP port 127.0.0.1:$taken: $busy",
		"P:7: [nic \"net\"] hostfwd: UDP port 127.0.0.1:$taken_udp: $busy",
		'P:7: [nic "net"] hostfwd: TCP port 127.0.0.1:5 is asked for twice; take another one'],
		out => qr/^ok: P:7: \[nic "net"\] hostfwd: UDP port 0.0.0.0:$taken is free$/m);
	errors('a low port', "${user}80:80\n", 1, ['P:7: [nic "net"] hostfwd: TCP port 127.0.0.1:80: Permission denied; '
		. 'take a port from 1024 on'], as => \@as_user) if is_real_root();
	my $open = sub { "warning: P:$_[0]: whoever reaches $_[1] can use it, without a password; take 127.0.0.1, and reach it through ssh -L" };
	errors('open to all', "$alone\[serial \"a\"]\ntype = telnet\nlisten = 0.0.0.0:4321\n[monitor]\nqmp = 0.0.0.0:4322\n"
		. "hmp = [::]:4323\ngdb = 127.0.0.1:4324\n", 0, [
		$open->('9: [serial "a"] listen', '0.0.0.0:4321'), $open->('11: [monitor] qmp', '0.0.0.0:4322'),
		$open->('12: [monitor] hmp', '[::]:4323')], out => qr/^ok: P:12: \[monitor\] hmp: TCP port \[::\]:4323 is free$/m);
	errors('a wire to all', "${quiet}[nic \"a\"]\ntype = stream\nlisten = 0.0.0.0:4321\n[nic \"b\"]\ntype = dgram\n"
		. "listen = :$taken_udp\nconnect = :4322\n", 1, [
		$open->('7: [nic "a"] listen', '0.0.0.0:4321'),
		"P:10: [nic \"b\"] listen: UDP port 127.0.0.1:$taken_udp: $busy"],
		out => qr/^ok: P:7: \[nic "a"\] listen: TCP port 0\.0\.0\.0:4321 is free$/m);
	errors('passt and e1000', "${quiet}[nic \"a\"]\ntype = passt\nmodel = e1000\nhostfwd = $taken:22\n", 1, [
		"P:8: [nic \"a\"] hostfwd: TCP port 127.0.0.1:$taken: $busy",
		'warning: P:7: [nic "a"] model: passt of 2023 loses what the driver of an e1000 sends; take virtio-net-pci'],
		out => qr/^ok: P:5: \[nic "a"\]: \S*passt will serve it$/m);
	errors('VNC to all', "[machine]\naccel = tcg\n[nic]\ntype = none\n[display]\ntype = vnc\nlisten = 0.0.0.0:5999\n", 0,
		[$open->('7: [display] listen', '0.0.0.0:5999')]);
	errors('an address of others', "$alone\[monitor]\nqmp = 192.0.2.1:4322\n", 1, [
		'P:8: [monitor] qmp: TCP port 192.0.2.1:4322: Cannot assign requested address; take an address of this host',
		$open->('8: [monitor] qmp', '192.0.2.1:4322')]);
	errors('the address of its own tap', "$tap\[monitor]\nqmp = 192.168.50.1:4322\n", 0,
		[$open->('9: [monitor] qmp', '192.168.50.1:4322')]);
	errors('a socket nowhere', "$alone\[monitor]\nqmp = /none/a.sock\n", 1,
		['P:8: [monitor] qmp: /none: No such file or directory']);
}

# ---- devices of the host -------------------------------------------------------------------------------------------

SKIP: {
	skip 'no /sys/bus/pci/devices', 8 if !-d '/sys/bus/pci/devices';
	my $pci = '/srv/tmp/pci';
	for (['0000:01:00.0', 'e1000e'], ['0000:01:00.1', 'vfio-pci'], ['0000:01:00.2', 'vfio-pci', '12']) {
		my ($address, $driver, $group) = @$_;
		mkdir $pci;
		mkdir "$pci/$address";
		symlink "/none/$driver", "$pci/$address/driver";
		symlink "/none/$group", "$pci/$address/iommu_group" if $group;
	}
	run_ok('mount', '--bind', $pci, '/sys/bus/pci/devices');
	my $vfio = sub { "$alone\[vfio \"gpu\"]\nhost = $_[0]\n" };
	errors('no such device', $vfio->('02:00.0'), 1, ['P:8: [vfio "gpu"] host: there is no PCI device 0000:02:00.0; '
		. 'lspci -D shows those there are']);
	errors('another driver', $vfio->('01:00.0'), 1, ['P:8: [vfio "gpu"] host: 0000:01:00.0 is bound to e1000e, not to '
		. 'vfio-pci; bind it with: driverctl set-override 0000:01:00.0 vfio-pci']);
	errors('no IOMMU', $vfio->('01:00.1'), 1, ['P:8: [vfio "gpu"] host: 0000:01:00.1 is in no IOMMU group; allow the '
		. 'IOMMU (VT-d, AMD-Vi) in the firmware and the kernel']);
	errors('no access', $vfio->('01:00.2'), 1, ['P:8: [vfio "gpu"] host: /dev/vfio/12: No such file or directory'])
		if !-e '/dev/vfio/12';
	run_ok(qw(umount /sys/bus/pci/devices));
}

# ---- QEMU itself ---------------------------------------------------------------------------------------------------

errors('what QEMU does not have', <<'END', 1, [
[machine]
accel = tcg
type = q36,smm=off
cpu = Haswel,-vmx
[nic "lan"]
type = user
model = virtio-net-pcie
[display]
type = none
[qemu]
args = -object rng-randm,id=x -chardev sockt,id=y -device virtio-blk,drive=z
END
	"P:3: [machine] type: this QEMU has no machine q36; did you mean 'q35'?",
	"P:4: [machine] cpu: this QEMU has no CPU Haswel; did you mean 'Haswell'?",
	"P:7: [nic \"lan\"] model: this QEMU has no device virtio-net-pcie; did you mean 'virtio-net-pci'?",
	"P:11: [qemu] args: this QEMU has no object rng-randm; did you mean 'rng-random'?",
	"P:11: [qemu] args: this QEMU has no chardev sockt; did you mean 'socket'?",
	"-device e1001: this QEMU has no device e1001; did you mean 'e1000'?",
	"-netdev usr: this QEMU has no network backend usr; did you mean 'user'?",
	"-device unheard-of-by-anybody: this QEMU has no device unheard-of-by-anybody; $qemu -device help shows what it has"],
	extra => [split / /, '-- -device e1001,id=q -netdev usr,id=w -device driver=x --device unheard-of-by-anybody'],
	out => qr/^note: \Q$qemu\E: is QEMU \d/m);

# A QEMU that lacks modules, as it is on a server.
sub lacking
{
	my ($name, $text, $wanted, %answer) = @_;
	my $lists = join '', map { "*' -$_ help'*) printf '$answer{$_}';;\n" } grep { !/:/ } sort keys %answer;
	my $qmp = join '\n', '{"QMP":{"version":{"qemu":{"major":9,"minor":1,"micro":0},"package":""}}}',
		map { '{"return":' . $answer{$_} . ',"id":"' . s/://r . '"}' } grep { /:/ } sort keys %answer;
	spew('/srv/tmp/vms/qemu', "#!/bin/sh\ncase \" \$*\" in\n$lists*) printf '%b\\n' '$qmp';;\nesac\n", 0755);
	errors($name, "[qemu]\nbinary = qemu\n[nic]\ntype = none\n[machine]\naccel = tcg\n$text", 1, [@$wanted]);
}
lacking('no sockets', "[monitor]\nqmp = q.sock\n[serial \"a\"]\ntype = unix\npath = s.sock\n[guest]\nclipboard = on\n[display]\ntype = vnc\n", [
	"P:10: [serial \"a\"] type: this QEMU has no chardev socket; /srv/tmp/vms/qemu -chardev help shows what it has",
	"P:13: [guest] clipboard: this QEMU has no chardev qemu-vdagent; /srv/tmp/vms/qemu -chardev help shows what it has",
	"P:8: [monitor] qmp: this QEMU has no chardev socket; /srv/tmp/vms/qemu -chardev help shows what it has"],
	':chardevs' => '[{"name":"chardev-null"}]');
my $gui = 'install qemu-system-gui or qemu-ui-gtk';
local $ENV{DISPLAY} = ':0';
lacking('no GTK', "[display]\ntype = gtk\n", ["P:8: [display] type: this QEMU has no display gtk; $gui"],
	display => 'Types:\nnone\ncurses\n');
lacking('no Spice', "[display]\ntype = spice\nlisten = 127.0.0.1:5998\n",
	['P:8: [display] type: this QEMU has no display spice; install qemu-system-modules-spice or qemu-ui-spice-core'],
	':chardevs' => '[{"name":"chardev-socket"}]');
lacking('no PulseAudio', "[display]\ntype = vnc\n[audio]\ntype = pa\n",
	['P:10: [audio] type: this QEMU has no sound backend pa; install qemu-system-gui or qemu-audio-pa'],
	audiodev => 'Drivers:\nnone\n');
lacking('no TPM', "[tpm]\ntype = passthrough\npath = /dev/null\n[display]\ntype = none\n",
	["P:8: [tpm] type: this QEMU has no TPM backend passthrough; /srv/tmp/vms/qemu -tpmdev help shows what it has"],
	':tpms' => '["emulator"]');
lacking('no 3D', "[display]\ntype = egl-headless\n[video]\nmodel = qxl\n", [
	'P:10: [video] model: this QEMU has no device qxl-vga; install qemu-system-modules-spice or qemu-hw-display-qxl'],
	':devices' => '[{"name":"VGA"}, {"name":"e1000"}, {"name":"usb-tablet"}, {"name":"qemu-xhci"}]', display => 'egl-headless\n');
delete $ENV{DISPLAY};
{
	my $text = "[qemu]\nbinary = qemu\n$alone";
	my $said = sub { spew('/srv/tmp/vms/qemu', "#!/bin/sh\n$_[0]\n", 0755) };
	$said->('echo "fresh fish!"; cat /dev/null; echo more');
	errors('no QEMU at all', $text, 69, ["/srv/tmp/vms/qemu: is no QEMU that can be asked: it says 'fresh fish!'"]);
	$said->('head -c 20000000 /dev/zero | tr "\0" x');
	is((check($text))[0], 69, 'a flood: status 69');
	$said->('head -c 3000 /dev/urandom; echo; echo "{\"QMP\": [[[{\"return\": 7}]]]}"; echo "{\"id\": \"cpus\", \"return\": {}}"');
	is((check($text))[0], 69, 'garbage: status 69');
	$said->('echo "error while loading shared libraries" >&2; exit 127');
	errors('one that cannot run', $text, 69, ['/srv/tmp/vms/qemu: has no answer: error while loading shared libraries']);
	$said->('kill -SEGV $$');
	errors('one that crashes', $text, 69, ['/srv/tmp/vms/qemu: has no answer']);
	$said->('exec sleep 1000');
	my $started = time;
	errors('one that hangs', $text, 69, ['/srv/tmp/vms/qemu: does not answer; it was killed']);
	cmp_ok(time - $started, '<', 15, 'it does not take long');
	unlike(run_ok(qw(ps -e -o args)), qr/sleep 1000/, 'and it is gone') if -x '/bin/ps';
}

# ---- JSON ----------------------------------------------------------------------------------------------------------

{
	my ($status, $out, $err) = check("$tap\[disk \"a\"]\nfile = of.raw\nformat = qcow2\n", options => ['--json']);
	is("$status$err", 1, '--json: nothing on standard error');
	my $list = decode_json($out);
	is_deeply([map { $_->{severity} } @$list], [qw(ok ok ok error ok)], 'all findings');
	is_deeply($list->[3], { severity => 'error', place => 'P:9: [disk "a"] file', status => 1,
		text => '/srv/tmp/vms/of.raw is no qcow2 image', cure => 'add format = raw' }, 'an error');
	is_deeply($list->[1], { severity => 'ok', place => 'P:6: [nic "lan"] ifname', status => 0,
		text => 'tap0 is a free name', cure => undef }, 'and what is fine');
	($status, $out) = check("[vm]\nnam = \xff\"\\\n", options => ['--json']);
	is($status, 65, '--json: the profile is wrong');
	$list = decode_json($out);
	is_deeply([map { $_->{status} } @$list], [65, 0], 'and it is JSON');
	is_deeply([run(['qemu-tapwrap', '--json', 'x'])], [64 << 8, '', "qemu-tapwrap: --json goes with --check, --doctor, --list or --status\n"], '--json alone');
}

# ---- unprivileged ----------------------------------------------------------------------------------------------------

SKIP: {
	skip 'file capabilities and other users need real root', 9 if !is_real_root();
	run_ok(qw(mount -t tmpfs tmpfs /dev/net));
	run_ok(qw(mknod -m 666 /dev/net/tun c 10 200));
	local $ENV{XDG_RUNTIME_DIR} = '/srv/none';
	errors('no policy', $tap, 77, ['P:6: [nic "lan"] ifname: there is no policy file, so only root may make taps; an '
		. "administrator can add \"allow tap0 192.168.50.0/24\" to $policy"], as => \@as_user);
	spew($policy, "allow tap0 192.168.50.0/24\n", 0644);
	errors('no capability', $tap, 77, ["$helper: has no capability; an administrator can give it: setcap cap_net_admin=p $helper"],
		as => \@as_user);
	run_ok('setcap', 'cap_net_admin=p', $helper);
	like(errors('with policy and capability', $tap, 0, [], as => \@as_user),
		qr/^ok: helper: the taps can be had, with the privilege of the file capability of \Q$helper\E$/m, 'is ok');
	errors('outside the policy', $tap =~ s/50\.1/51.1/r, 77, ['P:7: [nic "lan"] address: the policy does not allow it; an '
		. "administrator can add \"allow tap0 192.168.51.0/24\" to $policy"], as => \@as_user);
	chmod 0600, '/dev/net/tun';
	errors('no /dev/net/tun', $tap, 77, ["$helper: /dev/net/tun: Permission denied; it is open to all on most systems: "
		. 'chmod 0666 /dev/net/tun'], as => \@as_user);
	run_ok('setcap', '-r', $helper);
	spew('/srv/secret.ini', '', 0600);
	errors('a profile of others', undef, 66, ['P: Permission denied'], path => '/srv/secret.ini', as => \@as_user);
	run_ok(qw(umount /dev/net));
}

# ---- nothing is changed, and nothing else is run -----------------------------------------------------------------------

is(host_state(), $before, 'the host is as it was');
{
	descriptor('50-a');
	my $files = sub { join '', grep { !m{^/srv/tmp(/\d+\.(out|err))? } }
		split /^/, run_ok(qw(find /srv -xdev -printf), '%p %m %s %T@\n') };
	my $path = spew('/srv/tmp/vms/all.ini', "$tap\[disk \"a\"]\nfile = fresh.qcow2\nsize = 1G\n[firmware]\ntype = uefi\n"
		. "[serial \"s\"]\ntype = unix\n[monitor]\nqmp = \${run_dir}/qmp.sock\n");
	my @command = ('qemu-tapwrap', '--check', $path);
	unlink glob '/srv/tmp/vms/vm*.ini';
	my $old = $files->();
	is((run(\@command))[0], 0, 'a profile that needs everything: fine');
	is($files->(), $old, 'no file is made');
}
SKIP: {
	skip 'the sanitizer cannot be traced', 3 if sanitized();
	my $executed = sub {
		run_ok(qw(strace -f -qq -s 99 -e trace=execve -o /srv/tmp/trace), @_);
		return slurp('/srv/tmp/trace');
	};
	spew('/srv/tmp/vms/true', "#!/bin/sh\nexit 0\n", 0755);
	my $path = spew('/srv/tmp/vms/plain.ini', "$tap\[qemu]\nbinary = true\n");
	unlike($executed->('qemu-tapwrap', $path), qr/inspect/, 'a start does without it');
	unlike($executed->('qemu-tapwrap', '--dry-run', $path), qr/inspect/, 'so does --dry-run');
	like($executed->('qemu-tapwrap', '--dry-run', '--set', 'firmware.type=uefi', $path), qr/execve\("\Q$inspect\E", \["\Q$inspect\E", "--firmware", "x86_64", "q35", "plain"\]/,
		'but for UEFI');
}
unlike(run_ok(qw(ldd /srv/bin/qemu-tapwrap)), qr/json|gio|gobject/, 'the launcher links nothing of it');

rename $inspect, '/srv/inspect';
is_deeply([run(['qemu-tapwrap', '--check', 'x.ini'])], [72 << 8, '', "qemu-tapwrap: $inspect is missing; install it with: make install\n"],
	'--check without it: status 72');
rename '/srv/inspect', $inspect;
is_deeply([run([$inspect])], [64 << 8, '', "qemu-tapwrap: which profile? Usage: qemu-tapwrap [OPTION...] PROFILE [-- QEMU-ARGUMENT...]\n"],
	'by itself: status 64');
is_deeply([run([$inspect, 'x.ini'])], [64 << 8, '', "qemu-tapwrap: qemu-tapwrap-inspect is started by qemu-tapwrap only\n"],
	'by itself, with a profile: status 64');
is(exited((run(['sh', '-c', 'exec qemu-tapwrap --check none.ini > /dev/full']))[0]), 66, 'a profile that is missing, and no place to print');
is(exited((run(['sh', '-c', 'exec qemu-tapwrap --check --json none.ini > /dev/full']))[0]), 74, 'no place to print: status 74');

# ---- --list-keys ---------------------------------------------------------------------------------------------------------

{
	my $keys = run_ok(qw(qemu-tapwrap --list-keys));
	like($keys, qr/^vm\.name\t$/m, '--list-keys: a key');
	like($keys, qr/^nic\.ID\.type\ttap bridge( \w+)* none$/m, 'its words');
	like($keys, qr/^machine\.hugepages\ton off$/m, 'a boolean');
	unlike($keys, qr/^\S+$/m, 'each with a tab');
}

state_settles($before, 'at the end the host is as it was');
done_testing();
