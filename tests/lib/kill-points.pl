# SPDX-License-Identifier: MIT
#
# kill-points: SIGKILL at system calls of the launcher, of the helper, and of each process that the
# helper starts. The host must be as before each time; where it is a keeper that was killed, at the
# latest when the next VM has come and gone.

use strict;
use warnings;
use FindBin;
use World;
use Test::More;

require "$FindBin::Bin/lib/system-calls.pl";

# Over all kinds that a test goes through.
my ($killed, $points, $taken_over, $leaks) = (0, 0, 0, 0);

# One kind of profile. Options: profile; calls (about how many of the own ones to try, unless all); most (even for `make check-long`); roles (whose calls);
# start (those of the C library's start as well); may_take_over: roles whose end the next VM puts
# right; reset (code: what is to be done before each); may_stay (a pattern of files).
sub kill_everywhere
{
	my ($name, %kind) = @_;
	my $reset = $kind{reset} // sub { };
	my $roles = $kind{roles} // 'launcher|helper|keeper';
	my @command = ('qemu-tapwrap', $kind{profile});

	$reset->();
	my $before = network();
	my $in_words = in_words();
	run_ok(@command);
	has_ended();
	$reset->();
	is(leftovers($before, %kind), '', "$name: unharmed, all is undone");
	my @all = grep { $_->{role} =~ /$roles/ && ($kind{start} || !$_->{start}) } calls_of(@command);
	my @leaks;
	my ($kills, $takeovers) = (0, 0);

	for my $call (sample($kind{calls} // 60, $kind{most}, @all)) {
		$reset->();
		my ($status) = run([at_call($call, 'kill', @command)]);
		$kills++ if was_reached($status);
		my $left = leftovers($before, %kind);
		next if !$left;
		if ($kind{persists} && $left =~ /^\+ / && $left !~ /^- /m) {
			$takeovers++; # which reset does
			next;
		}
		if ($kind{may_take_over} && $call->{role} =~ /$kind{may_take_over}/) {
			run(\@command);
			my $then = leftovers($before, %kind);
			$takeovers++;
			next if !$then;
			$left .= "\nand after the next one\n$then";
		}
		push @leaks, where($call) . ": $left";
		last if @leaks > 2;
	}
	$reset->();
	is_deeply(\@leaks, [], "$name: killed at $kills of " . @all . ' system calls'
		. ($takeovers ? ", taken over: $takeovers" : ''));
	is(in_words(), $in_words, "$name: also to ip and nft the host is as before");
	is_deeply([debris()], [], "$name: no file is left");
	run_ok(qw(qemu-tapwrap --list));
	ok(!-e "$ENV{XDG_RUNTIME_DIR}/qemu-tapwrap", "$name: --list sweeps what is known of VMs that are gone");
	$killed += $kills;
	$points += @all;
	$taken_over += $takeovers;
	$leaks += @leaks;
	return;
}

sub figures { diag("killed at $killed of $points points, leaks: $leaks, taken over: $taken_over"); return }

1;
