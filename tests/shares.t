#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# Shares: Linux reads and writes directories of the host over 9p and virtiofs, and virtiofsd ends
# with the VM.

use strict;
use warnings;
use Digest::SHA qw(sha256_hex);
use FindBin;
use lib "$FindBin::Bin/lib";
use World;
use Test::More;
use File::Path qw(make_path);

require "$FindBin::Bin/lib/companions.pl";
require "$FindBin::Bin/lib/linux-guest.pl";
require "$FindBin::Bin/lib/server.pl";

my ($kernel, @modules) = find_linux(qw(virtio_pci 9pnet_virtio 9p virtiofs));
my @busybox = find_busybox();
must_or_skip($kernel && @busybox, 'no readable Linux kernel with 9p and virtiofs, or no busybox');
my ($virtiofsd) = grep { -x && !-d } qw(/usr/libexec/virtiofsd /usr/lib/virtiofsd/virtiofsd
	/usr/lib/virtiofsd /usr/lib/qemu/virtiofsd /usr/bin/virtiofsd);
must_or_skip($virtiofsd, 'no virtiofsd');

my $before = host_state();
# $P9 and $VIRTIOFS are tags. Of each share: the checksum of data, and twice data as back.
my $initramfs = make_initramfs(<<'END', \@busybox, @modules);
echo
IFS=,
list=$P9,$VIRTIOFS
for tag in $list; do
	type=virtiofs options=rw
	case ",$P9," in *",$tag,"*) type=9p options=trans=virtio,version=9p2000.L ;; esac
	mkdir -p /mnt/$tag
	mount -t $type -o "$options" $tag /mnt/$tag || continue
	sum=$(sha256sum < /mnt/$tag/data)
	echo "$tag-sum=${sum%% *}"
	cat /mnt/$tag/data /mnt/$tag/data > /mnt/$tag/back
	echo "$tag-write=$?"
	umount /mnt/$tag
done 2>&1
poweroff -f
END

sub share
{
	my ($id, $path, $more) = @_;
	return "[share \"$id\"]\npath = $path\n" . ($more // '');
}

# Makes a directory with a file that Linux is to read; returns its content.
sub fill
{
	my ($path) = @_;
	make_path("/srv/tmp/$path");
	my $data = random_bytes(300_001);
	spew("/srv/tmp/$path/data", $data);
	return $data;
}

# Boots; returns what Linux has said.
sub boot
{
	my ($name, $sections, $tags, @as) = @_;
	my $profile = linux_profile("/srv/tmp/vmlinuz", $initramfs, $sections, $tags);
	my ($status, $out, $err) = run([@as, 'qemu-tapwrap', $profile], seconds => 90);
	is(exited($status), 0, "$name: Linux boots and powers off, status 0") or diag($out, $err);
	# virtiofsd of QEMU 7 and older tells how QEMU hung up.
	is($err =~ s/^virtio_loop: Unexpected poll revents \d+\n//mgr, '',
		"$name: nothing else on standard error");
	nothing_left($before, $name);
	return { $out =~ /^([\w-]+)=(\w+)/mg };
}

sub read_and_written
{
	my ($guest, $tag, $path, $data, $uid) = @_;
	is($guest->{"$tag-sum"}, sha256_hex($data), "$tag: Linux reads a file, byte for byte");
	is($guest->{"$tag-write"}, 0, "$tag: it writes one");
	is(sha256_hex(slurp("$path/back") // ''), sha256_hex($data . $data),
		"$tag: the host has it, byte for byte");
	is((stat "$path/back")[4], $uid, "$tag: it belongs to user $uid");
}

# Not every kernel may be read by all.
run_ok('cp', $kernel, '/srv/tmp/vmlinuz');
run_ok(qw(chmod 0644 /srv/tmp/vmlinuz));

# ---- as root -------------------------------------------------------------------------------------

my %path = (plain => 'a share, with  blanks, and ,commas,', source => 'read only',
	fast => 'virtio, fs \\ or "so"', second => 'second');
my %data = map { $_ => fill($path{$_}) } keys %path;
my $virtiofs = share('fast', $path{fast}, "type = virtiofs\n")
	. share('second', $path{second}, "type = virtiofs\ntag = other\n");
{
	my $guest = boot('root', share('plain', $path{plain}, "security-model = mapped-file\n")
		. share('source', $path{source}, "readonly = on\n") . $virtiofs,
		'P9=plain,source VIRTIOFS=fast,other');
	read_and_written($guest, 'plain', $path{plain}, $data{plain}, 0);
	is($guest->{'source-sum'}, sha256_hex($data{source}), 'source: Linux reads a file, byte for byte');
	isnt($guest->{'source-write'} // 0, 0, 'source: it may not write');
	is_deeply([glob "'$path{source}/*'"], ["$path{source}/data"], 'source: and has not');
	read_and_written($guest, 'fast', $path{fast}, $data{fast}, 0);
	read_and_written($guest, 'other', $path{second}, $data{second}, 0);
}

# ---- as a user -----------------------------------------------------------------------------------

my @as_user = qw(setpriv --reuid=4711 --regid=4711 --clear-groups --);
SKIP: {
	skip 'only root can become another user', 1 if !is_real_root();
	skip 'no user namespaces for users here', 1 if (run([@as_user, qw(unshare -r true)]))[0] != 0;
	unlink map { "$_/back" } values %path;
	run_ok('chown', '-R', '4711:4711', values %path);
	my $guest = boot('user', share('plain', $path{plain}, "security-model = none\n") . $virtiofs,
		'P9=plain VIRTIOFS=fast,other', @as_user);
	read_and_written($guest, 'plain', $path{plain}, $data{plain}, 4711);
	read_and_written($guest, 'fast', $path{fast}, $data{fast}, 4711);
	read_and_written($guest, 'other', $path{second}, $data{second}, 4711);
}

# ---- every end -----------------------------------------------------------------------------------

my $idle = <<'END';
[machine]
accel = tcg
smp = 1
memory = 64M
[display]
type = none
[serial]
type = null
END
my $profile = profile("$idle$virtiofs\[nic]\nifname = tap0\naddress = 192.168.50.1/24\n");
end_with_vm($before, $profile, 'virtiofsd');

{
	my $pid = start_served('running', ['qemu-tapwrap', $profile], 'virtiofsd');
	for (pid_of('virtiofsd')) {
		is_deeply([grep { m{/dev/net/tun|/run/} } values %{descriptors($_)}], [],
			'virtiofsd has neither tap nor lock');
	}
	is_deeply([children_of($pid)], [], 'and QEMU no child');
	my ($status) = run(['qemu-tapwrap', $profile]);
	is(exited($status), 75, 'second start: 75, the tap is busy');
	kill 'TERM', $pid;
	is(exited((finish($pid))[0]), 0, 'status 0');
	nothing_left($before, 'running');
}

# ---- by hand -------------------------------------------------------------------------------------

# virtiofsd of QEMU 7 and older leaves a file in /run/virtiofsd, which is not to be the host's.
run_ok(qw(mount -t tmpfs -o mode=0755 tmpfs /run));
{
	my $both = profile($idle . "[tpm]\n$virtiofs\[nic]\nifname = tap0\n", 'by hand.ini');
	my @programs = ('swtpm', 'virtiofsd');
	my ($status, $script, $err) = run(['qemu-tapwrap', '--dry-run', $both]);
	is("$status$err", '0', '--dry-run: no complaint');
	my @script = ('sh', spew('script.sh', $script));
	for (1 .. 2) { # the second finds what the first has left
		my $pid = start(\@script);
		my $qemu;
		ok(wait_for(sub { ($qemu) = grep { handles_term($_) } map { /^(\d+): qemu-system/ } processes() }),
			"script, $_: QEMU has started") or diag(slurp("/srv/tmp/$pid.err"));
		is_deeply([running(@programs)], \@programs, "script, $_: @programs run");
		kill 'TERM', $qemu;
		is(exited((finish($pid))[0]), 0, "script, $_: status 0");
		nothing_left($before, "script, $_");
	}
	my $bad = spew('bad.sh', $script =~ s/-nodefaults/-no-such-option/r);
	($status, undef, $err) = run(['sh', $bad]);
	is(exited($status), 1, 'script with a bad argument: QEMU\'s status');
	nothing_left($before, 'script with a bad argument');
}

# ---- what goes wrong -----------------------------------------------------------------------------

sub refused
{
	my ($name, $expected, $text, @command) = @_;
	my ($status, $out, $err) = run(\@command);
	is(exited($status), $expected, "$name: status $expected");
	is("$out$err", "qemu-tapwrap: $text\n", "$name: one line");
	nothing_left($before, $name);
}

{
	my $missing = profile($idle . share('x', 'nowhere'));
	refused('no such directory', 66,
		"$missing:10: [share \"x\"] path: /srv/tmp/nowhere: No such file or directory",
		'qemu-tapwrap', $missing);
	my $file = profile($idle . share('x', 'vmlinuz'));
	refused('a file', 66, "$file:10: [share \"x\"] path: /srv/tmp/vmlinuz: is not a directory",
		'qemu-tapwrap', $file);
	my $fast = profile($idle . $virtiofs);
	run_ok(qw(mount --bind /dev/null), $virtiofsd);
	refused('no virtiofsd', 72, "$fast:11: [share \"fast\"] type: virtiofsd is not installed; "
		. 'install it, or take type = 9p', 'qemu-tapwrap', $fast);
	run_ok('umount', $virtiofsd);
}

done_testing();
