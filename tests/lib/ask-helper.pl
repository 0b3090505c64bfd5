# SPDX-License-Identifier: MIT
#
# ask-helper: talks to the helper without the launcher. `use World` comes before.

use strict;
use warnings;

our $HELPER = '/srv/libexec/qemu-tapwrap-helper';
our $NOT_KNOWN = 'the request is not one that this helper knows';

# A RequestTap as bytes, of name, op, flags, mtu, queues and addresses ([192, 168, 50, 1, 24], ...).
sub request_tap
{
	my (%tap) = @_;
	my $addresses = join '', map { pack 'CCxxC4x12', 4, $_->[4], @{$_}[0 .. 3] } @{ $tap{addresses} // [] };
	return pack 'a16a16a16a16CCCCLCx7a160a40a320a48', $tap{ifname} // 'tap0', $tap{bridge} // '', '', '',
		$tap{op} // 1, $tap{flags} // 0, scalar @{ $tap{addresses} // [] }, 0, $tap{mtu} // 0, $tap{queues} // 1,
		$addresses, '', '', '';
}

# A Request to make these taps.
sub request
{
	my @taps = @_;
	return pack 'LLLLa32a5184', 0x51545705, 1, 0, scalar @taps, 'vm', join '', @taps;
}

# Starts it by @$command; returns its PID and our end of its socket.
sub start_helper
{
	my ($command, %option) = @_;
	socketpair(my $mine, my $its, 1, 5, 0) or die "socketpair: $!"; # AF_UNIX, SOCK_SEQPACKET
	setsockopt($its, 1, 16, pack 'i', 1) or die $!;                 # SO_PASSCRED
	my $pid = fork() // die "fork: $!";
	if (!$pid) {
		POSIX::dup2(fileno $its, 0);
		$option{before}->() if $option{before};
		{ exec { $command->[0] } @$command }
		POSIX::_exit(98);
	}
	close $its;
	return ($pid, $mine);
}

# "STATUS TEXT" of its answer to @bytes; the descriptors that come along are dropped.
sub answer_of
{
	my ($mine, $bytes) = @_;
	send $mine, $bytes, 0;
	recv $mine, my $reply, 4096, 0;
	return 'no answer' if length $reply == 0;
	my ($status, $text) = (unpack 'LLlllZ1500', $reply)[2, 5];
	return "$status $text";
}

sub ask_helper
{
	my ($command, $bytes, %option) = @_;
	my ($pid, $mine) = start_helper($command, %option);
	my $answer = answer_of($mine, $bytes);
	waitpid $pid, 0;
	return $answer;
}

1;
