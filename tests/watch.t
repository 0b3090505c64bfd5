#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# --watch: of --list and --status, on terminals of several sizes and in pipes.

use strict;
use warnings;
use utf8;
use FindBin;
use lib "$FindBin::Bin/lib";
use World;
use Test::More;
use IO::Select;
use POSIX ();
use Time::HiRes qw(sleep time);

require "$FindBin::Bin/lib/pty.pl";

use constant TIOCSWINSZ => 0x5414;
use constant { HIDE => "\033[?25l", SHOW => "\033[?25h" };

my $before = host_state();
my $screens = 0;
binmode Test::More->builder->$_, ':utf8' for qw(output failure_output);

sub start_vm
{
	my ($name) = @_;
	my $text = "[vm]\nname = $name\n[machine]\naccel = tcg\nsmp = 1\nmemory = 64M\n[display]\ntype = none\n"
		. "[serial]\ntype = null\n[nic]\ntype = none\n";
	utf8::encode($text);
	my $pid = start(['qemu-tapwrap', profile($text)]);
	ok(wait_for(sub { (run([qw(qemu-tapwrap --status), bytes($name)]))[1] =~ /^state +running$/m }), "$name runs")
		or diag(slurp("/srv/tmp/$pid.err"));
	return $pid;
}

sub bytes { my ($text) = @_; utf8::encode($text); return $text }

sub set_size { my ($terminal, $columns, $rows) = @_; ioctl $terminal, TIOCSWINSZ, pack 'S4', $rows, $columns, 0, 0; return }

# What comes from a terminal until $pattern, or the time is over.
sub see
{
	my ($terminal, $pattern) = @_;
	my ($seen, $end) = ('', time + 20);
	while ($seen !~ $pattern && time < $end) {
		next if !IO::Select->new($terminal)->can_read(0.2);
		sysread $terminal, $seen, 4096, length $seen or last;
	}
	return $seen;
}

# On a terminal of that size from the beginning.
sub watch
{
	my ($columns, $rows, @words) = @_;
	my ($pid, $terminal) = start_on_pty('sh', '-c', 'read go; exec "$@"', 'sh', 'qemu-tapwrap', '--watch', @words);
	set_size($terminal, $columns, $rows);
	syswrite $terminal, "go\n";
	see($terminal, qr/go\r\n/);
	return ($pid, $terminal);
}

# The lines of the next whole screen.
sub screen
{
	my ($terminal) = @_;
	my ($screen) = see($terminal, qr/\033\[H.*?\033\[J/s) =~ /\033\[H(.*?)\033\[J/s;
	$screens++;
	my @lines = split /\r\n/, $screen // '';
	is((grep { !/\033\[K\z/ } @lines), 0, 'each clears what was there');
	s/\033\[K\z// for @lines;
	utf8::decode($_) for @lines;
	return @lines;
}

# As a terminal has them: these are twice as wide.
sub width { my ($line) = @_; return length($line) + (() = $line =~ /\p{East_Asian_Width=Wide}/g) }

my $first = start_vm('first');
my $wide = start_vm('東京 VM');

# ---- columns -----------------------------------------------------------------------------------

{
	my $out = (run([qw(qemu-tapwrap --list)]))[1];
	utf8::decode($out);
	my @lines = split /\n/, $out;
	my %at = map { width(/^(.*?)(?:STATE|running)/ ? $1 : '') => 1 } @lines;
	is_deeply([keys %at], [length('東京 VM') + 2 + 2], 'wide characters: the columns are aligned');
}

# ---- a terminal --------------------------------------------------------------------------------

{
	my ($pid, $terminal) = watch(200, 24, '--list');
	my $seen = see($terminal, qr/\Q@{[HIDE]}\E/);
	is(substr($seen, 0, length HIDE), HIDE, 'the cursor is hidden');
	my @lines = screen($terminal);
	is(scalar(@lines), 3, 'the titles and two VMs');
	like($lines[1], qr/^first +running /, 'one of them');
	my $start = time;
	screen($terminal) for 1 .. 2;
	cmp_ok(time - $start, '>=', 1, 'again every second');
	set_size($terminal, 23, 24);
	@lines = screen($terminal);
	@lines = screen($terminal) if width($lines[0]) > 23; # one that was under way
	is_deeply([map { width($_) <= 23 ? 1 : "$_" } @lines], [1, 1, 1], 'a narrow terminal: lines are cut');
	like($lines[1], qr/^first +running/, 'behind what fits');
	set_size($terminal, 2, 24);
	@lines = screen($terminal);
	@lines = screen($terminal) if width($lines[0]) > 2;
	is($lines[2], '東', 'a character is whole, or not there');
	set_size($terminal, 1, 24);
	@lines = screen($terminal);
	@lines = screen($terminal) if width($lines[0]) > 1;
	is($lines[2] // '', '', 'a wide one does not fit into one column');
	set_size($terminal, 80, 3);
	@lines = screen($terminal);
	@lines = screen($terminal) if @lines > 2;
	is_deeply([map { /^(\S+)/ ? $1 : '' } @lines], ['NAME', '...'], 'a low one: the last line tells of the rest');
	is($lines[1], '... and 2 more', 'by number');
	syswrite $terminal, "\x03";
	like(see($terminal, qr/\Q@{[SHOW]}\E/), qr/\Q@{[SHOW]}\E/, 'Ctrl-C: the cursor is shown');
	waitpid $pid, 0;
	is(exited($?), 'signal 2', 'and it ends by that signal');
}
for my $signal (qw(TERM HUP QUIT)) {
	my ($pid, $terminal) = watch(80, 24, qw(--status first));
	my @lines = screen($terminal);
	is($lines[0], 'name      first', "--status, $signal");
	kill $signal, $pid;
	like(see($terminal, qr/\Q@{[SHOW]}\E/), qr/\Q@{[SHOW]}\E/, "$signal: the cursor is shown");
	waitpid $pid, 0;
}
{
	my ($pid, $terminal) = watch(80, 24, qw(--status), bytes('東京 VM'));
	screen($terminal);
	kill 'TERM', $wide;
	finish($wide);
	my $seen = see($terminal, qr/has ended/);
	like($seen, qr/\Q@{[SHOW]}\Eqemu-tapwrap: VM '.*' has ended/s, 'the VM ends: it tells so');
	waitpid $pid, 0;
	is(exited($?), 0, 'status 0');
}

# ---- elsewhere -----------------------------------------------------------------------------------

{
	my $pid = start([qw(qemu-tapwrap --watch --status first)]);
	my $out = sub { slurp("/srv/tmp/$pid.out") // '' };
	ok(wait_for(sub { $out->() =~ /^state     running$/m }), 'a file: what it is now');
	sleep 2.5;
	is(() = $out->() =~ /^name /mg, 1, 'nothing more as long as nothing happens');
	run_ok(qw(qemu-tapwrap --pause first));
	ok(wait_for(sub { $out->() =~ /^profile [^\n]*\n\nname +first\nstate +paused\n/m }), 'then what it is then, behind an empty line');
	kill 'KILL', $first;
	finish($first);
	my ($status, $text, $err) = finish($pid);
	is(exited($status) . $err, '0', 'the VM ends: status 0, nothing said');
	unlike($text, qr/\033/, 'no escape sequence');
}
{
	my ($status, $out, $err) = run(['sh', '-c', 'qemu-tapwrap --watch --list | head -n 1'], seconds => 10);
	like($out, qr/^NAME /, 'whoever reads it may leave');
	is($err, '', 'without a word');
}
for (
	[69, "VM 'first' is not running", qw(--watch --status first)],
	[64, '--watch is for people, --json for programs', qw(--watch --list --json)],
	[64, '--watch goes with --list or --status', qw(--watch --stop first)])
{
	my ($wanted, $line, @words) = @$_;
	my ($status, $out, $err) = run(['qemu-tapwrap', @words], seconds => 10);
	is(exited($status) . " $out$err", "$wanted qemu-tapwrap: $line\n", "@words");
}
run_ok(qw(qemu-tapwrap --list));
nothing_left($before, 'at the end');
print "# $screens screens\n";
done_testing();
