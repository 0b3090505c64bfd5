#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# A VM that will be slow for want of KVM says so, once, with the cure; one that asked for it does not.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use World;
use Test::More;

install_stub("#!/bin/sh\nexit 0\n");
chmod 0755, '/srv/tmp';
my $nobody = 4711;

sub start_with
{
	my ($accel, %option) = @_;
	my $path = profile("[vm]\nname = a\n[nic]\ntype = none\n" . ($accel ? "[machine]\naccel = $accel\n" : ''));
	my @command = ('qemu-tapwrap', @{ $option{options} // [] }, $path);

	unshift @command, 'setpriv', "--reuid=$nobody", "--regid=$nobody", '--clear-groups'
		if $option{as_nobody};
	my ($status, $out, $err) = run(\@command);
	is(exited($status), 0, 'it starts');
	return $err;
}

must_or_skip(is_real_root(), 'no other user to be');
make_kvm(0600);

my $denied = "qemu-tapwrap: warning: /dev/kvm: Permission denied; the VM will be slow: join the group "
	. "that ls -l /dev/kvm shows, often kvm\n";
is(start_with(undef, as_nobody => 1), $denied, 'default: the cure');
is(start_with('kvm:tcg', as_nobody => 1), $denied, 'kvm:tcg: the cure');
is(start_with('tcg', as_nobody => 1), '', 'tcg: nothing to warn of');
is(start_with('kvm', as_nobody => 1), '', 'kvm alone: QEMU itself refuses');
is(start_with(undef), '', 'who may use it hears nothing');

done_testing();
