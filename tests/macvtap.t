#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# Guests on a macvtap: they are on the LAN of their parent, and the link goes with the VM, however
# that ends; only if the keeper is killed it stays, and then the next start takes its place.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use World;
use Test::More;

our ($UID, @AS_USER);
require "$FindBin::Bin/lib/lan.pl";
require "$FindBin::Bin/lib/linux-guest.pl";
require "$FindBin::Bin/lib/taps.pl";
require "$FindBin::Bin/lib/users.pl";

my ($kernel, @modules) = find_linux('e1000');
my @busybox = find_busybox();
must_or_skip($kernel && @busybox, 'no readable Linux kernel with e1000, or no busybox');
my $why_not = why_no_macvtaps();
must_or_skip(!$why_not, $why_not);
make_lan();
my $before = host_state();

sub has_macvtap { my ($ifname) = @_; return run_ok(qw(ip -o link)) =~ /: \Q$ifname\E\@lan0:/ }
sub no_keepers { return wait_for(sub { !keepers() }, 3) }
sub all_gone { my ($name) = @_; ok(no_keepers(), "$name: no keeper is left"); return state_settles($before, "$name: as before") }

# The profile of a guest that answers, and asks for the addresses in @asks until they answer.
sub guest_on_lan
{
	my ($name, $address, $more, @asks) = @_;
	my $init = "ip addr add $address/24 dev eth0\nip link set eth0 up\n"
		. join('', map { "for i in 1 2 3 4 5 6 7 8; do ping -c1 -W1 $_ >/dev/null && echo 'reached $_' && break; done\n" } @asks)
		. "echo asked\n" . ($more =~ s/^then (.*)$//m ? "$1\n" : '') . "while :; do sleep 60; done\n";
	make_initramfs("exec > /dev/ttyS0\n$init", \@busybox, @modules);
	rename '/srv/tmp/initramfs.cpio', "/srv/tmp/$name.cpio" or die $!;
	return linux_profile($kernel, "/srv/tmp/$name.cpio",
		"[vm]\nname = $name\n[nic \"lan\"]\nparent = lan0\n$more");
}

# ---- mode bridge ------------------------------------------------------------------------------------------

{
	my $one = start(['qemu-tapwrap', guest_on_lan('one', '192.168.50.2', '', '192.168.50.1')]);
	ok(lan_reaches('192.168.50.2', 90), 'the LAN reaches a guest') or diag slurp("/srv/tmp/$one.err");
	my $two = start(['qemu-tapwrap', guest_on_lan('two', '192.168.50.3', '', '192.168.50.1', '192.168.50.2')]);
	ok(wait_for(sub { (slurp("/srv/tmp/$two.out") // '') =~ /asked/ }, 90), 'another guest, on the same parent');
	like(slurp("/srv/tmp/$one.out"), qr/reached 192\.168\.50\.1/, 'a guest reaches the LAN');
	like(slurp("/srv/tmp/$two.out"), qr/reached 192\.168\.50\.1\s+reached 192\.168\.50\.2/, 'and one guest the other');
	my $link = run_ok(qw(ip -d link show tw-one));
	like($link, qr/tw-one\@lan0: <.*\bUP\b.* group 29815/, 'a link on its parent, up, in our group');
	like($link, qr/link\/ether 52:54:00:\w\w:\w\w:\w\w .*macvtap mode bridge .*alias qemu-tapwrap:one pid=$one uid=0$/s,
		'with the MAC address of the guest, and an alias');
	is(slurp('/proc/sys/net/ipv6/conf/tw-one/disable_ipv6'), "1\n", 'without IPv6');
	is(run_ok(qw(ip -o addr show dev tw-one)), '', 'and without any address');
	my ($index) = $link =~ /^(\d+):/;
	my $open = descriptors($one);
	is_deeply([sort map { s/:\[\d+\]//r } map { $open->{$_} } grep { $_ > 2 && $open->{$_} =~ m{^(?:socket|/dev/(?:tap|net))} } keys %$open],
		["/dev/tap$index", 'socket', 'socket'], 'QEMU holds its device and the leash, and listens to verbs') or diag explain $open;
	my @keepers = keepers();
	is(scalar(@keepers), 2, 'each has a keeper');
	is(join(' ', sort map { s/:\[\d+\]//r } values %{ descriptors($keepers[0]) }), '/dev/null /dev/null /dev/null socket socket',
		'that does not hold the device');
	my ($status, undef, $err) = run(['qemu-tapwrap', guest_on_lan('one', '192.168.50.4', '')]);
	is(exited($status), 75, 'a second start: status 75');
	like($err, qr/VM 'one' is running already, since [-\d: ]+ \(pid $one, /, 'and who has it');
	kill 'KILL', $one;
	finish($one);
	ok(wait_for(sub { !has_macvtap('tw-one') }, 3), 'KILL of QEMU: the link is gone');
	ok(lan_reaches('192.168.50.3'), 'and the other guest does not notice');
	kill 'TERM', $two;
	is((finish($two))[0], 0, 'TERM: status 0');
	all_gone('TERM');
}
{
	my ($status, $out, $err) = run(['qemu-tapwrap', guest_on_lan('off', '192.168.50.2', "then poweroff -f\n"), '--', '-no-reboot'], seconds => 90);
	is(exited($status), 0, 'poweroff in the guest: status 0') or diag $out, $err;
	all_gone('poweroff');
}

# ---- mode private --------------------------------------------------------------------------------------------

{
	my @guests = map { start(['qemu-tapwrap', $_]) } guest_on_lan('one', '192.168.50.2', "mode = private\n"),
		guest_on_lan('two', '192.168.50.3', "mode = private\n", '192.168.50.1', '192.168.50.2');
	ok(lan_reaches('192.168.50.2', 90), 'private: the LAN reaches a guest');
	ok(wait_for(sub { (slurp("/srv/tmp/$guests[1].out") // '') =~ /asked/ }, 90), 'private: the other has asked');
	like(slurp("/srv/tmp/$guests[1].out"), qr/reached 192\.168\.50\.1(?!.*reached)/s, 'private: it reaches the LAN, but not the guest');
	kill 'TERM', @guests;
	finish($_) for @guests;
	all_gone('private');
}

# ---- how it ends -----------------------------------------------------------------------------------------------

install_stub($World::TAP_STUB);
sub macvtap_profile
{
	my ($more, $nics) = @_;
	return profile("[vm]\nname = vm\n[nic \"lan\"]\nparent = lan0\n" . ($more // '') . "[machine]\naccel = tcg\n" . ($nics // ''));
}
my $profile = macvtap_profile();

for my $mode (qw(bridge vepa private passthru)) {
	my $mac = slurp('/sys/class/net/lan0/address');
	my $pid = start_stub('qemu-tapwrap', macvtap_profile("mode = $mode\nmac = 52:54:00:0a:0b:0c\nmtu = 1400\n"));
	like(run_ok(qw(ip -d link show tw-vm)), qr/<.*UP.* mtu 1400 .*52:54:00:0a:0b:0c.*macvtap mode $mode /s, "mode $mode");
	end_stub($pid);
	all_gone($mode);
	is(slurp('/sys/class/net/lan0/address'), $mac, "$mode: the parent has its own MAC address");
}
{
	my $pid = start_stub('qemu-tapwrap', macvtap_profile("queues = 3\nmodel = virtio-net-pci\n", "[nic \"b\"]\nparent = lan0\n[nic \"t\"]\nifname = tap0\n"));
	is(scalar(grep { m{^/dev/tap\d} } values %{ descriptors($pid) }), 4, 'a macvtap with three queues, and another');
	is(scalar(keepers()), 2, 'a keeper for each');
	end_stub($pid);
	all_gone('several');
}
{
	install_stub("#!/bin/sh\nsleep 300 &\n");
	is((run(['qemu-tapwrap', $profile]))[0], 0, '-daemonize: QEMU\'s first process has ended');
	ok(has_macvtap('tw-vm'), 'the link is there');
	my ($daemon) = map { /^(\d+): sleep/ } processes();
	kill 'KILL', $daemon;
	all_gone('until the daemon ends');
	install_stub("#!/bin/sh\nexit 3\n");
	is(exited((run(['qemu-tapwrap', $profile]))[0]), 3, 'QEMU ends at once');
	all_gone('it');
	install_stub($World::TAP_STUB);
}

sub takes_over
{
	my ($name) = @_;
	my $old = run_ok(qw(ip -o link show tw-vm));
	my $pid = start_stub('qemu-tapwrap', $profile);
	like(run_ok(qw(ip -o link show tw-vm)), qr/alias qemu-tapwrap:vm pid=$pid uid=0$/m, "$name: the next start takes its place");
	isnt((split /:/, run_ok(qw(ip -o link show tw-vm)))[0], (split /:/, $old)[0], "$name: by a link of its own");
	end_stub($pid);
	return all_gone($name);
}

{
	my $pid = start_stub('qemu-tapwrap', $profile);
	kill $_, keepers() for qw(HUP INT QUIT TERM PIPE USR1);
	ok(has_macvtap('tw-vm') && keepers() == 1, 'a keeper does not mind signals');
	kill 'KILL', keepers();
	ok(no_keepers(), 'the keeper is killed');
	my ($status, undef, $err) = run([qw(qemu-tapwrap --set vm.name=other --set nic.lan.ifname=tw-vm), $profile]);
	is(exited($status), 75, 'the VM runs on: another one with its tap: status 75');
	like($err, qr/tw-vm is in use by VM 'vm' \(pid $pid, /, 'and who has it');
	end_stub($pid);
	ok(has_macvtap('tw-vm'), 'the VM has ended, and the link is left');
	takes_over('the keeper was killed');
	$pid = start_stub('qemu-tapwrap', $profile);
	kill 'KILL', keepers(), $pid;
	finish($pid);
	takes_over('both were killed');
	run_ok(qw(ip link add link lan0 name tw-vm group 29815 type macvtap));
	takes_over('killed before it had an alias');

	my @wrong;
	for my $round (1 .. 10) {
		$pid = start_stub('qemu-tapwrap', $profile);
		kill 'KILL', $pid; # and the next one does not wait
		my $next = start_stub('qemu-tapwrap', $profile);
		finish($pid);
		push @wrong, $round if run_ok(qw(ip -o link show tw-vm)) !~ /pid=$next uid=0$/m;
		end_stub($next);
	}
	is_deeply(\@wrong, [], 'ten times one VM right after the other');
	all_gone('none is lost');
}

# ---- what is refused ----------------------------------------------------------------------------------------------

sub refused
{
	my ($name, $command, $wanted_status, $wanted) = @_;
	my $as_it_was = host_state();
	my ($status, undef, $err) = run($command);
	is(exited($status), $wanted_status, "$name: status $wanted_status");
	like($err, qr/\Aqemu-tapwrap: \S+\.ini:$wanted\n\z/, "$name: its line");
	no_keepers();
	return state_settles($as_it_was, "$name: nothing changed");
}

refused('no such parent', ['qemu-tapwrap', profile("[nic]\nparent = eth7\n")], 69,
	'2: \[nic\] parent: there is no interface eth7');
refused('the loopback', ['qemu-tapwrap', profile("[nic]\nparent = lo\n")], 69,
	'2: \[nic\] parent: the kernel refuses: Invalid argument.*');
refused('an MTU that is too large', ['qemu-tapwrap', profile("[nic]\nparent = lan0\nmtu = 9000\n")], 69,
	'2: \[nic\] parent: the kernel refuses: .*');
for (['a tap', 'tuntap add dev x0 mode tap'], ['a macvtap of others', 'link add link lan0 name x0 type macvtap'], ['a bridge', 'link add x0 type bridge']) {
	ip_batch($_->[1]);
	refused($_->[0], ['qemu-tapwrap', profile("[nic]\nparent = lan0\nifname = x0\n")], 69,
		'3: \[nic\] ifname: x0 exists and is not ours; choose another ifname');
	ip_batch('link del x0');
}
{
	my ($mac) = slurp('/sys/class/net/lan0/address') =~ /(\S+)/;
	refused('the MAC address of the parent', ['qemu-tapwrap', profile("[nic]\nparent = lan0\nmac = $mac\n")], 69,
		'3: \[nic\] mac: the kernel refuses: Address already in use.*');
	my ($real) = grep { -x } map { "$_/qemu-system-x86_64" } qw(/usr/bin /usr/local/bin);
	my @check = (qw(qemu-tapwrap --check --set), "qemu.binary=$real", qw(--set machine.accel=tcg));
	like((run([@check, profile("[nic]\nparent = eth7\n")]))[2], qr/\[nic\] parent: there is no interface eth7/, '--check says it, too');
	like((run([@check, $profile]))[1], qr/tw-vm is a free name.*the taps can be had/s, '--check: all is well');
	is(host_state(), $before, '--check changes nothing');
}

# The device is believed to be the link's only when /sys says so.
{
	run_ok(qw(umount /sys));
	refused('a /sys of another network', ['qemu-tapwrap', $profile], 69,
		'3: \[nic "lan"\] ifname: /sys/class/net/tw-vm/ifindex: No such file or directory; '
		. 'it is of another network namespace, or not mounted');
	run_ok(qw(mount -t sysfs sysfs /sys));
	ip_batch('link add x0 type bridge');
	my ($index) = run_ok(qw(ip -o link show x0)) =~ /^(\d+):/;
	ip_batch('link del x0');
	run_ok(on_lan(), qw(ip link add link eth0 name x0 index), $index + 1, qw(type macvtap));
	refused('a device of the same name, but of another network', ['qemu-tapwrap', $profile], 69,
		'3: \[nic "lan"\] ifname: /dev/tap\d+ is another device; a container with a network of its own may have it');
	run_ok(on_lan(), qw(ip link del x0));
}

# ---- the script of --dry-run does the same ---------------------------------------------------------------------------

for my $mode (qw(bridge passthru)) {
	my $more = macvtap_profile("mode = $mode\nqueues = 2\nmodel = virtio-net-pci\nmtu = 1400\n");
	my $details = sub { join ' ', $_[0] =~ /((?<= )mtu \d+(?= qdisc)|group \w+|ether \S+|macvtap mode \w+|\bUP\b(?=[,>]))/g };
	my $pid = start_stub('qemu-tapwrap', $more);
	my $ours = $details->(run_ok(qw(ip -d -o link show tw-vm)));
	end_stub($pid);
	all_gone("$mode, ours");
	my $script = spew('/srv/tmp/script', run_ok(qw(qemu-tapwrap --dry-run), $more));
	is(host_state(), $before, "$mode: --dry-run changes nothing");
	install_stub("#!/bin/sh\nip -d -o link show tw-vm\nreadlink /proc/self/fd/3 /proc/self/fd/4\necho \"\$@\"\n");
	my $shown = run_ok('sh', $script);
	is($details->($shown), $ours, "$mode: made by its script: $ours");
	like($shown, qr{(/dev/tap\d+)\n\1\n.*tap,id=nic-lan,fds=3:4 }, "$mode: with its descriptors");
	state_settles($before, "$mode: and undone");
	install_stub($World::TAP_STUB);
}

# ---- a user -------------------------------------------------------------------------------------------------------------

{
	set_up_user();
	set_up_helper('allow tap* 192.168.50.0/24');
	refused('a policy without it', [@AS_USER, 'qemu-tapwrap', $profile], 77,
		'\d: \[nic "lan"\] ifname: the policy does not allow it; an administrator can add "macvtap lan0 tw-vm" to \S+');
	for (['macvtap eth0 tw-*', 'parent'], ['macvtap lan0 tap*', 'ifname'], ['bridge lan0 tw-*', 'parent']) {
		set_up_helper($_->[0]);
		refused("a policy with $_->[0]", [@AS_USER, 'qemu-tapwrap', $profile], 77, "\\d: \\[nic \"lan\"\\].* the policy does not allow it; .*");
	}
	for (['macvtap lan0', 'write: macvtap PARENT PATTERN \[max=N\]'],
		['macvtap lan0 tw-* nat', 'the word known here is max=N, a number of taps']) {
		set_up_helper($_->[0]);
		my ($status, undef, $err) = run([@AS_USER, 'qemu-tapwrap', $profile]);
		is(exited($status), 78, "a broken policy: $_->[0]");
		like($err, qr/policy:1: $_->[1]$/, 'and what is wrong');
	}
	set_up_helper('macvtap lan0 tw-* max=1');
	refused('a device that is closed', [@AS_USER, 'qemu-tapwrap', $profile], 77,
		'\d: \[nic "lan"\].* /dev/tap\d+: Permission denied; start it with sudo, or let udev give such devices to '
		. 'a group of yours, by a line in /etc/udev/rules.d/80-macvtap.rules: SUBSYSTEM=="macvtap", GROUP="kvm", MODE="0660"');
	# What udev would do.
	my $udev = start(['sh', '-c', "while :; do chgrp $UID /dev/tap[0-9]*; chmod 0660 /dev/tap[0-9]*; sleep 0.05; done 2>/dev/null"]);
	my $pid = start_stub(@AS_USER, 'qemu-tapwrap', $profile);
	like(run_ok(qw(ip -o link show tw-vm)), qr/alias qemu-tapwrap:vm pid=$pid uid=$UID$/m, 'a device that is opened to the group: it is had');
	my ($keeper) = keepers();
	like(slurp("/proc/$keeper/status"), qr/^Uid:\t$UID\t$UID\t$UID\t$UID$/m, 'the keeper is the user\'s');
	is(capabilities($pid), join(' ', ('0' x 16) x 4), 'QEMU has no capability');
	refused('one too many', [@AS_USER, 'qemu-tapwrap', profile("[nic]\nparent = lan0\nifname = tw-other\n")], 77,
		'\d: \[nic\].* the policy in \S+ allows no further tap \(max=\)');
	end_stub($pid);
	all_gone('the user\'s');
	$pid = start_stub(@AS_USER, 'qemu-tapwrap', $profile);
	kill 'KILL', keepers(), $pid;
	finish($pid);
	ip_batch('link set dev tw-vm alias "qemu-tapwrap:vm pid=1 uid=1234"');
	set_up_helper('macvtap lan0 tw-*');
	refused('what a keeper has left of another user', [@AS_USER, 'qemu-tapwrap', $profile], 77,
		'\d: \[nic "lan"\].* tw-vm does not belong to you');
	ip_batch("link set dev tw-vm alias \"qemu-tapwrap:vm pid=1 uid=$UID\"");
	set_up_helper('macvtap lan0 tw-* max=1');
	$pid = start_stub(@AS_USER, 'qemu-tapwrap', $profile);
	end_stub($pid);
	all_gone('of one\'s own: taken over');
	kill 'KILL', $udev;
	finish($udev);
}

done_testing();
