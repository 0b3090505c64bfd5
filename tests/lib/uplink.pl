# SPDX-License-Identifier: MIT
#
# uplink: a network beyond the host's: 198.51.100.1, behind the default route by 192.0.2.1. The host
# has 192.0.2.2.

use strict;
use warnings;
use World;

my $namespace = '/srv/tmp/outside';

# Words in front of a command that is to run there.
sub outside { return ('nsenter', "--net=$namespace", '--') }

sub make_outside
{
	spew($namespace, '');
	run_ok('unshare', "--net=$namespace", 'true');
	my $guide = start([outside(), 'sleep', '60']);
	wait_for(sub { (slurp("/proc/$guide/comm") // '') eq "sleep\n" });
	run_ok(qw(ip link add outside0 type veth peer name eth0 netns), $guide);
	kill 'KILL', $guide;
	finish($guide);
	run_ok(qw(ip link set outside0 addrgenmode none)); # no address that comes later
	run_ok(qw(ip address add 192.0.2.2/24 dev outside0));
	run_ok(qw(ip link set outside0 up));
	run_ok(outside(), qw(ip address add 192.0.2.1/24 dev eth0));
	run_ok(outside(), qw(ip address add 198.51.100.1/32 dev lo));
	run_ok(outside(), 'ip', 'link', 'set', $_, 'up') for qw(lo eth0);
	run_ok(qw(ip route add default via 192.0.2.1));
	return;
}

1;
