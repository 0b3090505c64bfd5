/* SPDX-License-Identifier: MIT */
#include "platform/linux/observe.h"

#include <limits.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "platform/linux/holder.h"
#include "platform/linux/net-error.h"

typedef struct {
	const NetTap *tap;
	int ifindex;
	gboolean found[NET_ADDRESSES_MAX];
} AddressCheck;

static bool visit_address(const NetifPrefix *prefix, void *data)
{
	AddressCheck *check = data;

	for (guint i = 0; prefix->ifindex == check->ifindex && i < check->tap->n_addresses; i++)
		if (net_address_same_host(&prefix->prefix, &check->tap->addresses[i]) &&
			prefix->prefix.prefix_len == check->tap->addresses[i].prefix_len)
			check->found[i] = TRUE;
	return true;
}

static gboolean append_missing_addresses(
	Netif *netif, const NetTap *tap, int ifindex, GString *differences, GError **error)
{
	AddressCheck check = { .tap = tap, .ifindex = ifindex };
	char text[NET_ADDRESS_TEXT];
	Fault fault;

	if (!netif_each_address(netif, 4, visit_address, &check, &fault) ||
		!netif_each_address(netif, 6, visit_address, &check, &fault))
		return net_error_from_fault(&fault, error);
	for (guint i = 0; i < tap->n_addresses; i++)
		if (!check.found[i])
			g_string_append_printf(differences, ", it does not have the address %s",
				net_address_print(&tap->addresses[i], text));
	return TRUE;
}

static gboolean is_in_group(gid_t group)
{
	gid_t groups[NGROUPS_MAX];
	int n = getgroups(G_N_ELEMENTS(groups), groups);

	for (int i = 0; i < n; i++)
		if (groups[i] == group)
			return TRUE;
	return getegid() == group;
}

/* The kernel's own rule for attaching: owner and group must both match where they are set. */
static gboolean is_ours_to_attach(const NetifLink *link)
{
	return geteuid() == 0 || ((!link->tun.has_owner || link->tun.owner == geteuid()) &&
					 (!link->tun.has_group || is_in_group(link->tun.group)));
}

static gboolean refuse_foreign(const NetTap *tap, const NetifLink *link, GError **error)
{
	if (strcmp(link->ifname, tap->ifname) != 0)
		g_set_error(error, NET_ERROR, EX_UNAVAILABLE, "%s is another name of %s",
			tap->ifname, link->ifname);
	else
		g_set_error(error, NET_ERROR, EX_UNAVAILABLE,
			"%s exists and is a %s, not a tap; choose another ifname", tap->ifname,
			strcmp(link->kind, "tun") == 0 ? "layer 3 tun"
			: *link->kind		       ? link->kind
						       : "network card");
	return FALSE;
}

gboolean observe_refuse_busy(Netif *netif, const char *ifname, GError **error)
{
	g_autofree char *holder = holder_describe(netif, ifname);

	g_set_error_literal(error, NET_ERROR, EX_TEMPFAIL, holder);
	return FALSE;
}

static gboolean refuse_owner(const NetifLink *link, GError **error)
{
	g_autofree char *whose = link->tun.has_owner ? g_strdup_printf("user %u", link->tun.owner)
						     : g_strdup_printf("group %u", link->tun.group);

	g_set_error(
		error, NET_ERROR, EX_NOPERM, "%s exists and belongs to %s", link->ifname, whose);
	return FALSE;
}

/* A persistent tap must be right in every respect: nothing about it is changed. */
static gboolean judge_persistent(
	Netif *netif, const NetTap *tap, const NetifLink *link, GError **error)
{
	g_autoptr(GString) differences = g_string_new(NULL);

	if (!is_ours_to_attach(link))
		return refuse_owner(link, error);
	if (link->tun.packet_info)
		g_string_append(differences, ", its packets carry packet information (pi)");
	if (link->tun.multi_queue)
		g_string_append(differences, ", it is multi-queue");
	if (!link->up)
		g_string_append(differences, ", it is down");
	if (!append_missing_addresses(netif, tap, link->index, differences, error))
		return FALSE;
	if (differences->len == 0)
		return TRUE;
	g_set_error(error, NET_ERROR, EX_UNAVAILABLE,
		"%s exists and differs from the profile: %s; correct it, or remove it with: "
		"ip link delete %s",
		tap->ifname, differences->str + strlen(", "), tap->ifname);
	return FALSE;
}

Netif *observe_open(GError **error)
{
	Fault fault;
	Netif *netif = netif_open(&fault);

	if (!netif)
		net_error_from_fault(&fault, error);
	return netif;
}

gboolean observe_tap(Netif *netif, const NetTap *tap, NetTapState *ret_state, NetifLink *link,
	NetSubject *ret_subject, GError **error)
{
	bool found;
	Fault fault;

	*ret_subject = (NetSubject){ .tap = 0, .key = NET_KEY_IFNAME };
	if (!netif_find(netif, tap->ifname, &found, link, &fault))
		return net_error_from_fault(&fault, error);
	*ret_state = NET_TAP_MISSING;
	if (!found)
		return TRUE;
	if (!link->tun.is_tap || strcmp(link->ifname, tap->ifname) != 0)
		return refuse_foreign(tap, link, error);
	if (!link->tun.persistent)
		return observe_refuse_busy(netif, tap->ifname, error);
	*ret_state = NET_TAP_READY;
	return judge_persistent(netif, tap, link, error);
}

gboolean net_observe(
	const NetTap *tap, NetTapState *ret_state, NetSubject *ret_subject, GError **error)
{
	g_autoptr(Netif) netif = observe_open(error);
	NetifLink link;

	if (!netif || !observe_tap(netif, tap, ret_state, &link, ret_subject, error))
		return FALSE;
	if (*ret_state == NET_TAP_MISSING || !tap->nat)
		return TRUE;
	ret_subject->key = NET_KEY_NAT;
	g_set_error(error, NET_ERROR, EX_UNAVAILABLE,
		"%s is there already; only a tap that is made for the VM can have NAT",
		tap->ifname);
	return FALSE;
}
