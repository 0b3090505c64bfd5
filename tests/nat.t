#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# NAT: what a guest can reach and who can reach it, what is left when QEMU is killed, and what is
# said where the host stands in the way. The guest is a namespace; nat-guest.t has a real one.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use World;
use Test::More;
use Time::HiRes qw(sleep);

require "$FindBin::Bin/lib/outside.pl";

my ($outside, $other) = (new_outside('up0', '198.51.100', 'fd00:51'), new_outside('up1', '192.0.2', 'fd00:52'));
start_teller($_) for $outside, $other;
my ($guest4, $guest6) = ('192.168.50.2', 'fd00:5a17::2');
my $bare = host_state();

sub nat_profile
{
	my ($nat, %option) = @_;
	return tap_profile(address => '192.168.50.1/24, fd00:5a17::1/64', more => "nat = $nat\n", %option);
}

sub boot { return boot_namespace(nat_profile(@_), '192.168.50', 'fd00:5a17') }

sub refused
{
	my ($name, $profile, $wanted_status, $wanted) = @_;
	my $before = host_state();
	my ($status, $out, $err) = run(['qemu-tapwrap', $profile]);

	is(exited($status), $wanted_status, "$name: status $wanted_status");
	is($err =~ s/^qemu-tapwrap: (?:\S+\.ini:\d+: )?//r, "$wanted\n", "$name: its line");
	is(host_state(), $before, "$name: nothing changed");
}

# The table as nft lists it, and as the kernel has it while a VM runs.
sub table { my ($ifname) = @_; return (run(['nft', 'list', 'table', 'inet', "qemu-tapwrap-$ifname"]))[1] }

install_relay();

# ---- the host does not forward: nothing is done, and nothing is changed ------------------------------------

for ([4, 'net.ipv4.ip_forward=1'],
	[6, 'net.ipv6.conf.all.forwarding=1 (an uplink with an address by router advertisement needs accept_ra=2 before)']) {
	my ($family, $line) = @$_;
	refused("no forwarding, IPv$family", nat_profile('on'), 69, '[nic "lan"] nat: '
		. "NAT: this host does not forward IPv$family; an administrator can change that with: sysctl -w $line");
	set_forwarding($family, 1);
}

# ---- out and back ----------------------------------------------------------------------------------------

my $before = host_state();
my $pid = boot('on');
is(ask($pid, '198.51.100.2'), '198.51.100.1', 'IPv4: outside sees the host');
is(ask($pid, 'fd00:51::2'), 'fd00:51::1', 'IPv6: outside sees the host');
is(ask($pid, '192.0.2.2'), '192.0.2.1', 'any uplink will do');
is(ask($pid, 'fd00:52::2'), 'fd00:52::1', 'any uplink will do, IPv6');
is(run_ok(inside($pid), $^X, '-MIO::Socket::IP', '-e', 'my $s = IO::Socket::IP->new(PeerHost => "198.51.100.2",
	PeerPort => 9, Proto => "udp"); syswrite $s, "x"; $s->timeout(5); alarm 5; sysread $s, my $b, 1; print "$!"'),
	'Connection refused', 'an error from outside comes back');
my $table = table('tap0');
like($table, qr/flags owner/, 'the table has an owner');

# ---- nobody from outside gets in ------------------------------------------------------------------------------

sub tell_the_way { run_ok(inside($outside), qw(ip route replace), $_->[0], 'via', $_->[1])
	for ['192.168.50.0/24', '198.51.100.1'], ['fd00:5a17::/64', 'fd00:51::1'] }
tell_the_way();
is_out_of_reach($outside, $guest4, 'a new connection from outside does not reach the guest');
is_out_of_reach($outside, $guest6, 'nor over IPv6');
is((run([inside($outside), qw(ping -c1 -W1), $guest4]))[0] >> 8, 1, 'nor does a ping');
is(ask($$, $guest4), '192.168.50.1', 'the host reaches the guest');
is(ask($$, $guest6), 'fd00:5a17::1', 'the host reaches the guest, IPv6');

# ---- the guest sends under other addresses ---------------------------------------------------------------------

run_ok(inside($outside), 'nft', 'table inet watch {
 chain input {
	type filter hook input priority 0;
	ip6 saddr fd00:77::/64 counter
	ip saddr 192.168.77.0/24 counter
	ip6 saddr fd00:5a17::/64 counter
	ip saddr 192.168.50.0/24 counter
 }
}');
sub send_spoofed
{
	my ($guest) = @_;
	my @in = inside($guest);
	run([@in, qw(ip addr add), $_, qw(dev eth0), /:/ ? 'nodad' : ()]) for '192.168.77.2/24', 'fd00:77::2/64';
	run([@in, qw(ping -c2 -i0.2 -W1 -I), $_->[0], $_->[1]]) for ['192.168.77.2', '198.51.100.2'], ['fd00:77::2', 'fd00:51::2'];
	return join ' ', map { $_ > 0 ? 'seen' : 'none' } run_ok(inside($outside), qw(nft list table inet watch)) =~ /packets (\d+)/g;
}
# A packet without any flag belongs to no connection, so nothing translates it.
my $null = 'use Socket; socket my $s, AF_INET, SOCK_RAW, 6; send $s, pack("nnNNCCnnn", 1, 7000, 0, 0, 0x50, 0, 99, 0, 0), 0,'
	. 'pack_sockaddr_in(0, inet_aton("198.51.100.2")) or die $!;';
run_ok(inside($pid), $^X, '-e', $null);
is(send_spoofed($pid), 'none none none none', 'no packet with an address of the guest, its own or a false one, comes out');
kill 'KILL', $pid;
finish($pid);
end_tellers();
start_teller($_) for $outside, $other;
state_settles($before, 'SIGKILL: the rules are as before');

$pid = boot('off');
is(ask($outside, $guest4), '198.51.100.2', 'without NAT a connection from outside reaches the guest');
is(ask($outside, $guest6), 'fd00:51::2', 'without NAT a connection from outside reaches the guest, IPv6');
run_ok(inside($pid), $^X, '-e', $null);
is(send_spoofed($pid), 'seen none seen seen', 'without NAT outside sees the guest\'s own and false addresses');
end_processes($pid);
state_settles($before, 'as before');


# ---- networks behind the guest, and a guest at the other end of a /32 ------------------------------------------

{
	local $ENV{GUEST} = 'ip link set eth0 up; ip addr add 10.9.9.2/32 dev eth0; ip route add 10.9.9.1 dev eth0;'
		. 'ip route add default via 10.9.9.1; ip addr add 192.168.60.1/24 dev lo; ip addr add 192.168.61.1/24 dev lo';
	$pid = start(['qemu-tapwrap', tap_profile(address => '10.9.9.1/32', more => "nat = on\npeer = 10.9.9.2\n"
		. "route = 192.168.60.0/24 via 10.9.9.2\n")]);
	wait_for(sub { -e "/srv/tmp/guest.$pid" });
	is(ask($pid, '198.51.100.2'), '198.51.100.1', 'a peer gets out');
	is(ask($pid, '198.51.100.2', 5, '192.168.60.1'), '198.51.100.1', 'a network of a route gets out');
	is(ask($pid, '198.51.100.2', 1, '192.168.61.1'), '', 'another network behind the guest does not');
	end_processes($pid);
	state_settles($before, 'as before');
}

# ---- one uplink ------------------------------------------------------------------------------------------------

refused('no such uplink', nat_profile('nosuch0'), 69, '[nic "lan"] nat: NAT: there is no interface nosuch0');
$pid = boot('up1');
is(ask($pid, '192.0.2.2'), '192.0.2.1', 'nat = up1: out by up1');
is(ask($pid, 'fd00:52::2'), 'fd00:52::1', 'nat = up1: out by up1, IPv6');
is_out_of_reach($pid, '198.51.100.2', 'nat = up1: not by up0');
is_out_of_reach($pid, 'fd00:51::2', 'nat = up1: not by up0, IPv6');
end_processes($pid);
state_settles($before, 'as before');

# ---- the table is nobody else's, and nobody else's table is touched ---------------------------------------------

run_ok('nft', "table inet theirs {\n chain forward {\n type filter hook forward priority 0; policy accept;\n"
	. " ip saddr 203.0.113.0/24 drop\n }\n}\n");
my $theirs = host_state();
$pid = boot('on');
my $with_ours = run_ok(qw(nft list ruleset));
is($with_ours =~ s/\Q$table\E//r, run_ok(qw(nft list table inet theirs)), 'beside our table theirs is as it was');
for ('delete table inet qemu-tapwrap-tap0', 'flush table inet qemu-tapwrap-tap0',
	'delete chain inet qemu-tapwrap-tap0 forward', 'add rule inet qemu-tapwrap-tap0 forward accept') {
	run(['nft', $_]);
	is(run_ok(qw(nft list ruleset)), $with_ours, "root cannot: nft $_");
}
run_ok(qw(nft flush ruleset));
is(table('tap0'), $table, 'nft flush ruleset, as firewalls do when they reload, leaves it');
is(ask($pid, '198.51.100.2'), '198.51.100.1', 'and it works on');
is(run_ok(inside($pid), qw(nft list ruleset)), '', 'the guest itself has no rules');
end_processes($pid);
state_settles($before, 'as before');

run_ok(qw(nft add table inet qemu-tapwrap-tap0));
refused('a table of that name', nat_profile('on'), 75,
	'[nic "lan"] nat: NAT: there is an nftables table inet qemu-tapwrap-tap0 already; nft list ruleset shows it');
run_ok(qw(nft delete table inet qemu-tapwrap-tap0));

# ---- what QEMU holds -------------------------------------------------------------------------------------------------

# In QEMU's place: tries to delete the table through the socket that it has inherited.
my $deleter = <<'END';
my ($nft) = grep { (readlink "/proc/self/fd/$_" // '') =~ /^socket:/ } 3 .. 20;
open my $socket, '+<&=', $nft or die $!;
sub message { my ($type, $flags, $family, $subsystem, $more) = @_;
	return pack('LSSLLCCn', 20 + length $more, $type, $flags, 7, 0, $family, 0, $subsystem) . $more }
my $name = "qemu-tapwrap-tap0\0";
my $attribute = pack('SS', 4 + length $name, 1) . $name . "\0" x (-length($name) % 4);
send $socket, message(0x10, 1, 0, 10, '') . message(0xa02, 5, 1, 0, $attribute) . message(0x11, 1, 0, 10, ''), 0 or die $!;
recv $socket, my $answer, 8192, 0;
open my $out, '>', '/srv/tmp/deleted';
print $out $! = -unpack 'x16l', $answer;
close $out;
sleep 300;
END
spew('/srv/tmp/deleter.pl', $deleter);
my %who = ('as another user, without a capability' => ['setpriv --reuid=4711 --clear-groups --inh-caps=-all', 'Operation not permitted'],
	'the control, as root' => ['', '']);
spew('/srv/tmp/deleted', '', 0666);
for my $name (is_real_root() ? sort keys %who : 'the control, as root') {
	my ($become, $wanted) = @{ $who{$name} };
	spew('/srv/tmp/deleted', 'nothing', 0666);
	install_stub("#!/bin/sh\nexec $become $^X /srv/tmp/deleter.pl\n");
	$pid = start(['qemu-tapwrap', nat_profile('on')]);
	wait_for(sub { slurp('/srv/tmp/deleted') ne 'nothing' });
	is(slurp('/srv/tmp/deleted'), $wanted, "QEMU wants to delete the table, $name");
	is(table('tap0'), $wanted ? $table : '', "QEMU wants to delete the table, $name: it is there or not");
	end_processes($pid);
	state_settles($before, 'as before');
}

install_stub($World::TAP_STUB);
$pid = start(['qemu-tapwrap', nat_profile('on')]);
wait_for(sub { slurp("/proc/$pid/comm") eq "sleep\n" });
{
	my $open = descriptors($pid);
	is_deeply([map { s/\[\d+\]//r } map { $open->{$_} } sort { $a <=> $b } grep { $_ > 2 } keys %$open], ['/srv/run/qemu-tapwrap/tap0/lock', '/dev/net/tun', 'socket:'],
		'QEMU inherits its lock, the tap and one socket, and no more');
}
end_processes($pid);

# ---- by hand -----------------------------------------------------------------------------------------------------------

my ($status, $script) = run(['qemu-tapwrap', '--dry-run', nat_profile('on')]);
$pid = start(['sh', spew('/srv/tmp/script', $script)]);
my $stub;
ok(wait_for(sub { ($stub) = grep { slurp("/proc/$_/comm") eq "sleep\n" } map { ($_, children_of($_)) } children_of($pid) }),
	'--dry-run: its script runs');
is(table('tap0') // '', $table =~ s/ # progname.*|\tflags owner\n\n//gr, 'which is ours, but for the owner');
kill 'TERM', $stub;
finish($pid);
state_settles($before, 'and is gone at the end');

# ---- what --check says ----------------------------------------------------------------------------------------------

sub check { my (undef, $out, $err) = run(['qemu-tapwrap', '--check', @_]); return $out . $err }
like(check(nat_profile('on')), qr/^ok: helper: the taps can be had/m, '--check: NAT can be had');
like(check(nat_profile('nosuch0')), qr/^qemu-tapwrap: .*nat: NAT: there is no interface nosuch0/m, '--check: no such uplink');
run_ok(qw(nft), "table inet strict {\n chain forward {\n type filter hook forward priority 0; policy drop;\n }\n}");
like(check(nat_profile('on')), qr/^qemu-tapwrap: warning: helper: the firewall .table inet strict, chain forward. drops what tap0 forwards/m,
	'--check: the firewall is in the way');
run_ok(qw(nft delete table inet strict));
set_forwarding(4, 0);
like(check(nat_profile('on')), qr/^qemu-tapwrap: .*nat: NAT: this host does not forward IPv4/m, '--check: no forwarding');
set_forwarding(4, 1);

# A tap that is there can have it, too.
run_ok(qw(ip tuntap add dev tap0 mode tap vnet_hdr));
run_ok(qw(ip addr add 192.168.50.1/24 dev tap0));
install_relay();
{
	my $rules = run_ok(qw(nft list ruleset));
	my $adopted = boot('on');
	is(ask($adopted, '198.51.100.2'), '198.51.100.1', 'a tap that was there: outside sees the host');
	end_processes($adopted);
	end_tellers();
	ok(wait_for(sub { run_ok(qw(nft list ruleset)) eq $rules }, 3), 'its rules go');
	ok(wait_for(sub { run_ok(qw(ip -o addr show tap0)) !~ /fd00:/ }, 3), 'and what it lacked, but not the tap');
}
start_teller($_) for $outside, $other;
install_stub($World::TAP_STUB);
run_ok(qw(ip link del tap0));

# ---- a kernel without nftables: every socket but the first fails in the helper --------------------------------------

SKIP: {
	skip 'strace does not work here', 3 if (run([qw(strace -o /dev/null true)]))[0] != 0;
	my $helper = '/srv/libexec/qemu-tapwrap-helper';
	rename $helper, "$helper.real";
	spew($helper, "#!/bin/sh\nASAN_OPTIONS=detect_leaks=0 exec /usr/bin/strace -qq -o /dev/null "
		. "-e inject=socket:error=EPROTONOSUPPORT:when=2+ $helper.real\n", 0755);
	refused('no nftables', nat_profile('on'), 69,
		'NAT: this kernel has no nftables; load them with: modprobe nf_tables');
	rename "$helper.real", $helper;
}

# ---- eight taps with all that they can have: the largest table -------------------------------------------------------

my $largest = "[machine]\naccel = tcg\n";
for my $i (1 .. 8) {
	my @numbers = 1 .. 8;
	$largest .= "[nic \"n$i\"]\nifname = longest-name-t$i\nnat = up0\nguest-address = fd00:$i:1::2\n"
		. 'address = ' . join(', ', map { "fd00:$i:${_}::1/65" } @numbers) . "\n"
		. 'route = ' . join(', ', map { "fd01:$i:${_}::/65" } @numbers) . "\n";
}
$pid = start(['qemu-tapwrap', profile($largest)]);
ok(wait_for(sub { slurp("/proc/$pid/comm") eq "sleep\n" }), 'the largest VM runs') or diag slurp("/srv/tmp/$pid.err");
is(() = table('longest-name-t1') =~ /\b(?:accept|drop|masquerade)$/mg, 8 * (3 + 16 + 1 + 16), 'the largest VM has all its rules');
end_processes($pid);
state_settles($before, 'as before');

install_relay();

# ---- two at once ---------------------------------------------------------------------------------------------------

$pid = boot('on');
my $second = boot_namespace(tap_profile(ifname => 'tap1', address => '192.168.51.1/24, fd00:5a18::1/64',
	more => "nat = on\n"), '192.168.51', 'fd00:5a18');
is(ask($pid, '198.51.100.2') . ' ' . ask($second, '198.51.100.2'), '198.51.100.1 198.51.100.1', 'two VMs, both get out');
is(ask($pid, 'fd00:51::2') . ' ' . ask($second, 'fd00:51::2'), 'fd00:51::1 fd00:51::1', 'two VMs, both get out, IPv6');
is_out_of_reach($pid, '192.168.51.2', 'but not from one to the other');
is_out_of_reach($second, 'fd00:5a17::2', 'nor the other way, IPv6');
end_processes($pid);
ok(wait_for(sub { table('tap0') eq '' }), 'one is killed: its table is gone');
is(ask($second, '198.51.100.2'), '198.51.100.1', 'and the other works on');
end_processes($second);
state_settles($before, 'as before');

# ---- SIGKILL at any time -----------------------------------------------------------------------------------------

my $left = 0;
for my $n (1 .. 40) {
	my $killed = start(['qemu-tapwrap', nat_profile('on')]);
	sleep $n * 0.001;
	kill 'KILL', $killed;
	finish($killed);
	$left++ if !wait_for(sub { host_state() eq $before }, 3);
}
is($left, 0, '40 times SIGKILL after 1, 2, ... 40 ms: never anything left');

# ---- a firewall that drops what is forwarded ------------------------------------------------------------------------

# A warning's cure, followed to the letter.
sub cures
{
	my ($name, $set_up, $undo, $wanted, @addresses) = @_;
	run_ok('sh', '-ec', $set_up);
	my $guest = boot('on');
	my $err = slurp("/srv/tmp/$guest.err");
	like($err, qr/^qemu-tapwrap: warning: .*: \Q$wanted\E$/m, "$name: a warning with the cure");
	is_out_of_reach($guest, $_, "$name: the guest does not reach $_") for @addresses;
	run_ok('sh', '-ec', $_) for $err =~ /let it pass with: (.*)/g;
	isnt(ask($guest, $_), '', "$name: after the cure it reaches $_") for @addresses;
	end_processes($guest);
	$guest = boot('on');
	is(slurp("/srv/tmp/$guest.err"), '', "$name: and the next start has nothing to warn of");
	end_processes($guest);
	run_ok('sh', '-ec', $undo);
}

sub iptables_lines
{
	my ($command, $chain) = @_;
	return "$command -I $chain -i tap0 -j ACCEPT && "
		. "$command -I $chain -o tap0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT";
}

# Docker's rules, as far as they concern others: docker0 is not there.
my $docker = '%1$s -P FORWARD DROP; %1$s -N DOCKER-USER; %1$s -A DOCKER-USER -j RETURN; %1$s -A FORWARD -j DOCKER-USER;'
	. '%1$s -A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT;'
	. '%1$s -A FORWARD -i docker0 ! -o docker0 -j ACCEPT; %1$s -A INPUT -i tap0 -j ACCEPT;';
my $flush = '%1$s -P FORWARD ACCEPT; %1$s -F; %1$s -X;';
for my $command (qw(iptables ip6tables iptables-legacy ip6tables-legacy)) {
	next if (run([$command, '-S']))[0] != 0;
	my $address = $command =~ /^ip6/ ? 'fd00:51::2' : '198.51.100.2';
	cures("Docker, $command", sprintf($docker, $command), sprintf($flush, $command),
		iptables_lines($command, 'DOCKER-USER'), $address);
	cures("$command, policy", "$command -P FORWARD DROP", sprintf($flush, $command),
		iptables_lines($command, 'FORWARD'), $address);
	cures("$command, last rule", "$command -A FORWARD -m conntrack --ctstate ESTABLISHED -j ACCEPT;"
		. "$command -A FORWARD -j REJECT", sprintf($flush, $command), iptables_lines($command, 'FORWARD'), $address);
}
run(['nft', 'flush', 'ruleset']); # what iptables has left of its tables

cures('nft', "nft -f - <<END\n" . <<'END' . "END\n", 'nft delete table inet filter',
table inet filter {
	chain forward {
		type filter hook forward priority filter; policy drop;
		ct state established,related accept
	}
}
END
	'nft insert rule inet filter forward iifname tap0 accept && '
	. 'nft insert rule inet filter forward oifname tap0 ct state established,related accept',
	'198.51.100.2', 'fd00:51::2');

# firewalld 1.3's way to forward, and its command for a zone. The uplink is not in the default zone.
my $firewalld = "nft -f - <<END\n" . <<'END' . "END\n";
table inet firewalld {
	chain filter_FWD_trusted {
		accept
	}
	chain filter_FWD_public_allow {
	}
	chain filter_FWD_public {
		jump filter_FWD_public_allow
		reject with icmpx admin-prohibited
	}
	chain filter_FORWARD_ZONES {
		goto filter_FWD_public
	}
	chain filter_FORWARD {
		type filter hook forward priority filter + 10; policy accept;
		ct state established,related accept
		iifname "lo" accept
		ct state invalid drop
		jump filter_FORWARD_ZONES
		reject with icmpx admin-prohibited
	}
}
END
spew('/srv/bin/firewall-cmd', "#!/bin/sh\n[ \"\$1\" = --zone=trusted ] || exit 1\n"
	. "nft insert rule inet firewalld filter_FORWARD_ZONES iifname \"\${2#--add-interface=}\" goto filter_FWD_trusted\n", 0755);
cures('firewalld', $firewalld, 'nft delete table inet firewalld', 'firewall-cmd --zone=trusted --add-interface=tap0',
	'198.51.100.2', 'fd00:51::2');
run_ok('sh', '-ec', $firewalld);
run_ok(qw(nft add rule inet firewalld filter_FWD_public_allow oifname up0 accept));
$pid = boot('on');
is(slurp("/srv/tmp/$pid.err"), '', 'firewalld, the uplink in the default zone: no warning');
is(ask($pid, '198.51.100.2'), '198.51.100.1', 'firewalld, the uplink in the default zone: it passes');
end_processes($pid);
run_ok(qw(nft delete table inet firewalld));
state_settles($before, 'as before');

end_tellers();
end_processes($outside, $other);
done_testing();
