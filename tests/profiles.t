#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# Profiles at the command line: what is wrong is told at once with file and line, the status is the
# documented one, and the host is as it was. And how a profile, and what it names, is found.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use World;
use Test::More;

my $before = host_state();
my $usage = 'Usage: qemu-tapwrap [OPTION...] PROFILE [-- QEMU-ARGUMENT...]';

# ---- what is refused ----------------------------------------------------------------------------------------

sub refused
{
	my ($name, $arguments, $wanted_status, @wanted) = @_;
	my ($status, $out, $err) = run(['qemu-tapwrap', @$arguments], seconds => 5);

	is(exited($status), $wanted_status, "$name: status $wanted_status");
	is($err, join('', map { "qemu-tapwrap: $_\n" } @wanted), "$name: its lines");
	is($out, '', "$name: nothing on standard output");
}

# Each line is written as "N: text" for line N of the profile, or as ": text" for the whole; P: in
# the text is its path.
sub bad
{
	my ($name, $text, @wanted) = @_;
	my $path = profile($text);
	refused($name, [$path], 65, map { s/^(\d*): ?/$1 ? "$path:$1: " : "$path: "/er =~ s/ P:/ $path:/gr } @wanted);
}

refused('no profile', $_, 64, "which profile? $usage") for [], [''];
refused('two profiles', ['a', 'b'], 64,
	"one profile at a time; QEMU's own arguments follow a --. $usage");
refused('unknown option', ['--dry'], 64, 'Unknown option --dry');
refused('missing file', ['none.ini'], 66, 'none.ini: No such file or directory');
refused('missing name', ['none'], 66, 'none: no such file here, and no none.ini in '
	. '/srv/home/.config/qemu-tapwrap, /etc/xdg/qemu-tapwrap, /srv/etc/qemu-tapwrap');
mkdir 'directory.ini';
refused('directory', ['directory.ini'], 66, 'directory.ini: is a directory, not a profile');
run_ok(qw(mkfifo fifo.ini));
refused('FIFO', ['fifo.ini'], 66, 'fifo.ini: is not a regular file');
refused('/dev/zero', ['/dev/zero'], 66, '/dev/zero: is not a regular file');
spew('large.ini', '#' x (1 << 20) . "\n");
refused('larger than 1 MiB', ['large.ini'], 66, 'large.ini: is larger than 1 MiB');

bad('empty file', '', ': has no section; a profile begins with one, like [vm]');
bad('all at once, in order', <<'END',
[vmm]
[machine]
memroy = 2G
smp    = 010
name   = x
[nic "lan"]
ifname  = tap0
address = 10.0.0.300/24
address = 10.0.0.1/24
hostfwd = 2222:22
[disk "root"]
file = /tmp/a;b.qcow2
[display]
type = GTK
END
	"1: [vmm]: no such section; did you mean 'vm'?",
	"3: [machine] memroy: no such key; did you mean 'memory'?",
	"4: [machine] smp: '010' is not a number of CPUs, like 4 or 4,cores=2,threads=2",
	'5: [machine] name: no such key; it belongs in [vm]',
	"8: [nic \"lan\"] address: '10.0.0.300/24' is not an address with a prefix length, like 192.168.50.1/24",
	'9: [nic "lan"] address: stands a second time; the first is in line 8',
	'10: [nic "lan"] hostfwd: clashes with ifname in line 7; only user and passt forward ports: on a tap the guest is reached at its own address',
	"12: [disk \"root\"] file: a value with ';' or '#' must be in double quotes; a comment has a line of its own",
	"14: [display] type: 'GTK' is not one of: gtk, sdl, spice-app, vnc, spice, curses, egl-headless, dbus, none; did you mean 'gtk'?");
bad('one section twice', "[nic \"A\"]\n[vm]\n[nic \"a\"]\n",
	'3: [nic "a"] stands here a second time; the first is in line 1');
bad('id where none belongs', "[vm \"x\"]\n", '1: [vm "x"]: this section has no id; write [vm]');
bad("several, one without id: $_", "[$_]\n[$_ \"b\"]\n",
	"1: [$_]: there are several; give each an id: [$_ \"ID\"]") for 'cdrom', 'nic';
bad('carriage return inside a line', "[vm]\nname = a\rb\n",
	'2: the line holds a control character (a profile is plain text)');
bad('list without an item', "[nic]\naddress = ,\n", '2: [nic] address: has no value');
bad('one tap twice', "[nic \"a\"]\nifname = tap0\n[nic \"b\"]\nifname = tap0\n",
	'4: [nic "b"] ifname: tap0 is taken by P:2: [nic "a"] ifname');
bad('one MAC twice', "[nic \"a\"]\nmac = 52:54:00:00:00:01\n[nic \"b\"]\nmac = 52:54:00:00:00:01\n",
	'4: [nic "b"] mac: 52:54:00:00:00:01 is taken by P:2: [nic "a"] mac');
bad('name of 16 characters', "[nic]\nifname = sixteencharacter\n",
	"2: [nic] ifname: 'sixteencharacter': an interface name has at most 15 characters");
my $name = "an interface name is a letter, then letters, digits, '-' or '_', like tap0";
bad("name $_", "[nic]\nifname = $_\n", "2: [nic] ifname: '$_': $name")
	for 'tap%d', 'a/b', 'a b', 'tap.0', '-tap', '0tap', "t\xc3\xa9p";
bad('name of the kernel', "[nic]\nifname = all\n",
	"2: [nic] ifname: 'all': the kernel keeps this name for itself");
bad('name of others', "[nic]\nifname = vt-x\n", "2: [nic] ifname: 'vt-x': other software claims "
	. 'names that begin like this; tap0 or tw-myvm is safe');
my $unfit = 'cannot be the host\'s address here:';
bad("address $_->[0]", "[nic]\naddress = $_->[0]\n", "2: [nic] address: '$_->[0]' $unfit $_->[1]")
	for ['192.168.50.0/24', "it is the network's own address, not a host's"],
	['192.168.50.255/24', "it is the broadcast address, not a host's"],
	['10.0.0.1/5', 'the prefix length must be from /8 to /31'],
	['127.0.0.5/8', "127.0.0.0/8 is the host's own loopback"],
	['224.0.0.1/24', '224.0.0.0/4 is for multicast'],
	['::1/128', 'a /128 needs a peer, the guest\'s address'],
	['fe80::1/64', 'fe80::/10 is for link-local addresses'];
bad('address without prefix length', "[nic]\naddress = 10.0.0.1\n", "2: [nic] address: '10.0.0.1' is "
	. 'not an address with a prefix length, like 192.168.50.1/24');
bad('overlapping NICs', "[nic \"a\"]\nifname = ta\naddress = 10.0.0.1/8\n[nic \"b\"]\nifname = tb\n"
	. "address = 10.1.0.1/16\n", "6: [nic \"b\"] address: '10.1.0.1/16' overlaps the subnet of P:3: [nic \"a\"] address");
bad('what QEMU would refuse', "[machine]\ntype = q35,accel=tcg\n[disk \"a\"]\nfile = a.raw\nif = ide\n"
	. "readonly = on\n[boot]\nappend = quiet\n[serial]\ntype = unix\npath = /" . 'x' x 107 . "\n",
	'2: [machine] type: the accelerator has a key of its own, accel',
	'4: [disk "a"] file: /srv/tmp/a.raw: No such file or directory',
	'6: [disk "a"] readonly: an IDE disk cannot be read-only; take if = virtio or scsi',
	'8: [boot] append: goes with kernel, which is not given',
	"11: [serial] path: a socket's path has at most 107 bytes: /" . 'x' x 107);
bad('what QEMU would drop without a word', "[display]\ntype = none\n" . join('', map { "[serial \"$_\"]\ntype = null\n" } 1 .. 6),
	'11: [serial "5"]: the machine has room for 4 serial ports; take model = virtio');
bad('the same on arm', "[vm]\narch = aarch64\n[boot]\nkernel = /dev/null\n[serial \"a\"]\ntype = null\n[serial \"b\"]\n"
	. "type = null\nmodel = virtio\n[serial \"c\"]\ntype = null\n[audio]\ntype = alsa\nmodel = sb16\n",
	'10: [serial "c"]: the machine has room for 1 serial port; take model = virtio',
	'14: [audio] model: only x86_64 and i386 have an ISA bus for it');
bad('a sound card for a slow bus only', "[audio]\ntype = alsa\nmodel = usb\n[usb]\ncontroller = usb-ehci\n", '3: [audio] model: '
	. 'usb runs at full speed, which usb-ehci cannot; take another [usb] controller');
bad('file name that gives no VM name', "[vm]\nname = -x\n", "2: [vm] name: '-x' is not a VM name: at "
	. "most 64 bytes, no '/', no '-' or '.' in front, no blank at an end");

{
	my $path = profile("[disk \"a\"]\nfile = none.qcow2\n[boot]\nkernel = /none/vmlinuz\n[cdrom]\nfile = /srv/tmp\n");
	refused('files that are missing', [$path], 66,
		"$path:2: [disk \"a\"] file: /srv/tmp/none.qcow2: No such file or directory",
		"$path:4: [boot] kernel: /none/vmlinuz: No such file or directory",
		"$path:6: [cdrom] file: /srv/tmp: is a directory");
}

is(host_state(), $before, 'after all of these the host is as it was');

# ---- how a profile is found, and what its paths mean -----------------------------------------------------------

# The command line as --dry-run prints it, after the options that do not matter here.
sub command_line
{
	my (@arguments) = @_;
	my ($status, $out, $err) = run(['qemu-tapwrap', '--dry-run', @arguments]);
	is($status, 0, "@arguments: found") or diag $err;
	return $out;
}

{
	my $odd = "/srv/tmp/dot files, and 'more' #1;";
	mkdir $odd;
	spew("$odd/disk,one.qcow2", '');
	spew("$odd/real.ini", "[vm]\nname = linked\n[disk \"a\"]\nfile = disk,one.qcow2\nreadonly = on\n[nic]\ntype=none\n");
	spew('/srv/home/.config/qemu-tapwrap/.keep', '');
	symlink "$odd/real.ini", '/srv/home/.config/qemu-tapwrap/byname.ini';
	chdir '/';
	my $wanted = "'if=none,id=disk-a,file=/srv/tmp/dot files,, and '\\''more'\\'' #1;/disk,,one.qcow2,format=qcow2,readonly=on'";
	for (['byname'], ['/srv/home/.config/qemu-tapwrap/byname.ini'], ["$odd/real.ini"]) {
		like(command_line(@$_), qr/\Q$wanted\E/, 'a path is relative to the profile\'s real directory');
	}
	chdir $odd;
	like(command_line('real.ini'), qr/\Q$wanted\E/, 'from its own directory, too');
	symlink 'real.ini', 'plain';
	like(command_line('plain'), qr/\Q$wanted\E/, 'a file without a suffix');
	chdir '/srv/tmp';

	spew('/srv/tmp/xdg/qemu-tapwrap/sys.ini', "[vm]\nname = from-dirs\n[nic]\ntype=none\n");
	spew('/srv/etc/qemu-tapwrap/sys2.ini', "[vm]\nname = from-etc\n[nic]\ntype=none\n");
	local $ENV{XDG_CONFIG_DIRS} = '/none:/srv/tmp/xdg';
	like(command_line('sys'), qr/guest=from-dirs/, 'found in XDG_CONFIG_DIRS');
	like(command_line('sys2'), qr/guest=from-etc/, 'found in sysconfdir');
	local $ENV{XDG_CONFIG_HOME} = '/srv/tmp/xdg';
	like(command_line('sys'), qr/guest=from-dirs/, 'found in XDG_CONFIG_HOME');
	delete $ENV{HOME};
	like(command_line('sys'), qr/guest=from-dirs/, 'without HOME');
	$ENV{HOME} = '/srv/home';
}
{
	run_ok(qw(qemu-img create -q -f qcow2), '/srv/home/in home.qcow2', '1M');
	local $ENV{IMAGES} = '/srv/home';
	my $path = profile("[disk \"a\"]\nfile = ~/in home.qcow2\n[disk \"b\"]\nfile = \"\${IMAGES}/in home.qcow2\"\n");
	is(scalar(() = command_line($path) =~ m{file=/srv/home/in home.qcow2,}g), 2, '~/ and ${VAR}');
	is((run(['qemu-tapwrap', '--check', $path]))[0], 0, '--check: fine');
	delete $ENV{IMAGES};
	refused('variable not set', [$path], 65,
		"$path:4: [disk \"b\"] file: the variable IMAGES is not set");
}

# ---- several files, and --set -------------------------------------------------------------------------------------

{
	my $repository = '/srv/tmp/dotfiles';
	spew("$repository/base.ini", "[machine]\nmemory = 1G\nsmp = 1\n[nic \"lan\"]\ntype = none\n");
	my $laptop = spew("$repository/hosts/laptop.ini", "[vm]\ninclude = ../base.ini, ?none.ini\n[machine]\nsmp = 4\n");
	my $text = command_line($laptop);
	like($text, qr/-smp 4 .*-m 1024M/s, 'include: later wins, and a file that may be missing may');
	my $host = run_ok(qw(uname -n)) =~ s/\n//r;
	spew("$repository/host-$host.ini", "[machine]\nmemory = 2G\n");
	spew("$repository/vm.ini", "[vm]\ninclude = base.ini, ?host-\${hostname}.ini\n");
	like(command_line("$repository/vm.ini"), qr/-smp 1 .*-m 2048M/s, 'include: a file for each host');

	spew("$repository/base.ini", "[machine]\nmemory = lots\n[vmm]\n");
	refused('a mistake in an included file', [$laptop], 65,
		"$repository/base.ini:2: [machine] memory: 'lots' is not a size, like 512M or 4G",
		"$repository/base.ini:3: [vmm]: no such section; did you mean 'vm'?");
	spew("$repository/a.ini", "[vm]\ninclude = b.ini\n");
	spew("$repository/b.ini", "[vm]\ninclude = a.ini\n");
	refused('a circle', ["$repository/a.ini"], 65, "$repository/b.ini:2: [vm] include: goes round in a "
		. "circle: $repository/a.ini -> $repository/b.ini -> $repository/a.ini");
	spew("$repository/c.ini", "[vm]\ninclude = none.ini, \${NONE}/x.ini\n");
	refused('files that are missing', ["$repository/c.ini"], 65,
		"$repository/c.ini:2: [vm] include: $repository/none.ini: No such file or directory",
		"$repository/c.ini:2: [vm] include: the variable NONE is not set");
}
{
	my $path = profile("[machine]\nmemory = 1G\n[nic \"lan\"]\nifname = tap0\naddress = 192.168.50.1/24\n");
	like(command_line('--set', 'nic.lan.type=none', '--set', 'Machine.Memory=3G', $path),
		qr/-m 3072M(?!.*netdev)/s, '--set: over what the profile has');
	like(command_line('--set', 'nic.type=none', '--set', 'display.type=none', $path), qr/-display none/,
		'--set: the only section of its name needs no id; a missing one is added');
	my $form = 'is not SECTION[.ID].KEY=VALUE, like machine.memory=4G or nic.lan.type=none';
	refused('--set without a key', ['--set', 'memory=4G', $path], 65, "--set: 'memory=4G' $form");
	refused('--set, bad id', ['--set', 'nic.a,b.type=user', $path], 65, "--set: 'nic.a,b.type=user' $form");
	refused('--set, a line break', ['--set', "vm.name=a\nrm x", $path], 65, '--set: [vm] name: holds a control character');
	my $odd = profile("[nic]\n", "/srv/tmp/a\nrm x.ini");
	is(exited((run(['qemu-tapwrap', '--dry-run', $odd]))[0]), 65, 'a line break in a file\'s name is no VM name');
	refused('--set, include', ['--set', 'vm.include=x.ini', $path], 65, "--set: 'vm.include=x.ini': files are included before");
	refused('--set without a value', ['--set', 'nic.lan.type', $path], 65, "--set: 'nic.lan.type' $form");
	refused('--set, wrong value', ['--set', 'machine.memory=x', '--set', 'machine.memroy=1G', $path], 65,
		"--set: [machine] memroy: no such key; did you mean 'memory'?",
		"--set: [machine] memory: 'x' is not a size, like 512M or 4G");
	my $two = profile("[nic \"a\"]\n[nic \"b\"]\n");
	refused('--set, several sections', ['--set', 'nic.type=none', $two], 65,
		"--set: 'nic.type=none': there are several [nic]; name one by its id: nic.ID.type=VALUE");
	my $huge = profile("[machine]\nhugepages = on\n");
	refused('--set, a clash', ['--set', 'machine.memory-file=/mem', $huge], 65,
		"$huge:2: [machine] hugepages: clashes with memory-file in --set; memory-file = /dev/hugepages has them, too");
	my $over = profile("[vm]\ninclude = $huge\n[machine]\nmemory-file = /mem\n");
	refused('a clash between two files', [$over], 65,
		"$huge:2: [machine] hugepages: clashes with memory-file in $over:4; memory-file = /dev/hugepages has them, too");
	is(slurp($path), "[machine]\nmemory = 1G\n[nic \"lan\"]\nifname = tap0\naddress = 192.168.50.1/24\n",
		'the profile is not written to');
}
{
	local $ENV{XDG_CONFIG_HOME} = '/srv/tmp/list';
	local $ENV{XDG_CONFIG_DIRS} = '/srv/tmp/list2';
	spew('/srv/tmp/list/qemu-tapwrap/work.ini', '');
	spew('/srv/tmp/list2/qemu-tapwrap/work.ini', '');
	spew('/srv/tmp/list2/qemu-tapwrap/a longer name.ini', '');
	spew('/srv/tmp/list2/qemu-tapwrap/policy', '');
	unlike(run_ok('qemu-tapwrap', '--list-profiles'), qr{list2/qemu-tapwrap/work}, 'a better place hides another');
	like(run_ok('qemu-tapwrap', '--list-profiles'), qr{\Aa longer name  /srv/tmp/list2/qemu-tapwrap/a longer name.ini
.*^work           /srv/tmp/list/qemu-tapwrap/work.ini
}ms, '--list-profiles');
}

# ---- what comes from the schema -----------------------------------------------------------------------------

{
	for my $name ('myvm', 'a #1; vm') {
		my $path = spew('/srv/tmp/new.ini', run_ok('qemu-tapwrap', '--new', $name));
		is(exited((run(['qemu-tapwrap', '--check', $path]))[0]), 0, "--new '$name': nothing wrong");

		# With everything that stands there as a comment, too.
		my $all = slurp($path) =~ s/^#(?! )//mgr =~ s/^file = installer.iso$//mr;
		is(exited((run(['qemu-tapwrap', '--check', spew('/srv/tmp/all.ini', $all)]))[0]), 0,
			"--new '$name': nothing wrong with what it offers");
		like(command_line($path), qr/guest=\Q$name\E'? .*ifname=tap0/s, "--new '$name': sound");
	}
	refused('--new, bad name', ['--new', 'a/b'], 64, "'a/b' is not a VM name: at most 64 bytes, no '/', no "
		. "'-' or '.' in front, no blank at an end");
	my $nic = run_ok('qemu-tapwrap', '--help-profile', 'nic');
	like($nic, qr/^\[nic "ID"\]  a network card\n    type = tap\|bridge(\|\w+)*\|none\n/, '--help-profile nic');
	unlike($nic, qr/\[disk/, 'is about that section');
	like(run_ok('qemu-tapwrap', '--help-profile'), qr/\[vm\].*\[qemu\]/s, '--help-profile: all');
	refused('--help-profile, unknown', ['--help-profile', 'nics'], 64,
		"[nics]: no such section; did you mean 'nic'?");
}

# ---- help and version ---------------------------------------------------------------------------------------

{
	my ($status, $out, $err) = run(['qemu-tapwrap', '--help']);
	is("$status$err", '0', '--help: status 0');
	like($out, qr/^Usage:\n  qemu-tapwrap \[OPTION.*--dry-run/s, 'on standard output');
	is_deeply([run(['qemu-tapwrap', '--version'])], [0, "qemu-tapwrap 0.1\n", ''], '--version');
	($status, $out, $err) = run(['sh', '-c', 'exec qemu-tapwrap --version > /dev/full']);
	is(exited($status), 74, 'standard output full: status 74');
	is($err, "qemu-tapwrap: standard output: No space left on device\n", 'and a line');
}

done_testing();
