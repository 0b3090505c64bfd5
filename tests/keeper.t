#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# The keeper: what it is, and that its changes go whoever ends, in whatever order. Only if itself is
# killed they stay, and then the next start takes them over.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use World;
use Test::More;

our ($UID, @AS_USER);
require "$FindBin::Bin/lib/users.pl";
require "$FindBin::Bin/lib/taps.pl";

must_or_skip(is_real_root(), 'file capabilities and other users need real root');
set_up_user();
set_up_helper('allow tap* 192.168.0.0/16,fd00:5a17::/48');
install_stub($World::TAP_STUB);

my $helper = '/srv/libexec/qemu-tapwrap-helper';
my @addresses = qw(192.168.50.1/24 fd00:5a17::1/64);
my $profile = tap_profile(address => join(', ', @addresses), more => "mtu = 1400\n");
my $other = tap_profile(address => '192.168.60.1/24');

# A tap of the user, down, with nothing on it.
ip_batch("tuntap add dev tap0 mode tap user $UID");
spew('/proc/sys/net/ipv6/conf/tap0/addr_gen_mode', '1'); # no link-local address
ip_batch('link set dev tap0 up', 'link set dev tap0 down');
my $before = tap_state();
sub start_vm { return start_stub(@AS_USER, 'qemu-tapwrap', $_[0] // $profile) }
sub addresses { return join ' ', run_ok(qw(ip -o addr show dev tap0)) =~ /inet6? (\S+)/g }
sub accept_ra { return slurp('/proc/sys/net/ipv6/conf/tap0/accept_ra') + 0 }
sub no_keepers { return wait_for(sub { !keepers() }, 3) }

sub is_complete
{
	my ($name) = @_;
	my $link = run_ok(qw(ip link show tap0));
	return is(join(' ', addresses(), $link =~ /[<,](UP)[,>]/, $link =~ /(mtu \d+)/), "@addresses UP mtu 1400", $name);
}

# ---- what it is ----------------------------------------------------------------------------------------

{
	my $pid = start_vm();
	my ($keeper, @more) = keepers();
	is_deeply(\@more, [], 'one keeper');
	my $status = slurp("/proc/$keeper/status");
	my $open = descriptors($keeper);

	is(accept_ra(), 0, 'a router advertisement of the guest is not listened to');
	is_complete('the tap is complete');
	is(join(' ', map { s/:\[\d+\]//r } sort values %$open),
		'/dev/net/tun /dev/null /dev/null /dev/null socket socket',
		'it holds its socket, netlink and the tap');
	is(join(' ', map { $open->{$_} } 0 .. 2), '/dev/null /dev/null /dev/null', 'standard streams are nowhere');
	is(capabilities($keeper), join(' ', '0' x 16, '0000000000001000', '0' x 16, '0' x 16),
		'CAP_NET_ADMIN is permitted and not in effect');
	like($status, qr/^Uid:\t$UID\t$UID\t$UID\t$UID$/m, 'it is the user\'s');
	like($status, qr/^PPid:\t1$/m, 'a child of init');
	isnt((split ' ', slurp("/proc/$keeper/stat"))[5], (split ' ', slurp("/proc/$pid/stat"))[5], 'a session of its own');
	is(readlink("/proc/$keeper/cwd"), '/', 'its directory is /');
	is((stat "/proc/$keeper/environ")[4], 0, 'not dumpable');
	is(slurp("/proc/$keeper/environ"), '', 'and without environment');
	is(hex(($status =~ /^SigIgn:\t\w{8}(\w{8})$/m)[0]) & 0x4007, 0x4007, 'HUP, INT, QUIT and TERM are ignored');
	is(join(' ', children_of($pid)), '', 'QEMU has no child, and no zombie');
	is_deeply([sort map { s/:\[\d+\]//r } @{ descriptors($pid) }{ grep { $_ > 2 } keys %{ descriptors($pid) } }],
		['/dev/net/tun', 'socket'], 'QEMU holds the tap and the leash');
	my ($code, undef, $err) = run([@AS_USER, 'qemu-tapwrap', $profile]);
	is(exited($code), 75, 'a second start: status 75');
	like($err, qr/tap0 is in use by VM 'tap0' \(pid $pid, \Q$profile\E\)$/, 'and who has it');
	end_stub($pid);
	tap_settles($before, 'all is undone');
	ok(no_keepers(), 'and it has ended');
	is(accept_ra(), 1, 'router advertisements, too');
}

# ---- who ends, in whatever order ----------------------------------------------------------------------------

sub takes_over
{
	my ($name) = @_;
	my $pid = start_vm();
	is_complete("$name: taken over");
	end_stub($pid);
	tap_settles($before, "$name: and undone");
	return;
}

{
	my $pid = start_vm();
	my ($keeper) = keepers();
	kill $_, $keeper for qw(HUP INT QUIT TERM USR1 USR2 PIPE ALRM TSTP);
	is_complete('the keeper does not mind signals');
	kill 'TERM', $keeper, $pid;
	finish($pid);
	tap_settles($before, 'TERM to all');

	$pid = start_vm();
	($keeper) = keepers();
	kill 'KILL', $keeper;
	ok(no_keepers(), 'the keeper is killed');
	is_complete('and the VM goes on');
	end_stub($pid);
	is_complete('what is there stays when it ends');
	takes_over('the keeper was killed');

	$pid = start_vm();
	kill 'KILL', $pid, keepers();
	finish($pid);
	ok(no_keepers(), 'both are killed');
	is(accept_ra(), 0, 'router advertisements are still not listened to');
	$pid = start_vm($other);
	is(addresses(), '192.168.60.1/24', 'what the next VM does not want is gone at once');
	like(run_ok(qw(ip link show tap0)), qr/<.*UP.*mtu 1500/, 'the MTU, too, but not "up"');
	end_stub($pid);
	tap_settles($before, 'and all is as before');
	is(accept_ra(), 1, 'router advertisements, too');

	$pid = start_vm();
	kill 'KILL', $pid, keepers();
	finish($pid);
	my ($script) = (run([@AS_USER, 'qemu-tapwrap', '-n', $profile]))[1];
	like($script, qr/ip address del 192\.168\.50\.1\/24 dev tap0$/m, '--dry-run undoes it as well');
	# The stub in QEMU's place has no answers.
	my ($real) = grep { -x } map { "$_/qemu-system-x86_64" } qw(/usr/bin /usr/local/bin);
	my $check = (run([@AS_USER, qw(qemu-tapwrap --check --set), "qemu.binary=$real", $profile]))[1];
	like($check, qr/tap0 is there; what it lacks is added while the VM runs/, '--check sees that it is not whole');
	takes_over('both were killed');
}
{
	install_stub("#!/bin/sh\nsleep 300 &\n");
	my ($status) = run([@AS_USER, 'qemu-tapwrap', $profile]);
	is($status, 0, '-daemonize: QEMU\'s first process has ended');
	is_complete('and the tap is complete');
	my ($daemon) = map { /^(\d+): sleep/ } processes();
	kill 'KILL', $daemon;
	tap_settles($before, 'until the daemon ends');
	install_stub("#!/bin/sh\nexit 3\n");
	($status) = run([@AS_USER, 'qemu-tapwrap', $profile]);
	is(exited($status), 3, 'QEMU ends at once');
	tap_settles($before, 'and nothing is left');
	install_stub($World::TAP_STUB);
}

# ---- one VM after the other --------------------------------------------------------------------------------

{
	my @wrong;
	for my $round (1 .. 20) {
		my $pid = start_vm();
		push @wrong, "$round: " . addresses() if addresses() ne "@addresses";
		kill 'KILL', $pid; # and the next one does not wait
		my $next = start([@AS_USER, 'qemu-tapwrap', $profile]);
		finish($pid);
		wait_for(sub { (slurp("/proc/$next/comm") // '') eq "sleep\n" || !-d "/proc/$next/fd" }, 5);
		select undef, undef, undef, 0.02;
		push @wrong, "$round, next: " . addresses() . slurp("/srv/tmp/$next.err") if addresses() ne "@addresses";
		end_stub($next);
	}
	is_deeply(\@wrong, [], 'twenty times one VM right after the other: no undo is late');
	tap_settles($before, 'none is lost');

	my $pid = start_vm();
	my ($keeper) = keepers();
	kill 'STOP', $keeper;
	end_stub($pid);
	my ($status, undef, $err) = run([@AS_USER, 'qemu-tapwrap', $profile]);
	is(exited($status), 75, 'while a keeper is at work: status 75');
	like($err, qr/tap0 is in use by /, 'and why');
	my $next = start([@AS_USER, 'qemu-tapwrap', $profile]);
	select undef, undef, undef, 0.3;
	kill 'CONT', $keeper;
	ok(wait_for(sub { (slurp("/proc/$next/comm") // '') eq "sleep\n" }, 5), 'when it is done in time, the next one starts');
	is_complete('and has all');
	end_stub($next);
	tap_settles($before, 'as before');
}

# ---- others change the tap meanwhile -------------------------------------------------------------------------

{
	my $pid = start_vm();
	ip_batch('addr del 192.168.50.1/24 dev tap0', 'link set dev tap0 mtu 1300');
	end_stub($pid);
	ok(no_keepers(), 'somebody has removed an address: no matter');
	like(run_ok(qw(ip link show tap0)), qr/mtu 1300/, 'somebody\'s own MTU stays');
	ip_batch('link set dev tap0 mtu 1500');
	is(tap_state(), $before, 'all else is as before');

	$pid = start_vm();
	ip_batch('addr add 192.168.50.9/24 dev tap0');
	end_stub($pid);
	ok(no_keepers(), 'somebody has added an address of the same subnet');
	is(addresses(), '192.168.50.9/24', 'it stays');
	ip_batch('addr del 192.168.50.9/24 dev tap0');
	is(tap_state(), $before, 'all else is as before');

	ip_batch('addr add fd00:5a17:0:9::9/64 dev tap0 nodad', 'link set dev tap0 alias "of the LAN"');
	my $with = tap_state();
	$pid = start_vm();
	like(run_ok(qw(ip link show tap0)), qr/alias of the LAN$/m, 'an alias of others is left alone');
	end_stub($pid);
	tap_settles($with, 'an IPv6 address of others is there when the link is down again');
	ip_batch('link set dev tap0 alias ""', 'addr flush dev tap0');

	# An MTU below 1280 leaves no IPv6 on the link: with another one it gets that afresh.
	ip_batch('link set dev tap0 mtu 1000');
	$with = tap_state();
	$pid = start_vm();
	is(accept_ra(), 0, 'a link that gets IPv6 by its MTU is protected, too');
	end_stub($pid);
	tap_settles($with, 'and has none again');

	$pid = start_vm();
	ip_batch('link del tap0');
	end_stub($pid);
	ok(no_keepers(), 'the tap itself is gone: no matter');
}

# ---- the helper believes nobody -----------------------------------------------------------------------------------

# Asks the helper itself, as the user, for a RequestTap; returns status and text of its answer. What
# comes along with it is dropped.
sub ask_helper
{
	my (%tap) = @_;
	my ($mine, $its);
	socketpair($mine, $its, 1, 5, 0) or die "socketpair: $!"; # AF_UNIX, SOCK_SEQPACKET
	setsockopt($its, 1, 16, pack 'i', 1) or die $!;           # SO_PASSCRED
	my $pid = fork() // die "fork: $!";
	if (!$pid) {
		POSIX::dup2(fileno $its, 0);
		exec @AS_USER, $helper;
	}
	close $its;
	my $addresses = join '', map { pack 'CCxxC4x12', 4, $_->[4], @{$_}[0 .. 3] } @{ $tap{addresses} // [] };
	my $request = pack 'a16a16a16a16CCCCLCx7a160a40a320a48', $tap{ifname}, '', '', '', $tap{op} // 2, $tap{flags} // 0,
		scalar @{ $tap{addresses} // [] }, 0, $tap{mtu} // 0, $tap{queues} // 1, $addresses, '', '', '';
	send $mine, pack('LLLLa32a5184', 0x51545705, 1, 0, 1, 'vm', $request), 0;
	recv $mine, my $reply, 4096, 0;
	waitpid $pid, 0;
	my ($status, $text) = (unpack 'LLlllZ1500', $reply)[2, 5];
	return "$status $text";
}

{
	my $address = [192, 168, 50, 1, 24];
	my @kinds = (
		['nobody\'s', 'tuntap add dev tap0 mode tap', '77 tap0 does not belong to you'],
		['another user\'s', 'tuntap add dev tap0 mode tap user 1234', '77 tap0 does not belong to you'],
		['our group\'s', "tuntap add dev tap0 mode tap group $UID", '77 tap0 does not belong to you'],
		['ours, and another group\'s', "tuntap add dev tap0 mode tap user $UID group 1234",
			'77 tap0: TUNSETIFF on /dev/net/tun: Operation not permitted'],
		['multi-queue', "tuntap add dev tap0 mode tap user $UID multi_queue",
			'69 tap0 exists and differs from the profile: it is multi-queue'],
		['a bridge', 'link add tap0 type bridge', '69 tap0 is not a tap'],
		['a tun', "tuntap add dev tap0 mode tun user $UID", '69 tap0 is not a tap']);
	for (@kinds) {
		my ($name, $command, $answer) = @$_;
		ip_batch($command);
		my $state = tap_state();
		is(ask_helper(ifname => 'tap0', addresses => [$address]), $answer, "$name: $answer");
		is(tap_state(), $state, "$name: untouched");
		ip_batch('link del tap0');
	}
	is(ask_helper(ifname => 'tap0'), '75 tap0 was there until just now; try again', 'none of that name');
	ip_batch("tuntap add dev tap0 mode tap user $UID");
	my $state = tap_state();
	like(ask_helper(ifname => 'tap0', addresses => [[10, 0, 0, 1, 24]]), qr/^77 the policy does not allow it/,
		'an address outside the policy');
	is(ask_helper(ifname => 'tap0', flags => 2), '64 the request is not one that this helper knows',
		'a tap that is there cannot be asked to stay');
	is(tap_state(), $state, 'untouched');
	is(ask_helper(ifname => 'tap0', addresses => [$address]), '0 ', 'ours: completed');
	tap_settles($state, 'and undone, when nobody takes the leash');
	ok(no_keepers(), 'no keeper stays');
	ip_batch('link del tap0');
}

# ---- taps of every kind in one VM -----------------------------------------------------------------------------------

{
	install_stub(qq{#!/bin/sh\necho "\$*" >/srv/home/args\nexec sleep 300\n});
	ip_batch(map({ "tuntap add dev $_ mode tap user $UID" } qw(tap0 tap2 tap3)), 'link set dev tap2 up addrgenmode none',
		map { "link set dev $_ addrgenmode none" } qw(tap0 tap3));
	my $state = tap_state();
	my $pid = start_vm(profile("[nic \"a\"]\nifname = tap0\n[nic \"b\"]\nifname = tap1\naddress = 192.168.51.1/24\n"
		. "[nic \"c\"]\nifname = tap2\n[nic \"d\"]\nifname = tap3\naddress = 192.168.53.1/24\nmtu = 1300\n"));
	my $links = run_ok(qw(ip -o link));
	is(join(' ', map { $links =~ /: $_: <\S*\bUP\b\S* mtu (\d+)/ ? "$_ $1" : "$_ down" } map { "tap$_" } 0 .. 3),
		'tap0 1500 tap1 1500 tap2 1500 tap3 1300', 'incomplete, new and ready ones in one VM: all are up');
	my %tap = map { slurp("/proc/$pid/fdinfo/$_") =~ /^iff:\t(\S+)/m ? ($_ => $1) : () } keys %{ descriptors($pid) };
	is(join(' ', map { $tap{$_} // '?' } slurp('/srv/home/args') =~ /id=nic-\w,fd=(\d+)/g), 'tap0 tap1 tap2 tap3',
		'each card has its own');
	is(join(' ', scalar(keepers()), sort map { slurp("/proc/" . (keepers())[0] . "/fdinfo/$_") =~ /^iff:\t(\S+)/m }
		keys %{ descriptors((keepers())[0]) }), '1 tap0 tap3', 'one keeper has what it changed, and no more');
	end_stub($pid);
	tap_settles($state, 'all is undone');

	# The last one is refused by the kernel: what was done to the first is undone before the answer.
	spew('/proc/sys/net/ipv6/conf/tap3/disable_ipv6', '1');
	my ($status, undef, $err) = run([@AS_USER, 'qemu-tapwrap', profile("[nic \"a\"]\nifname = tap0\nmtu = 1300\n"
		. "[nic \"b\"]\nifname = tap1\n[nic \"d\"]\nifname = tap3\naddress = 192.168.53.1/24, fd00:5a17::1/64\n")]);
	is(exited($status), 69, 'one of several is refused: status 69');
	like($err, qr/: \[nic "d"\] address: the kernel refuses: Permission denied \(ipv6: IPv6 is disabled on this device\)$/,
		'and which, and why');
	is(tap_state(), $state, 'by then all is undone');
	ip_batch(map { "link del $_" } qw(tap0 tap2 tap3));
}

# ---- a real guest ---------------------------------------------------------------------------------------------------

{
	unlink '/srv/bin/qemu-system-x86_64';
	ip_batch("tuntap add dev tap0 mode tap user $UID", 'link set dev tap0 addrgenmode none');
	my $state = tap_state();
	my $guest = guest_profile();
	my $pid = start([@AS_USER, 'qemu-tapwrap', $guest, '--', '-pidfile', '/srv/home/pid', '-daemonize']);
	is((finish($pid))[0], 0, 'a real guest, -daemonize');
	ok(answers_ping('192.168.50.2', 60), 'it answers');
	is(scalar(keepers()), 1, 'with a keeper');
	my $daemon = slurp('/srv/home/pid') + 0;
	is(join(' ', children_of($daemon)), '', 'that is no child of QEMU');
	kill 'KILL', $daemon;
	tap_settles($state, 'it is killed, and all is undone');
	$pid = start([@AS_USER, 'qemu-tapwrap', $guest]);
	ok(answers_ping('192.168.50.2', 60), 'the next one answers');
	kill 'TERM', $pid, keepers();
	is((finish($pid))[0], 0, 'TERM to all ends it');
	tap_settles($state, 'and all is undone');
}

done_testing();
