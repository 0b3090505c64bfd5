/* SPDX-License-Identifier: MIT */
#include "platform/linux/helper/taps.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "platform/linux/tap.h"
#include "platform/tap-terms.h"

/* ---- bridges ---- */

bool taps_spare_mtu(
	const NetifLink *bridge, const RequestTap *tap, const Caller *caller, Fault *fault)
{
	if (!tap->mtu || tap->mtu >= bridge->mtu || !caller->needs_policy)
		return true;
	fault_set(fault, EX_NOPERM,
		"%s would take over the MTU: it has %u, and only root may lower that",
		bridge->ifname, bridge->mtu);
	fault->key = NET_KEY_MTU;
	return false;
}

static bool find_bridge(
	Netif *netif, const RequestTap *tap, const Caller *caller, int *ret_ifindex, Fault *fault)
{
	const char *ifname = tap->bridge;
	NetifLink link;
	bool found;

	if (!netif_find(netif, ifname, &found, &link, fault))
		return false;
	if (!found)
		fault_set(fault, EX_UNAVAILABLE,
			"there is no bridge %s; it is made with: ip link add %s up type bridge",
			ifname, ifname);
	else if (strcmp(link.kind, "bridge") != 0)
		fault_set(fault, EX_UNAVAILABLE, "%s is a %s, not a bridge", ifname,
			*link.kind ? link.kind : "network card");
	else {
		*ret_ifindex = link.index;
		return taps_spare_mtu(&link, tap, caller, fault);
	}
	fault->key = NET_KEY_BR;
	return false;
}

bool taps_find_bridges(Netif *netif, const Request *request, const Caller *caller,
	int *ret_ifindexes, Fault *fault)
{
	for (unsigned int i = 0; i < request->n_taps; i++) {
		const RequestTap *tap = &request->taps[i];

		ret_ifindexes[i] = 0;
		if (!*tap->bridge || find_bridge(netif, tap, caller, &ret_ifindexes[i], fault))
			continue;
		fault->tap = i;
		return false;
	}
	return true;
}

/* ---- settings ---- */

static bool write_setting(const char *ifname, const char *key, const char *value, Fault *fault)
{
	char path[128];
	int fd;
	bool done;

	snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/%s", ifname, key);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	done = fd >= 0 && write(fd, value, strlen(value)) == (ssize_t)strlen(value);
	if (!done)
		fault_set(fault, EX_OSERR, "%s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return done;
}

static bool wants_ipv6(const RequestTap *tap)
{
	for (unsigned int i = 0; i < tap->n_addresses; i++)
		if (tap->addresses[i].family == 6)
			return true;
	return false;
}

/*
 * A guest's router advertisement must not become the host's default route, so this is set before
 * the link goes up. A kernel without IPv6 needs none of it; a missing /proc is a failure.
 */
static bool harden_ipv6(const RequestTap *tap, Fault *fault)
{
	bool kernel_lacks_ipv6 = access("/proc/sys/net/ipv6", F_OK) < 0 && errno == ENOENT &&
				 access("/proc/sys/net", F_OK) == 0;

	if (kernel_lacks_ipv6)
		return !wants_ipv6(tap) ||
		       fault_set(fault, EX_UNAVAILABLE, "this kernel has no IPv6");
	if (!wants_ipv6(tap))
		return write_setting(tap->ifname, "disable_ipv6", "1", fault);
	return write_setting(tap->ifname, "accept_ra", "0", fault) &&
	       write_setting(tap->ifname, "accept_redirects", "0", fault) &&
	       write_setting(tap->ifname, "autoconf", "0", fault);
}

/* ---- taps ---- */

/* The tap just made, found again by its name and checked to be it. */
static bool find_own(
	Netif *netif, const RequestTap *tap, uid_t owner, NetifLink *ret_link, Fault *fault)
{
	const char *ifname = tap->ifname;
	bool found;

	if (!netif_find(netif, ifname, &found, ret_link, fault))
		return false;
	if (!found || !ret_link->tun.is_tap || !ret_link->tun.has_owner ||
		ret_link->tun.owner != owner || ret_link->tun.persistent ||
		ret_link->tun.n_queues != (tap->queues > 1 ? tap->queues : 0) ||
		strcmp(ret_link->ifname, ifname) != 0)
		return fault_set(
			fault, EX_SOFTWARE, "%s is not the tap that was just made", ifname);
	return true;
}

/* Settings go by name, all else by index: the two must still mean one link. */
static bool has_its_name(const NetifLink *link, Fault *fault)
{
	char now[REQUEST_IFNAME];

	return strcmp(netif_name(link->index, now), link->ifname) == 0 ||
	       fault_set(fault, EX_UNAVAILABLE, "%s was renamed to %s when it was just made",
		       link->ifname, now);
}

/* Without an MTU of its own a port has that of its bridge, if that is more. */
static bool find_mtu(Netif *netif, const RequestTap *tap, const NetifLink *link, int master,
	uint32_t *ret_mtu, Fault *fault)
{
	NetifLink bridge;
	bool found;

	*ret_mtu = tap->mtu;
	if (tap->mtu || !master)
		return true;
	if (!netif_find_index(netif, master, &found, &bridge, fault))
		return false;
	if (found && bridge.mtu > link->mtu)
		*ret_mtu = bridge.mtu;
	return true;
}

static void fill_setup(NetifSetup *setup, const RequestTap *tap, const NetifLink *link)
{
	setup->ifindex = link->index;
	setup->group = NET_LINK_GROUP;
	setup->addresses = tap->addresses;
	setup->n_addresses = tap->n_addresses;
	setup->peers = tap->peers;
	setup->routes = tap->routes;
	setup->n_routes = tap->n_routes;
	memcpy(setup->mac, link->mac, sizeof(setup->mac));
	setup->mac[0] = 0xfe; /* locally administered, and higher than any other of a bridge */
}

/* Makes one, and hardens it. @ret_fds are set even when it fails later on. */
static bool make(Netif *netif, const RequestTap *tap, int master, const Caller *caller,
	Queues ret_fds, NetifSetup *ret_setup, Fault *fault)
{
	NetifLink link;

	if (!tap_create(tap->ifname, caller->uid, ret_fds, tap->queues, fault) ||
		!find_own(netif, tap, caller->uid, &link, fault) || !harden_ipv6(tap, fault) ||
		!has_its_name(&link, fault) ||
		!find_mtu(netif, tap, &link, master, &ret_setup->mtu, fault))
		return false;
	ret_setup->master = master;
	fill_setup(ret_setup, tap, &link);
	return true;
}

bool taps_make(Netif *netif, const Request *request, const int *bridges, const Caller *caller,
	Queues *fds, Fault *fault)
{
	NetifSetup setups[REQUEST_TAPS];
	unsigned int n = 0, index[REQUEST_TAPS];
	char alias[128];

	snprintf(alias, sizeof(alias), "qemu-tapwrap:%s pid=%d uid=%u", request->label,
		(int)caller->pid, (unsigned int)caller->uid);
	for (unsigned int i = 0; i < request->n_taps; i++) {
		if (request->taps[i].op != REQUEST_CREATE)
			continue;
		if (!make(netif, &request->taps[i], bridges[i], caller, fds[i], &setups[n],
			    fault)) {
			fault->tap = i;
			return false;
		}
		setups[n].alias = alias;
		index[n++] = i;
	}
	if (n == 0 || netif_set_up(netif, setups, n, fault))
		return true;
	if (fault->tap >= 0)
		fault->tap = index[fault->tap];
	return false;
}

bool taps_persist(const Request *request, const Queues *fds, Fault *fault)
{
	for (unsigned int i = 0; i < request->n_taps; i++) {
		if (!(request->taps[i].flags & REQUEST_PERSIST) ||
			tap_set_persistent(fds[i][0], true, fault))
			continue;
		fault->tap = i;
		while (i-- > 0)
			if (request->taps[i].flags & REQUEST_PERSIST)
				tap_set_persistent(fds[i][0], false, &(Fault){ 0 });
		return false;
	}
	return true;
}
