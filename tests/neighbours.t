#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# Our taps are left alone by a systemd-networkd that would configure everything it sees.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use World;
use Test::More;

my ($networkd) = grep { -x } qw(/usr/lib/systemd/systemd-networkd /lib/systemd/systemd-networkd);
must_or_skip($networkd && is_real_root(), 'no systemd-networkd here, or no user for it');

my $foreign = '192.0.2.7/24';
run_ok(qw(mount -t tmpfs tmpfs /run));
run_ok(qw(mount -t tmpfs tmpfs /etc/systemd));
run_ok(qw(mount -t sysfs -o ro sysfs /sys)); # as in a container: without udev
run_ok(qw(mkdir -p /run/systemd/netif/links /run/systemd/netif/leases /run/systemd/netif/lldp));
run_ok(qw(chown -R systemd-network /run/systemd));
spew('/etc/systemd/network/50-all.network',
	"[Match]\nName=*\n[Network]\nAddress=$foreign\nLinkLocalAddressing=no\nConfigureWithoutCarrier=yes\n");

# Which interfaces networkd gives its address, with the files of $network/*.network beside that.
sub configured
{
	my @taps = qw(tap0 tap12 tw-myvm other);

	run_ok(qw(ip tuntap add mode tap), $_) for @taps;
	my $pid = start([$networkd]);
	wait_for(sub { run_ok(qw(ip -o -4 addr show dev other)) =~ /\Q$foreign\E/ }, 15);
	sleep 1; # the others, too, had they been next
	my @configured = grep { run_ok(qw(ip -o -4 addr show dev), $_) =~ /\Q$foreign\E/ } @taps;
	kill 'KILL', $pid;
	finish($pid);
	run_ok(qw(ip link delete), $_) for @taps;
	return "@configured";
}

is(configured(), 'tap0 tap12 tw-myvm other', 'without a word from us it takes all of them');
run_ok('cp', '/srv/etc/systemd/network/05-qemu-tapwrap.network', '/etc/systemd/network/');
is(configured(), 'other', 'what make install installs keeps it off our taps, and only those');

done_testing();
