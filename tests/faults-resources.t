#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# A host that lacks something: memory, descriptors, processes, /proc, /sys, /dev/net/tun, nftables; a
# process that is stopped for a while; a clock that jumps. Either the VM starts and has all it should,
# or there are a documented status and one line, and the host is as before. A full disk is in
# tests/files.t, a full run directory in tests/run-directory.t.
# Of small limits a fixed share is tried; `make check-long` tries all.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use World;
use Test::More;
use Time::HiRes qw(sleep time);

our ($UID, @AS_USER, $DHCP_KEYS);
require "$FindBin::Bin/lib/dhcp.pl";
require "$FindBin::Bin/lib/errors.pl";
require "$FindBin::Bin/lib/users.pl";

must_or_skip(can_trace(), 'no process can be traced here');
plan skip_all => 'the sanitizers need more, and LeakSanitizer has words of its own in a traced process' if sanitized();
my ($cases, $leaks, $pauses) = (0, 0, 0);
my $profile = tap_profile(address => '192.168.50.1/24, fd00:5a17::1/64');
my $before = network();
my @command = (qw(qemu-tapwrap --set qemu.binary=/srv/bin/qemu-system-x86_64), $profile);
install_witness();
run_ok(@command);
is(leftovers($before), '', 'unharmed, all is undone');
my $wanted = slurp('/srv/tmp/seen');
sub see_again { run_ok(@_, @command); $wanted = slurp('/srv/tmp/seen'); return }

# What is wrong with a run, if anything, in words; and its status and standard error.
sub try_it
{
	my @how = @_;
	unlink '/srv/tmp/seen';
	my ($status, undef, $err) = run(\@how);
	my $why = verdict({}, $status, $err, $wanted);
	my $left = leftovers($before);
	$cases++;
	$leaks++ if $left;
	return ($why . $left, exited($status), $err);
}

# Is it refused in these words?
sub refused
{
	my ($name, $wanted_status, $words, @how) = @_;
	my ($why, $status, $err) = try_it(@how);
	is($why, '', "$name: one line, and the host as before");
	is($status, $wanted_status, "$name: status $wanted_status");
	like($err, qr/^qemu-tapwrap: .*$words/m, "$name: its line");
	return;
}

sub works
{
	my ($name, @how) = @_;
	my ($why, $status) = try_it(@how);
	is("$status$why", '0', "$name: the VM starts, and has all it should");
	return;
}

# ---- small limits ------------------------------------------------------------------------------------

# From the least with which the program can be loaded at all to that with which all works.
sub limits
{
	my ($name, $resource, $step, $first, @who) = @_;
	my ($limit, $passed, $tried, %statuses, @wrong) = ($first, 0, 0);

	$limit += $step while (run(['prlimit', "--$resource=$limit", '--', qw(qemu-tapwrap --version)]))[0] != 0;
	for (; $passed < 3; $limit += $step) {
		my ($why, $status, $err) = try_it('prlimit', "--$resource=$limit:", '--', @who, @command);
		# The dynamic linker has words of its own; and a shell, as the stub is, wants ten descriptors.
		my $is_other = $err =~ /error while loading shared libraries/ || $err =~ m{\A/bin/sh: 0: \d+: Invalid};
		$statuses{ $is_other ? 'that of others' : $status }++;
		$passed = $status eq '0' ? $passed + 1 : 0;
		push @wrong, "$limit: $why" if $why && !$is_other;
		last if ++$tried > 400;
	}
	ok(!@wrong && $tried <= 400, "$name: $tried limits up to $limit; " . join ', ', map { "status $_: $statuses{$_}" } sort keys %statuses)
		or diag join "\n", @wrong;
	return;
}

limits('memory', 'as', thorough() ? 8192 : 32768, 4 << 20);
limits('data', 'data', thorough() ? 4096 : 16384, 65536);
limits('descriptors', 'nofile', 1, 3);
{
	my $long = profile(slurp($profile) . ('#' x 99 . "\n") x 9000);
	refused('no memory for a long profile', 71, qr{failed to allocate \d+ bytes}, qw(prlimit --data=700000: --),
		@command[0 .. $#command - 1], $long);
}

# ---- what is not there -----------------------------------------------------------------------------------

# In mount namespaces of their own, after these commands.
sub where_mounted { my ($commands, @what) = @_; return ('unshare', '-m', 'sh', '-c', "$commands && exec \"\$@\"", 'sh', @what ? @what : @command) }

my $tun = 'mount -t tmpfs tmpfs /dev/net';
refused('no /dev/net/tun', 72, qr{/dev/net/tun: No such file or directory; load the module}, where_mounted($tun));
SKIP: {
	skip 'device nodes and other users need real root', 1 if !is_real_root();
	refused('a minor number of nobody', 72, qr{/dev/net/tun: No such device; load the module},
		where_mounted("$tun && mknod /dev/net/tun c 10 201"));
	refused('a file system without devices', 77, qr{/dev/net/tun: Permission denied},
		where_mounted('mount -o nodev -t tmpfs tmpfs /dev/net && mknod -m 666 /dev/net/tun c 10 200'));
	refused('another device', 71, qr{TUNSETIFF on /dev/net/tun: Inappropriate ioctl},
		where_mounted("$tun && mknod -m 666 /dev/net/tun c 1 3"));
	set_up_user();
	set_up_helper('allow tap* 192.168.0.0/16,fd00:5a17::/48');
	chmod 01777, '/srv/tmp';
	my $to_root = $wanted;
	see_again(@AS_USER);
	works('a user, and /proc with hidepid', where_mounted('mount -o remount,hidepid=2 /proc', @AS_USER, @command));
	refused('a user, and /dev/net/tun with mode 0', 77, qr{/dev/net/tun: Permission denied},
		where_mounted('chmod 0 /dev/net/tun', @AS_USER, @command));
	run_ok(qw(chmod 0666 /dev/net/tun));
	refused('a user who may have one process', 71, qr{qemu-tapwrap-helper: Resource temporarily unavailable},
		@AS_USER, qw(prlimit --nproc=1 --), @command);
	$wanted = $to_root;
}
refused('no /proc', 71, qr{/proc/sys/net}, where_mounted('mount -t tmpfs tmpfs /proc'));
refused('an empty /proc/sys', 71, qr{/proc/sys/net}, where_mounted('mount -t tmpfs tmpfs /proc/sys'));
refused('a read-only /proc/sys', 71, qr{/proc/sys/net/\S+: Read-only file system},
	where_mounted('mount --bind /proc/sys /proc/sys && mount -o remount,bind,ro /proc/sys'));
works('no /sys', where_mounted('mount -t tmpfs tmpfs /sys'));
works('nothing but read-only in /run, /var and /home', where_mounted('for i in /run /var /home; do mount -o ro -t tmpfs tmpfs $i; done'));

# A kernel without them is one that has no such socket.
spew("/proc/sys/net/$_", "1\n") for 'ipv4/ip_forward', 'ipv6/conf/all/forwarding';
my $nat = tap_profile(address => '192.168.50.1/24', more => "nat = on\n");
my @with_nat = (qw(qemu-tapwrap --set qemu.binary=/srv/bin/qemu-system-x86_64), $nat);
$before = network(); # which has what the host forwards in it
my ($nft) = grep { $_->{role} eq 'helper' && $_->{name} eq 'socket' && $_->{args} =~ /^10 \d+ c$/ } calls_of(@with_nat);
ok($nft, 'NAT asks nftables') && refused('no nftables', 69, qr{NAT: this kernel has no nftables; load them},
	at_call($nft, 'error=' . errno('EPROTONOSUPPORT'), @with_nat));
SKIP: {
	skip 'a small file system needs real root', 6 if !is_real_root();
	mkdir '/srv/home/.local';
	run_ok(qw(mount -t tmpfs -o size=4k tmpfs /srv/home/.local));
	my $seeded = profile("[vm]\nname = full\n[machine]\naccel = tcg\n[nic \"lan\"]\nifname = tap0\naddress = 192.168.50.1/24\n"
		. "[disk \"a\"]\nfile = \${state_dir}/a.qcow2\nsize = 1G\nformat = qcow2\n");
	refused('a full state directory', 73, qr{cannot be created: .*No space left}, @command[0 .. $#command - 1], $seeded);
	run_ok('mount', '-o', 'remount,ro', '/srv/home/.local');
	refused('a read-only state directory', 73, qr{Read-only file system}, @command[0 .. $#command - 1], $seeded);
	run_ok(qw(umount /srv/home/.local));
}

{
	my $with_disk = profile("[vm]\nname = tap0\n[machine]\naccel = tcg\n[nic \"lan\"]\nifname = tap0\naddress = 192.168.50.1/24\n"
		. "[disk \"a\"]\nfile = a.raw\nsize = 1M\n");
	my ($status, undef, $err) = run(['perl', '-e', '$SIG{CHLD} = "IGNORE"; exec @ARGV', @command[0 .. $#command - 1], $with_disk]);
	is("$status$err", '0', 'who starts it ignores SIGCHLD: helper and qemu-img are waited for all the same');
	unlink '/srv/tmp/a.raw';
}

# ---- clocks ----------------------------------------------------------------------------------------------------

# The time of day cannot be changed for one process; but none of ours asks for it to wait by it.
for my $program ('bin/qemu-tapwrap', 'libexec/qemu-tapwrap-helper') {
	my @clocks = run_ok('nm', '-D', '--undefined-only', "/srv/$program") =~ /\b(time|gettimeofday|g_get_real_time|g_get_current_time)\b/g;
	is_deeply(\@clocks, [], "$program does not ask for the time of day");
}
my ($has_time) = run([qw(unshare --time --monotonic 1000000000 true)]);
SKIP: {
	skip 'no time namespaces here', 1 if $has_time;
	see_again();
	works('the clock since the start jumps by 30 years', qw(unshare --fork --time --monotonic 1000000000 --boottime 1000000000), @command);
}

# ---- suspended ---------------------------------------------------------------------------------------------------

# Each at one call for longer than anybody waits for it; all at once, with taps of their own.
sub pause_all
{
	my ($role, $name, $ms, $statuses, @calls) = @_;
	my %pids;
	$before = network();
	unlink '/srv/tmp/seen';
	for my $i (0 .. $#calls) {
		my $one = tap_profile(ifname => "tap$i", address => '192.168.50.' . (8 * $i + 1) . "/29, fd00:5a17:$i\::1/64");
		$pids{ start([at_call($calls[$i], "pause=$ms", @command[0 .. $#command - 1], $one)]) } = $calls[$i];
	}
	for my $pid (keys %pids) {
		my ($status, undef, $err) = finish($pid);
		my $call = where($pids{$pid});
		$cases++;
		$pauses++;
		like(exited($status), qr/^(?:$statuses)$/, "$role $name: status $statuses at $call");
		like($err, $status ? qr/\Aqemu-tapwrap: \S[^\n]*\n\z/ : qr/\A\z/, '... and one line, unless it works');
	}
	my $left = leftovers($before);
	$leaks++ if $left;
	is($left, '', "$role $name: nothing is left");
	return;
}

my @calls = calls_of(@command);
sub some_of
{
	my ($role, $how_many) = @_;
	my @own = grep { $_->{role} eq $role && !$_->{start} } @calls;
	return map { $own[$_ * $#own / $how_many] } 1 .. $how_many - 1;
}
install_stub("#!/bin/sh\nexit 0\n");
pause_all('helper', 'for a second', 1000, '0', some_of('helper', 7));
# Its own limit is 5 seconds, and the launcher's 6.
pause_all('helper', 'for 7 seconds', 7000, '71|75', some_of('helper', 7));
pause_all('launcher', 'for 7 seconds', 7000, '0|71', some_of('launcher', 7));

# QEMU, keeper and dnsmasq stopped and woken again: nothing of it is an end, and the end is as usual.
install_stub($World::TAP_STUB);
ip_batch('tuntap add dev tap9 mode tap', 'link set dev tap9 addrgenmode none', 'link set dev tap9 up', 'link set dev tap9 down');
$before = network();
my $text = "ifname = tap9\naddress = 192.168.50.1/24\n";
$text .= $DHCP_KEYS if find_dnsmasq();
my $served = profile("[vm]\nname = served\n[machine]\naccel = tcg\n[nic \"lan\"]\n$text");
for my $whom ('QEMU', 'keeper', find_dnsmasq() ? 'dnsmasq' : ()) {
	my $pid = start_stub('qemu-tapwrap', $served);
	my ($victim) = $whom eq 'QEMU' ? $pid : $whom eq 'keeper' ? keepers() : servers();
	kill 'STOP', $victim;
	sleep 1;
	ok(has_link('tap9') && network() =~ /^address \d+ .* 11=51$/m, "$whom is stopped: all stays");
	kill 'CONT', $victim;
	sleep 0.1;
	kill 'STOP', $victim;
	end_stub($pid);
	kill 'CONT', $victim;
	my $left = leftovers($before);
	is($left, '', "$whom is stopped when QEMU ends, and woken: all is undone");
	$cases++;
	$pauses++;
	$leaks++ if $left;
}

diag("lacking: $cases cases, of which paused: $pauses, leaks: $leaks");
done_testing();
