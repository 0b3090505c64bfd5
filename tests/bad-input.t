#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# Profiles that are too much: one clear error each, in bounded time and memory. The bounds are
# generous, many times what it takes; without them some of these would go on for hours.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use World;
use Test::More;

my $seconds = 10;
my $memory = 256 * 1024; # KiB

# AddressSanitizer reserves terabytes of addresses.
my $limit = "ulimit -t $seconds" . (sanitized() ? '' : " && ulimit -v $memory");

sub checked
{
	my ($path) = @_;
	return run(['sh', '-c', "$limit && exec qemu-tapwrap --dry-run \"\$1\"", 'sh', $path],
		seconds => $seconds);
}

sub refused
{
	my ($name, $path, $wanted_status, @wanted) = @_;
	my ($status, $out, $err) = checked($path);

	is(exited($status), $wanted_status, "$name: status $wanted_status");
	is($err, join('', map { "qemu-tapwrap: $_\n" } @wanted), "$name: its lines");
	is($out, '', "$name: nothing on standard output");
}

sub accepted
{
	my ($name, $path) = @_;
	my ($status, $out, $err) = checked($path);

	is(exited($status), 0, "$name: status 0");
	is($err, '', "$name: no message");
}

# ---- what is no file to read ---------------------------------------------------------------------

sub includes
{
	my ($item) = @_;
	return profile("[vm]\ninclude = $item\n");
}

my $sparse = spew('sparse.ini', '');
truncate $sparse, 1 << 30 or die "truncate: $!";
refused('1 GiB', 'sparse.ini', 66, 'sparse.ini: is larger than 1 MiB');
my $vm = includes('sparse.ini');
refused('1 GiB included', $vm, 66, "$vm:2: [vm] include: /srv/tmp/sparse.ini: is larger than 1 MiB");

run_ok(qw(mkfifo fifo.ini));
$vm = includes('?fifo.ini');
refused('FIFO included', $vm, 66, "$vm:2: [vm] include: /srv/tmp/fifo.ini: is not a regular file");
mkdir 'directory.ini';
$vm = includes('directory.ini');
refused('directory included', $vm, 66,
	"$vm:2: [vm] include: /srv/tmp/directory.ini: is a directory, not a profile");
$vm = includes('/dev/zero');
refused('/dev/zero included', $vm, 66, "$vm:2: [vm] include: /dev/zero: is not a regular file");
symlink 'loop.ini', 'loop.ini';
refused('a link to itself', 'loop.ini', 66, 'loop.ini: Too many levels of symbolic links');

SKIP: {
	skip 'only root of the machine can become somebody else', 3 if !is_real_root();
	my $secret = spew('/srv/tmp/secret.ini', "[vm]\n", 0600);
	my ($status, $out, $err) = run([qw(setpriv --reuid 65534 --regid 65534 --clear-groups),
			'qemu-tapwrap', '--dry-run', $secret], seconds => $seconds);

	is(exited($status), 66, 'unreadable: status 66');
	is($err, "qemu-tapwrap: $secret: Permission denied\n", 'unreadable: its line');
	is($out, '', 'unreadable: nothing on standard output');
}

# ---- too much of it ------------------------------------------------------------------------------

my $vm_ini = '/srv/tmp/many.ini';

# What somebody gets who names the wrong file: the first hundred, and how many more.
sub refused_many
{
	my ($name, $text, $n, $wanted_first, $wanted_last) = @_;
	my ($status, $out, $err) = checked(profile($text, $vm_ini));
	my @lines = split /\n/, $err;

	is(exited($status), 65, "$name: status 65");
	is(scalar(@lines), 101, "$name: a hundred lines and one");
	is($lines[0], "qemu-tapwrap: $vm_ini:$wanted_first", "$name: the first");
	is($lines[99], "qemu-tapwrap: $vm_ini:$wanted_last", "$name: the last");
	is($lines[100], 'qemu-tapwrap: ... and ' . ($n - 100) . ' more', "$name: the rest");
}

accepted('a thousand drives', profile(
		"[vm]\nname = a\n" . join('', map { "[cdrom \"c$_\"]\nif = scsi\n" } 1 .. 1000), $vm_ini));
refused_many('5,000 sections', join('', map { "[disk \"d$_\"]\nif = scsi\n" } 1 .. 5000), 5000,
	'1: [disk "d1"]: needs file = PATH of the disk image',
	'199: [disk "d100"]: needs file = PATH of the disk image');
refused_many('10,000 unknown sections', join('', map { "[x$_]\n" } 1 .. 10000), 10000,
	'1: [x1]: no such section', '100: [x100]: no such section');
refused_many('9,999 keys', "[vm]\n" . join('', map { "k$_ = x\n" } 1 .. 9999), 9999,
	'2: [vm] k1: no such key', '101: [vm] k100: no such key');
refused_many('the same section, again and again', "[vm]\n" x 10000, 9999,
	'2: [vm] stands here a second time; the first is in line 1',
	'101: [vm] stands here a second time; the first is in line 1');
refused_many('not text', "\001\n" x 5000, 5001,
	' has no section; a profile begins with one, like [vm]',
	'99: the line holds a control character (a profile is plain text)');
refused('10,001 lines', profile("[vm]\n" . "\n" x 10000, $vm_ini), 65,
	"$vm_ini:10001: the file has more than 10000 lines");
refused('a million lines', profile("[vm]\n" . "\n" x 1_000_000, $vm_ini), 65,
	"$vm_ini:10001: the file has more than 10000 lines");

# ---- too many of them ----------------------------------------------------------------------------

my $too_many = '[vm] include: a profile is made of at most 100 files with 10000 lines together';

mkdir 'chain';
spew("chain/$_.ini", "[vm]\ninclude = " . ($_ + 1) . ".ini\n") for 0 .. 999;
spew('chain/1000.ini', "[machine]\nsmp = 1\n");
accepted('a chain of 100', 'chain/901.ini');
refused('a chain of 1,001', 'chain/0.ini', 65, "/srv/tmp/chain/99.ini:2: $too_many");

mkdir 'pairs';
spew("pairs/$_.ini", "[vm]\ninclude = " . ($_ + 1) . '.ini, ' . ($_ + 1) . ".ini\n") for 0 .. 39;
spew('pairs/40.ini', "[vm]\n");
my ($status, $out, $err) = checked('pairs/0.ini');
is(exited($status), 65, 'two in each of forty, a million millions: status 65');
like($err, qr{\Aqemu-tapwrap: /srv/tmp/pairs/\d+\.ini:2: \Q$too_many\E\n\z}, '... one line');

mkdir 'wide';
spew("wide/$_.ini", "[vm]\ninclude = " . join(', ', ('x.ini') x 100) . "\n") for 0 .. 99;
spew('wide/x.ini', "[vm]\n");
spew('wide.ini', "[vm]\ninclude = " . join(', ', map { "wide/$_.ini" } 0 .. 50) . "\n");
refused('5,000 includes', 'wide.ini', 65, "/srv/tmp/wide/0.ini:2: $too_many");

mkdir 'long';
spew("long/$_.ini", join('', map { "[cdrom \"a$_\"]\nif = scsi\n" } 1 .. 2500)) for 0 .. 9;
spew('long.ini', "[vm]\ninclude = " . join(', ', map { "long/$_.ini" } 0 .. 9) . "\n");
refused('50,000 lines included', 'long.ini', 65, "long.ini:2: $too_many");

spew('a.ini', "[vm]\ninclude = b.ini\n");
spew('b.ini', "[vm]\ninclude = ./c.ini\n");
spew('c.ini', "[vm]\ninclude = ../tmp/a.ini, b.ini\n");
refused('round in a circle', 'a.ini', 65,
	'/srv/tmp/c.ini:2: [vm] include: goes round in a circle: a.ini -> /srv/tmp/b.ini -> '
	. '/srv/tmp/c.ini -> a.ini',
	'/srv/tmp/c.ini:2: [vm] include: goes round in a circle: /srv/tmp/b.ini -> /srv/tmp/c.ini -> '
	. '/srv/tmp/b.ini');

done_testing();
