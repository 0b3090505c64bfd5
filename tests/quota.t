#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# max= of the policy, whatever a user does about it: many starts at once, taps that are made to
# persist, and taps that are given to somebody else. `make check-long` races more often.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use World;
use Test::More;
require 'users.pl';
require 'taps.pl';

our ($UID, @AS_USER);
my $TAPS = 12;
my $refusal = qr/^qemu-tapwrap: \S+: \[nic "lan"\] ifname: the policy in \S+ allows no further tap \(max=\)$/m;

must_or_skip(is_real_root(), 'file capabilities and other users need real root');
set_up_user();
set_up_helper('allow tap[0-9]* 192.168.0.0/16 max=2 persistent');
install_stub($World::TAP_STUB);
my $before = host_state();

# ---- many at once ------------------------------------------------------------------------------------------

my @profiles = map { tap_profile(ifname => "tap$_", address => "192.168.$_.1/24") } 1 .. $TAPS;
my ($rounds, $most) = (thorough() ? 25 : 3, 0);
for my $round (1 .. $rounds) {
	my @pids = map { start([@AS_USER, 'qemu-tapwrap', $_]) } @profiles;
	my (@in_qemu, %done);

	wait_for(sub {
		@in_qemu = grep { (slurp("/proc/$_/comm") // '') eq "sleep\n" } @pids;
		$done{$_} = 1 for grep { !length(slurp("/proc/$_/cmdline") // '') } @pids; # a zombie
		return @in_qemu + keys %done == @pids;
	}, 60) or diag 'not all have got anywhere';
	# Helpers that are slow can be over their time limit with a place taken.
	my $least = sanitized() ? 1 : 2;
	ok($least <= @in_qemu && @in_qemu <= 2, "round $round: of $TAPS at once two run") or diag scalar @in_qemu;
	$most = @in_qemu if @in_qemu > $most;
	kill 'KILL', @in_qemu;
	my @answers = map { [finish($_)] } @pids;
	my @others = grep { exited($_->[0]) ne '77' || $_->[2] !~ $refusal } grep { !killed($_->[0]) } @answers;
	is_deeply([map { exited($_->[0]) . ": $_->[2]" } @others], [], "round $round: all others are told why");
	state_settles($before, "round $round: as before");
}

# Two taps in one request are one step too far, or one that fits.
sub two_taps { return profile(join '', map { "[nic \"$_\"]\ntype = tap\nifname = $_\n" } @_) }
{
	my $pid = start_stub(@AS_USER, 'qemu-tapwrap', two_taps('tap1', 'tap2'));
	my ($status, undef, $err) = run([@AS_USER, 'qemu-tapwrap', tap_profile()]);
	is(exited($status), 77, 'a third is refused');
	end_stub($pid);
	($status, undef, $err) = run([@AS_USER, 'qemu-tapwrap', two_taps('tap1', 'tap2', 'tap3')]);
	is(exited($status), 77, 'and so are three at once');
	state_settles($before, 'as before');
}

# ---- what QEMU, or the user in its place, can do with a descriptor ---------------------------------------------

my ($PERSIST, $OWNER, $GROUP) = (0x400454cb, 0x400454cc, 0x400454ce);
sub in_qemus_place
{
	my @ioctls = @_;
	my $calls = join '', map { "ioctl \$tap, $_->[0], $_->[1] or die \"$_->[0]: \$!\";\n" } @ioctls;
	install_stub("#!$^X\nuse strict; my (\$fd) = \"\@ARGV\" =~ /fd=(\\d+)/;\n"
		. "open my \$tap, '+<&=', \$fd or die \$!;\n\$^F = 99;\n$calls");
}
sub leave_tap
{
	my ($ifname, @ioctls) = @_;
	in_qemus_place([$PERSIST, 1], @ioctls);
	my ($status, undef, $err) = run([@AS_USER, 'qemu-tapwrap', tap_profile(ifname => $ifname, address => undef)]);
	is($err, '', "$ifname: is left behind");
	ok(has_link($ifname), "$ifname: and is there");
	install_stub($World::TAP_STUB);
}

leave_tap('tap1');
leave_tap('tap2', [$OWNER, 1234], [$GROUP, 1234]);
my ($status, undef, $err) = run([@AS_USER, 'qemu-tapwrap', tap_profile()]);
is(exited($status), 77, 'what persists counts, whoever it is given to');
like($err, $refusal, 'and that is told');
{
	# 1234 was given one; it is not theirs.
	my @as_other = ('setpriv', '--reuid=1234', '--regid=1234', '--clear-groups', '--', 'env', '-u', 'XDG_RUNTIME_DIR');
	my $pid = start_stub(@as_other, 'qemu-tapwrap', two_taps('tap5', 'tap6'));
	ok(has_link('tap5'), 'nobody can fill up the number of others');
	end_stub($pid);
}
run_ok(qw(ip link del tap1));
my $pid = start_stub(@AS_USER, 'qemu-tapwrap', tap_profile());
ok(has_link('tap0'), 'an administrator has removed one: there is room again');
end_stub($pid);
run_ok(qw(ip link del tap2));

# An administrator's own tap for the user counts; a tap of the user's that is used again is no new one.
run_ok(qw(ip tuntap add dev tap1 mode tap user tester));
run_ok(qw(ip tuntap add dev tap2 mode tap user tester));
is(exited((run([@AS_USER, 'qemu-tapwrap', tap_profile()]))[0]), 77, 'taps of an administrator for the user count');
$pid = start_stub(@AS_USER, 'qemu-tapwrap', tap_profile(ifname => 'tap1', address => '192.168.1.1/24'));
like(run_ok(qw(ip -o addr show tap1)), qr/192\.168\.1\.1/, 'but one of them can be used');
end_stub($pid);
wait_for(sub { !keepers() });
run_ok(qw(ip link del tap1));
run_ok(qw(ip link del tap2));
state_settles($before, 'as before');

diag("$rounds races of $TAPS for 2: at most $most, 0 taps left");
done_testing();
