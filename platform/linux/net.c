/* SPDX-License-Identifier: MIT */
/*
 * net on Linux, the launcher's side: looks by itself, and lets the helper do what needs a
 * privilege. A lease is nothing but the descriptors of non-persistent taps.
 */
#include "platform/net.h"

#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <sysexits.h>
#include <unistd.h>

#include <linux/close_range.h>

#include "platform/linux/helper-process.h"
#include "platform/linux/net-error.h"
#include "platform/linux/observe.h"
#include "platform/linux/tap.h"

G_STATIC_ASSERT(NET_TAPS_MAX == REQUEST_TAPS);
G_STATIC_ASSERT(NET_ADDRESSES_MAX == REQUEST_ADDRESSES);

struct NetLease {
	int fds[NET_TAPS_MAX];
	guint n_fds;
};

const char *net_ifname_problem(const char *ifname)
{
	return request_ifname_problem(ifname);
}

/* ---- lease ---- */

void net_lease_free(NetLease *lease)
{
	if (!lease)
		return;
	for (guint i = 0; i < lease->n_fds; i++)
		if (lease->fds[i] >= 0)
			close(lease->fds[i]);
	g_free(lease);
}

int net_lease_fd(const NetLease *lease, guint i)
{
	g_return_val_if_fail(i < lease->n_fds, -1);
	return lease->fds[i];
}

static gboolean keep_on_exec(const int *fds, guint n_fds, GError **error)
{
	for (guint i = 0; i < n_fds; i++)
		if (fcntl(fds[i], F_SETFD, 0) < 0)
			return net_error_from_errno(EX_OSERR, "fcntl", error);
	return TRUE;
}

gboolean net_lease_hand_over(
	const NetLease *lease, const int *others, guint n_others, GError **error)
{
	/* Before Linux 5.11 what the caller left open stays so, as with raw QEMU. */
	(void)syscall(SYS_close_range, 3, ~0u, CLOSE_RANGE_CLOEXEC);
	return keep_on_exec(lease->fds, lease->n_fds, error) &&
	       keep_on_exec(others, n_others, error);
}

/* ---- acquire ---- */

static void fill_request(Request *request, guint32 mode, const NetTap *taps, const gboolean *ready,
	guint n_taps, const char *label)
{
	memset(request, 0, sizeof(*request));
	request->version = REQUEST_VERSION;
	request->mode = mode;
	g_strlcpy(request->label, label, sizeof(request->label));
	g_strcanon(request->label,
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.", '_');
	for (guint i = 0; i < n_taps; i++) {
		RequestTap *tap = &request->taps[request->n_taps];

		if (ready[i])
			continue;
		g_strlcpy(tap->ifname, taps[i].ifname, sizeof(tap->ifname));
		tap->n_addresses = taps[i].n_addresses;
		memcpy(tap->addresses, taps[i].addresses, taps[i].n_addresses * sizeof(NetAddress));
		request->n_taps++;
	}
}

/* The index among all taps of the @n th that is not ready. */
static int nth_missing(const gboolean *ready, guint n_taps, int n)
{
	for (guint i = 0; i < n_taps; i++)
		if (!ready[i] && n-- == 0)
			return i;
	return -1;
}

static gboolean raise_reply(const Reply *reply, const NetTap *taps, const gboolean *ready,
	guint n_taps, NetSubject *ret_subject, GError **error)
{
	ret_subject->tap = nth_missing(ready, n_taps, reply->fault.tap);
	ret_subject->address = reply->fault.address;
	if (reply->fault.status == EX_TEMPFAIL && ret_subject->tap >= 0) {
		g_autoptr(Netif) netif = observe_open(error);

		return netif && observe_refuse_busy(netif, taps[ret_subject->tap].ifname, error);
	}
	g_set_error(error, NET_ERROR, reply->fault.status, "%.*s", (int)sizeof(reply->fault.text),
		reply->fault.text);
	return FALSE;
}

/* About those that are not @ready; nothing is asked when there are none. */
static gboolean ask_helper(guint32 mode, const NetTap *taps, const gboolean *ready, guint n_taps,
	const char *label, NetHelper **helper, int *ret_fds, NetSubject *ret_subject,
	GError **error)
{
	Request request;
	Reply reply;

	fill_request(&request, mode, taps, ready, n_taps, label);
	if (request.n_taps == 0)
		return TRUE;
	if (!*helper)
		*helper = net_helper_start(error);
	if (!*helper ||
		!helper_process_ask(g_steal_pointer(helper), &request, ret_fds, &reply, error))
		return FALSE;
	return reply.fault.status == 0 ||
	       raise_reply(&reply, taps, ready, n_taps, ret_subject, error);
}

static gboolean make_missing(NetLease *lease, const NetTap *taps, const gboolean *ready,
	const char *label, NetHelper **helper, NetSubject *ret_subject, GError **error)
{
	int fds[REQUEST_TAPS], *fd = fds;

	if (!ask_helper(REQUEST_MAKE, taps, ready, lease->n_fds, label, helper, fds, ret_subject,
		    error))
		return FALSE;
	for (guint i = 0; i < lease->n_fds; i++)
		if (!ready[i])
			lease->fds[i] = *fd++;
	return TRUE;
}

gboolean net_judge(const NetTap *taps, const gboolean *ready, guint n_taps, const char *label,
	NetHelper **helper, NetSubject *ret_subject, GError **error)
{
	int fds[REQUEST_TAPS];
	Fault fault;

	ret_subject->tap = ret_subject->address = -1;
	for (guint i = 0; i < n_taps; i++) {
		if (!ready[i] || tap_is_possible(&fault))
			continue;
		ret_subject->tap = i;
		return net_error_from_fault(&fault, error);
	}
	return ask_helper(
		REQUEST_JUDGE, taps, ready, n_taps, label, helper, fds, ret_subject, error);
}

/* Looks again at what is attached: it could have changed since net_observe. */
static gboolean attach(const NetTap *tap, int *ret_fd, GError **error)
{
	g_autoptr(Netif) netif = observe_open(error);
	NetifLink link;
	gboolean ready;
	Fault fault;

	if (!netif || !observe_tap(netif, tap, &ready, &link, error))
		return FALSE;
	if (!ready) { /* to attach by this name now would make a new tap */
		g_set_error(error, NET_ERROR, EX_TEMPFAIL, "%s was there until just now; try again",
			tap->ifname);
		return FALSE;
	}
	*ret_fd = tap_attach(tap->ifname, link.tun.vnet_hdr, &fault);
	if (*ret_fd < 0)
		return fault.status == EX_TEMPFAIL ? observe_refuse_busy(netif, tap->ifname, error)
						   : net_error_from_fault(&fault, error);
	return TRUE;
}

NetLease *net_acquire(const NetTap *taps, const gboolean *ready, guint n_taps, const char *label,
	NetHelper **helper, NetSubject *ret_subject, GError **error)
{
	g_autoptr(NetLease) lease = g_new0(NetLease, 1);

	g_return_val_if_fail(n_taps <= NET_TAPS_MAX, NULL);
	ret_subject->tap = ret_subject->address = -1;
	for (guint i = 0; i < n_taps; i++)
		lease->fds[i] = -1;
	lease->n_fds = n_taps;
	for (guint i = 0; i < n_taps; i++) {
		if (!ready[i] || attach(&taps[i], &lease->fds[i], error))
			continue;
		ret_subject->tap = i;
		return NULL;
	}
	if (!make_missing(lease, taps, ready, label, helper, ret_subject, error))
		return NULL;
	g_clear_pointer(helper, net_helper_free);
	return g_steal_pointer(&lease);
}
