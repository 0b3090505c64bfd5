# SPDX-License-Identifier: MIT
#
# system-calls: which a program makes, and SIGKILL at one of them, by strace.

use strict;
use warnings;
use World;

$ENV{ASAN_OPTIONS} = 'detect_leaks=0'; # LeakSanitizer does not work under strace
sub can_trace { return (run(['strace', '-f', '-o', '/dev/null', 'true']))[0] == 0 }

# By what the calls are called, and how often a process made each: { sendto => 12, ... }
sub points
{
	my ($trace) = @_;
	my (%count, %most);
	for (split /\n/, slurp($trace)) {
		next if !/^(?:(\d+) +)?(\w+)\(/;
		my $n = ++$count{ $1 // 0 }{$2};
		$most{$2} = $n if $n > ($most{$2} // 0);
	}
	return map { my $call = $_; map { [$call, $_] } 1 .. $most{$call} } sort keys %most;
}

sub inject { my ($call, $n) = @_; return "-e inject=$call:signal=KILL:when=$n" }

1;
