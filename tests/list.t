#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# --list and --status: what runs, what does not, and what is left of what was killed; as a table and
# as JSON.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use World;
use Test::More;
use IO::Socket::UNIX;
use JSON::PP qw(decode_json);

my $before = host_state();
my $root = '/srv/run/qemu-tapwrap';

sub vm
{
	my ($name, $nic, $more) = @_;
	return profile("[vm]\nname = $name\n[machine]\naccel = tcg\nsmp = 1\nmemory = 64M\n[display]\ntype = none\n"
		. "[nic]\n$nic\n" . ($more // "[serial]\ntype = null\n"), "$name.ini");
}

sub verb
{
	my @words = @_;
	my ($status, $out, $err) = run(['qemu-tapwrap', @words], seconds => 10);
	return (exited($status), $out, $err);
}

sub list_json { return decode_json((verb(qw(--list --json)))[1]) }
sub state_of { my ($name) = @_; return (map { $_->{state} } grep { $_->{name} eq $name } @{ list_json() })[0] // 'none' }
sub refused
{
	my ($name, $status, $line, @words) = @_;
	my ($got, $out, $err) = verb(@words);
	is($got, $status, "$name: status $status");
	is("$out$err", "qemu-tapwrap: $line\n", "$name: one line");
}

# ---- nothing runs --------------------------------------------------------------------------------

is_deeply([verb('--list')], [0, join('  ', qw(NAME STATE PID UPTIME MEMORY TAP ADDRESS GUEST DISPLAY CONSOLE PROFILE)) . "\n", ''],
	'nothing: the titles');
is_deeply(list_json(), [], 'nothing: an empty array');
refused('--status', 69, "VM 'alpha' is not running", qw(--status alpha));
ok(!-e $root, 'and nothing is made');

# ---- two that run, one that does not -----------------------------------------------------------------

my $alpha = vm('alpha', "ifname = tap0\naddress = 192.168.50.1/24, fd00:5a17::1/64\nguest-address = 192.168.50.2",
	"[serial \"port\"]\ntype = unix\n");
spew('/srv/home/.config/qemu-tapwrap/gamma.ini', slurp(vm('gamma', 'type = none')));
symlink '/srv/tmp/alpha.ini', '/srv/home/.config/qemu-tapwrap/first.ini';
my $first = start(['qemu-tapwrap', $alpha]);
my $second = start(['qemu-tapwrap', vm('beta', 'type = none'), '--', '-S']);
ok(wait_for(sub { state_of('alpha') eq 'running' && state_of('beta') eq 'prelaunch' }), 'both have a state')
	or diag(slurp("/srv/tmp/$first.err"), slurp("/srv/tmp/$second.err"));

my ($got_first, $got_second, $got_off, @more) = @{ list_json() };
is(scalar(@more), 0, 'three in all');
for my $vm ($got_first, $got_second) {
	my $uptime = delete $vm->{uptime};
	ok($uptime >= 0 && $uptime < 60, "$vm->{name}: uptime $uptime");
}
is_deeply($got_first, {
	name => 'alpha', state => 'running', profile => '/srv/tmp/alpha.ini', pid => $first, memory => 64,
	taps => [{ ifname => 'tap0', addresses => ['192.168.50.1/24', 'fd00:5a17::1/64'] }],
	guests => ['192.168.50.2'], display => 'none', console => "$root/alpha/serial-port.sock",
}, 'alpha, whole');
is_deeply($got_second, {
	name => 'beta', state => 'prelaunch', profile => '/srv/tmp/beta.ini', pid => $second, memory => 64,
	taps => [], guests => [], display => 'none', console => undef,
}, 'beta, whole');
is_deeply($got_off, {
	name => 'gamma', state => 'off', profile => '/srv/home/.config/qemu-tapwrap/gamma.ini', pid => undef, uptime => undef,
	memory => undef, taps => [], guests => [], display => undef, console => undef,
}, 'gamma, which does not run; and the link to the profile of alpha is alpha');

my ($status, $out, $err) = verb('--list');
my @lines = split /\n/, $out;
is("$status$err", '0', 'the table');
my %start = map { $_ => index($lines[0], $_) } qw(STATE TAP ADDRESS GUEST DISPLAY CONSOLE PROFILE);
like(substr($lines[1], $start{ADDRESS}), qr{^192\.168\.50\.1/24 fd00:5a17::1/64  }, 'its columns are aligned');
like(substr($lines[2], $start{STATE}), qr/^prelaunch  /, 'a state');
like(substr($lines[3], $start{TAP}), qr/^-    /, 'what is not known is -');
is(substr($lines[$_], $start{PROFILE} - 2, 2), '  ', "line $_: two blanks between columns") for 0 .. 3;

for my $word ('alpha', $alpha, '/srv/tmp/../tmp/alpha.ini', 'first') {
	is(decode_json((verb('--status', '--json', $word))[1])->{pid}, $first, "--status $word");
}
like((verb('--status', 'alpha'))[1], qr{^name      alpha\nstate     running\npid       $first\n}, '--status for people');
refused('--status of gamma', 69, "VM 'gamma' is not running", qw(--status gamma));

# ---- those that do not answer -----------------------------------------------------------------------

kill 'STOP', $first;
is(state_of('alpha'), 'no answer', 'a QEMU that is stopped');
is(state_of('beta'), 'prelaunch', 'and the other has its answer all the same');
kill 'CONT', $first;
ok(wait_for(sub { state_of('alpha') eq 'running' }), 'it goes on');
{
	my @other = map { IO::Socket::UNIX->new(Peer => "$root/alpha/control.sock") } 1 .. 3;
	is(state_of('alpha'), 'no answer', 'a monitor that others have');
}
ok(wait_for(sub { state_of('alpha') eq 'running' }), 'until they leave it');

# ---- what is left, and what is not ours --------------------------------------------------------------

kill 'KILL', $first, $second;
finish($_) for $first, $second;
ok(-e "$root/alpha/control.sock", 'a VM that was killed leaves its socket');
mkdir "$root/foreign";
spew("$root/foreign/notes", 'mine');
spew("$root/file", 'mine');
spew("$root/beta/notes", 'mine');
spew("$root/odd/lock", "\0garbage\n", 0600);
symlink '/srv/tmp/victim', "$root/link";
spew('/srv/tmp/victim/lock', 'mine');
mkdir "$root/locked";
symlink '/srv/tmp/victim/lock', "$root/locked/lock";
run_ok('mkfifo', "$root/fifo");
is_deeply([map { $_->{name} } @{ list_json() }], ['first', 'gamma'], 'none of it is a VM');
is_deeply([sort map { s{.*/}{}r } glob "$root/*"], [qw(beta fifo file foreign link locked)], 'what was ours is gone');
is_deeply([slurp("$root/beta/notes"), slurp("$root/foreign/notes"), slurp("$root/file"), slurp('/srv/tmp/victim/lock')],
	[('mine') x 4], 'what was not is there');
ok(!-e "$root/beta/lock", 'of beta only the note is left');
{
	open my $lock, '>', "$root/foreign/lock" or die $!;
	flock $lock, 2;
	is(state_of('foreign'), 'starting', 'a lock with nothing in it: a VM that is starting');
	refused('--stop of it', 77, "VM 'foreign' (pid 0) cannot be ended: it does not say who it is", qw(--stop --now foreign));
}
run_ok('rm', '-r', $root);

SKIP: {
	skip 'only root can become another user', 2 if !is_real_root();
	my @as_user = qw(setpriv --reuid=4711 --regid=4711 --clear-groups -- env XDG_RUNTIME_DIR=/srv/tmp/own);
	mkdir 'own', 0700;
	chown 4711, 4711, 'own';
	my $mine = start(['qemu-tapwrap', vm('mine', 'type = none')]);
	my $theirs = start([@as_user, 'qemu-tapwrap', vm('theirs', 'type = none')]);
	ok(wait_for(sub { state_of('mine') eq 'running' }), 'root has a VM');
	my $list = sub { join ' ', map { $_->{name} } grep { $_->{pid} } @{ decode_json((run([@as_user, qw(qemu-tapwrap --list --json)]))[1]) } };
	ok(wait_for(sub { $list->() eq 'theirs' }), 'a user sees their own VM, and no other');
	is((grep { $_->{pid} } @{ list_json() })[0]{name}, 'mine', 'and so does root');
	kill 'KILL', $mine, $theirs;
	finish($_) for $mine, $theirs;
}
refused('two words', 64, '--list does not take as much. Usage: qemu-tapwrap --list', qw(--list a));
refused('two verbs', 64, '--list and --stop: one at a time', qw(--list --stop a));
refused('--json alone', 64, '--json goes with --check, --doctor, --list or --status', '--json', $alpha);
state_settles($before, 'the network is as before');

done_testing();
