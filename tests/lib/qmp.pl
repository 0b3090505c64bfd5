# SPDX-License-Identifier: MIT
#
# qmp: a client of QEMU's monitor for programs, with what perl itself has.

use strict;
use warnings;
use IO::Socket::IP;
use IO::Socket::UNIX;
use JSON::PP;
use World;

my $json = JSON::PP->new->canonical->allow_nonref;

# A connection to a socket's path or to ADDRESS:PORT; undef when none comes about while $is_alive.
sub connect_to
{
	my ($endpoint, $is_alive) = @_;
	my $socket;

	wait_for(sub {
		$socket = $endpoint =~ m{^/} ? IO::Socket::UNIX->new(Peer => $endpoint)
			: IO::Socket::IP->new(PeerHost => $endpoint);
		return $socket || ($is_alive && !$is_alive->());
	});
	return $socket;
}

# What comes next, but not for more than ten seconds: up to and with $pattern, or undef.
sub read_until
{
	my ($socket, $pattern) = @_;
	my ($text, $end) = ('', time + 10);

	vec(my $wanted = '', fileno $socket, 1) = 1;
	until ($text =~ $pattern) {
		return undef if !select my $ready = $wanted, undef, undef, $end - time;
		sysread $socket, $text, 1, length $text or return undef;
	}
	return $text;
}

# The answer to a command: (what it returns, its error).
sub qmp
{
	my ($socket, $command, %arguments) = @_;

	syswrite $socket, $json->encode({ execute => $command, arguments => \%arguments }) . "\n";
	while (defined(my $line = read_until($socket, qr/\n/))) {
		my $answer = $json->decode($line);
		return $answer->{return} if exists $answer->{return};
		return (undef, $answer->{error}{desc}) if $answer->{error};
	}
	return (undef, 'no answer');
}

sub qmp_open
{
	my ($endpoint, $is_alive) = @_;
	my $socket = connect_to($endpoint, $is_alive) or return undef;

	return undef if !read_until($socket, qr/"QMP".*\n/);
	return defined((qmp($socket, 'qmp_capabilities'))[0]) ? $socket : undef;
}

# As a row of a table has it: text is itself, on is true, and all else is JSON.
sub qmp_text { my ($value) = @_; return ref $value || !defined $value ? $json->encode($value) : "$value" }

1;
