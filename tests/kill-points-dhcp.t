#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# SIGKILL at system calls of the launcher, of the helper, of its keeper, and of dnsmasq, while a DHCP
# server is started and ended: no process and no port is left. Of the calls a fixed share is tried;
# `make check-long` tries all.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use World;
use Test::More;

our $DHCP_KEYS;
require "$FindBin::Bin/lib/dhcp.pl";
require "$FindBin::Bin/lib/kill-points.pl";

must_or_skip(can_trace(), 'no process can be traced here');
must_or_skip(find_dnsmasq(), 'no dnsmasq: see platform/linux/packages.sh');
install_stub("#!/bin/sh\nexit 0\n");

kill_everywhere('DHCP', calls => 150, roles => '.', most => 700,
	profile => tap_profile(address => '192.168.50.1/24, fd00:5a17::1/64', more => $DHCP_KEYS =~ s/(50\.2)/$1, fd00:5a17::2/r));
is_deeply([listens()], [], 'nobody listens');

figures();
done_testing();
