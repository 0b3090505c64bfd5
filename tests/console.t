#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# --console: a Linux guest and a guest of 15 bytes that sends back what it gets; from pipes and on a
# terminal, which is as it was before at every end, and while the program is stopped.

use strict;
use warnings;
use Digest::SHA qw(sha256_hex);
use Fcntl qw(:flock);
use FindBin;
use lib "$FindBin::Bin/lib";
use World;
use Test::More;
use IO::Select;
use IO::Socket::UNIX;
use JSON::PP qw(decode_json encode_json);
use POSIX ();
use Time::HiRes qw(sleep time);

require "$FindBin::Bin/lib/linux-guest.pl";
require "$FindBin::Bin/lib/pty.pl";

my ($kernel, @modules) = find_linux();
my @busybox = find_busybox();
must_or_skip($kernel && @busybox, 'no readable Linux kernel, or no busybox');

my $before = host_state();
my $root = '/srv/run/qemu-tapwrap';
my ($ends, $bytes) = (0, 0);

# wait: mov dx, 0x3fd; in al, dx; test al, 1; jnz got; sti; hlt; jmp wait
# got: mov dx, 0x3f8; in al, dx; out dx, al; jmp wait
spew('echo.img', pack 'H*', 'bafd03eca8017504fbf4ebf4baf803eceeebed' . '00' x 491 . '55aa' . '00' x 1048064);

sub vm
{
	my ($name, $more) = @_;
	return profile("[vm]\nname = $name\n[machine]\naccel = tcg\nsmp = 1\nmemory = 64M\n[display]\ntype = none\n"
		. "[nic]\ntype = none\n$more", "$name.ini");
}

sub state_of { my ($name) = @_; return ((run([qw(qemu-tapwrap --status), $name]))[1] =~ /^state +(.*)$/m)[0] // 'none' }

sub start_echo
{
	my $pid = start(['qemu-tapwrap', vm('echo', "[disk]\nfile = echo.img\nreadonly = on\n[serial]\ntype = unix\n")]);
	ok(wait_for(sub { (run(['sh', '-c', 'echo here | qemu-tapwrap --console echo']))[1] =~ /here/ }), 'the echo runs')
		or diag(slurp("/srv/tmp/$pid.err"));
	return $pid;
}

sub says
{
	my ($name, $status, $line, @command) = @_;
	my $start = time;
	my ($got, $out, $err) = run(\@command, seconds => 30);
	is(exited($got) . " $out$err", "$status qemu-tapwrap: $line\n", $name);
	cmp_ok(time - $start, '<', sanitized() ? 20 : 8, sprintf '%s: in %.1f s', $name, time - $start);
}

# ---- pipes -----------------------------------------------------------------------------------------

my $echo = start_echo();
{
	my $start = time;
	my ($status, $out, $err) = run(['sh', '-c', 'printf "a\\000b\\035c\\377" | qemu-tapwrap --console echo']);
	is(exited($status) . $err, '0', 'a pipe: status 0, nothing said');
	is($out, "a\0b\x1dc\xff", 'every byte goes there and back, Ctrl-] too');
	cmp_ok(time - $start, '>=', 1, 'it leaves when the guest has been quiet for a second');
	($status, $out, $err) = run(['sh', '-c', '(echo x; sleep 20) | qemu-tapwrap --console echo | head -c 1']);
	is($out, 'x', 'whoever reads it may leave');
	($status, $out, $err) = run(['sh', '-c', 'echo x | qemu-tapwrap --console echo > /dev/full']);
	is(exited($status) . $err, "74qemu-tapwrap: standard output: cannot be written to\n", 'a full disk');
}

# ---- a terminal ---------------------------------------------------------------------------------------

sub modes
{
	my ($terminal) = @_;
	my $modes = POSIX::Termios->new;
	$modes->getattr(fileno $terminal) // return "none: $!";
	return join ' ', (map { $modes->$_ } qw(getiflag getoflag getcflag getlflag)), map { $modes->getcc($_) } 0 .. POSIX::NCCS - 1;
}

sub is_raw
{
	my ($terminal) = @_;
	my $modes = POSIX::Termios->new;
	$modes->getattr(fileno $terminal);
	return !($modes->getlflag & (POSIX::ICANON | POSIX::ECHO | POSIX::ISIG));
}

# What comes from it until $pattern, or the time is over.
sub see
{
	my ($terminal, $pattern, $seconds) = @_;
	my ($seen, $end) = ('', time + 4 * ($seconds // 5));
	while ($seen !~ $pattern && time < $end) {
		next if !IO::Select->new($terminal)->can_read(0.2);
		sysread $terminal, $seen, 4096, length $seen or last;
	}
	return $seen;
}

# On a terminal of its own, one end of which stays open: ($pid, $terminal, $slave, its modes before).
sub open_console
{
	my (@command) = @_;
	my ($pid, $terminal) = start_on_pty('sh', '-c', 'read go; exec "$@"', 'sh', @command);
	my $number = pack 'i', 0;
	ioctl $terminal, TIOCGPTN(), $number;
	sysopen my $slave, '/dev/pts/' . unpack('i', $number), Fcntl::O_RDWR | Fcntl::O_NOCTTY or die $!;
	my $modes = modes($terminal);
	syswrite $terminal, "go\n";
	ok(wait_for(sub { is_raw($terminal) }), 'the terminal is raw') or diag(see($terminal, qr/\n/, 1));
	return ($pid, $terminal, $slave, $modes);
}

sub ended
{
	my ($name, $pid, $terminal, $modes, $status, $said) = @_;
	my $seen = see($terminal, $said // qr/^/);
	ok(wait_for(sub { waitpid($pid, POSIX::WNOHANG) != 0 }), "$name: it ends") or kill 'KILL', $pid;
	is(exited($?), $status, "$name: $status") if !(sanitized() && $name =~ /SEGV|BUS|FPE|ILL|ABRT/);
	is(modes($terminal), $modes, "$name: the terminal is as it was before");
	like($seen, $said, "$name: it says why") if $said;
	unlike($seen, qr/\033/, "$name: no escape sequence");
	$ends++;
}

my $leave = "\x1d";
{
	my ($pid, $terminal, $slave, $modes) = open_console(qw(qemu-tapwrap --console echo));
	like(see($terminal, qr/leaves it/), qr/qemu-tapwrap: the console of VM 'echo'; Ctrl-\] leaves it\r\n/, 'it says how to leave');
	syswrite $terminal, "\x03\x1a\x1c\x04\r\x7f";
	is(see($terminal, qr/\x7f/), "\x03\x1a\x1c\x04\r\x7f", 'Ctrl-C and its like are the guest\'s');
	says('a second one', 75, "the console of VM 'echo' is in use by another program", qw(qemu-tapwrap --console echo));
	syswrite $terminal, "bye$leave";
	ended('Ctrl-]', $pid, $terminal, $modes, 0, qr/\r\nqemu-tapwrap: left the console of VM 'echo'\r\n/);
}
{
	my ($pid, $terminal, $slave, $modes) = open_console(qw(qemu-tapwrap --console echo));
	kill 'TERM', $echo;
	finish($echo);
	ended('the VM ends', $pid, $terminal, $modes, 0, qr/\r\nqemu-tapwrap: VM 'echo' has ended\r\n/);
	ok(!-e "$root/echo", 'and leaves nothing');
}
$echo = start_echo();
for my $signal (qw(TERM HUP INT QUIT SEGV ABRT USR1 PIPE ALRM XCPU SYS), 40) {
	my ($pid, $terminal, $slave, $modes) = open_console(qw(qemu-tapwrap --console echo));
	my ($number) = $signal =~ /^\d+$/ ? $signal : do { no strict 'refs'; &{"POSIX::SIG$signal"}() };
	kill $signal, $pid;
	ended("SIG$signal", $pid, $terminal, $modes, "signal $number");
}
{
	my ($pid, $terminal, $slave) = open_console(qw(qemu-tapwrap --console echo));
	close $terminal;
	ok(wait_for(sub { waitpid($pid, POSIX::WNOHANG) != 0 }), 'the window is closed: it ends');
	close $slave;
}
{
	my ($shell, $terminal, $slave, $modes) = open_console('sh', '-c',
		'set -m; qemu-tapwrap --console echo; echo stopped; read go; fg > /dev/null; echo status $?');
	my ($pid) = children_of($shell);
	see($terminal, qr/leaves it/);
	kill 'TSTP', $pid;
	like(see($terminal, qr/stopped/), qr/stopped/, 'SIGTSTP: it stops');
	is(modes($terminal), $modes, 'and the terminal is as it was before');
	syswrite $terminal, "go\n";
	ok(wait_for(sub { is_raw($terminal) }), 'it goes on: the terminal is raw');
	see($terminal, qr/\n/, 1);
	syswrite $terminal, 'again';
	like(see($terminal, qr/again/), qr/again/, 'and the guest answers');
	syswrite $terminal, $leave;
	ended('Ctrl-] after that', $shell, $terminal, $modes, 0, qr/status 0/);
}

# ---- who may have it ------------------------------------------------------------------------------------

{
	my $other = IO::Socket::UNIX->new(Peer => "$root/echo/serial-0.sock");
	print $other 'x';
	$other->flush;
	ok(IO::Select->new($other)->can_read(5), 'another program has the console');
	says('then', 75, "the console of VM 'echo' is in use by another program", qw(qemu-tapwrap --console echo));
	close $other;
	is((run(['sh', '-c', 'echo y | qemu-tapwrap --console echo']))[1], "y\n", 'when it has left, it is free at once');
}
says('not running', 69, "VM 'none' is not running", qw(qemu-tapwrap --console none));
kill 'STOP', $echo;
says('hung', 69, "VM 'echo': QEMU does not answer", qw(qemu-tapwrap --console echo));
kill 'CONT', $echo;
ok(wait_for(sub { state_of('echo') eq 'running' }), 'it goes on');
unlink "$root/echo/serial-0.sock";
says('no socket', 69, "VM 'echo': $root/echo/serial-0.sock: No such file or directory", qw(qemu-tapwrap --console echo));
kill 'KILL', $echo;
finish($echo);
says('killed', 69, "VM 'echo' is not running", qw(qemu-tapwrap --console echo));
ok(!-e "$root/echo", 'its lock is swept, too');
{
	my $mute = start(['qemu-tapwrap', vm('mute', "[serial]\ntype = null\n")]);
	ok(wait_for(sub { state_of('mute') eq 'running' }), 'a VM without a console');
	says('then', 69, "VM 'mute' has no console that others can connect to; one comes with [serial] type = unix in its profile",
		qw(qemu-tapwrap --console mute));
	kill 'TERM', $mute;
	finish($mute);
}
{
	spew("$root/odd/lock", "garbage\n");
	open my $lock, '+<', "$root/odd/lock" or die $!;
	flock $lock, LOCK_EX;
	says('garbage', 69, "VM 'odd' is starting", qw(qemu-tapwrap --console odd));
	spew('record', "pid $$\nprofile /odd.ini\nconsole $root/odd/serial.sock\nend\n");
	run_ok('sh', '-c', "cat record > $root/odd/lock");
	close(IO::Socket::UNIX->new(Local => "$root/odd/control.sock", Listen => 1));
	says('dead', 69, "VM 'odd': $root/odd/control.sock: Connection refused", qw(qemu-tapwrap --console odd));

	# One that closes its console and stays.
	unlink "$root/odd/control.sock";
	my $odd = fork() // die;
	if (!$odd) {
		my $port = IO::Socket::UNIX->new(Local => "$root/odd/serial.sock", Listen => 5);
		my $control = IO::Socket::UNIX->new(Local => "$root/odd/control.sock", Listen => 5);
		while (1) {
			for my $ready (IO::Select->new($port, $control)->can_read) {
				my $client = $ready->accept;
				next if $ready == $port; # closed at once
				while (my $line = <$client>) {
					print $client encode_json({ return => $line =~ /chardev/ ? [] : {}, id => decode_json($line)->{id} }), "\n";
					$client->flush;
				}
			}
		}
	}
	ok(wait_for(sub { -S "$root/odd/control.sock" }), 'a QEMU that closes the console');
	says('then', 69, "QEMU has closed the console of VM 'odd'", qw(qemu-tapwrap --console odd));
	kill 'KILL', $odd;
	waitpid $odd, 0;
}
run_ok('rm', '-r', $root);

# ---- Linux -------------------------------------------------------------------------------------------------

{
	my $initramfs = make_initramfs("while read -r line; do eval \"\$line\"; done\npoweroff -f\n", \@busybox, @modules);
	my $profile = linux_profile($kernel, $initramfs, "[vm]\nname = linux\n[serial]\ntype = unix\n", '', 'linux.ini');
	my $pid = start(['qemu-tapwrap', $profile]);
	my $give = sub { my ($line) = @_; return (run(['sh', '-c', 'printf "%s\\n" "$1" | qemu-tapwrap --console linux', 'sh', $line], seconds => 60))[1] };
	ok(wait_for(sub { $give->('echo re""ady') =~ /^ready\r$/m }, 60), 'Linux is up, and obeys') or diag(slurp("/srv/tmp/$pid.err"));
	like($give->('uname -s; stty -a'), qr/^Linux\r$/m, 'a command and its answer');

	# What can only be shown with a guest that minds what its port is ready for.
	my $n = 50_000;
	my $data = join '', map { chr rand 256 } 1 .. $n;
	spew('data', $data);
	like($give->("stty raw -echo; echo g\"\"o; head -c $n > /data; stty -raw echo; sha256sum /data"), qr/^go/m, 'Linux waits for bytes');
	like((run(['sh', '-c', '(cat data; sleep 5) | qemu-tapwrap --console linux'], seconds => 60))[1], qr/@{[sha256_hex($data)]}/,
		"$n random bytes have arrived");
	$bytes += $n;

	# A terminal that does not take what comes for a while.
	my $lines = thorough() ? 400_000 : 20_000;
	my ($client, $terminal, $slave, $modes) = open_console(qw(qemu-tapwrap --console linux));
	see($terminal, qr/leaves it/);
	syswrite $terminal, "seq 1 $lines; echo do\"\"ne\n";
	sleep 3;
	my ($memory) = slurp("/proc/$client/status") =~ /^VmRSS:\s*(\d+)/m;
	my $seen = see($terminal, qr/^done\r/m, 120);
	my @numbers = $seen =~ /^(\d+)\r$/mg;
	is(scalar(@numbers), $lines, "a slow terminal: $lines lines, none lost");
	is($numbers[$_], $_ + 1, 'in order') for 0, $lines / 2, $lines - 1;
	cmp_ok($memory, '<', 20_000, "with $memory KiB") if !sanitized();
	$bytes += length $seen;
	syswrite $terminal, $leave;
	ended('Ctrl-]', $client, $terminal, $modes, 0, qr/left the console/);

	# One that takes nothing any more can be left all the same.
	($client, $terminal, $slave, $modes) = open_console(qw(qemu-tapwrap --console linux));
	see($terminal, qr/leaves it/);
	syswrite $terminal, "yes 2>/dev/null\n";
	sleep 3;
	syswrite $terminal, $leave;
	ok(wait_for(sub { modes($terminal) eq $modes }), 'a terminal that is stuck: Ctrl-] is heard');
	see($terminal, qr/left the console/);
	ended('stuck', $client, $terminal, $modes, 0);
	kill 'KILL', $pid;
	finish($pid);
}

run_ok(qw(qemu-tapwrap --list));
nothing_left($before, 'at the end');
print "# $ends ends with the terminal as before, $bytes bytes through consoles, none lost\n";
done_testing();
