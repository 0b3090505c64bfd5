#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# Attacks by a guest: frames that would make something of the guest that it is not, a router, another
# host, the host itself. What stands in QEMU's place writes them to the tap. That a router advertisement
# does work on an ordinary tap is shown in router-advertisement.t; what a guest sends through NAT under
# other addresses is tried in nat.t.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Socket;
use World;
use Test::More;

our ($UID, @AS_USER);
require "$FindBin::Bin/lib/$_.pl" for qw(users taps attack);

make_host();
ip_batch('neigh add 192.168.52.254 lladdr 02:00:00:00:52:fe dev lan0 nud permanent', 'neigh add fd00:5a17:0:52::fe lladdr 02:00:00:00:52:fe dev lan0 nud permanent');
set_up_helper('allow tap* 192.168.48.0/21,fd00:5a17::/48');
# Sends what is in a file, each time that it is told to.
my $guest = <<'END';
use POSIX ();
my ($fd) = map { /^tap,.*fd=(\d+)/ ? $1 : () } @ARGV;
$SIG{USR1} = sub {
	open my $in, '<', '/srv/tmp/frames' or die;
	my @frames = map { chomp; pack 'H*', $_ } <$in>;
	for (1 .. 2) { for (@frames) { POSIX::write($fd, $_, length $_) } select undef, undef, undef, 0.05 }
	open my $done, '>', '/srv/tmp/sent';
};
open my $ready, '>', '/srv/tmp/sent';
sleep 60 while 1;
END
install_stub("#!$^X\n$guest");

# ---- frames -----------------------------------------------------------------------------------------------

my ($all, $mine) = ('ffffffffffff', '52540000bad1');
my $host = 'aaaaaaaaaaaa'; # the tap's own, which is filled in
my $header = '00' x 10;    # of virtio, in front of each frame

sub sum { my ($bytes) = @_; my $sum = unpack '%32n*', length($bytes) % 2 ? "$bytes\0" : $bytes; $sum = ($sum & 0xffff) + ($sum >> 16) for 1, 2; return ~$sum & 0xffff }
sub frame { my ($to, $from, $type, $bytes) = @_; return $header . $to . $from . sprintf('%04x', $type) . unpack('H*', $bytes) }
sub ipv4
{
	my ($from, $to, $protocol, $bytes, %option) = @_;
	my $options = $option{options} // '';
	my $ip = pack('CCnnnCCna4a4', 0x45 + length($options) / 4, 0, 20 + length($options) + length $bytes, 1, 0, 64, $protocol, 0, inet_aton($from), inet_aton($to)) . $options;
	substr $ip, 10, 2, pack 'n', sum($ip);
	return frame($option{mac} // $host, $option{source} // $mine, 0x0800, $ip . $bytes);
}
sub udp { my ($from, $to, $port, $text, %option) = @_; return ipv4($from, $to, 17, pack('nnnn', 4000, $port, 8 + length $text, 0) . $text, %option) }
sub arp { my ($op, $sender, $target, $mac) = @_; return frame($all, $mac // $mine, 0x0806, pack('nnCCnH12a4H12a4', 1, 0x0800, 6, 4, $op, $mac // $mine, inet_aton($sender), '0' x 12, inet_aton($target))) }
sub redirect
{
	my ($from, $for, $to) = @_;
	my $about = pack('CCnnnCCna4a4', 0x45, 0, 28, 1, 0, 64, 17, 0, inet_aton('192.168.50.1'), inet_aton($for)) . pack('nnnn', 4000, 53, 8, 0);
	my $icmp = pack('CCna4', 5, 1, 0, inet_aton($to)) . $about;
	substr $icmp, 2, 2, pack 'n', sum($icmp);
	return ipv4($from, '192.168.50.1', 1, $icmp);
}
sub ipv6
{
	my ($from, $to, $protocol, $bytes, $mac) = @_;
	my ($source, $target) = map { Socket::inet_pton(AF_INET6, $_) } $from, $to;
	substr $bytes, 2, 2, pack 'n', sum($source . $target . pack('NxxxC', length $bytes, $protocol) . $bytes) if $protocol == 58;
	return frame($mac // '333300000001', $mine, 0x86dd, pack('NnCC', 6 << 28, length $bytes, $protocol, 255) . $source . $target . $bytes);
}
sub six { return Socket::inet_pton(AF_INET6, $_[0]) }
sub advertisement { my ($flags, $lifetime, @options) = @_; return ipv6('fe80::bad', 'ff02::1', 58, pack('CCnCCnNN', 134, 0, 0, 64, $flags, $lifetime, 0, 0) . join '', @options) }
my $prefix = pack('CCCCNNN', 3, 4, 64, 0xc0, 1800, 1800, 0) . six('fd00:bad::');

my @frames = (
	['router advertisement', advertisement(0, 1800)], ['router advertisement, of high preference', advertisement(0x08, 1800)],
	['router advertisement, with a prefix', advertisement(0, 1800, $prefix)], ['router advertisement, only a prefix', advertisement(0, 0, $prefix)],
	['router advertisement, with a route', advertisement(0, 1800, pack('CCCCN', 24, 3, 64, 0, 1800) . six('fd00:5a17:0:52::'))],
	['router advertisement, with an MTU', advertisement(0, 1800, pack('CCnN', 5, 1, 0, 1280))], ['router advertisement, managed by DHCPv6', advertisement(0xc0, 1800)],
	['router advertisement, with a name server', advertisement(0, 1800, pack('CCnN', 25, 3, 0, 1800) . six('fd00:bad::53'))],
	['IPv6 redirect', ipv6('fe80::bad', 'fe80::1', 58, pack('CCnN', 137, 0, 0, 0) . six('fe80::bad') . six('fd00:5a17:0:52::fe'), $host)],
	['neighbour advertisement, of a router for the LAN', ipv6('fe80::bad', 'ff02::1', 58, pack('CCnN', 136, 0, 0, 0xa0000000) . six('fd00:5a17:0:52::fe') . pack('CCH12', 2, 1, $mine))],
	['neighbour advertisement, of the host\'s own address', ipv6('fe80::bad', 'ff02::1', 58, pack('CCnN', 136, 0, 0, 0xa0000000) . six('fd00:5a17::1') . pack('CCH12', 2, 1, $mine))],
	['DHCPv6 reply', ipv6('fe80::bad', 'ff02::1', 17, pack('nnnn', 547, 546, 12, 0) . "\7abc")],
	['ARP, for the router of the LAN', arp(2, '192.168.52.254', '192.168.52.254')], ['ARP, asks as the router of the LAN', arp(1, '192.168.52.254', '192.168.50.1')],
	['ARP, for the host on the LAN', arp(2, '192.168.52.9', '192.168.52.9')], ['ARP, for the host on the tap', arp(2, '192.168.50.1', '192.168.50.1')],
	['ARP, with the MAC address of the LAN\'s router', arp(2, '192.168.52.254', '192.168.52.254', '0200000052fe')],
	['redirect, by the guest', redirect('192.168.50.2', '198.51.100.1', '192.168.50.2')], ['redirect, as the router of the LAN', redirect('192.168.52.254', '198.51.100.1', '192.168.50.2')],
	['redirect, of the LAN', redirect('192.168.50.2', '192.168.52.254', '192.168.50.2')],
	['DHCP offer', udp('192.168.50.2', '255.255.255.255', 68, pack('CCCCN', 2, 1, 6, 0, 1) . "\0" x 228 . "\x63\x82\x53\x63\x35\x01\x02\xff", mac => $all)],
	['spanning tree', frame('0180c2000000', $mine, 0x0026, "\x42\x42\x03" . "\0" x 35)], ['LLDP', frame('0180c200000e', $mine, 0x88cc, "\2\7\4" . 'x' x 40)],
	['VLAN 1', frame($all, $mine, 0x8100, pack('nn', 1, 0x0800) . 'x' x 60)], ['the host\'s own MAC address', udp('192.168.50.2', '192.168.50.1', 9, 'x', source => $host)],
	['frames too short and too long', map { '00' x $_ } 0, 1, 9, 10, 11, 23, 24, 65535], ['headers that lie', map { $_ . '52' x 60 } 'ff' x 10, '01' . '00' x 5 . 'ffffffff', '0001ffffffffffffffff', '0003' . '00' x 8, '01050100000100010001'],
	['a flood', (udp('192.168.50.2', '192.168.50.1', 9, 'x' x 1000)) x 5000],
);

# They meet the kernel, not us: with sanitizers there is no more to see.
@frames = @frames[grep { $_ % 4 == 0 } 0 .. $#frames] if sanitized() && !thorough();

# ---- what the host makes of them ---------------------------------------------------------------------------------

# All but what is the tap's own, the neighbours of others, and where the host sends to.
sub host_now
{
	my $state = ip_batch('neigh show nud all') . state_now() . join '', map { run_ok(qw(ip route get), $_) } qw(198.51.100.1 192.168.52.254);
	return join "\n", grep { !/tap0|NOARP/ } split /\n/, $state =~ s/ tentative//gr;
}
# A VM; returns its PID and what has it send frames.
sub boot
{
	my ($profile) = @_;
	unlink '/srv/tmp/sent';
	my $pid = start([@AS_USER, qw(env XDG_RUNTIME_DIR= qemu-tapwrap), $profile]);
	wait_for(sub { -e '/srv/tmp/sent' }, 5) or diag slurp("/srv/tmp/$pid.err");
	my ($mac) = run_ok(qw(ip -o link show tap0)) =~ m{link/ether (\S+)};
	$mac =~ tr/://d;
	return ($pid, sub {
		my @of_it = @_;
		spew('/srv/tmp/frames', join '', map { s/aaaaaaaaaaaa/$mac/gr . "\n" } @of_it);
		unlink '/srv/tmp/sent';
		kill 'USR1', $pid;
		return wait_for(sub { -e '/srv/tmp/sent' }, 10);
	});
}

my %address = ('IPv4 only' => '192.168.50.1/24', 'IPv6, too' => '192.168.50.1/24 fd00:5a17::1/64');
for my $kind (sort keys %address) {
	my $profile = tap_profile(address => $address{$kind});
	for (@frames) {
		my ($name, @of_it) = @$_;
		my ($pid, $send) = boot($profile);
		my $before = host_now();
		my $sent = $send->(@of_it);
		my ($now, $on_tap) = (host_now(), ip_batch('route show table all', 'neigh show dev tap0'));
		end_stub($pid);
		my @wrong = (difference($before, $now), grep { /bad|proto ra|default|192\.168\.5[23]|fd00:5a17:0:5/ } grep { /tap0|^\S+ lladdr/ } split /\n/, $on_tap);
		attack_fails("$kind: $name", $sent && !grep({ $_ ne '' } @wrong), join "\n", $sent ? 'sent' : 'not sent', @wrong);
	}
}

# ---- to what listens on the host -----------------------------------------------------------------------------------

sub listener { my ($address) = @_; socket(my $s, AF_INET, SOCK_DGRAM, 0) or die; setsockopt $s, SOL_SOCKET, SO_REUSEADDR, 1; bind $s, pack_sockaddr_in(4242, inet_aton($address)) or die "bind: $!"; return $s }
sub hears { my ($socket) = @_; my $bits = ''; vec($bits, fileno $socket, 1) = 1; return select($bits, undef, undef, 0.3) ? do { recv $socket, my $text, 100, 0; $text } : '' }
{
	my $any = listener('0.0.0.0');
	my ($pid, $send) = boot(tap_profile());
	$send->(udp('192.168.50.2', '192.168.50.1', 4242, 'guest'));
	is(hears($any), 'guest', 'the guest can talk to the host under its own address');
	while (hears($any)) { }
	remember_host();
	for (['the router of the LAN', '192.168.52.254'], ['the host itself', '192.168.50.1'], ['the host on the LAN', '192.168.52.9'], ['the loopback', '127.0.0.1'], ['somebody on the Internet', '198.51.100.1'],
		['nobody', '0.0.0.0'], ['a multicast group', '224.0.0.1'], ['all', '255.255.255.255']) {
		$send->(udp($_->[1], '192.168.50.1', 4242, 'spoofed'));
		my $heard = hears($any);
		attack_fails("IPv4: a packet as $_->[0]", $heard eq '', "heard: $heard");
	}
	for (['the loopback', '127.0.0.1'], ['the loopback, as the loopback', '127.0.0.1', '127.0.0.1']) {
		$send->(udp($_->[2] // '192.168.50.2', $_->[1], 4242, 'local'));
		my $heard = hears($any);
		attack_fails("IPv4: a packet to $_->[0]", $heard eq '', "heard: $heard");
	}
	$send->(udp('192.168.50.2', '192.168.50.1', 4242, 'routed', options => pack('CCCa4C', 131, 7, 4, inet_aton('192.168.52.254'), 1)));
	my $heard = hears($any);
	attack_fails('IPv4: a packet with a source route', $heard eq '', "heard: $heard");
	end_stub($pid);
	wait_for(sub { !has_link('tap0') });
}

done_attacking();
