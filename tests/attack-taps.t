#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# Attacks on the taps, bridges and subnets of other users, by completing, enslaving and racing: what
# belongs to somebody else, or is of no user at all, stays as it is.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use World;
use Test::More;

our ($UID, @AS_USER, $OTHER, @AS_OTHER, $HELPER, $POLICY, $UNKNOWN, $ADD);
require "$FindBin::Bin/lib/$_.pl" for qw(users taps attack);

make_host();
ip_batch("tuntap add dev tapport mode tap user $UID", 'link set dev tapport addrgenmode none', 'link set dev tapport master br0',
	"tuntap add dev tapport2 mode tap user $OTHER", 'link set dev tapport2 addrgenmode none', 'link set dev tapport2 master br0',
	"tuntap add dev tapqueues mode tap multi_queue user $UID", 'link set dev tapqueues addrgenmode none',
	'addr add 192.168.55.1/24 dev tapother');
remember_host();
set_up_helper('allow * 192.168.48.0/21 nat persistent', 'bridge br0 tap*', 'macvtap lan0 *');

# ---- completing what is there ---------------------------------------------------------------------------

my @complete = ('op=2', 'address=192.168.50.1/24');
request_works('one of the user\'s own, completed', 'ifname=tapmine', @complete);
requests_fail(map { ["complete: $_->[0], $_->[1]", "$_->[2] 0 $_->[1] $_->[3]", "ifname=$_->[1]", @complete] }
	['of another user', 'tapother', 77, 'does not belong to you'], ['of a group', 'tapgroup', 77, 'does not belong to you'],
	['of another user and one\'s own group', 'tapboth', 77, 'does not belong to you'], ['of nobody', 'tapopen', 77, 'does not belong to you'],
	['of layer 3', 'taplayer3', 69, 'is not a tap'], ['a card', 'lan0', 69, 'is not a tap'], ['a bridge', 'br0', 69, 'is not a tap'],
	['an alternative name', 'nick0', 69, 'is not a tap'], ['a port of others', 'tapport2', 77, 'does not belong to you'],
	['nothing', 'tap7', 75, 'was there until just now; try again'],
	['one\'s own port, with an address', 'tapport', 69, 'exists and differs from the profile: it is a port of br0 and so can have no address of its own'],
	['one\'s own with several queues', 'tapqueues', 69, 'exists and differs from the profile: it is multi-queue']);
request_fails('complete: a tap of others, without changing it', '77 0 tapother does not belong to you', 'ifname=tapother', 'op=2');
request_fails('complete: a tap of others, with its own address', '77 0 tapother does not belong to you', 'ifname=tapother', 'op=2', 'address=192.168.55.1/24');
request_fails('complete: a tap of others, by force', '77 0 tapother does not belong to you', 'ifname=tapother', @complete, 'force=1');
request_fails('complete: a tap of others, behind one\'s own', '77 0 tapother does not belong to you', 'ifname=tapmine', @complete, '1.ifname=tapother', '1.op=2');
request_fails('complete: a tap of others, beside a new one', '77 0 tapother does not belong to you', 'ifname=tap0', '1.ifname=tapother', '1.op=2');
request_fails('complete: one\'s own, the subnet of the LAN', qr/69 0 192\.168\.52\.1\/24 overlaps 192\.168\.52\.9\/24 on lan0; .*/, 'ifname=tapmine', 'op=2', 'address=192.168.52.1/24');
request_fails('complete: one\'s own, the subnet of a tap of others', qr/69 0 192\.168\.55\.129\/25 overlaps 192\.168\.55\.1\/24 on tapother; .*/, 'ifname=tapmine', 'op=2', 'address=192.168.55.129/25');
request_fails('complete: one\'s own, outside the policy', qr/77 0 \Q$ADD\E .*/, 'ifname=tapmine', 'op=2', 'address=10.0.0.1/24');
request_fails('complete: one\'s own, a peer outside the policy', qr/77 0 \Q$ADD\E .*/, 'ifname=tapmine', 'op=2', 'address=192.168.50.1/32', 'peer=10.0.0.1');
request_fails('complete: to persist', $UNKNOWN, 'ifname=tapmine', @complete, 'flags=2');
request_fails('complete: twice in one request', '65 0 the name is asked for twice', 'ifname=tapmine', @complete, '1.ifname=tapmine', '1.op=2');
request_fails('complete: another bridge', "77 0 $ADD \"bridge br1 tapmine\" to $POLICY", 'ifname=tapmine', 'op=2', 'bridge=br1');
request_fails('complete: no port of the bridge', '69 0 tapmine exists and differs from the profile: it is not a port of br0', 'ifname=tapmine', 'op=2', 'bridge=br0');
request_fails("complete: the MTU of the bridge, $_->[0]", '77 0 br0 would take over the MTU: it has 1500, and only root may lower that', 'ifname=tapport', 'op=2', 'mtu=68', @$_[1 .. $#$_])
	for ['said', 'bridge=br0'], ['not said'];
{
	my ($pid, $line) = start_hostile('--keep', 'ifname=tap0', 'address=192.168.50.1/24');
	remember_host();
	request_fails('complete: a tap that is not persistent and in use', '75 0 tap0 is in use', 'ifname=tap0', @complete);
	end_hostile($pid);
	wait_for(sub { !has_link('tap0') });
	remember_host();
}
command_fails("launcher: $_->[0]", 77, qr/qemu-tapwrap: \S+:\d+: \[nic "lan"\] ifname: $_->[0] exists and belongs to $_->[1]/, @AS_USER, 'qemu-tapwrap',
	tap_profile(ifname => $_->[0])) for ['tapother', "user $OTHER"], ['tapgroup', 'group 1'];
command_fails('launcher: of nobody, to be completed', 77, qr/qemu-tapwrap: \S+:\d+: \[nic "lan"\] ifname: tapopen exists but is not complete.*/, @AS_USER,
	'qemu-tapwrap', tap_profile(ifname => 'tapopen'));

# ---- what others have made ------------------------------------------------------------------------------------

{
	my $others = start([@AS_OTHER, qw(client --keep ifname=tapo address=192.168.51.1/24)]);
	wait_for(sub { (slurp("/srv/tmp/$others.out") // '') =~ /^0 1 / }) or diag slurp("/srv/tmp/$others.err");
	remember_host();
	request_fails('others\': their name', '75 0 tapo: TUNSETIFF on /dev/net/tun: Device or resource busy', 'ifname=tapo', 'address=192.168.50.1/24');
	request_fails('others\': their subnet', qr/69 0 .* overlaps 192\.168\.51\.1\/24 on tapo; .*/, 'ifname=tap0', 'address=192.168.51.129/25');
	request_fails('others\': a route to their subnet', qr/69 0 .* overlaps 192\.168\.51\.1\/24 on tapo; .*/, 'ifname=tap0', 'address=192.168.50.1/24', 'route=192.168.51.0/25');
	request_fails('others\': a peer in their subnet', qr/69 0 .* overlaps 192\.168\.51\.1\/24 on tapo; .*/, 'ifname=tap0', 'address=192.168.50.1/32', 'peer=192.168.51.2');
	request_fails('others\': to be completed', '75 0 tapo is in use', 'ifname=tapo', 'op=2', 'address=192.168.51.1/24');
	attack_fails('others\': the descriptor is not to be had', (run([@AS_USER, 'reach', $others]))[1] eq '', 'reached');
	end_hostile($others);
	wait_for(sub { !has_link('tapo') });
	remember_host();
}
{
	ip_batch('link add link lan0 name tapmac group 29815 type macvtap', 'link set dev tapmac addrgenmode none', 'link set dev tapmac alias "qemu-tapwrap:vm pid=1 uid=4712"');
	remember_host();
	my @macvtap = qw(op=3 parent=lan0 mode=1 mac=52:54:00:00:00:01);
	request_fails('others\': a macvtap that a keeper has left', '77 0 tapmac does not belong to you', 'ifname=tapmac', @macvtap);
	ip_batch('link set dev tapmac group 0', 'link set dev tapmac alias "qemu-tapwrap:vm pid=1 uid=4711"');
	remember_host();
	request_fails('others\': a macvtap that is none of ours', '69 0 tapmac exists; choose another ifname', 'ifname=tapmac', @macvtap);
	request_fails('others\': a macvtap, as a tap', '75 0 tapmac: TUNSETIFF on /dev/net/tun: Device or resource busy', 'ifname=tapmac');
	request_fails('others\': a macvtap, to be completed', '69 0 tapmac is not a tap', 'ifname=tapmac', @complete);
	ip_batch('link del tapmac');
	remember_host();
}

# Two users want one subnet at the same moment: both may lose, but never do both have it. One of them
# stops his helper for a while, which is his right, so that it looks before and makes after the other.
{
	my @both;
	for my $round (1 .. (thorough() ? 200 : 25)) {
		my $after = $round * 37 % 1500;
		my @pids = (start([@AS_USER, qw(client --keep ifname=tap0 address=192.168.50.129/25 --signal=19), "--after=$after"]),
			start([@AS_OTHER, qw(client --keep ifname=tap1 address=192.168.50.1/24)]));
		wait_for(sub { 2 == grep { (slurp("/srv/tmp/$_.out") // '') =~ /\n/ } @pids });
		push @both, $after if 2 == grep { slurp("/srv/tmp/$_.out") =~ /^0 1 / } @pids;
		end_hostile($_) for @pids;
	}
	attack_fails('others\': one subnet at the same moment', !@both, "both had it, stopped after @both microseconds");
}

# ---- who may not -------------------------------------------------------------------------------------------------

chmod 0750, $HELPER;
attack_fails('a helper of another group', hostile('ifname=tap0') eq "$HELPER: Permission denied\n", 'it ran');
chmod 0755, $HELPER;
unlink $POLICY;
request_fails('no policy', qr/77 0 there is no policy file, so only root may make taps; .*/, 'ifname=tap0');
request_fails('no policy, one\'s own tap', qr/77 0 there is no policy file, .*/, 'ifname=tapmine', @complete);
request_fails('no policy, by force', qr/77 0 there is no policy file, .*/, 'ifname=tap0', 'force=1');
request_fails('no policy, only asked', qr/77 0 there is no policy file, .*/, 'ifname=tap0', 'request_mode=2');

done_attacking();
