#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# --doctor on a host where all is well, and then with one thing broken at a time: what it then says
# more is that, with its cure, and nothing else.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use World;
use JSON::PP;
use POSIX qw(uname);
use Test::More;
use Time::HiRes qw(time);

our ($UID, @AS_USER);
require "$FindBin::Bin/lib/users.pl";
require "$FindBin::Bin/lib/dhcp.pl";
require "$FindBin::Bin/lib/system-calls.pl";

must_or_skip(is_real_root(), 'file capabilities, devices and other users need real root');
must_or_skip(find_dnsmasq(), 'no dnsmasq: see platform/linux/packages.sh');
must_or_skip(-x '/usr/bin/pkexec', 'no pkexec: see platform/linux/packages.sh');

# ---- a host where all is well ------------------------------------------------------------------------------------

my $helper = '/srv/libexec/qemu-tapwrap-helper';
my $policy = '/srv/etc/qemu-tapwrap/policy';
my $setcap = 'an administrator can give it: setcap';
my $all = 'cap_net_admin,cap_net_bind_service,cap_net_raw=p';
my $allow = 'allow tap[0-9]* 192.168.50.0/24,fd00:5a17::/48 nat dhcp';
my $actions = '/usr/share/polkit-1/actions';
my $action = "$actions/org.qemu-tapwrap.policy";
my ($cases, $lines) = (0, 0);

sub allow { spew($policy, join('', map { "$_\n" } @_), 0644) }
sub forward { spew("/proc/sys/net/ipv$_[0]", "$_[1]\n") }

set_up_user();
my $real_kvm = -e '/dev/kvm';
make_kvm(0666);
install_stub("#!/bin/sh\necho 'QEMU emulator version 9.9.9 (stub)'\n");
spew("/srv/tools/$_", "#!/bin/sh\n", 0755) for qw(swtpm virtiofsd passt pasta qemu-img);
run_ok('cp', '-a', $actions, '/srv/actions');
run_ok('mount', '--bind', '/srv/actions', $actions);
spew($action, '<policyconfig/>');
mkdir '/srv/run/user';
chown $UID, $UID, '/srv/run/user';
run_ok('setcap', $all, $helper);
allow($allow);
forward('4/ip_forward', 1);
forward('6/conf/all/forwarding', 1);
my $before = host_state();

my @user = (@AS_USER, qw(env XDG_RUNTIME_DIR=/srv/run/user));
my @doctor = qw(qemu-tapwrap --doctor);
$ENV{PATH} = "/srv/bin:/srv/tools:/usr/sbin:/usr/bin:/sbin:/bin";

# "error: place: text; cure" each, as people see it without the front.
sub findings
{
	my ($status, $out, $err) = run([@_, '--json']);
	my $list = eval { decode_json($out) } // BAIL_OUT("@_: no JSON: $out$err");
	BAIL_OUT("@_: $err") if $err ne '';
	return (exited($status), map { "$_->{severity}: $_->{place}: $_->{text}" . (defined $_->{cure} ? "; $_->{cure}" : '') } @$list);
}

my ($status, @well) = findings(@user, @doctor);
is($status, 0, 'all is well: status 0');
is_deeply([grep { !/^ok: / } @well], [], 'all is well: no word of anything else') or diag join "\n", @well;
for my $place ('/srv/bin/qemu-system-x86_64: is QEMU 9.9.9 (stub)', '/dev/kvm: ', '/dev/net/tun: ', 'helper: the taps can be had, with the '
	. "privilege of the file capability of $helper", 'nat = on, IPv4: ', 'nat = on, IPv6: ', 'dhcp = on, IPv4: ', 'dhcp = on, IPv6: ',
	"$policy: $allow", '/usr/bin/pkexec: ', '--rootless: ', (map { "/srv/tools/$_: " } qw(swtpm passt pasta qemu-img)),
	'/srv/run/user/qemu-tapwrap: ') {
	is(scalar(grep { /^ok: \Q$place\E/ } @well), 1, "all is well: $place");
}

# With something broken: what is said more than when all was well.
sub says
{
	my ($name, $wanted_status, $wanted, @command) = @_;
	my %known = map { $_ => 1 } @well;
	my ($status, @now) = findings(@command ? @command : (@user, @doctor));
	my @more = grep { !$known{$_} && !/^ok: / } @now;
	$cases++;
	$lines += @more;
	is($status, $wanted_status, "$name: status $wanted_status");
	is_deeply(\@more, $wanted, "$name: its line, and no other") or diag join "\n", @now;
}

sub lent { my ($file, $text, $mode) = @_; spew('/srv/lent', $text, $mode // 0644); run_ok('mount', '--bind', '/srv/lent', $file) }
sub back { run_ok('umount', @_) }

# ---- QEMU and KVM -------------------------------------------------------------------------------------------------

my $qemu = '/srv/bin/qemu-system-x86_64';
chmod 0644, $qemu;
says('QEMU that cannot be executed', 126, ["error: qemu-system-x86_64: $qemu: you may not execute it"],
	@user, 'PATH=/srv/bin:/srv/tools', @doctor);
chmod 0755, $qemu;
says('no QEMU', 127, ['error: qemu-system-x86_64: is not in $PATH; install QEMU'], @user, 'PATH=/srv/tools', '/srv/bin/qemu-tapwrap', '--doctor');
spew($qemu, "#!/bin/sh\necho nonsense\n");
says('no version', 1, ["error: $qemu: does not tell its version; install it anew"]);
spew($qemu, "#!/bin/sh\necho 'libfoo.so: no such file' >&2\nexit 127\n");
says('QEMU that cannot run', 69, ["error: $qemu: has no answer: libfoo.so: no such file; install it anew"]);
spew($qemu, "#!/bin/sh\necho 'QEMU emulator version 9.9.9 (stub)'\n");

my $slow = 'VMs will be slow';
# The real one is only covered, and not to be removed.
SKIP: {
	skip 'this machine has a real /dev/kvm', 8 if $real_kvm;
	run_ok(qw(umount /dev/kvm));
	unlink '/dev/kvm';
	for (['flags : fpu vmx sse', 'load its module: modprobe kvm_intel'], ['flags : fpu svm', 'load its module: modprobe kvm_amd'],
		['flags : fpu vmx_not', 'allow virtualization in the firmware; if this is a virtual machine itself, in its host'],
		['Features : fp asimd', 'it takes a kernel and a machine with KVM']) {
		my ($flags, $cure) = @$_;
		lent('/proc/cpuinfo', "processor : 0\n$flags\n");
		says("no /dev/kvm, $flags", 0, ["warning: /dev/kvm: No such file or directory: $slow; $cure"]);
		back('/proc/cpuinfo');
	}
	make_kvm(0666);
}
chmod 0600, '/srv/tmp/kvm';
says('/dev/kvm is closed', 0, ["warning: /dev/kvm: Permission denied: $slow; join the group that ls -l /dev/kvm shows, often kvm"]);
chmod 0666, '/srv/tmp/kvm';

# ---- /dev/net/tun ----------------------------------------------------------------------------------------------------

my $tun = '/dev/net/tun';
unlink $tun;
says('no /dev/net/tun', 72, ["error: $tun: No such file or directory; load the module with: modprobe tun (after a kernel update, reboot first)"]);
my $anew = "is not the device 10:200; make it anew with: rm $tun && mknod -m 0666 $tun c 10 200";
run_ok(qw(mknod -m 666), $tun, qw(c 10 201));
($status, my @other) = findings(@user, @doctor);
is($status, 72, 'another device: status 72');
is(scalar(grep { $_ eq "error: $tun: $anew" } @other), 1, 'another device: its line');
unlink $tun;
spew($tun, '', 0666);
($status, @other) = findings(@user, @doctor);
is(scalar(grep { $_ eq "error: $tun: $anew" } @other), 1, 'a file: its line');
unlink $tun;
run_ok(qw(mknod -m 600), $tun, qw(c 10 200));
says('closed', 77, ["error: $tun: Permission denied; it is open to all on most systems: chmod 0666 $tun"]);
chmod 0666, $tun;
run_ok('mount', '-o', 'remount,nodev', '/dev/net');
says('nodev', 77, ["error: $tun: is on a file system mounted nodev; mount it without"]);
run_ok('mount', '-o', 'remount,dev', '/dev/net');

my $release = (uname())[2];
lent('/proc/misc', "144 fuse\n");
run_ok(qw(mount -t tmpfs tmpfs /lib/modules));
says('no module to be seen, as in a container', 0, []);
mkdir '/lib/modules/0.0.1';
says('after an upgrade', 72, ["error: $tun: the modules of the running kernel, $release, are gone; reboot into the one that is installed"]);
spew("/lib/modules/$release/modules.dep", "kernel/drivers/net/dummy.ko:\n");
says('no such module', 72, ["error: $tun: there is no module tun in /lib/modules/$release; install the package with the rest of this "
	. "kernel's modules"]);
spew("/lib/modules/$release/modules.dep", "kernel/drivers/net/tun.ko.xz:\n");
says('a module that is not loaded yet', 0, []);
spew("/lib/modules/$release/modules.dep", '');
spew("/lib/modules/$release/modules.builtin", "kernel/drivers/net/tun.ko\n");
says('in the kernel', 0, []);
back(qw(/proc/misc /lib/modules));

# ---- the helper and its capability ------------------------------------------------------------------------------------

rename $helper, "$helper.away";
says('no helper', 72, ["error: $helper: is missing; install it with: make install"]);
rename "$helper.away", $helper;
chmod 0750, $helper;
says('not for us', 77, ["error: $helper: may not be run by you; an administrator can let a group of yours run it: make install-privilege"]);
run_ok(qw(chgrp daemon), $helper);
run_ok('setcap', $all, $helper);
my $for = "is for the group daemon";
says('for a group', 77, ["error: $helper: $for, and you are not in it; an administrator can let you in: usermod -aG daemon tester"]);
my $groups = slurp('/etc/group');
spew('/etc/group', $groups =~ s/^(daemon:.*:)$/$1tester/mr);
says('for a group, joined since', 77, ["error: $helper: $for, which you have joined since you logged in; log in again"]);
says('for a group of ours', 0, [], 'setpriv', "--reuid=$UID", "--regid=$UID", qw(--init-groups -- env XDG_RUNTIME_DIR=/srv/run/user), @doctor);
spew('/etc/group', $groups);
chmod 0755, $helper;
run_ok(qw(chgrp root), $helper);

says('no capability', 77, ["error: $helper: has no capability; $setcap cap_net_admin=p $helper"]);
rename $policy, "$policy.away";
my $no_policy = "there is no policy file, so only root may make taps; an administrator can add \"allow tap0 192.168.50.0/24\" to $policy";
says('neither capability nor policy', 77, ["error: $helper: $no_policy",
	"error: $helper: has no capability; an administrator can give it: make install-privilege"]);
rename "$policy.away", $policy;
run_ok(qw(setcap cap_net_admin=p), $helper);
says('not for dhcp', 0, [map { "note: dhcp = on, IPv$_: $helper has no CAP_NET_BIND_SERVICE; $setcap $all $helper" } 4, 6]);
run_ok('setcap', 'cap_net_admin,cap_net_bind_service=p', $helper);
says('not for dhcp of IPv6', 0, ["note: dhcp = on, IPv6: $helper has no CAP_NET_RAW; $setcap $all $helper"]);
run_ok('setcap', $all, $helper);
run_ok('mount', '-o', 'remount,nosuid', '/srv');
says('nosuid', 77, ["error: $helper: gets no capability on a file system mounted nosuid"]);
run_ok('mount', '-o', 'remount,suid', '/srv');
says('no_new_privs', 77, ["error: $helper: gets no capability under no_new_privs (a sandbox, or NoNewPrivileges= of a unit)"],
	qw(setpriv --no-new-privs), @user, @doctor);
says('bounding set', 77, ["error: $helper: gets no capability: CAP_NET_ADMIN is not in the bounding set (a container, or "
	. 'CapabilityBoundingSet= of a unit)'], qw(setpriv --bounding-set=-net_admin), @user, @doctor);
says('traced', 77, ["error: $helper: gets no capability while it is traced (strace, gdb)"],
	@user, qw(strace -f -qq -o /dev/null), @doctor) if can_trace() && !sanitized();

# ---- the policy ---------------------------------------------------------------------------------------------------------

rename $policy, "$policy.away";
says('no policy', 77, ["error: $helper: $no_policy"]);
rename "$policy.away", $policy;
allow($allow, 'permit tap0');
says('a mistake in it', 78, ["error: $policy:2: a line begins with allow, bridge or macvtap"]);
is(scalar(grep { /^ok: \Q$policy\E/ } findings(@user, @doctor)), 0, 'a mistake in it: nothing is allowed');
allow('bridge br0 tap*');
says('nothing for a plain tap', 77, ["error: $helper: the policy does not allow it; an administrator can add "
	. "\"allow tap0 192.168.50.0/24\" to $policy"]);
allow('allow tap* 192.168.50.0/24 max=1');
run_ok(qw(ip tuntap add dev other mode tap user tester));
says('no more taps', 77, ["error: $helper: the policy in $policy allows no further tap (max=)"]);
run_ok(qw(ip tuntap del dev other mode tap));
allow('# comment', 'allow vm-? 10.0.0.0/8 # another', "\tallow  tw-[ab]x*\t10.1.0.0/16,fd00::/8  nat");
($status, @other) = findings(@user, @doctor);
is_deeply([$status, grep { /\Q$policy\E/ } @other], [0, map { "ok: $policy: allow $_" } 'vm-? 10.0.0.0/8', 'tw-[ab]x* 10.1.0.0/16,fd00::/8 nat'],
	'what it allows, line by line');
is(scalar(grep { /^ok: nat = on, IPv[46]: can be had$/ } @other), 2, 'NAT by its last line');
is(scalar(grep { /dhcp = on/ } @other), 0, 'nothing is said about what it does not allow');
allow($allow);
chmod 0664, $policy;
says('open to a group', 78, ["error: $helper: $policy: must be a regular file of root that nobody else can write to"]);
chmod 0600, $policy;
says('closed to us', 78, ["error: $helper: $policy: Permission denied"]);
chmod 0644, $policy;

# ---- NAT and DHCP --------------------------------------------------------------------------------------------------------

my $forward = 'an administrator can change that with: sysctl -w';
forward('4/ip_forward', 0);
says('no forwarding of IPv4', 0, ["note: nat = on, IPv4: NAT: this host does not forward IPv4; $forward net.ipv4.ip_forward=1"]);
forward('4/ip_forward', 1);
forward('6/conf/all/forwarding', 0);
says('no forwarding of IPv6', 0, ["note: nat = on, IPv6: NAT: this host does not forward IPv6; $forward net.ipv6.conf.all.forwarding=1 "
	. '(an uplink with an address by router advertisement needs accept_ra=2 before)']);
forward('6/conf/all/forwarding', 1);
spew('/srv/tmp/docker.nft', "table ip filter {\n chain DOCKER-USER {\n }\n chain FORWARD {\n type filter hook forward priority filter; "
	. "policy drop;\n jump DOCKER-USER\n }\n}\n");
run_ok(qw(nft -f /srv/tmp/docker.nft));
says('a firewall as of Docker', 0, ['warning: nat = on, IPv4: the firewall (table ip filter, chain FORWARD) drops what tap0 forwards; '
	. 'let it pass with: iptables -I DOCKER-USER -i tap0 -j ACCEPT && iptables -I DOCKER-USER -o tap0 -m conntrack --ctstate '
	. 'RELATED,ESTABLISHED -j ACCEPT']);
run_ok(qw(nft delete table ip filter));
my $dnsmasq = find_dnsmasq();
my @dnsmasq = grep { -e } qw(/usr/sbin/dnsmasq /usr/bin/dnsmasq);
run_ok('mount', '--bind', '/dev/null', $_) for @dnsmasq;
says('no dnsmasq', 0, [map { "note: dhcp = on, IPv$_: there is no dnsmasq in /usr/sbin or /usr/bin; install the package "
	. 'dnsmasq-base (Debian, Ubuntu) or dnsmasq' } 4, 6]);
back(@dnsmasq);
# What is in the way of the question alone is not told.
run_ok(qw(ip link add other type bridge));
run_ok(qw(ip link set other addrgenmode none));
run_ok(qw(ip addr add 192.168.50.1/24 dev other));
run_ok(qw(ip link set other up));
says('the subnet is taken', 0, []);
run_ok(qw(ip link delete other));

# ---- the rest -------------------------------------------------------------------------------------------------------------

rename $action, "$action.away";
says('no action', 0, ["note: /usr/bin/pkexec: cannot ask for the privilege on a desktop, since there is no $action; install it with: "
	. 'make install-privilege']);
rename "$action.away", $action;
lent('/usr/bin/pkexec', "#!/bin/sh\n", 0755);
says('pkexec without its privilege', 0, ['note: /usr/bin/pkexec: cannot ask for the privilege on a desktop; install polkit and its pkexec']);
back('/usr/bin/pkexec');
run_ok('setcap', '-r', $helper);
says('on a desktop', 0, ["note: helper: a dialog of pkexec will ask for an administrator's password"],
	@user, qw(setsid env DISPLAY=:0), @doctor);
run_ok('setcap', $all, $helper);

my @elsewhere = grep { -e } qw(/usr/libexec/virtiofsd /usr/lib/virtiofsd/virtiofsd /usr/lib/virtiofsd /usr/lib/qemu/virtiofsd);
@elsewhere = grep { !-d } @elsewhere;
run_ok('mount', '--bind', '/dev/null', $_) for @elsewhere;
my %use = (swtpm => '[tpm] type = emulator', virtiofsd => '[share] type = virtiofs', passt => '[nic] type = passt',
	pasta => 'a way out of --rootless', 'qemu-img' => 'disks that are created');
for my $program (qw(swtpm virtiofsd passt pasta qemu-img)) {
	rename "/srv/tools/$program", "/srv/tools/away";
	says("no $program", 0, ["note: $program: is not installed; it is needed for $use{$program}; install $program"],
		@user, 'PATH=/srv/bin:/srv/tools', @doctor);
	rename "/srv/tools/away", "/srv/tools/$program";
}
back(@elsewhere) if @elsewhere;

my $session = 'no VM with a socket there, a TPM or [cloud-init] can start; log in by a session that sets it, or: export '
	. 'XDG_RUNTIME_DIR=$(mktemp -d)';
says('no runtime directory', 0, ["warning: XDG_RUNTIME_DIR: is not set: $session"], @AS_USER, qw(env -u XDG_RUNTIME_DIR), @doctor);
says('that of somebody else', 0, ["warning: /srv/run: is not a directory of yours that can be written to: $session"], @AS_USER, @doctor);
chmod 0500, '/srv/run/user';
says('one that is read-only', 0, ["warning: /srv/run/user: is not a directory of yours that can be written to: $session"]);
chmod 0700, '/srv/run/user';

my @in_there = qw(unshare -Urm sh -c);
my $none = 'note: --rootless: this system does not let you have namespaces of your own;';
for (['', 'an administrator can allow them: sysctl -w user.max_user_namespaces=10000'],
	['mount --bind /srv/five /proc/sys/user/max_user_namespaces;', 'a container or a sandbox may be why'],
	['mount --bind /srv/five /proc/sys/user/max_user_namespaces; mount -t tmpfs tmpfs /proc/sys/kernel; '
		. 'echo 1 >/proc/sys/kernel/apparmor_restrict_unprivileged_userns;', 'AppArmor restricts them; an administrator can '
		. 'lift that: sysctl -w kernel.apparmor_restrict_unprivileged_userns=0'],
	['mount --bind /srv/five /proc/sys/user/max_user_namespaces; mount -t tmpfs tmpfs /proc/sys/kernel; '
		. 'echo 0 >/proc/sys/kernel/unprivileged_userns_clone;', 'an administrator can allow them: '
		. 'sysctl -w kernel.unprivileged_userns_clone=1']) {
	my ($mounts, $cure) = @$_;
	spew('/srv/five', "5\n");
	# Of a namespace of its own: the limit is that of those below.
	($status, @other) = findings(@in_there, "echo 0 >/proc/sys/user/max_user_namespaces; $mounts exec qemu-tapwrap --doctor \"\$@\"", 'sh');
	$cases++;
	is_deeply([grep { /--rootless: / } @other], ["$none $cure"], "no namespaces: $cure");
}

for (['NetworkManager', 'NetworkManager', '/srv/etc/NetworkManager/conf.d/qemu-tapwrap.conf'],
	['systemd-networkd', 'systemd-networkd', '/srv/etc/systemd/network/05-qemu-tapwrap.network']) {
	my ($name, $program, $file) = @$_;
	run_ok('cp', '/bin/sleep', "/srv/tmp/$program");
	my $pid = start(["/srv/tmp/$program", '60']);
	wait_for(sub { (slurp("/proc/$pid/comm") // '') =~ /^\Q@{[substr $program, 0, 15]}\E$/m });
	($status, @other) = findings(@user, @doctor);
	is(scalar(grep { $_ eq "ok: $name: leaves tap0, tap1, ... and tw-* alone, by $file" } @other), 1, "$name runs, and knows");
	rename $file, "$file.away";
	says("$name runs, and does not", 0, ["warning: $name: may configure taps, since there is no $file; make install has one"]);
	rename "$file.away", $file;
	kill 'KILL', $pid;
	finish($pid);
}

run_ok(qw(ip tuntap add dev tap5 mode tap user tester));
says('a tap that is not ours', 0, []);
run_ok(qw(ip link set tap5 alias), "qemu-tapwrap:vm pid=1 uid=$UID");
says('a tap that has stayed', 0, ['note: tap5: is a tap of yours that stays; if it is not wanted: ip link delete tap5']);
run_ok(qw(ip tuntap del dev tap5 mode tap));
run_ok(qw(ip tuntap add dev tap5 mode tap user root));
run_ok(qw(ip link set tap5 alias), 'qemu-tapwrap:vm pid=1 uid=0');
says("root's", 0, []);
run_ok(qw(ip tuntap del dev tap5 mode tap));

# ---- who asks, and how ------------------------------------------------------------------------------------------------------

($status, @other) = findings(@user, qw(env SUDO_UID=0), @doctor);
is($status, 0, 'a user who is told something');
($status, @other) = findings('env', "SUDO_UID=$UID", 'SUDO_GID=0', 'XDG_RUNTIME_DIR=/srv/run/user', @doctor);
is_deeply([$status, @other], [0, @well], 'under sudo: the same as the user');
($status, @other) = findings('env', 'XDG_RUNTIME_DIR=/srv/run', @doctor);
is($status, 0, 'root: status 0');
is(scalar(grep { $_ eq 'ok: helper: the taps can be had, with the privilege of root' } @other), 1, 'root needs no more');
says('root in a container', 77, ["error: $helper: root has no CAP_NET_ADMIN here (a container?); start it with --cap-add=NET_ADMIN or the like"],
	qw(setpriv --bounding-set=-net_admin --inh-caps=-net_admin env XDG_RUNTIME_DIR=/srv/run), @doctor);
my ($usage, $out, $err) = run([@doctor, 'vm.ini']);
is(exited($usage), 64, 'with a profile: status 64');
is($err, "qemu-tapwrap: --doctor does not take as much. Usage: qemu-tapwrap --doctor\n", 'with a profile: why');
rename $policy, "$policy.away";
($usage, $out, $err) = run([@user, @doctor]);
is($err, "qemu-tapwrap: $helper: $no_policy\n", 'for people: what is wrong is on standard error, as a start would say it');
like($out, qr/^ok: \/dev\/net\/tun: can be opened$/m, 'for people: what is fine is not');
rename "$policy.away", $policy;
unlink $qemu;
my $start = time;
($status, @other) = findings(@user, @doctor);
my $seconds = time - $start;
like("@other", qr{qemu-system-x86_64: is QEMU \d}, 'the real QEMU tells its version');
is(host_state(), $before, 'nothing has changed');
is_deeply([processes()], [], 'nothing runs');

done_testing();
printf "# things broken: $cases; lines about them, and no other: $lines; with the real QEMU %.2f s\n", $seconds;
