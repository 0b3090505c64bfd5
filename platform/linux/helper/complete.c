/* SPDX-License-Identifier: MIT */
#include "platform/linux/helper/complete.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "platform/linux/adopt.h"
#include "platform/linux/helper/dhcp.h"
#include "platform/linux/helper/keeper.h"
#include "platform/linux/tap.h"

/* The keeper of a VM that has just ended has the tap until all is undone: wait for it so long. */
#define WAIT_TRIES 100
#define WAIT_PAUSE_NS 10000000

#define ALIAS_SIZE 256
#define CHANGES_MAX (REQUEST_TAPS * (5 + REQUEST_ADDRESSES + REQUEST_ROUTES + ADOPT_TRACES_MAX))

typedef struct {
	KeeperChange changes[CHANGES_MAX];
	unsigned int n;
	char aliases[REQUEST_TAPS][2][ALIAS_SIZE]; /* now, before */
	const Request *request;
	const Caller *caller;
} Work;

/* ---- is it to be had? ---- */

static bool find(Netif *netif, const RequestTap *tap, NetifLink *ret_link, Fault *fault)
{
	bool found;

	if (!netif_find(netif, tap->ifname, &found, ret_link, fault))
		return false;
	if (!found)
		return fault_set(
			fault, EX_TEMPFAIL, "%s was there until just now; try again", tap->ifname);
	if (!ret_link->tun.is_tap || strcmp(ret_link->ifname, tap->ifname) != 0)
		return fault_set(fault, EX_UNAVAILABLE, "%s is not a tap", tap->ifname);
	if (!ret_link->tun.persistent)
		return fault_set(fault, EX_TEMPFAIL, "%s is in use", tap->ifname);
	return true;
}

/* A port that is given an MTU gives it to its bridge. */
static bool spares_bridge(Netif *netif, const RequestTap *tap, const Caller *caller,
	const NetifLink *link, Fault *fault)
{
	NetifLink bridge;
	bool found;

	return !link->master || (netif_find_index(netif, link->master, &found, &bridge, fault) &&
					(!found || taps_spare_mtu(&bridge, tap, caller, fault)));
}

static bool is_to_be_had(Netif *netif, const RequestTap *tap, const Caller *caller,
	NetifLink *ret_link, Adoption *ret_adoption, Fault *fault)
{
	if (!find(netif, tap, ret_link, fault))
		return false;
	if (!adopt_is_for(ret_link, caller->uid))
		return fault_set(fault, EX_NOPERM, "%s does not belong to you", tap->ifname);
	if (!adopt_compare(netif, ret_link, tap, ret_adoption, fault) ||
		!spares_bridge(netif, tap, caller, ret_link, fault))
		return false;
	if (*ret_adoption->differences)
		return fault_set(fault, EX_UNAVAILABLE,
			"%s exists and differs from the profile: %s", tap->ifname,
			ret_adoption->differences + strlen(", "));
	return true;
}

bool complete_is_possible(Netif *netif, const Request *request, const Caller *caller, Fault *fault)
{
	Adoption adoption;
	NetifLink link;

	for (unsigned int i = 0; i < request->n_taps; i++) {
		if (request->taps[i].op != REQUEST_COMPLETE ||
			is_to_be_had(netif, &request->taps[i], caller, &link, &adoption, fault))
			continue;
		fault->tap = i;
		return false;
	}
	return true;
}

/* ---- attach ---- */

/* Is the number of queues that are attached to @tap @wanted? One that is not multi-queue has none.
 */
static bool has_queues(
	Netif *netif, const RequestTap *tap, unsigned int wanted, NetifLink *link, Fault *fault)
{
	return find(netif, tap, link, fault) &&
	       (tap->queues == 1 || link->tun.n_queues == wanted ||
		       fault_set(fault, EX_TEMPFAIL, "%s is in use", tap->ifname));
}

/* The kernel itself refuses only a tap that is not multi-queue and in use. */
static bool attach(Netif *netif, const RequestTap *tap, Queues ret_fds, Fault *fault)
{
	NetifLink link;

	if (!has_queues(netif, tap, 0, &link, fault) ||
		!tap_attach(tap->ifname, link.tun.vnet_hdr, ret_fds, tap->queues, fault))
		return false;
	if (has_queues(netif, tap, tap->queues, &link, fault))
		return true;
	tap_close(ret_fds, tap->queues);
	return false;
}

static bool attach_patiently(
	Netif *netif, const RequestTap *tap, Queues ret_fds, int *tries, Fault *fault)
{
	static const struct timespec pause = { .tv_nsec = WAIT_PAUSE_NS };
	Fault outcome;

	while (!attach(netif, tap, ret_fds, &outcome)) {
		if (outcome.status != EX_TEMPFAIL || (*tries)-- <= 0) {
			*fault = outcome;
			return false;
		}
		nanosleep(&pause, NULL);
	}
	return true;
}

bool complete_attach(
	Netif *netif, const Request *request, const Caller *caller, Queues *fds, Fault *fault)
{
	int tries = WAIT_TRIES;
	Adoption adoption;
	NetifLink link;

	for (unsigned int i = 0; i < request->n_taps; i++) {
		const RequestTap *tap = &request->taps[i];

		if (tap->op != REQUEST_COMPLETE ||
			(is_to_be_had(netif, tap, caller, &link, &adoption, fault) &&
				attach_patiently(netif, tap, fds[i], &tries, fault)))
			continue;
		fault->tap = i;
		return false;
	}
	return true;
}

/* ---- what is to be done ---- */

static KeeperChange *add_change(
	Work *work, unsigned int tap, KeeperKind kind, const NetifLink *link)
{
	KeeperChange *change = &work->changes[work->n++];

	memset(change, 0, sizeof(*change));
	change->kind = kind;
	change->ifindex = link->index;
	change->tap = tap;
	change->key = NET_KEY_IFNAME;
	return change;
}

/* -1 when the kernel has no IPv6 for it. */
static int read_accept_ra(const char *ifname)
{
	char path[128];
	FILE *file;
	int value = -1;

	snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/accept_ra", ifname);
	file = fopen(path, "re");
	if (!file)
		return -1;
	if (fscanf(file, "%d", &value) != 1)
		value = -1;
	fclose(file);
	return value;
}

static uint32_t wanted_mtu(const RequestTap *tap, const Adoption *adoption)
{
	return tap->mtu ? tap->mtu : adoption->was_mtu;
}

/* First, so that a trace is there before what it tells of; and so it is taken back last. */
static void add_alias(
	Work *work, unsigned int i, const NetifLink *link, const Adoption *adoption, int accept_ra)
{
	char *now = work->aliases[i][0], *before = work->aliases[i][1];
	KeeperChange *change;
	int used;

	if (!adoption->alias_is_free)
		return;
	used = snprintf(now, ALIAS_SIZE, "qemu-tapwrap:%s pid=%d uid=%u", work->request->label,
		(int)work->caller->pid, (unsigned int)work->caller->uid);
	/* One that we have made goes on being its user's, whoever has become its owner. */
	strcpy(before, !adoption->alias_is_trace       ? link->alias
		       : link->group == NET_LINK_GROUP ? now
						       : "");
	used += snprintf(
		now + used, ALIAS_SIZE - used, " adopted%s", adoption->was_up ? "" : " up");
	if (wanted_mtu(&work->request->taps[i], adoption) != adoption->was_mtu)
		used += snprintf(now + used, ALIAS_SIZE - used, " mtu=%u", adoption->was_mtu);
	if (accept_ra > 0)
		snprintf(now + used, ALIAS_SIZE - used, " ra=%d", accept_ra);
	change = add_change(work, i, KEEPER_ALIAS, link);
	change->make = change->undo = true;
	change->alias.now = now;
	change->alias.before = before;
}

static void add_removals(
	Work *work, unsigned int i, const NetifLink *link, const Adoption *adoption)
{
	for (unsigned int j = 0; j < adoption->n_unwanted; j++) {
		const NetifPrefix *trace = &adoption->unwanted[j];
		KeeperChange *change = add_change(
			work, i, trace->table ? KEEPER_ROUTE : KEEPER_ADDRESS, link);

		change->make = change->make_removes = true;
		if (trace->table) {
			change->route.route.to = trace->prefix;
			change->route.route.via = trace->other;
		} else {
			change->address.address = trace->prefix;
			change->address.peer = trace->other;
		}
	}
}

static void add_mtu(Work *work, unsigned int i, const NetifLink *link, const Adoption *adoption)
{
	uint32_t mtu = wanted_mtu(&work->request->taps[i], adoption);
	KeeperChange *change;

	if (mtu == link->mtu && mtu == adoption->was_mtu)
		return;
	change = add_change(work, i, KEEPER_MTU, link);
	change->key = NET_KEY_MTU;
	change->make = mtu != link->mtu;
	change->undo = mtu != adoption->was_mtu;
	change->number.now = mtu;
	change->number.before = adoption->was_mtu;
}

/* A guest's router advertisement must not become the host's default route: before it is up. */
static void add_up(
	Work *work, unsigned int i, const NetifLink *link, const Adoption *adoption, int accept_ra)
{
	KeeperChange *change;

	if (accept_ra > 0) {
		change = add_change(work, i, KEEPER_ACCEPT_RA, link);
		change->make = change->undo = true;
		change->number.now = 0;
		change->number.before = accept_ra;
	}
	if (adoption->was_up)
		return;
	change = add_change(work, i, KEEPER_UP, link);
	change->make = !link->up;
	change->undo = true;
}

static void add_addresses(
	Work *work, unsigned int i, const NetifLink *link, const Adoption *adoption)
{
	const RequestTap *tap = &work->request->taps[i];

	for (unsigned int j = 0; j < tap->n_addresses; j++) {
		KeeperChange *change;

		if (adoption->addresses[j] == ADOPT_THERE)
			continue;
		change = add_change(work, i, KEEPER_ADDRESS, link);
		change->key = NET_KEY_ADDRESS;
		change->make = adoption->addresses[j] == ADOPT_MISSING;
		change->undo = true;
		change->address.address = tap->addresses[j];
		change->address.peer = *request_peer(tap, &tap->addresses[j]);
	}
}

static void add_routes(Work *work, unsigned int i, const NetifLink *link, const Adoption *adoption)
{
	const RequestTap *tap = &work->request->taps[i];

	for (unsigned int j = 0; j < tap->n_routes; j++) {
		KeeperChange *change;

		if (adoption->routes[j] == ADOPT_THERE)
			continue;
		change = add_change(work, i, KEEPER_ROUTE, link);
		change->key = NET_KEY_ROUTE;
		change->make = adoption->routes[j] == ADOPT_MISSING;
		change->undo = true;
		change->route.route = tap->routes[j];
		/* An IPv6 peer's own route comes a moment after its address. */
		change->route.onlink = tap->routes[j].via.family == 6 &&
				       net_address_same_host(&tap->routes[j].via, &tap->peers[1]);
	}
}

static void add_tap(Work *work, unsigned int i, const NetifLink *link, const Adoption *adoption)
{
	int accept_ra = adoption->was_accept_ra;

	if (accept_ra < 0 && !adoption->was_up)
		accept_ra = read_accept_ra(link->ifname);
	/* Below 1280 bytes the link has no IPv6, and then it gets it afresh. */
	if (accept_ra < 0 && !adoption->was_up)
		accept_ra = read_accept_ra("default");
	add_alias(work, i, link, adoption, accept_ra);
	add_removals(work, i, link, adoption);
	add_mtu(work, i, link, adoption);
	add_up(work, i, link, adoption, accept_ra);
	add_addresses(work, i, link, adoption);
	add_routes(work, i, link, adoption);
}

/* Without /proc a link would go up unprotected. */
static bool can_protect(const Adoption *adoption, Fault *fault)
{
	return adoption->was_up || access("/proc/sys/net", F_OK) == 0 ||
	       fault_set(fault, EX_OSERR, "/proc/sys/net: %s", strerror(errno));
}

/* To new taps as well. They end with the VM, so the keeper does not hold them. */
static void add_servers(Work *work)
{
	for (unsigned int i = 0; i < work->request->n_taps; i++) {
		const RequestTap *tap = &work->request->taps[i];
		KeeperChange *change;

		if (!(tap->flags & REQUEST_DHCP))
			continue;
		change = add_change(work, i, KEEPER_DHCP, &(NetifLink){ 0 });
		change->key = NET_KEY_DHCP;
		change->make = change->undo = true;
		change->dhcp = (DhcpServer){ tap, work->caller->uid, 0, -1, -1 };
	}
}

bool complete_start(Netif *netif, const Request *request, const Caller *caller, const Queues *fds,
	int *ret_leash, Fault *fault)
{
	static Work work;
	unsigned int n_taps = 0;
	int taps[REQUEST_TAPS];
	Adoption adoption;
	NetifLink link;

	*ret_leash = -1;
	work.request = request;
	work.caller = caller;
	for (unsigned int i = 0; i < request->n_taps; i++) {
		if (request->taps[i].op != REQUEST_COMPLETE)
			continue;
		/* Once more: only now nobody else's keeper can be at work. */
		if (!is_to_be_had(netif, &request->taps[i], caller, &link, &adoption, fault) ||
			!can_protect(&adoption, fault)) {
			fault->tap = i;
			return false;
		}
		if (adopt_is_complete(&adoption))
			continue;
		add_tap(&work, i, &link, &adoption);
		taps[n_taps++] = fds[i][0];
	}
	add_servers(&work);
	if (work.n == 0)
		return true;
	*ret_leash = keeper_start(work.changes, work.n, taps, n_taps, fault);
	return *ret_leash >= 0;
}
