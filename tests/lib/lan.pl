# SPDX-License-Identifier: MIT
#
# lan: a LAN that the host is on with lan0; on it is another host, 192.168.50.1 in a network namespace
# of its own. And what a world needs for macvtaps.

use strict;
use warnings;
use Fcntl qw(LOCK_EX);
use World;

my $namespace = '/srv/tmp/lan';

# Words in front of a command that is to run on that other host.
sub on_lan { return ('nsenter', "--net=$namespace", '--') }

# A /sys that shows the world's network; and one world at a time, since they all have one /dev, where
# macvtaps of the same number have the same name.
my $turn;
sub prepare_macvtaps
{
	open $turn, '<', '/dev/zero' or die "/dev/zero: $!";
	flock $turn, LOCK_EX or die "flock: $!";
	run_ok(qw(mount -t sysfs sysfs /sys));
	return;
}

# '' where macvtaps can be had with their devices, else why not.
sub why_no_macvtaps
{
	return 'the devices of macvtaps belong to real root' if !is_real_root();
	run_ok(qw(ip link add try0 type veth peer name try1));
	my ($status) = run([qw(ip link add link try0 name try type macvtap)]);
	my ($index) = $status == 0 ? run_ok(qw(ip -o link show try)) =~ /^(\d+):/ : ();
	my $why = !$index ? 'this kernel has no macvtap'
		: wait_for(sub { -e "/dev/tap$index" }, 2) ? '' : 'no devices of macvtaps appear in /dev';
	run_ok(qw(ip link del try0));
	return $why;
}

sub make_lan
{
	prepare_macvtaps();
	spew($namespace, '');
	run_ok('unshare', "--net=$namespace", 'true');
	my $guide = start([on_lan(), 'sleep', '60']);
	wait_for(sub { (slurp("/proc/$guide/comm") // '') eq "sleep\n" });
	run_ok(qw(ip link add lan0 type veth peer name eth0 netns), $guide);
	kill 'KILL', $guide;
	finish($guide);
	run_ok(qw(ip link set lan0 addrgenmode none)); # no address that comes later
	run_ok(qw(ip link set lan0 up));
	run_ok(on_lan(), qw(ip address add 192.168.50.1/24 dev eth0));
	run_ok(on_lan(), 'ip', 'link', 'set', $_, 'up') for qw(lo eth0);
	return;
}

sub lan_reaches
{
	my ($address, $seconds) = @_;
	return wait_for(sub { (run([on_lan(), qw(ping -c1 -W1 -q), $address]))[0] == 0 }, $seconds // 30);
}

1;
