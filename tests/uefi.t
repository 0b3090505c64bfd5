#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# UEFI: Linux boots with it, its variables are kept from one run to the next, and Secure Boot is on
# where a profile asks for it.

use strict;
use warnings;
use Digest::SHA qw(sha256_hex);
use FindBin;
use lib "$FindBin::Bin/lib";
use World;
use Test::More;
use File::Path qw(make_path);

require "$FindBin::Bin/lib/linux-guest.pl";

my ($kernel, @modules) = find_linux('efivarfs');
my @busybox = find_busybox();
must_or_skip($kernel && @busybox, 'no readable Linux kernel with efivarfs, or no busybox');

my $before = host_state();
my $state = '/srv/home/.local/state/qemu-tapwrap';
my $initramfs = make_initramfs(<<'END', \@busybox, @modules);
vars=/sys/firmware/efi/efivars
echo "
efi=$(cat /sys/firmware/efi/fw_platform_size)"
mount -t efivarfs efivarfs $vars
echo "global=$(ls $vars | grep -c 8be4df61-93ca-11d2-aa0d-00e098032b8c)"
echo "secure=$(tail -c 1 $vars/SecureBoot-* | od -An -t u1 | tr -d ' ')"
mine=$vars/Tapwrap-5a175a17-5a17-5a17-5a17-5a175a175a17
[ ! -e $mine ] || echo "mine=$(tail -c +5 $mine)"
[ -z "$WRITE" ] || printf "\007\000\000\000$WRITE" > $mine
poweroff -f
END

sub mode { my ($path) = @_; return sprintf '%o', ((stat $path)[2] // 0) & 07777 }

my $uefi = "[firmware]\ntype = uefi\n";
my $secure = "[firmware]\ntype = uefi-secure\n";

# What Linux has said, as { efi => 64, ... }, after it has ended by itself.
sub boot
{
	my ($name, @command) = @_;
	my ($status, $out, $err) = run(\@command, seconds => 90);
	is(exited($status), 0, "$name: Linux boots and powers off, status 0") or diag($out, $err);
	is($err, '', "$name: nothing on standard error");
	return { $out =~ /\b(\w+)=(\w+)/g };
}

# How a template, any of them, looks: nobody must write to it.
sub templates { return join ' ', map { $_ . sha256_hex(slurp($_)) } glob '/usr/share/{OVMF,AAVMF,edk2/*}/*VARS*' }
my $templates = templates();

# ---- variables -----------------------------------------------------------------------------------

my $tap = "[nic]\ntype = tap\nifname = tap0\naddress = 192.168.50.1/24\n";
my $nvram = "$state/uefi/nvram.fd";
sub uefi_profile
{
	my ($name, $append) = @_;
	return linux_profile($kernel, $initramfs, $uefi . $tap, $append, "$name.ini");
}

my $given; # code and vars, as they were found
{
	my ($status, $out, $err) = run(['qemu-tapwrap', '--check', uefi_profile('uefi')]);
	is("$status$err", '0', '--check: no complaint');
	like($out, qr/^note: uefi\.ini:11: \[firmware\]: $nvram will be created$/m,
		'--check: tells that there will be an nvram');
	($status, $out, $err) = run(['qemu-tapwrap', '--dry-run', uefi_profile('uefi', 'WRITE=kept')]);
	is("$status$err", '0', '--dry-run: no complaint');
	my ($from) = $out =~ m{^\[ -e $nvram \] \|\| cp (\S+) $nvram$}m;
	ok($from, '--dry-run: copies the template unless there is an nvram') or diag($out);
	my ($code) = $out =~ /unit=0,file=([^,]+),/;
	$given = "code = $code\nvars = $from\n";
	ok(!-e $state, 'neither makes anything');

	my $guest = boot('script', 'sh', spew('script.sh', $out));
	is($guest->{efi}, 64, 'script: Linux has been started by a 64-bit UEFI');
	cmp_ok($guest->{global} // 0, '>', 5, 'script: efivarfs has the variables of UEFI');
	is($guest->{secure} // 0, 0, 'script: Secure Boot is off');
	is($guest->{mine}, undef, 'script: and the variable of the test is not there yet');
	is(mode($state . '/uefi'), '700', 'script: the directory is the owner\'s');
	isnt(sha256_hex(slurp($nvram)), sha256_hex(slurp($from)), 'script: the nvram has been written to');
	nothing_left($before, 'script');
}
{
	my $inode = (stat $nvram)[1];
	my $guest = boot('second boot', 'qemu-tapwrap', uefi_profile('uefi'));
	is($guest->{mine}, 'kept', 'second boot: the variable of the first is there');
	is((stat $nvram)[1], $inode, 'second boot: in the same file');
	is_deeply([glob "$state/uefi/{.,}*[!.]*"], [$nvram], 'and in the directory is nothing else');
	nothing_left($before, 'second boot');
}
{
	my $content = sha256_hex(slurp($nvram));
	install_stub("#!/bin/sh\nexit 0\n");
	run_ok('sh', 'script.sh');
	run_ok('qemu-tapwrap', uefi_profile('uefi'));
	is(sha256_hex(slurp($nvram)), $content, 'neither the script nor we overwrite an nvram');

	run_ok('qemu-tapwrap', uefi_profile('new'));
	is(mode("$state/new"), '700', 'a new nvram: its directory is the owner\'s');
	is(mode("$state/new/nvram.fd"), '600', 'a new nvram: and so is the file');
	is_deeply([glob "$state/new/{.,}*[!.]*"], ["$state/new/nvram.fd"], 'and there is no other');
	unlink '/srv/bin/qemu-system-x86_64';
}

# ---- what goes wrong -----------------------------------------------------------------------------

{
	local $ENV{XDG_STATE_HOME} = '/proc/nowhere';
	my ($status, $out, $err) = run(['qemu-tapwrap', uefi_profile('uefi')]);
	is(exited($status), 73, 'no place for the nvram: 73');
	is($err, "qemu-tapwrap: uefi.ini:11: [firmware]: /proc/nowhere/qemu-tapwrap/uefi"
		. " cannot be created: No such file or directory\n", 'one line');
	nothing_left($before, 'no place for the nvram');
}
{
	spew('nvram.fd', 'not to be touched');
	my $profile = linux_profile($kernel, $initramfs, $uefi . "nvram = nvram.fd\n");
	my ($status) = run(['qemu-tapwrap', $profile]);
	is(exited($status), 1, 'an nvram that is something else: QEMU\'s own error');
	is(slurp('nvram.fd'), 'not to be touched', 'and it is as before');
}

# ---- Secure Boot, and another architecture ---------------------------------------------------------

# No kernel of a distribution is signed for these keys: from a drive it may start only without them.
make_path('esp/EFI/BOOT');
run_ok('cp', $kernel, 'esp/EFI/BOOT/BOOTX64.EFI');

# All at once: they take their time.
my %pid;
sub start_profile
{
	my ($name, $firmware, $sections, @arguments) = @_;
	my $profile = profile(<<"END" . $firmware . $sections, "$name.ini");
[machine]
accel = tcg
memory = 256M
[display]
type = none
[nic]
type = none
[serial]
type = file
path = $name.log
END
	$pid{$name} = start(['qemu-tapwrap', $profile, '--', @arguments]);
}
my @drive = ('-drive', 'file=fat:/srv/tmp/esp,format=raw,if=virtio,readonly=on');
start_profile('plain', $uefi . $given, '', @drive);
start_profile('secure', $secure, '', @drive);
start_profile('kernel', $secure, <<"END");
[boot]
kernel = $kernel
initrd = $initramfs
append = console=ttyS0 quiet panic=-1
END
start_profile('arm', $uefi, "[vm]\narch = aarch64\n");

# OVMF had a way around for a kernel of the command line, and has not since 2023.
my $refused = qr/Access Denied|Security Violation/;
my @expect = (
	[plain => qr/BdsDxe: starting Boot/, 'uefi: starts a program from a drive'],
	[secure => qr/BdsDxe: failed to load Boot[^\n]*: $refused/,
		'uefi-secure: does not, since it is not signed for its keys'],
	[kernel => qr/secure=1|$refused/, 'uefi-secure: Linux says that Secure Boot is on'],
	[arm => qr/UEFI/, 'aarch64: UEFI is on the serial port'],
);
for (@expect) {
	my ($name, $text, $what) = @$_;
	ok(wait_for(sub { (slurp("$name.log") // '') =~ $text }, 90), $what)
		or diag(slurp("$name.log"), slurp("$pid{$name}.err"));
	kill 'TERM', $pid{$name};
	my ($status, undef, $err) = finish($pid{$name});
	is(exited($status), 0, "$name: status 0") or diag($err);
	is(scalar(() = glob "$state/$name/nvram.*"), 1, "$name: it has an nvram");
}
cmp_ok((stat((glob "$state/arm/nvram.*")[0]))[12] * 512, '<', 16 << 20,
	'aarch64: and that takes little room');
nothing_left($before, 'all of them');

is(templates(), $templates, 'no template has been changed');
done_testing();
