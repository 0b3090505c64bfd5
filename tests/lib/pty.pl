# SPDX-License-Identifier: MIT
#
# pty: a command as the foreground job of a terminal of its own, with what perl itself has.

use strict;
use warnings;
use Fcntl;
use POSIX ();

use constant {
	TIOCGPTN => 0x80045430,
	TIOCSPTLCK => 0x40045431,
	TIOCSCTTY => 0x540e,
};

# Returns the PID and the terminal's other end; closing that hangs up.
sub start_on_pty
{
	my (@command) = @_;
	sysopen my $master, '/dev/ptmx', O_RDWR | O_NOCTTY or die "/dev/ptmx: $!";
	my $number = pack 'i', 0;
	ioctl $master, TIOCSPTLCK, $number or die "TIOCSPTLCK: $!";
	ioctl $master, TIOCGPTN, $number or die "TIOCGPTN: $!";
	my $slave = '/dev/pts/' . unpack 'i', $number;

	my $pid = fork() // die "fork: $!";
	if (!$pid) {
		POSIX::setsid();
		sysopen my $tty, $slave, O_RDWR or POSIX::_exit(97);
		ioctl $tty, TIOCSCTTY, 0;
		open STDIN, '<&', $tty;
		open STDOUT, '>&', $tty;
		open STDERR, '>&', $tty;
		close $master;
		{ exec @command }
		POSIX::_exit(98);
	}
	select((select($master), $| = 1)[0]);
	return ($pid, $master);
}

1;
