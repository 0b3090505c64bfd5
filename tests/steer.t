#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# --pause, --resume, --reset, --link and --screenshot, each shown to do what it says in the real
# QEMU, and each with a VM that does not run, a socket that nobody listens at, garbage, and a QEMU
# that hangs: one line, in bounded time.

use strict;
use warnings;
use Cwd qw(getcwd);
use FindBin;
use lib "$FindBin::Bin/lib";
use World;
use Test::More;
use Time::HiRes qw(time);

my $before = host_state();
my $root = '/srv/run/qemu-tapwrap';
my $longest = 0;

sub vm
{
	my ($name, $more) = @_;
	return profile("[vm]\nname = $name\n[machine]\naccel = tcg\nsmp = 1\nmemory = 64M\n[display]\ntype = none\n"
		. "[serial]\ntype = null\n" . $more, "$name.ini");
}

# ("status", what was said)
sub verb
{
	my @words = @_;
	my $start = time;
	my ($status, $out, $err) = run(['qemu-tapwrap', @words], seconds => 30);
	$longest = time - $start if time - $start > $longest;
	return (exited($status), "$out$err");
}

my $said = 0;
sub says
{
	my ($name, $status, $line, @words) = @_;
	my ($got, $text) = verb(@words);
	$said++ if $status;
	return is("$got $text", "$status " . ($line eq '' ? '' : "qemu-tapwrap: $line\n"), $name);
}

sub done { my (@words) = @_; return says("@words: silent", 0, '', @words) }
sub state_of { my ($vm) = @_; return ((verb('--status', $vm))[1] =~ /^state +(.*)$/m)[0] // 'none' }
sub is_png { my ($path) = @_; return (slurp($path) // '') =~ /^\x89PNG\r\n\x1a\n.*IEND\xaeB`\x82\z/s }
sub hmp { my (@words) = @_; return (verb('--monitor', @words))[1] }

my $vm = vm('my vm', "[nic \"lan\"]\nifname = tap0\naddress = 192.168.50.1/24\n[nic \"wan\"]\nlink = off\n");
my $pid = start(['qemu-tapwrap', $vm]);
ok(wait_for(sub { state_of('my vm') eq 'running' }), 'it runs') or diag(slurp("/srv/tmp/$pid.err"));

# ---- time ----------------------------------------------------------------------------------------

done('--pause', 'my vm');
is(state_of('my vm'), 'paused', 'paused');
done('--pause', 'my vm');
is(state_of($vm), 'paused', 'paused still');
done('--resume', $vm);
is(state_of('my vm'), 'running', 'it goes on');
done('--resume', 'my vm');

# ---- reset ---------------------------------------------------------------------------------------

{
	# What the guest has in its memory is the firmware's again: the time since its start begins anew.
	require "$FindBin::Bin/lib/qmp.pl";
	my $watched = vm('watched', "[nic]\ntype = none\n[monitor]\nqmp = /srv/tmp/qmp.sock\n");
	my $other = start(['qemu-tapwrap', $watched]);
	my $qmp = qmp_open('/srv/tmp/qmp.sock');
	ok(wait_for(sub { state_of('watched') eq 'running' }), 'another runs');
	done('--reset', 'watched');
	like(read_until($qmp, qr/"event": "RESET"[^\n]*\n/), qr/"reason": "host-qmp-system-reset"/, 'QEMU has reset it');
	is(state_of('watched'), 'running', 'and it runs again');
	close $qmp;
	kill 'TERM', $other;
	finish($other);
}

# ---- cables --------------------------------------------------------------------------------------

sub is_up
{
	my ($nic) = @_;
	return hmp('my vm', 'info network') =~ /^ \\ nic-\Q$nic\E:|^nic-\Q$nic\E-device:/m
		&& (verb('--monitor', 'my vm', 'info', 'network'))[1] !~ /nic-\Q$nic\E-device.*link=off/;
}

# The e1000's status register: bit 1 is "link up". Its BAR 0 is where the firmware put it.
sub guest_sees_link
{
	my ($nic) = @_;
	my ($bar) = hmp('my vm', 'info pci') =~ /id "nic-$nic-device"/
		? hmp('my vm', 'info pci') =~ /BAR0: 32 bit memory at (0x[0-9a-f]+) \[[^\n]*\](?:(?!BAR0).)*id "nic-$nic-device"/s : ();
	return 'no BAR' if !defined $bar;
	my ($status) = hmp('my vm', 'xp', '/1xw', sprintf '0x%x', hex($bar) + 8) =~ /: 0x([0-9a-f]+)/;
	return hex($status) & 2 ? 'on' : 'off';
}

ok(wait_for(sub { guest_sees_link('lan') =~ /^o/ }), 'the firmware has mapped the cards');
is(guest_sees_link('lan'), 'on', 'a cable');
is(guest_sees_link('wan'), 'off', 'link = off in the profile');
done('--link', 'my vm', qw(lan off));
is(guest_sees_link('lan'), 'off', '--link lan off: the guest sees no cable');
done('--link', 'my vm', qw(wan on));
ok(wait_for(sub { guest_sees_link('wan') eq 'on' }), '--link wan on: the guest sees one');
is(guest_sees_link('lan'), 'off', 'and of the other nothing has changed');
done('--link', 'my vm', qw(LAN on));
ok(wait_for(sub { guest_sees_link('lan') eq 'on' }), 'an id is the same in upper case');
says('a NIC that is not there', 64, "VM 'my vm' has no NIC 'dmz'; it has 'lan', 'wan'", '--link', 'my vm', qw(dmz on));
says('neither on nor off', 64, "--link: 'up' is neither on nor off", '--link', 'my vm', qw(lan up));
says('too few words', 64, '--link needs to know more. Usage: qemu-tapwrap --link VM NIC on|off', '--link', 'my vm', 'lan');

# ---- pictures --------------------------------------------------------------------------------------

my $held = join ' ', sort values %{ descriptors($pid) };
mkdir 'pictures';
chdir 'pictures';
done('--screenshot', 'my vm', 'a.png');
ok(is_png('a.png'), 'a PNG, where the user is');
is_deeply([glob '/srv/tmp/pictures/*'], ['/srv/tmp/pictures/a.png'], 'and nothing beside it');
is(sprintf('%o', (stat 'a.png')[2] & 0777), sprintf('%o', 0666 & ~umask), 'with the mode of any new file');
spew('b, "c".png', 'old');
symlink 'b, "c".png', 'link.png';
done('--screenshot', 'my vm', 'link.png');
ok(-l 'link.png' && is_png('b, "c".png'), 'a link stays; what it leads to is replaced');
done('--screenshot', 'my vm', "/srv/tmp/pictures/\xc3\xa4.png");
ok(is_png("\xc3\xa4.png"), 'a name in UTF-8');
done('--screenshot', 'my vm', "\xe4.png");
ok(is_png("\xe4.png"), 'or not');
says('no such directory', 73, 'none/a.png: No such file or directory', '--screenshot', 'my vm', 'none/a.png');
says('a directory', 73, '.: is there, and no file that could be replaced', '--screenshot', 'my vm', '.');
says('a device', 73, '/dev/null: is there, and no file that could be replaced', '--screenshot', 'my vm', '/dev/null');
ok(-c '/dev/null', 'it is a device still');
is(join(' ', sort values %{ descriptors($pid) }), $held, 'QEMU holds nothing of them');
SKIP: {
	my $full = '/srv/tmp/full';
	mkdir $full;
	skip 'no tmpfs', 3 if (run([qw(mount -t tmpfs -o size=8k tmpfs), $full]))[0] != 0;
	spew("$full/a.png", 'old');
	says('a full disk', 73, "$full/a.png: No space left on device", '--screenshot', 'my vm', "$full/a.png");
	is(state_of('my vm'), 'running', 'does the VM no harm');
	is(slurp("$full/a.png"), 'old', 'the file that was there is there');
	is_deeply([glob "$full/*"], ["$full/a.png"], 'and no half of another');
	run_ok('umount', $full);
}
chdir '/srv/tmp';
{
	my $blind = start(['qemu-tapwrap', vm('blind', "[nic]\ntype = none\n[video]\nmodel = none\n")]);
	ok(wait_for(sub { state_of('blind') eq 'running' }), 'one without a screen');
	says('no screen', 69, "VM 'blind' has no screen; one comes with [video] model = std", qw(--screenshot blind c.png));
	ok(!-e 'c.png', 'no picture');
	says('no NIC', 64, "VM 'blind' has no NIC 'lan'; it has none", qw(--link blind lan on));
	kill 'TERM', $blind;
	finish($blind);
}

# ---- nobody there ------------------------------------------------------------------------------------

my @verbs = (['--pause'], ['--resume'], ['--reset'], ['--link', 'lan', 'off'], ['--screenshot', 'x.png'], ['--monitor', 'info', 'name'], ['--monitor']);
sub each_says
{
	my ($name, $vm, $status, $line) = @_;
	$longest = 0;
	for (@verbs) {
		my ($word, @more) = @$_;
		says("$name: $word @more", $status, $line, $word, $vm, @more);
	}
	cmp_ok($longest, '<', sanitized() ? 20 : 8, sprintf '%s: in %.1f s at most', $name, $longest);
}

each_says('not running', 'nothing', 69, "VM 'nothing' is not running");
kill 'STOP', $pid;
each_says('hung', 'my vm', 69, "VM 'my vm': QEMU does not answer");
kill 'CONT', $pid;
ok(wait_for(sub { state_of('my vm') eq 'running' }), 'it is there again');
ok(!-e 'x.png' && !glob('/srv/tmp/x.png*'), 'no picture, nor a half one');
unlink "$root/my vm/control.sock";
each_says('no socket', 'my vm', 69, "VM 'my vm': $root/my vm/control.sock: No such file or directory");
kill 'KILL', $pid;
finish($pid);
each_says('killed', 'my vm', 69, "VM 'my vm' is not running");
{
	mkdir "$root";
	mkdir "$root/odd";
	open my $lock, '>', "$root/odd/lock" or die $!;
	print $lock "garbage\n";
	$lock->flush;
	flock $lock, 2;
	require IO::Socket::UNIX;
	my $dead = IO::Socket::UNIX->new(Local => "$root/odd/control.sock", Listen => 1);
	close $dead;
	each_says('dead socket', 'odd', 69, "VM 'odd': $root/odd/control.sock: Connection refused");
	unlink "$root/odd/control.sock";
	my $talker = fork() // die;
	if (!$talker) { # talks nonsense, and ends
		my $listener = IO::Socket::UNIX->new(Local => "$root/odd/control.sock", Listen => 5);
		while (my $client = $listener->accept) { print $client "\0garbage\n[]\n{\"return\":[],\"id\":[]}\n{\"id\":1,\"error\":5}\n"; close $client }
		POSIX::_exit(0);
	}
	ok(wait_for(sub { -S "$root/odd/control.sock" }), 'somebody who talks nonsense');
	each_says('nonsense', 'odd', 69, "VM 'odd': QEMU talks nonsense");
	kill 'KILL', $talker;
	waitpid $talker, 0;
}
run_ok('rm', '-r', $root);
nothing_left($before, 'at the end');
print "# $said refusals, one line each\n";
done_testing();
