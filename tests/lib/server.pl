# SPDX-License-Identifier: MIT
#
# server: a small HTTP server on the host's side. What it is sent it keeps, for the test to compare.

use strict;
use warnings;
use IO::Socket::INET;
use World;

# Serves %$documents (path => content) on $address:$port; each request's path and body are kept as
# files below $log, in order: 1.path, 1.body, 2.path, ... Returns its PID.
sub start_server
{
	my ($address, $port, $documents, $log) = @_;
	mkdir $log;
	my $listener = IO::Socket::INET->new(
		LocalAddr => $address, LocalPort => $port, Listen => 8, ReuseAddr => 1)
		or die "$address:$port: $!";
	my $pid = fork() // die "fork: $!";
	return $pid if $pid;

	for (my $n = 1; my $client = $listener->accept; $n++) {
		serve_one($client, $documents, "$log/$n");
	}
	POSIX::_exit(0);
}

sub serve_one
{
	my ($client, $documents, $log) = @_;
	my ($path, $length, $body) = ('', 0, '');

	binmode $client;
	while (my $line = <$client>) {
		$path = $1 if $line =~ m{^(?:GET|POST) (\S+)};
		$length = $1 if $line =~ /^Content-Length: (\d+)/i;
		last if $line =~ /^\r?\n$/;
	}
	read $client, $body, $length if $length;
	my ($status, $content) = exists $documents->{$path}
		? ('200 OK', $documents->{$path}) : ('404 Not Found', '');
	print $client "HTTP/1.0 $status\r\nContent-Length: ", length $content, "\r\n\r\n", $content;
	close $client;
	spew("$log.body", $body);
	spew("$log.path", $path);
}

my @servers;

# start_server, and the end of all that were started so.
sub serve { push @servers, start_server(@_) }
sub stop_servers { for (splice @servers) { kill 'KILL', $_; waitpid $_, 0 } }

sub random_bytes { open my $in, '<:raw', '/dev/urandom'; read $in, my $bytes, $_[0]; return $bytes }

# The bodies of all requests for $path so far; the paths of all requests without it.
sub requests
{
	my ($log, $path) = @_;
	my @all = map { [slurp($_), slurp(s/path$/body/r)] } glob "$log/*.path";
	return map { $_->[1] } grep { $_->[0] eq $path } @all if defined $path;
	return map { $_->[0] } @all;
}

1;
