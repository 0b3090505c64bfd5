#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# --dry-run prints a script that does the same by hand. This runs that very script and reaches the
# guest with it.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use World;
use Test::More;

require "$FindBin::Bin/lib/pty.pl";

my $before = host_state();
my $profile = guest_profile(path => "/srv/tmp/by hand, 'quoted'.ini");

my ($status, $script, $err) = run(['qemu-tapwrap', '--dry-run', $profile, '--', '-name', 'a  b']);
is("$status$err", '0', '--dry-run: status 0');
is(host_state(), $before, 'nothing is changed');
like($script, qr/^as_root ip tuntap add dev tap0 mode tap user 0 vnet_hdr$/m, 'a tap with an owner');
like($script, qr/ifname=tap0,script=no,downscript=no/, 'by name, without scripts');
like($script, qr/-name 'a  b'\n\)\n\z/, 'what follows -- comes last, quoted');
is((run(['sh', '-n', spew('script', $script)]))[0], 0, 'it is a shell script');

# What is on a tap: the launcher's and the script's must be the same.
sub tap
{
	my @text = (run_ok(qw(ip -d link show tap0)), run_ok(qw(ip -o addr show dev tap0)),
		run_ok(qw(ip route)), map { "$_ " . (slurp("/proc/sys/net/$_") // "none\n") }
			map { ("ipv4/conf/tap0/$_", "ipv6/conf/tap0/$_") } qw(rp_filter accept_redirects
				send_redirects disable_ipv6 accept_ra autoconf));
	return join '', map { s/^\d+: |state \w+|link\/ether \S+|^ *alias.*\n|persist \w+ ?|numtxqueues.*//gmr } @text;
}

my $pid = start(['qemu-tapwrap', $profile]);
ok(answers_ping('192.168.50.2'), 'the launcher: the guest answers');
my $ours = tap();
kill 'TERM', $pid;
finish($pid);
state_settles($before, 'as before');

$pid = start(['sh', 'script']);
ok(answers_ping('192.168.50.2'), 'the script: the guest answers');
is(tap(), $ours, 'its tap is the same as ours');
my ($qemu) = grep { slurp("/proc/$_/comm") =~ /^qemu-system/ } map { ($_, children_of($_)) } children_of($pid);
kill 'TERM', $qemu // $pid;
is(exited((finish($pid))[0]), 0, 'the script: status 0 when QEMU ends');
state_settles($before, 'and it has undone everything');

# Pasted into an interactive shell, and ended with Ctrl-C.
my $terminal;
($pid, $terminal) = start_on_pty('sh', '-i');
print $terminal $script;
ok(answers_ping('192.168.50.2'), 'pasted: the guest answers');
print $terminal "\003";
state_settles($before, 'pasted: Ctrl-C undoes everything');
print $terminal "exit\n";
finish($pid);

# Somebody else's tap of that name is not removed.
run_ok(qw(ip tuntap add dev tap0 mode tap user root));
my $foreign = host_state();
($status) = run(['sh', 'script']);
isnt($status, 0, 'the script: fails where tap0 exists');
is(host_state(), $foreign, 'and leaves it alone');

done_testing();
