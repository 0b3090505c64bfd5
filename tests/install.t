#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# make install and make uninstall, with every directory chosen and a DESTDIR with a space in it.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use World;
use Test::More;

delete @ENV{qw(MAKEFLAGS MAKELEVEL MFLAGS SANITIZE BUILD)};
my @make = ('make', '-s', '-C', "$FindBin::Bin/..", 'DESTDIR=/srv/tmp/a b', 'BUILD=/srv/tmp/build',
	qw(PREFIX=/opt/q libexecdir=/opt/q/lib/q sysconfdir=/opt/etc mandir=/opt/man CFLAGS=-O0));

sub installed { return [sort map { s{^/srv/tmp/a b}{}r } split /\n/, run_ok('find', '/srv/tmp/a b', qw(-type f))] }

is((run([@make, 'install'], seconds => 120))[0], 0, 'make install');
is_deeply([grep { !/\.ini$/ } @{ installed() }],
	[qw(/opt/etc/NetworkManager/conf.d/qemu-tapwrap.conf
		/opt/etc/systemd/network/05-qemu-tapwrap.network /opt/man/man1/qemu-tapwrap.1 /opt/q/bin/qemu-tapwrap /opt/q/lib/q/qemu-tapwrap-helper
		/opt/q/lib/q/qemu-tapwrap-inspect)],
	'everything is where it was asked for');
is((stat '/srv/tmp/a b/opt/q/lib/q/qemu-tapwrap-helper')[2] & 07777, 0755, 'nothing is setuid');

my $text = slurp('/srv/tmp/a b/opt/q/bin/qemu-tapwrap');
like($text, qr{/opt/q/lib/q/qemu-tapwrap-helper}, 'the launcher knows its helper');
like(slurp('/srv/tmp/a b/opt/q/lib/q/qemu-tapwrap-helper'), qr{/opt/etc/qemu-tapwrap/policy},
	'and the helper its policy');
unlike($text, qr{/srv/tmp/a b}, 'DESTDIR is not compiled in');

is((run([@make, 'uninstall']))[0], 0, 'make uninstall');
is_deeply(installed(), [], 'nothing is left');

done_testing();
