/* SPDX-License-Identifier: MIT */
/*
 * run-directory: where a running VM is known, and has its sockets. Its lock is held by a descriptor
 * that QEMU inherits, so it is held exactly as long as the VM runs, whatever ends it. What is
 * written in it is a record.
 */
#pragma once

#include <glib.h>

#include "profiles/profile.h"

#define RUN_DIRECTORY_ERROR (run_directory_error_quark())
GQuark run_directory_error_quark(void);

/* QEMU's monitor for the verbs of qemu-tapwrap itself. */
#define RUN_DIRECTORY_CONTROL PROFILE_CONTROL_SOCKET
#define RUN_DIRECTORY_LOCK "lock"
/* Who has the console on a terminal has this one. */
#define RUN_DIRECTORY_CONSOLE_LOCK "console.lock"

/*
 * Makes @directory if it is missing, takes its lock, removes what a VM that was killed has left in
 * it, and writes the record of @profile. Returns the lock, close-on-exec, owned by the caller. -1
 * and RUN_DIRECTORY_ERROR: EX_TEMPFAIL if the VM runs already, EX_CANTCREAT.
 */
int run_directory_enter(const char *directory, const Profile *profile, GError **error);

/* This process is QEMU, not the one that has entered: the record, of which @lock is, says so. */
gboolean run_directory_sign(int lock, const Profile *profile, GError **error);

/* Of a VM that does not start after all. Consumes @lock. What is not ours stays. */
void run_directory_leave(const char *directory, int lock);

/*
 * Is there a VM that has the lock? If there is none and @sweep, what it has left is removed, and
 * the directory with it unless something else is in it.
 */
gboolean run_directory_is_held(const char *directory, gboolean sweep);

/* Who listens at the control socket, as the kernel knows it; 0: nobody. */
int run_directory_pid(const char *directory);

/* Looks only. FALSE and RUN_DIRECTORY_ERROR, EX_TEMPFAIL, if the VM runs already. */
gboolean run_directory_is_free(const char *directory, const Profile *profile, GError **error);
