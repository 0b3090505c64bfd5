#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# A persistent tap that is there already, in every combination of what is compared: it is attached
# as it is, completed while the VM runs, or refused with all that differs. Before and afterwards it
# is the same. A stub stands in QEMU's place.
#
# There are 2880 combinations for each of two users. `make check-long` tries all; otherwise, for
# each of the outcomes, so many that any two values that lead to it occur together.

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
ip_batch('link add br0 type bridge');

# ---- the rules, once more -------------------------------------------------------------------------

my %property = (
	owner => [qw(mine other none)], group => [qw(mine other none)], up => [0, 1], pi => [0, 1],
	mq => [0, 1], vnet => [0, 1], bridge => [0, 1], mtu => [1400, 1500],
	address => [qw(none part all extra other)]);
my @names = qw(address owner up group bridge mtu pi mq vnet);
my ($v4, $v6) = qw(192.168.50.1/24 fd00:5a17::1/64);
my %there = (
	none => [], part => [$v4], all => [$v4, $v6], extra => [$v4, $v6, '192.168.77.1/24'],
	other => ['192.168.50.1/25', $v6]);

sub build
{
	my ($tap, $user) = @_;
	my %id = (mine => $user, other => 1234);
	my @commands = ('tuntap add dev tap0 mode tap'
		. ($tap->{owner} eq 'none' ? '' : " user $id{$tap->{owner}}")
		. ($tap->{group} eq 'none' ? '' : " group $id{$tap->{group}}")
		. ($tap->{pi} ? ' pi' : '') . ($tap->{mq} ? ' multi_queue' : '') . ($tap->{vnet} ? ' vnet_hdr' : ''));

	# Else a carrier brings a link-local address.
	push @commands, "link set dev tap0 mtu $tap->{mtu} addrgenmode none";
	push @commands, 'link set dev tap0 master br0' if $tap->{bridge};
	push @commands, 'link set dev tap0 up' if $tap->{up};
	push @commands, map { "addr add $_ dev tap0" . (/:/ ? ' nodad' : '') } @{ $there{ $tap->{address} } };
	ip_batch(@commands);
	return;
}

# What is to happen, as [status, line], or [0, 1 if something is added].
sub expect
{
	my ($tap, $user) = @_;
	my (@differences, @lacks);
	my $ours = $user == 0 || ($tap->{owner} ne 'other' && $tap->{group} ne 'other');
	return [77, 'tap0 exists and belongs to ' . ($tap->{owner} eq 'other' ? 'user 1234' : 'group 1234')] if !$ours;

	push @differences, 'its packets carry packet information (pi)' if $tap->{pi};
	push @differences, 'it is multi-queue' if $tap->{mq};
	push @differences, 'it is a port of br0 and so can have no address of its own' if $tap->{bridge};
	push @differences, "its address is 192.168.50.1/25, not $v4" if $tap->{address} eq 'other';
	push @lacks, "its MTU is $tap->{mtu}" if $tap->{mtu} != 1500;
	push @lacks, 'it is down' if !$tap->{up};
	push @lacks, "it does not have the address $v4" if $tap->{address} eq 'none';
	push @lacks, "it does not have the address $v6" if $tap->{address} =~ /none|part/;
	return [69, 'tap0 exists and differs from the profile: ' . join(', ', @differences, @lacks)
		. '; correct it, or remove it with: ip link delete tap0'] if @differences;
	return [77, 'tap0 exists but is not complete: ' . join(', ', @lacks) . '; only its owner can have it '
		. 'completed: correct it, or remove it with: ip link delete tap0']
		if @lacks && $user && $tap->{owner} ne 'mine';
	return [0, @lacks ? 1 : 0];
}

# ---- one of them -------------------------------------------------------------------------------------

sub runs
{
	my ($name, $completed, @command) = @_;
	my $before = tap_state();
	my $pid = start_stub(@command);
	my $during = tap_state();

	my @wrong;
	push @wrong, 'touched' if !$completed && $during ne $before;
	push @wrong, 'not complete' if $during !~ /<.*UP.*> mtu 1500.*\n.*\n.*\n?.*tap/
		|| $during !~ m{inet \Q$v4\E } || $during !~ m{inet6 \Q$v6\E };
	push @wrong, 'keepers: ' . scalar(keepers()) if keepers() != ($completed ? 1 : 0);
	push @wrong, 'no alias' if $completed && $during !~ /alias qemu-tapwrap:tap0 pid=$pid uid=\d+ adopted/;
	end_stub($pid);
	my $now;
	push @wrong, 'not as before' if !wait_for(sub { ($now = tap_state()) eq $before && !keepers() }, 3);
	is_deeply(\@wrong, [], $name) or diag "during:\n", difference($before, $during), "after:\n", difference($before, $now);
	return;
}

sub is_refused
{
	my ($name, $status, $line, @command) = @_;
	my $before = tap_state();
	my ($got, undef, $err) = run(\@command);

	is(exited($got) . ': ' . $err =~ s/^qemu-tapwrap: \S+\.ini:\d+: \[nic "lan"\] ifname: //r, "$status: $line\n", $name);
	my $now = tap_state();
	is($now, $before, "$name: as before") if $now ne $before;
	return;
}

my $profile = tap_profile(address => "$v4, $v6", more => "mtu = 1500\n");
my $stride = 1009; # has no divisor in common with the count: a mixed order
my $count = 1;
$count *= @{ $property{$_} } for @names;

sub combination
{
	my ($n) = @_;
	my %tap;
	for (@names) {
		$tap{$_} = $property{$_}[$n % @{ $property{$_} }];
		$n = int($n / @{ $property{$_} });
	}
	return \%tap;
}

for my $user (0, $UID) {
	my @command = ($user ? @AS_USER : (), 'qemu-tapwrap', $profile);
	my %seen;

	for (my $n = 0; $n < $count; $n++) {
		my $tap = combination($n * $stride % $count);
		my @values = map { "$_=$tap->{$_}" } @names;
		my $expected = expect($tap, $user);
		my $kind = $expected->[0] || "0 $expected->[1]";
		my $is_new = 0;

		for my $i (0 .. $#values) {
			$is_new += !$seen{"$kind @values[$i, $_]"}++ for $i + 1 .. $#values;
		}
		next if !$is_new && !thorough();
		build($tap, $user);
		my $name = "user $user, " . join(' ', @values);
		$expected->[0] ? is_refused($name, @$expected, @command) : runs($name, $expected->[1], @command);
		ip_batch('link del tap0');
	}
}
# ---- a tap that stays -----------------------------------------------------------------------------------

my @vm = (@AS_USER, 'qemu-tapwrap');
my $helper = '/srv/libexec/qemu-tapwrap-helper';
{
	my $bare = tap_state();
	my $kept = tap_profile(address => "$v4, $v6", more => "persist = on\n");
	my ($status, undef, $err) = run([@vm, $kept]);
	is(exited($status), 77, 'persist = on, a policy without the word: status 77');
	like($err, qr{\[nic "lan"\] persist: the policy does not allow it; an administrator can add "allow tap0 192\.168\.50\.0/24,fd00:5a17::/64 persistent" to },
		'and what to add');
	is(tap_state(), $bare, 'nothing was made');

	set_up_helper('allow tap* 192.168.0.0/16,fd00:5a17::/48 persistent');
	my $pid = start_stub(@vm, $kept);
	spew('/proc/sys/net/ipv6/conf/tap0/addr_gen_mode', '1');
	my $made = tap_state();
	like($made, qr/persist on user 4711/, 'a new one is persistent, and the user\'s');
	like($made, qr{inet6 \Q$v6\E }, 'with its addresses');
	is(join(' ', keepers()), '', 'it needs no keeper');
	end_stub($pid);
	tap_settles($made, 'and it stays');
	rename $helper, "$helper.away";
	$pid = start_stub(@vm, $kept);
	is(tap_state(), $made, 'the next start changes nothing');
	is(join(' ', map { $_ > 2 ? descriptors($pid)->{$_} : () } keys %{ descriptors($pid) }), '/dev/net/tun',
		'and needs no helper');
	($status, undef, $err) = run([@vm, $kept]);
	like($err, qr/tap0 is in use by sleep \(pid $pid\)$/, 'who made the tap is not who uses it');
	end_stub($pid);
	rename "$helper.away", $helper;
	run_ok(@AS_USER, qw(ip tuntap del dev tap0 mode tap));
	is(tap_state(), $bare, 'its owner can remove it, without a privilege');

	# Two taps, of which the second cannot be made: the first does not stay.
	my $two = profile("[nic \"a\"]\nifname = tap0\npersist = on\n[nic \"b\"]\nifname = tap2\nmtu = 65521\n"
		. "address = fd00:5a17:0:2::1/64\npersist = on\n");
	spew('/proc/sys/net/ipv6/conf/default/disable_ipv6', '1');
	($status) = run([@vm, $two]);
	spew('/proc/sys/net/ipv6/conf/default/disable_ipv6', '0');
	is(exited($status), 69, 'one of two cannot be made');
	is(tap_state(), $bare, 'neither stays');
}

# ---- a tap of somebody else's making ------------------------------------------------------------------------

{
	my $theirs = tap_profile(address => $v4, more => "managed = off\n");
	my ($status, undef, $err) = run([@vm, $theirs]);
	is(exited($status), 69, 'managed = off, no tap: status 69');
	like($err, qr/ifname: there is no tap0, and managed = off makes none; it is made with: ip tuntap add dev tap0 mode tap user $UID$/,
		'and how to make it');
	for my $tap (
		{ owner => 'mine', group => 'none', up => 0, pi => 0, mq => 0, vnet => 1, bridge => 0, mtu => 1400, address => 'none' },
		{ owner => 'none', group => 'none', up => 1, pi => 0, mq => 0, vnet => 0, bridge => 1, mtu => 1500, address => 'other' })
	{
		build($tap, $UID);
		my $before = tap_state();
		my $pid = start_stub(@vm, $theirs);
		is(tap_state(), $before, "a tap with address=$tap->{address}: attached, untouched");
		end_stub($pid);
		tap_settles($before, 'also afterwards');
		ip_batch('link del tap0');
	}
	build({ owner => 'other', group => 'none', up => 1, pi => 0, mq => 0, vnet => 0, bridge => 0, mtu => 1500, address => 'all' }, $UID);
	is_refused('a tap of another user', 77, 'tap0 exists and belongs to user 1234', @vm, $theirs);
	ip_batch('link del tap0');
	build({ owner => 'mine', group => 'none', up => 0, pi => 1, mq => 1, vnet => 0, bridge => 0, mtu => 1400, address => 'all' }, $UID);
	is_refused('a tap that QEMU could not use', 69, 'tap0 exists and differs from the profile: its packets carry '
		. 'packet information (pi), it is multi-queue; correct it, or remove it with: ip link delete tap0', @vm, $theirs);
	ip_batch('link del tap0');
}

# ---- by hand -------------------------------------------------------------------------------------------------

{
	ip_batch('tuntap add dev tap0 mode tap', 'link set dev tap0 addrgenmode none', 'addr add 192.168.50.1/24 dev tap0',
		'link set dev tap0 up', 'link set dev tap0 down');
	my $before = tap_state();
	my $wanted = tap_profile(address => "$v4, $v6", more => "mtu = 1400\nroute = 198.51.100.0/24 via 192.168.50.2\n");
	my $script = (run(['qemu-tapwrap', '-n', $wanted]))[1];
	spew('/srv/tmp/script', $script);
	install_stub("#!/bin/sh\nip addr show dev tap0\nip route\n");
	my ($status, $out, $err) = run([qw(sh /srv/tmp/script)]);
	is("$status $err", '0 ', '--dry-run gives a script that runs');
	like($out, qr{,UP.* mtu 1400.* inet6 \Q$v6\E .*^198\.51\.100\.0/24 via 192\.168\.50\.2 dev tap0}ms, 'the tap is complete in it');
	unlike($script, qr{192\.168\.50\.1/24 dev}, 'what was there already is not in it');
	tap_settles($before, 'and as before after it');
	install_stub($World::TAP_STUB);
	my $pid = start_stub('qemu-tapwrap', $wanted);
	like(run_ok(qw(ip route)), qr{^198\.51\.100\.0/24 via 192\.168\.50\.2 dev tap0 proto 81}m, 'and so with a route of a keeper');
	end_stub($pid);
	tap_settles($before, 'as before');
	ip_batch('addr flush dev tap0');
	$before = tap_state();
	$pid = start_stub('qemu-tapwrap', tap_profile(address => '192.168.50.1/32, fd00:5a17::1/128', more =>
		"peer = 192.168.50.2, fd00:5a17::2\nroute = 198.51.100.0/24, fd00:9::/64\n"));
	like(run_ok(qw(ip -o addr show dev tap0)), qr{inet 192\.168\.50\.1 peer 192\.168\.50\.2/32.*inet6 fd00:5a17::1 peer fd00:5a17::2/128}s,
		'peers');
	like(run_ok(qw(ip -6 route)), qr/^fd00:9::\/64 via fd00:5a17::2 dev tap0/m, 'and routes through them');
	end_stub($pid);
	tap_settles($before, 'as before');
}
done_testing();
