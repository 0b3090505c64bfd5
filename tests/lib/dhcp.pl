# SPDX-License-Identifier: MIT
#
# dhcp: a NIC that is told its address, and the servers that run for such.

use strict;
use warnings;
use World;

our $DHCP_KEYS = "mac = 52:54:00:0a:0b:0c\nguest-address = 192.168.50.2\ndhcp = on\n";
our $DHCP_NIC = "ifname = tap0\naddress = 192.168.50.1/24\nmac = 52:54:00:0a:0b:0c\nguest-address = 192.168.50.2\n";

sub find_dnsmasq { return (grep { -x } qw(/usr/sbin/dnsmasq /usr/bin/dnsmasq))[0] }
sub servers { return map { /^(\d+): / } grep { /^\d+: dnsmasq / } processes() }

# Where the host listens with UDP: address%interface:port each, in order.
sub listens { return sort map { (split)[3] } split /\n/, run_ok(qw(ss -ulnH)) }

# A DHCPv6 client for a guest, with all it needs.
sub dhcp6_client
{
	my ($client) = grep { -x } qw(/usr/sbin/dhcpcd /sbin/dhcpcd /usr/bin/dhcpcd);
	return $client ? ($client, `ldd $client` =~ m{(/\S+)}g) : ();
}

1;
