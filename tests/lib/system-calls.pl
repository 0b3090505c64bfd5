# SPDX-License-Identifier: MIT
#
# system-calls: which those make that a start of a VM consists of, and what happens if one of them is
# the last of its process, or fails. By tests/faults/point.c.

use strict;
use warnings;
use File::Basename qw(dirname);
use World;
use FindBin;

require "$FindBin::Bin/lib/network.pl";
require "$FindBin::Bin/lib/taps.pl";

$ENV{ASAN_OPTIONS} = 'detect_leaks=0:exitcode=99'; # LeakSanitizer does not work in a traced process
my $point = dirname($ENV{STAGE}) . '/point';
my $not_reached = 98;

sub can_trace { return (run([$point, 0, 0, 'list=/srv/tmp/calls', 'true']))[0] == 0 }

# All calls of a command: { process, n, program, name, args, role, start }. Of role launcher, helper,
# keeper (and whatever else the helper forks), or other: a program that is not ours. With start: made
# by the C library before main, or between fork and exec.
sub calls_of
{
	my @command = @_;
	run_ok($point, 0, 0, 'list=/srv/tmp/calls', @command);
	my @calls = map { my %call; @call{qw(process n program name args)} = split / /, $_, 5; \%call }
		split /\n/, slurp('/srv/tmp/calls');
	my (%programs, %main, %qemus);

	for my $call (@calls) {
		my $process = $call->{process};
		$qemus{$process} = 1 if ($programs{0} // 0) > 1 && !defined $programs{$process};
		$programs{$process} = $call->{program};
		$main{$process} //= $call if $process == 0 ? $call->{name} eq 'fcntl' && $call->{args} =~ /^0 1 /
			: $call->{program} == 1 && $call->{name} eq 'close_range' && $call->{args} =~ /^3 ffffffff 0/;
	}
	my ($helper) = sort { $a <=> $b } grep { $_ > 0 } keys %main;
	for my $call (@calls) {
		my ($process, $program) = @{$call}{qw(process program)};
		my $main = $main{$process};
		$call->{role} = $process == 0 && $program == 1 ? 'launcher' : !defined $helper || $qemus{$process} ? 'other'
			: $process == $helper ? 'helper' : $process > $helper && $program == 0 ? 'keeper' : 'other';
		$call->{start} = $call->{role} =~ /launcher|helper/ && (!$main || $call->{n} < $main->{n});
	}
	return @calls;
}

# The command with that done ("kill", "error=5", "pause=100") to it at that call.
sub at_call
{
	my ($call, $action, @command) = @_;
	return ($point, $call->{process}, $call->{n}, $action, @command);
}

# Did a run by at_call() come to its point?
sub was_reached { my ($status) = @_; return $status >> 8 != $not_reached }

sub where { my ($call) = @_; return "$call->{role} ($call->{process}), call $call->{n}, $call->{name}($call->{args})" }

# ---- what is left ----------------------------------------------------------------------------------

sub has_ended { return wait_for(sub { !processes() }, 10) }

# What is there that should not be, in words; '' if nothing. Files only where some may stay: it takes long.
sub leftovers
{
	my ($before, %kind) = @_;
	my $now;
	return 'still running: ' . join ', ', processes() if !has_ended();
	wait_for(sub { ($now = network()) eq $before }, 0.25); # all processes have ended
	my @files = $kind{may_stay} ? grep { !/$kind{may_stay}/ } debris() : ();
	return join '; ', $now eq $before ? () : difference($before, $now), @files;
}

# ---- how many ------------------------------------------------------------------------------------------

# Every so many, so that about $wanted are left; for `make check-long` all, or about $most.
sub sample
{
	my ($wanted, $most, @all) = @_;
	$wanted /= 3 if sanitized(); # each takes several times as long, and most calls are the sanitizers'
	$wanted = $most // @all if thorough();
	my $step = @all <= $wanted ? 1 : @all / $wanted;
	return map { $all[int $_ * $step] } 0 .. int((@all - 1) / $step);
}

1;
