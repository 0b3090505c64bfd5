/* SPDX-License-Identifier: MIT */
/*
 * companion: a program that serves QEMU over a socket and ends with it: swtpm, virtiofsd, passt.
 * Nothing is left of it but what it was told to write: no socket in the file system, no file with a
 * PID. Provided by platform/<os>/companion.c.
 */
#pragma once

#include <glib.h>

#define COMPANION_FD 3 /* its end of the socket, in the companion */

/* How it comes to its end of the socket. */
typedef enum {
	/*
	 * Both have an end of a pair, and it is executed only when QEMU has said the first word:
	 * swtpm would wait forever for a QEMU that never did.
	 */
	COMPANION_HEARS,
	/* Its end listens, with QEMU in the queue; it ends when QEMU hangs up. */
	COMPANION_LISTENS,
	/*
	 * Both have an end of a pair, and it goes into the background when it is ready. That is
	 * waited for; what it has to say until then is an error's, or nobody's.
	 */
	COMPANION_DETACHES,
} CompanionManner;

typedef struct {
	char *const *argv;     /* argv[0]: its path */
	const char *directory; /* where it works; NULL: anywhere */
	CompanionManner manner;
	gboolean needs_root; /* has to be root, if only in a user namespace of its own */
} Companion;

/*
 * Starts it, in a session of its own, so that the terminal's signals are QEMU's alone. Returns
 * QEMU's end, close-on-exec; -1 and NET_ERROR: EX_OSERR, or EX_UNAVAILABLE with the last word of
 * one that ended in place of going into the background. What others have to say goes to standard
 * error.
 */
int companion_start(const Companion *companion, GError **error);
