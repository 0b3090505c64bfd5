/* SPDX-License-Identifier: MIT */
/*
 * supervise: QEMU as a child, where somebody has to stay beside it. This process becomes
 * qemu-tapwrap-control --supervise, which keeps nothing of the lease.
 */
#pragma once

#include <glib.h>

#include "launcher/provisions.h"
#include "profiles/profile.h"

#define SUPERVISE_OPTION "--supervise" /* of qemu-tapwrap-control */

/* Does the profile ask for what only somebody who stays can do? */
gboolean supervise_is_wanted(const Profile *profile);

/*
 * Looks, and changes nothing: could it be done? RUN_ERROR. @qemu_args: what followed "--".
 */
gboolean supervise_judge(const Profile *profile, const GStrv qemu_args, GError **error);

/*
 * Returns TRUE in the process that is to become QEMU: this one if nobody has to stay, else a child,
 * while this one becomes its supervisor. FALSE and RUN_ERROR if that failed; then there is no
 * child.
 */
gboolean supervise_fork(const Profile *profile, const Provisions *provisions, GError **error);
