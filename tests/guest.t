#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# Real guests over real networks: tap, user mode, port redirection. What arrives is compared byte
# for byte.

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

my $before = host_state();
my @servers;

sub random_bytes { open my $in, '<:raw', '/dev/urandom'; read $in, my $bytes, $_[0]; return $bytes }

sub serve { push @servers, start_server(@_) }

sub stop_servers { for (splice @servers) { kill 'KILL', $_; waitpid $_, 0 } }

# ---- iPXE on the tap: fetches a script with a token, and brings the token back -------------------------

{
	my $token = unpack 'H*', random_bytes(500);
	my $pid = start(['qemu-tapwrap',
		guest_profile(then => 'chain --autofree http://192.168.50.1:8000/script')]);
	ok(wait_for(sub { has_link('tap0') }), 'the tap is there');
	serve('192.168.50.1', 8000, {
		'/script' => "#!ipxe\nset token $token\n"
			. "imgfetch http://192.168.50.1:8000/back/\${token}\nsleep 600\n",
	}, 'ipxe');
	ok(answers_ping('192.168.50.2'), 'iPXE answers ping on the tap');
	ok(wait_for(sub { grep { $_ ne '/script' } requests('ipxe') }, 30), 'and asks back');
	is((grep { $_ ne '/script' } requests('ipxe'))[0], "/back/$token",
		'1000 characters over TCP, to the guest and back again, are unchanged');
	kill 'KILL', $pid;
	finish($pid);
	stop_servers();
	state_settles($before, 'as before');
}

# ---- no [nic] section: one e1000 in user mode, as with QEMU itself --------------------------------------

{
	my $ipxe = ipxe();
	serve('127.0.0.1', 8000, { '/hello' => '' }, 'user');
	my $profile = profile(<<"END");
[machine]
accel = tcg
memory = 64M
[boot]
kernel = $ipxe
append = dhcp net0 && imgfetch http://10.0.2.2:8000/hello?\${net0/ip}/\${net0/chip} && sleep 600
[display]
type = none
[serial]
type = null
END
	my $pid = start(['qemu-tapwrap', $profile]);
	ok(wait_for(sub { requests('user') }, 30), 'user mode: the guest reaches the host over TCP');
	like((requests('user'))[0], qr{^/hello\?10\.0\.2\.15/i?82540em$}i, 'from an e1000');
	ok(!grep({ m{/dev/net/tun} } values %{ descriptors($pid) }), 'no tap is open');
	state_settles($before, 'nothing on the host has changed while it runs');
	kill 'KILL', $pid;
	finish($pid);
	stop_servers();
}

# ---- type = none: no NIC at all ------------------------------------------------------------------------

{
	my $pid = start(['qemu-tapwrap', guest_profile(nic => 'type = none'), '--',
		'-qmp', 'unix:none.sock,server=on,wait=off']);
	my $cmdline;
	ok(wait_for(sub { ($cmdline = slurp("/proc/$pid/cmdline") // '') =~ /^qemu-system/ }), 'runs');
	unlike($cmdline, qr/netdev|e1000|-nic|-net/, 'type = none: no NIC is asked for');
	kill 'KILL', $pid;
	finish($pid);
}

# ---- Linux with two e1000: tap and user mode with a forwarded port ---------------------------------------

{
	my ($kernel, $module) = find_linux();
	my @busybox = find_busybox();
	must_or_skip($kernel && @busybox, 'no readable Linux kernel with e1000, or no busybox');

	my $data = random_bytes(1 << 20);
	my $initramfs = make_initramfs(<<'END', \@busybox, $module);
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
}

done_testing();
