#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# A guest that is a router: the host reaches a network behind it, over a subnet, a /31 and a /32, by
# IPv4 and IPv6; and what is wrong with a route or a peer is told.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use World;
use Test::More;

require "$FindBin::Bin/lib/linux-guest.pl";

my ($kernel, @modules) = find_linux('e1000');
my @busybox = find_busybox();
must_or_skip($kernel && @busybox, 'no readable Linux kernel with e1000, or no busybox');
my $before = host_state();

# ---- one guest with three NICs, and a network of its own behind it --------------------------------------------

my $initramfs = make_initramfs(<<'END', \@busybox, @modules);
ip addr add 192.168.50.2/24 dev eth0
ip addr add fd00:5a17::2/64 dev eth0
ip addr add 192.0.2.1/31 dev eth1
ip addr add 198.51.100.2 peer 198.51.100.1/32 dev eth2
ip -6 addr add fd00:5a18::2/128 dev eth2
for i in 0 1 2; do ip link set eth$i up; done
ip -6 route add fd00:5a18::1/128 dev eth2
ip addr add 203.0.113.1/24 dev lo
ip addr add 203.0.114.1/32 dev lo
ip addr add fd00:5a19::1/128 dev lo
while :; do sleep 60; done
END
my $nics = <<'END';
[nic "subnet"]
ifname  = tap0
address = 192.168.50.1/24, fd00:5a17::1/64
guest-address = 192.168.50.2, fd00:5a17::2
route   = 203.0.113.0/24
mtu     = 1400
[nic "two"]
ifname  = tap1
address = 192.0.2.0/31
guest-address = 192.0.2.1
[nic "ptp"]
ifname  = tap2
address = 198.51.100.1/32, fd00:5a18::1/128
peer    = 198.51.100.2, fd00:5a18::2
route   = 203.0.114.0/24 via 198.51.100.2, fd00:5a19::/64
END
my $profile = linux_profile($kernel, $initramfs, $nics);
my $pid = start(['qemu-tapwrap', $profile]);
my @pinged = (
	['a /24', '192.168.50.2'], ['a /64', 'fd00:5a17::2'], ['a /31', '192.0.2.1'],
	['the peer of a /32', '198.51.100.2'], ['the peer of a /128', 'fd00:5a18::2'],
	['a network behind the guest', '203.0.113.1'], ['another, behind the peer', '203.0.114.1'],
	['an IPv6 network behind the peer', 'fd00:5a19::1']);
for (@pinged) {
	my ($name, $address) = @$_;
	ok(answers_ping($address, 60), "$name: $address answers") or BAIL_OUT(slurp("/srv/tmp/$pid.err"));
}
like(run_ok(qw(ip route)), qr{^203\.0\.113\.0/24 via 192\.168\.50\.2 dev tap0 proto static}m, 'the route');
like(run_ok(qw(ip -o link show tap0)), qr/ mtu 1400 /, 'the MTU');
kill 'KILL', $pid;
finish($pid);
state_settles($before, 'as before');

# ---- the script of --dry-run does the same ----------------------------------------------------------------------

{
	my @look = ('sh', '-c', 'for i in 0 1 2; do ip -o addr show tap$i; ip route show dev tap$i; '
		. 'ip -6 route show dev tap$i; done | grep -v -e fe80: -e "^fd00:5a18::2 " | sed "s/^[0-9]*: //; s/ metric [0-9]*//; s/ linkdown//; s/ proto \w*//"');
	install_stub("#!/bin/sh\nexec sleep 300\n");
	my $ours = start(['qemu-tapwrap', $profile]);
	wait_for(sub { (slurp("/proc/$ours/comm") // '') eq "sleep\n" });
	my $state = run_ok(@look);
	kill 'KILL', $ours;
	finish($ours);
	like($state, qr/198\.51\.100\.1 peer 198\.51\.100\.2/, 'made by us');
	my $script = spew('/srv/tmp/script', run_ok(qw(qemu-tapwrap --dry-run), $profile));
	install_stub("#!/bin/sh\nexec $look[0] $look[1] '$look[2]'\n");
	my ($by_hand) = (run(['sh', $script]))[1];
	is($by_hand =~ s/ scope link (?=\n|dev)//gr, $state =~ s/ scope link (?=\n|dev)//gr, 'made by its script');
	state_settles($before, 'and undone');
}

# ---- what does not go ----------------------------------------------------------------------------------------------

install_stub($World::TAP_STUB);
refused_text('a next hop that is nowhere', "[nic]\naddress = 192.168.50.1/24\nroute = 203.0.113.0/24 via 10.0.0.1\n", 69,
	'3: [nic] route: the kernel refuses: Network is unreachable (Nexthop has invalid gateway)');
run_ok(qw(ip link add lan0 type veth peer name far0));
spew("/proc/sys/net/ipv6/conf/$_/disable_ipv6", '1') for qw(lan0 far0);
run_ok(qw(ip link set), $_, 'up') for qw(lan0 far0);
run_ok(qw(ip addr add 203.0.113.9/24 dev lan0));
refused_text('a route that would take the LAN', "[nic]\naddress = 192.168.50.1/24\nroute = 203.0.113.0/25 via 192.168.50.2\n", 69,
	'3: [nic] route: 203.0.113.0/25 overlaps 203.0.113.9/24 on lan0; choose another subnet, or start as root with --force');
refused_text('a peer in the LAN', "[nic]\naddress = 192.168.50.1/32\npeer = 203.0.113.7\n", 69,
	'3: [nic] peer: 203.0.113.7/32 overlaps 203.0.113.9/24 on lan0; choose another subnet, or start as root with --force');
{
	my $now = host_state();
	my $forced = start([qw(qemu-tapwrap --force), profile("[nic]\nifname = tap0\naddress = 192.168.50.1/32\npeer = 203.0.113.7\n")]);
	wait_for(sub { (slurp("/proc/$forced/comm") // '') eq "sleep\n" });
	like(run_ok(qw(ip route get 203.0.113.7)), qr/dev tap0/, '--force: one host of the LAN is the guest');
	like(run_ok(qw(ip route get 203.0.113.8)), qr/dev lan0/, 'and the others are where they were');
	kill 'KILL', $forced;
	finish($forced);
	state_settles($now, 'as before');
}

done_testing();
