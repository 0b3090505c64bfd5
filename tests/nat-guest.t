#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# NAT for Linux in the real QEMU: it fetches a file from outside and sends it back, over IPv4 and
# IPv6, and what arrives is compared byte for byte.

use strict;
use warnings;
use Digest::SHA qw(sha256_hex);
use FindBin;
use lib "$FindBin::Bin/lib";
use World;
use Test::More;
use MIME::Base64 qw(decode_base64);

require "$FindBin::Bin/lib/server.pl";
require "$FindBin::Bin/lib/linux-guest.pl";
require "$FindBin::Bin/lib/outside.pl";

my ($kernel, @modules) = find_linux('e1000');
my @busybox = find_busybox();
must_or_skip($kernel && @busybox, 'no readable Linux kernel with e1000, or no busybox');

# IPv6 is a module of some kernels.
my ($with_ipv6, @ipv6) = find_linux('e1000', 'ipv6');
@modules = @ipv6 if $with_ipv6 && $with_ipv6 eq $kernel;

my $outside = new_outside('up0', '198.51.100', 'fd00:51');
set_forwarding($_, 1) for 4, 6;
my $before = host_state();
my %data = map { $_ => random_bytes(1 << 20) } 4, 6;
my %server = (4 => '198.51.100.2', 6 => 'fd00:51::2');
serve_inside($outside, $server{$_}, 8000, { '/data' => $data{$_} }, "/srv/tmp/outside$_") for 4, 6;
wait_for(sub { (() = run_ok(inside($outside), qw(ss -Htln)) =~ /:8000\b/g) == 2 });

my $initramfs = make_initramfs(<<'END', \@busybox, @modules);
# Until an address is known to be unique, Linux connects from its link-local one: to no avail.
echo 0 > /proc/sys/net/ipv6/conf/eth0/accept_dad
ip link set eth0 up
ip addr add 192.168.50.2/24 dev eth0
ip route add default via 192.168.50.1
ip -6 addr add fd00:5a17::2/64 dev eth0
ip -6 route add default via fd00:5a17::1
for server in 198.51.100.2 '[fd00:51::2]'; do
	until wget -O /data http://$server:8000/data; do sleep 0.2; done
	base64 /data > /text # busybox's wget sends no NUL bytes
	wget -O /dev/null --post-file=/text http://$server:8000/data
done
while :; do sleep 9; done
END
my $profile = linux_profile($kernel, $initramfs, <<'END');
[nic "lan"]
ifname = tap0
address = 192.168.50.1/24, fd00:5a17::1/64
nat = on
END
my $pid = start(['qemu-tapwrap', $profile]);
for my $family (4, 6) {
	my $host = $family == 4 ? '198.51.100.1' : 'fd00:51::1';
	my $sent = sub { (requests("/srv/tmp/outside$family", '/data'))[-1] // '' };

	ok(wait_for(sub { length $sent->() }, 90), "IPv$family: Linux has fetched a file from outside and sent it")
		or diag(slurp("/srv/tmp/$pid.err"), slurp("/srv/tmp/$pid.out"));
	is(sha256_hex(decode_base64($sent->())), sha256_hex($data{$family}), "IPv$family: 1 MiB each way, whole");
	is(slurp("/srv/tmp/outside$family/2.peer"), $host, "IPv$family: outside sees the host's address");
}
like(run_ok(qw(nft list ruleset)), qr/table inet qemu-tapwrap-tap0/, 'its table is there');
kill 'KILL', $pid;
is(exited((finish($pid))[0]), 'signal 9', 'SIGKILL');
stop_servers();
state_settles($before, 'as before');
end_processes($outside);

done_testing();
