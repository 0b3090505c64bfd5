#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# SIGKILL at system calls of the launcher, and of all that it starts, for a VM with a tap, a TPM, a
# share with virtiofs, a NIC over passt without a cable, a new disk and a run directory: no
# companion, no socket and no tap is left.
# There are too many points to try each, even for `make check-long`; tests/kill-points.t does so where
# it matters most.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use World;
use Test::More;
use File::Path qw(remove_tree);

require "$FindBin::Bin/lib/kill-points.pl";
require "$FindBin::Bin/lib/uplink.pl";

must_or_skip(can_trace(), 'no process can be traced here');
make_outside();
my $profile = profile(<<'END');
[nic "lan"]
ifname = tap0
address = 192.168.50.1/24
[nic "net"]
type = passt
hostfwd = 2222:22
link = off
[tpm]
state = state
[disk]
file = disk.raw
size = 1M
[share]
path = shared
type = virtiofs
[monitor]
qmp = ${run_dir}/qmp.sock
END
mkdir 'shared';
install_stub("#!/bin/sh\nexit 0\n");
my %kind = (
	profile => $profile,
	reset => sub { remove_tree('/srv/run/qemu-tapwrap', map({ "/srv/tmp/$_" } qw(state disk.raw)), glob '/srv/tmp/disk.raw.*.new') },
	may_stay => '/disk\.raw\.\d+\.new$'); # an image with a name of its own, which is not in the way

kill_everywhere('launcher, helper, forked companions', %kind, calls => 90, most => 500);
kill_everywhere('qemu-img, swtpm, passt, virtiofsd', %kind, roles => 'other', calls => 50, most => 300);

figures();
done_testing();
