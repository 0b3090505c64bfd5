#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# Two hundred VMs at once: each has the tap and the address it asked for, nobody has another's, and
# all are gone with their VMs.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use World;
use Test::More;

my $n = 200;
my $before = host_state();
install_stub($World::TAP_STUB);

my %vms; # PID => [ifname, address]
for my $i (0 .. $n - 1) {
	my $address = sprintf '10.%d.%d.1/24', $i / 100, $i % 100;
	my $profile = profile("[vm]\nname = vm$i\n[machine]\naccel = tcg\n[nic]\naddress = $address\n");
	$vms{ start(['qemu-tapwrap', $profile], seconds => 120) } = ["tw-vm$i", $address];
}
my %late;
ok(wait_for(sub { %late = map { $_ => 1 } grep { (slurp("/proc/$_/comm") // '') ne "sleep\n" } keys %vms; !%late }, 90),
	"$n VMs run") or diag map { slurp("/srv/tmp/$_.err") } keys %late;

my %address_of = map { /^\d+: (\S+)\s+inet (\S+)/ && $1 ne 'lo' ? ($1 => $2) : () }
	split /\n/, run_ok(qw(ip -o -4 addr));
is_deeply(\%address_of, { map { @$_ } values %vms }, 'each has the address of its profile, and there is no other');

# The tap that a process has open, as the kernel names it.
sub tap_of
{
	my ($pid) = @_;
	return join ' ', map { (slurp($_) // '') =~ /^iff:\t(\S+)/m } glob "/proc/$pid/fdinfo/*";
}
is_deeply({ map { $_ => tap_of($_) } keys %vms }, { map { $_ => $vms{$_}[0] } keys %vms }, 'each holds its own tap');
is(scalar(grep { /qemu-tapwrap/ } processes()), 0, 'no process of ours is left beside them');

kill 'KILL', keys %vms;
finish($_) for keys %vms;
state_settles($before, 'all gone');

done_testing();
