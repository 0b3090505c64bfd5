#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# The run directory: its sockets work, its lock is QEMU's and only QEMU's, and what a VM that was
# killed has left in it does no harm.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use World;
use Test::More;
use IO::Select;
use IO::Socket::UNIX;

require "$FindBin::Bin/lib/companions.pl";

my $before = host_state();
my $run = '/srv/run/qemu-tapwrap/all';
my @all = map { "$run/$_.sock" } qw(agent monitor qmp serial-port vnc);
run_ok(qw(mount -t tmpfs -o mode=0755 tmpfs /run)); # where root has another one

# A guest of 15 bytes: what arrives at its serial port goes back.
#	wait: mov dx, 0x3fd; in al, dx; test al, 1; jz wait; mov dx, 0x3f8; in al, dx; out dx, al; jmp wait
spew('echo.img', pack 'H*', 'bafd03eca80174f8baf803eceeebf1' . '00' x 495 . '55aa' . '00' x 1048064);

my $idle = <<'END';
[machine]
accel = tcg
smp = 1
memory = 64M
[nic]
type = none
END
my $profile = profile("$idle\[disk]\nfile = echo.img\nreadonly = on\n" . <<'END', 'all.ini');
[display]
type = vnc
[serial "port"]
type = unix
[guest]
agent = on
[tpm]
[monitor]
qmp = ${run_dir}/qmp.sock
hmp = ${run_dir}/monitor.sock
END

my $minute = qr/\d{4}-\d\d-\d\d \d\d:\d\d/;

sub mode { my ($path) = @_; return sprintf '%o', ((stat $path)[2] // 0) & 07777 }

# Connects and reads until $expected has come, after sending $text if there is one.
sub talk
{
	my ($name, $expected, $text) = @_;
	my $socket = IO::Socket::UNIX->new(Peer => "$run/$name.sock") or return "connect: $!";
	my $heard = '';
	my $listen = sub {
		print $socket $text if defined $text;
		$socket->flush;
		while (IO::Select->new($socket)->can_read(0.3)) {
			sysread $socket, $heard, 4096, length $heard or return 1;
			return 1 if $heard =~ $expected;
		}
		return $heard =~ $expected;
	};
	wait_for($listen, 20);
	return $heard;
}

sub start_all
{
	my ($name) = @_;
	my $pid = start_served($name, ['qemu-tapwrap', $profile], 'swtpm');
	is_deeply([sort(debris())], \@all, "$name: its sockets, and no other")
		or diag(slurp("/srv/tmp/$pid.err"));
	return $pid;
}

# ---- what is there -------------------------------------------------------------------------------

my $pid = start_all('first');
is(mode($run), '700', 'the directory is the owner\'s');
is(mode('/srv/run/qemu-tapwrap'), '700', 'and so is the one above');
like(slurp("$run/lock"), qr{^pid $pid\nstarted \d+\nprofile /srv/tmp/all.ini\n.*^end\n\z}ms, 'the lock tells who has it');
like(talk(vnc => qr/\n/), qr/^RFB 003\.008\n$/, 'vnc: a greeting');
like(talk(qmp => qr/\n/), qr/^\{"QMP": \{"version"/, 'qmp: a greeting');
like(talk(monitor => qr/\(qemu\)/), qr/^QEMU .*\(qemu\)/s, 'monitor: a prompt');
like(talk('serial-port' => qr/there and back/, 'there and back'), qr/there and back/,
	'serial: the guest answers');
ok(IO::Socket::UNIX->new(Peer => "$run/agent.sock"), 'agent: takes a connection');

sub lock_holders
{
	return map { /^(\d+):/ } grep {
		my ($process) = /^(\d+):/;
		grep { $_ eq "$run/lock" } values %{descriptors($process)};
	} processes();
}
is_deeply([lock_holders()], [$pid], 'the lock is open in QEMU and nowhere else');

# ---- a second start ------------------------------------------------------------------------------

{
	spew('again.ini', slurp('all.ini') . "[vm]\nname = all\n");
	for my $again ('all.ini', 'again.ini') {
		my ($status, $out, $err) = run(['qemu-tapwrap', $again]);
		is(exited($status), 75, "$again, while the VM runs: 75");
		like("$out$err", qr{^qemu-tapwrap: VM 'all' is running already, since $minute \(pid $pid, /srv/tmp/all.ini\)\n\z},
			"$again: one line");
	}
	is_deeply([sort(debris())], \@all, 'the sockets are there still');
	like(talk(qmp => qr/\n/), qr/^\{"QMP": /, 'and work');
	my ($status, undef, $err) = run(['qemu-tapwrap', '--check', $profile]);
	is(exited($status), 75, '--check: 75 too');
	like($err, qr/VM 'all' is running already/, 'and why');
}

# ---- the end -------------------------------------------------------------------------------------

kill 'TERM', $pid;
is(exited((finish($pid))[0]), 0, 'SIGTERM: status 0');
# QEMU forgets that of vnc.
nothing_left($before, 'SIGTERM', "$run/vnc.sock");
is_deeply([sort glob "$run/{.,}*[!.]*"], ["$run/lock", "$run/vnc.sock"], 'SIGTERM: the lock file stays');

$pid = start_all('second');
kill 'KILL', $pid;
finish($pid);
nothing_left($before, 'SIGKILL', @all);
spew("$run/notes", 'mine');
mkdir "$run/directory";
symlink 'nowhere', "$run/link";
run_ok('mkfifo', "$run/fifo");
IO::Socket::UNIX->new(Local => "$run/old.sock", Listen => 1)->close;

$pid = start_all('after SIGKILL');
like(slurp("$run/lock"), qr/^pid $pid\n/, 'after SIGKILL: the lock is the new one\'s');
like(talk(qmp => qr/\n/), qr/^\{"QMP": /, 'after SIGKILL: the sockets work');
is(slurp("$run/notes"), 'mine', 'a foreign file stays');
ok(-d "$run/directory" && -l "$run/link" && -p "$run/fifo", 'and so does what is no socket');
kill 'TERM', $pid;
finish($pid);
nothing_left($before, 'after SIGKILL', "$run/vnc.sock");

{
	my ($status) = run(['qemu-tapwrap', $profile, '--', qw(-daemonize -pidfile /srv/tmp/daemon)]);
	is(exited($status), 0, '-daemonize: status 0 at once');
	my $daemon = slurp('daemon') + 0;
	is_deeply([lock_holders()], [$daemon], '-daemonize: the daemon has the lock');
	my ($again, undef, $err) = run(['qemu-tapwrap', $profile]);
	is(exited($again), 75, '-daemonize: a second start finds it running');
	kill 'TERM', $daemon;
	nothing_left($before, '-daemonize', "$run/vnc.sock");
	unlink "$run/vnc.sock";
}

# ---- what goes wrong -----------------------------------------------------------------------------

sub refused
{
	my ($name, $expected, $text, @command) = @_;
	my ($status, $out, $err) = run(\@command);
	is(exited($status), $expected, "$name: status $expected");
	is("$out$err", "qemu-tapwrap: $text\n", "$name: one line");
	nothing_left($before, $name);
}

my $some = profile("$idle\[monitor]\nqmp = \${run_dir}/qmp.sock\n", 'some.ini');
my $vnc = profile("$idle\[display]\ntype = vnc\n", 'vnc.ini');
sub in { my ($directory) = @_; return ('env', "XDG_RUNTIME_DIR=$directory", 'qemu-tapwrap', $some) }

{
	my $long = '/srv/tmp/' . 'd' x 90;
	mkdir $long, 0700;
	my $socket = "$long/qemu-tapwrap/some/qmp.sock";
	refused('a path over 107 bytes', 65,
		"some.ini:8: [monitor] qmp: a socket's path has at most 107 bytes: $socket", in($long));
	ok(!-e "$long/qemu-tapwrap", 'and nothing is made');
}
{
	mkdir 'small', 0700;
	run_ok(qw(mount -t tmpfs -o size=4k tmpfs small));
	spew('small/fill', 'x' x 4096);
	refused('no room', 73, '/srv/tmp/small/qemu-tapwrap/some/lock: No space left on device',
		in('/srv/tmp/small'));
	run_ok('mount', '-o', 'remount,ro', 'small');
	unlink 'small/fill';
	refused('read-only', 73, '/srv/tmp/small/qemu-tapwrap/some: Read-only file system',
		in('/srv/tmp/small'));
	run_ok('umount', 'small');
	run_ok(qw(mount -t tmpfs -o ro tmpfs small));
	refused('read-only and empty', 73, '/srv/tmp/small/qemu-tapwrap/some: Read-only file system',
		in('/srv/tmp/small'));
	run_ok('umount', 'small');
	spew('small/qemu-tapwrap', 'a file');
	refused('a file in its place', 73, '/srv/tmp/small/qemu-tapwrap/some: Not a directory',
		in('/srv/tmp/small'));
	unlink 'small/qemu-tapwrap';
	spew('victim', 'not to be touched');
	mkdir $_, 0700 for 'small/qemu-tapwrap', 'small/qemu-tapwrap/some';
	symlink '/srv/tmp/victim', 'small/qemu-tapwrap/some/lock';
	refused('a link in place of the lock', 73,
		'/srv/tmp/small/qemu-tapwrap/some/lock: Too many levels of symbolic links', in('/srv/tmp/small'));
	is(slurp('victim'), 'not to be touched', 'and it is not followed');
}
install_stub("#!/bin/sh\nexit 0\n");
for (['', 'empty'], ['/srv/nowhere', 'missing'], ['run', 'relative']) {
	my ($directory, $name) = @$_;
	my ($status, $out, $err) = run([in($directory)]);
	is("$status$out$err", '0', "XDG_RUNTIME_DIR $name: root takes /run");
	is(mode('/run/qemu-tapwrap/some'), '700', '... for its own');
	run_ok(qw(rm -r /run/qemu-tapwrap));
}
SKIP: {
	skip 'only root can become another user', 1 if !is_real_root();
	my @as_user = qw(setpriv --reuid=4711 --regid=4711 --clear-groups --);
	chmod 0755, '/srv/run';
	for my $directory ('/srv/run', '', '/srv/nowhere') {
		my ($status, undef, $err) = run([@as_user, 'env', "XDG_RUNTIME_DIR=$directory", 'qemu-tapwrap',
			$vnc]);
		is(exited($status), 65, "another user's, '$directory': 65");
		like($err, qr/^qemu-tapwrap: vnc\.ini:7: \[display\]: there is no run directory[^\n]*\n$/, 'one line');
	}
	mkdir 'own', 0700;
	chown 4711, 4711, 'own';
	my ($status, undef, $err) = run([@as_user, qw(env XDG_RUNTIME_DIR=/srv/tmp/own qemu-tapwrap), $vnc]);
	is("$status$err", '0', 'their own: it starts');
	is(mode('own/qemu-tapwrap/vnc'), '700', '... in a directory of mode 0700');
}
ok(!-e '/run/qemu-tapwrap', 'nothing is left in /run');

done_testing();
