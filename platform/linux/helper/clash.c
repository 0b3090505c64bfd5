/* SPDX-License-Identifier: MIT */
#include "platform/linux/helper/clash.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include <linux/rtnetlink.h>

typedef struct {
	const Request *request;
	bool clashes;
	int tap, address; /* the first that clashes ... */
	NetifPrefix with; /* ... and with what */
} Search;

/*
 * What is on a link that has a requested name is no clash: making the tap will fail, and say
 * better why. That is how the losers of a race for one tap find it.
 */
static bool is_on_requested_name(const Search *search, const NetifPrefix *prefix)
{
	char ifname[16];

	netif_name(prefix->ifindex, ifname);
	for (unsigned int i = 0; i < search->request->n_taps; i++)
		if (strcmp(search->request->taps[i].ifname, ifname) == 0)
			return true;
	return false;
}

static bool compare(Search *search, const NetifPrefix *prefix)
{
	for (unsigned int i = 0; i < search->request->n_taps; i++) {
		const RequestTap *tap = &search->request->taps[i];

		for (unsigned int j = 0; j < tap->n_addresses; j++) {
			if (!net_address_overlaps(&tap->addresses[j], &prefix->prefix) ||
				is_on_requested_name(search, prefix))
				continue;
			search->clashes = true;
			search->tap = i;
			search->address = j;
			search->with = *prefix;
			return false;
		}
	}
	return true;
}

static bool visit_address(const NetifPrefix *prefix, void *data)
{
	return compare(data, prefix);
}

/* Routes of length 0 and 1 are the default route, whole or in halves as VPNs write it. */
static bool visit_route(const NetifPrefix *prefix, void *data)
{
	return prefix->prefix.prefix_len <= 1 || compare(data, prefix);
}

static bool tell_address(const Search *search, Fault *fault)
{
	const NetAddress *wanted = &search->request->taps[search->tap].addresses[search->address];
	char text[NET_ADDRESS_TEXT], other[NET_ADDRESS_TEXT], ifname[16];

	netif_name(search->with.ifindex, ifname);
	if (net_address_same_host(wanted, &search->with.prefix))
		return fault_about(fault, search->tap, search->address, EX_UNAVAILABLE,
			"%s is already the address of %s", net_address_print_host(wanted, text),
			ifname);
	return fault_about(fault, search->tap, search->address, EX_UNAVAILABLE,
		"%s overlaps %s on %s; choose another subnet", net_address_print(wanted, text),
		net_address_print(&search->with.prefix, other), ifname);
}

static bool tell_route(const Search *search, Fault *fault)
{
	const NetAddress *wanted = &search->request->taps[search->tap].addresses[search->address];
	char text[NET_ADDRESS_TEXT], other[NET_ADDRESS_TEXT], ifname[16], table[32] = "";

	if (search->with.table != RT_TABLE_MAIN)
		snprintf(table, sizeof(table), " table %u", search->with.table);
	return fault_about(fault, search->tap, search->address, EX_UNAVAILABLE,
		"%s overlaps the route %s%s%s%s; choose another subnet",
		net_address_print(wanted, text), net_address_print(&search->with.prefix, other),
		search->with.ifindex ? " dev " : "",
		search->with.ifindex ? netif_name(search->with.ifindex, ifname) : "", table);
}

static bool has_addresses(const Request *request)
{
	for (unsigned int i = 0; i < request->n_taps; i++)
		if (request->taps[i].n_addresses > 0)
			return true;
	return false;
}

bool clash_is_absent(const Request *request, Netif *netif, Fault *fault)
{
	Search search = { .request = request };

	if (!has_addresses(request))
		return true;
	if (!netif_each_address(netif, visit_address, &search, fault))
		return false;
	if (search.clashes)
		return tell_address(&search, fault);
	if (!netif_each_route(netif, visit_route, &search, fault))
		return false;
	return !search.clashes || tell_route(&search, fault);
}
