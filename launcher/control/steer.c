/* SPDX-License-Identifier: MIT */
#include "launcher/control/steer.h"

#include <stdio.h>
#include <sysexits.h>

int steer_run(const Options *options)
{
	(void)options;
	fputs("qemu-tapwrap: not there yet\n", stderr);
	return EX_UNAVAILABLE;
}
