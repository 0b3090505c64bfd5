#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# make install, install-privilege and what undoes them, with every directory chosen and a DESTDIR with a
# space in it, as packages are made.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use World;
use Test::More;

delete @ENV{qw(MAKEFLAGS MAKELEVEL MFLAGS SANITIZE BUILD)};
my @make = ('make', '-s', '-C', "$FindBin::Bin/..", 'DESTDIR=/srv/tmp/a b', 'BUILD=/srv/tmp/build',
	qw(PREFIX=/opt/q libexecdir=/opt/q/lib/q sysconfdir=/opt/etc mandir=/opt/man actiondir=/opt/polkit-1/actions CFLAGS=-O0));

sub installed { return [sort map { s{^/srv/tmp/a b}{}r } split /\n/, run_ok('find', '/srv/tmp/a b', qw(-type f))] }

is((run([@make, 'install'], seconds => 120))[0], 0, 'make install');
is_deeply([grep { !/\.ini$/ } @{ installed() }],
	[qw(/opt/etc/NetworkManager/conf.d/qemu-tapwrap.conf
		/opt/etc/systemd/network/05-qemu-tapwrap.network /opt/man/man1/qemu-tapwrap.1 /opt/q/bin/qemu-tapwrap
		/opt/q/lib/q/qemu-tapwrap-control /opt/q/lib/q/qemu-tapwrap-helper /opt/q/lib/q/qemu-tapwrap-inspect
		/opt/q/lib/systemd/system/qemu-tapwrap@.service /opt/q/lib/systemd/user/qemu-tapwrap@.service
		/opt/q/lib/sysusers.d/qemu-tapwrap.conf /opt/q/share/bash-completion/completions/qemu-tapwrap
		/opt/q/share/fish/vendor_completions.d/qemu-tapwrap.fish /opt/q/share/zsh/site-functions/_qemu-tapwrap)],
	'everything is where it was asked for');
is((stat '/srv/tmp/a b/opt/q/lib/q/qemu-tapwrap-helper')[2] & 07777, 0755, 'nothing is setuid');

my $text = slurp('/srv/tmp/a b/opt/q/bin/qemu-tapwrap');
like($text, qr{/opt/q/lib/q/qemu-tapwrap-helper}, 'the launcher knows its helper');
like(slurp('/srv/tmp/a b/opt/q/lib/q/qemu-tapwrap-helper'), qr{/opt/etc/qemu-tapwrap/policy},
	'and the helper its policy');
unlike($text, qr{/srv/tmp/a b}, 'DESTDIR is not compiled in');
my %unit = map { $_ => slurp("/srv/tmp/a b/opt/q/lib/systemd/$_/qemu-tapwrap\@.service") } qw(user system);
like($unit{user}, qr{^ExecStart=/opt/q/bin/qemu-tapwrap %i$}m, 'the unit of a user knows the launcher');
like($unit{system}, qr{^ExecStart=/opt/q/bin/qemu-tapwrap /opt/etc/qemu-tapwrap/%i\.ini$}m, 'and that of the system where profiles are');
unlike($unit{user} . $unit{system}, qr{/srv/|@\w+@}, 'nor is it in a unit, nor a gap');


# ---- the privilege --------------------------------------------------------------------------------------------

my $helper = '/srv/tmp/a b/opt/q/lib/q/qemu-tapwrap-helper';

# Every file and directory: path, mode, owner, group, size, capability.
sub everything
{
	return run_ok('sh', '-c', q{cd "/srv/tmp/a b" && find . -printf '%p %m %U:%G %s\n' | sort && getcap -r .});
}

sub make_ok
{
	my ($name, @command) = @_;
	my ($status, $out, $err) = run(\@command);
	is($status, 0, $name) or diag $out, $err;
	return $out;
}

my $bare = everything();
my $users = "$FindBin::Bin/../platform/linux/policy";
SKIP: {
	skip 'giving files to a group needs real root', 1 if !is_real_root();
	my $out = make_ok('make install-privilege', @make, qw(install-privilege GROUP=adm));
	like($out, qr{^/opt/q/lib/q/qemu-tapwrap-helper: has cap_net_admin, for adm$}m, 'says what it did');
	is(run_ok('stat', '-c', '%U:%G %a', $helper), "root:adm 750\n", 'the helper is for the group');
	is(run_ok('getcap', $helper), "$helper cap_net_admin=p\n", 'it has the capability');
	is(slurp('/srv/tmp/a b/opt/etc/qemu-tapwrap/policy'), slurp($users), 'there is a policy');
	is(run_ok('stat', '-c', '%U %a', map { "/srv/tmp/a b/opt/etc/qemu-tapwrap$_" } '', '/policy'), "root 755\nroot 644\n",
		'only root can write to it');
	my $action = slurp('/srv/tmp/a b/opt/polkit-1/actions/org.qemu-tapwrap.policy');
	like($action, qr{exec\.path">/opt/q/lib/q/qemu-tapwrap-helper</annotate>}, 'the action is for this helper alone');
	unlike($action, qr{@}, 'and has no gap');
	my $given = everything();
	make_ok('once more', @make, qw(install-privilege GROUP=adm));
	is(everything(), $given, 'changes nothing');

	make_ok('for DHCP, too', @make, qw(install-privilege GROUP=adm DHCP=1));
	is(run_ok('getcap', $helper), "$helper cap_net_bind_service,cap_net_admin,cap_net_raw=p\n", 'all three capabilities');
	spew('/srv/tmp/a b/opt/etc/qemu-tapwrap/policy', "# my own\n");
	like(make_ok('with a policy of the administrator', @make, qw(install-privilege GROUP=adm)),
		qr{^/opt/etc/qemu-tapwrap/policy: kept as it is$}m, 'which is said');
	like(make_ok('make uninstall-privilege', @make, 'uninstall-privilege'),
		qr{^/opt/etc/qemu-tapwrap/policy: is not as it was installed, so it stays$}m, 'that, too');
	is(slurp('/srv/tmp/a b/opt/etc/qemu-tapwrap/policy'), "# my own\n", 'it is still there');
	run_ok('cp', $users, '/srv/tmp/a b/opt/etc/qemu-tapwrap/policy');
	make_ok('make uninstall-privilege', @make, 'uninstall-privilege');
	is(everything(), $bare, 'everything is as it was');
	make_ok('once more', @make, 'uninstall-privilege');
	is(everything(), $bare, 'still so');

	# Who cannot give files away makes a package all the same.
	$out = make_ok('a group that is not there', @make, qw(install-privilege GROUP=nosuchgroup));
	like($out, qr{^\tchown root:nosuchgroup /opt/q/lib/q/qemu-tapwrap-helper$}m, "what the package's script has to do");
	is(run_ok('stat', '-c', '%U:%G %a', $helper), "root:root 755\n", 'the helper is as it was');
	run_ok(qw(chown -R 4711), '/srv/tmp/a b');
	$out = make_ok('as a user', qw(setpriv --reuid=4711 --regid=4711 --clear-groups --), @make, qw(install-privilege DHCP=1));
	like($out, qr{^\tsetcap cap_net_admin,cap_net_bind_service,cap_net_raw=p /opt/q}m, 'likewise');
	run_ok(qw(chown -R 0), '/srv/tmp/a b');
	make_ok('undone', @make, 'uninstall-privilege');
	is(everything(), $bare, 'everything is as it was');
	make_ok('given again', @make, qw(install-privilege GROUP=adm));
}

is((run([@make, 'uninstall']))[0], 0, 'make uninstall');
is_deeply(installed(), [], 'nothing is left, of the privilege neither');

done_testing();
diag("installed, given a privilege in 6 ways, and undone; left behind: 0");
