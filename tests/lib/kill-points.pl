# SPDX-License-Identifier: MIT
#
# kill-points: SIGKILL at system calls of those who set up what a keeper undoes. Needs lib/taps.pl.

use strict;
use warnings;
use World;
use Test::More;
use FindBin;

require "$FindBin::Bin/lib/system-calls.pl";

my $helper = '/srv/libexec/qemu-tapwrap-helper';
my ($profile, $before);

sub has_ended { return wait_for(sub { !processes() }, 10) }

# Every so many of the points, so that about $wanted are tried.
sub kill_at
{
	my ($what, $wanted, $may_take_over, $command, @points) = @_;
	my $step = thorough() ? 1 : int(@points / $wanted) || 1;
	my ($tried, $taken_over, @leaks) = (0, 0);

	for (my $i = 0; $i < @points && !@leaks; $i += $step) {
		my ($call, $n) = @{ $points[$i] };
		run($command->($call, $n));
		$tried++;
		push @leaks, "$call $n: still running: " . join ', ', processes() if !has_ended();
		next if tap_state() eq $before;
		my $left = difference($before, tap_state());
		if ($may_take_over) {
			$command->();
			run(['qemu-tapwrap', $profile]);
			has_ended();
			$taken_over++;
		}
		push @leaks, "killed at $call $n: $left and then " . difference($before, tap_state()) if tap_state() ne $before;
	}
	is_deeply(\@leaks, [], "$what: killed at $tried of " . @points . ' system calls, never anything left');
	return $taken_over;
}

# With -D strace is no parent of the helper, for which the launcher waits.
sub wrap
{
	my @options = @_;
	my $run = @options ? "strace -D -qq @options $helper.real" : "$helper.real";
	spew($helper, "#!/bin/sh\nASAN_OPTIONS=detect_leaks=0 PATH=/usr/bin:/bin exec $run\n", 0755);
	return ['qemu-tapwrap', $profile];
}
sub command
{
	my ($follow) = @_;
	return sub { my @at = @_; return wrap(@at ? ('-o /dev/null', $follow, inject(@at)) : ()) };
}

# The stub in QEMU's place ends at once.
sub kill_everywhere
{
	($profile) = @_;
	$before = tap_state();
	run_ok('qemu-tapwrap', $profile);
	has_ended();
	is(tap_state(), $before, 'unharmed, all is undone');
	run_ok(qw(strace -qq -o launcher.trace qemu-tapwrap), $profile);
	has_ended();
	kill_at('launcher', 40, 0, sub { ['strace', '-qq', '-o', '/dev/null', split(' ', inject(@_)), 'qemu-tapwrap', $profile] },
		points('launcher.trace'));

	rename $helper, "$helper.real" or die $!;
	run_ok(@{ wrap('-o /srv/tmp/helper.trace') });
	has_ended();
	kill_at('helper', 60, 0, command(''), points('/srv/tmp/helper.trace'));
	run_ok(@{ wrap('-f -o /srv/tmp/both.trace') });
	has_ended();
	my $taken_over = kill_at('helper and keeper', 100, 1, command('-f'), points('/srv/tmp/both.trace'));
	cmp_ok($taken_over, '>', 0, "of which the next VM had to take over $taken_over times");
	return;
}

1;
