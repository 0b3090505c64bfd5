#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# Attacks by names: a user who may call his taps almost anything comes by no interface of others, by
# no name that means something else, and by nothing through the other texts of a request.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use World;
use Test::More;

our ($UID, @AS_USER, $OTHER, $POLICY, $UNKNOWN, $ADD);
require "$FindBin::Bin/lib/$_.pl" for qw(users taps attack);

make_host();
set_up_helper('allow * 192.168.48.0/21 nat', 'bridge br0 tap*', 'macvtap lan0 *');
request_works('a tap', 'ifname=tap0');
request_works('fifteen characters', 'ifname=tap0123456789ab');

# ---- what is no name --------------------------------------------------------------------------------

requests_fail(map { ["name: $_->[0]", $UNKNOWN, "ifname=$_->[1]"] }
	['sixteen characters and no NUL', 'tap0123456789abc'], ['seventeen', 'tap0123456789abcd'],
	['sixteen, which cut by one is a tap of others', 'tapother0000000' . 'x'],
	['bytes behind the NUL', 'tap0\x00lan0'], ['a NUL in front', '\x00tap0']);
my $letters = "65 0 an interface name is a letter, then letters, digits, '-' or '_', like tap0";
requests_fail(map { ["name: '$_'", $letters, "ifname=$_"] } '', '%d', 'tap%d', 'tap%s%n', '.', '..', '/', '../tap0', 'tap/0',
	'a b', ' tap0', 'tap0 ', 'tap.0', 'tap:0', 'tap@0', 'tap0*', 'tap[0-9]', 'tap?', 'tap,fd=0', 'tap;id', 'tap$HOME', 'tap`id`',
	'-tap0', '--tap', '_tap0', '0tap', 'tap\x09', 'tap\x0a', 'tap\x1b[2J', 'tap\x7f', 'tap\x01', 't\xc3\xa9p', '\xd1\x82ap0', 'tap\xff', 'tap\xc0\x80');
requests_fail(map { ["name: $_", '65 0 the kernel keeps this name for itself', "ifname=$_"] } qw(all default lo));
requests_fail(map { ["name: $_", '65 0 other software claims names that begin like this; tap0 or tw-myvm is safe', "ifname=$_"] }
	qw(vt-vm ve-vm vb-vm vz-vm vnet0 virbr0 veth0 docker0 br-0 eth0 enp0s1 wlan0 wwan0 tun0 wg0 vboxnet0 lxcbr0 cni0));

# ---- interfaces that are there ------------------------------------------------------------------------

my $held = start([$^X, '-e', 'use Fcntl; sysopen my $tap, "/dev/net/tun", O_RDWR or die; '
	. 'my $request = pack "a16sx22", "tapheld", 0x1002; ioctl $tap, 0x400454ca, $request or die $!; sleep 999']);
wait_for(sub { has_link('tapheld') });
run_ok(qw(ip link set tapheld addrgenmode none));
remember_host();
requests_fail(map { ["taken: $_", "75 0 $_: TUNSETIFF on /dev/net/tun: Device or resource busy", "ifname=$_", 'address=192.168.50.1/24'] }
	qw(lan0 lan1 far0 br0 taplayer3 tapother tapgroup tapboth tapopen tapmine tapheld));
request_fails('taken: an alternative name', '75 0 nick0: TUNSETIFF on /dev/net/tun: Device or resource busy', 'ifname=nick0');
request_fails('taken: the second of two', '75 0 lan0: TUNSETIFF on /dev/net/tun: Device or resource busy', 'ifname=tap0', '1.ifname=lan0');
request_fails('taken: by a macvtap, a tap of others', '69 0 tapother exists; choose another ifname', 'ifname=tapother', 'op=3', 'parent=lan0',
	'mode=1', 'mac=52:54:00:00:00:01');
request_fails('taken: by a macvtap, a card of the host', '69 0 lan1 exists; choose another ifname', 'ifname=lan1', 'op=3', 'parent=lan0',
	'mode=1', 'mac=52:54:00:00:00:01');
end_hostile($held);
wait_for(sub { !has_link('tapheld') });
remember_host();

# A link of others comes and goes under the very name, all the time.
{
	ip_batch('link add moving type veth peer name still', map { "link set dev $_ addrgenmode none" } qw(moving still));
	remember_host();
	spew('/srv/tmp/moves', "link set dev moving name tap0\nlink set dev tap0 name moving\n" x 4000);
	my $mover = start([qw(ip -force -batch /srv/tmp/moves)]);
	my @lines = map { hostile('ifname=tap0', 'address=192.168.50.1/24', 'mtu=1300') } 1 .. 20;
	kill 'TERM', $mover;
	finish($mover);
	run([qw(ip link set dev tap0 name moving)]);
	my @odd = grep { !/^(?:0 1|75 0 tap0: TUNSETIFF on \S+: Device or resource busy|71 0 tap0 is not the tap that was just made)/ } @lines;
	attack_fails('taken: renamed while the helper works', !@odd, "@odd");
	ip_batch('link del moving');
	remember_host();
}

# ---- the other texts --------------------------------------------------------------------------------------

requests_fail(map { ["label: $_->[0]", $UNKNOWN, 'ifname=tap0', "label=$_->[1]"] } ['empty', ''], ['32 bytes and no NUL', 'x' x 32],
	['another user in the alias', 'x pid=1 uid=0'], ['a trace of a keeper', 'x adopted'], ['a line', 'x\x0ay'], ['a format', '%n%s'],
	['a path', '../x'], ['UTF-8', '\xc3\xa9'], ['bytes behind the NUL', 'x\x00y']);
requests_fail(map { ["bridge: $_->[0]", $_->[2] // $UNKNOWN, 'ifname=tap0', "bridge=$_->[1]"] } ['sixteen bytes', 'br0' . 'x' x 13],
	['bytes behind the NUL', 'br0\x00x'], ['a pattern', '*'], ['a path', '../br0'], ['a blank', 'br0 '], ['%d', 'br%d'],
	['its alternative name', 'brnick', "77 0 $ADD \"bridge brnick tap0\" to $POLICY"],
	['in capitals', 'BR0', "77 0 $ADD \"bridge BR0 tap0\" to $POLICY"],
	['a card', 'lan0', "77 0 $ADD \"bridge lan0 tap0\" to $POLICY"],
	['the loopback', 'lo', "77 0 $ADD \"bridge lo tap0\" to $POLICY"]);
requests_fail(map { ["parent: $_->[0]", $_->[2] // $UNKNOWN, 'ifname=tapm', 'op=3', 'mode=1', 'mac=52:54:00:00:00:01', "parent=$_->[1]"] }
	['none', ''], ['sixteen bytes', 'lan0' . 'x' x 12], ['bytes behind the NUL', 'lan0\x00x'], ['a pattern', '*'],
	['its alternative name', 'nick0', "77 0 $ADD \"macvtap nick0 tapm\" to $POLICY"],
	['another card', 'lan1', "77 0 $ADD \"macvtap lan1 tapm\" to $POLICY"],
	['a bridge', 'br0', "77 0 $ADD \"macvtap br0 tapm\" to $POLICY"],
	['the loopback', 'lo', "77 0 $ADD \"macvtap lo tapm\" to $POLICY"]);
request_fails('parent: of a tap', $UNKNOWN, 'ifname=tap0', 'parent=lan0');
requests_fail(map { ["uplink: $_->[0]", $UNKNOWN, 'ifname=tap0', 'address=192.168.50.1/24', 'flags=1', "uplink=$_->[1]"] }
	['a rule', 'x" accept; "'], ['a pattern', '*'], ['sixteen bytes', 'x' x 16], ['bytes behind the NUL', 'x\x00y']);
request_fails('uplink: without NAT', $UNKNOWN, 'ifname=tap0', 'address=192.168.50.1/24', 'uplink=lan0');

# ---- patterns of the policy ----------------------------------------------------------------------------------

sub pattern_fails
{
	my ($pattern, @names) = @_;
	set_up_helper("allow $pattern 192.168.48.0/21");
	# It may also be a pattern that a policy cannot have.
	request_fails("pattern $pattern: $_", qr{77 0 \Q$ADD\E "allow $_ 192\.168\.50\.0/24" to \Q$POLICY\E|78 0 \Q$POLICY\E:1: .*}, "ifname=$_") for @names;
	return;
}
pattern_fails('tap*', qw(TAP0 tAp0 tw-tap ta));
pattern_fails('tap[0-9]', qw(tap tap10 tap-));
pattern_fails('tap?', qw(tap tap10));
pattern_fails('tap[0-9', qw(tap0 tap9));
pattern_fails('tap[!0-9]', 'tap0');
pattern_fails('tap\\*', 'tap0');
pattern_fails('[[:alpha:]]', qw(ab a1));
pattern_fails('tap0|tap1', qw(tap0 tap1));
pattern_fails('{tap0,tap1}', 'tap0');
pattern_fails('\\', 'tap0');

done_attacking();
