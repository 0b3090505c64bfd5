#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# Many launches race, of one VM and of VMs with one tap: one runs, all others name it.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use World;
use Test::More;

my $n = sanitized() ? 20 : 50; # or they are too slow for their helpers' limit of time
my $before = host_state();
my $profile = tap_profile(path => '/srv/tmp/the one.ini');
install_stub($World::TAP_STUB);

# Starts them at once; $more: what each has beside, by its number. Returns the one that is left, after
# it was found to be the only one, and that the others end with a line like $line->(PID).
sub race
{
	my ($name, $line, $more) = @_;
	my @pids = map { start(['qemu-tapwrap', $more->($_), $profile]) } 1 .. $n;
	my (@running, %statuses, @other_words);

	ok(wait_for(sub {
		@running = grep { (slurp("/proc/$_/stat") // '') !~ /\) Z / } @pids;
		@running == 1
	}, 60), "$name: in the end one is left");
	my ($winner) = @running;
	is(slurp("/proc/$winner/comm"), "sleep\n", "$name: and it is in QEMU");

	my $names_it = $line->($winner);
	for my $pid (grep { $_ != $winner } @pids) {
		my ($status, undef, $err) = finish($pid);
		$statuses{exited($status)}++;
		push @other_words, $err unless $err =~ $names_it;
	}
	is_deeply(\%statuses, { 75 => $n - 1 }, "$name: the others end with status 75");
	is(join('', @other_words), '', "$name: each with one line that names the holder");
	return $winner;
}

sub end_it
{
	my ($name, $pid) = @_;
	kill 'KILL', $pid;
	finish($pid);
	state_settles($before, "$name: as before");
}

{
	my $minute = qr/\d{4}-\d\d-\d\d \d\d:\d\d/;
	my $winner = race('one VM', sub {
		qr/^qemu-tapwrap: VM 'tap0' is (?:starting already|running already, since $minute \(pid $_[0], \Q$profile\E\))\n\z/
	}, sub { () });
	end_it('one VM', $winner);
}
{
	my $line = sub {
		qr/^qemu-tapwrap: \Q$profile\E:5: \[nic "lan"\] ifname: tap0 is in use by VM 'vm\d+' \(pid $_[0](?:, \Q$profile\E)?\)\n\z/
	};
	my $winner = race('one tap', $line, sub { ('--set', "vm.name=vm$_[0]") });
	my (undef, undef, $err) = run([qw(qemu-tapwrap --set vm.name=late), $profile]);
	like($err, $line->($winner), 'one that comes late is told the same');
	like($err, qr/\Q$profile\E\)\n/, 'with the profile');
	end_it('one tap', $winner);
	my ($status) = run(['timeout', '1', 'qemu-tapwrap', $profile]);
	is(exited($status), 124, 'and the next start has the tap');
}

done_testing();
