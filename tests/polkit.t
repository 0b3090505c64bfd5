#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# A start from a desktop, where the helper has no capability for this user and nobody can type sudo:
# pkexec asks, with a real polkitd; the policy applies to what it started; a refusal is one line.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use World;
use Test::More;
use Time::HiRes qw(sleep);

our ($UID, @AS_USER, $DHCP_KEYS);
require "$FindBin::Bin/lib/users.pl";
require "$FindBin::Bin/lib/pty.pl";
require "$FindBin::Bin/lib/taps.pl";
require "$FindBin::Bin/lib/dhcp.pl";

must_or_skip(is_real_root(), 'a setuid program and other users need real root');
must_or_skip(-x '/usr/bin/pkexec', 'no pkexec: see platform/linux/packages.sh');
set_up_user();

# ---- polkit ----------------------------------------------------------------------------------------------------

# Who answers for the administrator has this password.
my ($admin, $password) = ($UID + 1, 'correct horse');
spew('/etc/passwd', slurp('/etc/passwd') . "boss:x:$admin:$admin\::/srv/tmp:/bin/sh\n", 0644);
spew('/srv/shadow', slurp('/etc/shadow') . 'boss:' . crypt($password, '$6$saltsalt$') . ":19000:0:99999:7:::\n"
	. "tester:*:19000:0:99999:7:::\n", 0640);
run_ok(qw(mount --bind /srv/shadow /etc/shadow));
my $actions = '/usr/share/polkit-1/actions';
run_ok('cp', '-a', $actions, '/srv/actions');
run_ok('mount', '--bind', '/srv/actions', $actions);
run_ok(qw(mount -t tmpfs tmpfs /run));
run_ok(qw(mount -t tmpfs tmpfs /etc/polkit-1/rules.d));
mkdir '/run/dbus';
delete @ENV{qw(MAKEFLAGS MAKELEVEL MFLAGS SANITIZE BUILD)};
run_ok('make', '-s', '-C', "$FindBin::Bin/..", qw(PREFIX=/srv sysconfdir=/srv/etc GROUP=daemon install-privilege));

my (@daemons, $polkitd);
sub start_polkit
{
	my ($result) = @_;
	stop_polkit();
	spew('/etc/polkit-1/rules.d/00-test.rules', <<"END", 0644);
polkit.addAdminRule(function(action, subject) { return ["unix-user:boss"]; });
polkit.addRule(function(action, subject) {
	if (action.id == "org.qemu-tapwrap.helper" && subject.user == "tester") return polkit.Result.$result;
});
END
	$daemons[0] = start([qw(dbus-daemon --system --nofork --nopidfile)]);
	wait_for(sub { -S '/run/dbus/system_bus_socket' });
	$daemons[1] = start([$polkitd, '--no-debug']);
	wait_for(sub { (run([qw(dbus-send --system --print-reply --dest=org.freedesktop.DBus / ),
		'org.freedesktop.DBus.GetNameOwner', 'string:org.freedesktop.PolicyKit1']))[0] == 0 });
}

sub stop_polkit
{
	for (reverse @daemons) { kill 'KILL', $_; finish($_) }
	@daemons = ();
	unlink '/run/dbus/system_bus_socket';
}

($polkitd) = ((grep { -x } qw(/usr/lib/polkit-1/polkitd /usr/libexec/polkitd /usr/lib/polkitd)), 'polkitd');

# ---- the launcher, as a desktop starts it ----------------------------------------------------------------------------

my $helper = '/srv/libexec/qemu-tapwrap-helper';
my $policy = '/srv/etc/qemu-tapwrap/policy';
my @desktop = (@AS_USER, 'setsid', 'env', 'DISPLAY=:0');
my $profile = tap_profile();
my $not_in = "$helper is for the group daemon, and you are not in it; an administrator can let you in: usermod -aG daemon tester";
my $for_good = 'an administrator can give it to the helper for good: make install-privilege';
my ($starts, $refusals) = (0, 0);
sub allow { spew($policy, join('', map { "$_\n" } @_), 0644) }
allow('allow tap* 192.168.48.0/21');
install_stub($World::TAP_STUB);
my $before = host_state();

sub runs
{
	my ($name, $pid) = @_;
	$starts++;
	ok(wait_for(sub { (slurp("/proc/$pid/comm") // '') eq "sleep\n" }), "$name: runs") or diag slurp("/srv/tmp/$pid.err");
	like(slurp("/proc/$pid/status"), qr/^Uid:\t$UID\t$UID\t$UID\t$UID$/m, "$name: as the user");
	is(capabilities($pid), join(' ', ('0' x 16) x 4), "$name: without any capability");
	like(run_ok(qw(ip -d link show tap0)), qr/persist off user tester/, "$name: the tap is the user's");
	my $open = descriptors($pid);
	is_deeply([map { $open->{$_} } grep { $_ > 2 } keys %$open], ['/dev/net/tun'], "$name: the tap is all it has inherited");
	kill 'KILL', $pid;
	finish($pid);
	state_settles($before, "$name: leaves nothing");
}

sub refused
{
	my ($name, $command, $wanted_status, $wanted) = @_;
	$refusals++;
	my $as_it_was = host_state();
	my ($status, $out, $err) = run($command);
	is(exited($status), $wanted_status, "$name: status $wanted_status");
	is($err =~ s/^qemu-tapwrap: (?:\S+\.ini:\d+: )?//r, "$wanted\n", "$name: one line");
	is(host_state(), $as_it_was, "$name: nothing changed");
}

# ---- yes and no --------------------------------------------------------------------------------------------------

start_polkit('YES');
runs('yes, not in the group', start([@desktop, 'qemu-tapwrap', $profile]));
runs('yes, Wayland', start([@AS_USER, qw(setsid env WAYLAND_DISPLAY=wayland-0 qemu-tapwrap), $profile]));
chmod 0755, $helper;
run_ok('setcap', '-r', $helper);
runs('yes, no capability', start([@desktop, 'qemu-tapwrap', $profile]));
run_ok('setcap', 'cap_net_raw=p', $helper);
runs('yes, another capability', start([@desktop, 'qemu-tapwrap', $profile]));
run_ok('setcap', 'cap_net_admin=p', $helper);
SKIP: {
	skip 'no dnsmasq here', 3 if !find_dnsmasq();
	allow('allow tap* 192.168.48.0/21 dhcp');
	my $pid = start([@desktop, 'qemu-tapwrap', tap_profile(more => $DHCP_KEYS)]);
	ok(wait_for(sub { (slurp("/proc/$pid/comm") // '') eq "sleep\n" && servers() }),
		'yes, DHCP takes more than the capability: runs') or diag slurp("/srv/tmp/$pid.err");
	my ($dnsmasq) = servers();
	like(slurp("/proc/$dnsmasq/status"), qr/^Uid:\t$UID\t$UID\t$UID\t$UID$/m, "DHCP: the server is the user's");
	kill 'KILL', $pid;
	finish($pid);
	ok(wait_for(sub { !servers() }), 'DHCP: it ends with the VM');
	state_settles($before, 'DHCP: leaves nothing');
	allow('allow tap* 192.168.48.0/21');
}
run_ok('mount', '-o', 'remount,nosuid', '/srv');
runs('yes, nosuid', start([@desktop, 'qemu-tapwrap', $profile]));
run_ok('mount', '-o', 'remount,suid', '/srv');
run_ok('setcap', '-r', $helper);

my ($status, $out, $err) = run([@desktop, qw(qemu-tapwrap --check), $profile]);
like($out, qr/^note: helper: a dialog of pkexec will ask for an administrator's password$/m, '--check says so, and does not ask');

# Root's helper, but not root's wish.
my $add = 'the policy does not allow it; an administrator can add';
refused('outside of the policy', [@desktop, 'qemu-tapwrap', tap_profile(address => '10.20.30.1/24')], 77,
	"[nic \"lan\"] address: $add \"allow tap0 10.20.30.0/24\" to $policy");
refused('--force', [@desktop, qw(qemu-tapwrap --force), tap_profile(address => '10.20.30.1/24')], 77,
	"[nic \"lan\"] address: $add \"allow tap0 10.20.30.0/24\" to $policy");
run_ok(qw(ip link add other type bridge));
run_ok(qw(ip link set other addrgenmode none));
run_ok(qw(ip addr add 192.168.50.7/24 dev other));
run_ok(qw(ip link set other up));
refused('--force, inside of it', [@desktop, qw(qemu-tapwrap --force), $profile], 69,
	'[nic "lan"] address: 192.168.50.1/24 overlaps 192.168.50.7/24 on other; choose another subnet, or start as root with --force');
run_ok(qw(ip link delete other));
wait_for(sub { host_state() eq $before }, 3);
rename $policy, "$policy.away";
refused('no policy', [@desktop, 'qemu-tapwrap', $profile], 77, '[nic "lan"] ifname: there is no policy file, so only root may '
	. "make taps; an administrator can add \"allow tap0 192.168.50.0/24\" to $policy");
rename "$policy.away", $policy;

start_polkit('NO');
refused('no', [@desktop, 'qemu-tapwrap', $profile], 77, "pkexec gives no privilege: Not authorized; $for_good");
start_polkit('AUTH_ADMIN');
refused('nobody to ask', [@desktop, 'qemu-tapwrap', $profile], 77, "pkexec gives no privilege: No authentication agent found; $for_good");

# ---- with a password ----------------------------------------------------------------------------------------------

# The launcher is started by a shell of its PID when the agent has announced itself for that PID.
sub start_with_agent
{
	my $pid = start([@desktop, 'sh', '-c', 'until [ -e /srv/tmp/agent ]; do sleep 0.05; done; exec qemu-tapwrap "$1"', 'sh', $profile]);
	sleep 0.1;
	my ($agent, $terminal) = start_on_pty(@AS_USER, 'sh', '-c', "exec 3>/srv/tmp/notify; exec pkttyagent --notify-fd 3 --process $pid");
	return ($pid, $agent, $terminal);
}

sub read_until
{
	my ($terminal, $pattern) = @_;
	my ($text, $end) = ('', time + 20);
	while ($text !~ $pattern && time < $end) {
		my ($in, $chunk) = ('', '');
		vec($in, fileno $terminal, 1) = 1;
		next if select($in, undef, undef, 0.2) <= 0;
		last if !sysread $terminal, $chunk, 4096;
		$text .= $chunk;
	}
	return $text;
}

sub ask
{
	unlink '/srv/tmp/agent', '/srv/tmp/notify';
	my ($pid, $agent, $terminal) = start_with_agent();
	sleep 0.7; # it announces itself
	spew('/srv/tmp/agent', '');
	my $prompt = read_until($terminal, qr/Password: /);
	like($prompt, qr/Authentication is needed to give a virtual machine its network interface/, 'says what it is for');
	like($prompt, qr/Password: $/, 'a password is asked for');
	return ($pid, $agent, $terminal);
}

sub end_agent
{
	my ($agent, $terminal) = @_;
	kill 'KILL', $agent;
	finish($agent);
	close $terminal;
}

sub is_refused_with
{
	my ($name, $pid, $wanted) = @_;
	my ($status, $out, $err) = finish($pid);
	$refusals++;
	is(exited($status), 77, "$name: status 77");
	is($err, "qemu-tapwrap: $wanted\n", "$name: one line");
	state_settles($before, "$name: nothing changed");
}

{
	my ($pid, $agent, $terminal) = ask();
	sleep 7; # longer than the helper may take
	print $terminal "$password\n";
	runs('the right password', $pid);
	end_agent($agent, $terminal);

	($pid, $agent, $terminal) = ask();
	print $terminal "wrong\n";
	read_until($terminal, qr/FAILED/);
	is_refused_with('a wrong one', $pid, "pkexec gives no privilege: Not authorized; $for_good");
	end_agent($agent, $terminal);

	($pid, $agent, $terminal) = ask();
	kill 'KILL', $pid;
	finish($pid);
	ok(wait_for(sub { !grep { /pkexec/ && !/pkttyagent/ } processes() }, 5), 'killed while it waits: pkexec ends, too')
		or diag join "\n", processes();
	state_settles($before, 'killed while it waits: nothing changed');
	end_agent($agent, $terminal);
}
stop_polkit();

# ---- what else pkexec can do -----------------------------------------------------------------------------------------

sub fake { my ($text) = @_; spew('/srv/pkexec', "#!/bin/sh\n$text\n", 0755) }
fake('exit 126');
run_ok(qw(mount --bind /srv/pkexec /usr/bin/pkexec));
refused('a dialog that was dismissed', [@desktop, 'qemu-tapwrap', $profile], 77,
	"pkexec gives no privilege: The dialog was dismissed; $for_good");
fake("echo 'pkexec must be setuid root' >&2; exit 127");
refused('pkexec without its own privilege', [@desktop, 'qemu-tapwrap', $profile], 77, "pkexec gives no privilege; $for_good");
fake('kill -9 $$');
refused('pkexec is killed', [@desktop, 'qemu-tapwrap', $profile], 71, "$helper was killed by signal 9");
fake('exit 3');
refused('another status', [@desktop, 'qemu-tapwrap', $profile], 71, "$helper exited with status 3, no answer");
fake('env >/srv/tmp/environment; echo "$*" >/srv/tmp/arguments; exit 126');
run([@desktop, 'qemu-tapwrap', $profile]);
is(slurp('/srv/tmp/arguments'), "--disable-internal-agent $helper\n", 'pkexec is told no more than the helper');
unlike(slurp('/srv/tmp/environment'), qr/DISPLAY|HOME/, 'and has no environment');

# ---- when it is not asked -----------------------------------------------------------------------------------------

fake('touch /srv/tmp/asked; exit 126');
sub not_asked
{
	my ($name, $wanted, @command) = @_;
	refused($name, \@command, 77, $wanted);
	ok(!-e '/srv/tmp/asked', "$name: pkexec was not asked");
}

my $no_capability = "$helper has no capability; an administrator can give it: setcap cap_net_admin=p $helper";
not_asked('no display', $no_capability, @AS_USER, qw(setsid qemu-tapwrap), $profile);
not_asked('an empty one', $no_capability, @AS_USER, qw(setsid env DISPLAY= qemu-tapwrap), $profile);
chmod 0750, $helper;
not_asked('no display, not in the group', $not_in, @AS_USER, qw(setsid qemu-tapwrap), $profile);
chmod 0755, $helper;
not_asked('no_new_privs', "$helper gets no capability under no_new_privs (a sandbox, or NoNewPrivileges= of a unit)",
	qw(setpriv --no-new-privs), @desktop, 'qemu-tapwrap', $profile);
rename "$actions/org.qemu-tapwrap.policy", "$actions/away" or die $!;
not_asked('no action', $no_capability, @desktop, 'qemu-tapwrap', $profile);
rename "$actions/away", "$actions/org.qemu-tapwrap.policy" or die $!;
{
	my ($pid, $terminal) = start_on_pty(@AS_USER, 'env', 'DISPLAY=:0', 'qemu-tapwrap', $profile);
	like(read_until($terminal, qr/\n/), qr/has no capability/, 'on a terminal: the line');
	finish($pid);
	ok(!-e '/srv/tmp/asked', 'on a terminal: pkexec was not asked');
}
run_ok('setcap', 'cap_net_admin=p', $helper);
runs('the capability is there', start([@desktop, 'qemu-tapwrap', $profile]));
ok(!-e '/srv/tmp/asked', 'the capability is there: pkexec was not asked');

done_testing();
diag("starts through polkit, or not: $starts; refusals, one line each: $refusals; left behind: 0");
