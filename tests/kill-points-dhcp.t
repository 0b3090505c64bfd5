#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# SIGKILL at system calls of the launcher, of the helper, and of helper, keeper and dnsmasq at once,
# while a DHCP server is started and ended: no process and no port is left. Of the calls a fixed
# share is tried; `make check-long` tries all.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use World;
use Test::More;

our ($DHCP_KEYS, $DHCP_NIC);
require "$FindBin::Bin/lib/taps.pl";
require "$FindBin::Bin/lib/dhcp.pl";
require "$FindBin::Bin/lib/system-calls.pl";

my ($can_trace) = run(['strace', '-f', '-o', '/dev/null', 'true']);
must_or_skip($can_trace == 0, 'strace does not work here');
must_or_skip(find_dnsmasq(), 'no dnsmasq: see platform/linux/packages.sh');

my $helper = '/srv/libexec/qemu-tapwrap-helper';
my $profile = tap_profile(address => '192.168.50.1/24, fd00:5a17::1/64', more => $DHCP_KEYS =~ s/(50\.2)/$1, fd00:5a17::2/r);
install_stub("#!/bin/sh\nexit 0\n");
my $before = host_state();

sub kill_at
{
	my ($what, $wanted, $command, @points) = @_;
	my $step = thorough() ? 1 : int(@points / $wanted) || 1;
	my ($tried, @leaks) = (0);

	for (my $i = 0; $i < @points && !@leaks; $i += $step) {
		my ($call, $n) = @{ $points[$i] };
		run($command->($call, $n));
		$tried++;
		wait_for(sub { !processes() }, 10) or push @leaks, "$call $n: still running: " . join ', ', processes();
		push @leaks, "$call $n: " . join ' ', listens() if listens();
		my $now;
		wait_for(sub { ($now = host_state()) eq $before }, 3);
		push @leaks, "$call $n: " . difference($before, $now) if $now ne $before;
	}
	return is_deeply(\@leaks, [], "$what: killed at $tried of " . @points . ' system calls, never anything left');
}

# ---- the launcher ---------------------------------------------------------------------------------------

run_ok('qemu-tapwrap', $profile);
nothing_left($before, 'unharmed');
run_ok(qw(strace -qq -o launcher.trace qemu-tapwrap), $profile);
nothing_left($before, 'traced');
kill_at('launcher', 30, sub { ['strace', '-qq', '-o', '/dev/null', split(' ', inject(@_)), 'qemu-tapwrap', $profile] },
	points('launcher.trace'));

# ---- the helper, its keeper, and dnsmasq ------------------------------------------------------------------

# With -D strace is no parent of the helper, for which the launcher waits.
sub wrap
{
	my @options = @_;
	spew($helper, "#!/bin/sh\nASAN_OPTIONS=detect_leaks=0 PATH=/usr/bin:/bin exec strace -D -qq @options $helper.real\n", 0755);
	return ['qemu-tapwrap', $profile];
}
sub command
{
	my ($follow) = @_;
	return sub { return wrap('-o /dev/null', $follow, inject(@_)) };
}
rename $helper, "$helper.real" or die $!;

run_ok(@{ wrap('-o /srv/tmp/helper.trace') });
nothing_left($before, 'helper');
kill_at('helper', 40, command(''), points('/srv/tmp/helper.trace'));

run_ok(@{ wrap('-f -o /srv/tmp/all.trace') });
nothing_left($before, 'all');
kill_at('helper, keeper and dnsmasq', 120, command('-f'), points('/srv/tmp/all.trace'));

done_testing();
