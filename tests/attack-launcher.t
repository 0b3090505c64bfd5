#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# Attacks through the launcher: as a user, and as a user whom sudo allows this one program as root. What
# the profile, the environment and $PATH choose is opened, written and run as that user, never as root.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use World;
use Test::More;

our ($UID, @AS_USER, $OTHER, $HELPER, $POLICY, $ADD);
require "$FindBin::Bin/lib/$_.pl" for qw(users taps attack);

make_host();
# sudo would ask for names there, and wait.
ip_batch('route del default');
remember_host();
for (['shadow', "tester:*:19000:0:99999:7:::\n", 0640], ['sudoers', '', 0440]) {
	my ($file, $line, $mode) = @$_;
	spew("/srv/$file", $file eq 'sudoers' ? "Defaults secure_path=/srv/bin:/usr/sbin:/usr/bin:/sbin:/bin\n"
		. "tester ALL=(root) NOPASSWD: /srv/bin/qemu-tapwrap\n" : slurp("/etc/$file") . $line, $mode);
	run_ok('mount', '--bind', "/srv/$file", "/etc/$file");
}
set_up_helper('allow tap* 192.168.48.0/21');
my $secret = 'the-secret-line';
spew('/srv/secret', "$secret = 1\n", 0600);
spew('/srv/roots', "untouched\n", 0644);

# In QEMU's place: says who it is and what it has.
my $teller = "#!/bin/sh\nid -u > /srv/tmp/who.\$\$; grep -h Cap /proc/self/status >> /srv/tmp/who.\$\$\n"
	. "echo evil >> /srv/roots\necho evil > /srv/etc/evil\ncat /srv/secret\nexit 0\n";
install_stub($teller);
spew('/srv/home/evil/qemu-system-x86_64', $teller, 0755);

my @sudo = (@AS_USER, qw(sudo -n qemu-tapwrap));
my $profiles = 0;

# A profile of the user's with a tap that the user may have.
sub users_profile
{
	my ($more, $name) = @_;
	my $path = '/srv/home/' . ($name // 'evil' . ++$profiles) . '.ini';
	spew($path, "[vm]\nname = evil\n[nic \"lan\"]\nifname = tap0\naddress = 192.168.50.1/24\n[machine]\naccel = tcg\n" . ($more // ''));
	chown $UID, $UID, $path;
	return $path;
}

# Whatever came of it: nothing was done, and nothing told, that the user could not.
sub only_as_user
{
	my ($name, @command) = @_;
	unlink glob '/srv/tmp/who.*';
	my ($status, $out, $err) = run([@command], seconds => 20);
	my @who = map { slurp($_) } glob '/srv/tmp/who.*';
	my @wrong = grep { !/\A$UID\n(?:Cap(?:Inh|Prm|Eff|Amb):\t0+\n|CapBnd.*\n)+\z/ } @who;
	push @wrong, 'the secret was told' if "$out$err" =~ /\Q$secret\E/;
	push @wrong, 'a file of root\'s was changed' if slurp('/srv/roots') ne "untouched\n";
	push @wrong, 'a file was made: ' . join ' ', glob '/srv/etc/evil*' if glob '/srv/etc/evil*';
	unlink glob '/srv/etc/evil*';
	spew('/srv/roots', "untouched\n");
	return attack_fails($name, !@wrong, join("\n", @wrong, $err));
}
sub ran { return scalar(() = glob '/srv/tmp/who.*') }

only_as_user('sudo', @sudo, users_profile());
is(ran(), 1, 'sudo: it has run, as the user');

# ---- files ------------------------------------------------------------------------------------------------

only_as_user("sudo: $_->[0]", @sudo, $_->[1]) for ['a profile that only root can read', '/srv/secret'], ['/etc/shadow as the profile', '/etc/shadow'];
{
	symlink '/srv/secret', '/srv/home/link.ini';
	only_as_user('sudo: a link to one', @sudo, '/srv/home/link.ini');
	only_as_user('sudo: one by way of /proc', @sudo, '/proc/self/root/srv/secret');
	chmod 0700, '/srv/home';
}
command_fails('sudo: what it says of one', 66, 'qemu-tapwrap: /srv/secret: Permission denied', @sudo, '/srv/secret');
only_as_user("sudo: $_->[0]", @sudo, @{ $_->[2] // [] }, users_profile($_->[1]))
	for ['a disk that only root can read', "[disk \"a\"]\nfile = /srv/secret\nformat = raw\n"],
	['a disk to be made where only root can write', "[disk \"a\"]\nfile = /srv/etc/evil.qcow2\nsize = 1M\n"], ['a serial line to a file of root\'s', "[serial \"0\"]\ntype = file\npath = /srv/roots\n"],
	['a socket where only root can make one', "[monitor]\nqmp = /srv/etc/evil.sock\n"], ['a log where only root can write', '', ['--set', 'qemu.args=-D /srv/etc/evil.log']],
	['another program in QEMU\'s place', "[qemu]\nbinary = /srv/home/evil/qemu-system-x86_64\n"], ['another program, by --set', '', ['--set', 'qemu.binary=/srv/home/evil/qemu-system-x86_64']],
	['a program of root\'s', "[qemu]\nbinary = /usr/bin/id\n"], ['arguments that start programs', "[qemu]\nargs = -incoming exec:/srv/home/evil/qemu-system-x86_64\n"],
	['hooks', "[hooks]\n" . join '', map { "$_ = /srv/home/evil/qemu-system-x86_64\n" } qw(pre-start post-stop)];
is(ran(), 3, 'sudo: the hooks have run, as the user');
{
	spew('/srv/home/include.ini', "[vm]\ninclude = /srv/secret\n");
	chown $UID, $UID, '/srv/home/include.ini';
	only_as_user('sudo: an include of what only root can read, alone', @sudo, '/srv/home/include.ini');
	only_as_user('sudo: --check of it', @AS_USER, qw(sudo -n qemu-tapwrap --check /srv/home/include.ini));
	only_as_user('sudo: --dry-run of it', @AS_USER, qw(sudo -n qemu-tapwrap --dry-run /srv/home/include.ini));
	only_as_user('sudo: --check of a secret', @AS_USER, qw(sudo -n qemu-tapwrap --check /srv/secret));
	only_as_user('sudo: --set of a file', @sudo, '--set', 'vm.include=/srv/secret', users_profile());
}
chmod 0755, '/srv/home';

# ---- who is asked for, and the environment ----------------------------------------------------------------------

my $profile = users_profile();
only_as_user("sudo: \$$_->[0] of the user's", @AS_USER, 'env', "$_->[0]=$_->[1]", qw(sudo -n qemu-tapwrap), $profile)
	for ['SUDO_UID', 0], ['SUDO_UID', $OTHER], ['PKEXEC_UID', 0], ['SUDO_USER', 'root'], ['HOME', '/root'], ['XDG_RUNTIME_DIR', '/run'], ['XDG_CONFIG_HOME', '/root'],
	['LD_PRELOAD', '/srv/tmp/x.so'], ['GIO_MODULE_DIR', '/srv/tmp'], ['G_MESSAGES_DEBUG', 'all'], ['PATH', "/srv/home/evil:$ENV{PATH}"], ['QEMU_TAPWRAP_PROFILE', '/srv/secret'];
only_as_user("sudo: with $_", @AS_USER, qw(sudo -n), $_, 'qemu-tapwrap', $profile) for qw(SUDO_UID=0 SUDO_UID=4712 PKEXEC_UID=0 SUDO_UID= SUDO_UID=-1 SUDO_UID=4294967295 HOME=/root PATH=/srv/home/evil LD_PRELOAD=/srv/tmp/x.so);
only_as_user('sudo: all of the environment kept', @AS_USER, qw(env SUDO_UID=0 sudo -n -E qemu-tapwrap), $profile);
only_as_user('sudo: as another user', @AS_USER, qw(sudo -n -u), "#$OTHER", 'qemu-tapwrap', $profile);
only_as_user('sudo: --rootless', @AS_USER, qw(sudo -n qemu-tapwrap --rootless), $profile);
only_as_user('sudo: the helper alone', @AS_USER, qw(sudo -n), $HELPER);
only_as_user('sudo: inspect alone', @AS_USER, qw(sudo -n /srv/libexec/qemu-tapwrap-inspect --check), $profile);

# Without sudo its variables mean nothing.
my $refused = qr/qemu-tapwrap: \S+:\d+: \[nic "lan"\] address: \Q$ADD\E "allow tap0 10\.0\.0\.0\/24" to \S+/;
my $outside = tap_profile(address => '10.0.0.1/24');
command_fails("a user with \$$_->[0]=$_->[1]", 77, $refused, @AS_USER, 'env', "$_->[0]=$_->[1]", 'qemu-tapwrap', $outside) for ['SUDO_UID', 0], ['SUDO_UID', $OTHER], ['PKEXEC_UID', 0], ['SUDO_UID', $UID];
command_fails('a user with --force', 77, $refused, @AS_USER, qw(qemu-tapwrap --force), $outside);
only_as_user('a user with a hostile QEMU in front', @AS_USER, 'env', "PATH=/srv/home/evil:$ENV{PATH}", 'qemu-tapwrap', $profile);
{
	mkdir '/srv/tmp/others', 0777;
	chown $OTHER, $OTHER, '/srv/tmp/others';
	chmod 0777, '/srv/tmp/others';
	symlink '/srv/tmp/others', '/srv/tmp/others-link';
	for my $directory ('/srv/tmp/others', '/srv/tmp/others-link', '/', '../..') {
		only_as_user("a user with \$XDG_RUNTIME_DIR=$directory", @AS_USER, 'env', "XDG_RUNTIME_DIR=$directory", 'qemu-tapwrap', users_profile("[monitor]\nqmp = \${run_dir}/qmp.sock\n"));
		ok(!-e "$directory/qemu-tapwrap", '... where nothing is made');
	}
}

# ---- the launcher between root and the user -----------------------------------------------------------------------

# The PIDs below @_ whose program is $name.
sub below
{
	my ($name, @pids) = @_;
	my @children = map { children_of($_) } @pids;
	return @children ? ((grep { (slurp("/proc/$_/comm") // '') eq "$name\n" } @children), below($name, @children)) : ();
}
# It has become the user, and its helper is still root's: stopped there, if it is caught.
sub reach_it
{
	my ($comm, @command) = @_;
	my ($caught, @reached) = (0);
	for (1 .. (thorough() ? 200 : 12)) {
		my $pid = start([@sudo, @command]);
		my $process;
		wait_for(sub { ($process) = grep { slurp("/proc/$_/status") =~ /^Uid:\t$UID\t$UID\t$UID/m } below($comm, $pid); $process || !-d "/proc/$pid/fd" }, 3);
		if ($process && (run([@AS_USER, 'kill', '-STOP', $process]))[0] == 0) {
			my $is_it = sub { (slurp("/proc/$process/comm") // '') eq "$comm\n" };
			my $was_it = $is_it->();
			my $reached = $was_it ? (run([@AS_USER, 'reach', $process]))[1] : '';
			$caught++ if $was_it;
			push @reached, $reached if $reached && $is_it->();
			kill 'CONT', $process;
		}
		# A sudo whose command stops stops, too.
		wait_for(sub { kill 'CONT', $pid; (slurp("/proc/$pid/stat") // ' Z ') =~ / Z / }, 5);
		finish($pid);
	}
	attack_fails("sudo: reach $comm that was root, caught $caught times", !@reached, "@reached");
}
reach_it('qemu-tapwrap', $profile);
reach_it('qemu-tapwrap-in', '--check', $profile) if !sanitized();

wait_for(sub { !processes() }, 5);
attack_fails('in the end: no process is left', !processes(), join "\n", processes());

done_attacking();
