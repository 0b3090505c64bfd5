/* SPDX-License-Identifier: MIT */
/*
 * netif-step: one change of an interface at a time, each with its way back. For taps that are there
 * already, of which nothing but these may change, and for links that no descriptor holds.
 *
 * Each returns 0, or the errno of the kernel's refusal, whose words netif_refusal then has.
 */
#pragma once

#include "platform/linux/netif.h"

/*
 * The mark on addresses and routes of a keeper, IFA_PROTO and rtm_protocol: numbers that no routing
 * program has. Before Linux 5.18 addresses cannot carry it.
 */
#define NETIF_KEPT 81

typedef struct {
	const char *ifname;
	int parent; /* ifindex */
	NetMacvtapMode mode;
	uint8_t mac[6];
	uint32_t group;
	uint32_t mtu; /* 0: that of the parent */
} NetifMacvtap;

/* A new link, down; *ret_ifindex is set when it succeeds. */
int netif_add_macvtap(Netif *netif, const NetifMacvtap *macvtap, int *ret_ifindex);
int netif_remove_link(Netif *netif, int ifindex);

int netif_set_alias(Netif *netif, int ifindex, const char *alias);
int netif_set_mtu(Netif *netif, int ifindex, uint32_t mtu);
int netif_set_up_flag(Netif *netif, int ifindex, bool up);

/* @peer: family 0 for none. */
int netif_add_address(Netif *netif, int ifindex, const NetAddress *address, const NetAddress *peer);
int netif_remove_address(
	Netif *netif, int ifindex, const NetAddress *address, const NetAddress *peer);

/* In the main table. @onlink: the kernel need not look for the way to the gateway. */
int netif_add_route(Netif *netif, int ifindex, const NetRoute *route, bool onlink);
int netif_remove_route(Netif *netif, int ifindex, const NetRoute *route);
