/* SPDX-License-Identifier: MIT */
#include "platform/linux/adopt.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <linux/rtnetlink.h>

#include "platform/linux/netif-step.h"

#define IPV6_MIN_MTU 1280

typedef struct {
	const NetifLink *link;
	const RequestTap *wanted;
	Adoption *adoption;
} Look;

static void append(char *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void append(char *text, const char *format, ...)
{
	size_t used = strlen(text);
	va_list args;

	va_start(args, format);
	vsnprintf(text + used, ADOPT_TEXT_MAX - used, format, args);
	va_end(args);
}

/* ---- the link ---- */

/* Every word but the first, which is the VM's name. */
static bool has_word(const char *alias, const char *word, const char **ret_rest)
{
	const char *at = alias;
	size_t len = strlen(word);

	while ((at = strchr(at, ' '))) {
		at++;
		if (strncmp(at, word, len) != 0)
			continue;
		*ret_rest = at + len;
		return true;
	}
	return false;
}

static void read_alias(const NetifLink *link, Adoption *adoption)
{
	bool is_ours = strncmp(link->alias, "qemu-tapwrap:", strlen("qemu-tapwrap:")) == 0;
	const char *rest;

	adoption->alias_is_free = is_ours || !*link->alias;
	adoption->was_up = link->up;
	adoption->was_mtu = link->mtu;
	adoption->was_accept_ra = -1;
	if (!is_ours || !has_word(link->alias, "adopted", &rest))
		return;
	adoption->alias_is_trace = adoption->has_trace = true;
	if (has_word(link->alias, "up", &rest))
		adoption->was_up = false;
	if (has_word(link->alias, "mtu=", &rest))
		sscanf(rest, "%u", &adoption->was_mtu);
	if (has_word(link->alias, "ra=", &rest))
		sscanf(rest, "%d", &adoption->was_accept_ra);
}

static void compare_bridge(const Look *look)
{
	const RequestTap *wanted = look->wanted;
	char *text = look->adoption->differences, ifname[16];

	netif_name(look->link->master, ifname);
	if (!look->link->master && *wanted->bridge)
		append(text, ", it is not a port of %s", wanted->bridge);
	else if (look->link->master && *wanted->bridge && strcmp(ifname, wanted->bridge) != 0)
		append(text, ", it is a port of %s, not of %s", ifname, wanted->bridge);
	else if (look->link->master && (wanted->n_addresses || wanted->n_routes))
		append(text, ", it is a port of %s and so can have no address of its own", ifname);
}

static void compare_link(const Look *look)
{
	const NetifLink *link = look->link;
	Adoption *adoption = look->adoption;
	uint32_t mtu = look->wanted->mtu;

	if (link->tun.packet_info)
		append(adoption->differences, ", its packets carry packet information (pi)");
	if (link->tun.multi_queue && look->wanted->queues == 1)
		append(adoption->differences, ", it is multi-queue");
	else if (!link->tun.multi_queue && look->wanted->queues > 1)
		append(adoption->differences, ", it is not multi-queue");
	compare_bridge(look);
	if (mtu && mtu < IPV6_MIN_MTU && link->mtu >= IPV6_MIN_MTU)
		append(adoption->differences,
			", its MTU is %u, and IPv6 on it would not survive one below 1280",
			link->mtu);
	else if (mtu && mtu != link->mtu)
		append(adoption->lacks, ", its MTU is %u", link->mtu);
	if (!link->up)
		append(adoption->lacks, ", it is down");
}

/* ---- addresses and routes ---- */

static void note_unwanted(const Look *look, const NetifPrefix *there)
{
	Adoption *adoption = look->adoption;

	if (adoption->n_unwanted < ADOPT_TRACES_MAX)
		adoption->unwanted[adoption->n_unwanted++] = *there;
}

static bool is_same_host(const NetAddress *a, const NetAddress *b)
{
	return a->family == b->family && (!a->family || net_address_same_host(a, b));
}

static bool is_same_prefix(const NetAddress *a, const NetAddress *b)
{
	return is_same_host(a, b) && a->prefix_len == b->prefix_len;
}

static void tell_other_address(const Look *look, const NetifPrefix *there, const NetAddress *wanted,
	const NetAddress *peer)
{
	char text[NET_ADDRESS_TEXT], other[NET_ADDRESS_TEXT];

	if (there->prefix.prefix_len != wanted->prefix_len)
		append(look->adoption->differences, ", its address is %s, not %s",
			net_address_print(&there->prefix, text), net_address_print(wanted, other));
	else
		append(look->adoption->differences, ", its address %s has %s %s",
			net_address_print(wanted, other),
			there->other.family ? "the peer" : "no peer, not",
			net_address_print_host(there->other.family ? &there->other : peer, text));
}

static bool visit_address(const NetifPrefix *there, void *data)
{
	const Look *look = data;
	bool is_trace = there->protocol == NETIF_KEPT, is_wanted = false;

	if (there->ifindex != look->link->index)
		return true;
	for (unsigned int i = 0; i < look->wanted->n_addresses; i++) {
		const NetAddress *wanted = &look->wanted->addresses[i];
		const NetAddress *peer = request_peer(look->wanted, wanted);

		if (!is_same_host(&there->prefix, wanted))
			continue;
		is_wanted = there->prefix.prefix_len == wanted->prefix_len &&
			    is_same_host(&there->other, peer);
		if (is_wanted)
			look->adoption->addresses[i] = is_trace ? ADOPT_TRACE : ADOPT_THERE;
		if (!is_wanted && !is_trace) {
			tell_other_address(look, there, wanted, peer);
			look->adoption->addresses[i] = ADOPT_THERE; /* and that is what is wrong */
		}
	}
	look->adoption->has_trace |= is_trace;
	if (is_trace && !is_wanted)
		note_unwanted(look, there);
	return true;
}

static bool visit_route(const NetifPrefix *there, void *data)
{
	const Look *look = data;
	bool is_trace = there->protocol == NETIF_KEPT, is_wanted = false;
	char text[NET_ADDRESS_TEXT];

	for (unsigned int i = 0; i < look->wanted->n_routes; i++) {
		const NetRoute *wanted = &look->wanted->routes[i];

		if (!is_same_prefix(&there->prefix, &wanted->to))
			continue;
		is_wanted = is_same_host(&there->other, &wanted->via);
		if (is_wanted)
			look->adoption->routes[i] = is_trace ? ADOPT_TRACE : ADOPT_THERE;
		if (!is_wanted && !is_trace) {
			append(look->adoption->differences, ", its route to %s goes another way",
				net_address_print(&wanted->to, text));
			look->adoption->routes[i] = ADOPT_THERE;
		}
	}
	look->adoption->has_trace |= is_trace;
	if (is_trace && !is_wanted)
		note_unwanted(look, there);
	return true;
}

static void list_missing(const RequestTap *wanted, Adoption *adoption)
{
	char text[NET_ADDRESS_TEXT];

	for (unsigned int i = 0; i < wanted->n_addresses; i++)
		if (adoption->addresses[i] == ADOPT_MISSING)
			append(adoption->lacks, ", it does not have the address %s",
				net_address_print(&wanted->addresses[i], text));
	for (unsigned int i = 0; i < wanted->n_routes; i++)
		if (adoption->routes[i] == ADOPT_MISSING)
			append(adoption->lacks, ", it does not have the route to %s",
				net_address_print(&wanted->routes[i].to, text));
	if (wanted->flags & REQUEST_DHCP) /* such a server is never there */
		append(adoption->lacks, ", it has no DHCP server of ours");
}

bool adopt_compare(Netif *netif, const NetifLink *link, const RequestTap *wanted,
	Adoption *ret_adoption, Fault *fault)
{
	const NetifRoutes routes = { .table = RT_TABLE_MAIN, .ifindex = link->index };
	Look look = { .link = link, .wanted = wanted, .adoption = ret_adoption };

	memset(ret_adoption, 0, sizeof(*ret_adoption));
	read_alias(link, ret_adoption);
	compare_link(&look);
	for (unsigned int family = 4; family <= 6; family += 2)
		if (!netif_each_address(netif, family, visit_address, &look, fault) ||
			!netif_each_route(netif, family, &routes, visit_route, &look, fault))
			return false;
	list_missing(wanted, ret_adoption);
	return true;
}

bool adopt_is_complete(const Adoption *adoption)
{
	return !adoption->has_trace && !*adoption->lacks && !*adoption->differences;
}

bool adopt_is_for(const NetifLink *link, uid_t user)
{
	return user == 0 || (link->tun.has_owner && link->tun.owner == user);
}
