#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# --rootless: an ordinary user, a helper without a capability, no policy, and a VM on a tap all the
# same, in a network of its own.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use World;
use Test::More;

require "$FindBin::Bin/lib/uplink.pl";

must_or_skip(is_real_root(), 'no other user to be');
my @as_user = (qw(setpriv --reuid=4711 --regid=4711 --clear-groups env HOME=/srv/tmp), 'XDG_RUNTIME_DIR=');

# As distributions have it; this machine may not.
run_ok(qw(mkdir -p /srv/dev));
run_ok(qw(mount -t tmpfs -o), 'mode=0755,dev', qw(tmpfs /srv/dev));
run_ok(qw(mknod -m 0666 /srv/dev/tun c 10 200));
run_ok(qw(mount --bind /srv/dev/tun /dev/net/tun));
must_or_skip((run([@as_user, qw(unshare -Urn true)]))[0] == 0, 'users may not have namespaces here');

my $before = host_state();
my $profile = guest_profile();

# A server out there that writes down what it is asked for.
my $server;
sub serve_outside
{
	spew('/srv/tmp/requests', '');
	$server = start([outside(), $^X, '-MIO::Socket::INET', '-e',
		'my $l = IO::Socket::INET->new(LocalPort => 8000, Listen => 5, ReuseAddr => 1) or die $!;'
		. 'while (my $c = $l->accept) { my $line = <$c>; open my $out, ">>", "/srv/tmp/requests"; print $out $line;'
		. 'close $out; print $c "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n"; close $c }']);
	return;
}
sub end_outside
{
	kill 'KILL', $server;
	finish($server);
	run_ok(qw(ip link del outside0));
}

sub within { my ($pid, @command) = @_; return run(['nsenter', '-t', $pid, qw(-U -n), @command]) }

{
	my $pid = start([@as_user, 'qemu-tapwrap', '--rootless', $profile]);
	ok(wait_for(sub { (within($pid, qw(ping -c1 -W1 -q 192.168.50.2)))[0] == 0 }, 60),
		'the guest answers within the network of the VM') or diag slurp("/srv/tmp/$pid.err");
	like((within($pid, qw(ip -br addr)))[1], qr{^lo\s+UNKNOWN\s+127.*^tap0\s+UNKNOWN\s+192\.168\.50\.1/24}ms,
		'where the tap has its address, and the loopback is up');
	is((run([@as_user, qw(nsenter -U -n --preserve-credentials -t), $pid, qw(ping -c1 -W1 -q 192.168.50.2)]))[0], 0,
		'the user gets in, as the manual and --ssh have it');
	is(host_state(), $before, 'the network of the host is not touched');
	like(slurp("/proc/$pid/status"), qr/^Uid:\t4711\t4711\t4711\t4711$/m, 'to the host it is the user');
	like((run([@as_user, 'qemu-tapwrap', $profile]))[2], qr/policy|capability/,
		'which without --rootless may not make a tap');
	kill 'TERM', $pid;
	is(exited((finish($pid))[0]), 0, 'SIGTERM: status 0');
}
# The world outside, for who asks pasta for it.
{
	make_outside();
	serve_outside();
	my $ipxe = ipxe();
	my $fetch = 'http://198.51.100.1:8000/hello';
	my $user = profile("[machine]\naccel = tcg\nmemory = 64M\n[boot]\nkernel = $ipxe\n"
		. "append = dhcp net0 && imgfetch $fetch && sleep 600\n[display]\ntype = none\n[serial]\ntype = null\n");
	my $here = host_state();
	my $pid = start([@as_user, qw(pasta -q --config-net -- qemu-tapwrap), $user]);
	ok(wait_for(sub { slurp('/srv/tmp/requests') =~ /hello / }, 60), 'in a pasta the guest reaches the world')
		or diag slurp("/srv/tmp/$pid.err");
	is(host_state(), $here, 'and the network of the host is not touched');
	kill 'TERM', grep { (slurp("/proc/$_/comm") // '') =~ /^qemu-system/ } map { /^(\d+):/ } processes();
	is(exited((finish($pid))[0]), 0, 'the pasta ends with QEMU');
	end_outside();
}
{
	my ($status, $out, $err) = run([@as_user, qw(qemu-tapwrap --rootless --check), $profile]);
	is(exited($status), 0, '--check looks from in there') or diag $err;
	like($out, qr/^ok: helper: the taps can be had/m, 'and sees that the taps can be had');
}
{
	# No namespace below this one: as where a system forbids them.
	my ($status, $out, $err) = run([@as_user, qw(unshare -U -r sh -c),
		'echo 0 >/proc/sys/user/max_user_namespaces && exec qemu-tapwrap --rootless "$0"', $profile]);
	is(exited($status), 69, 'no namespaces: 69');
	is("$out$err", "qemu-tapwrap: --rootless: namespaces: No space left on device; this system does not let you "
		. "have namespaces of your own\n", 'no namespaces: one line');
}
is(host_state(), $before, 'as before');

done_testing();
