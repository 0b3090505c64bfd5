# SPDX-License-Identifier: MIT
#
# World: what every test here needs: a world of its own (tests/world.sh), profiles to write, VMs to
# start and wait for, and the state of the host's network to compare.
#
# A test that says `use World;` is started again inside the world. What it leaves there ends with
# it; still each test waits for what it started, by PID.

package World;

use strict;
use warnings;
use Cwd qw(abs_path);
use Exporter qw(import);
use File::Basename qw(dirname);
use File::Path qw(make_path);
use POSIX qw(:sys_wait_h);
use Test::More;
use Time::HiRes qw(sleep time);

our @EXPORT = qw(
	$TAP_STUB host_state state_settles profile install_stub start finish run run_ok wait_for
	answers_ping slurp spew tap_profile guest_profile ipxe must_or_skip exited killed
	children_of make_kvm demo_append has_link descriptors capabilities is_real_root sanitized
	processes debris nothing_left refused_text thorough
);

# /srv is where world.sh installs the staged tree; tests write below it too.
my $tmp;

# ---- files ---------------------------------------------------------------------------------------

sub slurp
{
	my ($path) = @_;
	open my $in, '<:raw', $path or return undef;
	local $/;
	return scalar <$in> // '';
}

sub spew
{
	my ($path, $text, $mode) = @_;
	make_path(dirname($path));
	open my $out, '>:raw', $path or die "$path: $!";
	print $out $text;
	close $out or die "$path: $!";
	chmod $mode, $path if defined $mode;
	return $path;
}

my $profiles = 0;

# Writes a profile and returns its path.
sub profile
{
	my ($text, $name) = @_;
	return spew($name // "$tmp/vm" . ++$profiles . '.ini', $text);
}

# ---- guests --------------------------------------------------------------------------------------

sub ipxe
{
	for (qw(/usr/lib/ipxe/ipxe.lkrn /boot/ipxe.lkrn /usr/share/ipxe/ipxe.lkrn)) {
		return $_ if -r $_;
	}
	BAIL_OUT('no ipxe.lkrn: see platform/linux/packages.sh');
}

sub demo_append
{
	my ($then) = @_;
	return "ifopen net0 && set net0/ip 192.168.50.2 && set net0/netmask 255.255.255.0 && $then";
}

# A profile with a tap, without a guest: enough for a stub in QEMU's place.
sub tap_profile
{
	my (%option) = @_;
	my $ifname = $option{ifname} // 'tap0';
	my $address = exists $option{address} ? $option{address} : '192.168.50.1/24';
	my $type = $option{type} // 'tap';
	my $name = $option{name} // $ifname;
	my $text = "[vm]\nname = $name\n[nic \"lan\"]\ntype = $type\nifname = $ifname\n";
	$text .= "address = $address\n" if defined $address;
	return profile($text . ($option{more} // '') . "[machine]\naccel = tcg\n", $option{path});
}

# The iPXE guest of the demo, on tap0 unless $nic says otherwise; $then is its last command.
sub guest_profile
{
	my (%option) = @_;
	my $append = $option{append} // demo_append($option{then} // 'sleep 600');
	my $nic = $option{nic} // "ifname = tap0\naddress = 192.168.50.1/24";
	my $ipxe = ipxe();
	return profile(<<"END", $option{path});
[vm]
name = guest
[machine]
accel = tcg
smp = 1
memory = 64M
[boot]
kernel = $ipxe
append = $append
[display]
type = none
[serial "0"]
type = null
[nic "lan"]
$nic
END
}

# A program in QEMU's place, found before it in \$PATH.
our $TAP_STUB = "#!/bin/sh\nexec sleep 300\n";

sub install_stub
{
	my ($text, $mode) = @_;
	return spew('/srv/bin/qemu-system-x86_64', $text, $mode // 0755);
}

# ---- processes -----------------------------------------------------------------------------------

# By how much longer is waited for anything than it takes on a machine that has nothing else to do.
use constant PATIENCE => 4;

# Starts a command; returns its PID. Its output goes to $PID.out and $PID.err in $tmp.
sub start
{
	my ($command, %option) = @_;
	my $pid = fork() // die "fork: $!";

	return $pid if $pid;
	open STDIN, '<', '/dev/null';
	open STDOUT, '>', "$tmp/$$.out" or POSIX::_exit(99);
	open STDERR, '>', "$tmp/$$.err" or POSIX::_exit(99);
	$option{before}->() if $option{before};
	{ exec { $command->[0] } @$command }
	POSIX::_exit(98);
}

# Waits for a process; returns its wait status, standard output and standard error.
sub finish
{
	my ($pid, $seconds) = @_;
	my $end = time + PATIENCE * ($seconds // 30);

	while (time < $end) {
		if (waitpid($pid, WNOHANG) == $pid) {
			my $status = $?;
			my @text = map { slurp("$tmp/$pid.$_") } qw(out err);
			unlink "$tmp/$pid.out", "$tmp/$pid.err";
			return ($status, @text);
		}
		sleep 0.01;
	}
	kill 'KILL', $pid;
	waitpid $pid, 0;
	return (-1, 'timed out', slurp("$tmp/$pid.err"));
}

sub run
{
	my ($command, %option) = @_;
	return finish(start($command, %option), $option{seconds});
}

# A tool of the test's own that has to work.
sub run_ok
{
	my @command = @_;
	my ($status, $out, $err) = run(\@command);
	BAIL_OUT("@command: status $status: $err") if $status != 0;
	return $out;
}

sub exited { my ($status) = @_; return $status & 127 ? 'signal ' . ($status & 127) : $status >> 8 }
sub killed { my ($status) = @_; return $status & 127 }

sub wait_for
{
	my ($condition, $seconds) = @_;
	my $end = time + PATIENCE * ($seconds // 15);

	until ($condition->()) {
		return 0 if time > $end;
		sleep 0.02;
	}
	return 1;
}

sub children_of
{
	my ($pid) = @_;
	return split ' ', slurp("/proc/$pid/task/$pid/children") // '';
}

# ---- the host's network --------------------------------------------------------------------------

sub host_state
{
	my @commands = (
		[qw(ip -o link)], [qw(ip -o addr)], [qw(ip route show table all)],
		[qw(ip -6 route show table all)], [qw(nft list ruleset)]);
	return join "\n", map { "\$ @$_\n" . run_ok(@$_) } @commands;
}

# Is the host as it was? The kernel may need a moment after a process was killed before us.
sub state_settles
{
	my ($before, $name) = @_;
	my $now;

	wait_for(sub { ($now = host_state()) eq $before }, 3);
	return is($now, $before, $name);
}

# What runs here beside PID 1 and the test itself: "pid: command line" each.
sub processes
{
	opendir my $dir, '/proc' or die "/proc: $!";
	my @pids = grep { /^\d+$/ && $_ != 1 && $_ != $$ } readdir $dir;
	my %lines = map { $_ => slurp("/proc/$_/cmdline") } @pids;
	return map { "$_: " . $lines{$_} =~ tr/\0/ /r } grep { $lines{$_} } @pids; # not zombies
}

# Sockets, and files that are half made, wherever one could expect them.
my %debris_before;
sub debris
{
	# The socket of the verbs is QEMU's to remove, or the next one's who looks.
	return grep { !$debris_before{$_} && !m{/control\.sock$} } split /\n/, run_ok('sh', '-c', 'find /srv -type s -o -name "*.new"; '
		. 'find /tmp /var/tmp /run -maxdepth 3 -type s -a '
		. '"(" -name "*swtpm*" -o -path "*virtiofs*" -o -path "*qemu-tapwrap*" ")" '
		. '2>/dev/null || :');
}

# Is nothing of a VM left: no process, no socket, and the host's network as in $before? @expected
# are sockets that may stay.
sub nothing_left
{
	my ($before, $name, @expected) = @_;
	wait_for(sub { !processes() }, 5);
	is_deeply([processes()], [], "$name: no process is left");
	is_deeply([sort(debris())], [sort @expected], "$name: no socket, no half file is left");
	return state_settles($before, "$name: the network is as before");
}

sub has_link { my ($ifname) = @_; return run_ok(qw(ip -o link)) =~ /: \Q$ifname\E:/ }

sub answers_ping
{
	my ($address, $seconds) = @_;
	my @ping = ($address =~ /:/ ? ('ping', '-6') : ('ping'), '-c1', '-W1', '-q', $address);
	return wait_for(sub { (run(\@ping))[0] == 0 }, $seconds // 30);
}

# Is a profile of this text refused, with that status and that line behind its path?
sub refused_text
{
	my ($name, $text, $wanted_status, $wanted) = @_;
	my $profile = profile($text);
	my $as_it_was = host_state();
	my ($status, $out, $err) = run(['qemu-tapwrap', $profile]);

	is(exited($status), $wanted_status, "$name: status $wanted_status");
	is($err, "qemu-tapwrap: $profile:$wanted\n", "$name: its line");
	is(host_state(), $as_it_was, "$name: nothing changed");
}

# ---- looking at a process --------------------------------------------------------------------------

# { 0 => '/dev/null', 4 => '/dev/net/tun', ... }
# But for what a program that is just starting reads of its own.
sub descriptors
{
	my ($pid) = @_;
	opendir my $dir, "/proc/$pid/fd" or return {};
	my %open = map { $_ => readlink("/proc/$pid/fd/$_") // '' } grep { /^\d/ } readdir $dir;
	return { map { $open{$_} =~ m{^(?:/usr)?/lib} ? () : ($_ => $open{$_}) } keys %open };
}

# The capability sets of a process as one line of hexadecimal numbers.
sub capabilities
{
	my ($pid) = @_;
	my $status = slurp("/proc/$pid/status") // '';
	return join ' ', $status =~ /^Cap(?:Inh|Prm|Eff|Amb):\t(\w+)/mg;
}

# ---- what this machine cannot do -------------------------------------------------------------------

# LeakSanitizer gives up in a traced process, and where there is no /proc.
sub sanitized { return scalar(slurp('/srv/bin/qemu-tapwrap') =~ /__asan_init/) }

# May a test that goes through many points, combinations or rounds take all of them? `make check-long`.
sub thorough { return scalar($ENV{THOROUGH}) }

# Root of the machine, not of a user namespace?
sub is_real_root { return scalar(slurp('/proc/self/uid_map') =~ /^\s*0\s+0\s+4294967295/) }

# A /dev/kvm with this mode, whether or not the machine has one. Needs real root.
sub make_kvm
{
	my ($mode) = @_;

	if (!-e '/dev/kvm') {
		run_ok(qw(mkdir -p /srv/dev));
		run_ok(qw(mount -t tmpfs tmpfs /srv/dev));
		opendir my $dir, '/dev' or die "/dev: $!";
		for my $name (grep { !/^\.\.?$/ && !-l "/dev/$_" } readdir $dir) {
			-d "/dev/$name" ? make_path("/srv/dev/$name") : spew("/srv/dev/$name", '');
			run_ok(qw(mount --rbind), "/dev/$name", "/srv/dev/$name");
		}
		symlink '/proc/self/fd', '/srv/dev/fd';
		spew('/srv/dev/kvm', '');
		run_ok(qw(mount --rbind /srv/dev /dev));
	}
	spew('/srv/tmp/kvm', '', $mode);
	run_ok(qw(mount --bind /srv/tmp/kvm /dev/kvm));
	return;
}

# Leaves the test when something is missing here; in CI that is a failure.
sub must_or_skip
{
	my ($possible, $reason) = @_;
	return if $possible;
	BAIL_OUT("not possible here, and TESTS_MUST_RUN is set: $reason") if $ENV{TESTS_MUST_RUN};
	plan skip_all => $reason;
}

# ---- at the start, when all of the above is known ------------------------------------------------

sub enter_world
{
	my $here = dirname(abs_path(__FILE__));
	my $stage = $ENV{STAGE} or BAIL_OUT('run me by `make check TESTS=...`, which sets STAGE');

	my $why = `sh '$here/../world.sh' '$stage' true 2>&1`;
	must_or_skip($? == 0, "no namespaces of one's own here: $why");
	{ exec 'sh', "$here/../world.sh", $stage, $^X, "-I$here", abs_path($0), @ARGV }
	BAIL_OUT("world.sh: $!");
}

BEGIN {
	if (!$ENV{WORLD_INSIDE}) {
		$ENV{WORLD_INSIDE} = 1;
		enter_world();
	}
	# Whoever runs the tests in the background ignores these, and so would all that they start.
	$SIG{$_} = 'DEFAULT' for qw(HUP INT QUIT);
	$tmp = '/srv/tmp';
	make_path($tmp);
	chmod 01777, $tmp;
	chdir $tmp or die "$tmp: $!";
	# LeakSanitizer can neither look into a process that is not dumpable nor into a traced one.
	$ENV{ASAN_OPTIONS} = 'abort_on_error=0:exitcode=99';
	$ENV{UBSAN_OPTIONS} = 'halt_on_error=1:exitcode=99';
}
%debris_before = map { $_ => 1 } debris();

1;
