#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# link = off: Linux comes up without a carrier, and has one when a monitor says so. Another NIC is
# not concerned.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use World;
use Test::More;

require "$FindBin::Bin/lib/linux-guest.pl";
require "$FindBin::Bin/lib/qmp.pl";

my ($kernel, @modules) = find_linux(qw(e1000 virtio_net virtio_pci));
my @busybox = find_busybox();
must_or_skip($kernel && @busybox, 'no readable Linux kernel with its NIC drivers, or no busybox');

my $before = host_state();
# The NICs by MAC: a is cut, b is not, c is cut.
my $initramfs = make_initramfs(<<'END', \@busybox, @modules);
for i in /sys/class/net/eth*; do ip link set ${i##*/} up; done
sleep 2
tell() {
	for i in /sys/class/net/eth*; do
		case $(cat $i/address) in *:0a) n=a;; *:0b) n=b;; *:0c) n=c;; esac
		echo "
$1.$n=$(cat $i/carrier)"
	done
}
tell start
for i in /sys/class/net/eth*; do
	case $(cat $i/address) in *:0a) a=$i/carrier;; esac
done
while [ $(cat $a) = 0 ]; do sleep 0.2; done
tell later
poweroff -f
END
my $sections = <<'END';
[nic "a"]
mac = 52:54:00:00:00:0a
link = off
[nic "b"]
mac = 52:54:00:00:00:0b
[nic "c"]
mac = 52:54:00:00:00:0c
model = virtio-net-pci
link = off
[monitor]
qmp = qmp.sock
END
my $profile = linux_profile($kernel, $initramfs, $sections, '', 'link.ini');

sub text { my ($pid) = @_; return slurp("/srv/tmp/$pid.out") // '' }

# The VM that $command starts, from where it runs (after $resume of its monitor) to its end.
sub lives
{
	my ($name, $command, $resume) = @_;
	my $pid = start($command);
	my $qmp = qmp_open('/srv/tmp/qmp.sock');
	ok($qmp, "$name: the monitor is there") or return diag(slurp("/srv/tmp/$pid.err"));
	if ($resume) {
		sleep 1;
		is((qmp($qmp, 'query-status'))[0]{status}, 'prelaunch', "$name: it is paused");
		is(text($pid), '', "$name: the guest has said nothing yet");
		qmp($qmp, 'cont');
	}
	ok(wait_for(sub { text($pid) =~ /start\.c=\d/ }, 60), "$name: Linux is up") or diag(text($pid));
	qmp($qmp, 'set_link', name => 'nic-a-device', up => JSON::PP::true());
	my ($status, $out, $err) = finish($pid, 60);
	is(exited($status), 0, "$name: Linux powers off, status 0") or diag($out, $err);
	is($err, '', "$name: nothing on standard error");
	my %said = $out =~ /\b(\w+\.\w)=(\d)/g;
	is_deeply(\%said, { 'start.a' => 0, 'start.b' => 1, 'start.c' => 0, 'later.a' => 1, 'later.b' => 1,
		'later.c' => 0 }, "$name: no carrier where link = off, until set_link") or diag($out);
	nothing_left($before, $name);
}

lives('link = off', ['qemu-tapwrap', $profile]);
lives('paused', [qw(qemu-tapwrap --set monitor.paused=on), $profile], 1);
lives('-S', ['qemu-tapwrap', $profile, '--', '-S'], 1);
lives('-S in args', [qw(qemu-tapwrap --set qemu.args=-S), $profile], 1);

my $script = spew('link.sh', run_ok('qemu-tapwrap', '--dry-run', $profile));
lives('by hand', ['sh', $script]);
my @files = grep { !m{/lock$} } glob '/srv/run/qemu-tapwrap/*/*';
is_deeply(\@files, [], 'by hand: no file is left');

# ---- what QEMU holds -----------------------------------------------------------------------------------

{
	my ($status, undef, $err) = run([qw(qemu-tapwrap --set serial.type=null), $profile, '--', '-daemonize']);
	is(exited($status), 0, '-daemonize: status 0') or diag($err);
	my $qmp = qmp_open('/srv/tmp/qmp.sock');
	ok(wait_for(sub { (qmp($qmp, 'query-status'))[0]{status} eq 'running' }), '-daemonize: it runs');
	qmp($qmp, 'quit');
	nothing_left($before, '-daemonize');
}
{
	local $ENV{XDG_RUNTIME_DIR} = '';
	my ($status, $out, $err) = run([qw(qemu-tapwrap --dry-run), $profile]);
	SKIP: {
		skip 'root has a run directory in any case', 1 if exited($status) == 0;
		is(exited($status), 72, 'a script without a run directory: 72');
	}
}

done_testing();
