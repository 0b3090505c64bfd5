#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# type = passt: Linux gets its address from passt, reaches a server beyond the host and is reached
# from the host, and passt ends with the VM, for root and for a user.

use strict;
use warnings;
use Digest::SHA qw(sha256_hex);
use FindBin;
use lib "$FindBin::Bin/lib";
use IO::Socket::INET;
use World;
use Test::More;

require "$FindBin::Bin/lib/linux-guest.pl";
require "$FindBin::Bin/lib/companions.pl";
require "$FindBin::Bin/lib/server.pl";
require "$FindBin::Bin/lib/uplink.pl";

our @started_by;
my ($passt) = grep { -x } map { "$_/passt" } split /:/, $ENV{PATH};
must_or_skip($passt, 'no passt');
my ($kernel, @modules) = find_linux(qw(e1000e virtio_net virtio_pci));
my @busybox = find_busybox();
must_or_skip($kernel && @busybox, 'no readable Linux kernel with its NIC drivers, or no busybox');
must_or_skip((run([qw(unshare -Ur true)]))[0] == 0, 'no user namespaces, which passt needs');

# ---- where the host has no way out ------------------------------------------------------------------

my $alone = host_state();
my $idle = "[machine]\naccel = tcg\nsmp = 1\nmemory = 64M\n[display]\ntype = none\n[serial]\ntype = null\n";
my $profile = profile("$idle\[nic \"net\"]\ntype = passt\nhostfwd = 2222:22, udp::5353-:53\n", 'idle.ini');

sub refused
{
	my ($name, $expected, $text, @command) = @_;
	my ($status, $out, $err) = run([@started_by, @command]);
	is(exited($status), $expected, "$name: status $expected");
	is("$out$err", "qemu-tapwrap: idle.ini:10: [nic \"net\"] type: $text\n", "$name: one line");
	is_deeply([processes()], [], "$name: no process is left");
}

refused('no default route', 69, "$passt: External interface not usable; it needs a default route",
	'qemu-tapwrap', $profile);
install_stub("#!/bin/sh\nexit 0\n");
refused('no passt', 72, 'passt is not in $PATH; install it, or take type = user', qw(env PATH=/srv/bin qemu-tapwrap),
	$profile);
unlink '/srv/bin/qemu-system-x86_64';
state_settles($alone, 'as before');

# ---- Linux -------------------------------------------------------------------------------------------

make_outside();
my $before = host_state();
my $data = random_bytes(1 << 20);
spew('/srv/tmp/www/data', $data);
my $initramfs = make_initramfs(<<'END', \@busybox, @modules);
cat >/got-lease <<'LEASE'
#!/bin/sh
[ "$1" = bound ] || exit 0
ip addr add $ip/$mask dev $interface
ip route add default via $router
echo "
lease=$ip"
LEASE
chmod +x /got-lease
ip link set eth0 up
until udhcpc -i eth0 -n -q -t 5 -s /got-lease 2>/dev/null; do sleep 0.2; done
nc -ll -p 22 -e cat &
until wget -q -O /data http://198.51.100.1:8000/data; do sleep 0.2; done
unserved() { awk '/^Udp:/ { n = $3 } END { print n }' /proc/net/snmp; }
n=$(unserved)
echo "
sum=$(sha256sum </data | cut -d' ' -f1)"
while [ $(unserved) = $n ]; do sleep 0.2; done
echo "
udp=1"
poweroff -f
END

sub text { my ($pid) = @_; return slurp("/srv/tmp/$pid.out") // '' }

sub boot
{
	my ($who, $model) = @_;
	my $server = start([outside(), $busybox[0], qw(httpd -f -p 198.51.100.1:8000 -h /srv/tmp/www)]);
	my $linux = linux_profile($kernel, $initramfs, "[nic \"net\"]\ntype = passt\n$model\n"
		. "hostfwd = 2222:22, udp:192.0.2.2:5353-:53\n", '', 'linux.ini');
	my $pid = start([@started_by, 'qemu-tapwrap', $linux]);
	ok(wait_for(sub { text($pid) =~ /^sum=(\w{64})/m }, 60), "$who: Linux has fetched a file from beyond the host")
		or diag(text($pid), slurp("/srv/tmp/$pid.err"));
	is((text($pid) =~ /^sum=(\w{64})/m)[0], sha256_hex($data), "$who: 1 MiB: the checksum is the same");
	is((text($pid) =~ /^lease=(\S+)/m)[0], '192.0.2.2', "$who: its address is the host's, by DHCP");

	my $tcp = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => 2222, Timeout => 10);
	ok($tcp, "$who: hostfwd: a connection to TCP port 2222 of the host ...") or return;
	print $tcp "there and back\n";
	is(scalar <$tcp>, "there and back\n", "$who: ... reaches port 22 of the guest");
	close $tcp;
	my $udp = IO::Socket::INET->new(PeerAddr => '192.0.2.2', PeerPort => 5353, Proto => 'udp');
	ok(wait_for(sub { $udp->send('x'); text($pid) =~ /^udp=1/m }, 20), "$who: hostfwd: and one of UDP does");
	my ($status, $out, $err) = finish($pid, 60);
	is(exited($status), 0, "$who: Linux powers off, status 0") or diag($out);
	is($err, '', "$who: nothing on standard error");
	kill 'KILL', $server;
	finish($server);
	nothing_left($before, $who);
}

# ---- every end, and what goes wrong -------------------------------------------------------------------

sub all_for
{
	my ($who, $uid, $model) = @_;
	boot($who, $model);
	end_with_vm($before, $profile, 'passt');

	my $taken = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => 2222, Listen => 1) or die $!;
	refused("$who: a port is taken", 69, "$passt: Failed to bind any port for '-t 127.0.0.1/2222:22', exiting",
		'qemu-tapwrap', $profile);
	close $taken;

	my $pid = start_served($who, [@started_by, 'qemu-tapwrap', $profile], 'passt');
	my ($child) = pid_of('passt');
	like(slurp("/proc/$child/status"), qr/^Uid:\t$uid\t$uid/m, "$who: passt is the user it should be");
	is_deeply([children_of($pid)], [], "$who: QEMU has no child");
	kill 'KILL', $child;
	ok(wait_for(sub { !pid_of('passt') }), "$who: passt is killed");
	ok(kill(0, $pid), "$who: and QEMU goes on");
	kill 'TERM', $pid;
	is(exited((finish($pid))[0]), 0, "$who: status 0");
	nothing_left($before, $who);
}

all_for('root', getpwnam('nobody') // 65534, '');
SKIP: {
	skip 'only root can become another user', 1 if !is_real_root();
	local @started_by = (qw(setpriv --reuid=4711 --regid=4711 --clear-groups env HOME=/srv/tmp), 'XDG_RUNTIME_DIR=');
	all_for('a user', 4711, 'model = e1000e');
}

# ---- by hand --------------------------------------------------------------------------------------------

{
	my $script = spew('idle.sh', run_ok('qemu-tapwrap', '--dry-run', $profile));
	my $pid = start(['sh', $script]);
	ok(wait_for(sub { running('passt') && grep { /qemu-system/ } processes() }), 'by hand: passt and QEMU run')
		or diag(slurp("/srv/tmp/$pid.err"));
	my $qemu = (map { /^(\d+): qemu-system/ } processes())[0];
	ok(wait_for(sub { handles_term($qemu) }), 'by hand: QEMU is up');
	like(run_ok(qw(ss -Hxp)), qr/passt-net\.sock/, 'by hand: and connected');
	kill 'TERM', $qemu;
	is(exited((finish($pid))[0]), 0, 'by hand: status 0');
	nothing_left($before, 'by hand');
}

done_testing();
