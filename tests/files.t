#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# Disk images that are missing are created as the profile says; what exists is never touched, and
# nothing half made is left.

use strict;
use warnings;
use Digest::SHA qw(sha256_hex);
use FindBin;
use lib "$FindBin::Bin/lib";
use World;
use Test::More;
use JSON::PP qw(decode_json);

my $before = host_state();
my $disks = '/srv/tmp/disks, and more'; # qemu-img takes a comma as it is
my $nic = "[machine]\naccel = tcg\n[nic]\ntype = tap\nifname = tap0\naddress = 192.168.50.1/24\n";

sub disk
{
	my ($id, $file, @more) = @_;
	return join "\n", "[disk \"$id\"]", "file = $file", @more, '';
}
sub image { return decode_json(run_ok(qw(qemu-img info --output=json), $_[0])) }
sub entries { my ($directory) = @_; opendir my $dir, $directory or return; return sort grep { !/^\.\.?$/ } readdir $dir }
sub fingerprint { my ($path) = @_; return join ' ', (stat $path)[1, 2, 7, 9], sha256_hex(slurp($path)) }

# No guest is needed.
install_stub("#!/bin/sh\nexit 0\n");
mkdir $disks;
spew('/srv/tmp/given.raw', 'x' x 65536);
run_ok(qw(qemu-img create -q -f qcow2 /srv/tmp/base.qcow2 5M));

# ---- what is created -----------------------------------------------------------------------------

my $all = profile(disk('root', "$disks/root.qcow2", 'size = 40G')
	. disk('data', "$disks/data.img", 'size = 10M')
	. disk('old', "$disks/old", 'format = vmdk', 'size = 3M', 'if = ide')
	. disk('layer', "$disks/layer.qcow2", 'backing = base.qcow2')
	. disk('larger', "$disks/larger.qcow2", 'backing = given.raw', 'size = 1G')
	. disk('given', 'given.raw', 'size = 7G') . $nic, 'all.ini');
my $given = fingerprint('given.raw');
my $base = fingerprint('base.qcow2');

{
	my (undef, $out) = run(['qemu-tapwrap', '--check', $all]);
	like($out, qr{^note: all.ini:1: .*root.qcow2 will be created$}m, '--check tells what will be created');
	(my $status, $out, my $err) = run(['qemu-tapwrap', '--dry-run', $all]);
	is("$status$err", '0', 'nor has --dry-run');
	like($out, qr{^\[ -e '\Q$disks\E/data\.img' \] \|\| \S*qemu-img create -q -f raw '\Q$disks\E/data\.img' 10485760$}m,
		'--dry-run: prints how an image is created, unless it is there');
	unlike($out, qr/qemu-img.*given\.raw'? \d/, '--dry-run: but not for what is there');
	is_deeply([entries($disks)], [], 'neither creates anything');

	run_ok(qw(ip tuntap add dev tap0 mode tap pi));
	($status) = run(['qemu-tapwrap', $all]);
	is(exited($status), 69, 'the tap cannot be had: 69');
	is_deeply([entries($disks)], [], 'and nothing is created');
	run_ok(qw(ip tuntap del dev tap0 mode tap));
	($status) = run([qw(qemu-tapwrap --set qemu.binary=/nowhere), $all]);
	is(exited($status), 127, 'there is no emulator: 127');
	is_deeply([entries($disks)], [], 'and nothing is created');
}
{
	my ($status, $out, $err) = run(['qemu-tapwrap', $all]);
	is("$status$out$err", '0', 'the images are created without a word');
	is_deeply([entries($disks)], [qw(data.img larger.qcow2 layer.qcow2 old root.qcow2)], 'these, and no other');
	my %image = map { $_ => image("$disks/$_") } entries($disks);
	my %expected = ('root.qcow2' => [qcow2 => 40 << 30], 'data.img' => [raw => 10 << 20],
		old => [vmdk => 3 << 20], 'layer.qcow2' => [qcow2 => 5 << 20], 'larger.qcow2' => [qcow2 => 1 << 30]);
	is_deeply([@{$image{$_}}{qw(format virtual-size)}], $expected{$_}, "$_: format and size")
		for sort keys %expected;
	is($image{'layer.qcow2'}{'full-backing-filename'}, '/srv/tmp/base.qcow2', 'layer: over the base');
	is($image{'layer.qcow2'}{'backing-filename-format'}, 'qcow2', 'layer: whose format it has noted');
	is($image{'larger.qcow2'}{'full-backing-filename'}, '/srv/tmp/given.raw', 'larger: over its own');
	is($image{'larger.qcow2'}{'backing-filename-format'}, 'raw', 'larger: whose format it has noted');
	cmp_ok((stat "$disks/$_")[12] * 512, '<', 1 << 20, "$_: takes no room yet") for entries($disks);
	state_settles($before, 'created: as before');
}
{
	my %there = map { $_ => fingerprint("$disks/$_") } entries($disks);
	my ($status, $out, $err) = run([qw(env PATH=/srv/bin qemu-tapwrap), $all]);
	is("$status$out$err", '0', 'second start: nothing to say, and qemu-img is not needed');
	is_deeply({ map { $_ => fingerprint("$disks/$_") } entries($disks) }, \%there,
		'second start: nothing is touched');
	is(fingerprint('given.raw'), $given, 'an image of another size neither');
	is(fingerprint('base.qcow2'), $base, 'nor a base');
}
{
	my $script = profile(disk('one', "$disks/by hand.qcow2", 'size = 2G')
		. disk('two', "$disks/layer by hand.qcow2", 'backing = base.qcow2'));
	my $text = run_ok(qw(qemu-tapwrap --dry-run), $script);
	run_ok('sh', spew('script.sh', $text));
	is(image("$disks/by hand.qcow2")->{'virtual-size'}, 2 << 30, 'script: creates an image');
	is(image("$disks/layer by hand.qcow2")->{'backing-filename'}, '/srv/tmp/base.qcow2', 'script: and a layer');
	my $there = fingerprint("$disks/by hand.qcow2");
	run_ok('sh', 'script.sh');
	is(fingerprint("$disks/by hand.qcow2"), $there, 'script: and leaves alone what is there');
	run_ok('rm', '-r', $disks);
	mkdir $disks;
}

# ---- what goes wrong -----------------------------------------------------------------------------

sub refused
{
	my ($name, $expected, $text, @command) = @_;
	my ($status, $out, $err) = run(\@command);
	is(exited($status), $expected, "$name: status $expected");
	like("$out$err", qr/^qemu-tapwrap: $text\n\z/, "$name: one line");
	state_settles($before, "$name: the network is as before");
	is_deeply([entries($disks)], [], "$name: nothing is left");
}

my $one = profile(disk('root', "$disks/root.qcow2", 'size = 40G') . $nic, 'one.ini');
my $place = qr/one\.ini:1: \[disk "root"\]/;
my $image = qr/\Q$disks\E\/root\.qcow2/;

refused('no qemu-img', 72, qr/one\.ini:2: \[disk "root"\] file: $image is missing, and so is qemu-img to create it: install it/,
	qw(env PATH=/srv/bin qemu-tapwrap), $one);
run_ok(qw(mount -t tmpfs -o ro tmpfs), $disks);
refused('read-only', 66, qr/one\.ini:2: \[disk "root"\] file: \Q$disks\E: Read-only file system/, 'qemu-tapwrap', $one);
run_ok('umount', $disks);
SKIP: {
	skip 'only root can become another user', 4 if !is_real_root();
	refused('not writable', 66, qr/one\.ini:2: \[disk "root"\] file: \Q$disks\E: Permission denied/,
		qw(setpriv --reuid=4711 --regid=4711 --clear-groups -- qemu-tapwrap), $one);
}
run_ok(qw(mount -t tmpfs -o size=64k tmpfs), $disks);
refused('disk full', 73, qr/$place: $image cannot be created: [^\n]*No space left on device/, 'qemu-tapwrap', $one);
run_ok('umount', $disks);
refused('no directory', 66, qr/--set: \[disk "root"\] file: \/srv\/tmp\/nowhere: No such file or directory/,
	'qemu-tapwrap', '--set', 'disk.root.file=/srv/tmp/nowhere/root.qcow2', $one);
my $layer = profile(disk('root', "$disks/root.qcow2", 'backing = given.raw', 'backing-format = qcow2') . $nic, 'one.ini');
refused('a base of another format', 73, qr/$place: $image cannot be created: [^\n]*not in qcow2 format[^\n]*/, 'qemu-tapwrap', $layer);

# ---- killed in the middle --------------------------------------------------------------------------

# qemu-img that has begun when the launcher is killed ends by itself: what it made has a name of its
# own, which says whose it is, and the next start is not disturbed by it.
$one = profile(disk('root', "$disks/root.qcow2", 'size = 40G') . $nic, 'one.ini');
spew('/srv/bin/qemu-img', "#!/bin/sh\necho \$\$ >/srv/tmp/qemu-img.pid\n"
	. "sleep 0.5\nexec /usr/bin/qemu-img \"\$@\"\n", 0755);
for my $signal (qw(KILL TERM)) {
	my $pid = start(['qemu-tapwrap', $one]);
	ok(wait_for(sub { slurp('qemu-img.pid') }), "$signal: qemu-img has begun");
	kill $signal, $pid;
	is(killed((finish($pid))[0]), $signal eq 'KILL' ? 9 : 15, "$signal: the launcher is gone");
	state_settles($before, "$signal: the network is as before");
	ok(wait_for(sub { !processes() }), "$signal: qemu-img ends by itself") or diag(processes());
	is_deeply([grep { !/^root\.qcow2\.$pid\.new$/ } entries($disks)], [],
		"$signal: at most a file root.qcow2.PID.new is left");
	unlink 'qemu-img.pid', "$disks/root.qcow2.$pid.new";
}
unlink '/srv/bin/qemu-img';
run_ok('qemu-tapwrap', $one);
is(image("$disks/root.qcow2")->{'virtual-size'}, 40 << 30, 'the next start creates it');

# ---- two at once -----------------------------------------------------------------------------------

unlink glob "'$disks/*'";
my $free = profile(disk('root', "$disks/root.qcow2", 'size = 40G') . "[machine]\naccel = tcg\n[nic]\ntype = none\n");
my @pids = map { start([qw(qemu-tapwrap --set), "vm.name=vm$_", $free]) } 1 .. 4;
is_deeply([map { join '', (finish($_))[0, 2] } @pids], [(0) x 4], 'four starts at once: all are content');
is_deeply([entries($disks)], ['root.qcow2'], 'four starts at once: one image');

done_testing();
