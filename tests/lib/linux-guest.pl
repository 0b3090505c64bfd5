# SPDX-License-Identifier: MIT
#
# linux-guest: a Linux guest made of the distribution's own kernel, its modules and busybox.

use strict;
use warnings;
use File::Basename qw(basename dirname);
use File::Copy qw(copy);
use File::Path qw(make_path);
use World;

# For make_initramfs: says "ready", and when its power button is pressed writes a file to its disk,
# says the file's SHA-256, and turns itself off.
our $POWER_BUTTON_GUEST = <<'END';
until [ -e /dev/vda ] && grep -q 'Power Button' /proc/bus/input/devices; do sleep 0.1; done
button=$(grep -A 9 'Power Button' /proc/bus/input/devices | grep -o -m 1 'event[0-9]*')
dd if=/dev/urandom of=/data bs=1024 count=512 2>/dev/null
exec 3< /dev/input/$button
echo ready
dd of=/dev/null bs=24 count=1 <&3 2>/dev/null
dd if=/data of=/dev/vda 2>/dev/null
sync
sha256sum /data
poweroff -f
END

# The newest kernel that can be read and has all of @drivers: ($kernel, @modules), the modules in
# the order in which they are loaded. A driver that is built in needs none.
sub find_linux
{
	my (@drivers) = @_;
	for my $kernel (reverse sort glob('/boot/vmlinuz-* /lib/modules/*/vmlinuz')) {
		my ($version) = $kernel =~ m{(?:vmlinuz-|modules/)([^/]+)};
		my $directory = "/lib/modules/$version";
		next unless -r $kernel && -d $directory;
		my @modules = eval { map { find_modules($directory, $_) } @drivers };
		next if $@;
		my %seen;
		return ($kernel, grep { !$seen{$_}++ } @modules);
	}
	return;
}

# A driver's module after those it needs; dies if the kernel does not have it.
sub find_modules
{
	my ($directory, $driver) = @_;
	return if (slurp("$directory/modules.builtin") // '') =~ m{/\Q$driver\E\.ko$}m;
	my ($module, $needs) =
		(slurp("$directory/modules.dep") // '') =~ m{^(\S+/\Q$driver\E\.ko(?:\.\w+)?): ?(.*)$}m;
	die "no $driver in $directory\n" unless $module;
	return map { "$directory/$_" } reverse(split ' ', $needs), $module;
}

# A busybox and the shared libraries it needs, if any.
sub find_busybox
{
	my ($busybox) = grep { -x } qw(/bin/busybox /usr/bin/busybox);
	return $busybox ? ($busybox, `ldd $busybox 2>/dev/null` =~ m{(/\S+)}g) : ();
}

# Packs an initramfs that loads @modules and runs the shell script $init; @$files begins with
# busybox. Returns its path. What the kernel's command line sets, as in STEP=1, $init can read.
sub make_initramfs
{
	my ($init, $files, @modules) = @_;
	my $root = '/srv/tmp/initramfs';
	my ($busybox) = @$files;

	make_path(map { "$root/$_" } qw(bin proc sys dev modules));
	copy($busybox, "$root/bin/busybox");
	for my $library (@$files[1 .. $#$files]) {
		make_path($root . dirname($library));
		copy($library, "$root$library");
	}
	run_ok('sh', '-c', "find $root/bin $root/lib* -type f -exec chmod 0755 {} + 2>/dev/null; true");
	my %unpack = (xz => 'xz -dc', zst => 'zstd -dc', gz => 'gzip -dc', '' => 'cat');
	my $loads = '';
	for my $module (@modules) {
		my ($name, $suffix) = basename($module) =~ /^([^.]+\.ko)\.?(\w*)$/;
		run_ok('sh', '-c', "$unpack{$suffix} $module > $root/modules/$name");
		$loads .= "insmod /modules/$name\n";
	}
	spew("$root/init", <<"END" . $loads . $init, 0755);
#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t devtmpfs dev /dev
mount -t sysfs sys /sys
echo 3 > /proc/sys/kernel/printk
ip link set lo up
END
	run_ok('sh', '-c', "cd $root && find . | $busybox cpio -o -H newc > $root.cpio 2>/dev/null");
	return "$root.cpio";
}

# A profile that boots it, without a NIC if $sections has none; standard output is its console.
# $append is the rest of the kernel's command line.
sub linux_profile
{
	my ($kernel, $initramfs, $sections, $append, $path) = @_;
	my $nic = $sections =~ /^\[nic/m ? '' : "[nic]\ntype = none\n";
	return profile(<<"END" . $nic . $sections, $path);
[boot]
kernel = $kernel
initrd = $initramfs
append = console=ttyS0 quiet panic=-1 @{[$append // '']}
[display]
type = none
[machine]
accel = tcg
smp = 1
memory = 256M
END
}

1;
