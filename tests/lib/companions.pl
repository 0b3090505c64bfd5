# SPDX-License-Identifier: MIT
#
# companions: a program that serves a VM ends with it, in whatever way that is.

use strict;
use warnings;
use Test::More;
use World;

our @started_by; # what starts qemu-tapwrap, as somebody else

# Those of @programs that run here.
sub running
{
	my (@programs) = @_;
	my @processes = processes();
	return grep { my $name = $_; grep { m{^\d+: \S*/\Q$name\E } } @processes } @programs;
}

sub pid_of
{
	my ($program) = @_;
	return map { m{^(\d+): \S*/\Q$program\E } } processes();
}

# Does a process have a handler for SIGTERM? QEMU comes to that when all else is done.
sub handles_term
{
	my ($pid) = @_;
	my ($caught) = (slurp("/proc/$pid/status") // '') =~ /^SigCgt:\t\w+(\w{4})$/m;
	return hex($caught // 0) & 1 << 14;
}

# Starts the VM; returns its PID when all of @programs are there and QEMU is done with its start.
sub start_served
{
	my ($name, $command, @programs) = @_;
	my $pid = start($command);
	wait_for(sub { running(@programs) == @programs && handles_term($pid) });
	is_deeply([running(@programs)], [@programs], "$name: @programs run")
		or diag(slurp("/srv/tmp/$pid.err"));
	return $pid;
}

# $before: host_state. The VM of $profile needs no guest, and does not end by itself.
sub end_with_vm
{
	my ($before, $profile, @programs) = @_;

	for my $signal (qw(TERM KILL)) {
		my $pid = start_served($signal, [@started_by, 'qemu-tapwrap', $profile], @programs);
		kill $signal, $pid;
		is(exited((finish($pid))[0]), $signal eq 'TERM' ? 0 : 'signal 9', "$signal: QEMU's own status");
		nothing_left($before, $signal);
	}
	my ($status, undef, $err) = run([@started_by, 'qemu-tapwrap', $profile, '--', '-no-such-option']);
	is(exited($status), 1, 'bad argument: QEMU\'s own status');
	like($err, qr/^qemu-system-x86_64: -no-such-option: invalid option$/m, 'bad argument: its message');
	nothing_left($before, 'bad argument');

	($status) = run([@started_by, qw(qemu-tapwrap --set qemu.binary=/bin/false), $profile]);
	is(exited($status), 1, 'QEMU ends without a word');
	nothing_left($before, 'QEMU ends without a word');

	my $stub = start([@started_by, 'qemu-tapwrap', '--set', 'qemu.binary=' . spew('stub', $TAP_STUB, 0755), $profile]);
	ok(wait_for(sub { (slurp("/proc/$stub/comm") // '') eq "sleep\n" }), 'QEMU that says nothing');
	kill 'KILL', $stub;
	finish($stub);
	nothing_left($before, 'QEMU is killed before it says a word');

	($status) = run([@started_by, qw(strace -qq -o /dev/null -e inject=execve:signal=KILL:when=1), 'qemu-tapwrap',
		$profile], before => sub { $ENV{ASAN_OPTIONS} = 'detect_leaks=0' });
	ok(killed($status) || exited($status) == 137, 'the launcher is killed as it becomes QEMU');
	nothing_left($before, 'killed at exec');

	($status) = run([@started_by, 'qemu-tapwrap', $profile, '--', qw(-daemonize -pidfile /srv/tmp/daemon)]);
	is(exited($status), 0, '-daemonize: status 0 at once');
	is_deeply([running(@programs)], [@programs], "-daemonize: @programs run on");
	my $daemon = slurp('/srv/tmp/daemon') + 0;
	kill 'KILL', $daemon;
	nothing_left($before, '-daemonize');
	unlink '/srv/tmp/daemon';
}

1;
