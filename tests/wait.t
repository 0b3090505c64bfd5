#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# --wait: beside a VM that starts, of one that runs, and with --status; guests that answer by IPv4
# or IPv6, or never, and VMs that end before.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use World;
use Test::More;
use IO::Socket::INET;
use JSON::PP qw(decode_json);
use Time::HiRes qw(sleep time);

require "$FindBin::Bin/lib/linux-guest.pl";
require "$FindBin::Bin/lib/pty.pl";

my ($kernel, @modules) = find_linux(qw(e1000 ipv6));
my @busybox = find_busybox();
must_or_skip($kernel && @busybox, 'no readable Linux kernel, or no busybox');

my $before = host_state();
my $root = '/srv/run/qemu-tapwrap';
my $NIC = "ifname = tap0\naddress = 192.168.50.1/24\nguest-address = 192.168.50.2\nguest-setup = none\n";
my $n_vms = 0;

sub verb
{
	my @words = @_;
	my $start = time;
	my ($status, $out, $err) = run(['qemu-tapwrap', @words], seconds => 60);
	return (exited($status), $out, $err, time - $start);
}

sub state_of { my ($name) = @_; return ((verb('--status', $name))[1] =~ /^state     (.*)$/m)[0] // 'off' }

# A guest of firmware only, which has no address.
sub silent
{
	my ($name, $nic, $more) = @_;
	return profile("[vm]\nname = $name\n[machine]\naccel = tcg\nsmp = 1\nmemory = 64M\n[display]\ntype = none\n"
		. "[serial]\ntype = null\n[nic]\n" . ($nic // $NIC) . ($more // ''), "$name.ini");
}

sub all_is_gone
{
	my ($name, $pid) = @_;
	kill 'KILL', $pid;
	finish($pid);
	nothing_left($before, $name);
}

# ---- one that answers ------------------------------------------------------------------------------------

# iPXE answers ARP, and resets what nobody listens to.
{
	my $profile = guest_profile(nic => $NIC, path => 'guest.ini');
	my ($later, $out_of_reach) = (start([qw(qemu-tapwrap --status --wait --json guest)]), start([qw(qemu-tapwrap --status --wait=1 never)]));
	my ($status, $out, $err) = finish($out_of_reach);
	is(exited($status) . $out, '69', '--status --wait=1 of a VM that nobody starts: status 69');
	is($err, "qemu-tapwrap: VM 'never' is not running, after 1 s\n", 'and a line');

	my $pid = start(['qemu-tapwrap', '--wait', $profile]);
	$n_vms++;
	ok(wait_for(sub { (slurp("/srv/tmp/$pid.err") // '') =~ /\n/ }, 60), 'it answers');
	like(slurp("/srv/tmp/$pid.err"), qr/^qemu-tapwrap: VM 'guest' answers at 192\.168\.50\.2, \d+\.\d s after the start\n\z/, 'which is told');
	ok(answers_ping('192.168.50.2', 2), 'and so');
	is_deeply([children_of($pid)], [], 'QEMU has no child');
	ok(wait_for(sub { !grep { /--await/ } processes() }), 'who has told is gone');
	($status, $out, $err) = finish($later);
	is(exited($status) . $err, '0', '--status --wait, from before the start: status 0');
	is_deeply([map { $_->{name}, $_->{pid}, $_->{guests} } decode_json($out)], ['guest', $pid, ['192.168.50.2']], 'and what --status tells');

	($status, $out, $err, my $took) = verb('--wait', $profile);
	is("$status$out $err", "0 qemu-tapwrap: VM 'guest' answers at 192.168.50.2\n", '--wait of one that runs: it only waits');
	cmp_ok($took, '<', 8, 'and not long');
	($status, $out, $err) = verb('--status', '--wait=20', $profile);
	is("$status$err", '0', '--status --wait by its profile');
	like($out, qr/^name      guest\nstate     running\n/, 'as --status');

	# The kernel has only heard of it, or somebody has written it down: it has to answer now.
	run_ok(qw(ip neigh replace 192.168.50.2 dev tap0 nud stale lladdr), '52:54:00:00:00:01');
	kill 'STOP', $pid;
	($status, $out, $err) = verb('--wait=1', $profile);
	is("$status$out$err", "69qemu-tapwrap: VM 'guest' has not answered at 192.168.50.2 within 1 s\n", 'a stale neighbour does not count');
	run_ok(qw(ip neigh replace 192.168.50.2 dev tap0 nud permanent lladdr), '52:54:00:00:00:01');
	is((verb('--wait=1', $profile))[0], 69, 'nor does a fixed one');
	kill 'CONT', $pid;
	run_ok(qw(ip neigh del 192.168.50.2 dev tap0));
	is((verb('--wait=30', $profile))[0], 0, 'it goes on, and answers');
	all_is_gone('guest', $pid);
}

# A Linux with one of the two addresses that it could have.
{
	my $initramfs = make_initramfs(<<'END', \@busybox, @modules);
ip link set eth0 up
[ -z "$V6" ] && ip addr add 192.168.50.2/24 dev eth0 || ip addr add fd00:5a17::2/64 dev eth0
echo up
sleep 600
END
	for (['IPv4', '', '192.168.50.2'], ['IPv6', 'V6=1', 'fd00:5a17::2']) {
		my ($name, $append, $address) = @$_;
		my $profile = linux_profile($kernel, $initramfs, "[vm]\nname = linux\n[serial]\ntype = file\npath = serial.log\n[nic]\nifname = tap0\n"
			. "address = 192.168.50.1/24, fd00:5a17::1/64\nguest-address = 192.168.50.2, fd00:5a17::2\nguest-setup = none\n", $append, 'linux.ini');
		my $pid = start(['qemu-tapwrap', '--wait=120', $profile]);
		$n_vms++;
		ok(wait_for(sub { (slurp("/srv/tmp/$pid.err") // '') =~ /\n/ }, 60), "Linux, $name: it answers");
		like(slurp("/srv/tmp/$pid.err"), qr/^qemu-tapwrap: VM 'linux' answers at \Q$address\E, \d+\.\d s after the start\n\z/, 'at that address');
		all_is_gone('linux', $pid);
	}
}

# ---- those that do not ----------------------------------------------------------------------------------

{
	my $pid = start(['qemu-tapwrap', '--wait=1', silent('silent')]);
	$n_vms++;
	ok(wait_for(sub { (slurp("/srv/tmp/$pid.err") // '') =~ /\n/ }), 'the time is over');
	is(slurp("/srv/tmp/$pid.err"), "qemu-tapwrap: VM 'silent' has not answered at 192.168.50.2 within 1 s\n", 'one line');
	is(state_of('silent'), 'running', 'and the VM goes on');
	my $other = start([qw(qemu-tapwrap --status --wait silent)]);
	ok(wait_for(sub { grep { /--status/ } processes() }), 'one waits');
	sleep 0.5;
	kill 'KILL', $pid;
	finish($pid);
	my ($status, $out, $err) = finish($other);
	is(exited($status) . "$out $err", "69 qemu-tapwrap: VM 'silent' has ended, and did not answer at 192.168.50.2 before\n",
		'a VM that ends before: status 69, one line');
	nothing_left($before, 'silent');
}
{
	my $pid = start(['qemu-tapwrap', '--wait', silent('short')]);
	ok(wait_for(sub { state_of('short') eq 'running' }), 'it runs');
	$n_vms++;
	ok(scalar(grep { /--await/ } processes()), 'one waits beside it');
	my ($waiter) = map { /^(\d+):.*--await/ ? $1 : () } processes();
	is_deeply([grep { !m{^/dev/null$|^/srv/tmp/$pid\.} && !/socket:/ } map { descriptors($waiter)->{$_} } sort keys %{ descriptors($waiter) }], [],
		'and holds neither tap nor lock');
	kill 'TERM', $pid;
	my ($status, $out, $err) = finish($pid);
	is(exited($status), 0, 'QEMU is ended: status 0');
	ok(wait_for(sub { !processes() }), 'the waiter ends with it');
	nothing_left($before, 'short');
}

# ---- together with a supervisor, and on a terminal ---------------------------------------------------------

{
	my ($pid, $terminal) = start_on_pty(qw(qemu-tapwrap --wait=2), silent('both', $NIC, "[hooks]\npost-stop = echo bye\n"));
	$n_vms++;
	my $seen = '';
	while ($seen !~ /within 2 s\r\n/ && sysread $terminal, my $part, 4096) { $seen .= $part }
	like($seen, qr/\rwaiting for VM 'both' to answer at 192\.168\.50\.2:   0 s .*  1 s .*\r\033\[Kqemu-tapwrap: VM 'both' has not answered at 192\.168\.50\.2 within 2 s\r\n/s,
		'on a terminal it counts, and clears its line');
	my ($status) = verb(qw(--stop --now both));
	is($status, 1, '--stop');
	while (sysread $terminal, my $part, 4096) { $seen .= $part }
	waitpid $pid, 0;
	is($? >> 8, 0, 'status 0');
	like($seen, qr/\nbye\r\n\z/, 'the hook');
	nothing_left($before, 'both');
}

# ---- what cannot be ------------------------------------------------------------------------------------

for (['user-mode networking', "type = user\n"], ['no guest-address', "ifname = tap0\naddress = 192.168.50.1/24\n"]) {
	my ($name, $nic) = @$_;
	my $profile = silent('unknown', $nic);
	my ($status, $out, $err) = verb('--wait', $profile);
	my $why = 'no address of the guest that is known; [nic] guest-address = ADDRESS tells it';
	is("$status$out $err", "69 qemu-tapwrap: --wait: VM 'unknown' has $why\n", "$name: refused, in one line");
	my $pid = start(['qemu-tapwrap', $profile]);
	$n_vms++;
	ok(wait_for(sub { state_of('unknown') eq 'running' }), 'it runs without');
	($status, $out, $err) = verb(qw(--status --wait unknown));
	is("$status$out $err", "69 qemu-tapwrap: VM 'unknown' has $why\n", 'and --status --wait says the same');
	all_is_gone($name, $pid);
}
SKIP: {
	skip 'no namespaces for users here', 4 if (run([qw(unshare -Urn true)]))[0] != 0;
	my $pid = start(['qemu-tapwrap', '--rootless', '--wait=1', silent('apart')]);
	$n_vms++;
	ok(wait_for(sub { (slurp("/srv/tmp/$pid.err") // '') =~ /\n/ }), 'rootless: one waits inside');
	is(slurp("/srv/tmp/$pid.err"), "qemu-tapwrap: VM 'apart' has not answered at 192.168.50.2 within 1 s\n", 'and tells');
	my ($status, $out, $err) = verb(qw(--status --wait apart));
	is("$status$out $err", "69 qemu-tapwrap: VM 'apart' is in a network of its own, as of --rootless; start it with --wait to be told\n",
		'from outside it cannot be seen');
	all_is_gone('rootless', $pid);
}
for (
	[[qw(--wait=x guest)], 64, '--wait takes seconds, up to 86400, like --wait=60'],
	[[qw(--list --wait)], 64, '--wait goes with a start or --status'])
{
	my ($words, $wanted, $line) = @$_;
	my ($status, $out, $err) = verb(@$words);
	is("$status $out$err", "$wanted qemu-tapwrap: $line\n", "@$words");
}

print "# $n_vms VMs, nothing left of any\n";
done_testing();
