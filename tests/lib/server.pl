# SPDX-License-Identifier: MIT
#
# server: a small HTTP server on the host's side. What it is sent it keeps, for the test to compare.

use strict;
use warnings;
use IO::Socket::IP;
use File::Basename qw(dirname);
use World;

sub listen_on
{
	my ($address, $port) = @_;
	return IO::Socket::IP->new(
		LocalHost => $address, LocalPort => $port, Listen => 8, ReuseAddr => 1)
		// die "$address:$port: $@";
}

# Serves %$documents (path => content) to $listener's clients for ever; each request's path, body and
# client are kept as files below $log, in order: 1.path, 1.body, 1.peer, 2.path, ...
sub run_server
{
	my ($listener, $documents, $log) = @_;
	mkdir $log;
	for (my $n = 1; my $client = $listener->accept; $n++) {
		serve_one($client, $documents, "$log/$n");
	}
	POSIX::_exit(0);
}

# The same in the background; returns its PID when it can be reached.
sub start_server
{
	my ($address, $port, $documents, $log) = @_;
	my $listener = listen_on($address, $port);
	my $pid = fork() // die "fork: $!";
	return $pid if $pid;
	run_server($listener, $documents, $log);
}

sub serve_one
{
	my ($client, $documents, $log) = @_;
	my ($path, $length, $body, $peer) = ('', 0, '', $client->peerhost);

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
	spew("$log.peer", $peer);
	spew("$log.path", $path);
}

my @servers;

# start_server, and the end of all that were started so.
sub serve { push @servers, start_server(@_) }
sub stop_servers { for (splice @servers) { kill 'KILL', $_; waitpid $_, 0 } }

# The same in the namespace of another process.
sub serve_inside
{
	my ($namespace, $address, $port, $documents, $log) = @_;
	spew("$log.$_", $documents->{"/$_"}) for map { s{^/}{}r } keys %$documents;
	push @servers, start(['nsenter', '-t', $namespace, '-n', '--', $^X, '-I', dirname(__FILE__), '-e',
		'require "$ARGV[0]"; my ($self, $address, $port, $log, @names) = @ARGV;'
		. 'run_server(listen_on($address, $port), { map { ("/$_" => slurp("$log.$_")) } @names }, $log)',
		__FILE__, $address, $port, $log, map { s{^/}{}r } keys %$documents]);
}

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
