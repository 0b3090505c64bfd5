#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# SIGKILL at system calls of the launcher, and of all that it starts, for a VM with a tap, a TPM, a
# share with virtiofs, a NIC over passt without a cable, a new disk and a run directory: no
# companion, no socket and no tap is left.
# There are too many points to try each; tests/kill-points.t does so where it matters most.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use World;
use Test::More;
use File::Path qw(remove_tree);

my ($can_trace) = run(['strace', '-f', '-o', '/dev/null', 'true']);
must_or_skip($can_trace == 0, 'strace does not work here');

require "$FindBin::Bin/lib/uplink.pl";
make_outside();
my $before = host_state();
my @made = map { "/srv/tmp/$_" } qw(state disk.raw);
my $profile = profile(<<'END');
[nic "lan"]
ifname = tap0
address = 192.168.50.1/24
[nic "net"]
type = passt
hostfwd = 2222:22
link = off
[tpm]
state = state
[disk]
file = disk.raw
size = 1M
[share]
path = shared
type = virtiofs
[monitor]
qmp = ${run_dir}/qmp.sock
END
mkdir 'shared';
install_stub("#!/bin/sh\nexit 0\n");
$ENV{ASAN_OPTIONS} = 'detect_leaks=0'; # LeakSanitizer does not work under strace

# What a run that was killed may leave: an image with a name of its own, which is not in the way.
sub is_as_before
{
	return wait_for(sub {
		return !processes() && !(grep { !m{/disk\.raw\.\d+\.new$} } debris()) && host_state() eq $before;
	}, 10);
}

sub forget { remove_tree('/srv/run/qemu-tapwrap', @made, glob '/srv/tmp/disk.raw.*.new') }

# "call N" for what one process of a trace has called.
sub points
{
	my ($trace) = @_;
	my (%count, %most);
	my $text = slurp($trace);
	while ($text =~ /^(?:(\d+) +)?(\w+)\(/mg) {
		my $n = ++$count{$1 // ''}{$2};
		$most{$2} = $n if $n > ($most{$2} // 0);
	}
	return map { my $call = $_; map { [$call, $_] } 1 .. $most{$call} } sort keys %most;
}

sub kill_at_some
{
	my ($what, $wanted, @strace) = @_;
	forget();
	run_ok('strace', '-qq', '-o', '/srv/tmp/trace', @strace, 'qemu-tapwrap', $profile);
	my @points = points('/srv/tmp/trace');
	my $step = @points > $wanted ? @points / $wanted : 1;
	my ($kills, @leaks) = (0);

	for (my $i = 0; $i < @points && !@leaks; $i += $step) {
		my ($call, $n) = @{$points[$i]};
		forget();
		my ($status) = run(['strace', '-qq', '-o', '/dev/null', '-e',
			"inject=$call:signal=KILL:when=$n", @strace, 'qemu-tapwrap', $profile]);
		$kills++ if $status != 0;
		push @leaks, "killed at $call $n:", processes(), debris(), host_state() if !is_as_before();
	}
	cmp_ok($kills, '>', $wanted / 2, "$what: killed at $kills system calls of " . @points);
	is_deeply(\@leaks, [], "$what: never anything left");
}

kill_at_some('launcher', 100);
kill_at_some('launcher, helper, qemu-img, companions', 60, '-f');
run_ok('qemu-tapwrap', $profile);
ok(is_as_before(), 'and a start that is not killed works');

done_testing();
