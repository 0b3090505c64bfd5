#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# Wires between VMs: over each kind a Linux guest pings an iPXE guest, and nothing is left.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use World;
use Test::More;

require "$FindBin::Bin/lib/linux-guest.pl";

my ($kernel, @modules) = find_linux(qw(e1000 virtio_net virtio_pci 8139cp vmxnet3));
my @busybox = find_busybox();
must_or_skip($kernel && @busybox, 'no readable Linux kernel with its NIC drivers, or no busybox');

our $before = host_state();
my $initramfs = make_initramfs(<<'END', \@busybox, @modules);
ip link set eth0 up
ip addr add 192.168.50.1/24 dev eth0
for i in $(seq 30); do
	ping -c1 -W1 192.168.50.2 >/dev/null && break
done
ping -c3 -W2 192.168.50.2
echo "
own=$(cat /sys/class/net/eth0/address)"
arp -n | sed -n 's/.*(192.168.50.2) at \([0-9a-f:]*\).*/other=\1/p'
poweroff -f
END

# The iPXE guest is started first. Both get the model @$model; @sockets stay when it is killed.
sub ping_over
{
	my ($name, $model, $first, $second, @sockets) = @_;
	my $ipxe = guest_profile(path => 'ipxe.ini', nic => "model = $model\n$first",
		append => 'ifopen net0 && set net0/ip 192.168.50.2 && set net0/netmask 255.255.255.0 && sleep 600');
	my $pid = start(['qemu-tapwrap', $ipxe]);
	ok(wait_for(sub { (slurp("/proc/$pid/comm") // '') =~ /^qemu/ && is_started($pid) }), "$name: the first runs")
		or diag(slurp("/srv/tmp/$pid.err"));
	my $linux = linux_profile($kernel, $initramfs, "[nic \"lan\"]\nmodel = $model\n$second\n", '', 'linux.ini');
	my ($status, $out, $err) = run(['qemu-tapwrap', $linux], seconds => 90);
	is(exited($status), 0, "$name: Linux powers off, status 0") or diag($out, $err);
	is($err, '', "$name: nothing on standard error");
	like($out, qr/3 packets transmitted, 3 packets received/, "$name, $model: three of three pings answered");
	my %said = $out =~ /\b(own|other)=([0-9a-f:]+)/g;
	like($said{$_} // '', qr/^52:54:00:/, "$name: the $_ MAC address") for qw(own other);
	isnt($said{own}, $said{other}, "$name: which differ");
	kill 'KILL', $pid;
	is(exited((finish($pid))[0]), 'signal 9', "$name: the other is killed");
	nothing_left($before, $name, @sockets);
	unlink @sockets;
}

# QEMU is done with its start when it has a handler for SIGTERM.
sub is_started
{
	my ($pid) = @_;
	my ($caught) = (slurp("/proc/$pid/status") // '') =~ /^SigCgt:\t\w+(\w{4})$/m;
	return hex($caught // 0) & 1 << 14;
}

my $odd = '/srv/tmp/a b, c/d,e.sock';
mkdir '/srv/tmp/a b, c';
ping_over('stream, TCP', 'e1000', "type = stream\nlisten = 127.0.0.1:5000", "type = stream\nconnect = :5000");
ping_over('stream, TCP over IPv6', 'rtl8139', "type = stream\nlisten = [::1]:5000",
	"type = stream\nconnect = [::1]:5000");
ping_over('stream, UNIX', 'virtio-net-pci', "type = stream\nlisten = a b, c/d,e.sock",
	"type = stream\nconnect = $odd", $odd);
ping_over('dgram, UDP', 'e1000', "type = dgram\nlisten = :5001\nconnect = :5002",
	"type = dgram\nlisten = :5002\nconnect = :5001");
ping_over('dgram, UNIX', 'vmxnet3', "type = dgram\nlisten = $odd\nconnect = other, 2.sock",
	"type = dgram\nlisten = other, 2.sock\nconnect = $odd", $odd, '/srv/tmp/other, 2.sock');
ping_over('dgram, multicast', 'e1000', ("type = dgram\nlisten = :5003\nconnect = 239.192.0.1:5003") x 2);
run_ok(qw(ip route add 239.192.0.0/16 dev lo));
{
	local $before = host_state();
	ping_over('dgram, multicast by the routes', 'virtio-net-pci', ("type = dgram\nconnect = 239.192.0.1:5003") x 2);
}
run_ok(qw(ip route del 239.192.0.0/16 dev lo));
ping_over('socket', 'e1000', "type = socket\nlisten = 127.0.0.1:5004", "type = socket\nconnect = 127.0.0.1:5004");

# ---- what goes wrong -------------------------------------------------------------------------------------

{
	my $early = profile("[nic]\ntype = stream\nconnect = none.sock\n", 'early.ini');
	my ($status, $out, $err) = run(['qemu-tapwrap', $early]);
	is(exited($status), 66, 'nobody listens: 66');
	is("$out$err", "qemu-tapwrap: early.ini:3: [nic] connect: /srv/tmp/none.sock: No such file or directory; start "
		. "the VM that listens there first\n", 'nobody listens: one line');
	nothing_left($before, 'nobody listens');
}

done_testing();
