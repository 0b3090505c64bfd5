/* SPDX-License-Identifier: MIT */
/*
 * clash: would a requested subnet take traffic away from another link? A tap on the LAN's subnet
 * steals the LAN: its prefix route wins over a DHCP client's, and the kernel does not object.
 */
#pragma once

#include <stdbool.h>

#include "platform/linux/netif.h"
#include "platform/linux/request.h"

/*
 * True if no requested prefix overlaps, either way round, an address or a non-default route of the
 * host. EX_UNAVAILABLE with the other link's name if one does.
 */
bool clash_is_absent(const Request *request, Netif *netif, Fault *fault);

/* The same when all of it is made: has anybody else made something that clashes meanwhile? */
bool clash_is_still_absent(const Request *request, Netif *netif, Fault *fault);
