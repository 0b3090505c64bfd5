/* SPDX-License-Identifier: MIT */
#include "launcher/control/desktop.h"

#include <stdio.h>
#include <sysexits.h>

int desktop_entry_run(const Options *options)
{
	(void)options;
	fputs("qemu-tapwrap: not there yet\n", stderr);
	return EX_UNAVAILABLE;
}

int desktop_mime_run(const Options *options)
{
	(void)options;
	fputs("qemu-tapwrap: not there yet\n", stderr);
	return EX_UNAVAILABLE;
}
