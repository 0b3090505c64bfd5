#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# Do the attacks find a defence that is gone? One at a time is taken out of a copy of the source, the
# helper is built again, and the cases that are named here must fail, and no others; with all defences
# none does. A text that is no longer found is a failure: keep this table as the code is.
# `make check-long` tries all, `make check` the first two.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use World;
use Test::More;

must_or_skip(is_real_root(), 'file capabilities and other users need real root');
plan skip_all => 'the copy is built without sanitizers' if sanitized();

# What it defends, the file below platform/linux, the text, what comes in its place, the attacks, and a
# pattern that all of their cases that then fail match.
my @mutations = (
	['names are what the kernel makes of them', 'request.c', 'return len < size && is_zero(field + len, size - len);', 'return true;', 'names',
		qr/^(?:name: (?:sixteen|seventeen|bytes|a NUL)|(?:label|bridge|parent|uplink): (?:sixteen bytes|bytes behind|32 bytes))/],
	['names have no special characters', 'request.c', 'ifname[strspn(ifname, LETTERS DIGITS "_-")] != \'\\0\'', 'false', 'names', qr/^name: '/],
	['the rules for addresses hold for the loopback', 'address.c', '{ { 4, 8, { 0 }, { 127 } }, "127.0.0.0/8 is the host\'s own loopback" },', '', 'addresses',
		qr{^(?:address: 127\.|route: 127\.|peer: 127\.)}],
	['names that others claim', 'request.c', 'strncmp(ifname, claimed[i], strlen(claimed[i])) == 0', 'false', 'names', qr/^name: (?:v|docker|br-|e|w|tun|lxc|cni)/],
	['prefix lengths', 'address.c', 'if (address->prefix_len < (four ? 8 : 64))', 'if (false)', 'addresses', qr{^address: }],
	['the default route', 'address.c', 'if (route->to.prefix_len < (four ? 8 : 16))', 'if (false)', 'addresses', qr{^route: }],
	['addresses of a request among themselves', 'request.c', 'if (!problem && clashes(request, i, j))', 'if (false)', 'addresses', qr/^two taps: /],
	['addresses of the host', 'helper/clash.c', 'if (!netif_each_address(search->netif, search->family, visit_address, search, fault))', 'if (false)', 'addresses', qr/^(?:the host's|route|peer): /],
	['routes of the host', 'helper/clash.c', 'return prefix->prefix.prefix_len <= 1 || compare(data, prefix);', 'return true;', 'addresses', qr{^(?:the host's|route|peer): 192\.168\.53\.}],
	['taps of others', 'adopt.c', 'return user == 0 || (link->tun.has_owner && link->tun.owner == user);', 'return true;', 'taps', qr/^complete: /],
	['a new look at the end', 'helper/serve.c', 'return !caller->needs_policy || clash_is_still_absent(request, netif, fault);', 'return true;', 'taps', qr/^others': one subnet at the same moment/, 'THOROUGH'],
	['the MTU of a bridge', 'helper/taps.c', 'if (!tap->mtu || tap->mtu >= bridge->mtu || !caller->needs_policy)', 'if (true)', 'addresses', qr/^MTU: \d+ for a port/],
	['prefixes of the policy', 'address.c', 'return inner->prefix_len >= outer->prefix_len && same_bits(inner, outer, outer->prefix_len);', 'return true;', 'addresses', qr/^(?:policy|guest)/],
	['router advertisements', 'helper/taps.c', 'return write_setting(tap->ifname, "accept_ra", "0", fault) &&', 'return', 'guest', qr/router advertisement/],
	['IPv6 where nobody asked for it', 'helper/taps.c', 'return write_setting(tap->ifname, "disable_ipv6", "1", fault);', 'return true;', 'guest', qr/^IPv4 only: /],
);
@mutations = @mutations[0, 1] if !thorough();

delete @ENV{qw(MAKEFLAGS MAKELEVEL MFLAGS SANITIZE BUILD)};
# Not below /srv, which another world hides.
run_ok(qw(mount -t tmpfs tmpfs /mnt));
my $copy = '/mnt/copy';
my $stage = '/mnt/world/stage';
my $helper = "$stage/srv/libexec/qemu-tapwrap-helper";
my @make = ('make', '-s', '-C', $copy, "BUILD=$copy/build", qw(PREFIX=/srv sysconfdir=/srv/etc CFLAGS=-O0));

sub build
{
	my ($status, $out, $err) = run([@make, "$copy/build/qemu-tapwrap-helper"], seconds => 300);
	BAIL_OUT("the copy cannot be built: $out$err") if $status != 0;
	run_ok('cp', "$copy/build/qemu-tapwrap-helper", $helper);
	return;
}

# The names of the cases that fail; the attacks have a world of their own in this one.
sub failing
{
	my ($attacks, $thorough) = @_;
	local $ENV{STAGE} = $stage;
	local $ENV{THOROUGH} = $thorough ? 1 : '';
	local $ENV{PATH} = $ENV{PATH} =~ s{/srv/bin:}{}r;
	delete local $ENV{WORLD_INSIDE};
	my ($status, $out, $err) = run(["$FindBin::Bin/attack-$attacks.t"], seconds => 400);
	return ("the attacks did not end: $out$err") if $err !~ /^# attacks: \d+ cases, \d+ succeeded$/m;
	return map { /^not ok \d+ - (.*)/ ? $1 : () } split /\n/, $out;
}

run_ok('mkdir', '-p', $copy, $stage, '/mnt/world/tests');
run_ok('cp', '-a', "$ENV{STAGE}/srv", $stage);
run_ok('cp', '-a', "$ENV{STAGE}/../tests/hostile", '/mnt/world/tests/');
run_ok('cp', '-a', (map { "$FindBin::Bin/../$_" } qw(Makefile platform launcher profiles)), $copy);
build();
my %attacks = map { $_->[4] => 1 } @mutations;
is_deeply([failing($_)], [], "with all defences no attack by $_ succeeds") for sort keys %attacks;

for (@mutations) {
	my ($what, $file, $text, $instead, $attacks, $cases, $thorough) = @$_;
	my $path = "$copy/platform/linux/$file";
	$path = "$copy/platform/$file" if !-e $path;
	my $whole = slurp($path);
	my $mutated = $whole;

	if (1 != ($mutated =~ s/\Q$text\E/$instead/)) {
		fail("$what: its text is in $file");
		next;
	}
	spew($path, $mutated);
	build();
	my @failing = failing($attacks, $thorough);
	my @others = grep { !/$cases/ } @failing;
	ok(@failing > 0 && !@others, "$what: without that, " . @failing . ' attacks succeed') or diag join "\n", 'not expected:', @others;
	spew($path, $whole);
}

done_testing();
print '# mutations: ' . @mutations . " defences taken out\n";
