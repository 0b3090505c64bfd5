#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# An ordinary user, with the capability on the helper, through sudo and through pkexec: works inside
# the policy, is refused outside it, and QEMU never has a capability.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use World;
use Test::More;

my $helper = '/srv/libexec/qemu-tapwrap-helper';
my $policy = '/srv/etc/qemu-tapwrap/policy';
my $uid = 4711;

must_or_skip(is_real_root(),
	'file capabilities and other users need real root');

# A user of our own, and a /dev/net/tun that is open to all, as udev makes it.
sub set_up_user
{
	for my $file (qw(passwd group shadow)) {
		my %line = (passwd => "tester:x:${uid}:${uid}::/srv/home:/bin/sh\n", group => "tester:x:${uid}:\n",
			shadow => "tester:*:19000:0:99999:7:::\n");
		spew("/srv/$file", slurp("/etc/$file") . $line{$file}, $file eq 'shadow' ? 0640 : 0644);
		run_ok('mount', '--bind', "/srv/$file", "/etc/$file");
	}
	run_ok(qw(mount -t tmpfs tmpfs /dev/net));
	run_ok(qw(mknod -m 666 /dev/net/tun c 10 200));
	chown $uid, $uid, '/srv/home';
}

my @as_user = ('setpriv', "--reuid=$uid", "--regid=$uid", '--clear-groups', '--');

sub allow { spew($policy, join('', map { "$_\n" } @_), 0644) }

sub refused
{
	my ($name, $command, $wanted_status, $wanted) = @_;
	my $before = host_state();
	my ($status, $out, $err) = run([@as_user, @$command]);

	is(exited($status), $wanted_status, "$name: status $wanted_status");
	is($err =~ s/^qemu-tapwrap: (?:\S+\.ini:\d+: )?//r, "$wanted\n", "$name: its line");
	is(host_state(), $before, "$name: nothing changed");
}

# Waits for the stub, which runs as the user, and returns its PID: ours, or that of a descendant.
sub find_stub
{
	my (@pids) = @_;
	for my $pid (@pids) {
		return $pid if (slurp("/proc/$pid/comm") // '') eq "sleep\n";
		my $below = find_stub(children_of($pid));
		return $below if $below;
	}
	return;
}

sub runs_unprivileged
{
	my ($name, $pid) = @_;
	my ($stub, $before) = (undef, host_state());

	ok(wait_for(sub { $stub = find_stub($pid) }), "$name: runs")
		or diag slurp("/srv/tmp/$pid.err");
	return if !$stub;
	like(slurp("/proc/$stub/status"), qr/^Uid:\t$uid\t$uid\t$uid\t$uid$/m, "$name: as the user");
	like(slurp("/proc/$stub/status"), qr/^Gid:\t$uid\t$uid\t$uid\t$uid\n.*?^Groups:\s*(?:$uid)?\s*$/ms,
		"$name: with the user's groups");
	is(capabilities($stub), join(' ', ('0' x 16) x 4), "$name: without any capability");
	like(run_ok(qw(ip -d link show tap0)), qr/persist off user tester/, "$name: the tap is the user's");
	my $open = descriptors($stub);
	is_deeply([map { $open->{$_} } grep { $_ > 2 } keys %$open], ['/dev/net/tun'],
		"$name: the tap is all it has inherited");
	kill 'KILL', $stub;
	finish($pid);
}

set_up_user();
install_stub($World::TAP_STUB);
my $before = host_state();
my $profile = tap_profile();
my $setcap = "$helper has no capability; an administrator can give it: setcap cap_net_admin=p $helper";

# ---- no policy, no capability -----------------------------------------------------------------------------

refused('no policy file', ['qemu-tapwrap', $profile], 77, '[nic "lan"] ifname: there is no policy '
	. "file, so only root may make taps; an administrator can add \"allow tap0 192.168.50.0/24\" to $policy");
allow('allow tap[0-9]* 192.168.48.0/21,fd00:5a17::/48 max=2');
refused('no capability', ['qemu-tapwrap', $profile], 77, $setcap);

run_ok('setcap', 'cap_net_admin=p', $helper);
refused('no_new_privs', [qw(setpriv --no-new-privs qemu-tapwrap), $profile], 77,
	"$helper gets no capability under no_new_privs (a sandbox, or NoNewPrivileges= of a unit)");
run_ok('mount', '-o', 'remount,nosuid', '/srv');
refused('nosuid', ['qemu-tapwrap', $profile], 77,
	"$helper gets no capability on a file system mounted nosuid");
run_ok('mount', '-o', 'remount,suid', '/srv');
refused('traced', [qw(strace -f -qq -o /dev/null qemu-tapwrap), $profile], 77,
	"$helper gets no capability while it is traced (strace, gdb)") if !sanitized();
{
	my ($status, undef, $err) = run(['setpriv', '--bounding-set=-net_admin', '--inh-caps=-net_admin',
		'qemu-tapwrap', $profile]);
	is(exited($status), 77, 'root without the capability: status 77');
	like($err, qr/root has no CAP_NET_ADMIN here \(a container\?\)/, 'and why');
	($status, undef, $err) = run(['setpriv', '--bounding-set=-net_admin', @as_user, 'qemu-tapwrap', $profile]);
	is(exited($status), 77, 'bounding set: status 77');
	like($err, qr/CAP_NET_ADMIN is not in the bounding set/, 'and why');
}
chmod 0750, $helper;
refused('helper of another group', ['qemu-tapwrap', $profile], 77,
	"$helper may not be run by you; an administrator can let a group of yours run it: make install-privilege");
chmod 0755, $helper;

# ---- inside the policy ---------------------------------------------------------------------------------------

runs_unprivileged('capability', start([@as_user, 'qemu-tapwrap', $profile]));
state_settles($before, 'as before');
runs_unprivileged('IPv6, too', start([@as_user, 'qemu-tapwrap',
	tap_profile(address => '192.168.55.1/24, fd00:5a17:0:1::1/64')]));
state_settles($before, 'as before');

# ---- outside it -----------------------------------------------------------------------------------------------

my $add = 'the policy does not allow it; an administrator can add';
refused('another subnet', ['qemu-tapwrap', tap_profile(address => '10.20.30.1/24')], 77,
	"[nic \"lan\"] address: $add \"allow tap0 10.20.30.0/24\" to $policy");
refused('a wider subnet', ['qemu-tapwrap', tap_profile(address => '192.168.50.1/20')], 77,
	"[nic \"lan\"] address: $add \"allow tap0 192.168.48.0/20\" to $policy");
refused('one of two addresses', ['qemu-tapwrap', tap_profile(address => '192.168.50.1/24 10.0.0.1/24')], 77,
	"[nic \"lan\"] address: $add \"allow tap0 192.168.50.0/24,10.0.0.0/24\" to $policy");
refused('another name', ['qemu-tapwrap', tap_profile(ifname => 'lab0')], 77,
	"[nic \"lan\"] ifname: $add \"allow lab0 192.168.50.0/24\" to $policy");
allow('allow tap* 10.0.0.0/8', 'allow lab* 192.168.0.0/16');
refused('name of one line, address of another', ['qemu-tapwrap', $profile], 77,
	"[nic \"lan\"] address: $add \"allow tap0 192.168.50.0/24\" to $policy");
refused('two taps', ['qemu-tapwrap', profile("[nic \"a\"]\nifname = lab0\n[nic \"b\"]\nifname = lab1\n"
	. "address = 10.1.1.1/24\n")], 77, "[nic \"b\"] address: $add \"allow lab1 10.1.1.0/24\" to $policy");
allow('allow tap* 192.168.0.0/16', 'allow lab* 10.0.0.0/8');
{
	my $pid = start([@as_user, 'qemu-tapwrap', profile("[nic \"a\"]\nifname = tap0\naddress = 192.168.50.1/24\n"
		. "[nic \"b\"]\nifname = lab0\naddress = 10.1.1.1/24\n")]);
	ok(wait_for(sub { has_link('tap0') && has_link('lab0') && find_stub($pid) }), 'a line for each tap');
	kill 'KILL', $pid;
	finish($pid);
	state_settles($before, 'as before');
}
my $routed = tap_profile(more => "route = 198.51.100.0/24 via 192.168.50.2\n");
refused('a route out of the policy', ['qemu-tapwrap', $routed], 77,
	"[nic \"lan\"] route: $add \"allow tap0 192.168.50.0/24,198.51.100.0/24\" to $policy");
refused('a peer out of the policy', ['qemu-tapwrap', tap_profile(address => '192.168.50.1/32',
	more => "peer = 172.16.0.2\n")], 77,
	"[nic \"lan\"] peer: $add \"allow tap0 192.168.50.1/32,172.16.0.2/32\" to $policy");
refused('NAT out of the policy', ['qemu-tapwrap', tap_profile(more => "nat = on\n")], 77,
	"[nic \"lan\"] nat: $add \"allow tap0 192.168.50.0/24 nat\" to $policy");
allow('allow tap* 192.168.0.0/16 nat');
spew('/proc/sys/net/ipv4/ip_forward', "1\n");
{
	my $pid = start([@as_user, 'qemu-tapwrap', tap_profile(more => "nat = on\n")]);
	my ($table, $stub) = ('table inet qemu-tapwrap-tap0');
	ok(wait_for(sub { $stub = find_stub($pid) }), 'NAT inside the policy') or diag slurp("/srv/tmp/$pid.err");
	like(run_ok(qw(nft list ruleset)), qr/^$table/m, 'NAT: its table is there');
	is(capabilities($stub), join(' ', ('0' x 16) x 4), 'NAT: without any capability');
	my $open = descriptors($stub);
	is_deeply([sort map { s/\d+//r } map { $open->{$_} } grep { $_ > 2 } keys %$open], ['/dev/net/tun', 'socket:[]'],
		'NAT: the tap and one socket are all it has inherited');
	isnt((run([@as_user, 'nft', "delete $table"]))[0], 0, 'NAT: the user cannot delete the table');
	like(run_ok(qw(nft list ruleset)), qr/^$table/m, 'NAT: it is still there');
	kill 'KILL', $pid;
	finish($pid);
	state_settles($before, 'NAT: as before');
}
allow('allow tap* 192.168.0.0/16', 'allow lab* 10.0.0.0/8');
refused('--force of a user', [qw(qemu-tapwrap --force), tap_profile(address => '127.0.0.1/24')], 65,
	"[nic \"lan\"] address: '127.0.0.1/24' cannot be the host's address here: 127.0.0.0/8 is the host's own loopback");
allow('allow tap* 192.168.0.0/16 max=1');
{
	my $pid = start([@as_user, 'qemu-tapwrap', tap_profile(ifname => 'tap1', address => '192.168.1.1/24')]);
	wait_for(sub { find_stub($pid) });
	refused('more taps than max=', ['qemu-tapwrap', $profile], 77,
		"[nic \"lan\"] ifname: the policy in $policy allows no further tap (max=)");
	kill 'KILL', $pid;
	finish($pid);
	state_settles($before, 'as before');
}

# ---- a policy that is not to be trusted ------------------------------------------------------------------------

my $words = 'the words known here are nat, dhcp, persistent, and max=N, a number of taps';
for (
	['a word', 'permit tap* 10.0.0.0/8', 'a line begins with allow, bridge or macvtap'],
	['no prefix', 'allow tap*', 'write: allow TAP-PATTERN PREFIX[,PREFIX...] [max=N] [nat] [dhcp] [persistent]'],
	['a bad prefix', 'allow tap* 10.0.0.0/33', 'not a list of prefixes, like 192.168.50.0/24,fd00:5a17::/48'],
	['host bits', 'allow tap* 10.0.0.1/8', 'not a list of prefixes, like 192.168.50.0/24,fd00:5a17::/48'],
	['a bridge without a name', 'bridge br0', 'write: bridge BRIDGE TAP-PATTERN [max=N] [persistent]'],
	['NAT of a bridge', 'bridge br0 tap* nat', 'the words known here are persistent, and max=N, a number of taps'],
	['an option', 'allow tap* 10.0.0.0/8 natter', $words],
	['a number', 'allow tap* 10.0.0.0/8 max=010', $words])
{
	my ($name, $line, $why) = @$_;
	allow('# fine', 'allow tap* 192.168.0.0/16', $line);
	refused("policy with a fault, $name", ['qemu-tapwrap', $profile], 78, "$policy:3: $why");
}
allow('allow tap* 192.168.0.0/16');
my $file = "$policy: must be a regular file of root that nobody else can write to";
chmod 0664, $policy;
refused('policy writable by a group', ['qemu-tapwrap', $profile], 78, $file);
chmod 0644, $policy;
chown $uid, 0, $policy;
refused('policy of a user', ['qemu-tapwrap', $profile], 78, $file);
chown 0, 0, $policy;
chmod 0777, '/srv/etc/qemu-tapwrap';
refused('policy in an open directory', ['qemu-tapwrap', $profile], 78,
	'/srv/etc/qemu-tapwrap: must be a directory of root that nobody else can write to');
chmod 0755, '/srv/etc/qemu-tapwrap';
rename $policy, "$policy.real";
symlink "$policy.real", $policy;
refused('policy behind a link', ['qemu-tapwrap', $profile], 78, "$policy: must not be a symbolic link");
unlink $policy;
rename "$policy.real", $policy;

# ---- taps of others, and an existing one of ours ------------------------------------------------------------------

run_ok(qw(ip tuntap add dev tap0 mode tap user root));
refused('a tap of root', ['qemu-tapwrap', tap_profile(address => undef)], 77,
	'[nic "lan"] ifname: tap0 exists and belongs to user 0');
run_ok(qw(ip tuntap del dev tap0 mode tap));
run_ok(qw(ip tuntap add dev tap0 mode tap group), 1);
refused('a tap of a group', ['qemu-tapwrap', tap_profile(address => undef)], 77,
	'[nic "lan"] ifname: tap0 exists and belongs to group 1');
run_ok(qw(ip tuntap del dev tap0 mode tap));
run_ok(qw(ip tuntap add dev tap0 mode tap user tester));
run_ok(qw(ip link set tap0 up));
rename $helper, '/srv/helper';
{
	my $pid = start([@as_user, 'qemu-tapwrap', tap_profile(address => undef)]);
	ok(wait_for(sub { find_stub($pid) }), 'a tap made for the user: no helper is needed');
	kill 'KILL', $pid;
	finish($pid);
}
rename '/srv/helper', $helper;
run_ok(qw(ip tuntap del dev tap0 mode tap));
state_settles($before, 'as before');

# ---- sudo and pkexec: only the helper is root, and no policy is asked ----------------------------------------------

run_ok('setcap', '-r', $helper);
allow('# nothing');
{
	spew('/srv/sudoers', "Defaults secure_path=/srv/bin:/usr/sbin:/usr/bin:/sbin:/bin\n"
		. "tester ALL=(ALL) NOPASSWD: ALL\n", 0440);
	run_ok(qw(mount --bind /srv/sudoers /etc/sudoers));
	# The stub in QEMU's place has no answers.
	my ($real) = grep { -x } map { "$_/qemu-system-x86_64" } qw(/usr/bin /usr/local/bin);
	my ($status, $out) = run([@as_user, qw(sudo -n qemu-tapwrap --check --set), "qemu.binary=$real", $profile]);
	is($status, 0, 'sudo, --check');
	like($out, qr/^ok: helper: the taps can be had, with the privilege of sudo or pkexec$/m, 'and why it will go');
	runs_unprivileged('sudo', start([@as_user, qw(sudo -n qemu-tapwrap), $profile]));
	state_settles($before, 'as before');
	spew('/srv/secret.ini', "[vm]\nnonsense = 1\n", 0600);
	refused('sudo: a profile that only root can read', [qw(sudo -n qemu-tapwrap /srv/secret.ini)], 66,
		'/srv/secret.ini: Permission denied');
	spew('/srv/home/.config/qemu-tapwrap/by-name.ini', slurp($profile), 0644);
	runs_unprivileged('sudo, by name', start([@as_user, qw(sudo -n qemu-tapwrap by-name)]));
	state_settles($before, 'as before');
}
{
	run_ok(qw(mount -t tmpfs tmpfs /run));
	run_ok(qw(mount -t tmpfs tmpfs /etc/polkit-1/rules.d));
	spew('/etc/polkit-1/rules.d/00-test.rules', 'polkit.addRule(function(action, subject) {'
		. ' if (subject.user == "tester") return polkit.Result.YES; });', 0644);
	mkdir '/run/dbus';
	my $bus = start([qw(dbus-daemon --system --nofork --nopidfile)]);
	wait_for(sub { -S '/run/dbus/system_bus_socket' });
	my ($polkitd) = grep { -x } qw(/usr/lib/polkit-1/polkitd /usr/libexec/polkitd);
	my $polkit = start([$polkitd // 'polkitd', '--no-debug']);
	wait_for(sub { (run([qw(dbus-send --system --print-reply --dest=org.freedesktop.DBus / ),
		'org.freedesktop.DBus.GetNameOwner', 'string:org.freedesktop.PolicyKit1']))[0] == 0 });
	# pkexec has a \$PATH of its own.
	run_ok(qw(mount --bind /srv/bin/qemu-system-x86_64 /usr/bin/qemu-system-x86_64));
	runs_unprivileged('pkexec', start([@as_user, qw(pkexec /srv/bin/qemu-tapwrap), $profile]));
	state_settles($before, 'as before');
	for ($polkit, $bus) { kill 'KILL', $_; finish($_) }
}

done_testing();
