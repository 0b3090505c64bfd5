# SPDX-License-Identifier: MIT
#
# session: a bus of one's own, on which nothing is started by itself, what is called on it, and a
# screen without a monitor of which the pixels can be read.

use strict;
use warnings;
use FindBin;
use World;

# ---- a bus ------------------------------------------------------------------------------------------

# At the socket $path, started by the words in front. Returns its PID.
sub start_bus
{
	my ($path, @as) = @_;
	my $config = spew("$path.conf", <<"END", 0644);
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
	"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
	<type>session</type>
	<listen>unix:path=$path</listen>
	<auth>EXTERNAL</auth>
	<policy context="default">
		<allow send_destination="*" eavesdrop="true"/>
		<allow eavesdrop="true"/>
		<allow own="*"/>
	</policy>
</busconfig>
END
	my $pid = start([@as, 'dbus-daemon', "--config-file=$config", '--nofork', '--nopidfile']);
	wait_for(sub { -S $path }) or BAIL_OUT('no dbus-daemon: ' . slurp("/srv/tmp/$pid.err"));
	return $pid;
}

# What is called there with that name goes to the output of the PID that is returned.
sub watch_calls
{
	my ($path, $member, @as) = @_;
	my $pid = start([@as, qw(stdbuf -oL dbus-monitor --address), "unix:path=$path", "type='method_call',member='$member'"]);
	# It has been heard when it tells of the name that it got or lost.
	wait_for(sub { (slurp("/srv/tmp/$pid.out") // '') =~ /member=NameLost/ });
	return $pid;
}

sub has_name
{
	my ($path, $name) = @_;
	my ($status, $out) = run(['gdbus', 'call', '--address', "unix:path=$path", qw(--dest org.freedesktop.DBus
		--object-path / --method org.freedesktop.DBus.NameHasOwner), $name]);
	return $out =~ /true/;
}

# ---- a screen ---------------------------------------------------------------------------------------

# Returns the PID; its pixels are in $directory. Without a socket and a lock in the real /tmp.
sub start_screen
{
	my ($number, $directory) = @_;
	mkdir $directory;
	my $pid = start(['Xvfb', ":$number", qw(-screen 0 800x400x24 -br -nolisten tcp -nolisten unix -nolock -displayfd 1 -fbdir), $directory]);
	wait_for(sub { (slurp("/srv/tmp/$pid.out") // '') =~ /$number/ }) or BAIL_OUT('no Xvfb: ' . slurp("/srv/tmp/$pid.err"));
	return $pid;
}

# How many pixels have which colour: { '204060' => 5000, ... }. The file is what xwd writes: a header
# of numbers, a table of colours, and the lines.
sub colours
{
	my ($directory) = @_;
	my $file = slurp("$directory/Xvfb_screen0");
	my @header = unpack 'N25', $file;
	my ($size, $width, $height, $line, $entries) = @header[0, 4, 5, 12, 19];
	my %n;

	for my $y (0 .. $height - 1) {
		$n{ sprintf '%06x', $_ & 0xffffff }++ for unpack 'V*', substr $file, $size + 12 * $entries + $y * $line, 4 * $width;
	}
	return \%n;
}

1;
