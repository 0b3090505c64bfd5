/* SPDX-License-Identifier: MIT */
/*
 * run-directory: where a running VM has its sockets. Its lock is held by a descriptor that QEMU
 * inherits, so it is open exactly as long as the VM runs, whatever ends it.
 */
#pragma once

#include <glib.h>

#include "profiles/profile.h"

#define RUN_DIRECTORY_ERROR (run_directory_error_quark())
GQuark run_directory_error_quark(void);

/*
 * Makes the directory if it is missing, takes its lock and removes what a VM that was killed has
 * left in it. Returns the lock, close-on-exec, owned by the caller. -1 and RUN_DIRECTORY_ERROR:
 * EX_TEMPFAIL if the VM runs already, EX_CANTCREAT.
 */
int run_directory_enter(const Profile *profile, GError **error);

/* Looks only. FALSE and RUN_DIRECTORY_ERROR, EX_TEMPFAIL, if the VM runs already. */
gboolean run_directory_is_free(const Profile *profile, GError **error);
