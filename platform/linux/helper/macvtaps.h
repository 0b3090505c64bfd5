/* SPDX-License-Identifier: MIT */
/*
 * macvtaps: the macvtap links of a request, each made by a keeper of its own, and their devices.
 */
#pragma once

#include <stdbool.h>

#include "platform/linux/helper/taps.h"
#include "platform/linux/netif.h"
#include "platform/linux/request.h"

/* Could macvtaps_make do it? As far as that can be known without making anything. */
bool macvtaps_are_possible(
	Netif *netif, const Request *request, const Caller *caller, Fault *fault);

/*
 * Makes those with REQUEST_MACVTAP, and opens their devices. @fds and @leashes, of which there are
 * then *ret_n_leashes, are set even when it fails: each link goes with the last who has its leash.
 */
bool macvtaps_make(Netif *netif, const Request *request, const Caller *caller, Queues *fds,
	int *leashes, unsigned int *ret_n_leashes, Fault *fault);
