# SPDX-License-Identifier: MIT
#
# errors: a system call of the launcher, of the helper or of a keeper fails. Either the start ends with
# a documented status, one line and a host as before; or the VM gets all that it gets otherwise.

use strict;
use warnings;
use Errno;
use FindBin;
use World;
use Test::More;

require "$FindBin::Bin/lib/system-calls.pl";

# What each call can fail with. What is not here cannot fail but by a mistake in its arguments;
# getrandom, futex and madvise only help the C library along.
my %errors = (
	(map { $_ => 'EACCES ENOMEM' } qw(access faccessat faccessat2 newfstatat stat lstat statx readlink readlinkat getcwd)),
	(map { $_ => 'EMFILE ENOMEM EACCES' } qw(open openat)),
	(map { $_ => 'EIO EINTR' } qw(read pread64 readv getdents64 close ftruncate)),
	(map { $_ => 'ENOSPC EIO EINTR' } qw(write pwrite64 writev)),
	(map { $_ => 'ENOMEM' } qw(brk mmap mprotect mremap munmap fcntl statfs prctl shutdown)),
	(map { $_ => 'EMFILE ENOBUFS' } qw(socket socketpair pipe pipe2)),
	(map { $_ => 'EADDRINUSE ENOMEM' } qw(bind connect listen)),
	(map { $_ => 'ENOBUFS EINTR EPERM' } qw(sendto sendmsg)),
	(map { $_ => 'ENOBUFS EINTR ENOMEM' } qw(recvfrom recvmsg)),
	(map { $_ => 'ENOBUFS ENOPROTOOPT' } qw(setsockopt getsockname)),
	(map { $_ => 'EAGAIN ENOMEM' } qw(clone clone3 fork vfork)),
	(map { $_ => 'EINTR EMFILE' } qw(dup dup2 dup3)),
	(map { $_ => 'EPERM' } qw(capget capset setsid setgroups unshare)),
	(map { $_ => 'EPERM EAGAIN' } qw(setresuid setresgid setuid prlimit64)),
	(map { $_ => 'ENOSPC EROFS' } qw(mkdir mkdirat link linkat rename renameat2)),
	(map { $_ => 'EINTR ENOMEM' } qw(poll ppoll)),
	ioctl => 'EPERM ENOMEM EBUSY', close_range => 'EINVAL ENOSYS', execve => 'ENOENT EACCES ENOMEM',
	wait4 => 'EINTR', waitid => 'EINTR', chdir => 'EACCES', flock => 'EINTR ENOLCK',
	unlink => 'EIO', unlinkat => 'EIO', pidfd_open => 'EMFILE', nanosleep => 'EINTR', clock_nanosleep => 'EINTR',
	kill => 'EPERM');

# EXIT STATUS in the manual, but for 70, which is a mistake in the program.
my %documented = map { $_ => 1 } 64 .. 66, 69, 71 .. 75, 77, 78, 126, 127;

# Over all kinds that a test goes through.
my ($injected, $points, $failures, $through, $leaks) = (0, 0, 0, 0, 0);

# ---- what the VM gets ----------------------------------------------------------------------------

# In QEMU's place: writes down what is there, without what differs from run to run, be it where the
# run directory is: another one stands in for one that cannot be looked at. It takes no part
# in limits that only its start is to have.
sub install_witness
{
	spew('/srv/tmp/witness', <<"END" . <<'END', 0755);
use lib '$FindBin::Bin/lib';
require '$FindBin::Bin/lib/network.pl';
END
opendir my $dir, '/proc/self/fd';
my %own = (fileno($dir) => 1);
my @descriptors = sort map { readlink("/proc/self/fd/$_") =~ s/\d+|^.srv(?=.run)//gr } grep { /\d/ && $_ > 2 && !$own{$_} } readdir $dir;
my $text = network();
my %names = $text =~ /^link (\d+) (\S+)/mg;
$text =~ s/^link \d+ (\S+)(.*?) 1=\w+/link $1$2/mg;               # MACs are random
$text =~ s/7069643d(?:3\d)+/pid/g;                                # so are PIDs
$text =~ s/^address (\d+)/address $names{$1}/mg;
$text =~ s/^(route.* 4=)(\w\w)(\w\w)\w+/$1 . $names{hex "$3$2"}/mge;
$text =~ s/^(?:address|route).* 1=fe80.*\n//mg;                   # and so are those made of a MAC
$text = join '', sort map { "$_\n" } split /\n/, $text;
open my $out, '>', '/srv/tmp/seen.new';
print $out $text, "descriptors: @descriptors\n", `nft list ruleset 2>/dev/null`, -e '/srv/tmp/also' ? `sh /srv/tmp/also` : '';
close $out;
chmod 0666, '/srv/tmp/seen.new';
rename '/srv/tmp/seen.new', '/srv/tmp/seen';
END
	install_stub("#!/bin/sh\nulimit -S -v unlimited; ulimit -S -d unlimited; ulimit -S -n 1024\nexec perl /srv/tmp/witness\n");
	return;
}

# ---- one call ----------------------------------------------------------------------------------------

# What is wrong with how it went; '' if nothing.
sub verdict
{
	my ($call, $status, $err, $wanted) = @_;
	my @lines = grep { !/^qemu-tapwrap: warning: / } split /\n/, $err;
	my $seen = slurp('/srv/tmp/seen');

	if (defined $seen) {
		$through++;
		# What the caller has open stays so, as with raw QEMU, if this one is missing.
		$_ = s/^descriptors: .*//mr for ($call->{name} // '') eq 'close_range' ? ($seen, $wanted) : ();
		# One that does not need its run directory starts without, and says so.
		$_ = s{ /run/qemu-tapwrap/\S+/lock}{}mr for $err =~ /warning: .*; --list and --stop will not know this VM$/m ? ($seen, $wanted) : ();
		return "the VM does not get what it should:\n" . difference($wanted, $seen) if $seen ne $wanted;
		return @lines || $status ? "the VM runs, but status $status, and: $err" : '';
	}
	$failures++;
	return 'status ' . exited($status) . ' without a VM' if $status == 0;
	return '' if $call->{start}; # the dynamic linker has words and ends of its own
	return "signal or status $status: $err" if $status & 127 || !$documented{ $status >> 8 };
	return @lines == 1 && $lines[0] =~ /^qemu-tapwrap: \S/ ? '' : scalar(@lines) . " lines: $err";
}

sub errno { my ($name) = @_; return Errno->can($name)->() }

# ---- all of them -------------------------------------------------------------------------------------

# Options: profile; calls (about how many, unless all); roles; start (those of the C library's start as
# well); reset (code: what is to be done before each); renew (code: after something was left); persists (what the VM had may be there); may_stay (a
# pattern of files).
sub fail_everywhere
{
	my ($name, %kind) = @_;
	my $reset = $kind{reset} // sub { };
	my $roles = $kind{roles} // 'launcher|helper|keeper';
	# By its path: a stat that fails would let $PATH lead to the real one.
	my @command = (qw(qemu-tapwrap --set qemu.binary=/srv/bin/qemu-system-x86_64), $kind{profile});

	install_witness();
	$reset->();
	my $before = network();
	unlink '/srv/tmp/seen';
	run_ok(@command);
	$reset->();
	is(leftovers($before, %kind), '', "$name: unharmed, all is undone");
	my $wanted = slurp('/srv/tmp/seen');
	my @all = map { my $call = $_; map { [$call, $_] } split ' ', $errors{ $call->{name} } // '' }
		grep { $_->{role} =~ /^(?:$roles)$/ && ($kind{start} || !$_->{start}) } calls_of(@command);
	my ($done, @wrong) = (0);

	for (sample($kind{calls} // 60, $kind{most}, @all)) {
		my ($call, $error) = @$_;
		$reset->();
		unlink '/srv/tmp/seen';
		my ($status, undef, $err) = run([at_call($call, 'error=' . errno($error), @command)]);
		next if !was_reached($status);
		$done++;
		my $why = verdict($call, $status, $err, $wanted);
		$reset->() if $kind{persists} && -e '/srv/tmp/seen';
		my $left = leftovers($before, %kind);
		$leaks++ if $left;
		push @wrong, "$error at " . where($call) . ": $why $left" if $why || $left;
		if ($left) { # so that it does not count twice
			($kind{renew} // sub { run(\@command); has_ended() })->();
			$before = network();
		}
	}
	$reset->();
	ok(!@wrong, "$name: $done errors in " . @all . ' that system calls can have') or diag join "\n", map { s/^(.{160}).*/$1 .../gmr } @wrong;
	$injected += $done;
	$points += @all;
	return;
}

sub figures
{
	diag("errors: $injected of $points injected, $failures refused, $through without effect, leaks: $leaks");
	return;
}

1;
