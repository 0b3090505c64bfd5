#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# Attacks on the helper as a process of the user's: what it inherits, what another process of the same
# user may do to it, and other ways to come to a helper with its capability. `make check-long` tries all
# the moments for a signal.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use World;
use Test::More;

our ($UID, @AS_USER, $HELPER, $POLICY, $UNKNOWN, $ADD);
require "$FindBin::Bin/lib/$_.pl" for qw(users taps attack);

make_host();
my @policy = 'allow tap* 192.168.48.0/21 nat dhcp';
set_up_helper(@policy);
my @tap = ('ifname=tap0', 'address=192.168.50.1/24');
my @complete = ('ifname=tapmine', 'op=2', 'address=192.168.50.1/24');
my @forbidden = ('ifname=lab0', 'address=192.168.50.1/24');
my $no = "77 0 $ADD \"allow lab0 192.168.50.0/24\" to $POLICY";
my $usage = 'qemu-tapwrap-helper: this program is started by qemu-tapwrap only';
request_works('a request', @tap);
request_works('one to be completed', @complete);

# ---- environment ------------------------------------------------------------------------------------------

my $mark = '/srv/tmp/loaded';
spew('/srv/tmp/evil.c', "#include <fcntl.h>\n__attribute__((constructor)) static void start(void) { open(\"$mark\", O_CREAT | O_WRONLY, 0666); }\n"
	. "unsigned int la_version(unsigned int v) { return v; }\n");
run_ok(qw(cc -shared -fPIC -o /srv/tmp/evil.so /srv/tmp/evil.c));
spew('/srv/tmp/evil/gconv-modules', "module UTF-8// INTERNAL ../evil 1\n");
my ($library) = run_ok('ldd', $HELPER) =~ m{(libnl-3\.so\S*)};
run_ok('cp', '/srv/tmp/evil.so', "/srv/tmp/evil/$library");
run_ok('cp', $HELPER, '/srv/tmp/copy');
sub with_environment { return map { "--environment=$_" } @_ }
my @environments = (['LD_PRELOAD=/srv/tmp/evil.so'], ['LD_AUDIT=/srv/tmp/evil.so'], ['LD_LIBRARY_PATH=/srv/tmp/evil'], ['GCONV_PATH=/srv/tmp/evil', 'LC_ALL=C.UTF-8', 'LOCPATH=/srv/tmp/evil'],
	['NLCB=debug'], ['NLDBG=9'], ['NLSYSCONFDIR=/srv/tmp/evil'], ['TMPDIR=/srv/tmp/evil'], ['MALLOC_CHECK_=3', 'MALLOC_PERTURB_=165', 'MALLOC_TRACE=/srv/tmp/evil/trace'],
	['GLIBC_TUNABLES=glibc.malloc.check=3:glibc.rtld.optional_static_tls=1'], ['LD_DEBUG=all', 'LD_DEBUG_OUTPUT=/srv/tmp/evil/debug'], ['LD_SHOW_AUXV=1'], ['LD_PROFILE=libc.so.6', 'LD_PROFILE_OUTPUT=/srv/tmp/evil'],
	['LD_TRACE_LOADED_OBJECTS=1'], ['PATH=/srv/tmp/evil:.'], ['SUDO_UID=0', 'PKEXEC_UID=0'], ['X=' . 'x' x 100000], ['no equals sign']);
chmod 0777, '/srv/tmp/evil';
if (!sanitized()) {
	hostile('--helper=/srv/tmp/copy', with_environment('LD_PRELOAD=/srv/tmp/evil.so'));
	ok(-e $mark, 'a copy without the capability loads what it is told to');
	unlink $mark;
	for (@environments) {
		my $line = hostile(@forbidden, with_environment(@$_));
		my @traces = grep { -e } $mark, glob('/srv/tmp/evil/{trace,debug,libc}*');
		# What the loader itself says and does about a program with a privilege is not ours.
		attack_fails('environment: ' . substr($_->[0], 0, 60), $line =~ m{\A(?:\Q$no\E\n(?:/var/profile/.*\n)?|none exited 5\n)\z} && !@traces, "$line@traces");
	}
}

# ---- arguments, descriptors, signals, limits, directory ------------------------------------------------------

my $name = '--argument=qemu-tapwrap-helper';
request_fails("arguments: $_->[0]", "none exited 64\n$usage", @tap, @$_[1 .. $#$_]) for ['one', $name, '--argument=x'], ['--help', $name, '--argument=--help'],
	['a path of a policy', $name, '--argument=/srv/tmp/policy'], ['a thousand', $name, map { "--argument=$_" } 1 .. 1000];
request_fails("arguments: $_->[0]", $no, @forbidden, @$_[1 .. $#$_]) for ['none at all, not even a name', '--no-arguments'], ['an empty name', '--argument='],
	['a name with a line and a format', "--argument=a\n%n%s"], ['a name that is a path', '--argument=/srv/tmp/evil/helper'], ['a long name', '--argument=' . 'x' x 5000];

for my $closed (0 .. 7) {
	my $said = join(', ', grep { $closed & 1 << $_ } 0 .. 2) || 'none';
	request_fails("closed descriptors: $said", $closed & 1 ? qr/none exited 64(?:\n\Q$usage\E)?/ : qr/0 1 /, @tap, "--close=$closed");
}
request_fails("signals: $_", $no, @forbidden, split ' ') for '--ignoring', '--blocking', '--ignoring --blocking';
request_fails('signals: all ignored, with a keeper', qr/0 2 /, @complete, '--ignoring', '--blocking');

if (!sanitized()) {
	my %limits = (CPU => 0, FSIZE => 1, DATA => 2, STACK => 3, CORE => 4, NPROC => 6, NOFILE => 7, MEMLOCK => 8, AS => 9, SIGPENDING => 11, MSGQUEUE => 12);
	my $fails_whole = qr/(?:0 \d |(?:69|7\d) 0 .*|none (?:exited \d+|signal \d+)|$HELPER: .*|prlimit: Operation not permitted)(?:\n.*error while loading shared libraries.*)*/;
	for my $limit (sort keys %limits) {
		my @values = thorough() ? (0, 1, 2, 3, 4, 8, 16, 4096, 65536, 1 << 20, 4 << 20) : (0, 3, 65536);
		my @odd = grep { !/\A$fails_whole\n\z/ } map { my $words = $_; map { hostile(@$words, "--later-limit=$limits{$limit}:$_") } @values } \@tap, \@complete;
		attack_fails("limits: $limit, set while it runs", !@odd, "@odd");
		next if $limit =~ /NPROC|NOFILE|FSIZE/; # the client could not start it, or say anything
		@odd = grep { !/\A$fails_whole\n\z/ } map { hostile(@tap, "--limit=$limits{$limit}:$_") } @values;
		attack_fails("limits: $limit, inherited", !@odd, "@odd");
	}
}
{
	my $line = output_of('sh', '-c', "umask 0; mkdir /srv/tmp/gone; cd /srv/tmp/gone; rmdir /srv/tmp/gone; exec client @forbidden");
	attack_fails('umask 0, and a directory that is gone', $line eq "$no\n", $line);
}
{
	my ($pid, $helper) = start_hostile('--silent');
	kill 'SEGV', $helper;
	my $end = (finish($pid))[1];
	attack_fails('a core dump', $end eq "$helper\nnone signal 11\n", $end);
}

# ---- a signal at any moment --------------------------------------------------------------------------------------

my @moments = map { $_ * 41 % 3000 } 1 .. (thorough() ? 300 : 8);
my %signals = (HUP => 1, INT => 2, QUIT => 3, KILL => 9, SEGV => 11, ALRM => 14, TERM => 15, CHLD => 17, STOP => 19, IO => 29);
for my $signal (sort keys %signals) {
	my @odd = grep { !/\A(?:\d+ \d .*|none signal $signals{$signal})\n\z/ } map { my $words = $_;
		map { hostile(@$words, "--signal=$signals{$signal}", "--after=$_") } @moments } \@tap, \@complete;
	wait_for(sub { !keepers() }, 3);
	attack_fails("$signal to the helper at " . 2 * @moments . ' moments', !@odd && !keepers(), "@odd");
}

# ---- what another process of the same user can reach -------------------------------------------------------------

{
	my $own = start([@AS_USER, qw(sleep 99)]);
	wait_for(sub { (slurp("/proc/$own/comm") // '') eq "sleep\n" });
	like((run([@AS_USER, 'reach', $own]))[1], qr/^pidfd_getfd$/m, 'an ordinary process of the user\'s can be reached');
	end_stub($own);

	my ($pid, $helper) = start_hostile('--silent');
	wait_for(sub { (slurp("/proc/$helper/status") // '') =~ /^SigIgn:\t0*1000$/m }, 2);
	my $reached = (run([@AS_USER, 'reach', $helper]))[1];
	attack_fails('reach: the helper', $reached eq '', $reached);
	my ($status) = run([@AS_USER, qw(strace -o /dev/null -p), $helper], seconds => 2);
	attack_fails('reach: the helper, by strace', $status != 0, 'traced');
	end_hostile($pid);

	my $before = state_now();
	($pid) = start_hostile('--keep', @complete);
	remember_host();
	my @keepers = keepers();
	$reached = (run([@AS_USER, 'reach', $keepers[0] // 1]))[1];
	attack_fails('reach: a keeper', @keepers == 1 && $reached eq '', "@keepers: $reached");
	run([@AS_USER, 'kill', "-$_", @keepers]) for qw(HUP INT QUIT TERM USR1 USR2 ALRM PIPE TSTP);
	attack_fails('a keeper minds no signal that it can refuse', keepers() == 1, 'it ended');
	my @memory = sanitized() ? () : qw(--as=0 --data=0); # the sanitizers need some more
	run([@AS_USER, 'prlimit', "--pid=$keepers[0]", $_]) for qw(--nofile=0 --fsize=0 --memlock=0), @memory;
	kill $_, @keepers for qw(STOP CONT); # so that it waits anew
	end_hostile($pid);
	wait_for(sub { !keepers() });
	remember_host();
	attack_fails('a keeper undoes under any limit', state_now() eq $before, difference($before, state_now()));
}
SKIP: {
	skip 'no dnsmasq', 1 if !grep { -x "$_/dnsmasq" } qw(/usr/sbin /usr/bin /sbin);
	run_ok('setcap', 'cap_net_admin,cap_net_bind_service,cap_net_raw=p', $HELPER);
	my ($pid, $line) = start_hostile('--keep', @tap, 'flags=4', 'guest=192.168.50.2', 'guest_mac=52:54:00:00:00:01');
	my ($server) = map { /^(\d+): \S*dnsmasq/ ? $1 : () } processes();
	remember_host();
	my $reached = (run([@AS_USER, 'reach', $server // 1]))[1];
	attack_fails('reach: a DHCP server with three capabilities', $server && $reached eq '', "$line: $reached");
	end_hostile($pid);
	wait_for(sub { !keepers() && !has_link('tap0') });
	remember_host();
	set_up_helper(@policy);
}

# ---- other ways to a helper -----------------------------------------------------------------------------------------

my $lacks = qr/77 0 \Q$HELPER\E (?:has no capability|gets no capability).*/;
request_fails('a copy of it', $lacks, @tap, '--helper=/srv/tmp/copy');
run([@AS_USER, 'cp', '--preserve=all', $HELPER, '/srv/home/preserved']);
request_fails('a copy that the user made with all attributes', $lacks, @tap, '--helper=/srv/home/preserved');
symlink $HELPER, '/srv/tmp/symlink';
link $HELPER, '/srv/libexec/hardlink';
request_fails('a symbolic link to it', $no, @forbidden, '--helper=/srv/tmp/symlink');
request_fails('a hard link to it', $no, @forbidden, '--helper=/srv/libexec/hardlink');
unlink '/srv/libexec/hardlink';
my ($loader) = run_ok('ldd', $HELPER) =~ m{(/\S*/ld-linux\S*)};
request_fails('the loader loads it', $lacks, @tap, "--helper=$loader", '--argument=ld.so', "--argument=$HELPER") if !sanitized();
if (!sanitized()) {
	my $line = output_of(qw(strace -f -qq -o /dev/null client), @tap);
	attack_fails('under strace', $line =~ /\A$lacks\n\z/, $line);
}
run_ok(qw(mount -t tmpfs -o nosuid tmpfs /mnt));
run_ok('cp', '--preserve=all', $HELPER, '/mnt/helper');
request_fails('on a file system without such privileges', $lacks, @tap, '--helper=/mnt/helper');
run_ok(qw(umount /mnt));

SKIP: {
	skip 'users may not have namespaces here', 5 if (run([@AS_USER, qw(unshare -Urmn true)]))[0] != 0;
	my $root = '77 0 root has no CAP_NET_ADMIN here (a container?); start it with --cap-add=NET_ADMIN or the like';
	my $line = output_of(qw(unshare -Ur client), @tap, 'force=1');
	attack_fails('root of a user namespace, the network of the host', $line =~ /\A(?:\Q$root\E|77 0 tap0: TUNSETIFF on \S+: Operation not permitted)\n\z/, $line);
	$line = output_of(qw(unshare -Urn client), 'ifname=tap0', 'address=192.168.52.1/24', 'force=1');
	attack_fails('root of a user namespace, a network of its own', $line =~ /\A(?:0 1 |7\d 0 .*)\n\z/, $line);
	spew('/srv/tmp/jail/policy', "allow * 0.0.0.0/0,::/0 nat persistent\n", 0644);
	$line = output_of(qw(unshare -Urm sh -c), 'mount -t tmpfs tmpfs /srv/etc && mkdir -p /srv/etc/qemu-tapwrap && cp /srv/tmp/jail/policy /srv/etc/qemu-tapwrap/ && exec client ' . "@forbidden");
	attack_fails('a user namespace with a policy of the user\'s', $line =~ /\A(?:\Q$root\E|77 0 lab0: .*)\n\z/, $line);
	$line = output_of(qw(unshare -Urm sh -c), 'mount --rbind / /mnt && mount -t tmpfs tmpfs /mnt/srv/etc && mkdir -p /mnt/srv/etc/qemu-tapwrap && cp /srv/tmp/jail/policy /mnt/srv/etc/qemu-tapwrap/ '
		. "&& exec chroot /mnt /srv/bin/client @forbidden");
	attack_fails('the same behind chroot', $line =~ /\A(?:\Q$root\E|77 0 lab0: .*)\n\z/, $line);
	my $inside = start([@AS_USER, qw(unshare -Urm sleep 99)]);
	wait_for(sub { (slurp("/proc/$inside/comm") // '') eq "sleep\n" });
	$line = hostile(@tap, "--helper=/proc/$inside/root$HELPER");
	attack_fails('a helper seen through another mount namespace', $line =~ /\A$lacks\n\z/ || $line =~ /Permission denied/, $line);
	end_stub($inside);
}

wait_for(sub { !processes() }, 5);
attack_fails('in the end: no process is left', !processes(), join "\n", processes());

done_attacking();
