/* SPDX-License-Identifier: MIT */
/*
 * open: what a double click on a profile does. A profile can have QEMU, or any other program, do
 * whatever its user may, so one that merely lies around, as after a download, is not started.
 */
#pragma once

/* The first argument of qemu-tapwrap-control; a file follows. */
#define OPEN_OPTION "--open"

/*
 * Becomes qemu-tapwrap with the profile @path if it is executable or one of those that are known by
 * name. Returns, with an exit status and a notification, if not: EX_NOPERM.
 */
int open_run(const char *path);
