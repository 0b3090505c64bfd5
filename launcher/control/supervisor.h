/* SPDX-License-Identifier: MIT */
/*
 * supervisor: stays beside QEMU, which is its child, where a profile asks for what only somebody
 * who stays can do: to shut down the guest when it is told to terminate, and to run a hook
 * afterwards.
 */
#pragma once

#include <glib.h>

/*
 * @words, as supervise_fork has them: QEMU's PID, the run directory or "", the guest's seconds for
 * shutting down or "" when signals are QEMU's to handle, the place of the hook in the profile, and
 * the hook's argv, which may be empty. SIGTERM, SIGHUP, SIGINT and SIGCHLD are blocked. Returns
 * QEMU's exit status as shells have it: 128 and the signal if one ended it.
 */
int supervisor_run(GStrv words);
