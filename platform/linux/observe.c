/* SPDX-License-Identifier: MIT */
#include "platform/linux/observe.h"

#include <limits.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "platform/linux/adopt.h"
#include "platform/linux/holder.h"
#include "platform/linux/macvtap.h"
#include "platform/linux/net-error.h"

void observe_fill_request(RequestTap *request, const NetTap *tap)
{
	memset(request, 0, sizeof(*request));
	g_strlcpy(request->ifname, tap->ifname, sizeof(request->ifname));
	request->queues = tap->n_queues;
	if (tap->parent) {
		request->op = REQUEST_MACVTAP;
		request->mode = tap->mode;
		request->mtu = tap->mtu;
		memcpy(request->mac, tap->mac, sizeof(request->mac));
		g_strlcpy(request->parent, tap->parent, sizeof(request->parent));
		return;
	}
	if (tap->unmanaged) /* all else may be as it is */
		return;
	request->op = tap->state == NET_TAP_MISSING ? REQUEST_CREATE : REQUEST_COMPLETE;
	request->mtu = tap->mtu;
	request->flags = (tap->nat ? REQUEST_NAT : 0) |
			 (tap->persist && tap->state == NET_TAP_MISSING ? REQUEST_PERSIST : 0) |
			 (tap->dhcp ? REQUEST_DHCP : 0);
	g_strlcpy(request->bridge, tap->bridge ? tap->bridge : "", sizeof(request->bridge));
	g_strlcpy(request->uplink, tap->nat ? tap->nat : "", sizeof(request->uplink));
	request->n_addresses = tap->n_addresses;
	memcpy(request->addresses, tap->addresses, tap->n_addresses * sizeof(NetAddress));
	memcpy(request->peers, tap->peers, sizeof(request->peers));
	request->n_routes = tap->n_routes;
	memcpy(request->routes, tap->routes, tap->n_routes * sizeof(NetRoute));
	memcpy(request->guest_mac, tap->guest_mac, sizeof(request->guest_mac));
	memcpy(request->guests, tap->guests, sizeof(request->guests));
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
	gboolean is_users = link->tun.has_owner && link->tun.owner != geteuid();
	g_autofree char *whose = is_users ? g_strdup_printf("user %u", link->tun.owner)
					  : g_strdup_printf("group %u", link->tun.group);

	g_set_error(
		error, NET_ERROR, EX_NOPERM, "%s exists and belongs to %s", link->ifname, whose);
	return FALSE;
}

static gboolean refuse_difference(const NetTap *tap, const Adoption *adoption, GError **error)
{
	g_autofree char *all = g_strconcat(
		adoption->differences, tap->unmanaged ? "" : adoption->lacks, NULL);

	g_set_error(error, NET_ERROR, EX_UNAVAILABLE,
		"%s exists and differs from the profile: %s; correct it, or remove it with: "
		"ip link delete %s",
		tap->ifname, all + strlen(", "), tap->ifname);
	return FALSE;
}

static gboolean refuse_incomplete(const NetTap *tap, const Adoption *adoption, GError **error)
{
	g_set_error(error, NET_ERROR, EX_NOPERM,
		"%s exists but is not complete: %s; only its owner can have it completed: "
		"correct it, or remove it with: ip link delete %s",
		tap->ifname, adoption->lacks + strlen(", "), tap->ifname);
	return FALSE;
}

static gboolean compare(Netif *netif, const NetTap *tap, const NetifLink *link,
	Adoption *ret_adoption, GError **error)
{
	RequestTap wanted;
	Fault fault;

	observe_fill_request(&wanted, tap);
	return adopt_compare(netif, link, &wanted, ret_adoption, &fault) ||
	       net_error_from_fault(&fault, error);
}

/* The kernel lets others attach to a tap that is multi-queue and in use: it does not say so. */
static gboolean is_shared(const NetifLink *link, guint n_ours)
{
	return link->tun.multi_queue && link->tun.n_queues != n_ours;
}

static gboolean judge_persistent(Netif *netif, const NetTap *tap, const NetifLink *link,
	guint n_ours, NetTapState *ret_state, GError **error)
{
	gboolean is_for_us = adopt_is_for(link, geteuid());
	Adoption adoption;

	if (!is_ours_to_attach(link))
		return refuse_owner(link, error);
	if (!compare(netif, tap, link, &adoption, error))
		return FALSE;
	if (*adoption.differences)
		return refuse_difference(tap, &adoption, error);
	/* A keeper may be about to let go of it: the helper waits for that. */
	if (is_shared(link, n_ours) && !(is_for_us && adoption.has_trace))
		return observe_refuse_busy(netif, tap->ifname, error);
	*ret_state = NET_TAP_READY;
	if (tap->unmanaged)
		return TRUE;
	if (*adoption.lacks && !is_for_us)
		return refuse_incomplete(tap, &adoption, error);
	if (tap->nat || (is_for_us && !adopt_is_complete(&adoption)))
		*ret_state = NET_TAP_INCOMPLETE;
	return TRUE;
}

static gboolean judge_missing(const NetTap *tap, GError **error)
{
	if (!tap->unmanaged)
		return TRUE;
	g_set_error(error, NET_ERROR, EX_UNAVAILABLE,
		"there is no %s, and managed = off makes none; it is made with: "
		"ip tuntap add dev %s mode tap user %u",
		tap->ifname, tap->ifname, (guint)geteuid());
	return FALSE;
}

/* ---- macvtap ---- */

static gboolean find_parent(
	Netif *netif, const NetTap *tap, NetSubject *ret_subject, GError **error)
{
	NetifLink link;
	bool found;
	Fault fault;

	if (!netif_find(netif, tap->parent, &found, &link, &fault))
		return net_error_from_fault(&fault, error);
	if (found)
		return TRUE;
	ret_subject->key = NET_KEY_PARENT;
	g_set_error(error, NET_ERROR, EX_UNAVAILABLE, "there is no interface %s", tap->parent);
	return FALSE;
}

/* What a killed keeper has left is replaced: the helper waits for one that is at its end. */
static gboolean judge_macvtap(
	Netif *netif, const NetTap *tap, const NetifLink *link, GError **error)
{
	if (!macvtap_is_ours(link) || strcmp(link->ifname, tap->ifname) != 0) {
		g_set_error(error, NET_ERROR, EX_UNAVAILABLE,
			"%s exists and is not ours; choose another ifname", tap->ifname);
		return FALSE;
	}
	return !macvtap_is_taken(tap->ifname, MACVTAP_LEASH) ||
	       observe_refuse_busy(netif, tap->ifname, error);
}

/* ---- either ---- */

Netif *observe_open(GError **error)
{
	Fault fault;
	Netif *netif = netif_open(&fault);

	if (!netif)
		net_error_from_fault(&fault, error);
	return netif;
}

gboolean observe_tap(Netif *netif, const NetTap *tap, guint n_ours, NetTapState *ret_state,
	NetifLink *link, NetSubject *ret_subject, GError **error)
{
	bool found;
	Fault fault;

	*ret_subject = (NetSubject){ .tap = 0, .key = NET_KEY_IFNAME };
	if (!netif_find(netif, tap->ifname, &found, link, &fault))
		return net_error_from_fault(&fault, error);
	*ret_state = NET_TAP_MISSING;
	if (tap->parent)
		return (!found || judge_macvtap(netif, tap, link, error)) &&
		       find_parent(netif, tap, ret_subject, error);
	if (!found)
		return judge_missing(tap, error);
	if (!link->tun.is_tap || strcmp(link->ifname, tap->ifname) != 0)
		return refuse_foreign(tap, link, error);
	if (!link->tun.persistent)
		return observe_refuse_busy(netif, tap->ifname, error);
	return judge_persistent(netif, tap, link, n_ours, ret_state, error);
}

gboolean net_observe(
	const NetTap *tap, NetTapState *ret_state, NetSubject *ret_subject, GError **error)
{
	g_autoptr(Netif) netif = observe_open(error);
	NetifLink link;

	return netif && observe_tap(netif, tap, 0, ret_state, &link, ret_subject, error);
}

gboolean net_lack(const NetTap *tap, NetLack *ret_lack, GError **error)
{
	g_autoptr(Netif) netif = observe_open(error);
	NetTapState state;
	NetSubject subject;
	Adoption adoption;
	NetifLink link;

	if (!netif || !observe_tap(netif, tap, 0, &state, &link, &subject, error) ||
		!compare(netif, tap, &link, &adoption, error))
		return FALSE;
	memset(ret_lack, 0, sizeof(*ret_lack));
	ret_lack->up = !adoption.was_up;
	if (tap->mtu && tap->mtu != adoption.was_mtu)
		ret_lack->mtu = adoption.was_mtu;
	for (guint i = 0; i < tap->n_addresses; i++)
		ret_lack->addresses[i] = adoption.addresses[i] != ADOPT_THERE;
	for (guint i = 0; i < tap->n_routes; i++)
		ret_lack->routes[i] = adoption.routes[i] != ADOPT_THERE;
	return TRUE;
}
