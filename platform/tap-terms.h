/* SPDX-License-Identifier: MIT */
/*
 * tap-terms: what both sides of the helper's socket know of a tap. Plain C.
 */
#pragma once

/* The link group of all taps that are made, so that firewalls can match them: iifgroup 29815. */
#define NET_LINK_GROUP 29815

/* What a macvtap and its siblings on one parent are to each other; macvlan's modes. */
typedef enum {
	NET_MACVTAP_NONE, /* no macvtap */
	NET_MACVTAP_BRIDGE,
	NET_MACVTAP_VEPA,
	NET_MACVTAP_PRIVATE,
	NET_MACVTAP_PASSTHRU,
} NetMacvtapMode;

/* What about a tap an error is about. */
typedef enum {
	NET_KEY_IFNAME,
	NET_KEY_ADDRESS,
	NET_KEY_PEER,
	NET_KEY_ROUTE,
	NET_KEY_BR,
	NET_KEY_NAT,
	NET_KEY_DHCP,
	NET_KEY_MTU,
	NET_KEY_PERSIST,
	NET_KEY_QUEUES,
	NET_KEY_VHOST,
	NET_KEY_PARENT,
	NET_KEY_MODE,
	NET_KEY_MAC,
	NET_KEYS,
} NetKey;
