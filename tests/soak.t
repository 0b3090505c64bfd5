#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# Many VMs, eight at a time, of which at a random moment somebody is sent a random signal: launcher,
# helper, keeper or QEMU (mostly a stub). In the end there is no process, link, address, route, rule,
# file or lock that was not there before, but for what a killed keeper has left on a tap that was there,
# and that the next VM takes over. `make check-long` tries a thousand. What is random can be had again
# with make check TESTS=tests/soak.t SEED=N, but for how fast the machine is.

use strict;
use warnings;
use Fcntl qw(LOCK_EX LOCK_NB);
use FindBin;
use lib "$FindBin::Bin/lib";
use World;
use Test::More;
use POSIX qw(:sys_wait_h);
use Time::HiRes qw(sleep time);

our $DHCP_KEYS;
require "$FindBin::Bin/lib/dhcp.pl";
require "$FindBin::Bin/lib/network.pl";
require "$FindBin::Bin/lib/taps.pl";

my $wanted = $ENV{CYCLES} || (thorough() ? 1000 : 60);
my $seed = $ENV{SEED} || 20240101;
my $slots = 8;
my @signals = qw(TERM INT HUP KILL SEGV STOP+KILL);
srand $seed;

# ---- what there is to start ------------------------------------------------------------------------------

my $subnets = 0;
sub address { my ($n) = @_; return '192.168.50.' . (8 * $subnets + $n) }

# A card on the next subnet.
sub nic
{
	my ($ifname, $more) = @_;
	$subnets++;
	return "[nic \"$ifname\"]\nifname = $ifname\naddress = " . address(1) . "/29\n" . ($more // '');
}

# { kind => profile } of one slot. The subnets of a slot are its own.
sub profiles_of
{
	my ($slot) = @_;
	my ($first, $second, $adopted) = map { "tap$slot$_" } qw(a b c);
	my $new = nic($first);
	my $dhcp_address = address(2);
	my %nics = (plain => $new, NAT => "${new}nat = on\n", 'a run directory' => $new . "[monitor]\nqmp = \${run_dir}/qmp.sock\n",
		'two taps' => $new . nic($second), bridge => "[nic \"b\"]\ntype = bridge\nifname = $first\nbr = br0\n",
		adopted => nic($adopted, "mtu = 1400\n"),
		'adopted and new' => "[nic \"x\"]\nifname = $adopted\naddress = " . address(1) . "/29\n" . $new);
	$nics{DHCP} = "${new}mac = 52:54:00:0a:0b:0c\nguest-address = $dhcp_address\ndhcp = on\n" if find_dnsmasq();
	ip_batch("tuntap add dev $adopted mode tap", "link set dev $adopted addrgenmode none", "link set dev $adopted up",
		"link set dev $adopted down");
	return { map { $_ => profile("[vm]\nname = vm$slot\n[machine]\naccel = tcg\nmemory = 32M\n[display]\ntype = none\n$nics{$_}") }
		keys %nics };
}

ip_batch('link add br0 address 02:00:00:00:00:01 type bridge', 'link set br0 addrgenmode none up',
	'tuntap add port0 mode tap', 'link set port0 master br0', 'link del port0'); # it is settled then
spew("/proc/sys/net/$_", "1\n") for 'ipv4/ip_forward', 'ipv6/conf/all/forwarding';
my @profiles = map { profiles_of($_) } 0 .. $slots - 1;
my @kinds = sort keys %{ $profiles[0] };
my $stub = spew('/srv/tmp/stub', $World::TAP_STUB, 0755);
my ($qemu) = grep { -x } qw(/usr/bin/qemu-system-x86_64 /usr/local/bin/qemu-system-x86_64);
my $before = network();
my $in_words = in_words();
my $descriptors = join ' ', sort values %{ descriptors($$) };

# ---- whom to send it to -------------------------------------------------------------------------------------

sub helpers_of { my ($pid) = @_; return grep { (slurp("/proc/$_/comm") // '') =~ /^qemu-tapwrap-he/ } children_of($pid) }

# Whoever of that kind there is at the moment; else the VM itself, be it launcher or QEMU by now.
sub victim
{
	my ($whom, $pid) = @_;
	my @them = $whom eq 'helper' ? helpers_of($pid) : $whom eq 'keeper' ? keepers() : ();
	return @them ? $them[0] : $pid;
}

sub send_signal
{
	my ($cycle) = @_;
	my $victim = victim($cycle->{whom}, $cycle->{pid});
	if ($cycle->{signal} eq 'STOP+KILL') {
		kill 'STOP', $victim;
		$cycle->{kill} = $victim;
		$cycle->{due} += 0.03;
	} else {
		kill $cycle->{signal}, $victim;
	}
	return;
}

# ---- one after the other ----------------------------------------------------------------------------------------

my (%sent, %ends, @running);
my $started = 0;

# All that is random is drawn here, in the order of the starts.
sub start_cycle
{
	my ($slot) = @_;
	my $kind = $kinds[rand @kinds];
	my $signal = $signals[rand @signals];
	my $whom = (qw(launcher helper keeper))[rand 3];
	my $wait = rand 0.2;
	my $binary = rand() < 0.05 ? $qemu : $stub;
	$started++;
	$sent{"$signal"}++;
	my $pid = start(['qemu-tapwrap', '--set', "qemu.binary=$binary", $profiles[$slot]{$kind}]);
	return { pid => $pid, whom => $whom, signal => $signal, due => time + $wait, name => "$kind, $signal to $whom" };
}

# Takes a step of a cycle; true when it is over.
sub step
{
	my ($cycle) = @_;
	my $now = time;
	if (waitpid($cycle->{pid}, WNOHANG) == $cycle->{pid}) {
		my $status = $?;
		$ends{ exited($status) }++;
		kill 'KILL', $cycle->{kill} if $cycle->{kill} && $cycle->{kill} != $cycle->{pid};
		unlink map { "/srv/tmp/$cycle->{pid}.$_" } qw(out err);
		return 1;
	}
	if (!$cycle->{sent} && $now >= $cycle->{due}) {
		send_signal($cycle);
		$cycle->{sent} = 1;
	} elsif ($cycle->{kill} && $now >= $cycle->{due}) {
		kill 'KILL', delete $cycle->{kill};
	} elsif ($now >= $cycle->{due} + 0.2) {
		kill 'KILL', $cycle->{pid}; # it has survived
	}
	return 0;
}

while ($started < $wanted || grep { $_ } @running) {
	for my $slot (0 .. $slots - 1) {
		$running[$slot] = undef if $running[$slot] && step($running[$slot]);
		$running[$slot] //= start_cycle($slot) if $started < $wanted;
	}
	sleep 0.01;
}

# ---- what is left ---------------------------------------------------------------------------------------------------

my $leaks = 0;
sub is_locked { my ($path) = @_; open my $lock, '+<', $path or return 0; return !flock $lock, LOCK_EX | LOCK_NB }
sub none { my ($name, @left) = @_; $leaks += @left; return is_deeply(\@left, [], "no $name") }

wait_for(sub { !processes() }, 15);
none('process is left', processes());
my $left_by_keepers = () = network() =~ /^address \d+ .* 11=51$/mg;
for my $slot (0 .. $slots - 1) {
	for my $kind ('adopted', 'a run directory') {
		my ($status, undef, $err) = run(['qemu-tapwrap', '--set', 'qemu.binary=/bin/true', $profiles[$slot]{$kind}]);
		is($status, 0, "slot $slot, $kind: can be started again, and takes over what there is") || diag $err;
	}
}
wait_for(sub { !processes() }, 10);
none('process', processes());
wait_for(sub { network() eq $before }, 3);
none('link, address, route, rule, table or setting', split /\n/, difference($before, network()));
none('difference to ip and nft', split /\n/, difference($in_words, in_words()));
none('half file', grep { !m{/qmp\.sock$} } debris());
none('descriptor here', split /\n/, difference($descriptors, join ' ', sort values %{ descriptors($$) }));
none('lock', grep { is_locked($_) } glob '/srv/run/qemu-tapwrap/*/lock');
cmp_ok($ends{'signal 9'}, '>', 0, 'some were killed');
print '# ended: ', join(', ', map { "$_: $ends{$_}" } sort keys %ends), "\n";
diag("soak: $started cycles, seed $seed, signals ", join(' ', map { "$_ $sent{$_}" } sort keys %sent),
	", taken over: $left_by_keepers, leaks: $leaks");
done_testing();
