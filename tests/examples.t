#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# Every installed example is sound, and QEMU takes its command line.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use World;
use Test::More;

my @examples = glob '/srv/share/doc/qemu-tapwrap/examples/*.ini';
my $before = host_state();
$ENV{IPXE} = ipxe();
spew("$ENV{HOME}/.ssh/id_ed25519.pub", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE5vYm9keSBoYXMgdGhpcyBrZXkgYXQgYWxsLg== me\n");
# No KVM: a virtual machine inside a virtual machine is not what is tested here.
run([qw(mount --bind /dev/null /dev/kvm)]) if -e '/dev/kvm';

# The files that a profile names and that its user brings.
sub bring_files
{
	my ($text) = @_;

	$text =~ s/^#.*//mg;
	for my $section (split /^(?=\[)/m, $text) {
		for ($section =~ /^(?:file|backing|kernel|initrd)\s*=\s*([^\/\$\s]+)$/mg) {
			next if $section =~ /^size/m && $section =~ /^file\s*=\s*\Q$_\E$/m;
			run_ok(qw(qemu-img create -q -f), /qcow2$/ ? 'qcow2' : 'raw', "/srv/tmp/$_", '1M');
		}
		# QEMU looks into a kernel before it starts.
		run_ok('cp', ipxe(), "/srv/tmp/$1") if $section =~ /^kernel\s*=\s*([^\/\$\s]+)$/m;
	}
}

spew('/proc/sys/net/ipv4/ip_forward', "1\n"); # as nat.ini says
cmp_ok(scalar @examples, '>=', 10, 'there are examples');
for my $example (@examples) {
	my ($name) = $example =~ m{([^/]+)\.ini$};
	my $text = slurp($example);
	my $copy = spew("/srv/tmp/$name.ini", $text);

	bring_files($text);
	my ($status, $out, $err) = run(['qemu-tapwrap', '--check', $copy]);
	is(exited($status), 0, "$name: --check finds nothing wrong") or diag $err;

	my $pid = start(['qemu-tapwrap', $copy, '--', '-S', '-qmp', "unix:$name.qmp,server=on,wait=off"]);
	ok(wait_for(sub { -S "$name.qmp" }, 20), "$name: QEMU takes the command line")
		or diag slurp("/srv/tmp/$pid.err");
	kill 'KILL', $pid;
	finish($pid);
	state_settles($before, "$name: as before");
}

done_testing();
