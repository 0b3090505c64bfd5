/* SPDX-License-Identifier: MIT */
#include "platform/linux/helper/serve.h"

#include <string.h>
#include <unistd.h>

#include "platform/linux/helper/clash.h"
#include "platform/linux/helper/complete.h"
#include "platform/linux/helper/dhcp.h"
#include "platform/linux/helper/firewall.h"
#include "platform/linux/helper/keeper.h"
#include "platform/linux/helper/macvtaps.h"
#include "platform/linux/helper/nat.h"
#include "platform/linux/helper/policy-file.h"
#include "platform/linux/helper/policy.h"
#include "platform/linux/helper/privilege.h"
#include "platform/linux/helper/quota.h"
#include "platform/linux/helper/seccomp.h"
#include "platform/linux/helper/taps.h"
#include "platform/linux/nat-rules.h"
#include "platform/linux/netif.h"
#include "platform/linux/request.h"
#include "platform/linux/tap.h"

/* Not for users: a policy bounds which subnets they can have, not what else is there. */
static bool is_forced(const Request *request, const Caller *caller)
{
	return request->force && !caller->needs_policy;
}

/* *ret_max: how many taps the user may have. Root needs no policy: it could make them without us.
 */
static bool is_in_policy(
	const Request *request, const Caller *caller, unsigned int *ret_max, Fault *fault)
{
	char *text;
	size_t size;

	*ret_max = POLICY_NO_LIMIT;
	if (!caller->needs_policy)
		return true;
	if (!policy_file_read(&text, &size, fault))
		return false;
	return text ? policy_allows(text, size, request, ret_max, fault)
		    : policy_is_absent(request, fault);
}

static bool is_allowed(const Request *request, const Caller *caller, Netif *netif,
	unsigned int *ret_max, Fault *fault)
{
	return request_is_sane(request, fault) && is_in_policy(request, caller, ret_max, fault) &&
	       quota_allows(netif, request, caller->uid, *ret_max, fault) &&
	       (is_forced(request, caller) || clash_is_absent(request, netif, fault));
}

/* What is made, and goes with its last descriptor. */
typedef struct {
	Queues queues[REQUEST_TAPS];
	int holdings[REPLY_HOLDINGS];
	unsigned int n_macvtaps; /* of the holdings: their leashes */
	unsigned int max;	 /* how many the user may have in all */
} Product;

/* What QEMU is to hold beside the taps. */
static bool make_holdings(const Request *request, int *ret_fds, Reply *reply)
{
	if (!nat_is_wanted(request))
		return true;
	ret_fds[reply->n_holdings] = nat_create(request, &reply->fault);
	return ret_fds[reply->n_holdings++] >= 0;
}

static bool warn(const Request *request, Reply *reply)
{
	return !nat_is_wanted(request) ||
	       firewall_warn(request, reply->warning, sizeof(reply->warning), &reply->fault);
}

/* The first of the holdings. */
static bool make_macvtaps(
	Netif *netif, const Request *request, const Caller *caller, Product *product, Reply *reply)
{
	bool made = macvtaps_make(netif, request, caller, product->queues, product->holdings,
		&product->n_macvtaps, &reply->fault);

	reply->n_holdings = product->n_macvtaps;
	return made;
}

/* Waits until they are gone; all else goes with its descriptor. */
static void end_macvtaps(Product *product)
{
	while (product->n_macvtaps > 0)
		keeper_end(product->holdings[--product->n_macvtaps]);
}

static bool wants_taps(const Request *request)
{
	for (unsigned int i = 0; i < request->n_taps; i++)
		if (request->taps[i].op != REQUEST_MACVTAP)
			return true;
	return false;
}

/*
 * Users may ask for one subnet at the same time, and one can stop his helper for as long as he
 * likes between looking and making. Of two who have made theirs at least the later one sees the
 * other's.
 */
static bool is_still_free(const Request *request, const Caller *caller, Netif *netif, Fault *fault)
{
	return !caller->needs_policy || clash_is_still_absent(request, netif, fault);
}

/* The keeper comes last but for this, and for a tap's way to stay. */
static bool make(Netif *netif, const Request *request, const int *bridges, const Caller *caller,
	Product *product, Reply *reply)
{
	Queues *fds = product->queues;
	Fault *fault = &reply->fault;
	int leash;

	memset(product->queues, -1, sizeof(product->queues));
	/* A user attaches without the privilege: then the kernel judges it, too. */
	if ((getuid() == 0 && !privilege_raise(fault)) ||
		!complete_attach(netif, request, caller, fds, fault) || !privilege_raise(fault) ||
		!warn(request, reply) || !taps_make(netif, request, bridges, caller, fds, fault) ||
		!make_macvtaps(netif, request, caller, product, reply) ||
		!quota_holds(netif, request, caller->uid, product->max, fault) ||
		!make_holdings(request, product->holdings, reply) ||
		!complete_start(netif, request, caller, fds, &leash, fault))
		return false;
	if (!is_still_free(request, caller, netif, fault) || !taps_persist(request, fds, fault)) {
		keeper_end(leash);
		return false;
	}
	if (leash >= 0)
		product->holdings[reply->n_holdings++] = leash;
	return true;
}

static bool do_what_is_asked(
	const Request *request, const Caller *caller, Product *product, Reply *reply)
{
	Fault *fault = &reply->fault;
	Netif *netif = netif_open(fault);
	int bridges[REQUEST_TAPS];
	bool served = netif && is_allowed(request, caller, netif, &product->max, fault) &&
		      seccomp_confine(seccomp_work_of(request), fault) &&
		      taps_find_bridges(netif, request, caller, bridges, fault) &&
		      nat_is_possible(request, fault) && dhcp_is_possible(request, fault);

	if (served && request->mode == REQUEST_JUDGE)
		served = complete_is_possible(netif, request, caller, fault) &&
			 macvtaps_are_possible(netif, request, caller, fault) &&
			 privilege_raise(fault) && warn(request, reply) &&
			 (!wants_taps(request) || tap_is_possible(fault));
	else if (served)
		served = make(netif, request, bridges, caller, product, reply) ||
			 (end_macvtaps(product), false);
	privilege_drop();
	netif_close(netif);
	return served;
}

/* In the order that request.h tells of; returns how many. */
static size_t list_fds(const Request *request, const Product *product, const Reply *reply, int *fds)
{
	size_t n = 0;

	if (request->mode != REQUEST_MAKE)
		return 0;
	for (unsigned int i = 0; i < request->n_taps; i++)
		for (unsigned int j = 0; j < request->taps[i].queues; j++)
			fds[n++] = product->queues[i][j];
	for (unsigned int i = 0; i < reply->n_holdings; i++)
		fds[n++] = product->holdings[i];
	return n;
}

size_t serve(const Request *request, const Caller *caller, Reply *reply, int *fds)
{
	Product product = { .n_macvtaps = 0 };

	return do_what_is_asked(request, caller, &product, reply)
		       ? list_fds(request, &product, reply, fds)
		       : 0;
}

void serve_undo(const Request *request, const int *fds, size_t n_fds)
{
	for (unsigned int i = 0; n_fds > 0 && i < request->n_taps; i++) {
		if (request->taps[i].flags & REQUEST_PERSIST)
			tap_set_persistent(*fds, false, &(Fault){ 0 });
		fds += request->taps[i].queues;
	}
}
