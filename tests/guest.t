#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# Real guests over real networks: iPXE on the tap and in user mode, and no network at all.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use World;
use Test::More;

require "$FindBin::Bin/lib/server.pl";

my $before = host_state();

# ---- iPXE on the tap: fetches a script with a token, and brings the token back -------------------------

{
	my $token = unpack 'H*', random_bytes(500);
	my $pid = start(['qemu-tapwrap',
		guest_profile(then => 'chain --autofree http://192.168.50.1:8000/script')]);
	ok(wait_for(sub { has_link('tap0') }), 'the tap is there');
	serve('192.168.50.1', 8000, {
		'/script' => "#!ipxe\nset token $token\n"
			. "imgfetch http://192.168.50.1:8000/back/\${token}\nsleep 600\n",
	}, 'ipxe');
	ok(answers_ping('192.168.50.2'), 'iPXE answers ping on the tap');
	ok(wait_for(sub { grep { $_ ne '/script' } requests('ipxe') }, 30), 'and asks back');
	is((grep { $_ ne '/script' } requests('ipxe'))[0], "/back/$token",
		'1000 characters over TCP, to the guest and back again, are unchanged');
	kill 'KILL', $pid;
	finish($pid);
	stop_servers();
	state_settles($before, 'as before');
}

# ---- no [nic] section: one e1000 in user mode, as with QEMU itself --------------------------------------

{
	my $ipxe = ipxe();
	serve('127.0.0.1', 8000, { '/hello' => '' }, 'user');
	my $profile = profile(<<"END");
[machine]
accel = tcg
memory = 64M
[boot]
kernel = $ipxe
append = dhcp net0 && imgfetch http://10.0.2.2:8000/hello?\${net0/ip}/\${net0/chip} && sleep 600
[display]
type = none
[serial]
type = null
END
	my $pid = start(['qemu-tapwrap', $profile]);
	ok(wait_for(sub { requests('user') }, 30), 'user mode: the guest reaches the host over TCP');
	like((requests('user'))[0], qr{^/hello\?10\.0\.2\.15/i?82540em$}i, 'from an e1000');
	ok(!grep({ m{/dev/net/tun} } values %{ descriptors($pid) }), 'no tap is open');
	state_settles($before, 'nothing on the host has changed while it runs');
	kill 'KILL', $pid;
	finish($pid);
	stop_servers();
}

# ---- type = none: no NIC at all ------------------------------------------------------------------------

{
	my $pid = start(['qemu-tapwrap', guest_profile(nic => 'type = none'), '--',
		'-qmp', 'unix:none.sock,server=on,wait=off']);
	my $cmdline;
	ok(wait_for(sub { ($cmdline = slurp("/proc/$pid/cmdline") // '') =~ /^qemu-system/ }), 'runs');
	unlike($cmdline, qr/netdev|e1000|-nic|-net/, 'type = none: no NIC is asked for');
	kill 'KILL', $pid;
	finish($pid);
}

done_testing();
