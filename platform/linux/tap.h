/* SPDX-License-Identifier: MIT */
/*
 * tap: the only user of /dev/net/tun. A tap of ours lives exactly as long as a descriptor on it is
 * open, and takes its addresses and routes along, unless it was asked to stay.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "platform/linux/fault.h"

/* Can the device be opened? Else EX_OSFILE or EX_NOPERM, as tap_create has it. */
bool tap_is_possible(Fault *fault);

/*
 * Makes a new tap that @owner may attach to: IFF_TUN_EXCL, so the name is the lock. Returns a
 * close-on-exec descriptor, or -1: EX_TEMPFAIL when the name is taken, EX_OSFILE or EX_NOPERM
 * when /dev/net/tun is missing or closed to us, EX_NOPERM without CAP_NET_ADMIN.
 */
int tap_create(const char *ifname, uid_t owner, Fault *fault);

/* Does the tap of @fd stay when its last descriptor closes? */
bool tap_set_persistent(int fd, bool persistent, Fault *fault);

/* Attaches to a persistent tap and leaves its @vnet_hdr flag as it is. Else as tap_create. */
int tap_attach(const char *ifname, bool vnet_hdr, Fault *fault);
