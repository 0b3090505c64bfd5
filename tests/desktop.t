#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# --install-desktop, --install-mime and what undoes them: the entries are valid, and GLib, which
# desktops start them with, gets VMs running whose paths have everything in them that means something
# in an entry, a shell or a profile; what is not ours stays; and a double click starts what it may.

use strict;
use warnings;
use utf8;
use FindBin;
use lib "$FindBin::Bin/lib";
use World;
use Encode qw(encode_utf8);
use Test::More;

require "$FindBin::Bin/lib/session.pl";

my @programs = qw(desktop-file-validate update-desktop-database update-mime-database xdg-mime gio Xvfb xwininfo);
my @missing = grep { my $name = $_; !grep { -x "$_/$name" } split /:/, $ENV{PATH} } @programs;
must_or_skip(!@missing, "see platform/linux/packages.sh for @missing");

my $before = host_state();
my $data = '/srv/home/.local/share';
my $menu = "$data/applications";
my ($entries, $started) = (0, 0);
mkdir '/srv/cwd';

# ---- what is done again and again ------------------------------------------------------------------

sub verb
{
	my ($status, $out, $err) = run(['qemu-tapwrap', @_], seconds => 10);
	return (exited($status), "$out$err");
}

sub done { my ($name, @words) = @_; is_deeply([verb(@words)], [0, ''], "$name: done, without a word") }
sub refused
{
	my ($name, $status, $line, @words) = @_;
	is_deeply([verb(@words)], [$status, "qemu-tapwrap: $line\n"], "$name: one line, status $status");
}

sub vm { my ($path, $text) = @_; return profile("[machine]\naccel = tcg\n[nic]\ntype = none\n$text", $path) }

# { 'Desktop Entry' => { Name => ... } }, as it stands.
sub parts
{
	my ($file) = @_;
	my (%parts, $group);
	for (split /\n/, slurp($file) // '') {
		if (/^\[(.*)\]$/) { $group = $1 }
		elsif (/^([^=]+)=(.*)$/) { $parts{$group}{$1} = $2 }
	}
	return \%parts;
}

sub is_valid
{
	my ($name, $file) = @_;
	my ($status, $out, $err) = run(['desktop-file-validate', $file]);
	is("$status$out$err", '0', "$name: valid");
	is(sprintf('%o', (stat $file)[2] & 07777), '644', "$name: its mode");
	$entries++;
}

# In QEMU's place: tells whom it was started for, and by whom.
my $stub = <<'END';
#!/bin/sh
terminal=none
[ -t 0 ] && terminal=yes
if (: </dev/tty) 2>/dev/null; then terminal=controlling; fi
printf '%s\n%s\n%s\n%s' "$$" "$PWD" "$terminal" "$QEMU_TAPWRAP_PROFILE" >/srv/tmp/started.new
mv /srv/tmp/started.new /srv/tmp/started
exec sleep 300
END
install_stub($stub);

# As a desktop does it: not in our session. What it starts goes on when it has ended, and writes to the
# file that is returned.
sub click
{
	unlink '/srv/tmp/started';
	finish(start(['setsid', '-w', 'gio', @_], before => sub {
		chdir '/srv/cwd';
		open STDERR, '>', '/srv/tmp/clicked.err';
	}));
	return "/srv/tmp/clicked.err";
}

sub starts
{
	my ($name, $path, @how) = @_;
	my $errors = click(@how);
	my $got = wait_for(sub { -e '/srv/tmp/started' }, 5);
	my ($pid, $cwd, $terminal, $profile) = split /\n/, slurp('/srv/tmp/started') // '', 4;

	ok($got, "$name: starts") or diag slurp($errors);
	is($profile, $path, "$name: the profile");
	is($terminal, 'none', "$name: without a terminal");
	kill 'KILL', $pid if $pid;
	wait_for(sub { !processes() }, 5);
	$started++ if $got;
}

# ---- an entry, whole ---------------------------------------------------------------------------------

my $plain = vm('/srv/tmp/plain.ini', "[display]\ntype = gtk\n");
done('plain', '--install-desktop', $plain);
is_valid('plain', "$menu/qemu-tapwrap-plain.desktop");
is_deeply(parts("$menu/qemu-tapwrap-plain.desktop"), {
	'Desktop Entry' => {
		Type => 'Application', Version => '1.1', Name => 'plain', GenericName => 'Virtual Machine',
		Comment => "Start the VM 'plain'", Icon => 'computer', Categories => 'System;Emulator;',
		Keywords => 'VM;QEMU;virtual machine;plain;', TryExec => '/srv/bin/qemu-tapwrap',
		Exec => '/srv/bin/qemu-tapwrap /srv/tmp/plain.ini', Terminal => 'false', StartupWMClass => 'qemu',
		StartupNotify => 'true', Actions => 'stop;',
		'X-QemuTapwrap-VM' => 'plain', 'X-QemuTapwrap-Profile' => '/srv/tmp/plain.ini',
	},
	'Desktop Action stop' => { Name => 'Stop', Exec => '/srv/bin/qemu-tapwrap --stop /srv/tmp/plain.ini' },
}, 'plain: all of it');
starts('plain', $plain, 'launch', "$menu/qemu-tapwrap-plain.desktop");
my $inode = (stat "$menu/qemu-tapwrap-plain.desktop")[1];
done('again', '--install-desktop', $plain);
isnt((stat "$menu/qemu-tapwrap-plain.desktop")[1], $inode, 'again: another file in its place');
is_deeply([map { s{.*/}{}r } sort glob "$menu/* $menu/.??*"], ['mimeinfo.cache', 'qemu-tapwrap-plain.desktop'],
	'nothing beside it but what update-desktop-database made');
done('--remove-desktop', '--remove-desktop', 'plain');
refused('twice', 69, "'plain' is not in the menu", '--remove-desktop', 'plain');
ok(!-e "$menu/qemu-tapwrap-plain.desktop", 'it is gone');

# ---- QEMU's windows ---------------------------------------------------------------------------------------

# What a window of the real QEMU is called is what its entry says.
{
	my $screen = start_screen(97, '/srv/tmp/screen');
	local @ENV{qw(DISPLAY SDL_AUDIODRIVER)} = (':97', 'dummy');
	unlink '/srv/bin/qemu-system-x86_64';
	for my $type (qw(gtk sdl)) {
		my $path = vm('/srv/tmp/window.ini', "[display]\ntype = $type\n[monitor]\npaused = on\n");
		done("$type window", '--install-desktop', $path);
		my $class = parts("$menu/qemu-tapwrap-window.desktop")->{'Desktop Entry'}{StartupWMClass};
		my $pid = start(['qemu-tapwrap', $path]);
		my $seen = '';
		ok(wait_for(sub { ($seen) = run_ok(qw(xwininfo -root -tree)) =~ /"QEMU \(window.*?: \((.*?)\)/; defined $seen }), "$type: a window")
			or diag slurp("/srv/tmp/$pid.err");
		like($seen // '', qr/"\Q$class\E"/, "$type: is known by $class");
		kill 'KILL', $pid;
		finish($pid);
	}
	done('window, away', '--remove-desktop', 'window');
	kill 'KILL', $screen;
	finish($screen);
	install_stub($stub);
}

# ---- displays, terminals, consoles -------------------------------------------------------------------

sub entry_of
{
	my ($name, $text) = @_;
	done($name, '--install-desktop', vm("/srv/tmp/$name.ini", $text));
	is_valid($name, "$menu/qemu-tapwrap-$name.desktop");
	return parts("$menu/qemu-tapwrap-$name.desktop");
}

for (['default', '', 'qemu', 'false'], ['sdl', "[display]\ntype = sdl\n", 'qemu-system-x86_64', 'false'],
	['own-sdl', "[display]\ntype = sdl\n[qemu]\nbinary = /srv/bin/own-qemu\n", 'own-qemu', 'false'],
	['spice', "[display]\ntype = spice-app\n", undef, 'false'], ['none', "[display]\ntype = none\n", undef, 'true'],
	['silent', "[display]\ntype = none\n[serial]\ntype = null\n", undef, 'false'],
	['curses', "[display]\ntype = curses\n", undef, 'true'],
	['monitor', "[display]\ntype = gtk\n[serial]\ntype = mon:stdio\n", 'qemu', 'true']) {
	my ($name, $text, $class, $terminal) = @$_;
	my $main = entry_of($name, $text)->{'Desktop Entry'};
	is_deeply([@$main{qw(StartupWMClass Terminal)}], [$class, $terminal], "$name: its window, its terminal");
	is($main->{Exec}, ($terminal eq 'true' ? 'env QEMU_TAPWRAP_NOTIFY=on ' : '') . "/srv/bin/qemu-tapwrap /srv/tmp/$name.ini",
		"$name: a terminal that will be gone does not keep what went wrong");
}

spew('/srv/bin/xdg-terminal-exec', "#!/bin/sh\nprintf '%s\\n' \"\$@\" >/srv/tmp/terminal.new\nmv /srv/tmp/terminal.new /srv/tmp/terminal\n", 0755);
my $odd_console = '/srv/tmp/$HOME "x".ini';
my $console = "[vm]\nname = console\n[display]\ntype = gtk\n[serial]\ntype = unix\n[desktop]\n"
	. "title = \"Tür; 'one' %f\"\nicon = /srv/tmp/icon, \$x.svg\n";
refused('an icon that is missing', 66, "$odd_console:13: [desktop] icon: /srv/tmp/icon, \$x.svg: cannot be read",
	'--install-desktop', vm($odd_console, encode_utf8($console)));
spew('/srv/tmp/icon, $x.svg', '<svg/>');
done('console', '--install-desktop', $odd_console);
is_valid('console', "$menu/qemu-tapwrap-console.desktop");
my $parts = parts("$menu/qemu-tapwrap-console.desktop");
is($parts->{'Desktop Entry'}{Name}, encode_utf8("Tür; 'one' %f"), 'a title');
is($parts->{'Desktop Entry'}{Icon}, '/srv/tmp/icon, $x.svg', 'an icon');
is($parts->{'Desktop Entry'}{Actions}, 'stop;console;', 'a console is an action');

# GLib starts no actions from a shell: each in an entry of its own.
sub click_action
{
	my ($group) = @_;
	spew('/srv/tmp/action.desktop', "[Desktop Entry]\nType=Application\nName=x\nExec=$parts->{$group}{Exec}\n");
	return click('launch', '/srv/tmp/action.desktop');
}

click_action('Desktop Action console');
ok(wait_for(sub { -e '/srv/tmp/terminal' }, 5), 'console: the terminal is opened');
is(slurp('/srv/tmp/terminal'), "/srv/bin/qemu-tapwrap\n--console\n$odd_console\n", 'console: for our verb');
my $stopped = click_action('Desktop Action stop');
wait_for(sub { -s $stopped }, 5);
is(slurp($stopped), "qemu-tapwrap: VM '$odd_console' is not running\n", 'stop: our verb');
unlink '/srv/bin/xdg-terminal-exec';
spew('/srv/bin/x-terminal-emulator', "#!/bin/sh\n", 0755);
done('console, Debian', '--install-desktop', $odd_console);
like(parts("$menu/qemu-tapwrap-console.desktop")->{'Desktop Action console'}{Exec}, qr{^x-terminal-emulator -e /srv/bin/qemu-tapwrap --console },
	'console: Debian\'s terminal');
unlink '/srv/bin/x-terminal-emulator';
SKIP: {
	skip 'there is a terminal here', 2 if grep { -x "$_/x-terminal-emulator" || -x "$_/xdg-terminal-exec" } split /:/, $ENV{PATH};
	done('console, no terminal', '--install-desktop', $odd_console);
	is(parts("$menu/qemu-tapwrap-console.desktop")->{'Desktop Entry'}{Actions}, 'stop;', 'console: without a terminal there is none');
}

# In a terminal: the one that GLib knows.
spew('/srv/bin/xterm', "#!/bin/sh\nshift\nexec \"\$@\"\n", 0755);
starts('none, in a terminal', '/srv/tmp/none.ini', 'launch', "$menu/qemu-tapwrap-none.desktop");
unlink '/srv/bin/xterm';

# ---- paths -----------------------------------------------------------------------------------------------

my @odd = ('a b', 'a, b=c', '100%', '%f %U %%', 'it\'s', '"quoted"', '$HOME ${HOME} $(id)', '`id`', 'back\\slash\\\\', '\\n \\t \\s',
	'Übung 日本', '-dash', '#hash;semi', 'a&b|c<d>e(f)*?!~[g]{h}', '"', '\\', '%', '$', '\\"', '  two  blanks', '=x', '~');
push @odd, map { $_ x 40 } ('%', '\\', '"', '$') if thorough();
for my $name (map { encode_utf8($_) } @odd) {
	my $path = "/srv/tmp/odd/$name/$name.ini";
	vm($path, "[vm]\nname = odd\n[display]\ntype = gtk\n");
	done("'$name'", '--install-desktop', $path);
	is_valid("'$name'", "$menu/qemu-tapwrap-odd.desktop");
	starts("'$name'", $path, 'launch', "$menu/qemu-tapwrap-odd.desktop");
	done("'$name', away", '--remove-desktop', $path);
}
for my $vm (map { encode_utf8($_) } 'two words', 'a;b', 'Ümlaut', '100%', 'it\'s "x"', 'a\\b') {
	my $quote = $vm =~ /["\\]/ ? '' : '"';
	my $path = vm('/srv/tmp/named.ini', "[vm]\nname = $quote$vm$quote\n");
	done("VM $vm", '--install-desktop', $path);
	is_valid("VM $vm", "$menu/qemu-tapwrap-$vm.desktop");
	starts("VM $vm", $path, 'launch', "$menu/qemu-tapwrap-$vm.desktop");
	done("VM $vm, away", '--remove-desktop', $vm);
}
refused('not UTF-8', 65, "/srv/tmp/\xff.ini: the menu takes no path, name or title that is not UTF-8 or has control characters",
	'--install-desktop', vm("/srv/tmp/\xff.ini", "[vm]\nname = bytes\n"));
refused('a tab', 65, "/srv/tmp/a\tb.ini: the menu takes no path, name or title that is not UTF-8 or has control characters",
	'--install-desktop', vm("/srv/tmp/a\tb.ini", "[vm]\nname = tab\n"));
refused('a newline', 65, "/srv/tmp/a\nb.ini: the menu takes no path, name or title that is not UTF-8 or has control characters" =~ s/\n/\nqemu-tapwrap: /r,
	'--install-desktop', vm("/srv/tmp/a\nb.ini", "[vm]\nname = line\n"));

# By a name, by a relative path, and through a link, whose name the VM has.
vm('/srv/home/.config/qemu-tapwrap/known.ini', '');
done('by name', '--install-desktop', 'known');
is(parts("$menu/qemu-tapwrap-known.desktop")->{'Desktop Entry'}{'X-QemuTapwrap-Profile'}, '/srv/home/.config/qemu-tapwrap/known.ini', 'by name: its path');
symlink '/srv/tmp/plain.ini', '/srv/tmp/alias.ini';
done('by a relative path to a link', '--install-desktop', '../tmp/alias.ini');
starts('by a relative path to a link', '/srv/tmp/plain.ini', 'launch', "$menu/qemu-tapwrap-alias.desktop");
is(parts("$menu/qemu-tapwrap-alias.desktop")->{'Desktop Entry'}{'X-QemuTapwrap-Profile'}, '/srv/tmp/alias.ini', 'the link\'s own path');
done('away by where it leads', '--remove-desktop', $plain);
unlink '/srv/home/.config/qemu-tapwrap/known.ini';
done('away when the profile is gone', '--remove-desktop', 'known');
done('two of one profile', '--install-desktop', vm('/srv/tmp/two.ini', "[vm]\nname = first\n"));
done('two of one profile', '--install-desktop', vm('/srv/tmp/two.ini', "[vm]\nname = second\n"));
unlink '/srv/tmp/two.ini';
done('both go', '--remove-desktop', '/srv/tmp/two.ini');
ok(!-e "$menu/qemu-tapwrap-first.desktop" && !-e "$menu/qemu-tapwrap-second.desktop", 'both are gone');

# ---- what is not ours ----------------------------------------------------------------------------------------

my $stays = 'is there and not of qemu-tapwrap; it stays as it is';
spew("$menu/qemu-tapwrap-plain.desktop", "[Desktop Entry]\nType=Application\nName=mine\n");
refused('foreign', 73, "$menu/qemu-tapwrap-plain.desktop $stays", '--install-desktop', $plain);
refused('foreign, removal', 73, "$menu/qemu-tapwrap-plain.desktop $stays", '--remove-desktop', 'plain');
like(slurp("$menu/qemu-tapwrap-plain.desktop"), qr/mine/, 'foreign: it is there');
unlink "$menu/qemu-tapwrap-plain.desktop";
symlink '/srv/tmp/victim', "$menu/qemu-tapwrap-plain.desktop";
refused('a link', 73, "$menu/qemu-tapwrap-plain.desktop $stays", '--install-desktop', $plain);
ok(!-e '/srv/tmp/victim', 'a link: nothing was written through it');
unlink "$menu/qemu-tapwrap-plain.desktop";
spew('/srv/tmp/victim', "[Desktop Entry]\nX-QemuTapwrap-Profile=$plain\n");
symlink '/srv/tmp/victim', "$menu/qemu-tapwrap-plain.desktop";
refused('a link to an entry', 73, "$menu/qemu-tapwrap-plain.desktop $stays", '--install-desktop', $plain);
refused('a link to an entry, removal', 73, "$menu/qemu-tapwrap-plain.desktop $stays", '--remove-desktop', 'plain');
ok(-l "$menu/qemu-tapwrap-plain.desktop" && -s '/srv/tmp/victim', 'a link to an entry: both are there');
unlink "$menu/qemu-tapwrap-plain.desktop";
mkdir "$menu/qemu-tapwrap-plain.desktop";
refused('a directory', 73, "$menu/qemu-tapwrap-plain.desktop $stays", '--install-desktop', $plain);
rmdir "$menu/qemu-tapwrap-plain.desktop";
done('one', '--install-desktop', $plain);
my $other = vm('/srv/tmp/other/plain.ini', '');
refused('a second VM of that name', 73, "$menu/qemu-tapwrap-plain.desktop is for $plain, a VM of the same name; "
	. 'take that away first: qemu-tapwrap --remove-desktop, or give one of them another name', '--install-desktop', $other);
rename $plain, "$plain.away";
done('a second when the first has gone', '--install-desktop', $other);
rename "$plain.away", $plain;
done('away by name', '--remove-desktop', 'plain');
refused('a profile that is wrong', 65, "/srv/tmp/wrong.ini:1: [vmm]: no such section; did you mean 'vm'?",
	'--install-desktop', profile("[vmm]\n", '/srv/tmp/wrong.ini'));

# ---- where it goes -------------------------------------------------------------------------------------------

{
	local $ENV{XDG_DATA_HOME} = '/srv/tmp/deep/data, "home"';
	done('XDG_DATA_HOME', '--install-desktop', $plain);
	is_valid('XDG_DATA_HOME', "$ENV{XDG_DATA_HOME}/applications/qemu-tapwrap-plain.desktop");
	local $ENV{XDG_DATA_HOME} = 'relative';
	done('a relative one', '--install-desktop', $plain);
	ok(-e "$menu/qemu-tapwrap-plain.desktop" && !-e 'relative', 'a relative one does not count');
	local $ENV{XDG_DATA_HOME} = '';
	done('an empty one', '--remove-desktop', 'plain');
	mkdir '/srv/ro';
	run_ok(qw(mount -t tmpfs -o ro tmpfs /srv/ro));
	local $ENV{XDG_DATA_HOME} = '/srv/ro';
	refused('read-only', 73, '/srv/ro/applications: Read-only file system', '--install-desktop', $plain);
	mkdir '/srv/full';
	run_ok(qw(mount -t tmpfs -o size=16k tmpfs /srv/full));
	mkdir '/srv/full/applications';
	run(['sh', '-c', 'cat /dev/zero >/srv/full/fill']);
	local $ENV{XDG_DATA_HOME} = '/srv/full';
	refused('full', 74, '/srv/full/applications/qemu-tapwrap-plain.desktop: No space left on device', '--install-desktop', $plain);
	opendir my $dir, '/srv/full/applications' or die $!;
	is_deeply([grep { !/^\.\.?$/ } readdir $dir], [], 'full: nothing half is left');
	spew('/srv/tmp/file', '');
	local $ENV{XDG_DATA_HOME} = '/srv/tmp/file';
	refused('a file in the way', 73, '/srv/tmp/file/applications: Not a directory', '--install-desktop', $plain);
	refused('a file in the way, removal', 69, "'plain' is not in the menu", '--remove-desktop', 'plain');
	refused('a file in the way, type', 73, '/srv/tmp/file/applications: Not a directory', '--install-mime');
}
{
	local $ENV{PATH} = '/srv/path';
	run_ok(qw(/bin/ln -sfT /srv/bin /srv/path));
	is_deeply([verb('--install-desktop', $plain)], [0, ''], 'without update-desktop-database: an entry all the same');
	is_deeply([verb('--install-mime')], [72, "qemu-tapwrap: update-mime-database is not in \$PATH; install the package shared-mime-info\n"],
		'without update-mime-database: no type');
	ok(!-e "$data/mime", 'and nothing was written');
}

# ---- the type of a profile ---------------------------------------------------------------------------------------

sub type_of { my ($file) = @_; return (run_ok(qw(gio info -a standard::content-type), $file) =~ /content-type: (\S+)/)[0] }

done('--install-mime', '--install-mime');
done('--install-mime again', '--install-mime');
is_valid('handler', "$menu/qemu-tapwrap.desktop");
my $new = spew('/srv/tmp/new.ini', run_ok(qw(qemu-tapwrap --new)));
my @types = (['[vm] first', "[vm]\nname = x\n", 1], ['behind others', "# x\n\n[machine]\nsmp = 1\n\n[vm]\nname = x\n", 1],
	['another', "[general]\nvm = 1\n[vms]\n", 0], ['not a line of its own', "x = [vm]\n", 0], ['empty', '', 0]);
for (@types) {
	my ($name, $text, $is_ours) = @$_;
	my $type = type_of(spew('/srv/tmp/typed.ini', $text));
	is($type eq 'text/x-qemu-tapwrap' ? 1 : 0, $is_ours, "type: $name ($type)");
}
is(type_of($new), 'text/x-qemu-tapwrap', 'type: of --new');
is(type_of($_), 'text/x-qemu-tapwrap', "type: $_") for glob "$FindBin::Bin/../profiles/examples/*.ini";
is(type_of(spew('/srv/tmp/bare.vm.ini', "[nic]\n")), 'text/x-qemu-tapwrap', 'type: .vm.ini, whatever is in it');
is(type_of(spew('/srv/tmp/script', "#!/bin/sh\nqemu-tapwrap x\n", 0755)), 'application/x-shellscript', 'type: a script stays one');
{
	local $ENV{XDG_CURRENT_DESKTOP} = 'GNOME';
	is(run_ok(qw(xdg-mime query filetype), $new), "text/x-qemu-tapwrap\n", 'xdg-mime has it from a desktop of GLib\'s');
}
is(run_ok(qw(xdg-mime query default text/x-qemu-tapwrap)), "qemu-tapwrap.desktop\n", 'xdg-mime knows what opens it');
ok(!-e '/srv/home/.config/mimeapps.list', 'the list of the user\'s own choices is not touched');

# ---- a double click ------------------------------------------------------------------------------------------------

sub click_refused
{
	my ($name, $path, $line) = @_;
	my $errors = click('open', $path);
	wait_for(sub { -s $errors && !processes() }, 5);
	ok(!-e '/srv/tmp/started', "$name: does not start");
	is(slurp($errors), "qemu-tapwrap: $path: $line\n", "$name: one line");
}

my $untrusted = 'a profile can start any program, so a double click starts only one of your own that is executable, '
	. 'or that is known by name; if you trust it: chmod +x';
for my $name (map { encode_utf8($_) } 'click', 'a b, c', '100% $HOME "q" \\', 'Ünï') {
	my $path = vm("/srv/tmp/click/$name.ini", "[vm]\nname = click\n");
	click_refused("'$name'", $path, $untrusted);
	chmod 0755, $path;
	starts("'$name', executable", $path, 'open', $path);
}
vm('/srv/home/.config/qemu-tapwrap/home.ini', "[vm]\n");
starts('known by name', '/srv/home/.config/qemu-tapwrap/home.ini', 'open', '/srv/home/.config/qemu-tapwrap/home.ini');
SKIP: {
	skip 'only root can give files away', 1 if !is_real_root();
	my $foreign = vm('/srv/tmp/foreign.ini', "[vm]\n");
	chmod 0755, $foreign;
	chown 4711, 4711, $foreign;
	click_refused('another user\'s', $foreign, $untrusted);
}

# The user's own choice of something else.
spew("$menu/editor.desktop", "[Desktop Entry]\nType=Application\nName=editor\nExec=sh -c 'echo \"\$1\" >/srv/tmp/edited' sh %f\nMimeType=text/plain;\n");
run_ok('update-desktop-database', $menu);
run_ok(qw(gio mime text/x-qemu-tapwrap editor.desktop));
click('open', '/srv/tmp/click/click.ini');
ok(wait_for(sub { -e '/srv/tmp/edited' }, 5) && !-e '/srv/tmp/started', 'the user\'s own choice stands above');
done('--install-mime after it', '--install-mime');
like(run_ok(qw(gio mime text/x-qemu-tapwrap)), qr/^Default.*: editor\.desktop$/m, 'and stays');

my $list = slurp('/srv/home/.config/mimeapps.list');
done('--remove-mime', '--remove-mime');
refused('--remove-mime twice', 69, 'the desktop does not know the type of a profile', '--remove-mime');
is(slurp('/srv/home/.config/mimeapps.list'), $list, 'the user\'s choices are as they were');
is(type_of($new), 'text/plain', 'the type is gone');
my ($nothing) = run(['grep', '-rq', 'qemu-tapwrap', "$data/mime", "$menu/mimeinfo.cache"]);
is(exited($nothing), 1, 'no list knows it');
spew("$data/mime/packages/qemu-tapwrap.xml", '<mine/>');
refused('a foreign type', 73, "$data/mime/packages/qemu-tapwrap.xml $stays", '--install-mime');
refused('a foreign type, removal', 73, "$data/mime/packages/qemu-tapwrap.xml $stays", '--remove-mime');
is(slurp("$data/mime/packages/qemu-tapwrap.xml"), '<mine/>', 'a foreign type stays');
refused('--install-desktop without one', 64, '--install-desktop needs to know more. Usage: qemu-tapwrap --install-desktop PROFILE', '--install-desktop');
nothing_left($before, 'at the end');

done_testing();
diag("entries valid: $entries; VMs started by GLib from them: $started; left behind: 0");
