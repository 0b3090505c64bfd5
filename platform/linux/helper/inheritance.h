/* SPDX-License-Identifier: MIT */
/*
 * inheritance: what a process has from whoever started it, and this one must not keep. The caller
 * is not trusted: with each of these it could otherwise make the helper stop half-way, miss a
 * failure, or go on when nobody waits for it any more.
 *
 * What need not be looked at: the kernel itself takes the parts of personality(2) that weaken a
 * process, and PR_SET_PDEATHSIG, from one that gains a capability. niceness, scheduling and
 * oom_score_adj make it slow or the first to be killed; both are as if the caller had killed it,
 * which every caller can do. A root directory of their own, users have only in a user namespace
 * of their own, where the file's capability counts for that namespace only.
 */
#pragma once

#include <stdbool.h>

#include "platform/linux/fault.h"

/*
 * First of all: descriptors, environment, umask, directory, signals and timers. From then on all
 * ends after @seconds. False, and errno.
 */
bool inheritance_shed(unsigned int seconds);

/* The limits on resources, as far as they can be lifted. EX_UNAVAILABLE if one is too low. */
bool inheritance_lift_limits(Fault *fault);
