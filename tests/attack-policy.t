#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# Attacks by the policy file: whatever is put in its place, or has crept into it, allows nothing.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use World;
use Test::More;

our ($UID, @AS_USER, $OTHER, $HELPER, $POLICY, $UNKNOWN, $ADD);
require "$FindBin::Bin/lib/$_.pl" for qw(users taps attack);

make_host();
my $directory = '/srv/etc/qemu-tapwrap';
my $wide = "allow tap* 0.0.0.0/0,::/0 nat dhcp persistent\n";
my @tap = ('ifname=tap0', 'address=192.168.50.1/24');
my $broken = qr{78 0 \Q$directory\E.*};

sub with_policy { my ($text) = @_; unlink $POLICY; spew($POLICY, $text, 0644); return }
sub text_fails { my ($name, $text, $wanted) = @_; with_policy($text); return request_fails("text: $name", $wanted // $broken, @tap) }
set_up_helper($wide =~ s/\n//r);
request_works('a wide policy', @tap);

# ---- what is in its place -----------------------------------------------------------------------------

sub place_fails
{
	my ($name, $prepare, $wanted) = @_;
	with_policy($wide);
	$prepare->();
	request_fails("in its place: $name", $wanted // $broken, @tap);
	run_ok('rm', '-rf', $directory);
	mkdir $directory;
	chown 0, 0, $directory;
	chmod 0755, $directory;
	return;
}
my $elsewhere = '/srv/home/policy';
spew($elsewhere, $wide, 0644);
chown $UID, $UID, $elsewhere;
spew('/srv/tmp/roots', $wide, 0644);
place_fails(@$_) for
	['a link to a file of the user\'s', sub { unlink $POLICY; symlink $elsewhere, $POLICY }],
	['a link to a file of root\'s', sub { unlink $POLICY; symlink '/srv/tmp/roots', $POLICY }],
	['a link that leads to nothing', sub { unlink $POLICY; symlink '/srv/tmp/nothing', $POLICY }, qr/7[78] 0 .*/],
	['a link to itself', sub { unlink $POLICY; symlink $POLICY, $POLICY }, qr/7[78] 0 .*/],
	['a hard link to a file of the user\'s', sub { unlink $POLICY; link $elsewhere, $POLICY }],
	['a FIFO', sub { unlink $POLICY; run_ok('mkfifo', $POLICY) }],
	['a directory', sub { unlink $POLICY; mkdir $POLICY }],
	['a socket', sub { unlink $POLICY; run_ok($^X, '-MSocket', '-e', 'socket my $s, AF_UNIX, SOCK_STREAM, 0; bind $s, pack_sockaddr_un(shift) or die', $POLICY) }],
	['/dev/zero', sub { unlink $POLICY; run_ok('mknod', $POLICY, 'c', 1, 5) }],
	['/dev/null', sub { unlink $POLICY; run_ok('mknod', $POLICY, 'c', 1, 3) }],
	['writable by its group', sub { chmod 0664, $POLICY }],
	['writable by all', sub { chmod 0646, $POLICY }],
	['of the user', sub { chown $UID, $UID, $POLICY }],
	['of another user', sub { chown $OTHER, 0, $POLICY }],
	['in a directory writable by all', sub { chmod 0777, $directory }],
	['in a directory writable by all, sticky', sub { chmod 01777, $directory }],
	['in a directory writable by its group', sub { chmod 0775, $directory }],
	['in a directory of the user\'s', sub { chown $UID, $UID, $directory }],
	['not readable', sub { chmod 0600, $POLICY }],
	['in a directory that is closed', sub { chmod 0700, $directory }],
	['not there', sub { unlink $POLICY }, qr/77 0 there is no policy file, .*/],
	['without its directory', sub { run_ok('rm', '-rf', $directory) }, qr/77 0 there is no policy file, .*/],
	['a file behind a directory', sub { run_ok('rm', '-rf', $directory); spew($directory, $wide) }, qr/7[78] 0 .*/];

# A link that the user has made to the file is one that he cannot write to.
SKIP: {
	skip 'hard links are protected here', 1 if (run([@AS_USER, 'ln', $POLICY, '/srv/home/link']))[0] != 0;
	with_policy("allow lab* 192.168.50.0/24\n");
	run([@AS_USER, 'ln', $POLICY, '/srv/home/link2']);
	run([@AS_USER, 'sh', '-c', "echo 'allow * 0.0.0.0/0' >> /srv/home/link2"]);
	request_fails('in its place: a hard link of the user\'s to it, written to', qr/77 0 \Q$ADD\E .*/, @tap);
}

# ---- what is in it -----------------------------------------------------------------------------------------

text_fails(@$_) for
	['nothing', '', qr/77 0 .*/], ['only a comment', "# $wide", qr/77 0 .*/], ['a comment behind the word', "allow # tap* 0.0.0.0/0\n"],
	['a fault in the last line', "${wide}nonsense\n"], ['a fault in the last line, without its end', "${wide}x"], ['a fault after very many lines', $wide x 1000 . "allow\n"],
	['a NUL', "$wide\0"], ['a NUL in front of the fault', "$wide\0nonsense\n"], ['a NUL in a name', "allow tap\0* 0.0.0.0/0\n"],
	['64 KiB and a byte', $wide . '#' x (65536 - length $wide) . "\n"], ['a megabyte', $wide x 25000], ['a line of 60 000 characters', "${wide}allow " . 'x' x 60000 . " 10.0.0.0/8\nx\n"],
	['a form feed', "allow\ftap*\f0.0.0.0/0\n"], ['a vertical tab', "allow\x0btap*\x0b0.0.0.0/0\n"], ['a hard space', "allow\xc2\xa0tap*\xc2\xa00.0.0.0/0\n"], ['a BOM', "\xef\xbb\xbf$wide"],
	['UTF-16', join('', map { "$_\0" } split //, $wide)], ['in capitals', uc $wide], ['deny', "${wide}deny tap*\n"], ['include', "include $elsewhere\n"], ['a continued line', "allow tap* \\\n0.0.0.0/0\n"],
	['quotes', "allow \"tap*\" \"0.0.0.0/0\"\n"], ['33 prefixes', 'allow tap* ' . join(',', ('0.0.0.0/0') x 33) . "\n"], ['lines that end in carriage returns', "# all is well\rallow tap* 0.0.0.0/0\r", qr/7[78] 0 .*/],
	['a comment that a carriage return seems to end', "# all is well\rallow tap* 0.0.0.0/0\n", qr/7[78] 0 .*/],
	(map { ["prefix $_", "allow tap* $_\n"] } '0.0.0.0', '0.0.0.0/', '0.0.0.0/00', '0.0.0.0/33', '0.0.0.0/-1', '0.0.0.0/+0', '0.0.0.0/0x0', '0/0', '0.0.0/0', '00.0.0.0/0', '0.0.0.0/4294967296', '0.0.0.0/18446744073709551616',
		'192.168.50.1/24', '::/129', '::%lo/0', 'any', 'all', '*', '0.0.0.0/0,', ',0.0.0.0/0', '0.0.0.0/0;::/0', '::ffff:0:0/0'),
	(map { ["word $_", "allow tap* 0.0.0.0/0 $_\n"] } 'max=-1', 'max=', 'max=1x', 'max=0x10', 'max=010', 'max=1025', 'max=99999999999999999999', 'max 1', 'nat=on', 'NAT', 'root', 'persist', 'any'),
	['none at all by max=0', "allow tap* 0.0.0.0/0 max=0\n", qr/7[78] 0 .*/];
with_policy("bridge tap* br0\nmacvtap tap* lan0\n");
request_fails('text: places exchanged', qr/7[78] 0 .*/, @tap);
with_policy("allow tap* 192.168.0.0/16\n");
request_fails('text: a line that was wide until just now', qr/77 0 .*/, 'ifname=tap0', 'address=10.0.0.1/24');

# ---- changed while it is read ------------------------------------------------------------------------------------

{
	my $swapper = start([$^X, '-e', 'my ($policy, $evil) = @ARGV; for (1 .. 1e6) { unlink "$policy.new"; $_ % 2 ? symlink($evil, "$policy.new") : do { open my $f, ">", "$policy.new"; print $f "# nothing\n" };'
		. 'rename "$policy.new", $policy }', $POLICY, $elsewhere]);
	my @odd = grep { !/\A7[78] 0 / } map { hostile(@tap) } 1 .. (thorough() ? 1000 : 40);
	kill 'KILL', $swapper;
	finish($swapper);
	attack_fails('a link and a file take turns', !@odd, "@odd");
}

done_attacking();
