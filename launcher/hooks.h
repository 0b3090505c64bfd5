/* SPDX-License-Identifier: MIT */
/*
 * hooks: programs of the user's that run before a VM starts and after it has stopped. They have the
 * user's rights, what QEMU_TAPWRAP_* tell about the VM, nothing to read, and no descriptor but
 * standard output and error.
 */
#pragma once

#include <glib.h>

#include "profiles/profile.h"

#define HOOKS_ERROR (hooks_error_quark())
GQuark hooks_error_quark(void);

/* Our environment and what hooks are told. @run: the run directory, or NULL. Owned by the caller.
 */
GStrv hooks_environment(const Profile *profile, const char *run);

/*
 * Runs @argv to its end; argv[0] is a path, or a name for $PATH. FALSE and HOOKS_ERROR,
 * EX_UNAVAILABLE, with @place in front, if it cannot be run or does not end with status 0. It gets
 * SIGTERM when we end.
 */
gboolean hooks_run(const char *place, const GStrv argv, const GStrv environment, GError **error);

/* The one that comes before QEMU, if there is one. As for hooks_run. */
gboolean hooks_run_pre_start(const Profile *profile, const char *run, GError **error);
