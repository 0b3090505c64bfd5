#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# SIGKILL at system calls of the launcher, of the helper, and of its keeper, while a tap that is there
# already is completed. If the keeper lives, the host is as before; if it was killed, the next VM takes
# over, and then it is. Of the calls a fixed share is tried; `make check-long` tries all.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use World;
use Test::More;

require "$FindBin::Bin/lib/kill-points.pl";

must_or_skip(can_trace(), 'no process can be traced here');
install_stub("#!/bin/sh\nexit 0\n");
my $more = "mtu = 1400\nroute = 198.51.100.0/24 via 192.168.50.2\n";

ip_batch('tuntap add dev tap0 mode tap', 'link set dev tap0 addrgenmode none', 'link set dev tap0 up',
	'link set dev tap0 down');
kill_everywhere('a tap that is completed', profile => tap_profile(address => '192.168.50.1/24, fd00:5a17::1/64', more => $more),
	calls => 120, may_take_over => 'keeper');

ip_batch('tuntap add dev tap1 mode tap', 'link set dev tap1 addrgenmode none', 'link set dev tap1 up',
	'link set dev tap1 down');
kill_everywhere('two of them, and a new one', calls => 80, may_take_over => 'keeper', profile => profile(join '',
	"[vm]\nname = vm\n[machine]\naccel = tcg\n",
	map { "[nic \"$_\"]\nifname = tap$_\naddress = 192.168.5$_.1/24\n" } 0 .. 2));

figures();
done_testing();
