# SPDX-License-Identifier: MIT
#
# attack: a host with something to lose, and users who talk to the installed helper without the
# launcher (tests/hostile/client.c). A case is over when the host is as before. Needs lib/users.pl.

use strict;
use warnings;
use FindBin;
use Test::More;
use Time::HiRes qw(sleep);
use World;

our ($UID, @AS_USER);
our $OTHER = 4712;
our @AS_OTHER = ('setpriv', "--reuid=$OTHER", "--regid=$OTHER", '--clear-groups', '--');
our $HELPER = '/srv/libexec/qemu-tapwrap-helper';
our $POLICY = '/srv/etc/qemu-tapwrap/policy';
our $UNKNOWN = '64 0 the request is not one that this helper knows';
our $ADD = 'the policy does not allow it; an administrator can add';

my ($cases, $succeeded, $before) = (0, 0);

# ---- the host ------------------------------------------------------------------------------------

# lan0, with an address, a route behind it and the default route; br0 with lan1 as its port; taps of
# all kinds of owners. No address comes later by itself.
sub make_host
{
	must_or_skip(is_real_root(), 'file capabilities and other users need real root');
	set_up_user();
	for (qw(client reach)) {
		my $program = "$ENV{STAGE}/../tests/hostile/$_";
		BAIL_OUT("$program is missing: run me by `make check`") if !-x $program;
		run_ok('cp', $program, "/srv/bin/$_");
	}
	ip_batch('link set dev lo addrgenmode none', 'link add lan0 type veth peer name far0', 'link add lan1 type veth peer name far1',
		'link add br0 address 02:00:00:00:00:01 type bridge', (map { "link set dev $_ addrgenmode none" } qw(lan0 far0 lan1 far1 br0)),
		'link set dev lan1 master br0', (map { "link set dev $_ up" } qw(far0 lan0 far1 lan1 br0)),
		'addr add 192.168.52.9/24 dev lan0 metric 100', 'addr add fd00:5a17:0:52::9/64 dev lan0 nodad',
		'addr add 192.168.54.1/24 dev br0', 'addr add fd00:5a17:0:54::1/64 dev br0 nodad',
		'route add 192.168.53.0/24 via 192.168.52.254', 'route add default via 192.168.52.254',
		'link property add dev lan0 altname nick0', 'link property add dev br0 altname brnick',
		"tuntap add dev tapother mode tap user $OTHER", 'tuntap add dev tapgroup mode tap group 1',
		"tuntap add dev tapboth mode tap user $OTHER group $UID", 'tuntap add dev tapopen mode tap',
		"tuntap add dev tapmine mode tap user $UID", "tuntap add dev taplayer3 mode tun user $UID",
		map { "link set dev $_ addrgenmode none" } qw(tapother tapgroup tapboth tapopen tapmine taplayer3));
	$before = state_now();
	return;
}

# Quick: all links in detail, addresses and routes, but for what changes by itself, or at the first "up".
sub state_now
{
	return ip_batch('link show', 'addr show', 'route show table all') =~ s/ (?:\w+_timer +[\d.]+|qdisc \w+)//gr =~ s/ user tester\b/ user $UID/gr;
}

sub remember_host { $before = state_now(); return }

# ---- cases ----------------------------------------------------------------------------------------

# One case: the attack has failed if $failed is true and the host is as before.
sub attack_fails
{
	my ($name, $failed, $what_came) = @_;
	my $now;

	$cases++;
	wait_for(sub { ($now = state_now()) eq $before }, 3);
	return ok(1, $name) if $failed && $now eq $before;
	$succeeded++;
	ok(0, $name);
	diag $what_came if !$failed;
	diag difference($before, $now);
	remember_host();
	return 0;
}

# All that a command of the user's says.
sub output_of
{
	my @command = @_;
	my ($status, $out, $err) = run([@AS_USER, @command], seconds => 60);
	return $out . $err;
}

# What the helper says to the request of these words (see tests/hostile/client.c), as the user.
sub hostile { return output_of('client', @_) }

# Is the request refused with "STATUS DESCRIPTORS TEXT"? A pattern may stand for it.
sub request_fails
{
	my ($name, $wanted, @words) = @_;
	my $line = hostile(@words);
	my $failed = ref $wanted ? $line =~ /\A$wanted\n\z/ : $line eq "$wanted\n";
	return attack_fails($name, $failed, "wanted: $wanted\ncame:   $line");
}

# Rows of name, wanted, words; with sanitizers, where each takes ten times as long, every third.
sub requests_fail
{
	my @rows = @_;
	@rows = @rows[grep { $_ % 3 == 0 } 0 .. $#rows] if sanitized() && !thorough();
	request_fails(@$_) for @rows;
	return;
}

# The same words do what is allowed, so it is not for another reason that the attacks fail. Not a case.
sub request_works
{
	my ($name, @words) = @_;
	my $line = hostile(@words);
	my $now;

	like($line, qr/\A0 [1-9]\d* \n\z/, "allowed: $name");
	wait_for(sub { ($now = state_now()) eq $before }, 3);
	ok($now eq $before, "allowed: $name: gone with its descriptors") or diag difference($before, $now);
	return;
}

# An attack through the launcher, or any other command: status and its one line, '' for none.
sub command_fails
{
	my ($name, $wanted_status, $wanted, @command) = @_;
	my ($status, $out, $err) = run([@command]);
	my $failed = exited($status) eq $wanted_status && (ref $wanted ? $err =~ /\A$wanted\n\z/ : $err eq ($wanted eq '' ? '' : "$wanted\n"));
	return attack_fails($name, $failed, "wanted: $wanted_status $wanted\ncame:   " . exited($status) . " $err");
}

# Starts the client and waits for its first line; returns its PID and the line.
sub start_hostile
{
	my @words = @_;
	my $pid = start([@AS_USER, 'client', @words]);
	wait_for(sub { (slurp("/srv/tmp/$pid.out") // '') =~ /\n/ }, 10) or diag slurp("/srv/tmp/$pid.err");
	return ($pid, (slurp("/srv/tmp/$pid.out") // '') =~ s/\n.*//sr);
}

sub end_hostile { my ($pid) = @_; kill 'KILL', $pid; return finish($pid) }

sub done_attacking
{
	done_testing();
	diag("attacks: $cases cases, $succeeded succeeded");
	return;
}

1;
