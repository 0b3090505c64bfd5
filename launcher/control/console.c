/* SPDX-License-Identifier: MIT */
#include "launcher/control/console.h"

#include <stdio.h>
#include <sysexits.h>

int console_run(const Options *options)
{
	(void)options;
	fputs("qemu-tapwrap: not there yet\n", stderr);
	return EX_UNAVAILABLE;
}
