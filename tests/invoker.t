#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# Root on behalf of a user, through sudo, doas, run0 and pkexec: nothing of the user's is touched as
# root, nothing of root's stays, and what cannot be understood does not end with QEMU as root.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use World;
use Test::More;

our ($UID, @AS_USER);
require "$FindBin::Bin/lib/users.pl";
require "$FindBin::Bin/lib/system-calls.pl";

must_or_skip(is_real_root(), 'other users need real root');
run_ok(qw(cp -a /etc /srv/etc.copy));
run_ok(qw(mount --bind /srv/etc.copy /etc));
set_up_user();
# Another one, and one without a name.
my ($other, $nameless) = ($UID + 1, $UID + 2);
spew('/etc/passwd', slurp('/etc/passwd') . "other:x:$other:$other\::/srv/tmp:/bin/sh\n", 0644);
spew('/srv/etc/qemu-tapwrap/policy', "# nothing\n", 0644);
# In QEMU's place: writes down who it is. As a program, since a shell drops what is left of root.
install_stub("#!/bin/sh\ncat /proc/self/status\nenv\numask\nprintf 'end\\n'\n");
my $profile = tap_profile();
chmod 0644, $profile;
my $before = host_state();
my ($cases, $none) = (0, '0' x 16);

sub with_environment
{
	my ($environment, @command) = @_;
	$cases++;
	return run(['env', (map { "$_=$environment->{$_}" } sort keys %$environment), @command]);
}

sub becomes
{
	my ($name, $uid, $gid, $groups, $environment, @command) = @_;
	@command = ('qemu-tapwrap', $profile) if !@command;
	my ($status, $out, $err) = with_environment($environment, @command);
	is(exited($status), 0, "$name: runs") or diag $err;
	like($out, qr/^Uid:\t$uid\t$uid\t$uid\t$uid\nGid:\t$gid\t$gid\t$gid\t$gid$/m, "$name: user and group, real and saved");
	like($out, qr/^Groups:\t$groups *$/m, "$name: no group of root's");
	# What is only inheritable is of no use without a file that has it.
	like($out, qr/^CapPrm:\t$none\nCapEff:\t$none\n.*^CapAmb:\t$none\n/ms, "$name: no capability") if $uid;
	like($out, qr/^CapInh:\t$none$/m, "$name: not even an inheritable one") if $uid && %$environment;
	state_settles($before, "$name: leaves nothing");
	return $out;
}

sub refused
{
	my ($name, $environment, $wanted) = @_;
	my ($status, $out, $err) = with_environment($environment, 'qemu-tapwrap', $profile);
	is(exited($status), 77, "$name: status 77");
	is("$out$err", "qemu-tapwrap: $wanted\n", "$name: one line, and no QEMU");
	is(host_state(), $before, "$name: nothing changed");
}

# ---- who it is -----------------------------------------------------------------------------------------------

my @user = ($UID, $UID, $UID);
my %sudo = (SUDO_UID => $UID, SUDO_GID => $UID, SUDO_USER => 'tester');
mkdir '/srv/roots', 0700;
my $all = becomes('sudo, run0', @user, { %sudo, HOME => '/srv/roots', XDG_CONFIG_HOME => '/srv/roots/.config',
	XDG_STATE_HOME => '/srv/home/.state', XDG_RUNTIME_DIR => '/srv/run', USER => 'root', LOGNAME => 'root' });
like($all, qr{^HOME=/srv/home$}m, "HOME is the user's");
like($all, qr{^$_=tester$}m, "so is $_") for qw(USER LOGNAME);
unlike($all, qr{^XDG_CONFIG_HOME=}m, "a directory of root's is forgotten");
unlike($all, qr{^XDG_RUNTIME_DIR=}m, 'another one, too');
like($all, qr{^XDG_STATE_HOME=/srv/home/\.state$}m, 'one that is still to be made is not');
like($all, qr{^SUDO_UID=$UID$}m, 'what sudo says stays');
becomes('pkexec', @user, { PKEXEC_UID => $UID });
becomes('doas', @user, { DOAS_USER => 'tester' });
becomes('with groups of its own', $UID, $UID, $UID, \%sudo, 'setpriv', '--groups', '0,1,2', 'qemu-tapwrap', $profile);
becomes('with inheritable capabilities', @user, \%sudo, 'setpriv', '--inh-caps', '+net_admin,+sys_admin', 'qemu-tapwrap', $profile);
becomes('with ambient ones', @user, \%sudo,
	qw(setpriv --inh-caps +net_admin --ambient-caps +net_admin qemu-tapwrap), $profile);
becomes('with securebits that keep them', @user, \%sudo, qw(setpriv --securebits=+no_setuid_fixup qemu-tapwrap), $profile);
becomes('sudo in pkexec, as root', @user, { PKEXEC_UID => $UID, SUDO_UID => 0, SUDO_GID => 0 });
becomes('pkexec in sudo', @user, { %sudo, PKEXEC_UID => $UID });
becomes('pkexec in sudo, as root', @user, { %sudo, PKEXEC_UID => 0 });
like(becomes('sudo, nobody in passwd', $nameless, 77, 77, { SUDO_UID => $nameless, SUDO_GID => 77, HOME => '/srv/roots', USER => 'root' }),
	qr{^HOME=/$}m, "HOME is nobody's");
SKIP: {
	skip 'no doas here', 4 if (run(['sh', '-c', 'command -v doas']))[0] != 0;
	spew('/etc/shadow', slurp('/etc/shadow') . "tester:*:19000:0:99999:7:::\n");
	spew('/etc/doas.conf', "permit nopass setenv { PATH=/srv/bin:/usr/bin:/bin } tester as root\n", 0600);
	like(becomes('the real doas', @user, {}, @AS_USER, qw(doas qemu-tapwrap), $profile), qr{^HOME=/srv/home$}m, 'with that HOME');
}
# Root itself, and a user who is told something.
like(becomes('root through sudo', 0, 0, '0', { SUDO_UID => 0, SUDO_GID => 0, SUDO_USER => 'root' }, qw(setpriv --groups 0 qemu-tapwrap), $profile),
	qr/^CapEff:\t(?!$none)/m, 'is root');
becomes('root through doas', 0, 0, '0', { DOAS_USER => 'root' }, qw(setpriv --groups 0 qemu-tapwrap), $profile);
becomes('empty ones', 0, 0, '0', { SUDO_UID => '', DOAS_USER => '' }, qw(setpriv --groups 0 qemu-tapwrap), $profile);
spew('/srv/etc/qemu-tapwrap/policy', "allow tap* 192.168.50.0/24\n", 0644);
run_ok(qw(setcap cap_net_admin=p /srv/libexec/qemu-tapwrap-helper));
becomes('sudo -u: a user is that user', $other, $other, '', \%sudo,
	'setpriv', "--reuid=$other", "--regid=$other", qw(--clear-groups -- qemu-tapwrap), $profile);
run_ok(qw(setcap -r /srv/libexec/qemu-tapwrap-helper));
becomes('a user with ambient capabilities', $UID, $UID, '', {}, 'setpriv', "--reuid=$UID", "--regid=$UID",
	qw(--clear-groups --inh-caps +net_admin --ambient-caps +net_admin -- qemu-tapwrap), $profile);

# ---- who cannot be told ---------------------------------------------------------------------------------------

my $as_root = 'without it, QEMU would run as root';
for my $garbage ('tester', '-1', '4711x', '4294967295', '99999999999999999999', ' 4711', '0x10', '+5') {
	refused("SUDO_UID '$garbage'", { %sudo, SUDO_UID => $garbage }, "SUDO_UID is '$garbage', not a user's number; $as_root");
}
refused('PKEXEC_UID', { PKEXEC_UID => 'root' }, "PKEXEC_UID is 'root', not a user's number; $as_root");
refused('DOAS_USER', { DOAS_USER => 'nosuchuser' }, "DOAS_USER is 'nosuchuser', a user unknown here; $as_root");
refused('two of them', { %sudo, PKEXEC_UID => $other }, "PKEXEC_UID is '$other', but SUDO_UID another user; $as_root");
refused('two others', { %sudo, DOAS_USER => 'other' }, "DOAS_USER is 'other', but SUDO_UID another user; $as_root");
{
	my ($status, $out, $err) = with_environment({ SUDO_UID => $nameless }, 'qemu-tapwrap', $profile);
	is(exited($status), 71, 'nobody in passwd, and no group: status 71');
	is("$out$err", "qemu-tapwrap: user $nameless, who started this as root, is unknown here\n", 'and why');
	($status, $out, $err) = with_environment({ SUDO_UID => $nameless, SUDO_GID => 0 }, 'qemu-tapwrap', $profile);
	is(exited($status), 71, "nobody in passwd, and root's group: status 71");
}
run_ok(qw(cp /srv/bin/qemu-tapwrap /srv/bin/setuid));
chmod 04755, '/srv/bin/setuid';
{
	my ($status, $out, $err) = with_environment({}, @AS_USER, '/srv/bin/setuid', $profile);
	is(exited($status), 77, 'setuid: status 77');
	is("$out$err", "qemu-tapwrap: qemu-tapwrap must not be setuid or setgid; only the helper has a privilege\n", 'and why');
}
# ---- what is touched as root -----------------------------------------------------------------------------------

SKIP: {
	skip 'no tracing here', 1 if !can_trace() || sanitized();
	my $home = '/srv/home';
	spew("$home/.config/qemu-tapwrap/mine.ini", "[vm]\nname = mine\ninclude = part.ini\n[nic \"lan\"]\nifname = tap0\n");
	spew("$home/.config/qemu-tapwrap/part.ini", "[machine]\naccel = tcg\n");
	run_ok(qw(chown -R), $UID, $home);
	# What libraries would read, and a sudo that keeps the environment lets through.
	my %kept = (HOME => $home, XDG_CONFIG_HOME => "$home/.config", XDG_RUNTIME_DIR => $home, LANG => 'de_DE.UTF-8',
		map { $_ => "$home/trap" } qw(LOCPATH NLSPATH CHARSETALIASDIR GCONV_PATH TZ TZDIR HOSTALIASES XDG_DATA_HOME XDG_CACHE_HOME
			XDG_STATE_HOME TMPDIR GIO_MODULE_DIR GSETTINGS_SCHEMA_DIR));
	for my $way (['sudo', %sudo], ['sudo -E', %sudo, %kept],
		['pkexec', PKEXEC_UID => $UID], ['doas', DOAS_USER => 'tester']) {
		my ($name, %environment) = @$way;
		for my $verb ([], ['--check'], ['--dry-run']) {
			my ($status) = with_environment(\%environment, qw(strace -qq -s 200 -o /srv/tmp/trace qemu-tapwrap), @$verb, 'mine');
			# The launcher alone: without -f no call is split into two lines.
			my @lines = split /\n/, slurp('/srv/tmp/trace');
			my ($set) = grep { $lines[$_] =~ /^setresuid\($UID, $UID, $UID\) += 0/ } 0 .. $#lines;
			ok($set, "$name @$verb: becomes the user") or next;
			my ($groups, $gid) = map { my $call = $_; (grep { $lines[$_] =~ /^$call\(/ } 0 .. $#lines)[0] // 9e9 }
				qw(setgroups setresgid);
			ok($groups < $gid && $gid < $set, "$name @$verb: groups, group, user");
			my @early = grep { m{"$home} && !/execve/ } @lines[0 .. $set];
			is_deeply(\@early, [], "$name @$verb: nothing of the user's is touched before");
			my %late = map { m{open.*"$home/\.config/qemu-tapwrap/(mine|part)\.ini".* = \d} ? ($1 => 1) : () } @lines[$set .. $#lines];
			is_deeply(\%late, { mine => 1, part => 1 }, "$name @$verb: profile and include are, after");
		}
	}
}

done_testing();
diag("ways to be root: $cases; QEMU as root without having asked for it: 0");
