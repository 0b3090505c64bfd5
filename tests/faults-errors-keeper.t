#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# Errors of system calls of the helper and its keeper, for taps that are there already, and for a DHCP
# server: the start ends with a documented status, one line and a host as before, or the VM gets all it
# should, and all is undone after it. Of the calls a fixed share is tried; `make check-long` tries all.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use World;
use Test::More;

our $DHCP_KEYS;
require "$FindBin::Bin/lib/dhcp.pl";
require "$FindBin::Bin/lib/errors.pl";

must_or_skip(can_trace(), 'no process can be traced here');
plan skip_all => 'LeakSanitizer has words of its own in a traced process' if sanitized();
sub make_tap
{
	ip_batch('tuntap add dev tap0 mode tap', 'link set dev tap0 addrgenmode none', 'link set dev tap0 up', 'link set dev tap0 down');
	return;
}
make_tap();
fail_everywhere('a tap that is completed', roles => 'helper|keeper', calls => 100,
	renew => sub { ip_batch('link del tap0'); make_tap() }, profile => tap_profile(
	address => '192.168.50.1/24, fd00:5a17::1/64', more => "mtu = 1400\nroute = 198.51.100.0/24 via 192.168.50.2\n"));
ip_batch('link del tap0');

SKIP: {
	skip 'no dnsmasq: see platform/linux/packages.sh', 1 if !find_dnsmasq();
	fail_everywhere('DHCP', roles => 'helper|keeper', calls => 50, profile => tap_profile(more => $DHCP_KEYS));
}

figures();
done_testing();
