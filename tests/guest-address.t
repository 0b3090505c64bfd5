#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# guest-address and guest-setup: Linux learns its own address in each of the ways, sets it and
# answers, on two NICs. Debian's kernel has no CONFIG_IP_PNP, so it is the initramfs that reads ip=,
# as that of initramfs-tools does; and busybox stands for cloud-init and systemd.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use World;
use Test::More;

require "$FindBin::Bin/lib/linux-guest.pl";

my ($kernel, @modules) = find_linux(qw(e1000 virtio_pci virtio_scsi sr_mod isofs));
my @busybox = find_busybox();
must_or_skip($kernel && @busybox, 'no readable Linux kernel with e1000, or no busybox');
must_or_skip(-x '/usr/bin/xorriso', 'no xorriso: see platform/linux/packages.sh');

my $before = host_state();
my $initramfs = make_initramfs(<<'END', \@busybox, @modules);
card_of()
{
	for card in /sys/class/net/*; do
		[ "$(cat $card/address)" != "$1" ] || basename $card
	done
}
set_address() # MAC ADDRESS/LEN
{
	ip addr add $2 dev $(card_of $1)
	ip link set $(card_of $1) up
	echo "set $2"
}
show() { echo "<$1>"; cat $2; echo "</$1>"; }

case $HOW in
kernel)
	show cmdline /proc/cmdline
	for word in $(cat /proc/cmdline); do
		case $word in ip=*) ;; *) continue; esac
		IFS=:
		set -- ${word#ip=}
		unset IFS
		ifconfig ${6:-eth0} $1 netmask $4 up
		hostname $5
		echo "set $1"
	done
	;;
cloud-init)
	mkdir /seed
	mount -t iso9660 -o ro $(findfs LABEL=CIDATA) /seed
	for file in meta-data user-data network-config; do
		[ ! -e /seed/$file ] || show $file /seed/$file
	done
	awk '/macaddress:/ { mac = $2 } /^      - "/ { print mac, $2 }' /seed/network-config |
		tr -d '"' | while read mac address; do set_address $mac $address; done
	;;
systemd)
	tail -c +6 /sys/firmware/dmi/entries/11-0/raw | tr '\0' '\n' |
		grep '^io.systemd.credential.binary:network.network' | while read line; do
		name=${line%%=*}
		echo "${line#*=}" | base64 -d >/${name##*:}
		show ${name##*:} /${name##*:}
		mac=$(sed -n 's/^MACAddress=//p' /${name##*:})
		for address in $(sed -n 's/^Address=//p' /${name##*:}); do
			set_address $mac $address
		done
	done
	;;
esac
echo "name $(hostname)"
echo done
sleep 600
END

my $lan = <<'END';
[nic "lan"]
mac = 52:54:00:00:00:01
ifname = tap0
address = 192.168.50.1/24
guest-address = 192.168.50.2
END
my $dmz = <<'END';
[nic "dmz"]
mac = 52:54:00:00:00:02
ifname = tap1
address = 198.51.100.1/28
guest-address = 198.51.100.2
END
my $both = ($lan . $dmz) =~ s/^(address = .*)\.1(.*)\n(.*)$/$1.1$2, fd00:5a17::1\/64\n$3, fd00:5a17::2/mr;

# What the guest says until it is done, as lines without CR.
sub heard
{
	my ($pid) = @_;
	return (slurp("/srv/tmp/$pid.out") // '') =~ s/\r//gr;
}

sub document
{
	my ($name, $text) = @_;
	return $text =~ m{^<\Q$name\E>\n(.*?)^</\Q$name\E>$}ms ? $1 : undef;
}

# Boots a profile, or a command; returns what the guest has said.
sub boot
{
	my ($name, $command, @addresses) = @_;
	my $pid = start($command);
	ok(wait_for(sub { heard($pid) =~ /^done$/m }, 90), "$name: the guest has looked")
		or diag(heard($pid), slurp("/srv/tmp/$pid.err"));
	ok(answers_ping($_), "$name: $_ answers") for @addresses;
	my $text = heard($pid);
	my ($qemu) = map { /^(\d+): \S*qemu-system/ } processes();
	kill 'TERM', $qemu // $pid;
	finish($pid);
	nothing_left($before, $name);
	return $text;
}

sub boot_profile
{
	my ($name, $how, $sections, @addresses) = @_;
	my $profile = linux_profile($kernel, $initramfs, $sections, "HOW=$how", "$name.ini");
	return boot($name, ['qemu-tapwrap', $profile], @addresses);
}

# ---- kernel --------------------------------------------------------------------------------------

{
	my $text = boot_profile('My guest', 'kernel', $lan, '192.168.50.2');
	like(document(cmdline => $text), qr/^ip=192\.168\.50\.2:::255\.255\.255\.0:My-guest::off console=ttyS0 /,
		'kernel: one card, no device');
	like($text, qr/^name My-guest$/m, 'kernel: and its name');

	$text = boot_profile('two', 'kernel', $dmz . $lan, '192.168.50.2', '198.51.100.2');
	like(document(cmdline => $text), qr/^ip=198\.51\.100\.2:::255\.255\.255\.240:two:eth0:off
		\ ip=192\.168\.50\.2:::255\.255\.255\.0:two:eth1:off\ console/x, 'kernel: two cards by name');
}

# ---- cloud-init ----------------------------------------------------------------------------------

my $key = q(ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE5vYm9keSBoYXMgdGhpcyBrZXkgYXQgYWxsLg== "me": #1);
spew('my key.pub', "$key\n");
my $cloud_init = <<'END';
[cloud-init]
hostname = web.example.org
user = ada
ssh-keys = my key.pub
END
my %expected = (
	'meta-data' => qr/^instance-id: "qemu-tapwrap-[0-9a-f]{16}"\nlocal-hostname: "web\.example\.org"\n$/,
	'user-data' => '#cloud-config' . <<'END',

user:
  name: "ada"
ssh_authorized_keys:
  - "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE5vYm9keSBoYXMgdGhpcyBrZXkgYXQgYWxsLg== \"me\": #1"
END
	'network-config' => <<'END');
version: 2
ethernets:
  "lan":
    match:
      macaddress: "52:54:00:00:00:01"
    set-name: "lan"
    addresses:
      - "192.168.50.2/24"
      - "fd00:5a17::2/64"
  "dmz":
    match:
      macaddress: "52:54:00:00:00:02"
    set-name: "dmz"
    addresses:
      - "198.51.100.2/28"
END
my @all = ('192.168.50.2', 'fd00:5a17::2', '198.51.100.2');

# In a path where everything has to be quoted.
my $sections = "$cloud_init$both\[vm]\nname = a, b'c\n";
my $profile = linux_profile($kernel, $initramfs, $sections, 'HOW=cloud-init', 'cloud.ini');
my $seed = "/srv/run/qemu-tapwrap/a, b'c/seed.iso";
my $by_launcher = boot('cloud-init', ['qemu-tapwrap', $profile], @all);
like(document('meta-data', $by_launcher), $expected{'meta-data'}, 'cloud-init: meta-data');
is(document($_, $by_launcher), $expected{$_}, "cloud-init: $_") for qw(user-data network-config);
unlike(document(cmdline => $by_launcher) // '', qr/ip=/, 'cloud-init: nothing for the kernel');
is(sprintf('%o', (stat $seed)[2] & 07777), '600', 'the image is the owner\'s');
like(run_ok('blkid', '-p', $seed), qr/ LABEL="CIDATA" TYPE="iso9660"/, 'and a CD with the label');

unlink $seed;
my ($status, $script, $err) = run(['qemu-tapwrap', '--dry-run', $profile]);
is("$status$err", '0', '--dry-run: status 0');
ok(!-e $seed, '--dry-run makes no image');
my $by_hand = boot('by hand', ['sh', spew('script.sh', $script)], @all);
is(document($_, $by_hand), document($_, $by_launcher), "by hand: the same $_") for sort keys %expected;

{
	spew('any user-data', "END\n#!/bin/sh\n\xff\0\n");
	my $text = boot_profile('own', 'cloud-init', "[cloud-init]\nuser-data = any user-data\n");
	is(document('user-data', $text), "END\n#!/bin/sh\n\xff\0\n", 'user-data of one\'s own, byte for byte');
	is(document('network-config', $text), undef, 'and no network-config');
}

# ---- what boots ----------------------------------------------------------------------------------

# SeaBIOS boots from the first disk, whatever its kind, and from no other; that must not be ours.
#	mov dx, 0x3f8; mov al, 'R'; out dx, al; hlt
spew('root.raw', pack 'H*', 'baf803b052eef4ebfd' . '00' x 501 . '55aa' . '00' x 1048064);
for my $if (qw(virtio ide scsi nvme usb)) {
	my $pid = start(['qemu-tapwrap', profile(<<"END", 'boots.ini')]);
[machine]
accel = tcg
memory = 64M
[disk "root"]
file = root.raw
if = $if
[cloud-init]
[nic]
type = none
[display]
type = none
END
	ok(wait_for(sub { heard($pid) =~ /R/ }, 30), "a root disk with if = $if is booted, not the seed");
	kill 'TERM', $pid;
	finish($pid);
}

# ---- systemd -------------------------------------------------------------------------------------

{
	my $text = boot_profile('systemd', 'systemd', $both =~ s/^(?=ifname)/guest-setup = systemd\n/gmr, @all);
	is(document('network.network.10-lan', $text), <<'END', 'systemd: the first card');
[Match]
MACAddress=52:54:00:00:00:01

[Network]
Address=192.168.50.2/24
Address=fd00:5a17::2/64
END
	is(document('network.network.10-dmz', $text), <<'END', 'systemd: the second card');
[Match]
MACAddress=52:54:00:00:00:02

[Network]
Address=198.51.100.2/28
END
}

# ---- errors --------------------------------------------------------------------------------------

sub refused
{
	my ($name, $expected, $text, $lines) = @_;
	my ($got, $out, $why) = run(['qemu-tapwrap', profile($lines, 'wrong.ini')]);
	is(exited($got), $expected, "$name: status $expected");
	is("$out$why", "qemu-tapwrap: $text\n", "$name: one line");
	nothing_left($before, $name);
}

spew('key', "-----BEGIN OPENSSH PRIVATE KEY-----\nb3Blbg\n");
refused('a private key', 65, 'wrong.ini:2: [cloud-init] ssh-keys: /srv/tmp/key: is no file of public keys, '
	. 'like ~/.ssh/id_ed25519.pub', "[cloud-init]\nssh-keys = key\n$lan");
refused('no key', 66, 'wrong.ini:2: [cloud-init] ssh-keys: /srv/tmp/none: No such file or directory',
	"[cloud-init]\nssh-keys = none\n$lan");
refused('no user-data', 66, 'wrong.ini:2: [cloud-init] user-data: /srv/tmp/none: No such file or directory',
	"[cloud-init]\nuser-data = none\n$lan");
{
	my $run = '/srv/run/qemu-tapwrap/wrong';
	run_ok(qw(mkdir -p -m 700), $run);
	run_ok(qw(mount -t tmpfs -o size=4k tmpfs), $run);
	my ($got, $out, $why) = run(['qemu-tapwrap', profile("[cloud-init]\n$lan", 'wrong.ini')]);
	is(exited($got), 73, 'no room: status 73');
	like("$out$why", qr/\Aqemu-tapwrap: wrong\.ini:1: \[cloud-init\]: [^\n]*: No space left on device\n\z/,
		'no room: one line');
	nothing_left($before, 'no room');
	run_ok('umount', $run);
}

done_testing();
