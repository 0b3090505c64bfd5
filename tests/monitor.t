#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# --monitor: QEMU's own words for people: as one command, line by line from a pipe, and with a prompt
# on a terminal; with other verbs in between, and at the end of the VM.
# What it says of VMs that do not answer is in tests/steer.t.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use World;
use Test::More;
use IO::Select;
use POSIX ();
use Time::HiRes qw(time);

require "$FindBin::Bin/lib/pty.pl";

my $before = host_state();

sub start_vm
{
	my $pid = start(['qemu-tapwrap', profile("[vm]\nname = vm\n[machine]\naccel = tcg\nsmp = 1\nmemory = 64M\n[display]\ntype = none\n"
		. "[serial]\ntype = null\n[nic]\ntype = none\n[disk]\nfile = disk.qcow2\nsize = 64M\n", 'vm.ini')]);
	ok(wait_for(sub { (verb(qw(--status vm)))[1] =~ /^state +running$/m }), 'it runs') or diag(slurp("/srv/tmp/$pid.err"));
	return $pid;
}

sub verb
{
	my @words = @_;
	my ($status, $out, $err) = run(['qemu-tapwrap', @words], seconds => 30);
	return (exited($status), $out, $err);
}

sub lines
{
	my ($text) = @_;
	spew('lines', $text);
	my ($status, $out, $err) = run(['sh', '-c', 'qemu-tapwrap --monitor vm < lines'], seconds => 30);
	return (exited($status), $out, $err);
}

my $pid = start_vm();

# ---- one command -------------------------------------------------------------------------------------

is_deeply([verb(qw(--monitor vm info status))], [0, "VM status: running\n", ''], 'words');
is_deeply([verb('--monitor', 'vm', 'info status')], [0, "VM status: running\n", ''], 'or one');
is_deeply([verb(qw(--monitor /srv/tmp/vm.ini info name))], [0, "vm\n", ''], 'by the profile');
is_deeply([verb(qw(--monitor vm info --help))], [1, "unknown command: 'info --help'\n", ''], 'what looks like an option of ours is QEMU\'s');
is_deeply([verb(qw(--monitor vm frobnicate))], [1, "unknown command: 'frobnicate'\n", ''], 'a command that is none: status 1');
is_deeply([verb(qw(--monitor vm device_del none))], [1, "Error: Device 'none' not found\n", ''], 'an error: status 1');
is_deeply([verb('--monitor', 'vm', "info \xff")], [64, '', "qemu-tapwrap: --monitor: a command is UTF-8\n"], 'not UTF-8');
is_deeply([verb('--monitor', 'vm', 'print "a\\"')], [0, (verb('--monitor', 'vm', 'print "a\\"'))[1], ''], 'quotes arrive as they are');
my (undef, $much) = verb(qw(--monitor vm xp /150000xb 0));
is(() = $much =~ /0x[0-9a-f]{2}\b/g, 150_000, length($much) . ' bytes of output');
unlike($much, qr/\r/, 'its lines end as any');
is((verb(qw(--monitor vm savevm one)))[0], 0, 'a command that takes its time');
like((verb(qw(--monitor vm info snapshots)))[1], qr/\bone\b/, 'and is done');

# ---- lines -------------------------------------------------------------------------------------------

is_deeply([lines("info name\n\n   info uuid\ninfo status")],
	[0, "vm\n00000000-0000-0000-0000-000000000000\nVM status: running\n", ''], 'lines, without a prompt; the last needs no end');
is_deeply([lines('')], [0, '', ''], 'no lines');
is_deeply([lines("frobnicate\ninfo name\n")], [0, "unknown command: 'frobnicate'\nvm\n", ''], 'the status is the last one\'s');
is_deeply([lines("info name\nfrobnicate\n")], [1, "vm\nunknown command: 'frobnicate'\n", ''], 'whichever that is');

# ---- a terminal --------------------------------------------------------------------------------------

sub see
{
	my ($terminal, $pattern) = @_;
	my ($seen, $end) = ('', time + 30);
	while ($seen !~ $pattern && time < $end) {
		next if !IO::Select->new($terminal)->can_read(0.2);
		sysread $terminal, $seen, 4096, length $seen or last;
	}
	return $seen;
}

{
	my ($client, $terminal) = start_on_pty(qw(qemu-tapwrap --monitor vm));
	is(see($terminal, qr/\(qemu\) /), '(qemu) ', 'a prompt');
	is_deeply([verb(qw(--pause vm))], [0, '', ''], 'other verbs go in between');
	syswrite $terminal, "info status\n";
	is(see($terminal, qr/\(qemu\) /), "info status\r\nVM status: paused\r\n(qemu) ", 'an answer, and the next prompt');
	syswrite $terminal, "\ncont\n";
	is(see($terminal, qr/\(qemu\) .*\(qemu\) /s), "\r\ncont\r\n(qemu) (qemu) ", 'an empty line; one without an answer');
	syswrite $terminal, "\x04";
	see($terminal, qr/\z/);
	waitpid $client, 0;
	is(exited($?), 0, 'Ctrl-D leaves');
}
{
	my ($client, $terminal) = start_on_pty(qw(qemu-tapwrap --monitor vm));
	see($terminal, qr/\(qemu\) /);
	syswrite $terminal, "quit\n";
	is(see($terminal, qr/ended\r\n/), "quit\r\nqemu-tapwrap: VM 'vm' has ended\r\n", 'quit: the VM has ended');
	waitpid $client, 0;
	is(exited($?), 0, 'status 0');
	is(exited((finish($pid))[0]), 0, 'QEMU: status 0');
}
{
	$pid = start_vm();
	my ($client, $terminal) = start_on_pty(qw(qemu-tapwrap --monitor vm));
	see($terminal, qr/\(qemu\) /);
	kill 'KILL', $pid;
	finish($pid);
	is(see($terminal, qr/ended\r\n/), "\r\nqemu-tapwrap: VM 'vm' has ended\r\n", 'a VM that ends while nothing is typed');
	waitpid $client, 0;
	is(exited($?), 0, 'status 0');
}
{
	$pid = start_vm();
	is_deeply([lines("info name\nquit\ninfo name\n")], [0, "vm\n", ''], 'quit by a pipe: status 0; what follows is nobody\'s');
	is(exited((finish($pid))[0]), 0, 'QEMU: status 0');
}
run_ok(qw(qemu-tapwrap --list));
nothing_left($before, 'at the end');
done_testing();
