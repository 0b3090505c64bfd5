#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# --stop: a Linux that shuts down by itself and has written its disk, guests and QEMUs that do not
# listen, and VMs that do not run.

use strict;
use warnings;
use Digest::SHA qw(sha256_hex);
use FindBin;
use lib "$FindBin::Bin/lib";
use World;
use Test::More;
use Time::HiRes qw(time);

our $POWER_BUTTON_GUEST;
require "$FindBin::Bin/lib/linux-guest.pl";
require "$FindBin::Bin/lib/pty.pl";

my ($kernel, @modules) = find_linux(qw(button evdev virtio_pci virtio_blk));
my @busybox = find_busybox();
must_or_skip($kernel && @busybox, 'no readable Linux kernel, or no busybox');

my $before = host_state();
my $root = '/srv/run/qemu-tapwrap';

sub verb
{
	my @words = @_;
	my $start = time;
	my ($status, $out, $err) = run(['qemu-tapwrap', @words], seconds => 60);
	return (exited($status), "$out$err", time - $start);
}

sub is_running { my ($name) = @_; return (run([qw(qemu-tapwrap --status), $name]))[1] =~ /^state     running$/m }

sub start_idle
{
	my ($name, @more) = @_;
	my $profile = profile("[vm]\nname = $name\n[machine]\naccel = tcg\nsmp = 1\nmemory = 64M\n[display]\ntype = none\n"
		. "[nic]\nifname = tap0\naddress = 192.168.50.1/24\n[serial]\ntype = null\n", "$name.ini");
	my $pid = start(['qemu-tapwrap', $profile, @more]);
	ok(wait_for(sub { is_running($name) }), "$name: runs") or diag(slurp("/srv/tmp/$pid.err"));
	return $pid;
}

sub all_is_gone
{
	my ($name) = @_;
	ok(!-e "$root/$name", "$name: its run directory is gone");
	nothing_left($before, $name);
}

# ---- a guest that listens -----------------------------------------------------------------------------

{
	my $initramfs = make_initramfs($POWER_BUTTON_GUEST, \@busybox, @modules);
	spew('disk.img', "\0" x (1 << 20));
	my $profile = linux_profile($kernel, $initramfs, "[vm]\nname = linux\n[disk]\nfile = disk.img\nif = virtio\nformat = raw\n", '', 'linux.ini');
	my $pid = start(['qemu-tapwrap', $profile]);
	ok(wait_for(sub { (slurp("/srv/tmp/$pid.out") // '') =~ /^ready/m }, 60), 'Linux is up') or diag(slurp("/srv/tmp/$pid.out"));
	my ($status, $said, $took) = verb('--stop', 'linux');
	is("$status$said", '0', "it shuts down by itself: status 0, nothing said (%.1f s)" =~ s/%.1f/sprintf '%.1f', $took/er);
	my ($end, $out) = finish($pid);
	is(exited($end), 0, 'QEMU: status 0');
	my ($sum) = $out =~ /^([0-9a-f]{64})  \/data/m;
	is(sha256_hex(substr slurp('disk.img'), 0, 512 * 1024), $sum, 'what it has written before is on its disk');
	all_is_gone('linux');
}

# ---- those that do not ----------------------------------------------------------------------------------

{
	my $pid = start_idle('deaf');
	my ($status, $said, $took) = verb(qw(--stop --timeout 1 deaf));
	is("$status$said", '1', 'a guest without ACPI: QEMU has to quit, status 1');
	cmp_ok($took, '>=', 1, 'after the second that it was given');
	is(exited((finish($pid))[0]), 0, 'QEMU: status 0');
	all_is_gone('deaf');
}
{
	my $pid = start_idle('now');
	my ($status, $said, $took) = verb(qw(--stop --now /srv/tmp/now.ini));
	is("$status$said", '1', '--now, by the profile: status 1');
	cmp_ok($took, '<', 10, 'without waiting for the guest');
	is(exited((finish($pid))[0]), 0, 'QEMU: status 0');
	all_is_gone('now');
}
{
	my $pid = start_idle('hung');
	kill 'STOP', $pid;
	my ($status, $said, $took) = verb(qw(--stop --timeout 1 hung));
	is("$status$said", '2', 'a QEMU that hangs is killed: status 2');
	cmp_ok($took, '<', 30, 'in bounded time');
	is(exited((finish($pid))[0]), 'signal 9', 'QEMU: SIGKILL');
	all_is_gone('hung');
}
{
	my $pid = start_idle('deafened');
	unlink "$root/deafened/control.sock";
	my ($status, $said) = verb(qw(--stop deafened));
	is("$status$said", '2', 'nobody to talk to: killed, status 2');
	finish($pid);
	all_is_gone('deafened');
}
{
	my ($status) = run(['qemu-tapwrap', '/srv/tmp/now.ini', '--', '-daemonize']);
	is(exited($status), 0, '-daemonize');
	ok(wait_for(sub { is_running('now') }), 'it runs');
	my ($pid) = (run([qw(qemu-tapwrap --status now)]))[1] =~ /^pid +(\d+)$/m;
	like(slurp("/proc/$pid/comm"), qr/^qemu-system/, 'the PID is the daemon\'s');
	kill 'STOP', $pid;
	is((verb(qw(--stop --now now)))[0], 2, 'and it is the daemon that is killed');
	all_is_gone('now');
}
{
	my $pid = start_idle('terminal');
	my ($client, $terminal) = start_on_pty(qw(qemu-tapwrap --stop --timeout 2 terminal));
	my $seen = '';
	while (sysread $terminal, my $part, 4096) { $seen .= $part }
	waitpid $client, 0;
	like($seen, qr/waiting for the guest to shut down:   2 s .*  1 s /s, 'on a terminal it counts down');
	like($seen, qr/\r\033\[K\z/, 'and clears its line');
	finish($pid);
	all_is_gone('terminal');
}

# ---- what cannot be ------------------------------------------------------------------------------------

for (
	[[qw(--stop nothing)], 69, "VM 'nothing' is not running"],
	[[qw(--stop /srv/tmp/now.ini)], 69, "VM '/srv/tmp/now.ini' is not running"],
	[[qw(--now), '/srv/tmp/now.ini'], 64, '--now goes with --stop'],
	[[qw(--timeout 3), '/srv/tmp/now.ini'], 64, '--timeout goes with --stop'],
	[[qw(--stop --timeout -3 now)], 64, '--timeout takes seconds, up to 86400'])
{
	my ($words, $wanted, $line) = @$_;
	my ($status, $said) = verb(@$words);
	is("$status $said", "$wanted qemu-tapwrap: $line\n", "@$words");
}

done_testing();
