/* SPDX-License-Identifier: MIT */
/*
 * companion: a program that serves QEMU over a socket and ends with it: swtpm, virtiofsd. Nothing
 * is left of it but what it was told to write: no socket in the file system, no file with a PID.
 * Provided by platform/<os>/companion.c.
 */
#pragma once

#include <glib.h>

#define COMPANION_FD 3 /* its end of the socket, in the companion */

typedef struct {
	char *const *argv;     /* argv[0]: its path */
	const char *directory; /* where it works; NULL: anywhere */
	/*
	 * Its end listens, with QEMU in the queue; it ends when QEMU hangs up. Otherwise both have
	 * an end of a pair, and it is executed only when QEMU has said the first word: swtpm would
	 * wait forever for a QEMU that never did.
	 */
	gboolean listens;
	gboolean needs_root; /* has to be root, if only in a user namespace of its own */
} Companion;

/*
 * Starts it, in a session of its own, so that the terminal's signals are QEMU's alone. Returns
 * QEMU's end, close-on-exec; -1 and NET_ERROR, EX_OSERR. What its program has to say goes to
 * standard error.
 */
int companion_start(const Companion *companion, GError **error);
