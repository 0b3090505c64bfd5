# SPDX-License-Identifier: MIT
#
# rows: what the tables of accepted.t are made of. A row is
#
#	[setting, what it needs beside it, question, answer]
#
# with a setting as in '[disk "a"] if = nvme'. What it needs are more settings, separated by '; ', of
# the same section unless they name one. A question is a sub or words, of which the first is in
# %question; the answer is a text or a pattern. Without a question it has to do that QEMU starts.

use strict;
use warnings;
use FindBin;
use World;
use Test::More;

require "$FindBin::Bin/lib/pty.pl";
require "$FindBin::Bin/lib/qmp.pl";

# ---- from rows to a profile -------------------------------------------------------------------------

# What a table has where no row says otherwise.
my @usual = ('[vm] name = vm', '[machine] accel = tcg', '[machine] memory = 64M', '[display] type = none',
	'[nic] type = none', '[serial] type = null', '[monitor] qmp = /srv/tmp/qmp.sock', '[monitor] paused = on');

# '[disk "a"] if = nvme' => ('[disk "a"]', 'disk', 'if', 'nvme')
sub parts_of
{
	my ($setting) = @_;
	my @parts = $setting =~ /^(\[([\w-]+)[^\]]*\]) (\S+) = (.*)$/;
	BAIL_OUT("not a setting: $setting") if !@parts;
	return @parts;
}

sub settings_of
{
	my ($row) = @_;
	my ($title) = parts_of($row->[0]);
	return ($row->[0], map { /^\[/ ? $_ : "$title $_" } split /; /, $row->[1] // '');
}

# Adds the usual to settings: its keys where they are absent, its NIC and serial port where there is none.
sub add_usual
{
	my (@settings) = @_;
	my %has;

	for (@settings) {
		my (undef, $section, $key) = parts_of($_);
		$has{$section} = $has{"$section.$key"} = 1;
	}
	return @settings, grep {
		my (undef, $section, $key) = parts_of($_);
		!$has{"$section.$key"} && !($section =~ /^(?:nic|serial)$/ && $has{$section});
	} @usual;
}

sub profile_of
{
	my (%lines, @titles);

	for (add_usual(map { settings_of($_) } @_)) {
		my ($title, undef, $key, $value) = parts_of($_);
		push @titles, $title if !$lines{$title};
		push @{ $lines{$title} }, "$key = $value" if !grep { $_ eq "$key = $value" } @{ $lines{$title} };
	}
	return join '', map { "$_\n" } map { ($_, @{ $lines{$_} }) } @titles;
}

# The raw images that nobody else makes.
sub make_images
{
	my ($profile) = @_;
	for my $section (split /^(?=\[)/m, $profile) {
		my ($file) = $section =~ /^file = (\S+\.(?:raw|img|iso))$/m or next;
		spew($file, "\0" x (1 << 20)) if $section !~ /^size = /m && !-e $file;
	}
}

# ---- one QEMU -----------------------------------------------------------------------------------------

my %vm; # the one that runs: pid, qmp and qtest (sockets), terminal, reader

sub vm_pid { return $vm{pid} }
sub is_alive { return (slurp("/proc/$vm{pid}/stat") // '') =~ /\) [^Z]/ }

# On a terminal; what it writes there goes where start() has it.
sub start_on_terminal
{
	my ($pid, $terminal) = start_on_pty(@_);
	my $reader = fork() // die "fork: $!";

	if (!$reader) {
		open my $out, '>:raw', "/srv/tmp/$pid.out" or POSIX::_exit(1);
		while (sysread $terminal, my $text, 4096) { syswrite $out, $text }
		POSIX::_exit(0);
	}
	return ($pid, $terminal, $reader);
}

sub end_terminal
{
	return if !$vm{reader};
	close $vm{terminal};
	kill 'KILL', $vm{reader};
	waitpid $vm{reader}, 0;
}

# Returns whether it can be asked.
sub start_vm
{
	my ($profile, %option) = @_;
	my @command = (@{ $option{under} // [] }, 'qemu-tapwrap', profile($profile));
	my ($qmp) = $profile =~ /^qmp = (.*)$/m;

	push @command, '--', '-qtest', 'unix:qtest.sock,server=on,wait=off', '-qtest-log', '/dev/null'
		if $option{qtest};
	%vm = ();
	@vm{qw(pid terminal reader)} = $option{terminal} ? start_on_terminal(@command) : start(\@command);
	return $vm{qmp} = qmp_open($qmp, \&is_alive);
}

# ---- questions ------------------------------------------------------------------------------------------

sub ask_qmp
{
	my ($command, %arguments) = @_;
	my ($answer, $error) = qmp($vm{qmp}, $command, %arguments);
	return $error ? "error: $error" : $answer;
}

sub ask_hmp { return ask_qmp('human-monitor-command', 'command-line' => "@_") =~ s/\r//gr }
sub ask_qom { my ($path, $property) = @_; return ask_qmp('qom-get', path => $path, property => $property) }

# 'inserted.cache' of { inserted => { cache => ... } }
sub part
{
	my ($data, $path) = @_;
	for (split /\./, $path // '') {
		$data = ref $data eq 'ARRAY' ? $data->[$_] : ref $data eq 'HASH' ? $data->{$_} : undef;
	}
	return $data;
}

sub find_by
{
	my ($key, $name, $list) = @_;
	my ($found) = grep { ($_->{$key} // '') eq $name } @$list;
	return $found;
}

# A property of all devices of a type that have no id.
sub all_of
{
	my ($type, $property) = @_;
	my @values;

	for my $parent (qw(/machine /machine/unattached /machine/peripheral-anon)) {
		my @children = grep { $_->{type} eq "child<$type>" } @{ ask_qmp('qom-list', path => $parent) };
		push @values, map { ask_qom("$parent/$_->{name}", $property) } @children;
	}
	return join ' ', sort @values;
}

# qtest reads and writes a PC's ports, where no CPU does.
sub qtest
{
	my ($command) = @_;
	$vm{qtest} //= connect_to('/srv/tmp/qtest.sock');
	syswrite $vm{qtest}, "$command\n";
	my ($value) = (read_until($vm{qtest}, qr/\n/) // '') =~ /^OK 0x(\w+)/;
	return hex($value // 0);
}

# What the firmware is told: $size bytes of an item.
sub fw_cfg
{
	my ($item, $size) = @_;
	qtest("outw 0x510 $item");
	return join '', map { chr qtest('inb 0x511') } 1 .. $size;
}

# The directory of fw_cfg is a number of files and for each its size, item and name, big-endian.
sub fw_cfg_file
{
	my ($name) = @_;
	my $n = unpack 'N', fw_cfg(0x19, 4);
	my @files = unpack '(NnxxZ56)*', substr fw_cfg(0x19, 4 + 64 * $n), 4;
	while (my ($size, $item, $file) = splice @files, 0, 3) {
		return fw_cfg($item, $size) if $file eq $name;
	}
	return '';
}

# A debugger's "why does it stand?"
sub ask_gdb
{
	my $socket = connect_to($_[0]);
	syswrite $socket, '$?#3f';
	return read_until($socket, qr/#../);
}

my %question = (
	qmp => sub { part(ask_qmp($_[0]), $_[1]) },
	hmp => \&ask_hmp,
	qom => \&ask_qom,
	machine => sub { part(ask_qom('/machine', $_[0]), $_[1]) },
	device => sub { ask_qom("/machine/peripheral/$_[0]", $_[1]) },
	all => \&all_of,
	cpu => sub { ask_qom(ask_qmp('query-cpus-fast')->[0]{'qom-path'}, $_[0]) },
	memory => sub { part(find_by(id => $_[0], ask_qmp('query-memdev')), $_[1]) },
	block => sub { part(find_by(device => $_[0], ask_qmp('query-block')), $_[1]) },
	chardev => sub { part(find_by(label => $_[0], ask_qmp('query-chardev')), 'filename') },
	fw_cfg => \&fw_cfg,
	fw_cfg_file => \&fw_cfg_file,
	fw_cfg_number => sub { unpack 'V', fw_cfg($_[0], 4) },
	cmos => sub { qtest("outb 0x70 $_[0]"); sprintf '%02x', qtest('inb 0x71') },
	gdb => \&ask_gdb,
	greeting => sub { read_until(connect_to($_[0]), qr/\n/) },
	size => sub { -s $_[0] },
	mapped => sub { ((slurp("/proc/$vm{pid}/maps") // '') =~ m{/(\Q$_[0]\E)[^/\n]*$}m)[0] },
	status => sub { ((slurp("/proc/$vm{pid}/status") // '') =~ /^$_[0]:\s+(.*)$/m)[0] },
	descriptors => sub { join ' ', values %{ descriptors($vm{pid}) } },
	terminal => sub { wait_for(sub { -s "/srv/tmp/$vm{pid}.out" }); slurp("/srv/tmp/$vm{pid}.out") },
	run => \&run_ok,
);

sub ask
{
	my ($question) = @_;
	return $question->() if ref $question;
	my ($kind, @words) = split ' ', $question;
	my $how = $question{$kind} or BAIL_OUT("not a question: $question");
	return $how->(@words);
}

# ---- a table ----------------------------------------------------------------------------------------------

my %seen; # 'disk.if' and 'disk.if=nvme' of all rows so far

sub rows_seen { return \%seen }

sub check_row
{
	my ($name, $setting, $needs, $question, $answer) = @_;
	my (undef, $section, $key, $value) = parts_of($setting);

	$seen{"$section.$key"} = $seen{"$section.$key=$value"} = 1;
	return pass("$name: $setting: accepted") if !defined $question;
	my $got = qmp_text(ask($question));
	return ref $answer ? like($got, $answer, "$name: $setting") : is($got, $answer, "$name: $setting");
}

# Starts QEMU with the settings of the rows, asks all questions, and ends it. Options:
#   terminal  true: on a terminal
#   under     what qemu-tapwrap is started by
#   says      what may be on standard error; nothing otherwise
#   end       the command that ends it, in place of quit
sub accepted
{
	my ($name, $option, @rows) = @_;
	my $before = host_state();
	my $profile = profile_of(@rows);

	make_images($profile);
	my $qtest = grep { ($_->[2] // '') =~ /^(?:fw_cfg|cmos)/ } @rows;
	if (!start_vm($profile, %$option, qtest => $qtest)) {
		my (undef, $out, $err) = finish($vm{pid}, 1);
		fail("$name: QEMU starts");
		return diag("$profile$out", $err // '');
	}
	check_row($name, @$_) for @rows;
	qmp($vm{qmp}, $option->{end} // 'quit');
	my ($status, $out, $err) = finish($vm{pid});
	end_terminal();
	is(exited($status), 0, "$name: status 0");
	# GLib's own complaint is about -qtest without -accel qtest.
	$err = ($err // '') =~ s/.*g_timer_elapsed: assertion.*\n//r;
	$option->{says} ? like($err, $option->{says}, "$name: says no more than that")
		: is($err, '', "$name: says nothing");
	state_settles($before, "$name: as before");
}

1;
