#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# What the tap is while the VM runs, which interfaces and networks are left alone, and what is said
# then. A stub stands in QEMU's place.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use World;
use Test::More;

my $prefix = qr{qemu-tapwrap: /srv/tmp/\S+\.ini};

install_stub($World::TAP_STUB);

sub start_vm
{
	my $pid = start(['qemu-tapwrap', @_]);
	wait_for(sub { (slurp("/proc/$pid/comm") // '') eq "sleep\n" })
		or diag 'did not start: ', slurp("/srv/tmp/$pid.err");
	return $pid;
}

sub end_vm { my ($pid) = @_; kill 'KILL', $pid; finish($pid) }

# Does this profile end with this status and line, and the host as it was?
sub refused
{
	my ($name, $profile, $wanted_status, $wanted_line) = @_;
	my $before = host_state() . run_ok(qw(ip -d link));
	my ($status, $out, $err) = run(['qemu-tapwrap', $profile], seconds => 20);

	is(exited($status), $wanted_status, "$name: status $wanted_status");
	is($err =~ s/^$prefix:\d+: //r, "$wanted_line\n", "$name: its line");
	is(host_state() . run_ok(qw(ip -d link)), $before, "$name: nothing changed");
}

# ---- a tap of ours --------------------------------------------------------------------------------------

{
	my $before = host_state();
	# The caller has left a descriptor open.
	my $pid = start(['qemu-tapwrap', tap_profile(address => '192.168.50.1/24 fd00:5a17::1/64')],
		before => sub { POSIX::dup2(1, 9) });
	wait_for(sub { (slurp("/proc/$pid/comm") // '') eq "sleep\n" });
	my $details = run_ok(qw(ip -d link show tap0));
	like($details, qr/tun type tap pi off vnet_hdr on persist off user root/, 'not persistent, owned');
	like($details, qr/alias qemu-tapwrap:tap0 pid=$pid uid=0/, 'marked as ours');
	like($details, qr/[<,]UP,/, 'up');
	my $addresses = run_ok(qw(ip -o addr show dev tap0));
	like($addresses, qr{inet 192\.168\.50\.1/24 scope global tap0}, 'IPv4 address');
	like($addresses, qr{inet6 fd00:5a17::1/64 scope global nodad}, 'IPv6 address, usable at once');
	my %setting = ('ipv4 rp_filter' => 1, 'ipv4 accept_redirects' => 0, 'ipv4 send_redirects' => 0,
		'ipv6 disable_ipv6' => 0, 'ipv6 accept_ra' => 0, 'ipv6 accept_redirects' => 0,
		'ipv6 autoconf' => 0);
	for (sort keys %setting) {
		my ($family, $key) = split;
		is(slurp("/proc/sys/net/$family/conf/tap0/$key"), "$setting{$_}\n", "$_ = $setting{$_}");
	}
	my $open = descriptors($pid);
	is_deeply([sort map { $open->{$_} } grep { $_ > 2 } keys %$open], ['/dev/net/tun', '/srv/run/qemu-tapwrap/tap0/lock'],
		'the tap and the lock are the only descriptors beside 0, 1 and 2');
	end_vm($pid);
	state_settles($before, 'gone with it');
}
{
	my $before = host_state();
	my $pid = start_vm(tap_profile());
	is(slurp('/proc/sys/net/ipv6/conf/tap0/disable_ipv6'), "1\n", 'no IPv6 address, no IPv6');
	end_vm($pid);
	$pid = start_vm(tap_profile(address => undef));
	unlike(run_ok(qw(ip -o addr show dev tap0)), qr/inet/, 'a tap without address has none');
	like(run_ok(qw(ip link show tap0)), qr/[<,]UP,/, 'but is up');
	end_vm($pid);
	$pid = start_vm(profile("[nic \"a\"]\nifname = tapa\naddress = 192.168.50.1/25\n"
		. "[nic \"b\"]\nifname = tapb\naddress = 192.168.50.129/25\n[nic \"c\"]\n"));
	is(scalar(grep { $_ eq '/dev/net/tun' } values %{ descriptors($pid) }), 2, 'two taps');
	like(slurp("/proc/$pid/cmdline") =~ tr/\0/ /r, qr/^sleep/, 'and the stub is in QEMU\'s place');
	end_vm($pid);
	$pid = start_vm(profile("[vm]\nname = a rather long name.2\n[nic]\naddress = 192.168.50.1/31\n"));
	like(run_ok(qw(ip -o link)), qr/: tw-a-rath-[0-9a-f]{5}:/, 'a name is made from the VM\'s');
	end_vm($pid);
	state_settles($before, 'all gone');
}

# ---- a tap that is there already and right: attached, untouched, without the helper ----------------------

{
	run_ok(qw(ip tuntap add dev tap0 mode tap user root));
	run_ok(qw(ip addr add 192.168.50.1/24 dev tap0));
	spew('/proc/sys/net/ipv6/conf/tap0/disable_ipv6', '1'); # else carrier brings a link-local address
	run_ok(qw(ip link set tap0 up));
	my $details = sub { join '', map { s/NO-CARRIER,|,LOWER_UP|state \w+ | *linkdown *| +$//gmr }
		run_ok(qw(ip -d link)), run_ok(qw(ip addr)), run_ok(qw(ip route show table all)) };
	my $before = $details->();
	rename '/srv/libexec/qemu-tapwrap-helper', '/srv/helper' or die $!;

	my $pid = start_vm(tap_profile());
	is($details->(), $before, 'existing tap: untouched while the VM runs');
	ok(scalar(grep { $_ eq '/dev/net/tun' } values %{ descriptors($pid) }), 'and attached');
	refused('existing tap in use', tap_profile(name => 'other'), 75,
		"[nic \"lan\"] ifname: tap0 is in use by sleep (pid $pid)");
	end_vm($pid);
	is($details->(), $before, 'and untouched afterwards');

	refused('helper missing', tap_profile(ifname => 'tap1', address => undef), 72,
		'qemu-tapwrap: /srv/libexec/qemu-tapwrap-helper is missing; install it with: make install');
	rename '/srv/helper', '/srv/libexec/qemu-tapwrap-helper' or die $!;

	my $cure = 'correct it, or remove it with: ip link delete tap0';
	run_ok(qw(ip link set tap0 down));
	refused('down', tap_profile(address => '192.168.50.1/25'), 69, '[nic "lan"] ifname: tap0 exists and '
		. "differs from the profile: its address is 192.168.50.1/24, not 192.168.50.1/25, it is down; $cure");
	run_ok(qw(ip tuntap del dev tap0 mode tap));
	run_ok(qw(ip tuntap add dev tap0 mode tap user root pi multi_queue));
	run_ok(qw(ip link set tap0 up));
	refused('pi, multi-queue', tap_profile(address => undef), 69, '[nic "lan"] ifname: tap0 exists and '
		. "differs from the profile: its packets carry packet information (pi), it is multi-queue; $cure");
	run_ok(qw(ip tuntap del dev tap0 mode tap multi_queue));
}

# ---- a tap that lives with another program ------------------------------------------------------------------

{
	my $pid = start([$^X, '-e', 'use Fcntl; sysopen my $tap, "/dev/net/tun", O_RDWR or die; '
		. 'my $request = pack "a16sx22", "tap0", 0x1002; ioctl $tap, 0x400454ca, $request or die $!; sleep 99']);
	ok(wait_for(sub { has_link('tap0') }), 'another program has made tap0');
	refused('a tap of another program', tap_profile(), 75, '[nic "lan"] ifname: tap0 is in use by '
		. (slurp("/proc/$pid/comm") =~ s/\n//r) . " (pid $pid)");
	end_vm($pid);
}

# ---- interfaces that are no taps ---------------------------------------------------------------------------

{
	my %kind = (
		bridge => [qw(ip link add tap0 type bridge)], veth => [qw(ip link add tap0 type veth peer name v1)],
		'layer 3 tun' => [qw(ip tuntap add dev tap0 mode tun)]);
	for my $kind (sort keys %kind) {
		run_ok(@{ $kind{$kind} });
		refused($kind, tap_profile(), 69,
			"[nic \"lan\"] ifname: tap0 exists and is a $kind, not a tap; choose another ifname");
		run_ok(qw(ip link del tap0));
	}
	run_ok(qw(ip link add d0 type veth peer name d1));
	run_ok(qw(ip link property add dev d0 altname tap0));
	refused('alternative name', tap_profile(), 69, '[nic "lan"] ifname: tap0 is another name of d0');
	run_ok(qw(ip link del d0));
}

# ---- networks that are in use --------------------------------------------------------------------------------

{
	run_ok(qw(ip link add lan0 type veth peer name lan1));
	run_ok(qw(ip link set), $_, qw(addrgenmode none)) for qw(lan0 lan1);
	run_ok(qw(ip link set lan1 up));
	run_ok(qw(ip link set lan0 up));
	run_ok(qw(ip addr add 192.168.50.9/24 dev lan0 metric 100));
	my $overlap = 'overlaps 192.168.50.9/24 on lan0; choose another subnet, or start as root with --force';
	for (qw(192.168.50.1/24 192.168.50.129/25 192.168.50.1/30 192.168.1.1/16)) {
		refused("subnet of the LAN, $_", tap_profile(address => $_), 69,
			"[nic \"lan\"] address: $_ $overlap");
	}
	refused('the LAN\'s own address', tap_profile(address => '192.168.50.9/24'), 69,
		'[nic "lan"] address: 192.168.50.9 is already the address of lan0');
	refused('the second address', tap_profile(address => '192.168.51.1/24, 192.168.50.1/24'), 69,
		"[nic \"lan\"] address: 192.168.50.1/24 $overlap");
	run_ok(qw(ip addr flush dev lan0));
	run_ok(qw(ip route flush table all dev lan0));

	my @routes = (
		['route dev lan0', '192.168.0.0/16 dev lan0', '192.168.0.0/16 dev lan0'],
		['more specific route', '192.168.50.128/25 dev lan0', '192.168.50.128/25 dev lan0'],
		['route in another table', '192.168.50.0/24 dev lan0 table 1000', '192.168.50.0/24 dev lan0 table 1000'],
		['blackhole', 'blackhole 192.168.50.0/24', '192.168.50.0/24']);
	run_ok(qw(ip rule add from 198.51.100.0/24 lookup 1000));
	for (@routes) {
		my ($name, $route, $named) = @$_;
		run_ok(qw(ip route add), split ' ', $route);
		refused($name, tap_profile(), 69,
			"[nic \"lan\"] address: 192.168.50.1/24 overlaps the route $named; choose another subnet, or start as root with --force");
		run_ok(qw(ip route del), split ' ', $route);
	}
	run_ok(qw(ip rule del from 198.51.100.0/24 lookup 1000));
	{
		run_ok(qw(ip route add 192.168.50.0/24 dev lan0 table 1000));
		my $pid = start_vm(tap_profile());
		ok(has_link('tap0'), 'a route in a table that no rule leads to is no clash');
		end_vm($pid);
		run_ok(qw(ip route flush table 1000));
	}
	{
		run_ok(qw(ip addr add 192.168.50.9/24 dev lan0));
		my $before = host_state();
		my $pid = start([qw(qemu-tapwrap --force), tap_profile()]);
		ok(wait_for(sub { (slurp("/proc/$pid/comm") // '') eq "sleep\n" }), '--force: a subnet of the LAN');
		end_vm($pid);
		state_settles($before, 'as before');
		run_ok(qw(ip addr flush dev lan0));
	}
	run_ok(qw(ip tuntap add dev tap1 mode tap));
	run_ok(qw(ip addr add 192.168.50.9/24 dev tap1));
	refused('the subnet of another tap of the same VM', tap_profile(more => "[nic \"more\"]\nifname = tap1\n"), 69,
		'[nic "lan"] address: 192.168.50.1/24 overlaps 192.168.50.9/24 on tap1; choose another subnet, '
		. 'or start as root with --force');
	run_ok(qw(ip link del tap1));
	run_ok(qw(ip -6 addr add fd00:5a17::9/64 dev lan0 nodad));
	refused('IPv6', tap_profile(address => 'fd00:5a17::1/64'), 69, '[nic "lan"] address: '
		. 'fd00:5a17::1/64 overlaps fd00:5a17::9/64 on lan0; choose another subnet, or start as root with --force');

	run_ok(qw(ip route add default dev lan0));
	run_ok(qw(ip route add 128.0.0.0/1 dev lan0));
	run_ok(qw(ip -6 route add default dev lan0));
	my $before = host_state();
	my $pid = start_vm(tap_profile(address => '192.168.50.1/24 fd00:5a18::1/64'));
	ok(has_link('tap0'), 'default routes, whole and in halves, are no clash');
	end_vm($pid);
	state_settles($before, 'and are still there');
	run_ok(qw(ip link del lan0));
}

# ---- what the kernel refuses -----------------------------------------------------------------------------------

{
	spew('/proc/sys/net/ipv6/conf/all/disable_ipv6', "1");
	spew('/proc/sys/net/ipv6/conf/default/disable_ipv6', "1");
	refused('IPv6 switched off', tap_profile(address => '192.168.50.1/24 fd00:5a17::1/64'), 69,
		'[nic "lan"] address: the kernel refuses: Permission denied (ipv6: IPv6 is disabled on this device)');
	spew('/proc/sys/net/ipv6/conf/all/disable_ipv6', "0");
	spew('/proc/sys/net/ipv6/conf/default/disable_ipv6', "0");
}
# Starts it where something is mounted over a part of /proc.
sub start_hidden
{
	my ($path, $profile) = @_;
	return run(['unshare', '-m', 'sh', '-c', "mount -t tmpfs tmpfs $path && exec timeout -s KILL 2 qemu-tapwrap $profile"]);
}
if (!sanitized()) {
	my $before = host_state();
	my ($status, undef, $err) = start_hidden('/proc', tap_profile());
	is(exited($status), 71, 'no /proc: status 71');
	like($err, qr{: \[nic "lan"\] ifname: /proc/sys/net/ipv6/conf/tap0/disable_ipv6: No such file or directory$},
		'no /proc: rather none than a tap that is not safe');
	($status, undef, $err) = start_hidden('/proc/sys/net', tap_profile(address => 'fd00:5a17::1/64'));
	is(exited($status), 69, 'a kernel without IPv6, but an IPv6 address: status 69');
	like($err, qr{: \[nic "lan"\] ifname: this kernel has no IPv6$}, 'and why');
	($status, undef, $err) = start_hidden('/proc/sys/net', tap_profile());
	is("$status$err", '9', 'a kernel without IPv6, no IPv6 address: runs until it is killed');
	state_settles($before, 'as before');
}
SKIP: {
	skip 'device nodes cannot be made in a user namespace', 1
		if (run([qw(mknod /srv/tmp/node c 1 3)]))[0] != 0;
	my $modprobe = 'load the module with: modprobe tun (after a kernel update, reboot first)';
	run_ok(qw(mount -t tmpfs tmpfs /dev/net));
	refused('no /dev/net/tun', tap_profile(), 72,
		"[nic \"lan\"] ifname: /dev/net/tun: No such file or directory; $modprobe");
	run_ok(qw(mknod /dev/net/tun c 10 201));
	refused('no module', tap_profile(), 72, "[nic \"lan\"] ifname: /dev/net/tun: No such device; $modprobe");
	run_ok(qw(umount /dev/net));
	run_ok(qw(mount -t tmpfs -o nodev tmpfs /dev/net));
	run_ok(qw(mknod /dev/net/tun c 10 200));
	refused('nodev', tap_profile(), 77, '[nic "lan"] ifname: /dev/net/tun: Permission denied; '
		. 'it is open to all on most systems: chmod 0666 /dev/net/tun');
	run_ok(qw(umount /dev/net));
}

# ---- system calls that fail ------------------------------------------------------------------------------------

if ((run(['strace', '-o', '/dev/null', 'true']))[0] == 0) {
	my $helper = '/srv/libexec/qemu-tapwrap-helper';
	rename $helper, '/srv/helper' or die $!;
	for (
		# The first write is of the filter of system calls.
		['write:error=EIO:when=2', '[nic "lan"] ifname: /proc/sys/net/ipv6/conf/tap0/disable_ipv6: Input/output error'],
		['ioctl:error=ENOMEM:when=1', '[nic "lan"] ifname: tap0: TUNSETIFF on /dev/net/tun: Cannot allocate memory'],
		['sendto:error=ENOBUFS:when=1', 'qemu-tapwrap: netlink: No buffer space available'],
		['socket:error=EMFILE:when=1', 'qemu-tapwrap: netlink: Too many open files'])
	{
		my ($fault, $line) = @$_;
		spew($helper, "#!/bin/sh\nASAN_OPTIONS=detect_leaks=0 PATH=/usr/bin:/bin exec strace -qq "
			. "-o /dev/null -e inject=$fault /srv/helper\n", 0755);
		refused("helper, $fault", tap_profile(), 71, $line);
	}
	rename '/srv/helper', $helper or die $!;
}

# ---- a helper that is not itself --------------------------------------------------------------------------------

{
	my $helper = '/srv/libexec/qemu-tapwrap-helper';
	rename $helper, '/srv/helper' or die $!;
	my @false = (
		['dies', "#!/bin/sh\nexit 3\n", 71, "$helper exited with status 3, no answer"],
		['is killed', "#!/bin/sh\nkill -9 \$\$\n", 71, "$helper was killed by signal 9"],
		['sends nonsense', "#!$^X\nopen my \$s, '+<&=', 0; send \$s, 'nonsense', 0; sleep 1; exit 4\n", 71,
			"$helper exited with status 4, no answer"],
		['hangs', "#!/bin/sh\nexec sleep 60\n", 75, "$helper did not answer in 6 seconds"]);
	for (@false) {
		my ($name, $text, $status, $line) = @$_;
		spew($helper, $text, 0755);
		refused("a helper that $name", tap_profile(), $status, "qemu-tapwrap: $line");
	}
	rename '/srv/helper', $helper or die $!;
	my ($status, undef, $err) = run([$helper]);
	is(exited($status), 64, 'the helper by hand: status 64');
	is($err, "qemu-tapwrap-helper: this program is started by qemu-tapwrap only\n", 'and why');
}

done_testing();
