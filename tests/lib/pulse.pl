# SPDX-License-Identifier: MIT
#
# pulse: as much of a PulseAudio server as a client needs to be content: it may come in, and every
# stream is refused. Of its protocol, version 12.

use strict;
use warnings;
use IO::Socket::UNIX;
use World;

use constant { ERROR => 0, REPLY => 2, AUTH => 8, SET_CLIENT_NAME => 9, ACCESS_DENIED => 1 };

# A tagged structure of numbers, as one packet of the control channel.
sub pulse_packet
{
	my $payload = join '', map { pack 'aN', 'L', $_ } @_;
	return pack('N5', length $payload, 0xffffffff, 0, 0, 0) . $payload;
}

sub serve_pulse
{
	my ($client) = @_;

	while (read($client, my $header, 20) == 20) {
		read $client, my $payload, unpack 'N', $header;
		my ($command, $tag) = unpack 'xNxN', $payload;
		my @answer = $command == AUTH ? (REPLY, $tag, 12)
			: $command == SET_CLIENT_NAME ? (REPLY, $tag)
			: (ERROR, $tag, ACCESS_DENIED);
		syswrite $client, pulse_packet(@answer);
	}
}

# Where libpulse looks for the user's own server. Returns its PID.
sub start_pulse
{
	my $place = "$ENV{XDG_RUNTIME_DIR}/pulse";
	mkdir $place, 0700;
	my $listener = IO::Socket::UNIX->new(Local => "$place/native", Listen => 8) or die "$place: $!";
	my $pid = fork() // die "fork: $!";

	if (!$pid) {
		while (my $client = $listener->accept) { serve_pulse($client) }
		POSIX::_exit(0);
	}
	spew("$place/pid", $pid);
	return $pid;
}

1;
