/* SPDX-License-Identifier: MIT */
/*
 * tap: the only user of /dev/net/tun, and of its ioctls. A tap of ours lives exactly as long as a
 * descriptor on it is open, and takes its addresses and routes along, unless it was asked to stay.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "platform/linux/fault.h"

/* Can the device be opened? Else EX_OSFILE or EX_NOPERM, as tap_create has it. */
bool tap_is_possible(Fault *fault);

/*
 * Makes a new tap that @owner may attach to: IFF_TUN_EXCL, so the name is the lock. @ret_fds gets a
 * close-on-exec descriptor for each queue, and with more than one the tap is multi-queue; on
 * failure nothing is open: EX_TEMPFAIL when the name is taken, EX_OSFILE or EX_NOPERM when
 * /dev/net/tun is missing or closed to us, EX_NOPERM without CAP_NET_ADMIN.
 */
bool tap_create(const char *ifname, uid_t owner, int *ret_fds, unsigned int n_queues, Fault *fault);

/* Closes those that are not -1, and makes them so. */
void tap_close(int *fds, unsigned int n_queues);

/* Has packets of the macvtap device @fd look like those of a tap. */
bool tap_set_up_macvtap(int fd, unsigned int n_queues, Fault *fault);

/* Does the tap of @fd stay when its last descriptor closes? */
bool tap_set_persistent(int fd, bool persistent, Fault *fault);

/*
 * Attaches to a persistent tap and leaves its @vnet_hdr flag as it is. Else as tap_create. The
 * kernel lets several attach to one that is multi-queue: look at its queues before and after.
 */
bool tap_attach(
	const char *ifname, bool vnet_hdr, int *ret_fds, unsigned int n_queues, Fault *fault);
