/* SPDX-License-Identifier: MIT */
#include "launcher/control/ssh.h"

#include <stdio.h>
#include <sysexits.h>

int ssh_run(const Options *options)
{
	(void)options;
	fputs("qemu-tapwrap: not there yet\n", stderr);
	return EX_UNAVAILABLE;
}
