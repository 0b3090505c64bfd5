# SPDX-License-Identifier: MIT
#
# linux-guest: a Linux guest made of the distribution's own kernel, its e1000 module and busybox.

use strict;
use warnings;
use File::Basename qw(dirname);
use File::Copy qw(copy);
use File::Path qw(make_path);
use World;

# The newest kernel that can be read and has an e1000 driver: ($kernel, $module); $module is undef
# when the driver is built in.
sub find_linux
{
	for my $kernel (reverse sort glob('/boot/vmlinuz-* /lib/modules/*/vmlinuz')) {
		my ($version) = $kernel =~ m{(?:vmlinuz-|modules/)([^/]+)};
		my $directory = "/lib/modules/$version";
		next unless -r $kernel && -d $directory;
		my ($module) = glob "$directory/kernel/drivers/net/ethernet/intel/e1000/e1000.ko*";
		return ($kernel, $module) if $module;
		return ($kernel, undef)
			if (slurp("$directory/modules.builtin") // '') =~ m{/e1000\.ko$}m;
	}
	return;
}

# A busybox and the shared libraries it needs, if any.
sub find_busybox
{
	my ($busybox) = grep { -x } qw(/bin/busybox /usr/bin/busybox);
	return $busybox ? ($busybox, `ldd $busybox 2>/dev/null` =~ m{(/\S+)}g) : ();
}

# Packs an initramfs that runs the shell script $init; @$files begins with busybox. Returns its path.
sub make_initramfs
{
	my ($init, $files, $module) = @_;
	my $root = '/srv/tmp/initramfs';
	my ($busybox) = @$files;

	make_path(map { "$root/$_" } qw(bin proc sys dev));
	copy($busybox, "$root/bin/busybox");
	for my $library (@$files[1 .. $#$files]) {
		make_path($root . dirname($library));
		copy($library, "$root$library");
	}
	run_ok('sh', '-c', "find $root/bin $root/lib* -type f -exec chmod 0755 {} + 2>/dev/null; true");
	if ($module) {
		my %unpack = (xz => 'xz', zst => 'zstd', gz => 'gzip', ko => 'cat');
		my ($suffix) = $module =~ /\.(\w+)$/;
		my $arguments = $suffix eq 'ko' ? '' : '-dc';
		run_ok('sh', '-c', "$unpack{$suffix} $arguments $module > $root/e1000.ko");
	}
	spew("$root/init", <<"END" . $init, 0755);
#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t devtmpfs dev /dev
[ ! -e /e1000.ko ] || insmod /e1000.ko
ip link set lo up
END
	run_ok('sh', '-c', "cd $root && find . | $busybox cpio -o -H newc > $root.cpio 2>/dev/null");
	return "$root.cpio";
}

1;
