#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# SIGKILL at every system call of the launcher, of the helper, and of both at once, and with NAT at
# every third (`make check-long`: at every one): the host is always as before. strace counts the calls of each name on its own, so for each name that occurs
# the signal comes at the first call, the second, and so on until a run gets through. A stub
# stands in QEMU's place, so that a run ends.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use World;
use Test::More;

my ($can_trace) = run(['strace', '-f', '-o', '/dev/null', 'true']);
must_or_skip($can_trace == 0, 'strace does not work here');

my $helper = '/srv/libexec/qemu-tapwrap-helper';
spew("/proc/sys/net/$_", "1\n") for 'ipv4/ip_forward', 'ipv6/conf/all/forwarding';
my $before = host_state();
my %profiles = (
	plain => tap_profile(address => '192.168.50.1/24, fd00:5a17::1/64'),
	NAT => tap_profile(address => '192.168.50.1/24, fd00:5a17::1/64', more => "nat = on\n"));
my ($profile, $step);
install_stub("#!/bin/sh\nexit 0\n");
$ENV{ASAN_OPTIONS} = 'detect_leaks=0'; # LeakSanitizer does not work under strace

sub inject
{
	my ($call, $n) = @_;
	return ('strace', '-qq', '-o', '/dev/null', '-e', "inject=$call:signal=KILL:when=$n");
}

# A helper may outlive the launcher by a moment: the state is asked for again until it fits.
sub is_as_before { return wait_for(sub { host_state() eq $before }, 5) }

# The names of all system calls in a trace.
sub names { my %seen = map { $_ => 1 } slurp($_[0]) =~ /^(?:\d+ +)?(\w+)\(/mg; return sort keys %seen }

# $command: from a system call's name and N to the command that is killed there.
sub kill_everywhere
{
	my ($what, $command, @calls) = @_;
	my ($kills, @leaks) = (0);

	for my $call (@calls) {
		for (my $n = 1; $n < 1000; $n += $step) {
			my ($status) = run($command->($call, $n));
			push @leaks, "killed at $call $n: " . host_state() if !is_as_before();
			last if @leaks || $status == 0;
			$kills++;
		}
	}
	cmp_ok($kills, '>', 100 / $step, "$what: killed at $kills system calls");
	is_deeply(\@leaks, [], "$what: never anything left");
}

# The helper alone: a wrapper in its place traces the real one.
sub wrap
{
	my @strace = @_;
	spew($helper, "#!/bin/sh\nASAN_OPTIONS=detect_leaks=0 PATH=/usr/bin:/bin exec @strace $helper.real\n",
		0755);
}

for my $name (qw(plain NAT)) {
	($profile, $step) = ($profiles{$name}, thorough() || $name eq 'plain' ? 1 : 3);
	$step *= 4 if sanitized() && !thorough(); # far more calls, most of them the sanitizers'
	run_ok('qemu-tapwrap', $profile);

	run_ok(qw(strace -qq -o launcher.trace qemu-tapwrap), $profile);
	kill_everywhere("$name, launcher", sub { [inject(@_), 'qemu-tapwrap', $profile] },
		names('launcher.trace'));

	run_ok(qw(strace -qq -f -o both.trace qemu-tapwrap), $profile);
	kill_everywhere("$name, launcher and helper", sub { [inject(@_), '-f', 'qemu-tapwrap', $profile] },
		names('both.trace'));

	rename $helper, "$helper.real" or die $!;
	wrap(qw(strace -qq -o /srv/tmp/helper.trace));
	run_ok('qemu-tapwrap', $profile);
	kill_everywhere("$name, helper", sub { wrap(inject(@_)); ['qemu-tapwrap', $profile] },
		names('helper.trace'));
	rename "$helper.real", $helper or die $!;
}

done_testing();
