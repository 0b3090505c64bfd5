#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# SIGKILL at system calls of the launcher, of the helper, and of its keeper, while a macvtap is made.
# If the keeper lives, the host is as before; if it was killed, the next VM takes over, and then it is.
# Of the calls a fixed share is tried; `make check-long` tries all.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use World;
use Test::More;

require "$FindBin::Bin/lib/kill-points.pl";
require "$FindBin::Bin/lib/lan.pl";

must_or_skip(can_trace(), 'no process can be traced here');
my $why_not = why_no_macvtaps();
must_or_skip(!$why_not, $why_not);
make_lan();
install_stub("#!/bin/sh\nexit 0\n");

kill_everywhere('macvtap', calls => 120, may_take_over => 'keeper',
	profile => profile("[vm]\nname = vm\n[nic]\nparent = lan0\n[machine]\naccel = tcg\n"));

figures();
done_testing();
