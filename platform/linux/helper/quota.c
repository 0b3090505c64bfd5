/* SPDX-License-Identifier: MIT */
#include "platform/linux/helper/quota.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#include "platform/linux/helper/policy.h"
#include "platform/linux/macvtap.h"
#include "platform/tap-terms.h"

/* How long to wait for those who have to give way. */
#define WAIT_TRIES 50
#define WAIT_PAUSE_NS 10000000

/* The alias is the helper's or an administrator's word, and so is the group. */
static bool is_owned(const NetifLink *link, uid_t user)
{
	unsigned int named;

	if (link->group == NET_LINK_GROUP &&
		sscanf(link->alias, "qemu-tapwrap:%*s pid=%*d uid=%u", &named) == 1)
		return named == user;
	return link->tun.has_owner && link->tun.owner == user;
}

typedef struct {
	const Request *request;
	uid_t user;
	int last; /* ifindex of the request's link that was made last */
	unsigned int owned;
	unsigned int before; /* of those: with an ifindex up to @last */
	unsigned int stale;  /* of those: macvtaps that the request's own take the place of */
} Count;

static bool is_new_tap(const Request *request, const NetifLink *link)
{
	for (unsigned int i = 0; i < request->n_taps; i++)
		if (request->taps[i].op != REQUEST_COMPLETE &&
			strcmp(request->taps[i].ifname, link->ifname) == 0)
			return true;
	return false;
}

static bool count(const NetifLink *link, void *data)
{
	Count *so_far = data;

	if (!link)
		so_far->owned = so_far->before = so_far->stale = 0;
	if (!link || !is_owned(link, so_far->user))
		return true;
	so_far->owned++;
	so_far->before += link->index <= so_far->last;
	so_far->stale += is_new_tap(so_far->request, link) && macvtap_is_ours(link);
	return true;
}

static bool find_last(const NetifLink *link, void *data)
{
	Count *so_far = data;

	if (!link)
		so_far->last = 0;
	else if (is_new_tap(so_far->request, link) && link->index > so_far->last)
		so_far->last = link->index;
	return true;
}

static bool refuse(Fault *fault)
{
	return fault_about(fault, 0, NET_KEY_IFNAME, EX_NOPERM,
		"the policy in " POLICY_FILE " allows no further tap (max=)");
}

bool quota_allows(Netif *netif, const Request *request, uid_t user, unsigned int max, Fault *fault)
{
	Count so_far = { .request = request, .user = user };
	unsigned int new = request_count_new(request);

	if (max == POLICY_NO_LIMIT || new == 0)
		return true;
	return netif_each_link(netif, count, &so_far, fault) &&
	       (so_far.owned - so_far.stale + new <= max || refuse(fault));
}

bool quota_holds(Netif *netif, const Request *request, uid_t user, unsigned int max, Fault *fault)
{
	static const struct timespec pause = { .tv_nsec = WAIT_PAUSE_NS };

	if (max == POLICY_NO_LIMIT || request_count_new(request) == 0)
		return true;
	for (int tries = WAIT_TRIES;; tries--) {
		Count so_far = { .request = request, .user = user };

		if (!netif_each_link(netif, find_last, &so_far, fault) ||
			!netif_each_link(netif, count, &so_far, fault))
			return false;
		if (so_far.owned <= max)
			return true;
		if (so_far.before > max || tries == 0)
			return refuse(fault);
		nanosleep(&pause, NULL);
	}
}
