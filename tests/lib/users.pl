# SPDX-License-Identifier: MIT
#
# An ordinary user of our own, 4711, the helper with its capability, and a policy.

use strict;
use warnings;

our $UID = 4711;
our @AS_USER = ('setpriv', "--reuid=$UID", "--regid=$UID", '--clear-groups', '--');

# Also a /dev/net/tun that is open to all, as udev makes it. Needs real root.
sub set_up_user
{
	my %line = (passwd => "tester:x:$UID:$UID\::/srv/home:/bin/sh\n", group => "tester:x:$UID:\n");
	for my $file (sort keys %line) {
		spew("/srv/$file", slurp("/etc/$file") . $line{$file}, 0644);
		run_ok('mount', '--bind', "/srv/$file", "/etc/$file");
	}
	run_ok(qw(mount -t tmpfs tmpfs /dev/net));
	run_ok(qw(mknod -m 666 /dev/net/tun c 10 200));
	chown $UID, $UID, '/srv/home';
	return;
}

sub set_up_helper
{
	my @policy = @_;
	run_ok(qw(setcap cap_net_admin=p /srv/libexec/qemu-tapwrap-helper));
	spew('/srv/etc/qemu-tapwrap/policy', join('', map { "$_\n" } @policy), 0644);
	return;
}

1;
