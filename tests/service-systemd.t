#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# The installed units under a real systemd: one that is PID 1 of its namespace, with the VM's own
# user and the helper's privilege, and one of a user.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use World;
use Test::More;
use Time::HiRes qw(sleep time);

require "$FindBin::Bin/lib/linux-guest.pl";
require "$FindBin::Bin/lib/qmp.pl";
require "$FindBin::Bin/lib/systemd.pl";
require "$FindBin::Bin/lib/users.pl";

my $why_not = set_up_systemd();
must_or_skip(!$why_not, $why_not // '');
END { my $status = $?; remove_cgroup(); $? = $status }
my ($kernel, @modules) = find_linux(qw(button evdev));
my @busybox = find_busybox();
must_or_skip($kernel && @busybox, 'no readable Linux kernel, or no busybox');

our ($UID, @AS_USER);
my $user = 'qemu-tapwrap';
set_up_user();
for my $file (qw(passwd group)) {
	spew("/srv/$file", slurp("/srv/$file") =~ s/^tester:/$user:/mr =~ s/^kvm:.*\n//mr . ($file eq 'group' ? "kvm:x:4242:\n" : ''), 0644);
}
set_up_helper('allow tap* 192.168.50.0/24,192.168.51.0/24,192.168.52.0/24');
run_ok(qw(chown root:4242 /srv/libexec/qemu-tapwrap-helper));
chmod 0750, '/srv/libexec/qemu-tapwrap-helper';
run_ok(qw(setcap cap_net_admin=p /srv/libexec/qemu-tapwrap-helper));

my $before = host_state();
my ($manager, @ctl);

# ---- profiles --------------------------------------------------------------------------------------------

sub idle
{
	my ($name, $directory, $ifname, $more) = @_;
	my ($n) = $ifname =~ /(\d+)/;
	return profile("[vm]\nname = $name\n[machine]\naccel = tcg\nsmp = 1\nmemory = 64M\n[display]\ntype = none\n[serial]\ntype = null\n"
		. "[nic]\nifname = $ifname\naddress = 192.168.5$n.1/24\n" . ($more // ''), "$directory/$name.ini");
}

my $system = '/srv/etc/qemu-tapwrap';
my $initramfs = make_initramfs(<<'END', \@busybox, @modules);
until grep -q 'Power Button' /proc/bus/input/devices; do sleep 0.1; done
button=$(grep -A 9 'Power Button' /proc/bus/input/devices | grep -o -m 1 'event[0-9]*')
exec 3< /dev/input/$button
echo ready
dd of=/dev/null bs=24 count=1 <&3 2>/dev/null
poweroff -f
END
chmod 0644, $initramfs;
linux_profile($kernel, $initramfs, "[vm]\nname = linux\n[serial]\ntype = file\npath = /srv/tmp/console/out\n"
	. "[nic]\nifname = tap0\naddress = 192.168.50.1/24\n", '', "$system/linux.ini");
run_ok(qw(install -d -o), $UID, '/srv/tmp/console');
idle('idle', $system, 'tap1');
idle('boot', $system, 'tap2');
profile("[nic]\nifname = tap3\naddress = nonsense\n", "$system/wrong.ini");

# ---- asking systemd --------------------------------------------------------------------------------------

sub ctl { return in_manager($manager, @ctl, @_) }
sub show { my ($vm, $what) = @_; return (ctl(qw(show -P), $what, "qemu-tapwrap\@$vm"))[1] =~ s/\n\z//r }
sub is_ctl
{
	my ($name, $verb, $vm) = @_;
	return is_deeply([ctl($verb, "qemu-tapwrap\@$vm")], [0, '', ''], $name);
}
sub file_of { my ($vm, $file) = @_; return (in_manager($manager, 'cat', '/proc/' . show($vm, 'MainPID') . "/$file"))[1] }
sub settles { my ($vm, $state) = @_; return wait_for(sub { show($vm, 'ActiveState') eq $state }, 20) }

sub boot
{
	my ($scope, @as) = @_;
	$manager = start_manager($scope, @as);
	@ctl = (@as, 'systemctl', $scope);
	return ok(wait_for(sub { (ctl('is-active', 'default.target'))[1] eq "active\n" }, 20), "systemd $scope is up");
}

# ---- the system's ----------------------------------------------------------------------------------------

my $journal = start_journal();
boot('--system') or diag(stop_manager($manager));

is_ctl('start', start => 'linux') or diag(journal());
ok(has_link('tap0'), 'when start returns the tap is there');
is(show('linux', 'ActiveState') . ' ' . show('linux', 'StatusText'), "active VM 'linux': its network is up", 'active, with a word on it');
ok(wait_for(sub { file_of('linux', 'comm') =~ /^qemu-system/ }), 'its main process is QEMU');
my $status = file_of('linux', 'status');
like($status, qr/^Uid:\t$UID\t$UID\t$UID\t$UID$/m, 'of the user of the VMs');
like($status, qr/^NoNewPrivs:\t0$/m, 'who may start the helper');
like($status, qr/^$_:\t0+$/m, "$_: none") for qw(CapPrm CapEff CapAmb);
is((stat '/run/qemu-tapwrap')[2] & 07777, 0700, 'there is a run directory');
my @own = ('setpriv', "--reuid=$UID", '--clear-groups', qw(-- env XDG_RUNTIME_DIR=/run/qemu-tapwrap qemu-tapwrap));
like((in_manager($manager, @own, '--list'))[1], qr/^linux +(running|prelaunch) /m, '--list of that user knows it');

is_ctl('a second VM', start => 'idle');
my $pid = show('idle', 'MainPID');
ctl(qw(kill --signal=SEGV --kill-who=main qemu-tapwrap@idle));
ok(wait_for(sub { show('idle', 'NRestarts') eq '1' && show('idle', 'ActiveState') eq 'active' }, 20), 'after a crash it is started again');
isnt(show('idle', 'MainPID'), $pid, 'another QEMU');
ok(has_link('tap1'), 'with its tap');
ok(wait_for(sub { -S '/run/qemu-tapwrap/qemu-tapwrap/idle/control.sock' }), 'it listens');
qmp(qmp_open('/run/qemu-tapwrap/qemu-tapwrap/idle/control.sock'), 'quit');
ok(settles('idle', 'inactive'), 'after an end of its own it is not');
is(show('idle', 'Result'), 'success', 'that is no failure');
ok(-d '/run/qemu-tapwrap/qemu-tapwrap/linux', 'and the run directory of the other is there');

isnt((ctl('start', "qemu-tapwrap\@wrong"))[0], 0, 'a wrong profile: start fails');
is(join(' ', map { show('wrong', $_) } qw(ActiveState ExecMainStatus NRestarts)), 'failed 65 0', 'once, with the status of the launcher');
like(journal(), qr{^qemu-tapwrap\@wrong: qemu-tapwrap: $system/wrong\.ini:3: \[nic\] address: .*nonsense.*$}m, 'the journal has its line');
like((ctl('start', "qemu-tapwrap\@missing"))[2], qr/Assertion failed/, 'no profile: an assertion');

# A tap that was there and lacks its address: the keeper has to survive the end of the service.
run_ok(qw(ip tuntap add tap1 mode tap vnet_hdr user), $UID);
my $bare = run_ok(qw(ip -br addr show dev tap1));
is_ctl('a tap of somebody else', start => 'idle') or diag(journal());
like(run_ok(qw(ip -br addr show dev tap1)), qr{192\.168\.51\.1/24}, 'it has its address');
my @keeper = grep { $_ ne show('idle', 'MainPID') } split ' ', (in_manager($manager, 'cat', '/sys/fs/cgroup' . show('idle', 'ControlGroup') . '/cgroup.procs'))[1];
is(scalar(@keeper), 1, 'there is a keeper');
in_manager($manager, qw(kill -STOP), @keeper) if @keeper; # so that it is late
ctl(qw(kill --signal=TERM --kill-who=main qemu-tapwrap@idle));
ok(settles('idle', 'inactive'), 'QEMU is gone, and the service with it');
is(run_ok(qw(ip -br addr show dev tap1)) =~ s/\S+UP\S*|DOWN|UNKNOWN//gr, $bare =~ s/DOWN//r, 'the keeper has taken the address away');
run_ok(qw(ip link del tap1));

ok(wait_for(sub { (slurp('/srv/tmp/console/out') // '') =~ /^ready/m }, 60), 'Linux is up');
my $start = time;
is_ctl('stop', stop => 'linux');
my $took = time - $start;
cmp_ok($took, '<', 30, sprintf 'the guest has shut down by itself (%.1f s)', $took);
is(join(' ', map { show('linux', $_) } qw(ActiveState Result)), 'inactive success', 'no failure');
my @said = grep { !/^qemu-tapwrap\@wrong:|: terminating on signal 15 / } split /\n/, journal();
is_deeply(\@said, [], 'nothing in the journal') or diag(journal());

is((ctl('enable', "qemu-tapwrap\@boot"))[0], 0, 'enable');
ok(-l '/etc/systemd/system/multi-user.target.wants/qemu-tapwrap@boot.service', 'a link');
stop_manager($manager);
boot('--system');
ok(settles('boot', 'active') && has_link('tap2'), 'at the next boot the VM runs');
stop_manager($manager);
state_settles($before, 'with systemd all is gone');

# ---- a user's --------------------------------------------------------------------------------------------

run_ok(qw(install -d -m 0700 -o), $UID, '/run/user/' . $UID);
give_cgroup_to($UID);
my @as = ('setpriv', "--reuid=$UID", "--regid=$UID", '--groups=4242', '--', 'env', "XDG_RUNTIME_DIR=/run/user/$UID", 'HOME=/srv/home', 'SHELL=/bin/sh');
my $monitor = "/run/user/$UID/qmp.sock";
idle('mine', '/srv/home/.config/qemu-tapwrap', 'tap0', "[monitor]\nqmp = $monitor\n");
run_ok(qw(chown -R), $UID, '/srv/home');
boot('--user', @as) or diag(stop_manager($manager));
is_ctl('start of a user', start => 'mine') or diag(journal());
ok(has_link('tap0'), 'when it returns the tap is there');
like(file_of('mine', 'status'), qr/^Uid:\t$UID\t/m, 'QEMU is the user\'s');
is((ctl('enable', "qemu-tapwrap\@mine"))[0], 0, 'enable');
ok(-l '/srv/home/.config/systemd/user/default.target.wants/qemu-tapwrap@mine.service', 'a link');
my $qmp = qmp_open($monitor);
my $stop = start(manager_command($manager, @ctl, 'stop', 'qemu-tapwrap@mine'));
ok(read_until($qmp, qr/"POWERDOWN".*\n/), 'stop asks the guest');
qmp($qmp, 'quit');
is_deeply([finish($stop)], [0, '', ''], 'and waits for it');
is(join(' ', map { show('mine', $_) } qw(ActiveState Result)), 'inactive success', 'no failure');
stop_manager($manager);
boot('--user', @as);
ok(settles('mine', 'active') && has_link('tap0'), 'the next time the VM is started with the manager');
stop_manager($manager);
state_settles($before, 'with systemd all is gone');
kill 'KILL', $journal;
finish($journal);

done_testing();
print "# a real systemd, 4 times: 2 of the system and 2 of a user; left behind: 0\n";
