#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# The installed completions in real bash, zsh and fish, bash and zsh on a terminal with the Tab key.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use World;
use Test::More;
use Time::HiRes qw(time);

require "$FindBin::Bin/lib/pty.pl";

my %missing = map { $_ => 1 } grep { my $shell = $_; !grep { -x "$_/$shell" } split /:/, $ENV{PATH} } qw(bash zsh fish);
must_or_skip(!%missing, 'no ' . join(' and no ', sort keys %missing));
must_or_skip(-e '/usr/share/bash-completion/bash_completion', 'no bash-completion');

my $before = host_state();
my $here = '/srv/tmp/a place';
my $home = '/srv/home';
delete @ENV{qw(MAKEFLAGS MAKELEVEL BASH_ENV ENV ZDOTDIR)};
@ENV{qw(XDG_DATA_DIRS LC_ALL TERM)} = ('/srv/share:/usr/share', 'C.UTF-8', 'dumb');

# ---- three shells --------------------------------------------------------------------------------------------

# A shell on a terminal, with a key that tells the line and empties it. Each is started once.
my %shells;
sub shell
{
	my ($name, @command) = @_;
	return $shells{$name} //= do {
		my ($pid, $terminal) = start_on_pty('sh', '-c', 'stty rows 300 columns 250 -echo; cd "$0" && exec "$@"', $here, @command);
		my $shell = { pid => $pid, terminal => $terminal };
		read_to($shell, qr/READY/);
		$shell;
	};
}

sub read_to
{
	my ($shell, $pattern) = @_;
	my ($text, $end) = ('', time + 20);
	vec(my $wanted = '', fileno $shell->{terminal}, 1) = 1;
	while ($text !~ $pattern && time < $end) {
		select(my $ready = $wanted, undef, undef, 0.2) or next;
		sysread $shell->{terminal}, $text, 65536, length $text or last;
	}
	return $text;
}

sub after_tab
{
	my ($shell, $line) = @_;
	syswrite $shell->{terminal}, "$line\t\cg";
	my $text = read_to($shell, qr/\[\[.*?\]\]/s);
	return ($text =~ /\[\[(.*?)\]\]/s)[0] // "none: $text";
}

spew("$home/.bashrc", <<'END');
. /usr/share/bash-completion/bash_completion
bind 'set enable-bracketed-paste off'; bind 'set bell-style none'
tell() { printf '[[%s]]\n' "$READLINE_LINE"; READLINE_LINE= READLINE_POINT=0; }
bind -x '"\C-g": tell'
PS1=; echo READY
END
spew("$home/.zshrc", <<'END');
fpath=(/srv/share/zsh/site-functions $fpath)
autoload -Uz compinit; compinit -u -D
unsetopt beep listbeep zle_bracketed_paste 2>/dev/null; unset zle_bracketed_paste
setopt list_packed no_prompt_cr no_prompt_sp
LISTMAX=10000 PS1= PROMPT=
tell() { print -rn -- "[[$BUFFER]]" >/dev/tty; BUFFER= }
zle -N tell; bindkey '^G' tell; bindkey '^I' complete-word
zle-line-init() { print -n READY >/dev/tty; zle -D zle-line-init }; zle -N zle-line-init
END
$ENV{HOME} = $home;

my @zsh = ('zsh', '-i');
my @bash = ('bash', '--rcfile', "$home/.bashrc", '-i');
sub fish { my ($line) = @_; return [split /\n/, run_ok('fish', '--no-config', '-c', 'cd $argv[1]; source /srv/share/fish/vendor_completions.d/qemu-tapwrap.fish; complete -C $argv[2]', $here, $line)] }

sub bash_line { my ($line) = @_; return after_tab(shell('bash', @bash), $line) }
sub zsh_line { my ($line) = @_; return after_tab(shell('zsh', @zsh), $line) }
sub fish_names { my ($line) = @_; return [map { s/\t.*//r } @{ fish($line) }] }

# The line after Tab is the same in bash and zsh; fish has the one candidate, without quotes.
my $lines = 0;
sub completes
{
	my ($typed, $wanted, $candidate) = @_;
	is(bash_line("qemu-tapwrap $typed"), "qemu-tapwrap $wanted", "bash: $typed");
	is(zsh_line("qemu-tapwrap $typed"), "qemu-tapwrap $wanted", "zsh: $typed");
	is_deeply(fish_names("qemu-tapwrap $typed"), [$candidate // $wanted =~ s/.* (?=\S)//r =~ s/ $//r], "fish: $typed");
	$lines += 3;
	return;
}

# What bash is told that can follow; words without blanks only.
sub bash_list
{
	my ($line) = @_;
	return [sort split /\n/, run_ok('bash', '-c', <<'END', $here, $line)];
cd "$0"; . /srv/share/bash-completion/completions/qemu-tapwrap
COMP_LINE=$1 COMP_POINT=${#1}; read -ra COMP_WORDS <<<"$1"; [[ $1 != *' ' ]] || COMP_WORDS+=('')
COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); compopt() { :; }
_qemu_tapwrap; ((${#COMPREPLY[@]} == 0)) || printf '%s\n' "${COMPREPLY[@]}"
END
}

# ---- a user who has nothing yet ------------------------------------------------------------------------------

run_ok('mkdir', '-p', $here);
is_deeply(bash_list('qemu-tapwrap '), [], 'bash: no profile, nothing');
is(zsh_line('qemu-tapwrap x'), 'qemu-tapwrap x', 'zsh: likewise');
is_deeply(fish('qemu-tapwrap '), [], 'fish: likewise');
is_deeply(fish('qemu-tapwrap --stop '), [], 'no VM runs, nothing');
is(bash_line('qemu-tapwrap --link nothing '), 'qemu-tapwrap --link nothing ', 'no such VM, nothing');

# ---- every option of --help ----------------------------------------------------------------------------------

my @options = sort map { /^  (?:-\w, )?(--[a-z-]+)/ ? $1 : () } split /\n/, run_ok(qw(qemu-tapwrap --help));
cmp_ok(scalar(@options), '>', 25, scalar(@options) . ' options');
is_deeply(bash_list('qemu-tapwrap --'), \@options, 'bash: every option of --help, and no other');
is_deeply([sort @{ fish_names('qemu-tapwrap --') }], \@options, 'fish: likewise');
for my $option (@options) {
	my @longer = grep { /^\Q$option\E./ } @options;
	is(zsh_line("qemu-tapwrap $option"), "qemu-tapwrap $option" . (@longer ? '' : ' '), "zsh: $option");
}
like((fish('qemu-tapwrap --sto'))->[0], qr/^--stop\tVM: Shut down a VM/, 'fish: with a word on it');
completes('--sto', '--stop ');
completes('--stop --n', '--stop --now ', '--now');
completes('-n --r', '-n --rootless ', '--rootless');
is_deeply(fish_names('qemu-tapwrap --stop --l'), [], 'fish: a second verb is not offered');
is_deeply(fish_names('qemu-tapwrap --version --'), [], 'nor an option that does not go with the first');
completes('--help-profile ni', '--help-profile nic ');

# ---- profiles ------------------------------------------------------------------------------------------------

my $vm = "[machine]\naccel = tcg\nmemory = 64M\n[display]\ntype = none\n[serial]\ntype = null\n";
spew("$home/.config/qemu-tapwrap/known.ini", "[vm]\nname = known\n$vm\[nic]\ntype = none\n");
profile("[vm]\nname = two words\n$vm\[nic \"lan\"]\ntype = none\n[nic \"world\"]\ntype = none\n", "$here/my profile.ini");
profile($vm, "$here/odd/it's \$HOME; \"x\".ini");
spew("$here/other.txt", '');
spew("$here/odd/other.txt", '');
completes('kno', 'known ');
completes('my', 'my\ profile.ini ', 'my profile.ini');
completes('my\\ p', 'my\ profile.ini ', 'my profile.ini');
completes('--check my', '--check my\ profile.ini ', 'my profile.ini');
is(bash_line('qemu-tapwrap "my p'), 'qemu-tapwrap "my profile.ini" ', 'bash: in quotes');
is(zsh_line('qemu-tapwrap "my p'), 'qemu-tapwrap "my profile.ini" ', 'zsh: in quotes');
is_deeply(fish_names('qemu-tapwrap "my p'), ['my profile.ini'], 'fish: in quotes');
completes('od', 'odd/');
completes('~/.config/qemu-tapwrap/kn', '~/.config/qemu-tapwrap/known.ini ');
my $eval = sub { my ($line) = @_; return run_ok('bash', '-c', "cd '$here'; " . $line =~ s/^qemu-tapwrap/printf %s/r) };
for (['bash', bash_line('qemu-tapwrap odd/i')], ['zsh', zsh_line('qemu-tapwrap odd/i')]) {
	is($eval->($_->[1]), "odd/it's \$HOME; \"x\".ini", "$_->[0]: whatever is in a name, it is quoted");
}
is_deeply(fish_names('qemu-tapwrap odd/'), ["odd/it's \$HOME; \"x\".ini"], 'fish: that file, and no other');
completes('known -- oth', 'known -- other.txt ', 'other.txt');

# ---- --set ---------------------------------------------------------------------------------------------------

completes('--set mach', '--set machine.', 'machine.');
completes('--set machine.sm', '--set machine.smp=', 'machine.smp=');
completes('--set display.type=vn', '--set display.type=vnc ', 'display.type=vnc');
completes('--set usb.tablet=of', '--set usb.tablet=off ', 'usb.tablet=off');
completes('my\\ profile.ini --set nic.world.hostf', 'my\ profile.ini --set nic.world.hostfwd=', 'nic.world.hostfwd=');
completes('~/.config/qemu-tapwrap/known.ini --set nic.hostf', '~/.config/qemu-tapwrap/known.ini --set nic.hostfwd=', 'nic.hostfwd=');
{
	my %keys = map { /^([^.]+)\.(?:ID\.)?(\S+)/ ? ("$1.$2=" => 1) : () } split /\n/, run_ok(qw(qemu-tapwrap --list-keys));
	my @offered = map { split /\n/, run_ok(qw(qemu-tapwrap --complete -- --set), s/\t.*//r) } split /\n/, run_ok(qw(qemu-tapwrap --complete -- --set), '');
	is_deeply([sort map { s/\t.*//r } @offered], [sort keys %keys], 'every key of --list-keys: ' . keys %keys);
}

# ---- VMs that run --------------------------------------------------------------------------------------------

my $first = start(['qemu-tapwrap', 'known']);
my $second = start(['qemu-tapwrap', "$here/my profile.ini"]);
ok(wait_for(sub { run_ok(qw(qemu-tapwrap --list)) =~ /^known +running.*^two words +running/ms }), 'two VMs run');
completes('--stop k', '--stop known ');
completes('--status tw', '--status two\ words ', 'two words');
completes('--console k', '--console known ');
completes('--link two\\ words w', '--link two\ words world ', 'world');
completes('--link two\\ words world of', '--link two\ words world off ', 'off');
completes('--screenshot known oth', '--screenshot known other.txt ', 'other.txt');
is_deeply(fish_names('qemu-tapwrap --stop '), ['known', 'two words'], 'fish: both');
is_deeply(bash_list('qemu-tapwrap --stop '), ['known', 'two words'], 'bash: both');
{
	my @times = sort { $a <=> $b } map { my $start = time; run_ok(qw(qemu-tapwrap --complete -- --stop), ''); time - $start } 1 .. 9;
	diag(sprintf 'a completion takes %.0f ms', 1000 * $times[4]);
}
kill 'KILL', $first, $second;
finish($_) for $first, $second;
is_deeply(fish_names('qemu-tapwrap --stop '), [], 'none runs any more');

for my $shell (values %shells) {
	kill 'KILL', $shell->{pid};
	waitpid $shell->{pid}, 0;
}
state_settles($before, 'the network is as before');
done_testing();
print "# $lines lines completed, ", 3 * @options, " options in three shells\n";
