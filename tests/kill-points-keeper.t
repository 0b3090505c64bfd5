#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# SIGKILL at system calls of the launcher, of the helper, and of helper and keeper at once, while a
# tap that is there already is completed. If the keeper lives, the host is as before; if it was
# killed, the next VM takes over, and then it is. Of the calls a fixed share is tried;
# `make check-long` tries all.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use World;
use Test::More;

require "$FindBin::Bin/lib/kill-points.pl";
require "$FindBin::Bin/lib/taps.pl";

must_or_skip(can_trace(), 'strace does not work here');

my $profile = tap_profile(address => '192.168.50.1/24, fd00:5a17::1/64',
	more => "mtu = 1400\nroute = 198.51.100.0/24 via 192.168.50.2\n");
install_stub("#!/bin/sh\nexit 0\n");

ip_batch('tuntap add dev tap0 mode tap', 'link set dev tap0 addrgenmode none', 'link set dev tap0 up',
	'link set dev tap0 down');

kill_everywhere($profile);
done_testing();
