/* SPDX-License-Identifier: MIT */
/*
 * netif: interfaces, addresses and routes through rtnetlink. The only user of libnl, and only of
 * its core: messages are put together here, since libnl-route neither knows the attributes of a tap
 * nor asks the kernel for its extended error text.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "platform/address.h"
#include "platform/linux/fault.h"

typedef struct Netif Netif;

/* NULL and EX_OSERR on failure. Not to be shared across fork. */
Netif *netif_open(Fault *fault);
void netif_close(Netif *netif); /* NULL is fine */

typedef struct {
	int index;	 /* ifindex, > 0 */
	char ifname[16]; /* its main name: a look-up by alternative name finds it too */
	bool up;	 /* IFF_UP */
	char kind[16];	 /* "tun" for taps too, "veth", ...; "" for hardware */
	char alias[256];
	uint8_t mac[6];
	uint32_t mtu;
	uint32_t group;
	int master; /* ifindex of the bridge it is a port of; 0: of none */
	struct {
		bool is_tap; /* else a layer 3 tun, when kind is "tun" */
		bool has_owner, has_group;
		uid_t owner;
		gid_t group;
		bool persistent, packet_info, vnet_hdr, multi_queue;
		unsigned int n_queues; /* of one that is multi-queue: attached to, now */
	} tun;			       /* as IFLA_TUN_* says; zero when kind is not "tun" */
} NetifLink;

/* *ret_found tells whether there is one. False only when the kernel could not be asked. */
bool netif_find(
	Netif *netif, const char *ifname, bool *ret_found, NetifLink *ret_link, Fault *fault);

bool netif_find_index(
	Netif *netif, int ifindex, bool *ret_found, NetifLink *ret_link, Fault *fault);

/*
 * Calls @visit for each link of this network namespace, until it returns false. NULL comes first,
 * and again when the links have changed meanwhile and all are told once more.
 */
typedef bool (*NetifLinkVisit)(const NetifLink *link, void *data);
bool netif_each_link(Netif *netif, NetifLinkVisit visit, void *data, Fault *fault);

/* An address of some interface, or a route; @ifindex is 0 for a route without a device. */
typedef struct {
	NetAddress prefix;
	int ifindex;
	uint32_t table;	  /* of a route; 0 for an address */
	NetAddress other; /* an address's peer, a route's gateway; family 0: none */
	uint8_t protocol; /* who added it: IFA_PROTO, rtm_protocol; 0: unknown */
} NetifPrefix;

/* Which routes; the kernel picks them out, which is much faster than to look at all. 0: any. */
typedef struct {
	uint32_t table;
	int ifindex;
} NetifRoutes;

/* Calls @visit for each address (or route) of the host of @family, until it returns false. */
typedef bool (*NetifVisit)(const NetifPrefix *prefix, void *data);
bool netif_each_address(
	Netif *netif, unsigned int family, NetifVisit visit, void *data, Fault *fault);
bool netif_each_route(Netif *netif, unsigned int family, const NetifRoutes *which, NetifVisit visit,
	void *data, Fault *fault);

/*
 * The tables that rules for @family lead to, each once, into @tables; *ret_n is at most @max, and
 * @max + 1 if there are more.
 */
bool netif_list_tables(Netif *netif, unsigned int family, uint32_t *tables, unsigned int max,
	unsigned int *ret_n, Fault *fault);

/* What the kernel knows about a host on a link; the higher, the better. */
typedef enum {
	NETIF_NEIGHBOUR_NONE,
	NETIF_NEIGHBOUR_FIXED,	   /* somebody has written it down */
	NETIF_NEIGHBOUR_HEARD,	   /* it has been there some time */
	NETIF_NEIGHBOUR_REACHABLE, /* it has answered within the last half minute or so */
} NetifNeighbour;
bool netif_find_neighbour(Netif *netif, int ifindex, const NetAddress *host,
	NetifNeighbour *ret_neighbour, Fault *fault);

/* The name of an interface into @ifname (16 bytes). False and errno, ENODEV if it is gone. */
bool netif_find_name(int ifindex, char *ifname);

/* Likewise, for messages and comparisons: "?" if there is none. Returns @ifname. */
const char *netif_name(int ifindex, char *ifname);

/* The index of an interface; 0 and errno, ENODEV if there is none. */
int netif_index(const char *ifname);

/* What netif_set_up does to one new tap. Borrowed. */
typedef struct {
	int ifindex;
	const char *alias;
	uint32_t group;
	uint32_t mtu;	/* 0: as it is */
	int master;	/* ifindex of a bridge, 0: none */
	uint8_t mac[6]; /* for a port of a bridge */
	const NetAddress *addresses;
	unsigned int n_addresses;
	const NetAddress *peers; /* of IPv4 and IPv6; family 0: none */
	const NetRoute *routes;
	unsigned int n_routes;
} NetifSetup;

/*
 * All in one message to the kernel: alias and group; MTU, bridge; IPv4 rp_filter, no redirects;
 * every address (IPv6 without duplicate detection: the tap has no other host yet); link up; routes.
 * The first refusal is told with the kernel's own words, its tap being the index into @setups;
 * what was done before it stays, for the caller to drop with the tap.
 */
bool netif_set_up(Netif *netif, const NetifSetup *setups, unsigned int n_setups, Fault *fault);

/* The last refusal: "Permission denied (ipv6: IPv6 is disabled on this device)" into @text; returns
 * @text. */
const char *netif_refusal(const Netif *netif, char *text, size_t size);
