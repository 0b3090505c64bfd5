#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# A TPM: Linux talks to it, it remembers, and swtpm ends with the VM.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use World;
use Test::More;

require "$FindBin::Bin/lib/linux-guest.pl";
require "$FindBin::Bin/lib/companions.pl";

my ($kernel, @modules) = find_linux(qw(tpm_tis tpm_crb));
my @busybox = find_busybox();
must_or_skip($kernel && @busybox, 'no readable Linux kernel with a TPM driver, or no busybox');

my $before = host_state();
my $state = '/srv/home/.local/state/qemu-tapwrap';

# ---- Linux ---------------------------------------------------------------------------------------

# TPM2_ReadClock: how often it was reset is something a TPM remembers. Bytes 27 to 30 of the answer.
my $initramfs = make_initramfs(<<'END', \@busybox, @modules);
echo "
version=$(cat /sys/class/tpm/tpm0/tpm_version_major)"
echo "pcr=$(cat /sys/class/tpm/tpm0/pcr-sha256/0)"
exec 3<>/dev/tpm0
printf '\200\001\000\000\000\012\000\000\001\201' >&3
echo "resets=$(dd bs=4096 count=1 <&3 2>/dev/null | tail -c +27 | head -c 4 | od -An -t x1 | tr -d ' ')"
poweroff -f
END

sub boot
{
	my ($name, $sections) = @_;
	my ($status, $out, $err) = run(['qemu-tapwrap', linux_profile($kernel, $initramfs, $sections, '',
		'linux.ini')], seconds => 60);
	is(exited($status), 0, "$name: Linux boots and powers off, status 0") or diag($out, $err);
	is($err, '', "$name: nothing on standard error");
	nothing_left($before, $name);
	my %said = $out =~ /\b(\w+)=(\w+)/g;
	is($said{version}, 2, "$name: Linux sees a TPM 2.0");
	return \%said;
}

my $first = boot('first boot', "[tpm]\n");
like($first->{pcr}, qr/^[0-9A-F]{64}$/, 'first boot: it reads a PCR ...');
like($first->{pcr}, qr/[^0]/, 'first boot: ... into which the firmware has measured');
like($first->{resets}, qr/^[0-9a-f]{8}$/, 'first boot: it reads the clock');
my $second = boot('second boot', "[tpm]\nmodel = tpm-tis\n");
is(hex($second->{resets}), hex($first->{resets}) + 1, 'second boot: the TPM has counted the resets');
is($second->{pcr}, $first->{pcr}, 'second boot: the PCR is the same');

my $tpm = "$state/linux/tpm";
sub mode { my ($path) = @_; return sprintf '%o', ((stat $path)[2] // 0) & 07777 }
is(mode($tpm), '700', 'its memory is in a directory of the owner\'s');
is(mode("$tpm/tpm2-00.permall"), '600', 'and so is the file there');

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
[tpm]
END
my $tap = "[nic]\nifname = tap0\naddress = 192.168.50.1/24\n";
my $profile = profile($idle . $tap, 'idle.ini');
end_with_vm($before, $profile, 'swtpm');

# ---- while it runs -------------------------------------------------------------------------------

{
	my $pid = start_served('first', ['qemu-tapwrap', $profile], 'swtpm');
	my ($swtpm) = pid_of('swtpm');
	my $open = descriptors($swtpm);
	is_deeply([grep { m{/dev/net/tun|/run/} } values %$open], [], 'swtpm has neither tap nor lock');
	is_deeply([children_of($pid)], [], 'and QEMU no child');
	isnt((split ' ', slurp("/proc/$swtpm/stat"))[5], (split ' ', slurp("/proc/$pid/stat"))[5],
		'swtpm is in a session of its own');

	my ($status, undef, $err) = run(['qemu-tapwrap', $profile]);
	is(exited($status), 75, 'second start: 75, the tap is busy');
	is_deeply([pid_of('swtpm')], [$swtpm], 'second start: no second swtpm');
	($status, undef, $err) = run([qw(qemu-tapwrap --set nic.type=none), $profile]);
	is(exited($status), 75, 'second start without a tap: 75, the VM is running');
	like($err, qr/\Aqemu-tapwrap: VM '.*' is running already, since [-\d: ]+ \(pid \d+, .*\)\n\z/,
		'second start without a tap: one line');
	ok(wait_for(sub { pid_of('swtpm') == 1 }), 'second start without a tap: its swtpm is gone');
	is_deeply([pid_of('swtpm')], [$swtpm], 'the first goes on');
	is((slurp("/proc/$pid/stat") =~ /\) (\w)/)[0] =~ tr/RSD//, 1, 'and so does its VM');
	kill 'TERM', $pid;
	is(exited((finish($pid))[0]), 0, 'first: status 0');
	nothing_left($before, 'first');
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

install_stub("#!/bin/sh\nexit 0\n");
refused('no swtpm', 72, 'missing.ini:9: [tpm] type: swtpm is not in $PATH; install it, or take '
	. 'type = none', qw(env PATH=/srv/bin qemu-tapwrap), profile("$idle$tap", 'missing.ini'));
ok(!-e "$state/missing", 'no swtpm: nothing is made');
unlink '/srv/bin/qemu-system-x86_64';
{
	local $ENV{XDG_STATE_HOME} = '/proc/nowhere';
	refused('no place for its memory', 73, 'idle.ini:9: [tpm]: /proc/nowhere/qemu-tapwrap/idle/tpm '
		. 'cannot be created: No such file or directory', 'qemu-tapwrap', $profile);
}
{
	my $file = profile("${idle}state = file\n$tap");
	spew('file', 'not a directory');
	refused('a file in its place', 66, "$file:10: [tpm] state: /srv/tmp/file: is not a directory",
		'qemu-tapwrap', $file);
}
SKIP: {
	skip 'only root can become another user', 4 if !is_real_root();
	my $user = profile("${idle}state = of-root\n[nic]\ntype = none\n");
	mkdir 'of-root', 0755;
	refused('a directory of somebody else', 66, "$user:10: [tpm] state: /srv/tmp/of-root: Permission denied",
		qw(setpriv --reuid=4711 --regid=4711 --clear-groups -- qemu-tapwrap), $user);
}

done_testing();
