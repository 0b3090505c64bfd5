#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# A start that fails where nobody reads standard error: a real notification daemon, dunst, shows the
# same line on a real screen. Whoever has another way to know gets none; and whatever bus and daemon
# do, the status is the same and it does not take long.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use World;
use Test::More;
use Time::HiRes qw(sleep time);

our ($UID, @AS_USER);
require "$FindBin::Bin/lib/pty.pl";
require "$FindBin::Bin/lib/session.pl";
require "$FindBin::Bin/lib/users.pl";

my @programs = qw(Xvfb dunst dbus-daemon dbus-monitor gdbus stdbuf);
my @missing = grep { my $name = $_; !grep { -x "$_/$name" } split /:/, $ENV{PATH} } @programs;
must_or_skip(!@missing, "see platform/linux/packages.sh for @missing");

my $bus_path = '/srv/run/bus';
my ($shown, $silent, $slowest) = (0, 0, 0);
my $before = host_state();

# ---- the desktop ---------------------------------------------------------------------------------------

my ($background, $foreground) = ('204060', 'ffffff');
my $dunstrc = spew('/srv/tmp/dunstrc', <<"END", 0644);
[global]
	width = 600
	height = 300
	font = DejaVu Sans 12
	markup = full
[urgency_critical]
	background = "#$background"
	foreground = "#$foreground"
	frame_color = "#$foreground"
	timeout = 0
END
my $screen = start_screen(98, '/srv/tmp/screen');
my $bus = start_bus($bus_path);
my $monitor = watch_calls($bus_path, 'Notify');

sub start_dunst
{
	local @ENV{qw(DISPLAY DBUS_SESSION_BUS_ADDRESS)} = (':98', "unix:path=$bus_path");
	my $pid = start(['dunst', '-conf', $dunstrc]);
	wait_for(sub { has_name($bus_path, 'org.freedesktop.Notifications') }) or BAIL_OUT('no dunst: ' . slurp("/srv/tmp/$pid.err"));
	return $pid;
}
my $dunst = start_dunst();

sub ask_dunst
{
	my ($method, @arguments) = @_;
	return run_ok('gdbus', 'call', '--address', "unix:path=$bus_path", qw(--dest org.freedesktop.Notifications
		--object-path /org/freedesktop/Notifications --method), "org.dunstproject.cmd0.$method", @arguments);
}

# Notifications that the bus has seen: [name, icon, title, body, entry, urgency].
sub all_calls
{
	my ($from) = @_;
	my $text = slurp("/srv/tmp/$from.out");
	my @calls = grep { /member=Notify\n/ && /\n   int32 -1\n/ } split /^(?=method call)/m, $text;
	return map {
		my @words = /^   string "(.*?)"\n   uint32 0\n   string "(.*?)"\n   string "(.*?)"\n   string "(.*?)"\n   array \[/ms;
		[@words, /"desktop-entry"\n\s+variant\s+string "(.*?)"/, /"urgency"\n\s+variant\s+byte (\d+)/];
	} @calls;
}

# Those since it was last asked. $n are expected, and waited for.
my $seen = 0;
sub calls
{
	my ($n) = @_;
	wait_for(sub { all_calls($monitor) >= $seen + $n }, 1) if $n;
	my @all = all_calls($monitor);
	my @new = @all[$seen .. $#all];
	$seen = @all;
	return @new;
}

# ---- a start from it -----------------------------------------------------------------------------------

my $none = '/srv/tmp/none.ini';
my $line = "$none: No such file or directory";
my @session = qw(setsid env DISPLAY=:98);

# Runs it; returns the status, standard error, and the seconds that it took.
sub fails
{
	my (@command) = @_;
	my $begin = time;
	my ($status, $out, $err) = run(\@command, seconds => 20);
	my $took = time - $begin;
	$slowest = $took if $took > $slowest;
	return (exited($status), $err, $took);
}

sub is_shown
{
	my ($name, $title, $body, $status, $err, @command) = @_;
	my ($got, $said) = fails(@command);
	is_deeply([$got, $said], [$status, $err], "$name: status $status, and standard error");
	is_deeply([calls(1)], [['qemu-tapwrap', 'dialog-error', $title, $body, 'qemu-tapwrap', 2]], "$name: is shown");
	$shown++;
}

sub is_silent
{
	my ($name, $status, @command) = @_;
	is((fails(@command))[0], $status, "$name: status $status");
	sleep 0.1;
	is_deeply([calls()], [], "$name: nothing is shown");
	$silent++;
}

my $title = "qemu-tapwrap: VM 'none' did not start";
is(colours('/srv/tmp/screen')->{$background}, undef, 'the screen is empty');
is_shown('a profile that is missing', $title, $line, 66, "qemu-tapwrap: $line\n", @session, 'qemu-tapwrap', $none);
ok(wait_for(sub { (colours('/srv/tmp/screen')->{$background} // 0) > 10_000 }), 'a box is on the screen');
cmp_ok(colours('/srv/tmp/screen')->{$foreground}, '>', 500, 'with text in it');
ask_dunst('NotificationCloseAll');
ok(wait_for(sub { !colours('/srv/tmp/screen')->{$background} }), 'it can be closed');
like(ask_dunst('NotificationListHistory'), qr/\Q$line\E/, 'dunst knows the line');

# What a daemon would take for markup; two lines; what is no UTF-8.
my $marked = profile("[vm]\nname = \"<b>&amp;/</b>\"\nnmae = x\n", '/srv/tmp/<i>.ini');
my $wrong = "$marked:2: [vm] name: '<b>&amp;/</b>' is not a VM name: at most 64 bytes, no '/', no '-' or '.' in front, no blank at an end\n"
	. "$marked:3: [vm] nmae: no such key; did you mean 'name'?";
is_shown('markup, two lines', "qemu-tapwrap: VM '<i>' did not start", $wrong =~ s/&/&amp;/gr =~ s/</&lt;/gr =~ s/>/&gt;/gr =~ s/'/&apos;/gr, 65,
	$wrong =~ s/^/qemu-tapwrap: /gmr . "\n", @session, 'qemu-tapwrap', $marked);
is_shown('not UTF-8', "qemu-tapwrap: VM '\xef\xbf\xbd' did not start", "/srv/tmp/\xef\xbf\xbd.ini: No such file or directory", 66,
	"qemu-tapwrap: /srv/tmp/\xff.ini: No such file or directory\n", @session, 'qemu-tapwrap', "/srv/tmp/\xff.ini");
is_shown('a wrong option', 'qemu-tapwrap', 'Unknown option --bad', 64, "qemu-tapwrap: Unknown option --bad\n", @session, qw(qemu-tapwrap --bad), $none);
is_shown('Wayland', $title, $line, 66, "qemu-tapwrap: $line\n", qw(setsid env WAYLAND_DISPLAY=wayland-0 qemu-tapwrap), $none);
is_shown('the address of the bus', $title, $line, 66, "qemu-tapwrap: $line\n", @session,
	"DBUS_SESSION_BUS_ADDRESS=unix:path=$bus_path", 'XDG_RUNTIME_DIR=/srv/nowhere', 'qemu-tapwrap', $none);
is_shown('--rootless, in a namespace', $title, $line, 66, "qemu-tapwrap: $line\n", @session, qw(qemu-tapwrap --rootless), $none);
my $untrusted = 'a profile can start any program, so a double click starts only one of your own that is executable, or that is '
	. 'known by name; if you trust it: chmod +x';
my $lies_around = profile("[vm]\n", '/srv/tmp/download.ini');
is_shown('a double click on a download', "qemu-tapwrap: VM 'download' did not start", "$lies_around: $untrusted", 77,
	"qemu-tapwrap: $lies_around: $untrusted\n", @session, qw(/srv/libexec/qemu-tapwrap-control --open), $lies_around);
{
	my $long = profile(join('', map { "[x$_]\n" } 1 .. 1000), '/srv/tmp/long.ini');
	is((fails(@session, 'qemu-tapwrap', $long))[0], 65, 'a thousand mistakes');
	my ($call) = calls(1);
	cmp_ok(length $call->[3], '<', 4000, 'not all of them are shown');
	like($call->[3], qr/^\Q$long\E:1: /, 'but the first is');
	$shown++;
}
{
	my ($pid, $terminal) = start_on_pty(qw(env QEMU_TAPWRAP_NOTIFY=on DISPLAY=:98 qemu-tapwrap), $none);
	sysread $terminal, my $text, 4096;
	waitpid $pid, 0;
	is(scalar(my @calls = calls(1)), 1, 'on a terminal that will be gone: shown');
	$shown++;
	($pid, $terminal) = start_on_pty(qw(env DISPLAY=:98 qemu-tapwrap), $none);
	sysread $terminal, $text, 4096;
	waitpid $pid, 0;
	like($text, qr/No such file/, 'on a terminal: it is read there');
	is_deeply([calls()], [], 'on a terminal: nothing is shown');
	$silent++;
}

# ---- who gets none ---------------------------------------------------------------------------------------

install_stub("#!/bin/sh\nexit 1\n");
my $ends = profile("[vm]\nname = ends\n[nic]\ntype = none\n[machine]\naccel = tcg\n", '/srv/tmp/ends.ini');
is_silent('cron: no display', 66, qw(setsid qemu-tapwrap), $none);
is_silent('an empty display', 66, qw(setsid env DISPLAY= WAYLAND_DISPLAY= qemu-tapwrap), $none);
is_silent('ssh -X', 66, @session, 'SSH_CONNECTION=192.0.2.1 1 192.0.2.2 22', 'qemu-tapwrap', $none);
is_silent('QEMU_TAPWRAP_NOTIFY=off', 66, @session, qw(QEMU_TAPWRAP_NOTIFY=off qemu-tapwrap), $none);
is_silent('a service', 66, @session, 'sh', '-c', 'export SYSTEMD_EXEC_PID=$$; exec qemu-tapwrap "$1"', 'sh', $none);
is_silent('a program reads it', 0, @session, 'sh', '-c', 'qemu-tapwrap "$1" 2>&1 | cat', 'sh', $none);
is_silent('--check', 66, @session, qw(qemu-tapwrap --check), $none);
is_silent('--stop', 69, @session, qw(qemu-tapwrap --stop), $none);
is_silent('--dry-run', 66, @session, qw(qemu-tapwrap --dry-run), $none);
is_silent('root for somebody who is not known', 77, @session, qw(SUDO_UID=ann qemu-tapwrap), $none) if $> == 0;
is_silent('a QEMU that ends by itself', 1, @session, 'qemu-tapwrap', $ends);
is_shown('and of that service, the desktop\'s own', $title, $line, 66, "qemu-tapwrap: $line\n", @session, 'SYSTEMD_EXEC_PID=1', 'qemu-tapwrap', $none);

# A daemon that knows no markup would show what is escaped for it.
sub stop_dunst
{
	kill 'KILL', $dunst;
	finish($dunst);
	wait_for(sub { !has_name($bus_path, 'org.freedesktop.Notifications') });
}
stop_dunst();
spew($dunstrc, slurp($dunstrc) =~ s/markup = full/markup = no/r);
$dunst = start_dunst();
is_shown('no markup', "qemu-tapwrap: VM '<i>' did not start", $wrong, 65, $wrong =~ s/^/qemu-tapwrap: /gmr . "\n",
	@session, 'qemu-tapwrap', $marked);

# ---- a bus and a daemon that do not answer -----------------------------------------------------------------

# Without any of this a start that fails takes some hundredths of a second.
sub is_bounded
{
	my ($name, $seconds, @command) = @_;
	my ($status, $err, $took) = fails(@command);
	is_deeply([$status, $err], [66, "qemu-tapwrap: $line\n"], "$name: the same status and line");
	cmp_ok($took, '<', $seconds + 2, sprintf '%s: %.1f s', $name, $took);
	return $took;
}

my @failing = (@session, 'qemu-tapwrap', $none);
kill 'STOP', $dunst;
cmp_ok(is_bounded('a daemon that is stopped', 2, @failing), '>', 1.5, 'it was waited for');
is_bounded('SIGALRM ignored and blocked', 2, @session, $^X, '-MPOSIX', '-e',
	'$SIG{ALRM} = "IGNORE"; sigprocmask(SIG_BLOCK, POSIX::SigSet->new(SIGALRM)); exec @ARGV', 'qemu-tapwrap', $none);
kill 'CONT', $dunst;
kill 'STOP', $bus;
is_bounded('a bus that is stopped', 2, @failing);
kill 'CONT', $bus;
stop_dunst();
is_bounded('no daemon', 1, @failing);
is_bounded('an address that is none', 1, @session, 'DBUS_SESSION_BUS_ADDRESS=garbage', 'qemu-tapwrap', $none);
is_bounded('an address where nobody is', 1, @session, 'DBUS_SESSION_BUS_ADDRESS=unix:path=/srv/nobody', 'qemu-tapwrap', $none);
is_bounded('no bus', 1, @session, 'XDG_RUNTIME_DIR=/srv/nowhere', 'qemu-tapwrap', $none);
rename '/srv/libexec/qemu-tapwrap-control', '/srv/libexec/away';
is_bounded('not installed', 1, @failing);
rename '/srv/libexec/away', '/srv/libexec/qemu-tapwrap-control';
kill 'KILL', $bus;
finish($bus);
is_bounded('a socket that nobody listens at', 1, @failing);

# ---- no privilege, and no terminal to get one ----------------------------------------------------------------

SKIP: {
	skip 'only root can become another user', 8 if !is_real_root();
	set_up_user();
	mkdir '/srv/user', 0700;
	chown $UID, $UID, '/srv/user';
	my $users_bus = '/srv/user/bus';
	my $their_bus = start_bus($users_bus, @AS_USER);
	my $their_monitor = watch_calls($users_bus, 'Notify', @AS_USER);
	my $tap = tap_profile();
	spew('/srv/etc/qemu-tapwrap/policy', "allow tap* 192.168.48.0/21\n", 0644);
	my $helper = '/srv/libexec/qemu-tapwrap-helper';
	my $count = 0;
	my $says = sub {
		my ($name, $wanted, @more) = @_;
		my ($status, $err) = fails(@AS_USER, 'setsid', 'env', 'XDG_RUNTIME_DIR=/srv/user', @more, 'qemu-tapwrap', $tap);
		is($status, 77, "$name: status 77");
		like($err, qr/^qemu-tapwrap: \S*?(?:\S+\.ini:\d+: )?\Q$wanted\E\n\z/, "$name: one line");
		$count++;
		wait_for(sub { all_calls($their_monitor) >= $count }, 1);
		my @calls = all_calls($their_monitor);
		is(scalar(@calls), $count, "$name: one notification, on the user's own bus");
		is("qemu-tapwrap: $calls[-1][3]\n", $err, "$name: the same line") if @calls;
		$shown++;
	};
	$says->('no capability', "$helper has no capability; an administrator can give it: setcap cap_net_admin=p $helper", 'DISPLAY=:98');
	$says->('and pkexec has started it', "$helper has no capability; an administrator can give it: setcap cap_net_admin=p $helper",
		"PKEXEC_UID=$UID");
	if (-x '/usr/bin/pkexec') {
		my $actions = '/usr/share/polkit-1/actions';
		run_ok('cp', '-a', $actions, '/srv/actions');
		run_ok('mount', '--bind', '/srv/actions', $actions);
		spew("$actions/org.qemu-tapwrap.policy", slurp("$FindBin::Bin/../platform/linux/polkit.policy.in") =~ s/\@\w+\@/$helper/gr);
		spew('/srv/pkexec', "#!/bin/sh\nexit 126\n", 0755);
		run_ok(qw(mount --bind /srv/pkexec /usr/bin/pkexec));
		$says->('a password that was not given', 'pkexec gives no privilege: The dialog was dismissed; an administrator can give it '
			. 'to the helper for good: make install-privilege', 'DISPLAY=:98');
	}
	is((fails(@AS_USER, qw(setsid env XDG_RUNTIME_DIR=/srv/user DISPLAY=:98 qemu-tapwrap --rootless), $none))[0], 66, 'a user\'s --rootless');
	wait_for(sub { all_calls($their_monitor) > $count }, 1);
	is((all_calls($their_monitor))[-1][3], $line, 'and it is shown');
	$shown++;
	kill 'KILL', $their_monitor, $their_bus;
	finish($_) for $their_monitor, $their_bus;
}

kill 'KILL', $monitor, $screen;
finish($_) for $monitor, $screen;
wait_for(sub { !processes() }, 5);
is_deeply([processes()], [], 'no process is left');
state_settles($before, 'the network is as before');

done_testing();
diag(sprintf 'failures shown: %d, not shown: %d; slowest start %.1f s; left behind: 0', $shown, $silent, $slowest);
