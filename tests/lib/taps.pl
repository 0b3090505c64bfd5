# SPDX-License-Identifier: MIT
#
# Persistent taps as an administrator makes them, and what about them must be as before.

use strict;
use warnings;

# Commands of ip(8) in one process.
sub ip_batch
{
	my @commands = @_;
	spew('/srv/tmp/batch', join('', map { "$_\n" } @commands));
	return run_ok(qw(ip -d -batch /srv/tmp/batch));
}

# The whole network, but for what the kernel itself changes when somebody attaches to a tap, for the
# queueing discipline that it makes at the first "up", and for two kinds of IPv6 routes: the multicast
# one, which comes with the first carrier, and those to addresses of a link that is down, which go when
# it was up meanwhile, until it is up again.
sub tap_state
{
	my $text = ip_batch('link show', 'addr show', 'route show table all');
	$text =~ s/NO-CARRIER,|,LOWER_UP|,M-DOWN|state \w+ | qdisc \w+| (?:linkdown|dead)\b//g;
	$text =~ s/ user tester\b/ user 4711/g; # another process may have replaced passwd
	$text =~ s/ +$//gm;
	$text =~ s/^(?:local fd\S+|multicast \S+) dev tap.*\n//gm;
	return $text;
}

# That and the rules, but for what changes in a bridge with its ports.
sub in_words
{
	return tap_state() =~ s/^(?: +bridge forward_delay|multicast \S+ dev br0).*\n//gmr . run_ok(qw(nft list ruleset));
}

# The lines that two texts do not have in common, for people.
sub difference
{
	my ($before, $now) = @_;
	my %before = map { $_ => 1 } split /\n/, $before;
	my %now = map { $_ => 1 } split /\n/, $now;
	return join '', (map { "- $_\n" } grep { !$now{$_} } split /\n/, $before),
		(map { "+ $_\n" } grep { !$before{$_} } split /\n/, $now);
}

sub tap_settles
{
	my ($before, $name) = @_;
	my $now;

	wait_for(sub { ($now = tap_state()) eq $before }, 3);
	return ok($now eq $before, $name) || diag difference($before, $now);
}

sub keepers { return map { /^(\d+): / } grep { /^\d+: qemu-tapwrap-helper/ } processes() }

# Waits until the stub is in QEMU's place; returns its PID.
sub start_stub
{
	my @command = @_;
	my $pid = start([@command]);
	wait_for(sub { (slurp("/proc/$pid/comm") // '') eq "sleep\n" || !-d "/proc/$pid/fd" }, 10);
	(slurp("/proc/$pid/comm") // '') eq "sleep\n" or diag 'did not start: ', slurp("/srv/tmp/$pid.err");
	return $pid;
}

sub end_stub { my ($pid) = @_; kill 'KILL', $pid; return finish($pid) }

1;
