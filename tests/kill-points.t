#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# SIGKILL at system calls of the launcher and of the helper, for new taps: without more, with NAT, in
# a bridge, and two that are to stay. The host is always as before; of taps that are to stay a next
# start makes what it wants. Of the calls a fixed share is tried; `make check-long` tries all.
# A stub stands in QEMU's place, so that a run ends.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use World;
use Test::More;

require "$FindBin::Bin/lib/kill-points.pl";

must_or_skip(can_trace(), 'no process can be traced here');
install_stub("#!/bin/sh\nexit 0\n");
my $addresses = '192.168.50.1/24, fd00:5a17::1/64';

kill_everywhere('plain', profile => tap_profile(address => $addresses), start => 1, calls => 80);

spew("/proc/sys/net/$_", "1\n") for 'ipv4/ip_forward', 'ipv6/conf/all/forwarding';
kill_everywhere('NAT', profile => tap_profile(address => $addresses, more => "nat = on\n"));

ip_batch('link add br0 address 02:00:00:00:00:01 type bridge', 'link set br0 addrgenmode none up',
	'tuntap add port0 mode tap', 'link set port0 master br0', 'link del port0'); # it is settled then
kill_everywhere('bridge', profile => tap_profile(address => undef, more => "br = br0\n", type => "bridge"), calls => 40);
run_ok(qw(ip link del br0));

# What stays of a start that was killed may be one tap of two. The next start takes it as it is.
{
	my $profile = profile(join '', "[vm]\nname = vm\n[machine]\naccel = tcg\n", map {
		"[nic \"$_\"]\nifname = tap$_\naddress = 192.168.5$_.1/24\npersist = on\n" } 0, 1);
	my @taps = (qr/^link \d+ tap0 tun up=1/m, qr/^link \d+ tap1 tun up=1/m);
	my $none = network();
	my $stays = 0;
	kill_everywhere('two taps that stay', profile => $profile, calls => 60, reset => sub {
		my $now = network();
		return if $now eq $none;
		$stays++;
		run(['qemu-tapwrap', $profile]);
		$now = network();
		ok($now =~ $_, 'a tap that stays is whole after the next start') || diag $now for grep { $now !~ $_ } @taps;
		run(['ip', 'link', 'del', $_]) for qw(tap0 tap1);
	}, persists => 1);
	cmp_ok($stays, '>', 0, "taps that stay were there $stays times");
}

figures();
done_testing();
