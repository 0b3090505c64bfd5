#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# The helper with all that a hostile caller can leave to it: limits, signals, timers, descriptors, a
# directory, namespaces. It does the whole of a thing or nothing, and says why. And what its processes
# can still do, by what the kernel says of them.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use World;
use Test::More;
use Time::HiRes qw(time);
require 'ask-helper.pl';
require 'taps.pl';
require 'users.pl';

our ($UID, @AS_USER, $HELPER, $NOT_KNOWN);
my $real = '/srv/libexec/helper.real';
my $figures = 0;

must_or_skip(is_real_root(), 'file capabilities and other users need real root');
set_up_user();
install_stub($World::TAP_STUB);
rename $HELPER, $real or die $!;
run_ok('setcap', 'cap_net_admin,cap_net_bind_service,cap_net_raw=p', $real);
my $policy = '/srv/etc/qemu-tapwrap/policy';
my $lan = 'allow tap[0-9]* 192.168.0.0/16 nat dhcp persistent';
spew($policy, "$lan\n", 0644);
my $before = host_state();

# In the helper's place: something that leaves its own to the helper. %helper stands for that.
sub caller_is
{
	my ($text) = @_;
	return spew($HELPER, $text =~ s/%helper/$real/gr, 0755);
}

sub status_of { my ($pid, $key) = @_; return (slurp("/proc/$pid/status") // '') =~ /^\Q$key\E:\t(.*)$/m ? $1 : undef }

# ---- what it makes do --------------------------------------------------------------------------------

# Each makes a tap as always: up, with its address, and hardened.
my @fine = (
	['soft limits', "#!/bin/sh\nulimit -S -n 5; ulimit -S -f 0; ulimit -S -t 1; ulimit -S -d 16384; ulimit -S -c 9999\n"
		. 'exec %helper'],
	['no further process', "#!/bin/sh\nexec prlimit --nproc=1 --sigpending=0 --memlock=0 --msgqueue=0 %helper"],
	['nice', "#!/bin/sh\nexec chrt -i 0 nice -n 19 %helper"],
	['a directory that is gone', "#!/bin/sh\nmkdir /srv/tmp/gone && cd /srv/tmp/gone && rmdir /srv/tmp/gone\nexec %helper"],
	['closed output', "#!/bin/sh\nexec %helper >&- 2>&-"],
	['a long environment', "#!/bin/sh\nLD_PRELOAD=/x GCONV_PATH=/x MALLOC_CHECK_=3 TZ=:/etc/shadow exec %helper"],
	['all signals ignored', "#!$^X\n\$SIG{\$_} = 'IGNORE' for grep { !/NUM|KILL|STOP/ } keys \%SIG;\nexec '%helper'"],
	['all signals blocked, some pending', "#!$^X\nuse POSIX;\nsigprocmask(SIG_BLOCK, my \$all = POSIX::SigSet->new(1 .. 31));\n"
		. "kill \$_, \$\$ for qw(ALRM CHLD);\nexec '%helper'"]);
shift @fine if sanitized(); # a sanitizer needs more before the helper begins
for (@fine) {
	my ($name, $text) = @$_;
	caller_is("$text\n");
	my $pid = start_stub(@AS_USER, 'qemu-tapwrap', tap_profile());
	like(run_ok(qw(ip -o addr show tap0)), qr/inet 192\.168\.50\.1\/24/, "$name: the tap has its address");
	is(slurp('/proc/sys/net/ipv6/conf/tap0/disable_ipv6'), "1\n", "$name: and is hardened");
	end_stub($pid);
	state_settles($before, "$name: as before");
	$figures++;
}

# ---- what it refuses -----------------------------------------------------------------------------------

sub refuses
{
	my ($name, $text, $status, $line, $profile) = @_;
	caller_is("$text\n");
	my ($got, undef, $err) = run([@AS_USER, 'qemu-tapwrap', $profile // tap_profile()]);
	is(exited($got), $status, "$name: status $status");
	is($err =~ s/^qemu-tapwrap: (?:\S+\.ini:\d+: )?//r, "$line\n", "$name: its line");
	state_settles($before, "$name: nothing changed");
	$figures++;
}

my @low = (['n', 64, 64, 128, 'open files'], ['t', 1, 1, 10, 'CPU time'],
	['f', 0, 0, 1 << 20, 'the size of files']);
push @low, ['d', 16384, 16384 << 10, 32 << 20, 'data'], ['v', 49152, 49152 << 10, 64 << 20, 'memory'],
	['s', 256, 256 << 10, 512 << 10, 'the stack'] if !sanitized();
for (@low) {
	my ($option, $number, $is, $needed, $what) = @$_;
	refuses("ulimit -$option $number", "#!/bin/sh\nulimit -$option $number\nexec %helper", 69,
		"the limit on $what (ulimit -$option) is $is, and the helper needs $needed");
}
# LeakSanitizer wants a process of its own, and to look into this one.
if (!sanitized()) {
	run_ok(qw(ip tuntap add dev tap0 mode tap user tester));
	my $without = $before;
	$before = host_state();
	refuses('no process for a keeper', "#!/bin/sh\nexec prlimit --nproc=1 %helper", 71,
		'cannot start a keeper: Resource temporarily unavailable');
	$before = $without;
	run_ok(qw(ip tuntap del dev tap0 mode tap));
	run_ok('cp', $real, '/srv/libexec/helper.setuid');
	chmod 04755, '/srv/libexec/helper.setuid';
	refuses('set-user-ID', "#!/bin/sh\nexec /srv/libexec/helper.setuid", 78,
		"$HELPER must not be set-user-ID or set-group-ID; an administrator can give it what it needs: "
		. "chmod ug-s $HELPER && setcap cap_net_admin=p $HELPER");
	chown 0, 1, '/srv/libexec/helper.setuid';
	chmod 02755, '/srv/libexec/helper.setuid';
	refuses('set-group-ID', "#!/bin/sh\nexec /srv/libexec/helper.setuid", 78,
		"$HELPER must not be set-user-ID or set-group-ID; an administrator can give it what it needs: "
		. "chmod ug-s $HELPER && setcap cap_net_admin=p $HELPER");
}
refuses('a call that is not among them', "#!/bin/sh\nkill -SYS \$\$", 71,
	"$HELPER was stopped by its own filter of system calls; this is a bug");

# What is set by name must be the link that the rest is done to. A user cannot rename; others can.
SKIP: {
	skip 'no strace here', 3 if (run(['strace', '-o', '/dev/null', 'true']))[0] != 0;
	caller_is("#!/bin/sh\nASAN_OPTIONS=detect_leaks=0 PATH=/usr/bin:/bin exec strace -qq -o /dev/null "
		. "-e inject=write:delay_exit=1500000:when=2 %helper\n");
	my $pid = start(['qemu-tapwrap', tap_profile()]);
	wait_for(sub { (slurp('/proc/sys/net/ipv6/conf/tap0/disable_ipv6') // '') eq "1\n" });
	run_ok(qw(ip link set tap0 name tap9));
	my ($status, undef, $err) = finish($pid);
	is(exited($status), 69, 'a tap that is renamed before it is up: status 69');
	like($err, qr/tap0 was renamed to tap9 when it was just made$/, 'and its line');
	state_settles($before, 'and nothing of it is left');
}

# ---- a user who is root in a namespace, with mounts of their own -----------------------------------------

unlink $HELPER;
rename $real, $HELPER or die $!;
$real = $HELPER;
SKIP: {
	skip 'users have no namespaces here', 4 if (run([@AS_USER, qw(unshare -Urm true)]))[0] != 0;
	spew('/srv/home/policy', "allow * 0.0.0.0/0 nat\n", 0644);
	spew($policy, "# nothing\n", 0644);
	my $mine = 'mount --bind /srv/home/policy ' . $policy;
	for my $ids ('--map-root-user', '--map-current-user') {
		my $enter = $ids eq '--map-root-user' ? "$mine && exec" : 'exec';
		my ($status, undef, $err) = run([@AS_USER, 'unshare', '-U', '-m', $ids, 'sh', '-c', "$enter qemu-tapwrap " . tap_profile()]);
		isnt($status, 0, "unshare $ids: no tap for that");
		state_settles($before, "unshare $ids: nothing changed");
	}
	spew($policy, "$lan\n", 0644);
}

# ---- before it is asked, and when it is not ----------------------------------------------------------------

my @callers = ([[@AS_USER, $HELPER], 'a user\'s'], [[$HELPER], 'root\'s']);
for (@callers) {
	my ($command, $name) = @$_;
	my ($pid, $mine) = start_helper($command, before => sub { open my $more, '<', '/etc/hostname'; POSIX::dup2(fileno $more, 77); chdir '/srv/tmp' });
	ok(wait_for(sub { (status_of($pid, 'NoNewPrivs') // 0) == 1 }), "$name: no_new_privs");
	is(status_of($pid, 'CapEff'), '0' x 16, "$name: no capability is in effect");
	is(status_of($pid, 'CapAmb'), '0' x 16, "$name: none would be inherited");
	is(readlink "/proc/$pid/cwd", '/', "$name: it is nowhere");
	is((stat "/proc/$pid/environ")[4], 0, "$name: and not dumpable");
	is_deeply([sort keys %{ descriptors($pid) }], [0, 1, 2], "$name: has no descriptor but its own");
	close $mine;
	waitpid $pid, 0;
	is($?, 0, "$name: nobody wants anything: it ends");
}
{
	my $start = time;
	my ($pid, $mine) = start_helper([@AS_USER, $HELPER], before => sub {
		alarm 1;
		$SIG{ALRM} = 'IGNORE';
		POSIX::sigprocmask(POSIX::SIG_BLOCK(), POSIX::SigSet->new(POSIX::SIGALRM())) });
	waitpid $pid, 0;
	my $seconds = time - $start;
	is($? & 127, POSIX::SIGALRM(), 'nobody asks: it ends by its own alarm');
	cmp_ok($seconds, '<', 7, 'after 5 seconds');
	cmp_ok($seconds, '>', 4, 'and not by the caller\'s');
}
is(ask_helper([$HELPER], substr request(request_tap()), 0, -1), "64 $NOT_KNOWN", 'a byte less');
is(ask_helper([$HELPER], request(request_tap()) . "\0"), "64 $NOT_KNOWN", 'a byte more');
is(ask_helper([$HELPER], request(request_tap()) x 2), "64 $NOT_KNOWN", 'twice');
for (qw(eth0 docker0 virbr0 lo all br-0 tap%d)) {
	spew($policy, "allow * 0.0.0.0/0,::/0 nat dhcp persistent\nbridge br0 *\n", 0644);
	like(ask_helper([@AS_USER, $HELPER], request(request_tap(ifname => $_))), qr/^65 /, "$_: whatever the policy says");
}
for ([127, 0, 0, 1, 8], [0, 0, 0, 1, 8], [169, 254, 0, 1, 16], [224, 0, 0, 1, 24], [240, 0, 0, 1, 24], [10, 0, 0, 1, 7]) {
	like(ask_helper([@AS_USER, $HELPER], request(request_tap(addresses => [$_]))), qr/^65 /,
		join('.', @{$_}[0 .. 3]) . "/$_->[4]: whatever the policy says");
}
spew($policy, "$lan\n", 0644);

# A tap that is to persist, and nobody to take the answer. What stays is the user's, so not this one.
for (1 .. (thorough() ? 200 : 20)) {
	my ($pid, $mine) = start_helper([@AS_USER, $HELPER]);
	send $mine, request(request_tap(flags => 2)), 0;
	close $mine;
	waitpid $pid, 0;
	$figures++;
}
state_settles($before, 'nobody takes the answer: no tap persists');

# ---- what they can still do -----------------------------------------------------------------------------------

sub is_confined
{
	my ($name, $pid, %expected) = @_;
	is(status_of($pid, 'Seccomp'), 2, "$name: its system calls are filtered");
	is(status_of($pid, 'Seccomp_filters'), $expected{filters}, "$name: by $expected{filters}")
		if defined status_of($pid, 'Seccomp_filters');
	is(status_of($pid, 'NoNewPrivs'), 1, "$name: no_new_privs");
	is(status_of($pid, 'CapEff'), $expected{effective}, "$name: in effect");
	is(status_of($pid, 'CapPrm'), $expected{permitted}, "$name: and to be had");
	is(slurp("/proc/$pid/personality"), "00000000\n", "$name: the usual memory layout");
	like(slurp("/proc/$pid/limits"), qr/^Max core file size\s+0\s+0\s/m, "$name: no core dumps");
}
rename $HELPER, $real = '/srv/libexec/helper.real' or die $!;
sub our_keepers { return map { /^(\d+): \Q$real\E/ } processes() }
caller_is("#!/bin/sh\nexec setarch -R -X -L %helper\n");
run_ok(qw(ip tuntap add dev tap0 mode tap user tester));
{
	my $net_admin = '0000000000001000';
	my $pid = start_stub(@AS_USER, 'qemu-tapwrap', tap_profile());
	my @keepers = our_keepers();
	is(scalar @keepers, 1, 'there is a keeper');
	is_confined('keeper', $keepers[0], filters => 2, effective => '0' x 16, permitted => $net_admin);
	is(readlink "/proc/$keepers[0]/cwd", '/', 'keeper: it is nowhere');
	is((stat "/proc/$keepers[0]/environ")[4], 0, 'keeper: and not dumpable');
	end_stub($pid);
	ok(wait_for(sub { !our_keepers() }), 'keeper: undoes and ends');
}
run_ok(qw(ip tuntap del dev tap0 mode tap));
state_settles($before, 'keeper: as before');
{
	my $all = '0000000000003400';
	my $pid = start_stub(@AS_USER, 'qemu-tapwrap',
		tap_profile(address => '192.168.50.1/24', more => "dhcp = on\nguest-address = 192.168.50.2\n"));
	my ($server) = map { /^(\d+): dnsmasq/ } processes();
	ok($server, 'there is a server');
	is(status_of($server, 'Seccomp'), 2, 'dnsmasq: its system calls are filtered');
	is(status_of($server, 'NoNewPrivs'), 1, 'dnsmasq: no_new_privs');
	is_confined('its keeper', (our_keepers())[0], filters => 2, effective => '0' x 16, permitted => '0000000000001000');
	end_stub($pid);
	ok(wait_for(sub { !processes() }), 'dnsmasq: nothing is left');
}
state_settles($before, 'dnsmasq: as before');

diag("$figures legacies of hostile callers, 0 taps left");
done_testing();
