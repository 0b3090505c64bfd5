/* SPDX-License-Identifier: MIT */
/*
 * netif-messages: what is asked of the kernel, alone or in a batch. NULL for want of memory; more
 * attributes may be added. Part of netif.
 */
#pragma once

#include "platform/linux/netif-parts.h"

/* RTM_SETLINK: @changed are the IFF_ flags that become as in @flags. */
struct nl_msg *netif_link_message(int ifindex, unsigned int flags, unsigned int changed);

/* @type: RTM_NEWADDR or RTM_DELADDR. IPv6 without duplicate detection. @peer: family 0 for none. */
struct nl_msg *netif_address_message(
	int type, int flags, int ifindex, const NetAddress *address, const NetAddress *peer);

/*
 * In the main table. @type: RTM_NEWROUTE or RTM_DELROUTE. @onlink: the kernel need not look for the
 * way to the gateway.
 */
struct nl_msg *netif_route_message(
	int type, int flags, int ifindex, const NetRoute *route, uint8_t protocol, bool onlink);
