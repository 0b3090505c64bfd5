#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# dhcp = on: guests get exactly their guest-address by DHCP, others get nothing, and of the server
# nothing stays, whoever ends it.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use World;
use Test::More;
use IO::Socket::INET;

require "$FindBin::Bin/lib/server.pl";
require "$FindBin::Bin/lib/linux-guest.pl";
require "$FindBin::Bin/lib/taps.pl";
require "$FindBin::Bin/lib/dhcp.pl";
our ($DHCP_KEYS, $DHCP_NIC);

my $dnsmasq = find_dnsmasq();
must_or_skip($dnsmasq, 'no dnsmasq: see platform/linux/packages.sh');
my $before = host_state();

# ---- iPXE: what it is told, it brings back ---------------------------------------------------------------

my $asks = 'http://192.168.50.1:8000/told?${net0/ip}/${net0/netmask}/${net0/gateway}/${net0/dns}';
my $no_answer = 'ifopen net0 && set net0/ip 192.168.50.9 && set net0/netmask 255.255.255.0 && '
	. 'imgfetch http://192.168.50.1:8000/nothing';

sub ipxe_profile
{
	my (%option) = @_;
	my $nic = ($option{nic} // $DHCP_NIC) . "dhcp = on\n" . ($option{more} // '');
	return guest_profile(nic => $nic, path => $option{path},
		append => 'ifconf -c dhcp net0 && imgfetch ' . ($option{asks} // $asks) . ' || ' . $no_answer);
}

# What the guest asks for at last; the server's log is $log.
sub answer
{
	my ($log, $address) = @_;
	serve($address // '192.168.50.1', 8000, {}, $log);
	my $path = heard($log);
	stop_servers();
	return $path;
}

sub heard
{
	my ($log) = @_;
	wait_for(sub { requests($log) }, 120);
	return (requests($log))[0] // '';
}

{
	my $pid = start(['qemu-tapwrap', ipxe_profile()]);
	ok(wait_for(sub { servers() }), 'a server runs') or diag slurp("/srv/tmp/$pid.err");
	is(answer('ipxe'), '/told?192.168.50.2/255.255.255.0//', 'iPXE gets its address, no router and no name server');
	my ($server) = servers();
	is(join(' ', listens()), '0.0.0.0%tap0:67', 'the server listens for DHCP over IPv4, on the tap, and for nothing else');
	kill 'KILL', $pid;
	finish($pid);
	nothing_left($before, 'QEMU is killed');

	$pid = start(['qemu-tapwrap', ipxe_profile(), '--', qw(-set device.nic-lan-device.mac=52:54:00:99:99:99)]);
	ok(wait_for(sub { servers() }), 'a guest with another MAC on the same tap');
	is(answer('other'), '/nothing', 'gets nothing');
	kill 'TERM', $pid;
	finish($pid);
	nothing_left($before, 'QEMU ends');
}

# ---- the script of --dry-run ---------------------------------------------------------------------------------

SKIP: {
	skip 'dnsmasq itself wants a whole system to become another user', 4 if !is_real_root();
	my ($status, $script, $err) = run(['qemu-tapwrap', '-n', ipxe_profile()]);
	is($status, 0, '--dry-run') or diag $err;
	my $pid = start(['sh', spew('/srv/tmp/by-hand.sh', $script)]);
	ok(wait_for(sub { servers() }), 'by hand: a server runs');
	is(answer('by-hand'), '/told?192.168.50.2/255.255.255.0//', 'and the guest gets its address');
	my ($qemu) = map { /^(\d+): qemu-system/ } processes();
	kill 'TERM', $qemu;
	finish($pid);
	nothing_left($before, 'by hand');
	is(join(' ', glob '/run/qemu-tapwrap-*.pid'), '', 'no PID file is left');
}

# ---- with NAT: a router, and a name server that asks the host's -----------------------------------------------

{
	my $elsewhere = start([qw(unshare -n sleep 300)]);
	wait_for(sub { (slurp("/proc/$elsewhere/comm") // '') eq "sleep\n" });
	my @there = ('nsenter', '-t', $elsewhere, '-n');
	run_ok(qw(ip link add up0 type veth peer name up1));
	run_ok(qw(ip link set up1 netns), $elsewhere);
	run_ok(qw(ip link set up0 addrgenmode none));
	run_ok(qw(ip addr add 198.51.100.1/24 dev up0));
	run_ok(qw(ip link set up0 up));
	run_ok(@there, qw(ip addr add 198.51.100.53/24 dev up1));
	run_ok(@there, qw(ip link set up1 up));
	my $resolver = start([@there, $dnsmasq, qw(-d --conf-file=/dev/null --user=root --no-resolv --no-hosts),
		qw(--listen-address=198.51.100.53 --bind-interfaces --address=/host.test/192.168.50.1 --pid-file=)]);
	run_ok('mount', '--bind', spew('/srv/tmp/resolv.conf', "nameserver 198.51.100.53\n", 0644), '/etc/resolv.conf');
	spew('/proc/sys/net/ipv4/ip_forward', '1');
	my $state = host_state();
	my $pid = start(['qemu-tapwrap', ipxe_profile(more => "nat = on\n", asks => $asks =~ s/192\.168\.50\.1/host.test/r)]);
	ok(wait_for(sub { servers() }), 'NAT: a server runs') or diag slurp("/srv/tmp/$pid.err");
	is(join(' ', listens()), '0.0.0.0%tap0:67 192.168.50.1:53', 'for names as well, on the tap');
	is(answer('nat'), '/told?192.168.50.2/255.255.255.0/192.168.50.1/192.168.50.1',
		'the host is router and name server, and the guest finds a name that only the host\'s resolver knows');
	kill 'KILL', $pid;
	finish($pid);
	ok(wait_for(sub { !servers() }, 3), 'it ends');
	is(join(' ', listens()), '', 'and its sockets');
	state_settles($state, 'as before');
	run_ok(qw(umount /etc/resolv.conf));
	spew('/proc/sys/net/ipv4/ip_forward', '0');
	run_ok(qw(ip link del up0));
	for ($resolver, $elsewhere) {
		kill 'KILL', $_;
		finish($_);
	}
	nothing_left($before, 'NAT');
}

# ---- Linux, IPv4 and IPv6 ------------------------------------------------------------------------------------

SKIP: {
	my ($kernel, @modules) = find_linux('e1000');
	my @busybox = find_busybox();
	skip 'no readable Linux kernel with e1000, or no busybox', 1 if !$kernel || !@busybox;
	# IPv6 takes another client: busybox has none here.
	my $initramfs = make_initramfs(<<'END', [@busybox, dhcp6_client()], @modules);
mkdir -p /var/lib/dhcpcd /run /etc /var/run
printf '#!/bin/sh\n[ "$1" != bound ] || { set >/told; ip addr add $ip/$mask dev $interface; }\n' >/bin/told
chmod +x /bin/told
ip link set eth0 up
udhcpc -O mtu -i eth0 -n -q -t 10 -s /bin/told >/dev/null 2>&1
chmod +x /usr/sbin/dhcpcd
/usr/sbin/dhcpcd -6 -1 -B -t 20 -f /dev/null -c /bin/true eth0 >/dev/null 2>&1
{
	grep -E '^(ip|mask|router|dns|mtu|lease)=' /told
	ip -o addr show dev eth0 scope global | sed 's/.*inet6* \([^ ]*\).*/\1/'
	ip route; ip -6 route
} >/report
until wget -q -O /dev/null --post-file=/report http://192.168.50.1:8000/report; do sleep 0.2; done
poweroff -f
END
	my $nic = "ifname = tap0\naddress = 192.168.50.1/24, fd00:5a17::1/64\n"
		. "guest-address = 192.168.50.2, fd00:5a17::2\ndhcp = on\nmtu = 1400\n";
	my $pid = start(['qemu-tapwrap', linux_profile($kernel, $initramfs, "[nic \"lan\"]\n$nic")], seconds => 120);
	ok(wait_for(sub { servers() }), 'Linux: a server runs');
	is(join(' ', listens()), '0.0.0.0%tap0:67 [::]%tap0:547', 'over both, on the tap');
	serve('192.168.50.1', 8000, {}, 'linux');
	ok(wait_for(sub { requests('linux') }, 100), 'Linux reports');
	my $report = (requests('linux', '/report'))[0] // '';
	my @lines = split /\n/, $report;
	is(join(' ', sort grep { /^\w+=/ } @lines), "ip='192.168.50.2' lease='4294967295' mask='24' mtu='1400'",
		'IPv4: address, subnet, MTU, for ever; no router, no name server');
	is(join(' ', sort grep { m{^[0-9a-f.:]+/\d+$} } @lines), '192.168.50.2/24 fd00:5a17::2/128',
		'IPv6: its address by DHCPv6, and none that it has made up') or diag $report, slurp("/srv/tmp/$pid.out");
	unlike($report, qr/^default/m, 'no default route of either kind');
	like($report, qr{^fd00:5a17::/64 dev eth0}m, 'the subnet is known from the advertisement');
	stop_servers();
	finish($pid, 60);
	nothing_left($before, 'poweroff');
}

# ---- two VMs, and two taps in one ------------------------------------------------------------------------------

{
	my $other = "ifname = tap1\naddress = 192.168.51.1/24\nmac = 52:54:00:0a:0b:0d\nguest-address = 192.168.51.7\n";
	my @pids = (start(['qemu-tapwrap', ipxe_profile()]),
		start(['qemu-tapwrap', '--set', 'vm.name=other', ipxe_profile(nic => $other, asks => $asks =~ s/192\.168\.50/192.168.51/r)]));
	ok(wait_for(sub { servers() == 2 }), 'two VMs: two servers');
	serve('192.168.50.1', 8000, {}, 'first'); # both before either guest asks
	serve('192.168.51.1', 8000, {}, 'second');
	is(heard('first'), '/told?192.168.50.2/255.255.255.0//', 'one guest gets its address');
	is(heard('second'), '/told?192.168.51.7/255.255.255.0//', 'the other gets its own');
	stop_servers();
	kill 'KILL', $pids[0];
	finish($pids[0]);
	ok(wait_for(sub { servers() == 1 }), 'one ends: its server as well');
	is(join(' ', listens()), '0.0.0.0%tap1:67', 'and only its');
	kill 'KILL', $pids[1];
	finish($pids[1]);
	nothing_left($before, 'both VMs');
}

# ---- from here on a stub is enough -------------------------------------------------------------------------------

install_stub($World::TAP_STUB);
my $profile = tap_profile(more => "$DHCP_KEYS");
my $both = tap_profile(address => '192.168.50.1/24, fd00:5a17::1/64',
	more => $DHCP_KEYS =~ s/(50\.2)/$1, fd00:5a17::2/r);

{
	my $pid = start_stub('qemu-tapwrap', tap_profile(more => $DHCP_KEYS
		. "[nic \"b\"]\nifname = tap1\naddress = 192.168.51.1/24\n[nic \"c\"]\nifname = tap2\n"
		. "address = 192.168.52.1/30\nguest-address = 192.168.52.2\ndhcp = on\n"));
	is(join(' ', listens()), '0.0.0.0%tap0:67 0.0.0.0%tap2:67', 'three taps, two with DHCP: two servers');
	is(scalar(keepers()), 1, 'one keeper');
	is(scalar(descriptors($pid)->%*), 8, 'QEMU holds three taps, one leash and its lock');
	end_stub($pid);
	nothing_left($before, 'three taps');
}
{
	install_stub("#!/bin/sh\nsleep 300 &\n");
	is((run(['qemu-tapwrap', $both]))[0], 0, '-daemonize: QEMU\'s first process has ended');
	is(join(' ', listens()), '0.0.0.0%tap0:67 [::]%tap0:547', 'and the server runs on');
	kill 'KILL', map { /^(\d+): sleep/ } processes();
	nothing_left($before, '-daemonize');
	install_stub("#!/bin/sh\nexit 3\n");
	is(exited((run(['qemu-tapwrap', $both]))[0]), 3, 'QEMU ends at once');
	nothing_left($before, 'QEMU ends at once');
	install_stub($World::TAP_STUB);
}
{
	my @wrong;
	for my $round (1 .. 20) {
		my $pid = start_stub('qemu-tapwrap', $both);
		push @wrong, "$round: @{[listens()]}" if join(' ', listens()) ne '0.0.0.0%tap0:67 [::]%tap0:547';
		kill 'KILL', $pid; # and the next one does not wait for the server's end
		waitpid $pid, 0;
	}
	is_deeply(\@wrong, [], 'twenty VMs, one right after the other, and each has its server');
	nothing_left($before, 'twenty VMs');
}

# ---- a tap that was there already ----------------------------------------------------------------------------------

{
	ip_batch('tuntap add dev tap0 mode tap', 'link set dev tap0 addrgenmode none', 'addr add 192.168.50.1/24 dev tap0',
		'link set dev tap0 up');
	my $state = tap_state();
	my $pid = start_stub('qemu-tapwrap', $profile);
	is(join(' ', listens()), '0.0.0.0%tap0:67', 'a tap that lacks nothing else: a server');
	end_stub($pid);
	wait_for(sub { !processes() }, 3);
	is(join(' ', processes()), '', 'no process is left');
	tap_settles($state, 'the tap is as it was');
	ip_batch('link set dev tap0 down', 'addr flush dev tap0');
	$state = tap_state();
	$pid = start_stub('qemu-tapwrap', $profile);
	is(join(' ', listens()), '0.0.0.0%tap0:67', 'one that lacks all: a server');
	my ($server) = servers();
	kill 'KILL', $pid, keepers();
	finish($pid);
	ok(wait_for(sub { !servers() }, 3), 'keeper and QEMU are killed: the server has ended');
	end_stub(start_stub('qemu-tapwrap', $profile));
	tap_settles($state, 'the next VM takes over, and all is as before');
	wait_for(sub { !processes() }, 3);
	ip_batch('link del tap0');
}

# ---- who is killed ---------------------------------------------------------------------------------------------------

{
	my $pid = start_stub('qemu-tapwrap', $both);
	my ($server) = servers();
	kill 'KILL', $server;
	ok(wait_for(sub { !-d "/proc/$server" }, 3), 'the server is killed: no zombie');
	is(slurp("/proc/$pid/comm"), "sleep\n", 'the VM goes on');
	is(scalar(keepers()), 1, 'and so does the keeper');
	end_stub($pid);
	nothing_left($before, 'the server was killed');

	$pid = start_stub('qemu-tapwrap', $both);
	kill 'KILL', keepers();
	ok(wait_for(sub { !servers() && !keepers() }, 3), 'the keeper is killed: the server ends');
	is(join(' ', listens()), '', 'and its sockets');
	is(slurp("/proc/$pid/comm"), "sleep\n", 'the VM goes on');
	end_stub($pid);
	nothing_left($before, 'the keeper was killed');

	$pid = start_stub('qemu-tapwrap', $both);
	kill 'STOP', servers();
	end_stub($pid);
	nothing_left($before, 'the server was stopped');

	$pid = start_stub('qemu-tapwrap', $both);
	kill 'KILL', $pid, servers(), keepers();
	finish($pid);
	nothing_left($before, 'all are killed');
}

# ---- what hinders a server --------------------------------------------------------------------------------------------

my $place = qr/\Q$profile\E:9: \[nic "lan"\] dhcp/;

sub hindered
{
	my ($name, $expected, $text) = @_;
	my ($status, $out, $err) = run(['qemu-tapwrap', $profile]);
	is(exited($status), $expected, "$name: status $expected");
	like("$out$err", qr/^qemu-tapwrap: $place: $text\n\z/, "$name: one line");
	nothing_left($before, $name);
}

sub in_its_place
{
	my ($text, $mode, $code) = @_;
	run_ok('mount', '--bind', spew('/srv/tmp/dnsmasq', $text, $mode), $dnsmasq);
	$code->();
	run_ok('umount', $dnsmasq);
}

{
	my $taken = IO::Socket::INET->new(Proto => 'udp', LocalAddr => '0.0.0.0', LocalPort => 67) or die $!;
	hindered('port 67 is taken', 69, 'UDP port 67 is taken: another DHCP server of this host listens on every '
		. 'interface; keep it off tap0, or end it \(ss -lnp shows it\)');
	close $taken;
	# As a dnsmasq does that keeps to its own interfaces.
	$taken = IO::Socket::INET->new(Proto => 'udp', LocalAddr => '0.0.0.0', LocalPort => 67, ReuseAddr => 1) or die $!;
	end_stub(start_stub('qemu-tapwrap', $profile));
	nothing_left($before, 'another server that shares the port is no trouble');
	close $taken;
}
SKIP: {
	skip 'whose a file is cannot be told here', 9 if !is_real_root();
	run_ok(qw(mount --bind /dev/null), $dnsmasq);
	hindered('no dnsmasq', 72, 'there is no dnsmasq in /usr/sbin or /usr/bin; install the package dnsmasq-base '
		. '\(Debian, Ubuntu\) or dnsmasq');
	run_ok('umount', $dnsmasq);
	in_its_place("#!/bin/sh\n", 0775, sub {
		hindered('one that others can write', 72, "$dnsmasq: must be root's, and nobody else may write to it") });
	chown 4711, 0, '/srv/tmp/dnsmasq';
	in_its_place("#!/bin/sh\n", 0755, sub {
		hindered('another user\'s', 72, "$dnsmasq: must be root's, and nobody else may write to it") });
	unlink '/srv/tmp/dnsmasq';
}
in_its_place("#!/bin/sh\necho 'dnsmasq: of no use today' >&2; exit 5\n", 0755, sub {
	hindered('it ends', 71, 'dnsmasq has ended: of no use today') });
in_its_place("#!/bin/sh\nexit 0\n", 0755, sub { hindered('it ends without a word', 71, 'dnsmasq has ended: it does not say why') });
in_its_place("#!/bin/sh\nsleep 60\n", 0755, sub { hindered('it hangs', 71, 'dnsmasq is not ready after 2 seconds') });
in_its_place("#!/bin/sh\nyes\n", 0755, sub { hindered('it talks too much', 71, 'dnsmasq is not ready after 2 seconds: y') });
in_its_place("#!/bin/sh\ntrap '' TERM\nsleep 60 &\necho 'dnsmasq[1]: started, version 0' >&2\nwhile :; do sleep 1; done\n", 0755, sub {
	my $pid = start_stub('qemu-tapwrap', $profile);
	end_stub($pid);
	nothing_left($before, 'one that does not end by itself, and has a child') });
{
	my $second = tap_profile(more => $DHCP_KEYS . "[nic \"b\"]\nifname = tap1\naddress = 192.168.51.1/24\n"
		. "guest-address = 192.168.51.2\ndhcp = on\n");
	in_its_place("#!/bin/sh\ncase \"\$*\" in *tap1*) exit 5; esac\necho 'dnsmasq[1]: started, version 0' >&2\n"
		. "exec sleep 60\n", 0755, sub {
		my ($status, undef, $err) = run(['qemu-tapwrap', $second]);
		is(exited($status), 71, 'the second of two fails: status 71');
		like($err, qr/ \[nic "b"\] dhcp: dnsmasq has ended: /, 'and it is named');
		nothing_left($before, 'the first has ended as well') });
}

done_testing();
