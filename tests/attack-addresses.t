#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# Attacks by addresses, routes, guests, MTU and MAC addresses, under a policy that allows every
# network there is: what is not a guest's stays the host's.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use World;
use Test::More;

our ($UID, @AS_USER, $OTHER, $POLICY, $UNKNOWN, $ADD);
require "$FindBin::Bin/lib/$_.pl" for qw(users taps attack);

make_host();
set_up_helper('allow tap[0-9]* 0.0.0.0/0,::/0 nat dhcp', 'bridge br0 tap*', 'macvtap lan0 tapm*');
request_works('an address of each family', 'ifname=tap0', 'address=192.168.50.1/24', 'address=fd00:5a17::1/64');

# ---- what is no address of a host ------------------------------------------------------------------------

sub rows
{
	my ($field, $why, @values) = @_;
	requests_fail(map { ["$field: $_", $why eq $UNKNOWN ? $why : "65 0 $why", 'ifname=tap0', "$field=$_"] } @values);
	return;
}
rows('address', 'the prefix length must be from /8 to /31', qw(0.0.0.0/0 0.0.0.0/1 128.0.0.0/1 8.8.8.8/0 10.0.0.1/5 192.168.50.1/7));
rows('address', 'the prefix length must be from /64 to /127', qw(::/0 8000::1/1 fd00:5a17::1/63));
rows('address', '0.0.0.0/8 is not for hosts', qw(0.0.0.1/24 0.1.2.3/8));
rows('address', "127.0.0.0/8 is the host's own loopback", qw(127.0.0.1/8 127.0.0.53/31 127.255.255.254/24));
rows('address', '224.0.0.0/4 is for multicast', qw(224.0.0.1/24 239.255.255.250/8));
rows('address', '240.0.0.0/4 is reserved', qw(240.0.0.1/24 255.255.255.255/31 255.255.255.255/24));
rows('address', '169.254.0.0/16 is for link-local addresses', qw(169.254.169.254/31 169.254.1.1/16));
rows('address', '::/96 holds only special addresses', qw(::/64 ::1/64 ::1/127 ::192.168.50.1/120));
rows('address', '::ffff:0:0/96 means IPv4 addresses', '::ffff:192.168.50.1/120', '::ffff:127.0.0.1/127');
rows('address', 'fe80::/10 is for link-local addresses', qw(fe80::1/64 febf::1/64));
rows('address', 'ff00::/8 is for multicast', qw(ff02::1/64 ff00::/64));
rows('address', "it is the network's own address, not a host's", qw(192.168.50.0/24 10.0.0.0/8));
rows('address', "it is the broadcast address, not a host's", qw(192.168.50.255/24 10.255.255.255/8));
rows('address', "it is the subnet-router anycast address, not a host's", qw(fd00:5a17::/64));
rows('address', "a /32 needs a peer, the guest's address", qw(192.168.50.1/32 8.8.8.8/32));
rows('address', "a /128 needs a peer, the guest's address", 'fd00:5a17::1/128');
rows('address', $UNKNOWN, qw(192.168.50.1/33 192.168.50.1/129 192.168.50.1/255 fd00::1/129 fd00::1/255
	192.168.50.1/24@5 192.168.50.1/24@0 192.168.50.1/24@10 192.168.50.1/24@2 192.168.50.1/24@255 192.168.50.1/24+ fd00::1/24@4));
requests_fail(map { ["number of $_->[0]: $_->[1]", $UNKNOWN, 'ifname=tap0', "address=192.168.50.1/24", "n_$_->[0]=$_->[1]"] }
	['addresses', 9], ['addresses', 255], ['addresses', 0], ['routes', 9], ['routes', 255], ['routes', 1]);

# ---- what the host has already ------------------------------------------------------------------------------

my $elsewhere = 'choose another subnet, or start as root with --force';
requests_fail(map { ["the host's: $_->[0]", "69 0 $_->[1]", 'ifname=tap0', "address=$_->[0]"] }
	['192.168.52.9/24', '192.168.52.9 is already the address of lan0'],
	['192.168.54.1/30', '192.168.54.1 is already the address of br0'],
	['fd00:5a17:0:52::9/64', 'fd00:5a17:0:52::9 is already the address of lan0'],
	map { [$_->[0], "$_->[0] overlaps $_->[1]; $elsewhere"] }
		['192.168.52.1/24', '192.168.52.9/24 on lan0'], ['192.168.52.129/25', '192.168.52.9/24 on lan0'],
		['192.168.52.10/31', '192.168.52.9/24 on lan0'], ['192.168.48.1/21', '192.168.52.9/24 on lan0'],
		['192.1.1.1/8', '192.168.52.9/24 on lan0'], ['192.168.54.129/25', '192.168.54.1/24 on br0'],
		['192.168.53.1/24', 'the route 192.168.53.0/24 dev lan0'], ['192.168.53.254/31', 'the route 192.168.53.0/24 dev lan0'],
		['fd00:5a17:0:52::1/120', 'fd00:5a17:0:52::9/64 on lan0']);
request_fails('the host\'s: one user says force', "69 0 192.168.52.1/24 overlaps 192.168.52.9/24 on lan0; $elsewhere",
	'ifname=tap0', 'address=192.168.52.1/24', 'force=1');
request_fails('the host\'s: more force', $UNKNOWN, 'ifname=tap0', 'address=192.168.52.1/24', 'force=2');
request_fails('the host\'s: the eighth address', "69 0 192.168.52.1/24 overlaps 192.168.52.9/24 on lan0; $elsewhere",
	'ifname=tap0', (map { "address=10.$_.0.1/24" } 1 .. 7), 'address=192.168.52.1/24');
request_fails('the host\'s: the eighth tap', "69 0 192.168.52.1/24 overlaps 192.168.52.9/24 on lan0; $elsewhere",
	'ifname=tap0', (map { "$_.ifname=tap$_" } 1 .. 7), '7.address=192.168.52.1/24');
# What is on a link of the tap's own name is looked over, so that a race tells its losers why.
request_fails('the host\'s: its interface is asked for as well', "77 0 $ADD \"allow lan0 192.168.50.0/24\" to $POLICY",
	'ifname=tap0', 'address=192.168.52.1/24', '1.ifname=lan0');
set_up_helper('allow * 0.0.0.0/0');
request_fails('the host\'s: its interface is asked for, by who may', "69 0 192.168.52.1/24 overlaps 192.168.52.9/24 on lan0; $elsewhere",
	'ifname=tap0', 'address=192.168.52.1/24', '1.ifname=lan0');
request_fails('the host\'s: its interface is to be completed', "69 0 192.168.52.1/24 overlaps 192.168.52.9/24 on lan0; $elsewhere", 'ifname=tap0', 'address=192.168.52.1/24',
	'1.ifname=lan0', '1.op=2');
set_up_helper('allow tap[0-9]* 0.0.0.0/0,::/0 nat dhcp', 'bridge br0 tap*', 'macvtap lan0 tapm*');

# ---- routes and peers -----------------------------------------------------------------------------------------

sub with_address { my ($name, $wanted, @words) = @_; return request_fails($name, $wanted, 'ifname=tap0', 'address=192.168.50.1/24', 'address=fd00:5a17::1/64', @words) }
with_address("route: $_", '65 0 the prefix length must be from /8 to /32', "route=$_") for qw(0.0.0.0/0 0.0.0.0/1 128.0.0.0/1 8.0.0.0/7);
with_address("route: $_", '65 0 the prefix length must be from /16 to /128', "route=$_") for qw(::/0 8000::/1 2000::/3);
with_address("route: $_->[0]", "65 0 $_->[1]", "route=$_->[0]") for ['127.0.0.0/8', '127.0.0.0/8 is the host\'s own loopback'],
	['169.254.169.254/32', '169.254.0.0/16 is for link-local addresses'], ['224.0.0.0/8', '224.0.0.0/4 is for multicast'],
	['255.255.255.255/32', '240.0.0.0/4 is reserved'], ['fe80::/64', 'fe80::/10 is for link-local addresses'],
	['ff00::/16', 'ff00::/8 is for multicast'], ['::ffff:10.0.0.0/104', '::ffff:0:0/96 means IPv4 addresses'],
	['198.51.100.1/24', 'it has bits set behind its prefix length'], ['198.51.100.0/24,via=fd00:5a17::2', 'it goes through an address of another family'];
with_address("route: $_->[0]", "69 0 $_->[0] overlaps $_->[1]; $elsewhere", "route=$_->[0]") for
	['192.168.52.0/24', '192.168.52.9/24 on lan0'], ['192.168.52.254/32', '192.168.52.9/24 on lan0'], ['192.168.0.0/16', '192.168.52.9/24 on lan0'],
	['192.168.53.0/25', 'the route 192.168.53.0/24 dev lan0'], ['fd00:5a17:0:52::/64', 'fd00:5a17:0:52::9/64 on lan0'];
with_address('route: the host\'s own address', '69 0 192.168.52.9 is already the address of lan0', 'route=192.168.52.9/32');
with_address('route: through a router of the LAN', qr/69 0 the kernel refuses: .*/, 'route=198.51.100.0/24,via=192.168.52.254');
with_address('route: through the loopback', qr/69 0 the kernel refuses: .*/, 'route=198.51.100.0/24,via=127.0.0.1');
with_address("route: $_", $UNKNOWN, "route=$_") for '198.51.100.0/33', '198.51.100.0/24@7', '198.51.100.0/24,via=192.168.50.2/24', '198.51.100.0/24+';
with_address('route: the second of two', "69 0 192.168.52.0/24 overlaps 192.168.52.9/24 on lan0; $elsewhere", 'route=198.51.100.0/24', 'route=192.168.52.0/24');
request_fails('route: of a tap without address', '65 0 there is no address of the route\'s family', 'ifname=tap0', 'route=198.51.100.0/24');

sub with_peer { my ($peer, $wanted, @more) = @_; return request_fails("peer: $peer" . join('', map { ", $_" } @more), $wanted, 'ifname=tap0', 'address=192.168.50.1/32', "peer=$peer", @more) }
with_peer(@$_) for ['127.0.0.1', '65 0 127.0.0.0/8 is the host\'s own loopback'], ['224.0.0.1', '65 0 224.0.0.0/4 is for multicast'],
	['255.255.255.255', '65 0 240.0.0.0/4 is reserved'], ['0.0.0.0', '65 0 0.0.0.0/8 is not for hosts'], ['192.168.50.1', '65 0 it and its peer are the same'],
	['192.168.52.9', '69 0 192.168.52.9 is already the address of lan0'], ['192.168.50.2/31', $UNKNOWN], ['192.168.50.2@6', $UNKNOWN],
	['192.168.52.254', "69 0 192.168.52.254/32 overlaps 192.168.52.9/24 on lan0; $elsewhere"],
	['192.168.53.1', "69 0 192.168.53.1/32 overlaps the route 192.168.53.0/24 dev lan0; $elsewhere"], ['fd00::2', '65 0 there is no address of the peer\'s family'];
request_fails('peer: in the place of the other family', $UNKNOWN, 'ifname=tap0', 'address=192.168.50.1/32', 'swapped_peer=192.168.50.2');
request_fails('peer: of a subnet', '65 0 with a peer the prefix length must be /32', 'ifname=tap0', 'address=192.168.50.1/24', 'peer=192.168.50.2');

# ---- two taps in one request ----------------------------------------------------------------------------------

my $clash = '65 0 it clashes with another address in the request';
sub two { my ($name, $wanted, @words) = @_; return request_fails("two taps: $name", $wanted, 'ifname=tap0', 'address=192.168.50.1/24', @words) }
two('of one name', '65 0 the name is asked for twice', '1.ifname=tap0');
two('one address', $clash, '1.ifname=tap1', '1.address=192.168.50.1/24');
two('one subnet', $clash, '1.ifname=tap1', '1.address=192.168.50.2/24');
two('a subnet inside', $clash, '1.ifname=tap1', '1.address=192.168.50.129/25');
two('a subnet around', $clash, '1.ifname=tap1', '1.address=192.168.1.1/16');
two('one address twice on one', $clash, 'address=192.168.50.1/25');
two('more than there can be', $UNKNOWN, 'n_taps=9');
two('very many', $UNKNOWN, 'n_taps=4294967295');
two('none', $UNKNOWN, 'n_taps=0');
two('one that is not counted', $UNKNOWN, '1.ifname=tap1', 'n_taps=1');

# ---- the guest's addresses --------------------------------------------------------------------------------------

sub guest_fails { my ($name, $wanted, @words) = @_; return request_fails("guest: $name", $wanted, qw(ifname=tap0 address=192.168.50.1/24 flags=4 guest_mac=52:54:00:00:00:01), @words) }
guest_fails($_->[0], "65 0 $_->[1]", "guest=$_->[0]") for ['192.168.50.1', 'the guest\'s address is the host\'s own'],
	['192.168.52.9', 'the guest\'s address is in no subnet of the tap\'s'], ['192.168.50.0', 'it is the network\'s own address, not a host\'s'],
	['192.168.50.255', 'it is the broadcast address, not a host\'s'], ['127.0.0.1', 'the guest\'s address is in no subnet of the tap\'s'],
	['fd00::2', 'the guest\'s address is in no subnet of the tap\'s'];
guest_fails('none', '65 0 there is no address to give');
guest_fails('with a prefix', $UNKNOWN, 'guest=192.168.50.2/24');
guest_fails('of no family', $UNKNOWN, 'guest=192.168.50.2@9');
guest_fails('in the other place', $UNKNOWN, 'swapped_guest=192.168.50.2');
guest_fails("MAC address $_", $UNKNOWN, 'guest=192.168.50.2', "guest_mac=$_") for qw(00:00:00:00:00:00 ff:ff:ff:ff:ff:ff 01:00:5e:00:00:01 33:33:00:00:00:01);
request_fails('guest: without DHCP', $UNKNOWN, 'ifname=tap0', 'address=192.168.50.1/24', 'guest=192.168.50.2');
guest_fails('DHCP without the capability for it', qr/77 0 \S+ has no CAP_NET_BIND_SERVICE; .*/, 'guest=192.168.50.2');

# ---- MTU, MAC addresses, queues, flags -----------------------------------------------------------------------------

my $mtu = '65 0 the MTU must be from 68 (1280 with IPv6) to 65521';
request_fails("MTU: $_", $mtu, 'ifname=tap0', "mtu=$_") for 1, 67, 65522, 0xffffffff;
request_fails('MTU: 1279 with IPv6', $mtu, 'ifname=tap0', 'address=fd00:5a17::1/64', 'mtu=1279');
request_works('a port of the bridge', 'ifname=tap0', 'bridge=br0');
# A bridge takes the least MTU of its ports, and below 1280 bytes it loses its IPv6 addresses for good.
request_fails("MTU: $_ for a port of a bridge with 1500", "77 0 br0 would take over the MTU: it has 1500, and only root may lower that",
	'ifname=tap0', 'bridge=br0', "mtu=$_") for 68, 1279, 1499;
{
	ip_batch(map { "link set dev $_ mtu 9000" } qw(far1 lan1));
	remember_host();
	my ($pid, $line) = start_hostile('--keep', 'ifname=tap0', 'bridge=br0');
	my $bridge = run_ok(qw(ip -o link show br0));
	end_hostile($pid);
	attack_fails('MTU: a port without one, of a bridge with 9000', $line =~ /^0 1 / && $bridge =~ / mtu 9000 /, "$line\n$bridge");
	ip_batch(map { "link set dev $_ mtu 1500" } qw(lan1 far1));
	remember_host();
}
sub macvtap_fails { my ($name, $wanted, @words) = @_; return request_fails("macvtap: $name", $wanted, qw(ifname=tapm0 op=3 parent=lan0 mode=1 mac=52:54:00:00:00:01), @words) }
macvtap_fails("MAC address $_", $UNKNOWN, "mac=$_") for qw(00:00:00:00:00:00 ff:ff:ff:ff:ff:ff 01:00:5e:00:00:01);
macvtap_fails("mode $_", $UNKNOWN, "mode=$_") for 0, 5, 255;
macvtap_fails('with an address', $UNKNOWN, 'address=192.168.50.1/24');
macvtap_fails('with a route', $UNKNOWN, 'route=198.51.100.0/24');
macvtap_fails('with a bridge', $UNKNOWN, 'bridge=br0');
macvtap_fails('with NAT', $UNKNOWN, 'flags=1');
macvtap_fails('that persists', $UNKNOWN, 'flags=2');
macvtap_fails('with a larger MTU than its parent', qr/69 0 the kernel refuses: .*/, 'mtu=9000');
{
	my ($mac) = run_ok(qw(ip -o link show lan0)) =~ m{link/ether (\S+)};
	macvtap_fails('the MAC address of its parent', qr/69 0 the kernel refuses: Address already in use.*/, "mac=$mac");
}
request_fails("queues: $_", $UNKNOWN, 'ifname=tap0', "queues=$_") for 0, 9, 255;
request_fails("flags: $_", $UNKNOWN, 'ifname=tap0', "flags=$_") for 8, 128, 255;
request_fails("op: $_", $UNKNOWN, 'ifname=tap0', "op=$_") for 0, 4, 255;
request_fails("zero: $_", $UNKNOWN, 'ifname=tap0', "zero=$_") for 1, 255;
request_fails('flags: to persist without the word', qr/77 0 \Q$ADD\E "allow tap0 192\.168\.50\.0\/24 persistent" to .*/, 'ifname=tap0', 'flags=2');
request_fails('flags: NAT without an address', '65 0 NAT needs an address on the tap', 'ifname=tap0', 'flags=1');
request_fails('flags: NAT of a port', '65 0 a port of a bridge has no address and no NAT of its own', 'ifname=tap0', 'bridge=br0', 'flags=1');
request_fails('bridge: a port with an address', '65 0 a port of a bridge has no address and no NAT of its own', 'ifname=tap0', 'bridge=br0', 'address=192.168.50.1/24');

# ---- prefixes of the policy -----------------------------------------------------------------------------------------

sub outside_fails
{
	my ($prefix, @addresses) = @_;
	set_up_helper("allow tap* $prefix");
	for (@addresses) {
		my ($address, $network) = split ' ';
		request_fails("policy $prefix: $address", "77 0 $ADD \"allow tap0 $network\" to $POLICY", 'ifname=tap0', "address=$address");
	}
	return;
}
outside_fails('192.168.50.128/25', '192.168.50.1/25 192.168.50.0/25', '192.168.50.129/24 192.168.50.0/24', '192.168.51.129/25 192.168.51.128/25');
outside_fails('192.168.50.0/24', '192.168.51.1/24 192.168.51.0/24', '192.168.49.1/24 192.168.49.0/24', '192.168.50.1/23 192.168.50.0/23', '10.0.0.1/8 10.0.0.0/8',
	'fd00::1/64 fd00::/64');
outside_fails('fd00:5a17::/48', 'fd00:5a17:1::1/64 fd00:5a17:1::/64', 'fd00:5a16::1/64 fd00:5a16::/64', '192.168.50.1/24 192.168.50.0/24');
outside_fails('0.0.0.0/0', 'fd00:5a17::1/64 fd00:5a17::/64');
set_up_helper('allow tap0 192.168.50.0/24', 'allow tap1 10.0.0.0/8');
request_fails('policy: the name of one line, the address of another', "77 0 $ADD \"allow tap0 10.0.0.0/24\" to $POLICY", 'ifname=tap0', 'address=10.0.0.1/24');
request_fails('policy: an address of each of two lines', "77 0 $ADD \"allow tap0 192.168.50.0/24,10.0.0.0/24\" to $POLICY",
	'ifname=tap0', 'address=192.168.50.1/24', 'address=10.0.0.1/24');
request_fails('policy: a route outside', "77 0 $ADD \"allow tap0 192.168.50.0/24,10.0.0.0/24\" to $POLICY", 'ifname=tap0',
	'address=192.168.50.1/24', 'route=10.0.0.0/24');
request_fails('policy: a peer outside', "77 0 $ADD \"allow tap0 192.168.50.1/32,10.0.0.1/32\" to $POLICY", 'ifname=tap0',
	'address=192.168.50.1/32', 'peer=10.0.0.1');

done_attacking();
