/* SPDX-License-Identifier: MIT */
/*
 * ending: the steps that end a VM, from the gentle one on: the guest is asked, QEMU is told to
 * quit, QEMU is killed. Each waits, in bounded time, until the lock of the run directory is free.
 */
#pragma once

#include <glib.h>

#define ENDING_POWERDOWN_LIMIT 30 /* seconds for the guest, unless the user says so */

typedef struct Ending Ending;

/*
 * Is asked again and again while the guest has its time, also if QEMU does not answer: TRUE ends
 * that at once. Then QEMU has no more than a moment, either.
 */
typedef gboolean (*EndingHurry)(gpointer data);

/* Of the VM in @directory. @pid: QEMU's, as the caller knows it; 0: not known. */
Ending *ending_begin(const char *directory, int pid);
void ending_free(Ending *ending);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Ending, ending_free)

/* What it took. */
typedef enum {
	ENDING_POWERED_DOWN, /* the guest did it itself */
	ENDING_QUIT,	     /* QEMU was told to */
	ENDING_KILLED,
	ENDING_FAILED,
} EndingResult;

/*
 * Does the steps one after the other until one has worked. @seconds for the guest; 0: it is not
 * asked. @hurry may be NULL: then a QEMU that
 * does not answer is not waited for. On a terminal the seconds are counted down.
 */
EndingResult ending_run(Ending *ending, guint seconds, EndingHurry hurry, gpointer data);

/* After ENDING_FAILED: whose end it was to be, 0 if that is not known, and why it is not (static).
 */
int ending_pid(const Ending *ending);
const char *ending_problem(const Ending *ending);
