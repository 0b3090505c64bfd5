/* SPDX-License-Identifier: MIT */
/*
 * complete: the taps of a request that are there already. Their owner is checked here, since the
 * capability would let us attach to anybody's; what they lack is the business of a keeper. And so
 * are the DHCP servers, on new taps too.
 */
#pragma once

#include <stdbool.h>

#include "platform/linux/helper/taps.h"
#include "platform/linux/netif.h"
#include "platform/linux/request.h"

/* Could complete_taps do it? As far as that can be known without attaching to a tap. */
bool complete_is_possible(Netif *netif, const Request *request, const Caller *caller, Fault *fault);

/*
 * Attaches to those with REQUEST_COMPLETE: their @fds are set even when it fails. EX_TEMPFAIL if
 * one is in use. To be called without a capability, so that the kernel's rule applies as well.
 */
bool complete_attach(
	Netif *netif, const Request *request, const Caller *caller, Queues *fds, Fault *fault);

/*
 * Has a keeper make the changes to those that complete_attach attached to, and start the servers of
 * all. *ret_leash: what QEMU must hold, -1 if nothing is changed.
 */
bool complete_start(Netif *netif, const Request *request, const Caller *caller, const Queues *fds,
	int *ret_leash, Fault *fault);
