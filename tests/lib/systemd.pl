# SPDX-License-Identifier: MIT
#
# systemd: a real service manager in PID, mount and cgroup namespaces of its own, with the units of
# the installation and next to none beside. The network is the test's. What it starts ends with it.

use strict;
use warnings;
use File::Path qw(make_path);
use IO::Socket::UNIX;
use World;

my ($systemd) = grep { -x } qw(/usr/lib/systemd/systemd /lib/systemd/systemd);
my $units = '/srv/units';
my $journal = '/run/systemd/journal/stdout';

# Where this process is in the tree of cgroup2, as a directory of a mount of our own: that of the host
# may be missing, or not to be written to.
sub own_cgroup
{
	my ($where) = (slurp('/proc/self/cgroup') // '') =~ /^0::(.*)$/m or return undef;
	mkdir '/srv/cgroup';
	return (run([qw(mount -t cgroup2 cgroup2 /srv/cgroup)]))[0] == 0 ? "/srv/cgroup$where" =~ s{/+$}{}r : undef;
}

my ($cgroup, %managers);

# The one thing that a world does not take with it.
sub remove_cgroup
{
	stop_manager($_) for keys %managers;
	wait_for(sub {
		run(['find', $cgroup, qw(-depth -type d -exec rmdir {} +)]);
		return !-d $cgroup;
	}, 5) if $cgroup;
	return;
}

# For the manager of a user.
sub give_cgroup_to
{
	my ($uid) = @_;
	run_ok(qw(chown -R), $uid, $cgroup);
	return;
}

# May a systemd be started here? Makes the cgroup that is its root.
sub set_up_systemd
{
	return 'no systemd' if !$systemd;
	my $own = is_real_root() ? own_cgroup() : undef;
	return 'no cgroup2 for us' if !$own;
	$cgroup = "$own/qemu-tapwrap-test-" . slurp('/proc/sys/kernel/random/uuid') =~ s/\n//r;
	mkdir $cgroup or return "$cgroup: $!";
	run_ok(qw(mount -t tmpfs -o mode=0755 tmpfs), $_) for qw(/run /etc/systemd /var/lib);
	make_path('/run/systemd/system', '/run/systemd/journal', '/etc/systemd/system', $units);
	for (qw(basic sysinit shutdown network-online multi-user)) {
		spew("$units/$_.target", "[Unit]\nDefaultDependencies=no\n");
	}
	spew("$units/default.target", "[Unit]\nDefaultDependencies=no\nWants=multi-user.target\nAfter=multi-user.target\nAllowIsolate=yes\n");
	return undef;
}

# ---- the journal: what services write, line by line -------------------------------------------------

# Listens for ever in a process of its own; each line goes to /srv/tmp/journal as "IDENTIFIER: text".
sub start_journal
{
	unlink $journal;
	my $server = IO::Socket::UNIX->new(Local => $journal, Listen => 20) or die "$journal: $!";
	chmod 0666, $journal;
	return start(['perl', '-MIO::Socket::UNIX', '-e', <<'END'], before => sub { open STDIN, '<&', $server });
open my $server, '<&', \*STDIN; bless $server, 'IO::Socket::UNIX'; $SIG{CHLD} = 'IGNORE';
open my $out, '>>', '/srv/tmp/journal'; select((select($out), $| = 1)[0]);
while (my $client = $server->accept) {
	next if fork;
	my ($identifier) = map { scalar <$client> } 1 .. 7;
	chomp $identifier;
	syswrite $out, "$identifier: $_" while <$client>;
	exit;
}
END
}

sub journal { return slurp('/srv/tmp/journal') // '' }

# ---- the manager ------------------------------------------------------------------------------------

# Its number, for manager() and stop_manager(). @as: a command in front of a user's.
sub start_manager
{
	my ($scope, @as) = @_;
	my $lib = $scope eq '--user' ? 'user' : 'system';
	my $start = "$systemd $scope --log-level=info --log-target=console --show-status=0";
	$start = $scope eq '--user' ? "@as $start & wait" : "exec $start";
	spew('/srv/tmp/start-systemd', <<"END", 0755);
while umount -l -R /sys/fs/cgroup 2>/dev/null; do :; done
[ -d /sys/fs/cgroup ] || mount -t sysfs -o ro sysfs /sys
mount -t cgroup2 cgroup2 /sys/fs/cgroup || exit 1
mount -t tmpfs -o mode=1777 tmpfs /tmp # where PrivateTmp= has its own
mount -t tmpfs -o mode=1777 tmpfs /var/tmp
$start
END
	$ENV{SYSTEMD_UNIT_PATH} = "/etc/systemd/$lib:/srv/lib/systemd/$lib:$units";
	$ENV{SYSTEMD_UNIT_PATH} = "/srv/home/.config/systemd/user:$ENV{SYSTEMD_UNIT_PATH}" if $lib eq 'user';
	my %other = (SYSTEMD_GENERATOR_PATH => '/nonexistent', SYSTEMD_ENVIRONMENT_GENERATOR_PATH => '/nonexistent', container => 'test');
	my $pid = start([qw(unshare --mount --pid --cgroup --fork --kill-child --mount-proc sh /srv/tmp/start-systemd)], before => sub {
		spew("$cgroup/cgroup.procs", "$$\n");
		%ENV = (%ENV, %other);
	});
	$managers{$pid} = 1;
	wait_for(sub { children_of($pid) }) or die 'unshare';
	return $pid;
}

# A command in the namespaces of the manager, which has PID 1 there or is its child.
sub manager_command
{
	my ($manager, @command) = @_;
	my ($first) = children_of($manager);
	return ['nsenter', '-t', $first, qw(--mount --pid --cgroup --), @command];
}

sub in_manager
{
	my ($manager, @command) = @_;
	my ($status, $out, $err) = run(manager_command($manager, @command), seconds => 60);
	return (exited($status), $out, $err);
}

sub stop_manager
{
	my ($manager) = @_;
	delete $managers{$manager};
	kill 'KILL', children_of($manager);
	my ($status, $out, $err) = finish($manager);
	return "$out$err";
}

1;
