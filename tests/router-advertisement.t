#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# A guest that sends a router advertisement becomes nobody's router. The frame is written to the
# tap by what stands in QEMU's place; the same frame on a tap made by hand does change the host's
# routes, which shows that it would work.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use World;
use Test::More;

# The guest: writes the advertisement to every tap it was given, three times, then waits.
my $sender = <<'END';
use POSIX ();
my @fds = map { /^tap,.*fd=(\d+)/ ? $1 : () } @ARGV;
my $icmp = pack 'CCnCCnNN', 134, 0, 0, 64, 0, 1800, 0, 0;          # router lifetime 1800 s
$icmp .= pack 'CCCCNNNH32', 3, 4, 64, 0xc0, 1800, 1800, 0, 'fd00' . '0bad' . '0' x 24;
my ($from, $to) = map { pack 'H32', $_ } 'fe800000000000000000000000000bad', 'ff020000000000000000000000000001';
my $sum = unpack '%32n*', $from . $to . pack('NxxxC', length $icmp, 58) . $icmp;
$sum = ($sum & 0xffff) + ($sum >> 16) for 1, 2;
substr $icmp, 2, 2, pack 'n', ~$sum & 0xffff;
my $frame = pack('H12H12n', '333300000001', '52540000bad1', 0x86dd)
	. pack('NnCC', 6 << 28, length $icmp, 58, 255) . $from . $to . $icmp;
for (1 .. 3) {
	for my $fd (@fds) {
		my $bytes = "\0" x 10 . $frame;                            # vnet_hdr, then the frame
		POSIX::write($fd, $bytes, length $bytes) or die "write to descriptor $fd: $!";
	}
	select undef, undef, undef, 0.3;
}
open my $done, '>', '/srv/tmp/sent';
sleep 60;
END
install_stub("#!$^X\n$sender");

sub routes { return join '', map { run_ok(@$_) } [qw(ip -6 route)], [qw(ip -6 -o addr)] }

for my $address ('192.168.50.1/24', 'fd00:5a17::1/64') {
	unlink '/srv/tmp/sent';
	my $pid = start(['qemu-tapwrap', tap_profile(address => $address)]);
	ok(wait_for(sub { -e '/srv/tmp/sent' }, 5), "$address: the guest has sent its advertisement")
		or diag slurp("/srv/tmp/$pid.err");
	unlike(routes(), qr/bad|default|proto ra/, "$address: no route and no address came of it");
	kill 'KILL', $pid;
	finish($pid);
}

# The control: an ordinary tap, the kernel's defaults.
unlink '/srv/tmp/sent';
run_ok(qw(ip tuntap add dev tap0 mode tap vnet_hdr));
run_ok(qw(ip link set tap0 up));
my $attach = "use Fcntl; sysopen my \$t, '/dev/net/tun', O_RDWR or die; "
	. "my \$request = pack 'a16sx22', 'tap0', 0x5002; ioctl \$t, 0x400454ca, \$request or die \$!; "
	. "\@ARGV = ('tap,fd=' . fileno \$t); sleep 2;\n";
my $pid = start([$^X, '-e', "$attach$sender"]);
ok(wait_for(sub { -e '/srv/tmp/sent' }), 'control: the same frame on a tap made by hand')
	or diag slurp("/srv/tmp/$pid.err");
like(routes(), qr/default via fe80::bad dev tap0 proto ra/, 'control: there it makes a default route');
kill 'KILL', $pid;
finish($pid);

done_testing();
