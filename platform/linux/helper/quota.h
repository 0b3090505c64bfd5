/* SPDX-License-Identifier: MIT */
/*
 * quota: how many taps, tuns and macvtaps a user has. Nothing is written down: the kernel's own
 * links are counted. A user can change the owner of a tap whose descriptor is theirs, but not the
 * alias: where there is one of ours, that counts.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "platform/linux/netif.h"
#include "platform/linux/request.h"

/* Before: may @user have the new ones of @request without having more than @max? EX_NOPERM. */
bool quota_allows(Netif *netif, const Request *request, uid_t user, unsigned int max, Fault *fault);

/*
 * After they were made: does @user, for whom other helpers may be at work, still have no more than
 * @max? EX_NOPERM if they have to go again. Who asks counts what all others have made before they
 * ask themselves, so of those who are too many together at least one sees it. Those that were made
 * last give way; who sees that others have to waits a moment for it.
 */
bool quota_holds(Netif *netif, const Request *request, uid_t user, unsigned int max, Fault *fault);
