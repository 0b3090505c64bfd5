#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# What a service manager sees: READY=1 when the network is there, whatever NOTIFY_SOCKET is worth,
# and the command lines of the installed units. A real systemd is in tests/service-systemd.t.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use World;
use Test::More;
use Text::ParseWords qw(shellwords);
use IO::Socket::UNIX;
use Socket qw(SOCK_DGRAM pack_sockaddr_un);
use Time::HiRes qw(time);

require "$FindBin::Bin/lib/qmp.pl";

my $before = host_state();
my $path = '/srv/tmp/notify.sock';

# A stub that tells its environment and whether the tap is there, and stays.
install_stub("#!/bin/sh\nenv >/srv/tmp/environment.new\nmv /srv/tmp/environment.new /srv/tmp/environment\nexec sleep 300\n");

sub listen_at
{
	my ($name) = @_;
	unlink $name;
	return IO::Socket::UNIX->new(Type => SOCK_DGRAM, Local => $name =~ s/^@/\0/r) || die "$name: $!";
}

# The next message, or '' when there is none within @seconds.
sub heard
{
	my ($socket, $seconds) = @_;
	vec(my $wanted = '', fileno $socket, 1) = 1;
	select $wanted, undef, undef, $seconds or return '';
	recv $socket, my $text, 4096, 0;
	return $text;
}

sub started
{
	my ($notify, @command) = @_;
	unlink '/srv/tmp/environment';
	return start(\@command, before => sub { $ENV{NOTIFY_SOCKET} = $notify });
}

sub end
{
	my ($pid) = @_;
	kill 'KILL', $pid;
	return (finish($pid))[2];
}

my $profile = tap_profile(path => '/srv/tmp/vm.ini');
my $messages = 0;

# ---- a manager that listens ---------------------------------------------------------------------------

for my $name ($path, '@qemu-tapwrap-test', '/srv/tmp/' . 'n' x 98) {
	my $socket = listen_at($name);
	my $pid = started($name, 'qemu-tapwrap', $profile);
	my $text = heard($socket, 20);
	my $kind = substr($name, 0, 1) . ' and ' . (length($name) - 1);
	ok(has_link('tap0'), "$kind bytes: the tap is there when the message comes");
	is($text, "READY=1\nSTATUS=VM 'tap0': its network is up\nMAINPID=$pid", 'the message, with the PID that QEMU will have');
	ok(wait_for(sub { -e '/srv/tmp/environment' }), 'QEMU runs');
	unlike(slurp('/srv/tmp/environment'), qr/^NOTIFY_SOCKET=/m, 'and is not told of the socket');
	is(heard($socket, 0.1), '', 'there is one message');
	is(end($pid), '', 'nothing on standard error');
	$messages++;
}
{
	my $socket = listen_at($path);
	my $pid = started($path, qw(strace -o /srv/tmp/trace -s 200 -e), 'trace=recvmsg,sendto,execve', 'qemu-tapwrap', $profile);
	like(heard($socket, 30), qr/^READY=1$/m, 'traced: READY');
	ok(wait_for(sub { -e '/srv/tmp/environment' }), 'QEMU runs');
	my @calls = map { /READY=1/ ? 'ready' : /^execve\("\S+qemu-system/ ? 'exec' : /SCM_RIGHTS/ ? 'tap' : () } split /\n/, slurp('/srv/tmp/trace');
	is("@calls", 'tap ready exec', 'first the tap, then the message, then QEMU');
	kill 'KILL', children_of($pid);
	finish($pid);
}

unlink '/srv/tmp/' . 'n' x 98;

# ---- one that does not ---------------------------------------------------------------------------------

for (
	['/srv/tmp/nobody', 'No such file or directory'],
	['/srv/tmp/vm.ini', 'Connection refused'],
	['@nobody', 'Connection refused'],
	['relative', 'Address family not supported by protocol'],
	['vsock:2:1234', 'Address family not supported by protocol'],
	['/', 'Address family not supported by protocol'],
	['/srv/' . 'n' x 103, 'File name too long'])
{
	my ($name, $why) = @$_;
	my $pid = started($name, 'qemu-tapwrap', $profile);
	ok(wait_for(sub { -e '/srv/tmp/environment' }), "$name: QEMU runs all the same");
	unlike(slurp('/srv/tmp/environment'), qr/^NOTIFY_SOCKET=/m, 'without it');
	is(end($pid), "qemu-tapwrap: warning: NOTIFY_SOCKET $name: $why\n", 'a warning');
}
{
	my $pid = started('', 'qemu-tapwrap', $profile);
	ok(wait_for(sub { -e '/srv/tmp/environment' }), 'an empty one: QEMU runs');
	is(end($pid), '', 'without a warning');
}
{
	my $socket = listen_at($path);
	my $full = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Peer => $path);
	$full->blocking(0);
	1 while $full->send('WATCHDOG=1');
	my $start = time;
	my $pid = started($path, 'qemu-tapwrap', $profile);
	ok(wait_for(sub { -e '/srv/tmp/environment' }), 'one that does not read: QEMU runs');
	cmp_ok(time - $start, '>=', 4.5, 'after five seconds');
	is(end($pid), "qemu-tapwrap: warning: NOTIFY_SOCKET $path: Resource temporarily unavailable\n", 'a warning');
}

# ---- what is no start ----------------------------------------------------------------------------------

{
	my $socket = listen_at($path);
	for my $words (['--dry-run', $profile], ['--list'], ['--version'], ['--check', $profile], ['/srv/tmp/missing.ini'],
		[profile("[nic]\nifname = tap0\naddress = nonsense\n")])
	{
		finish(started($path, 'qemu-tapwrap', @$words));
		is(heard($socket, 0.05), '', "@$words: no message");
	}
	run_ok(qw(ip link add tap0 type veth peer name other));
	is(exited((finish(started($path, 'qemu-tapwrap', $profile)))[0]), 69, 'a tap that cannot be: refused');
	is(heard($socket, 0.05), '', 'and no message');
	run_ok(qw(ip link del tap0));
}
unlink '/srv/bin/qemu-system-x86_64';

# ---- the installed units --------------------------------------------------------------------------------

# What systemd makes of the line.
sub line
{
	my ($unit, $key, $instance) = @_;
	my ($line) = slurp($unit) =~ /^$key=-?(.*)$/m;
	return shellwords($line =~ s/%i/$instance/gr =~ s/\$\$/\$/gr);
}

for (['user', '/srv/home/.config/qemu-tapwrap/desk.ini'], ['system', '/srv/etc/qemu-tapwrap/desk.ini']) {
	my ($kind, $place) = @$_;
	my $unit = "/srv/lib/systemd/$kind/qemu-tapwrap\@.service";
	profile("[vm]\nname = another\n[machine]\naccel = tcg\nsmp = 1\nmemory = 64M\n[display]\ntype = none\n[serial]\ntype = null\n"
		. "[nic]\nifname = tap0\naddress = 192.168.50.1/24\n[monitor]\nqmp = /srv/tmp/qmp.sock\n", $place);
	my $socket = listen_at($path);
	my $pid = started($path, line($unit, 'ExecStart', 'desk'));
	like(heard($socket, 20), qr/^READY=1$/m, "$kind: ExecStart says READY") or diag(slurp("/srv/tmp/$pid.err"));
	my $qmp = qmp_open('/srv/tmp/qmp.sock');
	my $stop = start([line($unit, 'ExecStop', 'desk')], before => sub { $ENV{MAINPID} = $pid });
	ok(read_until($qmp, qr/"POWERDOWN".*\n/), 'ExecStop presses the power button');
	qmp($qmp, 'quit');
	is_deeply([finish($stop)], [0, '', ''], 'and waits for the end');
	is_deeply([finish($pid)], [0, '', ''], 'QEMU: status 0, nothing said');
	is_deeply([run([line($unit, 'ExecStop', 'desk')])], [0, '', ''], 'after that it has nothing to say');
	unlink $place, $path;
	my ($seconds) = slurp($unit) =~ /^TimeoutStopSec=(\d+)$/m;
	cmp_ok($seconds, '>', 30 + 2 + 5 + 5 + 5, 'systemd is more patient than --stop');
	unlike(slurp($unit), qr/@\w+@/, 'no gap is left in the unit');
	nothing_left($before, $kind);
}

SKIP: {
	my ($analyze) = grep { -x } map { "$_/systemd-analyze" } split /:/, $ENV{PATH};
	BAIL_OUT('no systemd-analyze') if !$analyze && $ENV{TESTS_MUST_RUN};
	skip 'no systemd-analyze here', 2 if !$analyze;
	local $ENV{MANPATH} = '/srv/share/man';
	for (['user', '--user'], ['system', '--system']) {
		my ($kind, $scope) = @$_;
		is_deeply([run([$analyze, $scope, 'verify', "/srv/lib/systemd/$kind/qemu-tapwrap\@x.service"])], [0, '', ''],
			"systemd-analyze has nothing to say on the unit of the $kind");
	}
}

done_testing();
print("# READY heard at $messages kinds of sockets, 9 that are none or do not read: a warning at most\n");
