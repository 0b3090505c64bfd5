#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# make install-privilege on a system, as an administrator runs it: a member of the group starts a VM
# without sudo, others get the right line, and all of it can be undone.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use World;
use Test::More;

must_or_skip(is_real_root(), 'groups and capabilities need real root');
delete @ENV{qw(MAKEFLAGS MAKELEVEL MFLAGS SANITIZE BUILD)};

# /etc and polkit's actions are copies, and all that make install has put there is in /srv.
run_ok(qw(cp -a /etc /srv/etc.copy));
run_ok(qw(mount --bind /srv/etc.copy /etc));
run_ok(qw(mount -t tmpfs tmpfs /dev/net));
run_ok(qw(mknod -m 666 /dev/net/tun c 10 200));
rmdir '/srv/etc/qemu-tapwrap';
run_ok('useradd', '-M', '-d', '/srv/home', '-u', 4711 + $_, ('member', 'stranger')[$_]) for 0, 1;
run_ok(qw(chown member /srv/home));
install_stub($World::TAP_STUB);

my $helper = '/srv/libexec/qemu-tapwrap-helper';
my @make = ('make', '-s', '-C', "$FindBin::Bin/..",
	qw(PREFIX=/srv sysconfdir=/srv/etc actiondir=/srv/actions GROUP=taps));
my $profile = tap_profile(ifname => 'tap7');
my $before = host_state();

sub everything
{
	return run_ok('sh', '-c', q{cd /srv && find libexec etc actions -printf '%p %m %U:%G %s\n' 2>/dev/null | sort; getcap -r libexec});
}

sub as { my ($user, @command) = @_; return ['setpriv', "--reuid=$user", "--regid=$user", '--init-groups', '--', @command] }

sub refused
{
	my ($name, $command, $wanted) = @_;
	my ($status, $out, $err) = run($command);
	is(exited($status), 77, "$name: status 77");
	is($err, "qemu-tapwrap: $wanted\n", "$name: one line");
	is(host_state(), $before, "$name: nothing changed");
}

my $bare = everything();
my ($status, $out, $err) = run(['setpriv', '--reuid=member', '--regid=member', '--init-groups', '--', @make, 'install-privilege']);
isnt(exited($status), 0, 'as a user');
like($err, qr/^privilege\.sh: only root can do that$/m, 'is refused');
is(everything(), $bare, 'with nothing changed');

($status, $out, $err) = run([@make, 'install-privilege'], before => sub { $ENV{SUDO_USER} = 'member' });
is(exited($status), 0, 'make install-privilege') or diag $err;
is($out, "group taps: made\n/srv/etc/qemu-tapwrap/policy: says what users may do; look at it\n"
	. "/srv/actions/org.qemu-tapwrap.policy: lets pkexec ask for a password on a desktop\n"
	. "$helper: has cap_net_admin, for taps\n"
	. "What remains, for each user: usermod -aG taps member, and log in again.\n"
	. "Then qemu-tapwrap --doctor tells whether all is well.\n", 'says what it did, and what remains');
ok((getgrnam 'taps')[2] < 1000, 'it is a group of the system');

refused('not in the group', as('member', 'qemu-tapwrap', $profile), "$helper is for the group taps, and you are not in it; "
	. 'an administrator can let you in: usermod -aG taps member');
run_ok(qw(usermod -aG taps member));
refused('not logged in again', [qw(setpriv --reuid=member --regid=member --clear-groups -- qemu-tapwrap), $profile],
	"$helper is for the group taps, which you have joined since you logged in; log in again");
refused('a stranger', as('stranger', 'qemu-tapwrap', $profile), "$helper is for the group taps, and you are not in it; "
	. 'an administrator can let you in: usermod -aG taps stranger');

my $pid = start(as('member', 'qemu-tapwrap', $profile));
ok(wait_for(sub { (slurp("/proc/$pid/comm") // '') eq "sleep\n" }), 'a member starts a VM without sudo') or diag slurp("/srv/tmp/$pid.err");
like(run_ok(qw(ip -o addr show dev tap7)), qr{inet 192\.168\.50\.1/24}, 'with its tap');
is(capabilities($pid), join(' ', ('0' x 16) x 4), 'and no capability');
kill 'KILL', $pid;
finish($pid);
state_settles($before, 'which ends with it');

unlike(run_ok(@make, 'install-privilege'), qr/made/, 'once more: the group is there');
my $given = everything();
run_ok(@make, 'install-privilege');
is(everything(), $given, 'and nothing changes');

# ---- what can be in the way --------------------------------------------------------------------------------------

run_ok('mount', '-o', 'remount,nosuid', '/srv');
($status, $out, $err) = run([@make, 'install-privilege']);
isnt(exited($status), 0, 'nosuid: fails');
like($err, qr/^privilege\.sh: \Q$helper\E is on a file system mounted nosuid, where its capability is void$/m, 'nosuid: why');
run_ok('mount', '-o', 'remount,suid', '/srv');

spew('/srv/tmp/tools/setcap', "#!/bin/sh\necho 'Failed to set capabilities: Operation not supported' >&2\nexit 1\n", 0755);
run_ok('setcap', '-r', $helper);
chmod 04755, $helper;
($status, $out, $err) = run([@make, 'install-privilege'], before => sub { $ENV{PATH} = "/srv/tmp/tools:$ENV{PATH}" });
isnt(exited($status), 0, 'no extended attributes: fails');
like($err, qr/^privilege\.sh: \Q$helper\E gets no capability: Failed to set capabilities: Operation not supported$/m, 'why');
like($out, qr/^Without its capability only root, sudo and pkexec make taps\.$/m, 'and what still works');
is(run_ok('stat', '-c', '%G %a', $helper), "taps 750\n", 'and nothing is setuid');

run_ok(qw(chown member /srv/libexec));
($status, $out, $err) = run([@make, 'install-privilege']);
isnt(exited($status), 0, 'a directory of a user: fails');
like($err, qr{^privilege\.sh: /srv/libexec must be a directory of root that nobody else can write to$}m, 'why');
is(run_ok('getcap', $helper), '', 'and gives no capability');
run_ok(qw(chown root /srv/libexec));
chmod 01777, '/srv/libexec';
isnt(exited((run([@make, 'install-privilege']))[0]), 0, 'so does one that is open to all');
chmod 0755, '/srv/libexec';

SKIP: {
	skip 'not Debian', 1 if (run([qw(sh -c), 'command -v dpkg-statoverride']))[0] != 0;
	run_ok(qw(mount -t tmpfs tmpfs /var/lib/dpkg));
	run_ok(qw(dpkg-statoverride --add root adm 0710), $helper);
	like(run_ok(@make, 'install-privilege'), qr/^\Q$helper\E: dpkg-statoverride has it root:adm 710$/m, 'dpkg-statoverride is known');
	is(run_ok('stat', '-c', '%G %a', $helper), "adm 710\n", 'and obeyed');
	is(run_ok('getcap', $helper), "$helper cap_net_admin=p\n", 'with the capability');
	run_ok(@make, 'uninstall-privilege');
	is(run_ok('stat', '-c', '%G %a', $helper), "adm 710\n", 'after the undo, too');
	is(run_ok('getcap', $helper), '', 'without the capability');
	run_ok(qw(dpkg-statoverride --remove), $helper);
}

# ---- undone ------------------------------------------------------------------------------------------------------

run_ok(@make, 'install-privilege');
is(everything(), $given, 'given as at first');
run_ok(@make, 'uninstall-privilege');
is(everything(), $bare, 'make uninstall-privilege: everything is as it was');
refused('without the privilege', as('member', 'qemu-tapwrap', $profile), "$profile:5: [nic \"lan\"] ifname: "
	. 'there is no policy file, so only root may make taps; an administrator can add "allow tap7 192.168.50.0/24" to /srv/etc/qemu-tapwrap/policy');
run_ok(@make, 'install-privilege');
run_ok(@make, 'uninstall');
is(run_ok('sh', '-c', 'ls -d /srv/libexec/* /srv/etc/qemu-tapwrap /srv/actions 2>/dev/null || :'), '', 'make uninstall: nothing is left');

done_testing();
diag("given, hindered in 6 ways, and undone; left behind: 0");
