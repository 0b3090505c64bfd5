#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# --ssh: what ssh is called with, told by one in its place; that the real ssh understands it and lets
# the user's own configuration count; and what is said when there is nobody to log in to.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use World;
use Test::More;
use IO::Socket::INET;
use POSIX ();

my $before = host_state();
my $root = '/srv/run/qemu-tapwrap';
my %real = (ssh => (grep { -x } map { "$_/ssh" } qw(/usr/bin /usr/local/bin))[0]);

spew('/srv/bin/ssh', "#!/bin/sh\nprintf '[%s]\\n' \"\$@\"\nexit 5\n", 0755);

sub vm
{
	my ($name, $nic, $guest) = @_;
	return profile("[vm]\nname = $name\n[machine]\naccel = tcg\nsmp = 1\nmemory = 64M\n[display]\ntype = none\n"
		. "[serial]\ntype = null\n[nic]\n$nic\n" . ($guest ? "[guest]\n$guest\n" : ''), "$name.ini");
}

sub verb
{
	my @words = @_;
	my ($status, $out, $err) = run(['qemu-tapwrap', @words], seconds => 30);
	return (exited($status), $out, $err);
}

sub is_running { my ($name) = @_; return (verb('--status', $name))[1] =~ /^state +running$/m }

sub start_vm
{
	my ($name, @more) = @_;
	my $pid = start(['qemu-tapwrap', vm($name, @more)]);
	ok(wait_for(sub { is_running($name) }), "$name runs") or diag(slurp("/srv/tmp/$pid.err"));
	return $pid;
}

sub stop { my @pids = @_; kill 'TERM', @pids; finish($_) for @pids; return }

sub says
{
	my ($name, $status, $line, @words) = @_;
	return is_deeply([verb(@words)], [$status, '', "qemu-tapwrap: $line\n"], $name);
}

# The words that ssh is called with, but for those that are always there.
sub words_of
{
	my ($vm, @words) = @_;
	my ($status, $out, $err) = verb('--ssh', $vm, @words);
	is("$status$err", '5', "@words: ssh's own status");
	my @got = $out =~ /^\[(.*)\]$/mg;
	my $state = "/srv/home/.local/state/qemu-tapwrap/$vm";
	my @always = ("-oUserKnownHostsFile=\"$state/known_hosts\"", '-oStrictHostKeyChecking=accept-new');
	my ($at) = grep { ($got[$_] // '') eq $always[0] } 0 .. $#got;
	is_deeply([splice @got, $at // 0, 2], \@always, "@words: keys of hosts have a file of their own");
	ok(-d $state, "@words: which has a place");
	return \@got;
}

# ---- where to ------------------------------------------------------------------------------------

my $tap = start_vm('my vm', "ifname = tap0\naddress = 192.168.50.1/24, fd00:5a17::1/64\nguest-address = 192.168.50.2, fd00:5a17::2");
is_deeply(words_of('my vm'), ['192.168.50.2'], 'the first address of the guest');
is_deeply(words_of('my vm', 'uname', '-a'), ['192.168.50.2', 'uname', '-a'], 'a command');
is_deeply(words_of('my vm', '--json', 'a b', ''), ['--json', '192.168.50.2', 'a b', ''], 'words that look like ours, or are empty');
is_deeply(words_of('my vm', '-v', '-l', 'root', '-vp22', '-tt', 'ls', '-l'),
	['-v', '-l', 'root', '-vp22', '-tt', '192.168.50.2', 'ls', '-l'], 'options of ssh stand before ours, those of the command behind');
is_deeply(words_of('my vm', '-NL', '8080:localhost:80'), ['-NL', '8080:localhost:80', '192.168.50.2'], 'an option with its value behind it');
my $forward = start_vm('forward', "hostfwd = 8080:80, udp:127.0.0.1:2022-:22, tcp::2222-:22");
is_deeply(words_of('forward', 'true'), ['-p', '2222', '127.0.0.1', 'true'], 'a port that is forwarded');
my $port = start_vm('port', "hostfwd = 2223:22, tcp:127.0.0.2:2224-:2022", "ssh-user = ada\nssh-port = 2022");
is_deeply(words_of('port'), ['-l', 'ada', '-p', '2224', '127.0.0.2'], 'ssh-user, and a port that is forwarded to ssh-port');
my $six = start_vm('six', "ifname = tap1\naddress = fd00:5a18::1/64\nguest-address = fd00:5a18::2", "ssh-port = 2022");
is_deeply(words_of('six'), ['-p', '2022', 'fd00:5a18::2'], 'IPv6, and ssh-port');
my $odd = start_vm('odd "50%', "ifname = tap2\naddress = 192.0.2.1/24\nguest-address = 192.0.2.2");

# ---- the real one ----------------------------------------------------------------------------------

SKIP: {
	skip 'no ssh', 8 if !$real{ssh};
	unlink '/srv/bin/ssh';
	# As ssh itself sees it. It reads the passwd's home, so a file is given.
	spew('config', "Host 192.168.50.*\nUser bob\nPort 2200\nUserKnownHostsFile /none\nHost *\nForwardX11 yes\n");
	my $settings = sub {
		my ($vm, @words) = @_;
		my ($status, $out, $err) = verb('--ssh', $vm, '-F', 'config', '-GT', @words);
		is("$status$err", '0', "$vm: ssh understands it");
		return { $out =~ /^(\S+) (.*)$/mg };
	};
	my $got = $settings->('my vm');
	is_deeply([@$got{qw(hostname user port forwardx11 stricthostkeychecking userknownhostsfile)}],
		['192.168.50.2', 'bob', 2200, 'yes', 'accept-new', '/srv/home/.local/state/qemu-tapwrap/my vm/known_hosts'],
		'the user\'s configuration counts, but for the keys of hosts') or diag(explain($got));
	$got = $settings->('my vm', qw(-l carol -o UserKnownHostsFile=/mine));
	is_deeply([@$got{qw(user userknownhostsfile)}], ['carol', '/mine'], 'the command line most of all');
	is($settings->('six')->{hostname}, 'fd00:5a18::2', 'IPv6');
	is($settings->('odd "50%')->{userknownhostsfile}, '/srv/home/.local/state/qemu-tapwrap/odd "50%/known_hosts', 'an odd name');

	# It connects to where the guest's sshd would be.
	my $sshd = IO::Socket::INET->new(LocalAddr => '127.0.0.2', LocalPort => 22245, Listen => 1);
	my $client = start(['qemu-tapwrap', '--ssh', 'port', '-p', '22245']);
	my $peer = $sshd->accept;
	like(scalar <$peer>, qr/^SSH-2\.0-/, 'it talks SSH');
	close $peer;
	is(exited((finish($client))[0]), 255, 'and its status is its own');
}

# ---- nobody to log in to -----------------------------------------------------------------------------

{
	local $ENV{PATH} = '/srv/none';
	my ($status, $out, $err) = run([qw(/srv/bin/qemu-tapwrap --ssh six)]);
	is(exited($status) . $err, "127qemu-tapwrap: ssh is not in \$PATH; install OpenSSH's client\n", 'no ssh: 127');
}
spew('/srv/bin/ssh', "#!/bin/sh\necho never\n", 0755);
my $alone = start_vm('alone', 'type = none');
says('no address', 69, "VM 'alone' has no address that is known; its profile tells one with [nic] guest-address, or forwards a port with [nic] hostfwd = 2222:22",
	qw(--ssh alone));
is((verb('--pause', 'six'))[0], 0, 'paused');
says('paused', 69, "VM 'six' is paused; --resume lets it go on", qw(--ssh six));
kill 'STOP', $forward;
says('hung', 69, "VM 'forward': QEMU does not answer", qw(--ssh forward));
kill 'CONT', $forward;
unlink "$root/port/control.sock";
says('no socket', 69, "VM 'port': $root/port/control.sock: No such file or directory", qw(--ssh port));
says('not running', 69, "VM 'none' is not running", qw(--ssh none));
says('no VM', 64, '--ssh needs to know more. Usage: qemu-tapwrap --ssh VM [COMMAND...]', qw(--ssh));
spew("$root/garbage/lock", "ssh -oProxyCommand=x 22\n");
{
	open my $lock, '+<', "$root/garbage/lock" or die $!;
	flock $lock, 2;
	says('garbage', 69, "VM 'garbage' is starting", qw(--ssh garbage));
}
run_ok('rm', '-r', "$root/garbage");
{
	my $pid = start(['qemu-tapwrap', '--rootless', vm('inside', "ifname = tap3\naddress = 198.51.100.1/24\nguest-address = 198.51.100.2")]);
	if (wait_for(sub { is_running('inside') }, 5)) {
		says('--rootless', 69, "VM 'inside' has a network of its own, and ssh has to be started in there: nsenter -U -n --preserve-credentials -t $pid ssh 198.51.100.2",
			qw(--ssh inside));
	} else {
		note('no namespaces here: ' . slurp("/srv/tmp/$pid.err"));
	}
	stop($pid);
}
stop($tap, $forward, $port, $six, $odd, $alone);
run_ok(qw(qemu-tapwrap --list));
nothing_left($before, 'at the end');
done_testing();
