/* SPDX-License-Identifier: MIT */
/*
 * macvtap: what makes a macvtap link ours, and whether somebody uses it. Shared by launcher and
 * helper.
 *
 * Such a link outlives its descriptors, so a keeper deletes it. Two sockets tell that it is in use:
 * the leash, which QEMU holds, and the keeper's end of it have names that only one can have, and
 * that end with the last descriptor. A link of ours of which neither is there was left by a keeper
 * that was killed.
 */
#pragma once

#include <stdbool.h>

#include "platform/linux/fault.h"
#include "platform/linux/netif.h"

typedef enum {
	MACVTAP_LEASH,
	MACVTAP_KEEPER,
} MacvtapEnd;

/* Was it made by a keeper? The group is there from the first moment on, the alias right after. */
bool macvtap_is_ours(const NetifLink *link);

/* Takes the name for @end of the link called @ifname. EX_TEMPFAIL if another has it. */
bool macvtap_take(int socket, const char *ifname, MacvtapEnd end, Fault *fault);

/* Is there such an end in this network namespace? Looks only. */
bool macvtap_is_taken(const char *ifname, MacvtapEnd end);
