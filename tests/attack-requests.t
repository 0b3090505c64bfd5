#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# Attacks by the message itself: its size, its bytes, what comes along with it, what it is sent on and
# how often; and by requests that are damaged at random, with a fixed seed. `make check-long` tries all.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use World;
use Test::More;

our ($UID, @AS_USER, @AS_OTHER, $POLICY, $UNKNOWN, $ADD);
require "$FindBin::Bin/lib/$_.pl" for qw(users taps attack);

make_host();
set_up_helper('allow tap* 192.168.48.0/21 nat max=60', 'bridge br0 tap*');
my @tap = ('ifname=tap0', 'address=192.168.50.1/24');
my @forbidden = ('ifname=lab0', 'address=192.168.50.1/24');
my $no = "77 0 $ADD \"allow lab0 192.168.50.0/24\" to $POLICY";
request_works('a request', @tap);
request_works('one to be completed', 'ifname=tapmine', 'op=2', 'address=192.168.50.1/24');
my $whole_before = host_state();

# ---- size, version, what is counted ---------------------------------------------------------------------

requests_fail(map { ["size: $_", $UNKNOWN, @tap, $_] } qw(--length=1 --length=4 --length=100 --more=-1 --more=1 --more=4000 --more=-4000));
request_fails('size: nothing', 'none exited 0', @tap, '--length=0');
requests_fail(map { ["version: $_", $UNKNOWN, @tap, "version=$_"] } 0, 1, 0x51545701, 0xffffffff, 0x05575451);
requests_fail(map { ["mode: $_", $UNKNOWN, @tap, "request_mode=$_"] } 0, 3, 0xffffffff);
requests_fail(map { ["force: $_", $UNKNOWN, @tap, "force=$_"] } 2, 0x100, 0xffffffff);
requests_fail(map { ["number of taps: $_", $UNKNOWN, @tap, "n_taps=$_"] } 0, 2, 9, 0x80000001);
request_fails('only asked: no descriptor', '0 0 ', @tap, 'request_mode=2');

# ---- what comes along ------------------------------------------------------------------------------------

requests_fail(map { ["$_ descriptors along", $UNKNOWN, @tap, "--descriptors=$_"] } 1, 2, 253);
request_fails('no credentials', $UNKNOWN, @tap, '--no-credentials');
request_fails('a PID descriptor along', qr/\Q$UNKNOWN\E|0 1 /, @tap, '--pidfd');
request_fails('forged credentials', "forged credentials: Operation not permitted\n$no", @forbidden, '--forge');
SKIP: {
	skip 'users may not have namespaces here', 1 if (run([@AS_USER, qw(unshare -Ur true)]))[0] != 0;
	my $line = output_of(qw(unshare -Ur client), @forbidden, '--forge');
	attack_fails('forged credentials, as root of a user namespace', $line =~ /\A77 0 (?:root has no CAP_NET_ADMIN here|lab0: TUNSETIFF on \S+: Operation not permitted).*\n\z/, $line);
}

# ---- the socket ------------------------------------------------------------------------------------------------

my $only = 'qemu-tapwrap-helper: this program is started by qemu-tapwrap only';
requests_fail(map { ["in its place: $_", "none exited 64\n$only", "--stdin=$_"] } qw(stream dgram inet pipe tty /dev/null /dev/zero));
request_fails('in its place: a socket that nobody is at', 'none exited 71', '--stdin=unconnected');
request_fails('a socket that does not wait', qr/\Q$UNKNOWN\E|\Q$no\E/, @forbidden, '--nonblocking');
request_fails('five messages', qr/\Q$no\E|none exited 77/, @forbidden, '--times=5'); # it has ended before they are all sent
request_fails('a socket that is half closed', $no, @forbidden, '--half-closed');
request_fails('two helpers at one socket', $no, @forbidden, '--twin');
request_fails('two helpers at one socket, two messages', $no, @forbidden, '--twin', '--times=2');
{
	my @pids = (start([@AS_USER, qw(client --silent)]), start([@AS_USER, qw(client --deaf), @tap]),
		start([@AS_USER, qw(client --deaf op=2 ifname=tapmine address=192.168.50.1/24)]));
	my @ends = map { (finish($_, 20))[1] } @pids;
	attack_fails('one who sends nothing', $ends[0] =~ /^\d+\nnone signal 14\n\z/, $ends[0]);
	attack_fails('one who never reads', $ends[1] eq "none signal 14\n", $ends[1]);
	attack_fails('one who never reads, with a keeper', $ends[2] =~ /^none /, $ends[2]);
}
{
	my @pids = map { start([@AS_USER, 'client', $_ % 2 ? ("ifname=tap$_", "address=192.168.50.$_/31") : @forbidden]) } 1 .. 50;
	my %ends;
	$ends{(finish($_, 60))[1] =~ s/ .*//sr}++ for @pids;
	attack_fails('fifty at once', !grep({ !/^(?:0|69|77)$/ } keys %ends) && $ends{77} >= 25, join ' ', %ends);
}

# ---- at random ---------------------------------------------------------------------------------------------------

my $rounds = thorough() ? 20000 : sanitized() ? 60 : 300;
sub random_fails
{
	my ($name, $wanted, @words) = @_;
	my ($status, $out, $err) = run([@AS_USER, 'client', "--random=$rounds", @words], seconds => 600);
	return attack_fails("$name: $rounds requests, $out", $status == 0 && "$out$err" =~ /\A$wanted\n\z/, $out . $err);
}
set_up_helper('allow lab* 192.168.48.0/21 nat', 'bridge br0 lab*');
random_fails('damaged, and forbidden', qr/(?:(?!0:)\d+:\d+ )+(?:late:\d )?odd:0/, '--seed=1', @tap, 'label=one', '1.ifname=tap1', '1.bridge=br0');
set_up_helper('allow * 0.0.0.0/0,::/0 nat', 'bridge br0 *', 'macvtap lan0 *');
random_fails('damaged, one that would do', qr/0:\d+ (?:\d+:\d+ )+(?:late:\d )?odd:0/, '--seed=2', @tap, 'address=fd00:5a17::1/64', 'route=198.51.100.0/24,via=192.168.50.2', 'mtu=1400');
random_fails('damaged, a port', qr/0:\d+ (?:\d+:\d+ )+(?:late:\d )?odd:0/, '--seed=3', 'ifname=tap0', 'bridge=br0');
random_fails('damaged, one to be completed', qr/0:\d+ (?:\d+:\d+ )+(?:late:\d )?odd:0/, '--seed=4', 'ifname=tapmine', 'op=2', 'address=192.168.50.1/24');

wait_for(sub { host_state() eq $whole_before && !processes() }, 5);
attack_fails('in the end: the whole network is as before', host_state() eq $whole_before, difference($whole_before, host_state()));
attack_fails('in the end: no process is left', !processes(), join "\n", processes());

done_attacking();
