#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# [hooks]: what they are told, what they have and have not, when they run, and what their failures
# do.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use World;
use Test::More;
use Time::HiRes qw(sleep);

require "$FindBin::Bin/lib/pty.pl";

my $before = host_state();
my $root = '/srv/run/qemu-tapwrap';
my $n_vms = 0;

# A hook that notes what it was told, what it has, and what there is.
spew('bin/note', <<'END', 0755);
#!/bin/sh
exec >>/srv/tmp/note.$1 2>&1
shift
for word; do echo "argument: $word"; done
env | grep ^QEMU_TAPWRAP_ | sort
ls -l /proc/$$/fd | sed -n 's/.* \([0-9]*\) -> /descriptor \1: /p' | grep -v bin/note
grep -E '^(CapAmb|SigBlk):' /proc/self/status
read line && echo "it can read: $line"
echo "tap: $(ip -br addr show dev tap0 2>/dev/null | tr -s ' ')"
echo "working directory: $PWD"
END

sub vm
{
	my ($name, $hooks, $more, $vm) = @_;
	return profile("[vm]\nname = $name\n" . ($vm // '') . "[machine]\naccel = tcg\nsmp = 1\nmemory = 64M\n[display]\ntype = none\n"
		. "[serial]\ntype = null\n[nic]\nifname = tap0\naddress = 192.168.50.1/24, fd00:5a17::1/64\nguest-address = 192.168.50.2\n"
		. ($more // '') . "[hooks]\n$hooks", "$name.ini");
}

sub runs { my ($name) = @_; return (run([qw(qemu-tapwrap --status), $name]))[1] =~ /^state     running$/m }
sub qemu_of { my ($name) = @_; return ((run([qw(qemu-tapwrap --status), $name]))[1] =~ /^pid +(\d+)$/m)[0] }

sub start_vm
{
	my ($name, @command) = @_;
	my $pid = start([@command]);
	ok(wait_for(sub { runs($name) }), "$name: runs") or diag(slurp("/srv/tmp/$pid.err"));
	$n_vms++;
	return $pid;
}

sub take_note
{
	my ($which) = @_;
	my $text = slurp("note.$which") // 'none';
	unlink "note.$which";
	return $text;
}

my @told = (
	'QEMU_TAPWRAP_ADDRESSES=192.168.50.1/24 fd00:5a17::1/64', 'QEMU_TAPWRAP_GUESTS=192.168.50.2',
	'QEMU_TAPWRAP_PROFILE=/srv/tmp/%s.ini', 'QEMU_TAPWRAP_RUN_DIRECTORY=/srv/run/qemu-tapwrap/%s');

sub expected
{
	my ($name, $status, $tap, @arguments) = @_;
	my @lines = (@told, defined $status ? "QEMU_TAPWRAP_STATUS=$status" : (), 'QEMU_TAPWRAP_TAPS=tap0', 'QEMU_TAPWRAP_VM=%s');
	return join '', map({ "argument: $_\n" } @arguments), map({ s/%s/$name/r . "\n" } @lines),
		"descriptor 0: /dev/null\n", map({ "descriptor $_: /srv/tmp/note.%n\n" } 1, 2),
		"SigBlk:\t0000000000000000\nCapAmb:\t0000000000000000\ntap: $tap\nworking directory: /srv/tmp\n";
}

sub noted
{
	my ($which, $name, $status, $tap, @arguments) = @_;
	return is(take_note($which), expected($name, $status, $tap, @arguments) =~ s/%n/$which/gr, "$name: what $which was told and had");
}

my $UP = 'tap0 DOWN 192.168.50.1/24 fd00:5a17::1/64 ';

# ---- both, and QEMU's own ends -----------------------------------------------------------------------------

{
	my $profile = vm('both', "pre-start = bin/note pre 'two words' \\\$HOME\npost-stop = ~/../tmp/bin/note post\n", '', '');
	# A path in a hook is the profile's, wherever one is.
	my $pid = start_vm('both', 'qemu-tapwrap', $profile);
	my $pre = take_note('pre');
	like($pre, qr/^argument: two words\nargument: \$HOME\nQEMU/, 'arguments, split as a shell would');
	like($pre, qr{^tap: tap0 \S+ 192\.168\.50\.1/24 fd00:5a17::1/64 }m, 'the tap is there, with its addresses');
	is($pre =~ s/^tap: .*\n//mr, expected('both', undef, '', 'two words', '$HOME') =~ s/^tap: .*\n//mr =~ s/%n/pre/gr, 'all that pre-start was told and had');
	is(slurp("/srv/tmp/$pid.err"), '', 'nothing is said');
	is(take_note('post'), 'none', 'post-stop has not run');
	my $qemu = qemu_of('both');
	isnt($qemu, $pid, 'QEMU is a child');
	my ($blocked) = slurp("/proc/$qemu/status") =~ /^SigBlk:\s+\w{8}(\w+)/m;
	is(hex($blocked) & 0x14003, 0, 'with none of our signals blocked');
	is(scalar(grep { /QEMU_TAPWRAP_TAPS/ } split /\0/, slurp("/proc/$qemu/environ")), 0, 'QEMU is not told');
	kill 'TERM', $pid;
	my ($status, $out, $err) = finish($pid);
	is(exited($status) . $out, '0', 'SIGTERM: QEMU quits, status 0');
	like($err, qr/^qemu-system-x86_64: terminating on signal 15/, 'as it says');
	noted('post', 'both', 0, '');
	ok(!-e "$root/both", 'the run directory is gone');
	nothing_left($before, 'both');
}
for (['KILL', 137], ['SEGV', 139]) {
	my ($signal, $wanted) = @$_;
	my $pid = start_vm('killed', 'qemu-tapwrap', vm('killed', "post-stop = bin/note post\n"));
	kill $signal, qemu_of('killed');
	is(exited((finish($pid))[0]), $wanted, "SIG$signal to QEMU: status $wanted");
	noted('post', 'killed', $wanted, '');
	nothing_left($before, "SIG$signal");
}
{
	my $profile = vm('refused', "post-stop = bin/note post\n", '', '');
	my ($status, $out, $err) = run(['qemu-tapwrap', $profile, '--', '-no-such-option']);
	is(exited($status), 1, 'QEMU refuses its command line: status 1');
	noted('post', 'refused', 1, '');
	nothing_left($before, 'refused');
}
{
	my $pid = start_vm('gentle', 'qemu-tapwrap', vm('gentle', "post-stop = bin/note post\n", '', "on-terminate = powerdown\npowerdown-timeout = 1\n"));
	kill 'TERM', $pid;
	is(exited((finish($pid))[0]), 0, 'together with powerdown: status 0');
	noted('post', 'gentle', 0, '');
	nothing_left($before, 'gentle');
}

# ---- failures -----------------------------------------------------------------------------------------------

spew('bin/fails', "#!/bin/sh\nexit 3\n", 0755);
spew('bin/dies', "#!/bin/sh\nkill -9 \$\$\n", 0755);
spew('bin/odd', "#!/none\n", 0755);
spew('bin/plain', "echo\n", 0644);
for (
	['fails', 69, 'bin/fails ended with status 3'], ['dies', 69, 'bin/dies was ended by signal 9 (Killed)'],
	['odd', 69, 'Failed to execute child process “/srv/tmp/bin/odd” (No such file or directory)'])
{
	my ($name, $wanted, $why) = @$_;
	my $hook = vm($name, "pre-start = bin/$name\npost-stop = bin/note post\n");
	my ($status, $out, $err) = run(['env', 'LC_ALL=C.UTF-8', 'qemu-tapwrap', $hook]);
	is(exited($status), $wanted, "pre-start $name: status $wanted");
	is($err, "qemu-tapwrap: $hook:16: [hooks] pre-start: " . ($why =~ /^bin/ ? "/srv/tmp/$why" : $why) . "\n", 'one line');
	is(take_note('post'), 'none', 'post-stop has nothing to undo');
	ok(!-e $root, 'no run directory is left');
	nothing_left($before, "pre-start $name");
}
{
	my $profile = vm('warned', "post-stop = bin/fails\n");
	my $pid = start_vm('warned', 'qemu-tapwrap', $profile);
	run([qw(qemu-tapwrap --stop --now warned)]);
	my ($status, $out, $err) = finish($pid);
	is(exited($status), 0, 'post-stop fails: the status is QEMU\'s');
	is($err, "qemu-tapwrap: warning: $profile:16: [hooks] post-stop: /srv/tmp/bin/fails ended with status 3\n", 'and a warning');
	nothing_left($before, 'warned');
}
for (
	['bin/none', '/srv/tmp/bin/none: there is no such program'], ['bin/plain', '/srv/tmp/bin/plain: you may not execute it'],
	['no-such-hook', 'no-such-hook is not in $PATH; install it, or write where it is'])
{
	my ($hook, $why) = @$_;
	my $profile = vm('missing', "pre-start = true\n");
	for my $check ([], ['--check']) {
		my ($status, $out, $err) = run(['qemu-tapwrap', @$check, '--set', "hooks.post-stop=$hook", $profile]);
		is(exited($status), 66, "@$check $hook: status 66");
		like($err, qr{^qemu-tapwrap: (?:error: )?--set: \[hooks\] post-stop: \Q$why\E$}m, 'and why') if $hook !~ m{/};
	}
	my ($status, $out, $err) = run(['qemu-tapwrap', vm('missing', "pre-start = $hook\n")]);
	is($err, "qemu-tapwrap: missing.ini:16: [hooks] pre-start: $why\n", "$hook: one line");
	is(host_state(), $before, 'nothing is touched');
}
{
	my ($status, $out, $err) = run(['qemu-tapwrap', vm('daemon', "post-stop = true\n"), '--', '-daemonize']);
	is(exited($status) . $err, "64qemu-tapwrap: daemon.ini:16: [hooks] post-stop: does not go together with -daemonize\n", '-daemonize is refused');
}

{
	my ($status, $out, $err) = run(['qemu-tapwrap', '--dry-run', vm('dry', "pre-start = bin/note pre 'two words'\npost-stop = true\n", '',
		"on-terminate = powerdown\n")]);
	is(exited($status) . $err, '0', '--dry-run');
	like($out, qr{^# \[hooks\] pre-start would run here: /srv/tmp/bin/note pre 'two words'
# \[hooks\] post-stop would run when all is undone: true
# SIGTERM, SIGHUP or Ctrl-C would ask the guest to shut down, and give it 30 s
qemu-system-x86_64 }m, 'tells of them');
	is(take_note('pre'), 'none', 'and runs none');
}

# ---- one that hangs -----------------------------------------------------------------------------------------

for my $way (qw(Ctrl-C SIGTERM)) {
	my $profile = vm('hangs', "pre-start = sleep 1000\n");
	my ($pid, $terminal) = start_on_pty('qemu-tapwrap', $profile);
	ok(wait_for(sub { grep { /: sleep 1000/ } processes() }), 'a pre-start that hangs');
	ok(has_link('tap0'), 'with a tap that waits');
	$way eq 'Ctrl-C' ? syswrite $terminal, "\x03" : kill 'TERM', $pid;
	waitpid $pid, 0;
	is($? & 127, $way eq 'Ctrl-C' ? 2 : 15, "$way ends it");
	nothing_left($before, "pre-start, $way");
	run([qw(qemu-tapwrap --list)]); # sweeps
}
{
	my ($pid, $terminal) = start_on_pty('qemu-tapwrap', vm('late', "post-stop = sleep 1000\n"));
	ok(wait_for(sub { runs('late') }), 'late: runs');
	$n_vms++;
	run([qw(qemu-tapwrap --stop --now late)]);
	ok(wait_for(sub { grep { /: sleep 1000/ } processes() }), 'a post-stop that hangs');
	is(host_state(), $before, 'when the network is as before');
	syswrite $terminal, "\x03";
	waitpid $pid, 0;
	is($? & 127, 2, 'Ctrl-C ends it');
	nothing_left($before, 'late');
}

# ---- whose they are -------------------------------------------------------------------------------------------

SKIP: {
	skip 'only root can become another user', 2 if !is_real_root();
	spew('bin/who', "#!/bin/sh\n{ id -u; grep -E '^Cap(Prm|Eff|Amb)' /proc/self/status; } >/srv/tmp/own/who\nexit 1\n", 0755);
	mkdir 'own', 0700;
	chown 4711, 4711, 'own';
	my $profile = profile("[vm]\nname = user\n[nic]\ntype = none\n[hooks]\npre-start = bin/who\n", 'user.ini');
	run([qw(setpriv --reuid=4711 --regid=4711 --clear-groups --inh-caps=+net_admin --ambient-caps=+net_admin
		-- env XDG_RUNTIME_DIR=/srv/tmp/own qemu-tapwrap), $profile]);
	my $who = slurp('own/who') // '';
	like($who, qr/^4711\n/, 'a hook is the user');
	is(join(' ', $who =~ /^Cap\w+:\t(\w+)/mg), join(' ', ('0' x 16) x 3), 'without a capability, even one that the user was born with');
}
{
	my $profile = vm('apart', "pre-start = bin/note pre\npost-stop = bin/note post\n");
	my ($status) = run([qw(unshare -Urn true)]);
	SKIP: {
		skip 'no namespaces for users here', 3 if $status != 0;
		my $pid = start_vm('apart', qw(qemu-tapwrap --rootless), $profile);
		like(take_note('pre'), qr{^tap: tap0 \S+ 192\.168\.50\.1/24}m, 'rootless: a hook is in the network of the VM');
		kill 'TERM', $pid;
		finish($pid);
		like(take_note('post'), qr/^tap: $/m, 'both are');
		nothing_left($before, 'apart');
	}
}

print "# $n_vms VMs, nothing left of any\n";
done_testing();
