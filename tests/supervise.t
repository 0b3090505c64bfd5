#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# on-terminate = powerdown: who stays beside QEMU shuts down the guest when it is told to end, and
# ends with QEMU and its status, whatever happens to either. Terminals: both ways of ending.

use strict;
use warnings;
use Digest::SHA qw(sha256_hex);
use FindBin;
use lib "$FindBin::Bin/lib";
use World;
use Test::More;
use IO::Socket::UNIX;
use Time::HiRes qw(sleep time);

our $POWER_BUTTON_GUEST;
require "$FindBin::Bin/lib/linux-guest.pl";
require "$FindBin::Bin/lib/pty.pl";

my ($kernel, @modules) = find_linux(qw(button evdev virtio_pci virtio_blk));
my @busybox = find_busybox();
must_or_skip($kernel && @busybox, 'no readable Linux kernel, or no busybox');

my $before = host_state();
my $root = '/srv/run/qemu-tapwrap';
my $POWERDOWN = "on-terminate = powerdown\npowerdown-timeout = 1\n";
my $TAP = "[nic]\nifname = tap0\naddress = 192.168.50.1/24\n";
my $n_vms = 0;

sub state_of { my ($name) = @_; return ((run([qw(qemu-tapwrap --status), $name]))[1] =~ /^state     (.*)$/m)[0] // 'off' }
sub pid_of { my ($name) = @_; return ((run([qw(qemu-tapwrap --status), $name]))[1] =~ /^pid +(\d+)$/m)[0] }

# Firmware only: it does not know the power button.
sub idle_profile
{
	my ($name, $vm, $serial, $more) = @_;
	return profile("[vm]\nname = $name\n$vm\[machine]\naccel = tcg\nsmp = 1\nmemory = 64M\n[display]\ntype = none\n"
		. "$TAP\[serial]\ntype = " . ($serial // 'null') . "\n" . ($more // ''), "$name.ini");
}

# Returns the PIDs of who was started and of QEMU.
sub start_idle
{
	my ($name, $vm, @more) = @_;
	my $pid = start(['qemu-tapwrap', idle_profile($name, $vm), @more]);
	ok(wait_for(sub { state_of($name) eq 'running' }), "$name: runs") or diag(slurp("/srv/tmp/$pid.err"));
	$n_vms++;
	return ($pid, pid_of($name));
}

sub ends_with
{
	my ($name, $pid, $wanted, $said) = @_;
	my ($status, $out, $err) = finish($pid);
	is(exited($status), $wanted, "$name: status $wanted");
	is("$out$err", $said // '', "$name: what was said");
	ok(!-e "$root/$name", "$name: its run directory is gone");
	nothing_left($before, $name);
}

sub proc_status { my ($pid, $key) = @_; return ((slurp("/proc/$pid/status") // '') =~ /^$key:\s+(\S+)/m)[0] // '' }
sub is_stopped { my ($pid) = @_; return proc_status($pid, 'State') eq 'T' }

# ---- who is who -----------------------------------------------------------------------------------------

{
	my ($pid, $qemu) = start_idle('who', $POWERDOWN);
	like(slurp("/proc/$pid/comm"), qr/^qemu-tapwrap-co/, 'who was started has become the supervisor');
	is_deeply([children_of($pid)], [$qemu], 'QEMU is its child, and what --status tells');
	like(slurp("$root/who/lock"), qr/^pid $qemu$/m, 'and what the record tells');
	my $held = descriptors($pid);
	is_deeply([sort grep { !/^[012]$/ } keys %$held], [grep { $held->{$_} =~ /signalfd/ } sort keys %$held],
		'the supervisor has nothing open but its signalfd');
	my $fds = descriptors($qemu);
	is(scalar(grep { m{/dev/net/tun|/who/lock} } values %$fds), 2, 'QEMU has the tap and the lock');
	opendir my $tasks, "/proc/$qemu/task" or die $!;
	my @blocked = map { hex(slurp("/proc/$qemu/task/$_/status") =~ /^SigBlk:\s+\w{8}(\w+)/m ? $1 : 0) & 0x4003 } grep { /^\d/ } readdir $tasks;
	cmp_ok(scalar(@blocked), '>', 1, 'QEMU has threads');
	is_deeply([grep { $_ != 0x4003 } @blocked], [], 'and all have SIGHUP, SIGINT and SIGTERM blocked');
	is(hex(substr proc_status($qemu, 'SigBlk'), 8) & 1 << 16, 0, 'but not SIGCHLD');
	is(capabilities($qemu) =~ /^(\S+ )/ ? $1 : '', "0000000000000000 ", 'and inherits no capability');

	is(exited((run([qw(qemu-tapwrap --stop --now who)]))[0]), 1, '--stop works');
	ends_with('who', $pid, 0);
}

# ---- a guest that listens -----------------------------------------------------------------------------

{
	my $initramfs = make_initramfs($POWER_BUTTON_GUEST, \@busybox, @modules);
	for my $signal (thorough() ? qw(TERM HUP INT) : 'TERM') {
		spew('disk.img', "\0" x (1 << 20));
		my $profile = linux_profile($kernel, $initramfs,
			"[vm]\nname = linux\non-terminate = powerdown\n$TAP\[disk]\nfile = disk.img\nif = virtio\nformat = raw\n", '', 'linux.ini');
		my $pid = start(['qemu-tapwrap', $profile]);
		ok(wait_for(sub { (slurp("/srv/tmp/$pid.out") // '') =~ /^ready/m }, 60), 'Linux is up') or diag(slurp("/srv/tmp/$pid.out"));
		$n_vms++;
		kill $signal, $pid;
		my ($end, $out, $err) = finish($pid);
		is(exited($end), 0, "SIG$signal: status 0, as of any QEMU whose guest has shut down");
		is($err, '', 'nothing said');
		my ($sum) = $out =~ /^([0-9a-f]{64})  \/data/m;
		is(sha256_hex(substr slurp('disk.img'), 0, 512 * 1024), $sum, 'what the guest wrote last is on its disk');
		ok(!-e "$root/linux", 'its run directory is gone');
		nothing_left($before, 'linux');
	}
}

# ---- those that do not ----------------------------------------------------------------------------------

{
	my ($pid) = start_idle('deaf', $POWERDOWN);
	my $start = time;
	kill 'HUP', $pid;
	sleep 0.2;
	kill 'HUP', $pid; # as services do, and terminals that close
	ends_with('deaf', $pid, 0);
	cmp_ok(time - $start, '>=', 1, 'a guest without ACPI: it has its second, then QEMU has to quit');
}
{
	my ($pid, $qemu) = start_idle('mistaken', $POWERDOWN);
	kill 'TERM', $qemu;
	ends_with('mistaken', $pid, 0);
}
{
	my ($pid, $qemu) = start_idle('hung', $POWERDOWN);
	kill 'STOP', $qemu;
	my $start = time;
	kill 'TERM', $pid;
	ends_with('hung', $pid, 137);
	cmp_ok(time - $start, '<', 40, 'a QEMU that hangs is killed, in bounded time');
}
{
	my ($pid) = start_idle('hurry', "on-terminate = powerdown\npowerdown-timeout = 600\n");
	kill 'INT', $pid;
	sleep 0.5;
	ok(-e "$root/hurry/lock" && proc_status($pid, 'State') ne 'Z', 'one SIGINT: the guest has its time');
	my $start = time;
	kill 'INT', $pid;
	ends_with('hurry', $pid, 0);
	cmp_ok(time - $start, '<', 20, 'a second one: at once');
}

# While another has the monitor it looks like a QEMU that hangs.
{
	my ($pid) = start_idle('busy', "on-terminate = powerdown\npowerdown-timeout = 4\n");
	my @others = map { IO::Socket::UNIX->new(Peer => "$root/busy/control.sock") } 1 .. 3;
	is(scalar(grep { defined } @others) > 0, 1, 'somebody else has the monitor, and others wait for it');
	kill 'TERM', $pid;
	sleep 3;
	@others = ();
	ends_with('busy', $pid, 0);
}

# ---- other ends -----------------------------------------------------------------------------------------

{
	my ($pid, $qemu) = start_idle('killed', $POWERDOWN);
	kill 'KILL', $qemu;
	ends_with('killed', $pid, 137);
}
# With all that has to end with QEMU: a TPM's emulator, and a keeper of somebody else's tap.
{
	run_ok(qw(ip tuntap add dev tap0 mode tap user root));
	run_ok(qw(ip link set tap0), $_) for qw(up down); # it keeps its queue from then on
	my $tap_only = host_state();
	my $profile = idle_profile('orphan', $POWERDOWN, 'null', -x '/usr/bin/swtpm' ? "[tpm]\n" : '');
	my $pid = start(['qemu-tapwrap', $profile]);
	ok(wait_for(sub { state_of('orphan') eq 'running' }), 'orphan: runs') or diag(slurp("/srv/tmp/$pid.err"));
	$n_vms++;
	my $qemu = pid_of('orphan');
	isnt(host_state(), $tap_only, 'its tap has been set up');
	is_deeply([grep { descriptors($pid)->{$_} !~ /signalfd/ && !/^[012]$/ } keys %{ descriptors($pid) }], [], 'the supervisor holds nothing');
	kill 'KILL', $pid;
	is(exited((finish($pid))[0]), 'signal 9', 'the supervisor is killed');
	ok(wait_for(sub { !-e "/proc/$qemu" }), 'QEMU goes with it');
	is(state_of('orphan'), 'off', 'the VM is known to be gone');
	nothing_left($tap_only, 'orphan');
	run_ok(qw(ip link delete tap0));
}
{
	my $profile = idle_profile('bad', $POWERDOWN);
	my ($status, $out, $err) = run(['qemu-tapwrap', $profile, '--', '-no-such-option']);
	is(exited($status), 1, 'QEMU refuses its command line: status 1');
	like($err, qr/^qemu-system-x86_64: -no-such-option: invalid option\n\z/, 'and says so');
	nothing_left($before, 'bad');
	spew('own', "#!/none\n", 0755);
	($status, $out, $err) = run(['qemu-tapwrap', '--set', 'qemu.binary=/srv/tmp/own', $profile]);
	is(exited($status), 127, 'an interpreter that is missing: status 127');
	is($err, "qemu-tapwrap: /srv/tmp/own: No such file or directory\n", 'in one line');
	nothing_left($before, 'no interpreter');
	($status, $out, $err) = run(['qemu-tapwrap', '--set', 'qemu.binary=none', $profile]);
	is(exited($status), 127, 'a missing emulator: status 127');
	nothing_left($before, 'missing');
	($status, $out, $err) = run(['qemu-tapwrap', $profile, '--', '-daemonize']);
	is(exited($status) . " $err", "64 qemu-tapwrap: $profile:3: [vm] on-terminate: does not go together with -daemonize\n",
		'-daemonize is refused');
	rename '/srv/libexec/qemu-tapwrap-control', '/srv/libexec/away' or die $!;
	($status, $out, $err) = run(['qemu-tapwrap', $profile]);
	rename '/srv/libexec/away', '/srv/libexec/qemu-tapwrap-control' or die $!;
	is(exited($status) . " $err", "72 qemu-tapwrap: /srv/libexec/qemu-tapwrap-control: No such file or directory; "
		. "install it with: make install\n", 'without the program that stays there is no start');
	nothing_left($before, 'without control');
}
SKIP: {
	skip 'only root can become another user', 2 if !is_real_root();
	my ($status, $out, $err) = run([qw(setpriv --reuid=4711 --regid=4711 --clear-groups -- env -u XDG_RUNTIME_DIR qemu-tapwrap),
		idle_profile('nowhere', $POWERDOWN)]);
	is(exited($status), 65, 'without a run directory it cannot be: status 65');
	like($err, qr/ini:1: \[vm\]: there is no run directory for control\.sock: /, 'and that is said');
}

# ---- on a terminal ----------------------------------------------------------------------------------------

# A shell that people use, and what it has printed since the last look.
sub start_shell
{
	my ($pid, $terminal) = start_on_pty(qw(env PS1=ready> HISTFILE= bash --norc --noprofile --noediting -i));
	$terminal->blocking(0);
	return { pid => $pid, terminal => $terminal, text => '' };
}

sub sees
{
	my ($shell, $pattern, $seconds) = @_;
	return wait_for(sub {
		sysread $shell->{terminal}, $shell->{text}, 65536, length $shell->{text};
		return $shell->{text} =~ s/\A.*?$pattern//s;
	}, $seconds // 15);
}

sub type { my ($shell, $text) = @_; syswrite $shell->{terminal}, $text; return }

for my $way (['plain', ''], ['stays', "on-terminate = powerdown\npowerdown-timeout = 30\n"]) {
	for my $reads (0, 1) {
		my $name = $way->[0] . ($reads ? ', with a monitor' : '');
		my $profile = idle_profile('job', $way->[1], 'null', $reads ? "[qemu]\nargs = -monitor stdio\n" : '');
		my $shell = start_shell();
		ok(sees($shell, qr/ready>/), "$name: a shell");
		type($shell, "qemu-tapwrap $profile\n");
		ok(wait_for(sub { state_of('job') eq 'running' }), "$name: runs") or diag($shell->{text});
		$n_vms++;
		my $qemu = pid_of('job');
		my ($job) = children_of($shell->{pid});
		type($shell, "\x1a");
		ok(sees($shell, qr/Stopped.*ready>/s), "$name: Ctrl-Z: the shell has the terminal");
		ok(wait_for(sub { is_stopped($qemu) && is_stopped($job) }), "$name: all are stopped");
		if (!$reads) {
			type($shell, "bg\n");
			ok(wait_for(sub { !is_stopped($job) && state_of('job') eq 'running' }), "$name: bg: goes on");
		}
		type($shell, "fg\n");
		ok(sees($shell, qr/qemu-tapwrap \S+\r\n/), "$name: fg");
		ok(wait_for(sub { state_of('job') eq 'running' }), "$name: it runs");
		if ($reads) {
			type($shell, "info name\n");
			ok(sees($shell, qr/\njob\r+\n/), "$name: QEMU reads from the terminal");
		}
		type($shell, "\x03");
		if ($way->[1]) {
			ok(sees($shell, qr/waiting for the guest to shut down:  30 s /), "$name: Ctrl-C: the guest has its time, counted down");
			ok(-e "/proc/$qemu/exe", "$name: QEMU has not heard of it");
			type($shell, "\x03");
		}
		ok(sees($shell, qr/ready>/), "$name: Ctrl-C: the prompt is back") or diag($shell->{text});
		type($shell, "echo status \$?\n");
		ok(sees($shell, qr/status 0\r\n/), "$name: status 0") or diag($shell->{text});
		type($shell, "exit\n");
		close $shell->{terminal};
		waitpid $shell->{pid}, 0;
		nothing_left($before, $name);
	}
}

# A terminal that closes.
{
	my ($pid, $terminal) = start_on_pty('qemu-tapwrap', idle_profile('closed', $POWERDOWN, 'stdio'));
	ok(wait_for(sub { state_of('closed') eq 'running' }), 'closed: runs');
	$n_vms++;
	close $terminal;
	waitpid $pid, 0;
	is($? & 127 ? 'signal ' . ($? & 127) : $? >> 8, 0, 'the terminal is closed: the guest had its time, QEMU quit');
	nothing_left($before, 'closed');
}

print "# $n_vms VMs, nothing left of any\n";
done_testing();
