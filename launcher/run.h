/* SPDX-License-Identifier: MIT */
/*
 * run: from this process to QEMU.
 */
#pragma once

#include <glib.h>

#include "launcher/options.h"
#include "platform/net.h"
#include "profiles/profile.h"

/* Codes are exit statuses, as shells have them. */
#define RUN_ERROR (run_error_quark())
GQuark run_error_quark(void);
#define RUN_NOT_EXECUTABLE 126
#define RUN_NOT_FOUND 127

/*
 * A program started with standard streams closed would get its sockets and taps as 0, 1 or 2:
 * those that are missing become /dev/null.
 */
gboolean run_open_standard_streams(GError **error);

/*
 * Becomes @program with @argv; returns, FALSE and RUN_ERROR, only if that failed. QEMU's
 * environment is ours plus NET_PROFILE_VARIABLE.
 */
gboolean run_exec(const char *program, GStrv argv, const Profile *profile, GError **error);

/*
 * Becomes the program that does what is asked for, options_program; @helper, which may be NULL,
 * goes along. Returns, FALSE and RUN_ERROR, only if that failed: EX_OSFILE when it is not
 * installed.
 */
gboolean run_other_program(const Options *options, NetHelper *helper, GError **error);
