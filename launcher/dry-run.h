/* SPDX-License-Identifier: MIT */
/*
 * dry-run: the plan and the command line as a shell script that a person can paste or run instead.
 */
#pragma once

#include <stdio.h>

#include "launcher/plan.h"
#include "profiles/profile.h"

/* @qemu_args: what followed "--". RUN_ERROR when there is no place for the sockets it would need.
 */
gboolean dry_run_print(
	FILE *out, const Profile *profile, const Plan *plan, const GStrv qemu_args, GError **error);
