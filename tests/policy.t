#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# The policy as a file: nobody but root can have written it, nothing of it is missing, and the one that
# is installed allows the examples and what little else it says. Its words are in tests/unit/policy.c.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use World;
use Test::More;
require 'ask-helper.pl';
require 'users.pl';

our ($UID, @AS_USER, $HELPER);
my ($directory, $policy) = ('/srv/etc/qemu-tapwrap', '/srv/etc/qemu-tapwrap/policy');
my $lan = "allow tap[0-9]* 192.168.50.0/24\n";

must_or_skip(is_real_root(), 'file capabilities and other users need real root');
set_up_user();
set_up_helper();
install_stub($World::TAP_STUB);
my $before = host_state();
my $request = request(request_tap(addresses => [[192, 168, 50, 1, 24]]));

sub answers { my ($name, $wanted) = @_; is(ask_helper([@AS_USER, $HELPER], $request), $wanted, $name) }
sub begins { my ($name, $wanted) = @_; like(ask_helper([@AS_USER, $HELPER], $request), qr/^\Q$wanted\E/, $name) }

# ---- whose file ------------------------------------------------------------------------------------------

my $no_directory = 'must be a directory of root that nobody else can write to';
my $no_file = "78 $policy: must be a regular file of root that nobody else can write to";
spew($policy, $lan, 0644);
answers('as it is to be', '0 ');
for my $path ('/srv/etc/qemu-tapwrap', '/srv/etc', '/srv') {
	for ([0, 0, 0777], [0, 0, 0775], [0, 0, 01777], [$UID, 0, 0755]) {
		my ($uid, $gid, $mode) = @$_;
		chown $uid, $gid, $path;
		chmod $mode, $path;
		answers(sprintf('%s of %d with mode %o', $path, $uid, $mode), "78 $path: $no_directory");
	}
	chown 0, 0, $path;
	chmod 0755, $path;
}
for ([0, 0, 0666], [0, 0, 0664], [0, 0, 0646], [$UID, 0, 0644]) {
	my ($uid, $gid, $mode) = @$_;
	chown $uid, $gid, $policy;
	chmod $mode, $policy;
	answers(sprintf('the file of %d with mode %o', $uid, $mode), $no_file);
}
chown 0, 0, $policy;
chmod 0600, $policy;
answers('only root can read it', "78 $policy: Permission denied");
chmod 0644, $policy;
link $policy, '/srv/home/policy' or die $!;
answers('a hard link elsewhere changes nothing', '0 ');
unlink '/srv/home/policy';

# ---- what kind of file -----------------------------------------------------------------------------------

rename $policy, "$policy.real";
symlink "$policy.real", $policy;
answers('a symbolic link', "78 $policy: must not be a symbolic link");
unlink $policy;
symlink '/srv/home/none', $policy;
answers('one to nowhere', "78 $policy: must not be a symbolic link");
unlink $policy;
rename $directory, '/srv/etc/elsewhere';
symlink '/srv/etc/elsewhere', $directory;
rename '/srv/etc/elsewhere/policy.real', '/srv/etc/elsewhere/policy';
answers('a directory that is one', "78 $directory: $no_directory");
unlink $directory;
spew($directory, '', 0644);
answers('a directory that is none', "78 $directory: $no_directory");
unlink $directory;
begins('no directory', '77 there is no policy file, so only root may make taps');
rename '/srv/etc/elsewhere', $directory;
unlink $policy;
begins('no file', '77 there is no policy file, so only root may make taps');
mkdir $policy;
answers('a directory in its place', $no_file);
rmdir $policy;
run_ok('mkfifo', '-m', '644', $policy);
answers('a FIFO', $no_file);
unlink $policy;
run_ok('mknod', '-m', '644', $policy, 'c', 1, 5);
answers('a device', $no_file);
unlink $policy;

# ---- what is in it -----------------------------------------------------------------------------------------

my $long = '#' x 1023 . "\n";
spew($policy, $lan . $long x 63 . '#' x (1023 - length $lan) . "\n", 0644);
is(-s $policy, 65536, 'a file of 64 KiB');
answers('is read to its end', '0 ');
spew($policy, $lan . $long x 63 . '#' x (1024 - length $lan) . "\n", 0644);
answers('a byte more', "78 $policy: is larger than 64 KiB");
spew($policy, $lan . '#' x 60000 . "\n", 0644);
answers('a line of 60000 bytes', '0 ');
spew($policy, $lan =~ s/\n/\r\n/r, 0644);
answers('lines as other systems end them', '0 ');
spew($policy, $lan . "\0", 0644);
answers('a NUL', "78 $policy: holds a NUL byte");
spew($policy, $lan =~ s/\n//r, 0644);
answers('cut off', "78 $policy:1: the file ends within this line; every line ends with a newline");
spew($policy, '', 0644);
begins('empty', '77 the policy does not allow it; an administrator can add "allow tap0 192.168.50.0/24"');
spew($policy, "$lan\n\nallow tap0", 0644);
begins('a mistake behind what allows', "78 $policy:4: ");

# While it is written again and again it is read as one or the other, or not at all.
{
	my $other = "allow lab0 10.0.0.0/8\n" . $long x 40;
	my $writer = start(['sh', '-c', 'while :; do cp /srv/tmp/other "$0"; cp /srv/tmp/lan "$0"; done', $policy],
		before => sub { umask 022; spew('/srv/tmp/other', $other, 0644); spew('/srv/tmp/lan', $lan . $long x 50, 0644) });
	my %answers;
	$answers{ask_helper([@AS_USER, $HELPER], $request)}++ for 1 .. 60;
	kill 'KILL', $writer;
	finish($writer);
	my @strange = grep { !/^0 $|^77 the policy does not allow it|^78 \S+: is being changed|^78 \S+: the file ends within|^78 \S+:\d+: the file ends/ }
		keys %answers;
	is_deeply(\@strange, [], 'while it is being written');
	print '# ', join(', ', map { "$answers{$_} x '" . substr($_, 0, 40) . "'" } sort keys %answers), "\n";
}
is(host_state(), $before, 'nothing is left of all that');

# ---- the one that is installed ---------------------------------------------------------------------------------

spew($policy, slurp("$FindBin::Bin/../platform/linux/policy"), 0644);
run_ok('setcap', 'cap_net_admin,cap_net_bind_service,cap_net_raw=p', $HELPER);
spew('/proc/sys/net/ipv4/ip_forward', "1\n");
my ($started, $refused) = (0, 0);

# The cards of a profile, without all else: --check asks the helper.
sub check_cards
{
	my ($text) = @_;
	my $cards = join '', grep { /^\[nic/ } split /^(?=\[)/m, $text =~ s/^#.*\n//mgr;
	return run([@AS_USER, 'qemu-tapwrap', profile("[vm]\nname = vm\n$cards\[machine]\naccel = tcg\n")]);
}
install_stub("#!/bin/sh\nexit 0\n");
for my $example (glob '/srv/share/doc/qemu-tapwrap/examples/*.ini') {
	my ($status, undef, $err) = check_cards(slurp($example));
	is(exited($status) . $err, '0', 'example ' . $example =~ s{.*/}{}r);
	$started++;
}
for my $file ('README.md', 'qemu-tapwrap.1') {
	my $text = slurp("$FindBin::Bin/../$file");
	while ($text =~ /^(ifname  = \S+\naddress = .+\n)/mg) {
		my ($status, undef, $err) = check_cards("[nic \"lan\"]\n$1");
		is(exited($status) . $err, '0', "$file: " . $1 =~ tr/\n/ /r);
		$started++;
	}
}
for (
	"ifname = tap0\naddress = 10.0.0.1/24", "ifname = tap0\naddress = 192.168.50.1/16", "ifname = lab0",
	"ifname = tap0\naddress = 8.8.8.8/24", "ifname = tap0\naddress = 192.168.50.1/24\npersist = on",
	"ifname = tap0\naddress = 192.168.50.1/24\nroute = 10.0.0.0/8 via 192.168.50.2",
	"ifname = tap-wan\naddress = 192.0.2.1/24\nnat = on")
{
	my ($status, undef, $err) = check_cards("[nic \"lan\"]\n$_\n");
	is(exited($status), 77, 'not ' . tr/\n/ /r);
	like($err, qr/the policy does not allow it; an administrator can add "[^"]+" to \Q$policy\E$/, 'and why');
	$refused++;
}
state_settles($before, 'as before');
diag("installed policy: $started requests allowed, $refused refused");
done_testing();
