# SPDX-License-Identifier: MIT
#
# outside: networks beyond the host, each a namespace behind an uplink of its own, and the host that
# forwards to them. They know no way back to a guest's addresses unless they are told.

use strict;
use warnings;
use World;

# A namespace held by a process; returns its PID, by which the functions below know it.
sub new_namespace
{
	my $pid = start([qw(unshare -n sleep 9999)]);
	wait_for(sub { (slurp("/proc/$pid/comm") // '') eq "sleep\n" }) or die 'no namespace';
	return $pid;
}

# The same command in a namespace.
sub inside { my ($namespace, @command) = @_; return ('nsenter', '-t', $namespace, '-n', '--', @command) }

sub set_address { my ($in, $address, $ifname) = @_; run_ok(@$in, qw(ip addr add), $address, 'dev', $ifname,
	$address =~ /:/ ? 'nodad' : ()) }

# A link of the host called $ifname with the addresses $net.1 and $net6::1; the namespace at its
# other end has $net.2 and $net6::2.
sub new_outside
{
	my ($ifname, $net, $net6) = @_;
	my $namespace = new_namespace();

	run_ok(qw(ip link add), $ifname, qw(type veth peer name up0 netns), $namespace);
	for ([[], $ifname, 1], [[inside($namespace)], 'up0', 2]) {
		my ($in, $link, $number) = @$_;
		run_ok(@$in, qw(ip link set lo up));
		run_ok(@$in, qw(ip link set), $link, 'up');
		set_address($in, "$net.$number/24", $link);
		set_address($in, "${net6}::$number/64", $link);
	}
	wait_for(sub { run_ok(qw(ip -6 addr show tentative)) eq '' && run_ok(inside($namespace), qw(ip -6 addr show tentative)) eq '' });
	return $namespace;
}

my %forwarding = (4 => 'ipv4/ip_forward', 6 => 'ipv6/conf/all/forwarding');
sub set_forwarding { my ($family, $on) = @_; spew("/proc/sys/net/$forwarding{$family}", "$on\n") }

# A server on port 7000 that tells each client the address that it sees.
my $teller = <<'END';
my $listener = IO::Socket::IP->new(LocalHost => '::', LocalPort => 7000, Listen => 9, ReuseAddr => 1, V6Only => 0) or die $@;
while (my $client = $listener->accept) { print $client $client->peerhost =~ s/^::ffff://r; close $client }
END

my @tellers;
sub start_teller
{
	my ($namespace) = @_;
	my $pid = start([inside($namespace), $^X, '-MIO::Socket::IP', '-e', $teller]);
	wait_for(sub { run_ok(inside($namespace), qw(ss -Htln)) =~ /:7000\b/ }) or die 'no teller';
	push @tellers, $pid;
	return $pid;
}

# The answer of the teller at $address to one who asks from $namespace, or '' without one; $from is the
# address that it asks from.
sub ask
{
	my ($namespace, $address, $seconds, $from) = @_;
	return run_ok(inside($namespace), $^X, '-MIO::Socket::IP', '-e',
		'my ($to, $seconds, @from) = @ARGV; my $s = IO::Socket::IP->new(PeerHost => $to, PeerPort => 7000,'
		. 'Timeout => $seconds, map { (LocalHost => $_) } @from); print <$s> if $s',
		$address, $seconds // 5, $from // ());
}

sub is_out_of_reach { my ($namespace, $address, $name) = @_; return main::is(ask($namespace, $address, 1), '', $name) }

sub end_processes { for (@_) { kill 'KILL', $_; finish($_) } }

# ---- a guest that is a namespace: quick, and any command can run in it ---------------------------

my $relay = <<'END';
use strict; use Fcntl; use IO::Select;
my @taps = map { /^tap,.*fd=(\d+)/ ? $1 : () } @ARGV;
my (%other, @nets);
for my $i (0 .. $#taps) {
	open my $tap, '+<&=', $taps[$i] or die "tap: $!";
	sysopen my $card, '/dev/net/tun', O_RDWR or die "card: $!";
	my $request = pack 'a16sx22', "eth$i", 0x5002;
	ioctl $card, 0x400454ca, $request or die "card: $!";
	@other{$tap, $card} = ($card, $tap);
	push @nets, $tap, $card;
}
system "ip link set lo up; $ENV{GUEST}";
open my $ready, '>', "/srv/tmp/guest.$$";
my ($frame, $select) = ('', IO::Select->new(@nets));
while (my @readable = $select->can_read) {
	for my $from (@readable) { syswrite $other{$from}, $frame if sysread $from, $frame, 65600 }
}
END

sub install_relay
{
	spew('/srv/tmp/relay.pl', $relay);
	return install_stub("#!/bin/sh\nexec unshare -n $^X /srv/tmp/relay.pl \"\$@\"\n");
}

# Starts a VM with one tap of subnet $net and $net6. Returns the PID, and the PID of what tells
# addresses in it.
sub boot_namespace
{
	my ($profile, $net, $net6) = @_;
	local $ENV{GUEST} = "ip link set eth0 up; ip addr add $net.2/24 dev eth0; ip route add default via $net.1; "
		. "ip addr add ${net6}::2/64 dev eth0 nodad; ip route add default via ${net6}::1";
	my $pid = start(['qemu-tapwrap', $profile]);
	wait_for(sub { -e "/srv/tmp/guest.$pid" }) or main::diag(slurp("/srv/tmp/$pid.err"));
	wait_for(sub { run_ok(inside($pid), qw(ip -6 addr show tentative)) eq '' });
	start_teller($pid);
	return $pid;
}

sub end_tellers { end_processes(splice @tellers) }

1;
