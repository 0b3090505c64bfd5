#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# Fifty launches race for one tap: one runs, all others name it.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use World;
use Test::More;

my $before = host_state();
my $profile = tap_profile(path => '/srv/tmp/the one.ini');
install_stub($World::TAP_STUB);

my @pids = map { start(['qemu-tapwrap', $profile]) } 1 .. 50;
my @running;
ok(wait_for(sub {
	@running = grep { (slurp("/proc/$_/stat") // '') !~ /\) Z / } @pids;
	@running == 1
}, 60), 'in the end one is left');
my ($winner) = @running;
is(slurp("/proc/$winner/comm"), "sleep\n", 'and it is in QEMU');

my $names_it = qr/^qemu-tapwrap: \Q$profile\E:5: \[nic "lan"\] ifname: tap0 is in use by VM 'tap0' \(pid $winner(?:, \Q$profile\E)?\)\n\z/;
my (%statuses, @other_words);
for my $pid (grep { $_ != $winner } @pids) {
	my ($status, undef, $err) = finish($pid);
	$statuses{exited($status)}++;
	push @other_words, $err unless $err =~ $names_it;
}
is_deeply(\%statuses, { 75 => 49 }, 'the other 49 end with status 75');
is(join('', @other_words), '', 'each with one line that names the holder');

my ($status, undef, $err) = run(['qemu-tapwrap', $profile]);
is($err, "qemu-tapwrap: $profile:5: [nic \"lan\"] ifname: tap0 is in use by VM 'tap0' "
	. "(pid $winner, $profile)\n", 'one that comes late is told the profile, too');

kill 'KILL', $winner;
finish($winner);
state_settles($before, 'as before');
($status) = run(['timeout', '1', 'qemu-tapwrap', $profile]);
is(exited($status), 124, 'and the next start has the tap');

done_testing();
