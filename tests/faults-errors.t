#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# Errors of system calls of the launcher and the helper, for new taps with NAT and such that are to
# stay, and for a VM with files of its own: the start ends with a documented status, one line and a host as before, or the VM gets all it
# should. Of the calls a fixed share is tried; `make check-long` tries all.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use World;
use Test::More;
use File::Path qw(remove_tree);

require "$FindBin::Bin/lib/errors.pl";

must_or_skip(can_trace(), 'no process can be traced here');
plan skip_all => 'LeakSanitizer has words of its own in a traced process' if sanitized();
spew("/proc/sys/net/$_", "1\n") for 'ipv4/ip_forward', 'ipv6/conf/all/forwarding';

fail_everywhere('a new tap', start => 1, calls => 120,
	profile => tap_profile(address => '192.168.50.1/24, fd00:5a17::1/64', more => "nat = on\nmtu = 1400\n"));

# What the launcher makes itself is made afresh each time.
fail_everywhere('files of a VM', roles => 'launcher', calls => 60, may_stay => '^$',
	reset => sub { remove_tree('/srv/run/qemu-tapwrap', '/srv/tmp/disk.raw', glob '/srv/tmp/disk.raw.*.new') },
	profile => tap_profile(more => "[disk]\nfile = disk.raw\nsize = 1M\n[monitor]\nqmp = \${run_dir}/qmp.sock\n"
		. "[cloud-init]\nhostname = guest\n"));

# Where that of the second fails, the first does not stay either.
my $staying = profile(join '', "[vm]\nname = vm\n[machine]\naccel = tcg\n", map {
	"[nic \"$_\"]\nifname = tap$_\naddress = 192.168.5$_.1/24\npersist = on\n" } 0, 1);
fail_everywhere('two new taps that stay', roles => 'helper', calls => 60, persists => 1, profile => $staying,
	reset => sub { run(['ip', 'link', 'del', $_]) for qw(tap0 tap1) });

{
	my $before = network();
	my @persist = grep { $_->{name} eq 'ioctl' && $_->{args} =~ /^\d+ 400454cb 1/ } calls_of('qemu-tapwrap', $staying);
	run(['ip', 'link', 'del', $_]) for qw(tap0 tap1);
	is(scalar(@persist), 2, 'two taps are made to stay');
	my ($status, undef, $err) = run([at_call($persist[1], 'error=' . errno('EIO'), 'qemu-tapwrap', $staying)]);
	is(exited($status), 71, 'the second cannot stay: status 71');
	like($err, qr/\Aqemu-tapwrap: [^\n]*: TUNSETPERSIST: Input\/output error\n\z/, '... and its line');
	is(leftovers($before), '', '... and the first does not stay either');
}

figures();
done_testing();
