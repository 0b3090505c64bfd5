/* SPDX-License-Identifier: MIT */
/*
 * waiter: starts who tells when the guest of a VM answers: qemu-tapwrap-control --await.
 */
#pragma once

#include <glib.h>

#include "launcher/options.h"
#include "launcher/provisions.h"
#include "profiles/profile.h"

#define AWAIT_OPTION "--await" /* of qemu-tapwrap-control */

/*
 * For a start with --wait. Becomes the waiter if the VM runs already. FALSE and RUN_ERROR,
 * EX_UNAVAILABLE, if no address of the guest is known, or EX_OSFILE.
 */
gboolean waiter_judge(const Options *options, const Profile *profile, GError **error);

/*
 * Of the VM that this process is about to become: a process of nobody's, which holds nothing of it
 * and ends with it. FALSE and RUN_ERROR.
 */
gboolean waiter_start(const Options *options, const Profile *profile, const Provisions *provisions,
	GError **error);
