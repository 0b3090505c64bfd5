/* SPDX-License-Identifier: MIT */
#include "platform/linux/helper/clash.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include <linux/rtnetlink.h>

#define TABLES_MAX 16	   /* more than that are looked at all at once */
#define LOOPBACK_IFINDEX 1 /* in every network namespace */

typedef struct {
	const Request *request;
	Netif *netif;
	bool is_made;	     /* what was requested is there, and ours, all of it */
	unsigned int family; /* the one that is looked at */
	bool clashes;
	int tap;	   /* the first that clashes ... */
	NetKey key;	   /* ... by what ... */
	NetAddress wanted; /* ... namely */
	NetifPrefix with;
} Search;

/* One prefix of the host against all that are requested. */
typedef struct {
	Search *search;
	const NetifPrefix *there;
	int tap;
} Comparison;

/*
 * What is on a link of the tap's own name is no clash: either the tap is there, or making it will
 * fail, and say better why. That is how the losers of a race for one tap find it. Nor is what has
 * just been made for another tap of the request.
 */
static bool is_on_own_name(const Comparison *comparison)
{
	const Search *search = comparison->search;
	char ifname[16];

	netif_name(comparison->there->ifindex, ifname);
	for (int i = 0; i < (int)search->request->n_taps; i++)
		if ((i == comparison->tap || search->is_made) &&
			strcmp(search->request->taps[i].ifname, ifname) == 0)
			return true;
	return false;
}

static bool compare_one(const NetAddress *wanted, NetKey key, void *data)
{
	const Comparison *comparison = data;
	Search *search = comparison->search;
	const NetifPrefix *there = comparison->there;

	if (!net_address_overlaps(wanted, &there->prefix) || is_on_own_name(comparison))
		return true;
	search->clashes = true;
	search->tap = comparison->tap;
	search->key = key;
	search->wanted = *wanted;
	search->with = *there;
	return false;
}

static bool compare(Search *search, const NetifPrefix *there)
{
	Comparison comparison = { .search = search, .there = there };

	for (comparison.tap = 0; comparison.tap < (int)search->request->n_taps; comparison.tap++)
		if (!request_each_prefix(
			    &search->request->taps[comparison.tap], compare_one, &comparison))
			return false;
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
	char text[NET_ADDRESS_TEXT], other[NET_ADDRESS_TEXT], ifname[16];

	netif_name(search->with.ifindex, ifname);
	if (net_address_same_host(&search->wanted, &search->with.prefix))
		return fault_about(fault, search->tap, search->key, EX_UNAVAILABLE,
			"%s is already the address of %s",
			net_address_print_host(&search->wanted, text), ifname);
	return fault_about(fault, search->tap, search->key, EX_UNAVAILABLE,
		"%s overlaps %s on %s; choose another subnet, or start as root with --force",
		net_address_print(&search->wanted, text),
		net_address_print(&search->with.prefix, other), ifname);
}

static bool tell_route(const Search *search, Fault *fault)
{
	char text[NET_ADDRESS_TEXT], other[NET_ADDRESS_TEXT], ifname[16], table[32] = "";

	if (search->with.table != RT_TABLE_MAIN)
		snprintf(table, sizeof(table), " table %u", search->with.table);
	return fault_about(fault, search->tap, search->key, EX_UNAVAILABLE,
		"%s overlaps the route %s%s%s%s; choose another subnet, or start as root with --force",
		net_address_print(&search->wanted, text),
		net_address_print(&search->with.prefix, other), search->with.ifindex ? " dev " : "",
		search->with.ifindex ? netif_name(search->with.ifindex, ifname) : "", table);
}

static bool is_of_family(const NetAddress *prefix, NetKey key, void *data)
{
	(void)key;
	return prefix->family != *(unsigned int *)data;
}

/* Is there a prefix of the family among those that are requested? */
static bool wants_family(const Request *request, unsigned int family)
{
	for (unsigned int i = 0; i < request->n_taps; i++)
		if (!request_each_prefix(&request->taps[i], is_of_family, &family))
			return true;
	return false;
}

/*
 * Only tables that a rule leads to take traffic. Of the local one there is nothing to learn but
 * what is local to the loopback: the rest are the addresses.
 */
static bool look_at_table(Search *search, uint32_t table, Fault *fault)
{
	NetifRoutes which = { .table = table };

	if (table == RT_TABLE_LOCAL)
		which.ifindex = LOOPBACK_IFINDEX;
	return netif_each_route(search->netif, search->family, &which, visit_route, search, fault);
}

static bool look_at_tables(Search *search, Fault *fault)
{
	uint32_t tables[TABLES_MAX];
	unsigned int n;

	if (!netif_list_tables(search->netif, search->family, tables, TABLES_MAX, &n, fault))
		return false;
	if (n > TABLES_MAX)
		return look_at_table(search, 0, fault); /* all of them */
	for (unsigned int i = 0; i < n && !search->clashes; i++)
		if (!look_at_table(search, tables[i], fault))
			return false;
	return true;
}

static bool family_is_free(Search *search, Fault *fault)
{
	if (!netif_each_address(search->netif, search->family, visit_address, search, fault))
		return false;
	if (search->clashes)
		return tell_address(search, fault);
	return look_at_tables(search, fault) && (!search->clashes || tell_route(search, fault));
}

static bool is_absent(Search *search, Fault *fault)
{
	for (search->family = 4; search->family <= 6; search->family += 2)
		if (wants_family(search->request, search->family) && !family_is_free(search, fault))
			return false;
	return true;
}

bool clash_is_absent(const Request *request, Netif *netif, Fault *fault)
{
	return is_absent(&(Search){ .request = request, .netif = netif }, fault);
}

bool clash_is_still_absent(const Request *request, Netif *netif, Fault *fault)
{
	return is_absent(&(Search){ .request = request, .netif = netif, .is_made = true }, fault);
}
