/* SPDX-License-Identifier: MIT */
/*
 * net on Linux, the launcher's side: looks by itself, and lets the helper do what needs a
 * privilege. A lease is nothing but the descriptors of non-persistent taps.
 */
#include "platform/net.h"

#include <fcntl.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sysexits.h>
#include <unistd.h>

#include <linux/capability.h>
#include <linux/close_range.h>

#include "platform/linux/dnsmasq.h"
#include "platform/linux/helper-file.h"
#include "platform/linux/helper-process.h"
#include "platform/linux/nat-rules.h"
#include "platform/linux/net-error.h"
#include "platform/linux/observe.h"
#include "platform/linux/tap.h"
#include "platform/linux/vhost.h"

G_STATIC_ASSERT(NET_TAPS_MAX == REQUEST_TAPS);
G_STATIC_ASSERT(NET_ADDRESSES_MAX == REQUEST_ADDRESSES);
G_STATIC_ASSERT(NET_ROUTES_MAX == REQUEST_ROUTES);
G_STATIC_ASSERT(NET_QUEUES_MAX == REQUEST_QUEUES);

typedef struct {
	int fds[NET_QUEUES_MAX];
	int vhosts[NET_QUEUES_MAX];
	guint n_queues, n_vhosts;
} TapLease;

struct NetLease {
	TapLease taps[NET_TAPS_MAX];
	guint n_taps;
	int holdings[REPLY_HOLDINGS]; /* of no use to QEMU, but to be held by it */
	guint n_holdings;
};

const char *net_ifname_problem(const char *ifname)
{
	return request_ifname_problem(ifname);
}

const char *net_link_problem(const char *ifname)
{
	return request_link_problem(ifname);
}

/* ---- DHCP ---- */

char **net_dhcp_options(const NetTap *tap)
{
	DnsmasqArgv options;
	RequestTap request;

	observe_fill_request(&request, tap);
	dnsmasq_begin(&options);
	dnsmasq_add_options(&options, &request);
	return g_strdupv(options.words);
}

/* ---- lease ---- */

void net_lease_free(NetLease *lease)
{
	if (!lease)
		return;
	for (guint i = 0; i < lease->n_taps; i++) {
		tap_close(lease->taps[i].fds, lease->taps[i].n_queues);
		tap_close(lease->taps[i].vhosts, lease->taps[i].n_vhosts);
	}
	for (guint i = 0; i < lease->n_holdings; i++)
		close(lease->holdings[i]);
	g_free(lease);
}

const int *net_lease_fds(const NetLease *lease, guint i)
{
	g_return_val_if_fail(i < lease->n_taps, NULL);
	return lease->taps[i].fds;
}

const int *net_lease_vhost_fds(const NetLease *lease, guint i)
{
	g_return_val_if_fail(i < lease->n_taps, NULL);
	return lease->taps[i].n_vhosts > 0 ? lease->taps[i].vhosts : NULL;
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
	/* QEMU is to have no capability, not even one that we were born with. */
	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	/* Before Linux 5.11 what the caller left open stays so, as with raw QEMU. */
	(void)syscall(SYS_close_range, 3, ~0u, CLOSE_RANGE_CLOEXEC);
	for (guint i = 0; i < lease->n_taps; i++) {
		const TapLease *tap = &lease->taps[i];

		if (!keep_on_exec(tap->fds, tap->n_queues, error) ||
			!keep_on_exec(tap->vhosts, tap->n_vhosts, error))
			return FALSE;
	}
	return keep_on_exec(lease->holdings, lease->n_holdings, error) &&
	       keep_on_exec(others, n_others, error);
}

/* ---- ask the helper ---- */

static void fill_request(Request *request, guint32 mode, const NetWish *wish)
{
	memset(request, 0, sizeof(*request));
	request->version = REQUEST_VERSION;
	request->mode = mode;
	request->force = wish->force;
	g_strlcpy(request->label, wish->label, sizeof(request->label));
	g_strcanon(request->label,
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.", '_');
	for (guint i = 0; i < wish->n_taps; i++)
		if (wish->taps[i].state != NET_TAP_READY)
			observe_fill_request(&request->taps[request->n_taps++], &wish->taps[i]);
}

/* The index among all taps of the @n th that is not ready. */
static int nth_missing(const NetWish *wish, int n)
{
	for (guint i = 0; i < wish->n_taps; i++)
		if (wish->taps[i].state != NET_TAP_READY && n-- == 0)
			return i;
	return -1;
}

static gboolean raise_reply(
	const Reply *reply, const NetWish *wish, NetSubject *ret_subject, GError **error)
{
	ret_subject->tap = nth_missing(wish, reply->fault.tap);
	ret_subject->key = reply->fault.key < NET_KEYS ? reply->fault.key : NET_KEY_IFNAME;
	if (reply->fault.status == EX_TEMPFAIL && ret_subject->tap >= 0 &&
		ret_subject->key == NET_KEY_IFNAME) {
		g_autoptr(Netif) netif = observe_open(error);

		return netif &&
		       observe_refuse_busy(netif, wish->taps[ret_subject->tap].ifname, error);
	}
	g_set_error(error, NET_ERROR, reply->fault.status, "%.*s", (int)sizeof(reply->fault.text),
		reply->fault.text);
	return FALSE;
}

static guint64 needed_capabilities(const Request *request)
{
	guint64 needed = 1 << CAP_NET_ADMIN;

	for (guint i = 0; i < request->n_taps; i++) {
		if (request->taps[i].flags & REQUEST_DHCP)
			needed |= 1 << CAP_NET_BIND_SERVICE;
		if (request->taps[i].flags & REQUEST_DHCP && request->taps[i].guests[1].family)
			needed |= 1 << CAP_NET_RAW;
	}
	return needed;
}

static gboolean calls_for_pkexec(const Request *request)
{
	return request->n_taps > 0 && helper_file_calls_for_pkexec(needed_capabilities(request));
}

gboolean net_asks_for_password(const NetWish *wish)
{
	Request request;

	fill_request(&request, REQUEST_MAKE, wish);
	return calls_for_pkexec(&request);
}

/* Nothing is asked when every tap is ready. */
static gboolean ask_helper(guint32 mode, const NetWish *wish, NetHelper **helper, int *ret_fds,
	guint *ret_n_holdings, char **ret_warning, NetSubject *ret_subject, GError **error)
{
	Request request;
	Reply reply;

	*ret_n_holdings = 0;
	fill_request(&request, mode, wish);
	if (request.n_taps == 0)
		return TRUE;
	if (!*helper)
		*helper = mode == REQUEST_MAKE && calls_for_pkexec(&request)
				  ? helper_process_start_by_pkexec(error)
				  : net_helper_start(error);
	if (!*helper ||
		!helper_process_ask(g_steal_pointer(helper), &request, ret_fds, &reply, error))
		return FALSE;
	if (reply.fault.status != 0)
		return raise_reply(&reply, wish, ret_subject, error);
	*ret_n_holdings = reply.n_holdings;
	if (*reply.warning)
		*ret_warning = g_strndup(reply.warning, sizeof(reply.warning));
	return TRUE;
}

char *net_print_nat(FILE *out, const NetWish *wish)
{
	char name[NAT_TABLE];
	Request request;

	fill_request(&request, REQUEST_MAKE, wish);
	g_return_val_if_fail(nat_is_wanted(&request), NULL);
	nat_print(out, &request);
	return g_strdup_printf("inet %s", nat_table_name(&request, name));
}

/* ---- acquire ---- */

static gboolean make_missing(NetLease *lease, const NetWish *wish, NetHelper **helper,
	char **ret_warning, NetSubject *ret_subject, GError **error)
{
	int fds[REPLY_FDS], *fd = fds;

	if (!ask_helper(REQUEST_MAKE, wish, helper, fds, &lease->n_holdings, ret_warning,
		    ret_subject, error))
		return FALSE;
	for (guint i = 0; i < wish->n_taps; i++)
		if (wish->taps[i].state != NET_TAP_READY)
			for (guint j = 0; j < lease->taps[i].n_queues; j++)
				lease->taps[i].fds[j] = *fd++;
	memcpy(lease->holdings, fd, lease->n_holdings * sizeof(int));
	return TRUE;
}

gboolean net_judge(const NetWish *wish, NetHelper **helper, char **ret_warning,
	NetSubject *ret_subject, GError **error)
{
	int fds[REPLY_FDS];
	guint n_holdings;
	Fault fault;

	*ret_warning = NULL;
	*ret_subject = (NetSubject){ .tap = -1 };
	for (guint i = 0; i < wish->n_taps; i++) {
		if (wish->taps[i].vhost && !vhost_is_possible(&fault)) {
			*ret_subject = (NetSubject){ .tap = i, .key = NET_KEY_VHOST };
			return net_error_from_fault(&fault, error);
		}
		if (wish->taps[i].state != NET_TAP_READY || tap_is_possible(&fault))
			continue;
		ret_subject->tap = i;
		return net_error_from_fault(&fault, error);
	}
	return ask_helper(
		REQUEST_JUDGE, wish, helper, fds, &n_holdings, ret_warning, ret_subject, error);
}

/*
 * To one that is ready. Looks before, since to attach by a name that is gone would make a new tap,
 * and after, since only now nobody else can be changing it.
 */
static gboolean attach(const NetTap *tap, TapLease *lease, NetSubject *ret_subject, GError **error)
{
	g_autoptr(Netif) netif = observe_open(error);
	NetTapState state;
	NetifLink link;
	Fault fault;

	if (!netif || !observe_tap(netif, tap, 0, &state, &link, ret_subject, error))
		return FALSE;
	if (state == NET_TAP_READY) {
		if (!tap_attach(tap->ifname, link.tun.vnet_hdr, lease->fds, tap->n_queues, &fault))
			return fault.status == EX_TEMPFAIL
				       ? observe_refuse_busy(netif, tap->ifname, error)
				       : net_error_from_fault(&fault, error);
		if (!observe_tap(netif, tap, tap->n_queues, &state, &link, ret_subject, error))
			return FALSE;
	}
	if (state != NET_TAP_READY)
		g_set_error(error, NET_ERROR, EX_TEMPFAIL,
			"%s was another until just now; try again", tap->ifname);
	return state == NET_TAP_READY;
}

/* Before anything is made. */
static gboolean open_vhosts(
	NetLease *lease, const NetWish *wish, NetSubject *ret_subject, GError **error)
{
	Fault fault;

	for (guint i = 0; i < wish->n_taps; i++)
		for (guint j = 0; wish->taps[i].vhost && j < wish->taps[i].n_queues; j++) {
			int fd = vhost_open(&fault);

			if (fd < 0) {
				*ret_subject = (NetSubject){ .tap = i, .key = NET_KEY_VHOST };
				return net_error_from_fault(&fault, error);
			}
			lease->taps[i].vhosts[lease->taps[i].n_vhosts++] = fd;
		}
	return TRUE;
}

NetLease *net_acquire(const NetWish *wish, NetHelper **helper, char **ret_warning,
	NetSubject *ret_subject, GError **error)
{
	g_autoptr(NetLease) lease = g_new0(NetLease, 1);

	g_return_val_if_fail(wish->n_taps <= NET_TAPS_MAX, NULL);
	*ret_warning = NULL;
	*ret_subject = (NetSubject){ .tap = -1 };
	memset(lease->taps, -1, sizeof(lease->taps));
	lease->n_taps = wish->n_taps;
	for (guint i = 0; i < wish->n_taps; i++) {
		lease->taps[i].n_queues = wish->taps[i].n_queues;
		lease->taps[i].n_vhosts = 0;
	}
	if (!open_vhosts(lease, wish, ret_subject, error))
		return NULL;
	for (guint i = 0; i < wish->n_taps; i++) {
		if (wish->taps[i].state != NET_TAP_READY ||
			attach(&wish->taps[i], &lease->taps[i], ret_subject, error))
			continue;
		ret_subject->tap = i;
		return NULL;
	}
	if (!make_missing(lease, wish, helper, ret_warning, ret_subject, error))
		return NULL;
	g_clear_pointer(helper, net_helper_free);
	return g_steal_pointer(&lease);
}
