#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# However QEMU ends, the host is byte for byte as before, the exit status is QEMU's own, and no
# process or file of ours is left.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use World;
use Test::More;
use Time::HiRes qw(sleep);

require "$FindBin::Bin/lib/pty.pl";

my $before = host_state();
my @files_before = our_files();

# Whatever is below /srv, where the world has its HOME, and what is called like us elsewhere.
sub our_files
{
	return sort grep { !m{^/srv/tmp/} } map { split /\n/ }
		run_ok(qw(find /srv)), run_ok(qw(find /tmp /var/tmp /run/ -maxdepth 1 -name *qemu-tapwrap*));
}

# Starts the demo's guest and waits until it is really there.
sub boot
{
	my (@more) = @_;
	my $pid = start(['qemu-tapwrap', guest_profile(), @more]);
	ok(answers_ping('192.168.50.2'), 'the guest answers');
	return $pid;
}

sub host_untouched
{
	my ($name) = @_;
	state_settles($before, "$name: links, addresses, routes and rules are as before");
	run_ok(qw(qemu-tapwrap --list)); # who looks takes away what says that the VM ran
	is_deeply([our_files()], \@files_before, "$name: no file is left");
}

# ---- signals ---------------------------------------------------------------------------------------

my %status_after = (TERM => 0, INT => 0, HUP => 0, KILL => 'signal 9', SEGV => 'signal 11',
	ABRT => 'signal 6');
for my $signal (sort keys %status_after) {
	my $pid = boot();
	is(slurp("/proc/$pid/comm"), "qemu-system-x86\n", "$signal: our PID is QEMU's now");
	is_deeply([children_of($pid)], [], "$signal: and it has no child of ours");
	kill $signal, $pid;
	my ($status) = finish($pid);
	is(exited($status), $status_after{$signal}, "$signal: QEMU's own status");
	host_untouched($signal);
}

# ---- the guest ends by itself ------------------------------------------------------------------------

{
	my $pid = start(['qemu-tapwrap', guest_profile(then => 'reboot'), '--', '-no-reboot']);
	is(exited((finish($pid))[0]), 0, 'guest reboots under -no-reboot: status 0');
	host_untouched('end by the guest');
}
{
	my $profile = guest_profile();
	my $pid = start(['qemu-tapwrap', $profile, '--', '-qmp', 'unix:qmp.sock,server=on,wait=off']);
	ok(answers_ping('192.168.50.2'), 'the guest answers');
	use IO::Socket::UNIX;
	my $qmp = IO::Socket::UNIX->new(Peer => 'qmp.sock') or die "qmp: $!";
	<$qmp>;
	print $qmp qq({"execute":"qmp_capabilities"}\n{"execute":"quit"}\n);
	is(exited((finish($pid))[0]), 0, 'quit over QMP: status 0');
	host_untouched('quit');
}

# ---- a terminal ----------------------------------------------------------------------------------------

{
	my ($pid, $terminal) = start_on_pty('qemu-tapwrap', guest_profile());
	ok(answers_ping('192.168.50.2'), 'the guest answers');
	print $terminal "\003";
	is(exited((finish($pid))[0]), 0, 'Ctrl-C on the terminal: QEMU exits 0');
	host_untouched('Ctrl-C');
}
{
	my ($pid, $terminal) = start_on_pty('qemu-tapwrap', guest_profile());
	ok(answers_ping('192.168.50.2'), 'the guest answers');
	print $terminal "\034";
	is(killed((finish($pid))[0]), 3, 'Ctrl-\\ on the terminal: SIGQUIT, as with raw QEMU');
	host_untouched('Ctrl-\\');
}
{
	my ($pid, $terminal) = start_on_pty('qemu-tapwrap', guest_profile());
	ok(answers_ping('192.168.50.2'), 'the guest answers');
	close $terminal;
	is(exited((finish($pid))[0]), 0, 'terminal hang-up: QEMU exits 0');
	host_untouched('hang-up');
}
{
	my ($pid, $terminal) = start_on_pty('sh', '-mc', 'qemu-tapwrap ' . guest_profile() . '; exec sleep 99');
	ok(answers_ping('192.168.50.2'), 'the guest answers');
	print $terminal "\032";
	my ($qemu) = grep { slurp("/proc/$_/comm") =~ /^qemu-system/ } children_of($pid);
	ok(wait_for(sub { slurp("/proc/$qemu/stat") =~ /\) T / }), 'Ctrl-Z stops QEMU');
	ok(has_link('tap0'), 'and the tap stays');
	kill 'CONT', $qemu;
	ok(answers_ping('192.168.50.2'), 'after SIGCONT the guest answers again');
	kill 'KILL', $qemu;
	host_untouched('Ctrl-Z');
	kill 'KILL', $pid;
	finish($pid);
}

# ---- QEMU never gets going -------------------------------------------------------------------------------

{
	my ($status, undef, $err) = run(['qemu-tapwrap', guest_profile(), '--', '-no-such-option']);
	is(exited($status), 1, 'QEMU refuses an argument: its own status 1');
	like($err, qr/^qemu-system-x86_64: -no-such-option: invalid option/, 'and its own message');
	host_untouched('bad argument');
}
{
	local $ENV{PATH} = '/srv/bin:/usr/sbin:/sbin:/bin/none';
	my ($status, undef, $err) = run(['qemu-tapwrap', tap_profile()]);
	local $ENV{PATH} = '/srv/bin:/usr/sbin:/sbin:/usr/bin:/bin';
	is(exited($status), 127, 'no emulator: 127');
	is($err, "qemu-tapwrap: qemu-system-x86_64 is not in \$PATH; install QEMU, or correct [vm] arch\n",
		'one line');
	host_untouched('no emulator');

	local $ENV{PATH} = '/srv/bin:/usr/sbin:/sbin:/bin/none';
	install_stub("#!/bin/sh\n", 0644);
	($status, undef, $err) = run(['qemu-tapwrap', tap_profile()]);
	$ENV{PATH} = '/srv/bin:/usr/sbin:/sbin:/usr/bin:/bin';
	is(exited($status), 126, 'emulator not executable: 126');
	is($err, "qemu-tapwrap: /srv/bin/qemu-system-x86_64: you may not execute it\n", 'one line');

	install_stub("\x7fELF nonsense", 0755);
	($status, undef, $err) = run(['qemu-tapwrap', tap_profile()]);
	is(exited($status), 126, 'emulator cannot be executed: 126');
	is($err, "qemu-tapwrap: /srv/bin/qemu-system-x86_64: Exec format error\n", 'one line');
	unlink '/srv/bin/qemu-system-x86_64';
	host_untouched('no executable emulator');
}

# ---- -daemonize --------------------------------------------------------------------------------------------

for my $signal (qw(TERM INT KILL)) {
	my ($status) = run(['qemu-tapwrap', guest_profile(), '--', qw(-daemonize -pidfile daemon.pid)]);
	is(exited($status), 0, "-daemonize, $signal: status 0 at once");
	ok(answers_ping('192.168.50.2'), "-daemonize, $signal: the guest answers");
	my ($again, undef, $err) = run(['qemu-tapwrap', guest_profile()]);
	my $daemon = slurp('daemon.pid') + 0;
	is(exited($again), 75, "-daemonize, $signal: a second start finds it running");
	like($err, qr/^qemu-tapwrap: VM 'guest' is running already, since [-\d: ]+ \(pid $daemon, /, "-daemonize, $signal: and names the daemon");
	kill $signal, $daemon;
	wait_for(sub { !-e "/proc/$daemon" || slurp("/proc/$daemon/stat") =~ /\) Z / });
	host_untouched("-daemonize, $signal");
}

# ---- with the standard streams closed -------------------------------------------------------------------------

{
	install_stub("#!/bin/sh\nexec sleep 300\n");
	my $pid = start(['sh', '-c', 'exec qemu-tapwrap ' . tap_profile() . ' <&- >&- 2>&-']);
	ok(wait_for(sub { (slurp("/proc/$pid/comm") // '') eq "sleep\n" }), 'started with all closed');
	my $open = descriptors($pid);
	is_deeply([@$open{0 .. 2}], [('/dev/null') x 3], 'the standard streams are /dev/null');
	kill 'KILL', $pid;
	finish($pid);
	unlink '/srv/bin/qemu-system-x86_64';
	host_untouched('closed streams');
}

done_testing();
