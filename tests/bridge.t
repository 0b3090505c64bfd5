#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# Taps that are ports of a bridge: two guests on it reach each other and the host, the bridge keeps
# its MAC address, and nothing on it is changed afterwards.

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

# A LAN as hosts have it: a bridge over a network card, here one end of a veth pair. Its MAC address
# is the lowest of its ports'.
run_ok(qw(ip link add lan0 address 52:54:00:ff:ff:01 type veth peer name far0));
run_ok(qw(ip link add br0 type bridge));
run_ok(qw(ip link set lan0 master br0));
spew("/proc/sys/net/ipv6/conf/$_/disable_ipv6", '1') for qw(lan0 far0 br0);
run_ok(qw(ip addr add 192.168.50.1/24 dev br0));
run_ok(qw(ip link set), $_, 'up') for qw(lan0 far0 br0);
sleep 1; # the ports come to forward
my $before = host_state();
my $bridge_mac = slurp('/sys/class/net/br0/address');

# ---- two guests ---------------------------------------------------------------------------------------------

sub guest
{
	my ($name, $address, $ask) = @_;
	my $init = "ip addr add $address/24 dev eth0\nip link set eth0 up\n"
		. "echo \"mac \$(cat /sys/class/net/eth0/address)\" > /dev/ttyS0\n"
		. ($ask ? "until ping -c1 -W1 $ask >/dev/null; do sleep 0.2; done\n"
			. "echo 'has reached $ask' > /dev/ttyS0\n" : '')
		. "while :; do sleep 60; done\n";
	rename '/srv/tmp/initramfs.cpio', "/srv/tmp/$name.cpio" or die $!
		if make_initramfs($init, \@busybox, @modules);
	return start(['qemu-tapwrap', linux_profile($kernel, "/srv/tmp/$name.cpio",
		"[vm]\nname = $name\n[nic \"lan\"]\nbr = br0\n")]);
}

my @guests = (guest('one', '192.168.50.2'), guest('two', '192.168.50.3', '192.168.50.2'));
my @output = map { "/srv/tmp/$_.out" } @guests;
ok(wait_for(sub { (slurp($output[1]) // "") =~ /has reached/ }, 90), 'one guest has reached the other')
	or diag map { slurp($_) } @output;
ok(answers_ping('192.168.50.2') && answers_ping('192.168.50.3'), 'both answer the host, which is on the bridge');
my @macs = map { slurp($_) =~ /mac (\S+)/ } @output;
isnt($macs[0], $macs[1], "with MAC addresses of their own: @macs");
for my $name (qw(tw-one tw-two)) {
	like(run_ok(qw(ip -d link show), $name), qr/master br0 .*link\/ether fe:.*bridge_slave/s,
		"$name is a port, with a high MAC address");
	like(run_ok(qw(ip -o addr show), $name), qr/\A\z/, 'and no address');
}
is(slurp('/sys/class/net/br0/address'), $bridge_mac, 'the bridge has kept its MAC address');
kill 'KILL', $guests[0];
finish($guests[0]);
ok(answers_ping('192.168.50.3'), 'one is killed, the other does not notice');
kill 'TERM', $guests[1];
finish($guests[1]);
state_settles($before, 'both gone, the bridge as before');

# ---- the script of --dry-run does the same --------------------------------------------------------------------

install_stub($World::TAP_STUB);
my $profile = profile("[vm]\nname = by hand\n[nic]\nbr = br0\nifname = tap0\nmtu = 1400\n");
my $details = sub { join ' ', run_ok(qw(ip -d -o link show tap0)) =~ /((?<= )mtu \d+(?= qdisc)|master \w+|ether \w\w:|group \w+|persist \w+)/g };
{
	my $pid = start(['qemu-tapwrap', $profile]);
	wait_for(sub { (slurp("/proc/$pid/comm") // '') eq "sleep\n" });
	is($details->(), 'mtu 1400 master br0 group 29815 ether fe: persist off', 'made by us');
	kill 'KILL', $pid;
	finish($pid);
	state_settles($before, 'as before');
	my $script = spew('/srv/tmp/script', run_ok(qw(qemu-tapwrap --dry-run), $profile));
	install_stub("#!/bin/sh\nexec ip -d -o link show tap0\n");
	my $shown = run_ok('sh', $script);
	is(join(' ', $shown =~ /((?<= )mtu \d+(?= qdisc)|master \w+|ether \w\w:|group \w+|persist \w+)/g),
		'mtu 1400 master br0 group 29815 ether fe: persist on', 'made by its script');
	state_settles($before, 'and undone');
	install_stub($World::TAP_STUB);
}

# ---- what is no bridge -------------------------------------------------------------------------------------------

refused_text('no such bridge', "[nic]\nbr = br1\n", 69,
	'2: [nic] br: there is no bridge br1; it is made with: ip link add br1 up type bridge');
refused_text('a veth', "[nic]\nbr = far0\n", 69, '2: [nic] br: far0 is a veth, not a bridge');
refused_text('the loopback', "[nic]\nbr = lo\n", 69, '2: [nic] br: lo is a network card, not a bridge');
refused_text('an address', "[nic]\nbr = br0\naddress = 192.168.51.1/24\n", 65,
	'2: [nic] br: clashes with address in line 3; a port of a bridge has neither: the bridge has');
refused_text('an MTU that is too large', "[nic]\nbr = br0\nmtu = 65522\n", 65,
	"3: [nic] mtu: '65522' is not a number from 68 to 65521");
like((run([qw(qemu-tapwrap --check), profile("[nic]\nbr = br1\n")]))[2], qr/: \[nic\] br: there is no bridge br1/,
	'--check says it, too');

done_testing();
