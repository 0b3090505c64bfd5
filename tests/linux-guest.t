#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# Linux with two e1000, one on a tap and one in user mode with a forwarded port. What arrives is
# compared byte for byte.

use strict;
use warnings;
use Digest::SHA qw(sha256_hex);
use FindBin;
use lib "$FindBin::Bin/lib";
use World;
use Test::More;
use IO::Socket::INET;
use MIME::Base64 qw(decode_base64);

require "$FindBin::Bin/lib/server.pl";
require "$FindBin::Bin/lib/linux-guest.pl";

my ($kernel, @modules) = find_linux('e1000');
my @busybox = find_busybox();
must_or_skip($kernel && @busybox, 'no readable Linux kernel with e1000, or no busybox');

my $before = host_state();
my $data = random_bytes(1 << 20);
my $initramfs = make_initramfs(<<'END', \@busybox, @modules);
ip addr add 192.168.50.2/24 dev eth0
ip link set eth0 up
ip addr add 10.0.2.15/24 dev eth1
ip link set eth1 up
nc -ll -p 22 -e cat &
until wget -q -O /data http://192.168.50.1:8000/data; do sleep 0.2; done
base64 /data > /text # busybox's wget sends no NUL bytes
wget -q -O /dev/null --post-file=/text http://192.168.50.1:8000/data
wget -q -O /dev/null http://10.0.2.2:8001/through-user-mode
while ! wget -q -O /dev/null http://192.168.50.1:8000/stop; do sleep 0.2; done
poweroff -f
END
my $profile = profile(<<"END");
[vm]
name = linux, two NICs
[machine]
accel = tcg
memory = 256M
[boot]
kernel = $kernel
initrd = $initramfs
append = console=ttyS0 quiet panic=-1
[display]
type = none
[nic "lan"]
ifname = tap0
address = 192.168.50.1/24, fd00:5a17::1/64
[nic "net"]
type = user
hostfwd = tcp:127.0.0.1:2222-:22
END
my $pid = start(['qemu-tapwrap', $profile, '--', '-no-reboot'], seconds => 120);
ok(wait_for(sub { has_link('tap0') }), 'the tap is there');
my %documents = ('/data' => $data);
serve('192.168.50.1', 8000, \%documents, 'linux-tap');
serve('127.0.0.1', 8001, { '/through-user-mode' => 'x' }, 'linux-user');
my $sent = sub { (requests('linux-tap', '/data'))[-1] // '' };
ok(wait_for(sub { length $sent->() }, 90), 'Linux has fetched a file over the tap and sent it');
is(sha256_hex(decode_base64($sent->())), sha256_hex($data), '1 MiB each way: the checksum is the same');
ok(answers_ping('192.168.50.2'), 'it answers ping');
ok(wait_for(sub { requests('linux-user') }, 30), 'it reaches the host in user mode');

my $forwarded = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => 2222, Timeout => 10);
ok($forwarded, 'hostfwd: a TCP connection to port 2222 of the host ...');
print $forwarded "there and back\n";
is(scalar <$forwarded>, "there and back\n", '... reaches port 22 of the guest');
close $forwarded;

stop_servers();
serve('192.168.50.1', 8000, { '/stop' => 'x' }, 'linux-stop');
my ($status, $out, $err) = finish($pid, 60);
is(exited($status), 0, 'poweroff in the guest: status 0') or diag($out, $err);
stop_servers();
state_settles($before, 'as before');

done_testing();
