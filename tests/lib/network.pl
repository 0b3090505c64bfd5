# SPDX-License-Identifier: MIT
#
# network: what there is of links, addresses, routes, rules and nftables' tables, asked of the kernel
# by netlink: as quick as hundreds of comparisons need it, and with the settings of each link that
# ip(8) does not show. Counters and timers are left out, and what the kernel itself changes when
# somebody attaches to a tap: carrier, queueing discipline, and the IPv6 routes that come with it.

use strict;
use warnings;
use Socket;

# The payloads of the messages that answer to a request for all of @type.
sub netlink_dump
{
	my ($protocol, $type, $header) = @_;
	socket my $socket, 16, SOCK_RAW, $protocol or die "netlink: $!";
	send $socket, pack('LSSLL', 16 + length $header, $type, 0x301, 1, 0) . $header, 0, pack('SSLL', 16, 0, 0, 0)
		or die "netlink: $!";
	my @payloads;
	while (defined recv $socket, my $data, 65536, 0) {
		while (length $data >= 16) {
			my ($len, $kind) = unpack 'LS', $data;
			return @payloads if $kind == 3;
			my $error = $kind == 2 ? unpack 'x16l', $data : 0;
			return if $error == -1; # no user may see tables
			die "netlink: error $error" if $error;
			push @payloads, substr $data, 16, $len - 16;
			substr $data, 0, ($len + 3) & ~3, '';
		}
	}
	die "netlink: $!";
}

# { type => value } of the attributes in $data.
sub attributes
{
	my ($data) = @_;
	my %attributes;
	while (length $data >= 4) {
		my ($len, $type) = unpack 'SS', $data;
		$attributes{ $type & 0x3fff } = substr $data, 4, $len - 4;
		substr $data, 0, ($len + 3) & ~3, '';
	}
	return \%attributes;
}

sub as_text
{
	my ($attributes, @left_out) = @_;
	my %left_out = map { $_ => 1 } @left_out;
	return join ' ', map { "$_=" . unpack 'H*', $attributes->{$_} } grep { !$left_out{$_} } sort { $a <=> $b } keys %$attributes;
}

sub link_line
{
	my ($data) = @_;
	my ($type, $index, $flags) = unpack 'x2SlL', $data;
	my $attributes = attributes(substr $data, 16);
	my $name = unpack 'Z*', $attributes->{3};
	my $info = attributes($attributes->{18} // '');
	my $kind = unpack 'Z*', $info->{1} // '';
	my $of_families = attributes($attributes->{26} // '');
	my %settings = (4 => attributes($of_families->{2} // '')->{1}, 6 => attributes($of_families->{10} // '')->{2});

	return "link $index $name $kind up=" . ($flags & 1) . ' '
		. as_text($attributes, 3, 6, 7, 16, 18, 23, 26, 33, 35, 47, 48)
		. ($kind eq 'tun' ? ' tun ' . as_text(attributes($info->{2} // ''), 8, 9) : '')
		. join '', map { " ipv$_ " . unpack 'H*', $settings{$_} // '' } 4, 6;
}

sub address_line
{
	my ($data) = @_;
	my ($family, $len, undef, $scope, $index) = unpack 'CCCCL', $data;
	return "address $index $family/$len $scope " . as_text(attributes(substr $data, 8), 6, 8);
}

sub route_line
{
	my ($data) = @_;
	my ($family, $to, $from, $tos, $table, $protocol, $scope, $type, $flags) = unpack 'CCCCCCCCL', $data;
	return if $flags & 0x200 || ($family == 10 && ($type == 2 || $type == 5)); # cached; local, multicast
	return "route $family/$to/$from $tos $table $protocol $scope $type " . as_text(attributes(substr $data, 12), 12);
}

# A line for each thing, in order.
sub network
{
	return join '', map { "$_\n" } sort map({ link_line($_) } netlink_dump(0, 18, pack 'x16')),
		map({ address_line($_) } netlink_dump(0, 22, pack 'x8')),
		map({ route_line($_) } netlink_dump(0, 26, pack 'x12')),
		map({ 'rule ' . unpack 'H*', $_ } netlink_dump(0, 34, pack 'x12')),
		map({ 'table ' . unpack 'Z*', attributes(substr $_, 4)->{1} } netlink_dump(12, 10 << 8 | 1, pack 'x4'));
}

1;
