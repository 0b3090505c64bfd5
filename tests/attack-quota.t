#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# Attacks on max=, the number of taps that a user may have: by many requests at once, and by taps that
# are made to stay and given to somebody else. `make check-long` tries more at once.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use World;
use Test::More;

our ($UID, @AS_USER, $OTHER, @AS_OTHER, $HELPER, $POLICY);
require "$FindBin::Bin/lib/$_.pl" for qw(users taps attack);

make_host();
ip_batch('link del tapmine', 'link del taplayer3', 'link del tapother', 'link del tapboth'); # they would count
remember_host();
sub policy { my ($max) = @_; set_up_helper("allow tap* 192.168.48.0/21 max=$max persistent", "macvtap lan0 tap* max=$max"); return }
my $full = "77 0 the policy in $POLICY allows no further tap (max=)";

policy(2);
request_works('two', 'ifname=tap0', '1.ifname=tap1');
request_fails('three in one request', $full, 'ifname=tap0', '1.ifname=tap1', '2.ifname=tap2');
{
	my @pids = map { (start_hostile('--keep', "ifname=tap$_", "address=192.168.50.$_/31"))[0] } 2, 4;
	remember_host();
	request_fails('a third', $full, 'ifname=tap0');
	request_fails('a third, by force', $full, 'ifname=tap0', 'force=1');
	request_fails('a third that is only asked for', $full, 'ifname=tap0', 'request_mode=2');
	request_fails('a third that is a macvtap', $full, qw(ifname=tap9 op=3 parent=lan0 mode=1 mac=52:54:00:00:00:01));
	end_hostile($_) for @pids;
	wait_for(sub { !has_link('tap2') && !has_link('tap4') });
	remember_host();
}
for my $n (20, thorough() ? (50) x 10 : ()) {
	my @pids = map { start([@AS_USER, qw(client --keep), "ifname=tap$_"]) } 1 .. $n;
	wait_for(sub { $n == grep { (slurp("/srv/tmp/$_.out") // '') =~ /\n/ } @pids }, 30);
	my $had = () = run_ok(qw(ip -o link)) =~ /^\d+: tap\d+:/mg;
	my $answers = join '', map { slurp("/srv/tmp/$_.out") } @pids;
	end_hostile($_) for @pids;
	# A helper that has to wait for too long ends itself.
	attack_fails("$n at once: $had had it", $had <= 2 && $answers !~ /^(?!0 1 |77 0 |none signal 14$)/m, $answers);
}

# ---- made to stay, and given away -------------------------------------------------------------------------

policy(1);
hostile("--give-away=$OTHER", 'ifname=tap0');
wait_for(sub { run_ok(qw(ip -o link show tap0)) =~ /NO-CARRIER/ });
remember_host();
ok(has_link('tap0'), 'a tap can be made to stay, and be given to another user');
request_fails('given away: one more', $full, 'ifname=tap1');
request_fails('given away: to be completed', '77 0 tap0 does not belong to you', 'ifname=tap0', 'op=2', 'address=192.168.50.1/24');
{
	my ($status, $out) = run([@AS_OTHER, qw(client ifname=tap1)]);
	attack_fails('given away: it does not count for the other user', $out eq "0 1 \n", $out);
}
ip_batch('link del tap0');
remember_host();
{
	# A keeper that is killed leaves its trace in the place of the alias that says whose the tap is.
	hostile('ifname=tap0', 'flags=2');
	my ($pid) = start_hostile('--keep', 'ifname=tap0', 'op=2', 'address=192.168.50.1/24');
	kill 'KILL', keepers();
	end_hostile($pid);
	hostile('ifname=tap0', 'op=2', 'address=192.168.50.1/24');
	wait_for(sub { !keepers() });
	my $give = 'use Fcntl; sysopen my $t, "/dev/net/tun", O_RDWR or die; my $r = pack "a16sx22", "tap0", 0x5002; ioctl $t, 0x400454ca, $r or die "$!";'
		. "ioctl \$t, 0x400454cc, $OTHER or die \"\$!\"";
	run([@AS_USER, $^X, '-e', $give]);
	wait_for(sub { run_ok(qw(ip -o link show tap0)) =~ /NO-CARRIER/ });
	remember_host();
	like(run_ok(qw(ip -d link show tap0)), qr/user $OTHER\b/, 'given away after a keeper was killed');
	request_fails('given away: after a keeper was killed', $full, 'ifname=tap1');
	ip_batch('link del tap0');
	remember_host();
}

# ---- how the line is read --------------------------------------------------------------------------

spew($POLICY, "allow tap* 192.168.48.0/21 max=1\r\n", 0644);
request_fails('a carriage return behind the number', qr/78 0 .*|\Q$full\E/, 'ifname=tap0', '1.ifname=tap1');

done_attacking();
