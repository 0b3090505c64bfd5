#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# Taps with several queues, in a real guest and as others find and leave them; and vhost, of which
# only what comes before QEMU can be seen where the kernel has no vhost-net.

use strict;
use warnings;
use Digest::SHA qw(sha256_hex);
use FindBin;
use lib "$FindBin::Bin/lib";
use World;
use Test::More;
use MIME::Base64 qw(decode_base64);

our ($UID, @AS_USER);
require "$FindBin::Bin/lib/server.pl";
require "$FindBin::Bin/lib/linux-guest.pl";
require "$FindBin::Bin/lib/taps.pl";
require "$FindBin::Bin/lib/users.pl";

my ($kernel, @modules) = find_linux('virtio_pci', 'virtio_net');
my @busybox = find_busybox();
must_or_skip($kernel && @busybox, 'no readable Linux kernel with virtio_net, or no busybox');

my $virtio = "model = virtio-net-pci\n";

# "multi_queue numqueues 2 numdisabled 0"
sub queues { my ($ifname) = @_; return join ' ', run_ok(qw(ip -d -o link show), $ifname) =~ /(multi_queue|num(?:queues|disabled) \d+)/g }

sub refused
{
	my ($name, $command, $wanted_status, $wanted) = @_;
	my $as_it_was = tap_state();
	my ($status, $out, $err) = run($command);

	is(exited($status), $wanted_status, "$name: status $wanted_status");
	like($err, qr/\Aqemu-tapwrap: \S+\.ini:$wanted\n\z/, "$name: its line");
	is(tap_state(), $as_it_was, "$name: nothing changed");
	is(scalar(keepers()), 0, "$name: no keeper");
	return;
}

# ---- a real guest ----------------------------------------------------------------------------------------

{
	my $before = host_state();
	my $data = random_bytes(1 << 20);
	my $initramfs = make_initramfs(<<'END', \@busybox, @modules);
ip addr add 192.168.50.2/24 dev eth0
ip link set eth0 up
echo "queues" $(cd /sys/class/net/eth0/queues && echo *) "interrupts" $(grep -c 'virtio.*put\.[0-9]' /proc/interrupts) > /dev/ttyS0
until wget -q -O /data http://192.168.50.1:8000/data; do sleep 0.2; done
base64 /data > /text # busybox's wget sends no NUL bytes
wget -q -O /dev/null --post-file=/text http://192.168.50.1:8000/data
while ! wget -q -O /dev/null http://192.168.50.1:8000/stop; do sleep 0.2; done
poweroff -f
END
	my $profile = profile(<<"END");
[vm]
name = queues
[machine]
accel = tcg
smp = 2
memory = 256M
[boot]
kernel = $kernel
initrd = $initramfs
append = console=ttyS0 quiet panic=-1
[display]
type = none
[nic "lan"]
ifname = tap0
address = 192.168.50.1/24
queues = 2
$virtio
END
	my $pid = start(['qemu-tapwrap', $profile, '--', '-no-reboot']);
	ok(wait_for(sub { has_link('tap0') }), 'the tap is there');
	serve('192.168.50.1', 8000, { '/data' => $data }, 'queues');
	my $sent = sub { (requests('queues', '/data'))[-1] // '' };
	ok(wait_for(sub { length $sent->() }, 120), 'the guest has fetched a file and sent it')
		or diag slurp("/srv/tmp/$pid.out"), slurp("/srv/tmp/$pid.err");
	is(sha256_hex(decode_base64($sent->())), sha256_hex($data), '1 MiB each way: the checksum is the same');
	like(slurp("/srv/tmp/$pid.out"), qr/queues rx-0 rx-1 tx-0 tx-1 interrupts 4\b/, 'it has two queues each way');
	is(queues('tap0'), 'multi_queue numqueues 2 numdisabled 0', 'and so has the tap: both are in use');
	my $open = descriptors($pid);
	is(scalar(grep { $_ eq '/dev/net/tun' } values %$open), 2, 'QEMU has a descriptor for each');
	my $argv = slurp("/proc/$pid/cmdline") =~ tr/\0/ /r;
	my ($first, $second) = $argv =~ /-netdev tap,id=nic-lan,fds=(\d+):(\d+) .*,mq=on,vectors=6 /;
	is(join(' ', map { $open->{ $_ // '' } // 'none' } $first, $second), '/dev/net/tun /dev/net/tun',
		'which its command line names');
	stop_servers();
	serve('192.168.50.1', 8000, { '/stop' => 'x' }, 'queues-stop');
	my ($status, $out, $err) = finish($pid, 60);
	is(exited($status), 0, 'poweroff in the guest: status 0') or diag($out, $err);
	stop_servers();
	state_settles($before, 'as before');

	$pid = start(['qemu-tapwrap', $profile]);
	ok(answers_ping('192.168.50.2', 60), 'once more: it answers');
	kill 'KILL', $pid;
	finish($pid);
	state_settles($before, 'KILL: as before');
}

# ---- what it is made of ------------------------------------------------------------------------------------

install_stub($World::TAP_STUB);
my $before = tap_state();

for my $n (2, 8) {
	my $pid = start_stub('qemu-tapwrap', tap_profile(more => "queues = $n\n$virtio"));
	is(queues('tap0'), "multi_queue numqueues $n numdisabled 0", "queues = $n");
	is(scalar(grep { $_ eq '/dev/net/tun' } values %{ descriptors($pid) }), $n, "$n descriptors, and no more");
	end_stub($pid);
	tap_settles($before, 'all is gone');
}
{
	my $text = join '', map { "[nic \"n$_\"]\nifname = tap$_\naddress = 192.168.$_.1/24\nqueues = 8\n$virtio" } 1 .. 8;
	my $pid = start_stub('qemu-tapwrap', profile("[vm]\nname = many\n$text"));
	is(join(', ', map { queues("tap$_") } 1 .. 8), join(', ', ('multi_queue numqueues 8 numdisabled 0') x 8),
		'8 taps with 8 queues each');
	is(scalar(grep { $_ eq '/dev/net/tun' } values %{ descriptors($pid) }), 64, '64 descriptors');
	end_stub($pid);
	tap_settles($before, 'all is gone');
}

# ---- taps that are there ---------------------------------------------------------------------------------------

my $single = tap_profile(more => $virtio);
my $double = tap_profile(more => "queues = 2\n$virtio");
my $theirs = tap_profile(address => undef, more => "queues = 2\nmanaged = off\n$virtio");

ip_batch('tuntap add dev tap0 mode tap multi_queue vnet_hdr', 'link set dev tap0 addrgenmode none',
	'addr add 192.168.50.1/24 dev tap0', 'link set dev tap0 up');
{
	my $state = tap_state();
	refused('a tap with several queues for one', ['qemu-tapwrap', $single], 69,
		'5: \[nic "lan"\] ifname: tap0 exists and differs from the profile: it is multi-queue; correct it, .*');
	for ($double, $theirs) {
		my $pid = start_stub('qemu-tapwrap', $_);
		like(queues('tap0'), qr/numqueues 2/, 'several for several: attached');
		is(scalar(keepers()), 0, 'without a keeper');
		refused('in use', [qw(qemu-tapwrap --set vm.name=other), $double], 75, '5: \[nic "lan"\] ifname: tap0 is in use by sleep \(pid ' . $pid . '\)');
		end_stub($pid);
		tap_settles($state, 'it stays, as it was');
	}
}
ip_batch('link set dev tap0 down');
{
	my $state = tap_state();
	my $pid = start_stub('qemu-tapwrap', $double);
	like(run_ok(qw(ip link show tap0)), qr/<.*UP/, 'one that is down is completed');
	is(scalar(keepers()), 1, 'by a keeper');
	refused_in_use($pid);
	end_stub($pid);
	tap_settles($state, 'and the keeper has undone it');
	my @wrong;
	for my $round (1 .. 10) {
		$pid = start_stub('qemu-tapwrap', $double);
		kill 'KILL', $pid; # and the next one does not wait
		my $next = start_stub('qemu-tapwrap', $double);
		finish($pid);
		push @wrong, "$round: " . queues('tap0') if queues('tap0') !~ /numqueues 2/;
		end_stub($next);
	}
	is_deeply(\@wrong, [], 'ten times one VM right after the other');
	tap_settles($state, 'as it was');
}
sub refused_in_use
{
	my ($pid) = @_;
	my ($status, undef, $err) = run([qw(qemu-tapwrap --set vm.name=other), $double]);
	is(exited($status), 75, 'another VM: status 75');
	like($err, qr/tap0 is in use by VM 'tap0' \(pid $pid, /, 'and who has it');
	return;
}
ip_batch('link del tap0', 'tuntap add dev tap0 mode tap vnet_hdr');
for ($double, $theirs) {
	refused('a tap with one queue for several', ['qemu-tapwrap', $_], 69,
		'5: \[nic "lan"\] ifname: tap0 exists and differs from the profile: it is not multi-queue.*; correct it, .*');
}
ip_batch('link del tap0');
is(tap_state(), $before, 'as at the start');

{
	my $kept = tap_profile(more => "queues = 4\npersist = on\n$virtio");
	for my $name ('a new one stays', 'and is right at the next start') {
		my $pid = start_stub('qemu-tapwrap', $kept);
		is(queues('tap0'), 'multi_queue numqueues 4 numdisabled 0', $name);
		end_stub($pid);
	}
	wait_for(sub { queues('tap0') =~ /numqueues 0/ });
	run_ok(qw(ip link del tap0));
}

# Its script does the same.
{
	my $script = spew('script', run_ok(qw(qemu-tapwrap --dry-run), $double));
	like(slurp($script), qr/mode tap user 0 vnet_hdr multi_queue$/m, '--dry-run: multi_queue');
	like(slurp($script), qr/tap,id=nic-lan,ifname=tap0,script=no,downscript=no,queues=2 /, '--dry-run: for QEMU');
	unlink '/srv/bin/qemu-system-x86_64';
	my $pid = start(['sh', $script]);
	ok(wait_for(sub { has_link('tap0') && queues('tap0') =~ /numqueues 2/ }, 30), 'QEMU opens both itself');
	my ($qemu) = grep { slurp("/proc/$_/comm") =~ /^qemu-system/ } map { ($_, children_of($_)) } children_of($pid);
	kill 'TERM', $qemu // $pid;
	finish($pid);
	tap_settles($before, 'and the script removes the tap');
	install_stub($World::TAP_STUB);
}

# ---- vhost ----------------------------------------------------------------------------------------------------

SKIP: {
	skip 'a private /dev needs real root', 1 if !is_real_root();
	set_up_user();
	set_up_helper('allow tap* 192.168.50.0/24');
	make_kvm(0666); # and with it a /dev of our own
	my $device = '/dev/vhost-net';
	skip 'this machine has vhost-net', 1 if -e $device;
	my $vhost = tap_profile(more => "vhost = on\nqueues = 2\n$virtio");
	my $command = [@AS_USER, 'qemu-tapwrap', $vhost];

	refused('no vhost-net', $command, 72, '7: \[nic "lan"\] vhost: /dev/vhost-net: No such file or directory; '
		. 'load the module with: modprobe vhost_net');
	my ($real) = grep { -x } map { "$_/qemu-system-x86_64" } qw(/usr/bin /usr/local/bin);
	like((run([qw(qemu-tapwrap --check --set), "qemu.binary=$real", $vhost]))[2],
		qr/7: \[nic "lan"\] vhost: \S+: No such file or directory; load/, '--check says it, too');
	spew($device, '', 0600);
	refused('closed vhost-net', $command, 77, '7: \[nic "lan"\] vhost: /dev/vhost-net: Permission denied; '
		. 'join the group that ls -l /dev/vhost-net shows, often kvm');
	chmod 0666, $device;
	install_stub("#!/bin/sh\necho \"\$@\" >/srv/home/argv\nexec sleep 300\n");
	my $pid = start_stub(@$command);
	my $open = descriptors($pid);
	my ($fds) = slurp('/srv/home/argv') =~ /-netdev tap,id=nic-lan,fds=\d+:\d+,vhost=on,vhostfds=(\d+:\d+) /;
	is(join(' ', map { $open->{$_} // 'none' } split /:/, $fds // ''), "$device $device",
		'QEMU has a descriptor of vhost-net for each queue');
	end_stub($pid);
	tap_settles($before, 'all is gone');
	like(run_ok(qw(qemu-tapwrap --dry-run), $vhost), qr/,queues=2,vhost=on /, '--dry-run: QEMU opens it itself');
}

done_testing();
