#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# dhcp = on for an ordinary user: what it takes, what the server then is, and --rootless.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use World;
use Test::More;

our ($UID, @AS_USER);
our ($DHCP_KEYS, $DHCP_NIC);
require "$FindBin::Bin/lib/users.pl";
require "$FindBin::Bin/lib/taps.pl";
require "$FindBin::Bin/lib/dhcp.pl";

must_or_skip(is_real_root(), 'file capabilities and other users need real root');
must_or_skip(find_dnsmasq(), 'no dnsmasq: see platform/linux/packages.sh');
set_up_user();

my $helper = '/srv/libexec/qemu-tapwrap-helper';
my $all = 'cap_net_admin,cap_net_bind_service,cap_net_raw=p';
my $policy = '/srv/etc/qemu-tapwrap/policy';
my $profile = tap_profile(more => $DHCP_KEYS);
my $both = tap_profile(address => '192.168.50.1/24, fd00:5a17::1/64', more => $DHCP_KEYS =~ s/(50\.2)/$1, fd00:5a17::2/r);
my $before = host_state();
install_stub($World::TAP_STUB);

sub give { my ($capabilities) = @_; return run_ok('setcap', $capabilities, $helper) }
sub allow { my (@lines) = @_; return spew($policy, join('', map { "$_\n" } @lines), 0644) }

sub refused
{
	my ($name, $vm, $text) = @_;
	my ($status, $out, $err) = run([@AS_USER, 'qemu-tapwrap', $vm]);
	is(exited($status), 77, "$name: status 77");
	is("$out$err", "qemu-tapwrap: $vm:9: [nic \"lan\"] dhcp: $text\n", "$name: one line");
	nothing_left($before, $name);
}

# ---- what it takes ---------------------------------------------------------------------------------------

my $prefix = '192.168.0.0/16,fd00:5a17::/48';
give($all);
allow("allow tap* $prefix nat persistent");
refused('no word in the policy', $both, 'the policy does not allow it; an administrator can add "allow tap0 '
	. "192.168.50.0/24,fd00:5a17::/64 dhcp\" to $policy");
allow("allow tap* $prefix", "allow tap* $prefix dhcp");
for (['cap_net_admin=p', $profile, 'CAP_NET_BIND_SERVICE'], ['cap_net_admin,cap_net_bind_service=p', $both, 'CAP_NET_RAW'],
	['cap_net_bind_service,cap_net_raw=p', $profile, 'capability']) {
	my ($capabilities, $vm, $missing) = @$_;
	give($capabilities);
	refused($capabilities, $vm, "$helper has no $missing; an administrator can give it: setcap $all $helper");
	unlink '/srv/bin/qemu-system-x86_64';
	my ($status, undef, $err) = run([@AS_USER, qw(qemu-tapwrap --check), $vm]);
	is(exited($status), 77, "$capabilities: --check sees it") or diag $err;
	like($err, qr/ dhcp: .*setcap \Q$all\E/, "$capabilities: and says what to do");
	install_stub($World::TAP_STUB);
}
give('cap_net_admin,cap_net_bind_service=p');
end_stub(start_stub(@AS_USER, 'qemu-tapwrap', $profile));
nothing_left($before, 'IPv4 does without CAP_NET_RAW');
give($all);
{
	unlink '/srv/bin/qemu-system-x86_64';
	my ($status, $out, $err) = run([@AS_USER, qw(qemu-tapwrap --check), $both]);
	is(exited($status), 0, '--check: all is there') or diag $err;
	like($out, qr/^ok: helper: the taps can be had/m, 'and says so');
	nothing_left($before, '--check');
	install_stub($World::TAP_STUB);
}

# ---- what it is --------------------------------------------------------------------------------------------

{
	my $pid = start_stub(@AS_USER, 'qemu-tapwrap', $both);
	my ($server) = servers();
	my ($keeper) = keepers();
	my $status = slurp("/proc/$server/status");
	my $open = descriptors($server);

	like($status, qr/^Uid:\t$UID\t$UID\t$UID\t$UID$/m, 'the server is the user\'s');
	like($status, qr/^PPid:\t$keeper$/m, 'the keeper\'s child');
	like($status, qr/^NoNewPrivs:\t1$/m, 'no_new_privs');
	is(capabilities($server), join(' ', ('0000000000003400') x 4), 'three capabilities: admin, raw, bind');
	is((split ' ', slurp("/proc/$server/stat"))[5], $server, 'a session of its own');
	is(slurp("/proc/$server/environ"), '', 'no environment');
	is(readlink("/proc/$server/cwd"), '/', 'its directory is /');
	is(join(' ', map { $open->{$_} } 0 .. 2), '/dev/null /dev/null /dev/null', 'standard streams are nowhere');
	is(join(' ', sort map { s/:\[\d+\]//r } map { $open->{$_} } grep { $_ > 2 } keys %$open),
		'pipe pipe pipe socket socket socket socket', 'no descriptor but its own: two pipes, and four sockets');
	is(capabilities($keeper), join(' ', '0' x 16, '0000000000001000', '0' x 16, '0' x 16),
		'the keeper keeps CAP_NET_ADMIN, not in effect, and no other');
	is(capabilities($pid), join(' ', ('0' x 16) x 4), 'QEMU has none');
	my ($traced) = run([@AS_USER, qw(strace -o /dev/null -p), $server], seconds => 3);
	isnt(exited($traced), 0, 'the user cannot trace it, and so not use its capabilities');
	kill 'KILL', keepers();
	ok(wait_for(sub { !servers() }, 3), 'the keeper is killed: the server ends');
	end_stub($pid);
	nothing_left($before, 'the keeper was killed');
}
{
	give('cap_net_admin,cap_net_bind_service=p');
	my $pid = start_stub(@AS_USER, 'qemu-tapwrap', $profile);
	is(capabilities((servers())[0]), join(' ', ('0000000000001400') x 4), 'for IPv4 alone two: admin and bind');
	end_stub($pid);
	nothing_left($before, 'IPv4');
	give($all);
}

# ---- a tap of the user's that was there already ------------------------------------------------------------------

{
	ip_batch("tuntap add dev tap0 mode tap user $UID", 'link set dev tap0 addrgenmode none');
	my $state = tap_state();
	my $pid = start_stub(@AS_USER, 'qemu-tapwrap', $profile);
	is(join(' ', listens()), '0.0.0.0%tap0:67', 'a tap of the user\'s, completed: a server');
	end_stub($pid);
	ok(wait_for(sub { !servers() && !keepers() }, 3), 'and its end');
	tap_settles($state, 'the tap is as before');
	ip_batch('link del tap0');
	ip_batch('tuntap add dev tap0 mode tap', 'addr add 192.168.50.1/24 dev tap0', 'link set dev tap0 up');
	my ($status, undef, $err) = run([@AS_USER, 'qemu-tapwrap', $profile]);
	is(exited($status), 77, 'one that is only open to the user: status 77');
	like($err, qr/tap0 exists but is not complete: it has no DHCP server of ours; only its owner/, 'and why');
	ip_batch('link del tap0');
}

# ---- two users, sudo, and root -----------------------------------------------------------------------------------

{
	my $other = tap_profile(ifname => 'tap1', address => '192.168.51.1/24', more => $DHCP_KEYS =~ s/50\.2/51.2/r =~ s/0c/0d/r);
	my @pids = (start_stub(@AS_USER, 'qemu-tapwrap', $profile), start_stub(qw(setpriv --reuid=4712 --regid=4712 --clear-groups
		env HOME=/srv/tmp XDG_RUNTIME_DIR= qemu-tapwrap), $other), start_stub('qemu-tapwrap', tap_profile(ifname => 'tap2',
		address => '192.168.52.1/24', more => $DHCP_KEYS =~ s/50\.2/52.2/r =~ s/0c/0e/r)));
	is(join(' ', listens()), '0.0.0.0%tap0:67 0.0.0.0%tap1:67 0.0.0.0%tap2:67', 'two users and root: three servers');
	is(join(' ', sort map { slurp("/proc/$_/status") =~ /^Uid:\t(\d+)/m } servers()), "$UID 4712 65534",
		'each as its user, and root\'s as nobody');
	my ($roots) = grep { slurp("/proc/$_/status") =~ /^Uid:\t65534\t65534\t65534\t65534$/m } servers();
	like(slurp("/proc/$roots/status"), qr/^Gid:\t65534\t.*\nGroups:\t\s*\n.*\nCapBnd:\t0000000000001400\n/ms,
		'with no group of root\'s, and no way back');
	end_stub($_) for @pids;
	nothing_left($before, 'three users');
}

# ---- --rootless ---------------------------------------------------------------------------------------------------

SKIP: {
	skip 'users may not have namespaces here', 4 if (run([@AS_USER, qw(unshare -Urn true)]))[0] != 0;
	run_ok('setcap', '-r', $helper);
	unlink $policy;
	my $pid = start_stub(@AS_USER, qw(qemu-tapwrap --rootless), $both);
	my ($server) = servers();
	ok($server, '--rootless: a server, without capability and policy') or diag slurp("/srv/tmp/$pid.err");
	my $status = slurp("/proc/$server/status") // '';
	like($status, qr/^Uid:\t$UID\t$UID/m, 'it is the user');
	is(capabilities($server), join(' ', ('0000000000003400') x 4), 'and has the same three capabilities, in there');
	is((run(['nsenter', '-t', $pid, qw(-U -n ss -ulnH)]))[1] =~ s/.*?(\S+%tap0:\d+).*\n/$1 /gr, '0.0.0.0%tap0:67 [::]%tap0:547 ',
		'where it listens on the tap');
	kill 'KILL', keepers();
	ok(wait_for(sub { !servers() }, 3), 'the keeper is killed: the server ends');
	end_stub($pid);
	nothing_left($before, '--rootless');
}

done_testing();
