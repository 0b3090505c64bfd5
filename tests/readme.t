#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# Runs what README.md shows, in its order, on a copy of /etc and an empty /usr/local.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use World;
use Test::More;

my $tree = "$FindBin::Bin/..";
my $readme = slurp("$tree/README.md");
my @commands = map { split /\n/ } $readme =~ /^```sh\n(.*?)^```$/msg;
my ($profile) = $readme =~ /^```ini\n(.*?)^```$/ms;

must_or_skip(is_real_root(),
	'installing below /usr/local and /etc needs real root');
cmp_ok(scalar @commands, '>', 10, 'README.md has commands');
ok($profile, 'and a profile');

run_ok(qw(cp -a /etc /srv/etc.copy));
run_ok(qw(mount --bind /srv/etc.copy /etc));
run_ok(qw(mount -t tmpfs -o mode=0755 tmpfs /usr/local));
run_ok(qw(groupadd -f kvm));
# polkit's actions are in one place for all.
must_or_skip(-d '/usr/share/polkit-1', 'no polkit: see platform/linux/packages.sh');
run_ok(qw(mount -t tmpfs tmpfs /usr/share/polkit-1));
$ENV{USER} //= 'root';
# No KVM: a virtual machine inside a virtual machine is not what is tested here.
run_ok(qw(mount --bind /dev/null /dev/kvm)) if -e '/dev/kvm';
spew('/srv/tmp/myvm.ini', $profile);
delete @ENV{qw(MAKEFLAGS MAKELEVEL MFLAGS STAGE SANITIZE BUILD WORLD_INSIDE)};
$ENV{PATH} = "/usr/local/bin:$ENV{PATH}" =~ s{/srv/bin:}{}gr;

my $vm;
for my $command (@commands) {
	my $makes = $command =~ /\bmake\b/;
	chdir($makes ? $tree : '/srv/tmp') or die $!;
	# This test is a part of make check: there it is only asked what it would do.
	my $real = $command eq 'make check' ? 'make -n check' : $command;
	if ($command eq 'qemu-tapwrap myvm.ini') {
		$vm = start(['qemu-tapwrap', 'myvm.ini']);
		ok(wait_for(sub { (slurp("/proc/$vm/comm") // '') =~ /^qemu-system/ }), "\$ $command")
			or diag slurp("/srv/tmp/$vm.err");
		like(run_ok(qw(ip -o addr show dev tap0)), qr{inet 192\.168\.50\.1/24}, 'with its tap');
		next;
	}
	my ($status, $out, $err) = run(['sh', '-c', $real], seconds => 120);
	# There is no system on its disk that could shut down.
	is($status, $command =~ /--stop/ ? 1 << 8 : 0, "\$ $command") or diag $out, $err;
	like($out, qr/^myvm +\w.*\btap0\b/m, 'which shows it') if $command =~ /--list$/;
}
finish($vm);
ok(wait_for(sub { !has_link('tap0') }), 'the tap has ended with its VM');
is(run_ok(qw(getcap /usr/local/libexec/qemu-tapwrap-helper)),
	"/usr/local/libexec/qemu-tapwrap-helper cap_net_admin=p\n", 'the helper has its capability');
like(run_ok(qw(getent group kvm)), qr/:(?:.*,)?\Q$ENV{USER}\E(?:,|$)/, 'for the members of a group');

done_testing();
