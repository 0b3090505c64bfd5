/* SPDX-License-Identifier: MIT */
/*
 * taps: the taps of a request, made and hardened.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "platform/linux/netif.h"
#include "platform/linux/request.h"

/* Who asks, as the kernel knows it. */
typedef struct {
	pid_t pid;
	uid_t uid;
	bool needs_policy; /* not root's own wish */
} Caller;

/*
 * The ifindex of the bridge of each tap, 0 for none. EX_UNAVAILABLE if there is no such bridge,
 * EX_NOPERM if a user's tap would lower its MTU.
 */
bool taps_find_bridges(Netif *netif, const Request *request, const Caller *caller,
	int *ret_ifindexes, Fault *fault);

/*
 * A bridge takes the least MTU of its ports for its own, and then the host on it has that, too;
 * below 1280 bytes it loses its IPv6 addresses for good. EX_NOPERM if the user's @tap would do so.
 */
bool taps_spare_mtu(
	const NetifLink *bridge, const RequestTap *tap, const Caller *caller, Fault *fault);

/* The descriptors of one tap: one for each queue, the others -1. */
typedef int Queues[REQUEST_QUEUES];

/*
 * Makes those with REQUEST_CREATE; @fds has what was opened even when it fails: with them goes
 * everything. @bridges as taps_find_bridges has them.
 */
bool taps_make(Netif *netif, const Request *request, const int *bridges, const Caller *caller,
	Queues *fds, Fault *fault);

/* Lets those with REQUEST_PERSIST outlive their descriptors, all or none. */
bool taps_persist(const Request *request, const Queues *fds, Fault *fault);
