/* SPDX-License-Identifier: MIT */
/*
 * stop: ends a VM, as gently as it lets itself be ended.
 */
#pragma once

#include "launcher/options.h"

/* What it took; the exit status. */
enum {
	STOP_POWERED_DOWN = 0, /* the guest did it itself */
	STOP_QUIT = 1,	       /* QEMU was told to */
	STOP_KILLED = 2,
};

/* One of these, or EX_UNAVAILABLE if the VM does not run, EX_NOPERM if it cannot be ended. */
int stop_run(const Options *options);
