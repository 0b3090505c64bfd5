/* SPDX-License-Identifier: MIT */
/*
 * net on Linux, the launcher's side: looks by itself, and lets the helper do what needs a
 * privilege. A lease is nothing but the descriptors of non-persistent taps.
 */
#include "platform/net.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include <linux/close_range.h>

#include "platform/linux/holder.h"
#include "platform/linux/netif.h"
#include "platform/linux/request.h"
#include "platform/linux/tap.h"

#define REPLY_TIMEOUT 6 /* seconds; the helper ends itself after 5 */

G_STATIC_ASSERT(NET_TAPS_MAX == REQUEST_TAPS);
G_STATIC_ASSERT(NET_ADDRESSES_MAX == REQUEST_ADDRESSES);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Netif, netif_close)
G_DEFINE_QUARK(qemu-tapwrap-net, net_error)

struct NetHelper {
	pid_t pid;
	int socket;
};

struct NetLease {
	int fds[NET_TAPS_MAX];
	guint n_fds;
};

static gboolean raise_fault(const Fault *fault, GError **error)
{
	g_set_error_literal(error, NET_ERROR, fault->status, fault->text);
	return FALSE;
}

static gboolean raise_errno(int status, const char *what, GError **error)
{
	g_set_error(error, NET_ERROR, status, "%s: %s", what, g_strerror(errno));
	return FALSE;
}

const char *net_ifname_problem(const char *ifname)
{
	return request_ifname_problem(ifname);
}

/* ---- observe ------------------------------------------------------------------------------------ */

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

static gboolean append_missing_addresses(Netif *netif, const NetTap *tap, int ifindex,
	GString *differences, GError **error)
{
	AddressCheck check = { .tap = tap, .ifindex = ifindex };
	char text[NET_ADDRESS_TEXT];
	Fault fault;

	if (!netif_each_address(netif, visit_address, &check, &fault))
		return raise_fault(&fault, error);
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
	return geteuid() == 0 ||
		((!link->tun.has_owner || link->tun.owner == geteuid()) &&
			(!link->tun.has_group || is_in_group(link->tun.group)));
}

static gboolean refuse_foreign(const NetTap *tap, const NetifLink *link, GError **error)
{
	if (strcmp(link->ifname, tap->ifname) != 0)
		g_set_error(error, NET_ERROR, EX_UNAVAILABLE, "%s is another name of %s", tap->ifname,
			link->ifname);
	else
		g_set_error(error, NET_ERROR, EX_UNAVAILABLE,
			"%s exists and is a %s, not a tap; choose another ifname", tap->ifname,
			strcmp(link->kind, "tun") == 0 ? "layer 3 tun"
			: *link->kind		       ? link->kind
						       : "network card");
	return FALSE;
}

static gboolean refuse_busy(Netif *netif, const char *ifname, GError **error)
{
	g_autofree char *holder = holder_describe(netif, ifname);

	g_set_error_literal(error, NET_ERROR, EX_TEMPFAIL, holder);
	return FALSE;
}

static gboolean refuse_owner(const NetifLink *link, GError **error)
{
	g_autofree char *whose = link->tun.has_owner ? g_strdup_printf("user %u", link->tun.owner)
						     : g_strdup_printf("group %u", link->tun.group);

	g_set_error(error, NET_ERROR, EX_NOPERM, "%s exists and belongs to %s", link->ifname, whose);
	return FALSE;
}

/* A persistent tap must be right in every respect: nothing about it is changed. */
static gboolean judge_persistent(Netif *netif, const NetTap *tap, const NetifLink *link,
	GError **error)
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
		"ip tuntap del dev %s mode tap",
		tap->ifname, differences->str + strlen(", "), tap->ifname);
	return FALSE;
}

static Netif *open_netif(GError **error)
{
	Fault fault;
	Netif *netif = netif_open(&fault);

	if (!netif)
		raise_fault(&fault, error);
	return netif;
}

static gboolean observe(Netif *netif, const NetTap *tap, gboolean *ret_ready, NetifLink *link,
	GError **error)
{
	bool found;
	Fault fault;

	if (!netif_find(netif, tap->ifname, &found, link, &fault))
		return raise_fault(&fault, error);
	*ret_ready = FALSE;
	if (!found)
		return TRUE;
	if (!link->tun.is_tap || strcmp(link->ifname, tap->ifname) != 0)
		return refuse_foreign(tap, link, error);
	if (!link->tun.persistent)
		return refuse_busy(netif, tap->ifname, error);
	*ret_ready = judge_persistent(netif, tap, link, error);
	return *ret_ready;
}

gboolean net_observe(const NetTap *tap, gboolean *ret_ready, GError **error)
{
	g_autoptr(Netif) netif = open_netif(error);
	NetifLink link;

	return netif && observe(netif, tap, ret_ready, &link, error);
}

/* ---- the helper --------------------------------------------------------------------------------- */

static gboolean raise_spawn(int code, GError **error)
{
	if (code == ENOENT)
		g_set_error(error, NET_ERROR, EX_OSFILE, HELPER_PATH
			" is missing; install it with: make install");
	else if (code == EACCES)
		g_set_error(error, NET_ERROR, EX_NOPERM, HELPER_PATH
			" may not be run by you; join its group (ls -l shows it), often kvm");
	else
		g_set_error(error, NET_ERROR, EX_OSERR, HELPER_PATH ": %s", g_strerror(code));
	return FALSE;
}

/* An empty environment, our end of the socket closed on exec, its end as standard input. */
static int spawn_helper(int socket, pid_t *ret_pid)
{
	static char *arguments[] = { "qemu-tapwrap-helper", NULL };
	static char *environment[] = { NULL };
	posix_spawn_file_actions_t actions;
	int code = posix_spawn_file_actions_init(&actions);

	if (code)
		return code;
	code = posix_spawn_file_actions_adddup2(&actions, socket, STDIN_FILENO);
	if (!code)
		code = posix_spawn(ret_pid, HELPER_PATH, &actions, NULL, arguments, environment);
	posix_spawn_file_actions_destroy(&actions);
	return code;
}

NetHelper *net_helper_start(GError **error)
{
	struct timeval timeout = { .tv_sec = REPLY_TIMEOUT };
	int sockets[2], on = 1, code;
	NetHelper *helper;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) < 0) {
		raise_errno(EX_OSERR, "socketpair", error);
		return NULL;
	}
	if (setsockopt(sockets[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) < 0 ||
		setsockopt(sockets[0], SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)) < 0)
		code = errno;
	else
		code = spawn_helper(sockets[1], &pid);
	close(sockets[1]);
	if (code) {
		close(sockets[0]);
		raise_spawn(code, error);
		return NULL;
	}
	helper = g_new0(NetHelper, 1);
	helper->pid = pid;
	helper->socket = sockets[0];
	return helper;
}

/* Returns the wait status. Must happen before exec: a zombie would stay under QEMU. */
static int helper_end(NetHelper *helper)
{
	int status = 0;

	close(helper->socket);
	while (waitpid(helper->pid, &status, 0) < 0 && errno == EINTR)
		;
	g_free(helper);
	return status;
}

void net_helper_free(NetHelper *helper)
{
	if (helper)
		helper_end(helper);
}

static gboolean raise_helper_death(NetHelper *helper, int receive_errno, GError **error)
{
	gboolean hangs = receive_errno == EAGAIN;
	int status;

	if (hangs)
		kill(helper->pid, SIGKILL);
	status = helper_end(helper);
	if (hangs)
		g_set_error(error, NET_ERROR, EX_TEMPFAIL, HELPER_PATH " did not answer in %d seconds",
			REPLY_TIMEOUT);
	else if (WIFSIGNALED(status))
		g_set_error(error, NET_ERROR, EX_OSERR, HELPER_PATH " was killed by signal %d",
			WTERMSIG(status));
	else
		g_set_error(error, NET_ERROR, EX_OSERR, HELPER_PATH " exited with status %d, no answer",
			WEXITSTATUS(status));
	return FALSE;
}

/* ---- lease -------------------------------------------------------------------------------------- */

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

gboolean net_lease_hand_over(const NetLease *lease, GError **error)
{
	/* Before Linux 5.11 what the caller left open stays so, as with raw QEMU. */
	(void)syscall(SYS_close_range, 3, ~0u, CLOSE_RANGE_CLOEXEC);
	for (guint i = 0; i < lease->n_fds; i++)
		if (fcntl(lease->fds[i], F_SETFD, 0) < 0)
			return raise_errno(EX_OSERR, "fcntl", error);
	return TRUE;
}

/* ---- acquire ------------------------------------------------------------------------------------ */

static void fill_request(Request *request, const NetTap *taps, const gboolean *ready,
	guint n_taps, const char *label)
{
	memset(request, 0, sizeof(*request));
	request->version = REQUEST_VERSION;
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

/* Takes the reply and its descriptors; returns how many there were, or -1 and errno. */
static int receive_reply(int socket, Reply *reply, int *fds)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(REQUEST_TAPS * sizeof(int))];
	} control;
	struct iovec data = { .iov_base = reply, .iov_len = sizeof(*reply) };
	struct msghdr message = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *rights;
	ssize_t n;
	int n_fds;

	while ((n = recvmsg(socket, &message, MSG_CMSG_CLOEXEC)) < 0 && errno == EINTR)
		;
	if (n < 0)
		return -1;
	errno = EPROTO;
	if (n != sizeof(*reply) || reply->version != REQUEST_VERSION)
		return -1;
	rights = CMSG_FIRSTHDR(&message);
	if (!rights || rights->cmsg_level != SOL_SOCKET || rights->cmsg_type != SCM_RIGHTS)
		return 0;
	n_fds = (rights->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	memcpy(fds, CMSG_DATA(rights), n_fds * sizeof(int));
	return n_fds;
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
		g_autoptr(Netif) netif = open_netif(error);

		return netif && refuse_busy(netif, taps[ret_subject->tap].ifname, error);
	}
	g_set_error(error, NET_ERROR, reply->fault.status, "%.*s", (int)sizeof(reply->fault.text),
		reply->fault.text);
	return FALSE;
}

/* Consumes @helper. @ret_fds: one for each tap that is not ready, in order. */
static gboolean ask_helper(NetHelper *helper, const Request *request, int *ret_fds, Reply *reply,
	GError **error)
{
	int n_fds = -1;

	errno = 0;
	if (send(helper->socket, request, sizeof(*request), MSG_NOSIGNAL) == sizeof(*request))
		n_fds = receive_reply(helper->socket, reply, ret_fds);
	if (n_fds < 0)
		return raise_helper_death(helper, errno, error);
	helper_end(helper);
	if (reply->fault.status == 0 && n_fds != (int)request->n_taps) {
		g_set_error(error, NET_ERROR, EX_SOFTWARE, HELPER_PATH " sent %d taps, not %u", n_fds,
			request->n_taps);
		return FALSE;
	}
	return TRUE;
}

static gboolean make_missing(NetLease *lease, const NetTap *taps, const gboolean *ready,
	const char *label, NetHelper **helper, NetSubject *ret_subject, GError **error)
{
	int fds[REQUEST_TAPS];
	Request request;
	Reply reply;

	fill_request(&request, taps, ready, lease->n_fds, label);
	if (request.n_taps == 0)
		return TRUE;
	if (!*helper)
		*helper = net_helper_start(error);
	if (!*helper || !ask_helper(g_steal_pointer(helper), &request, fds, &reply, error))
		return FALSE;
	if (reply.fault.status != 0)
		return raise_reply(&reply, taps, ready, lease->n_fds, ret_subject, error);
	for (guint i = 0; i < request.n_taps; i++)
		lease->fds[nth_missing(ready, lease->n_fds, i)] = fds[i];
	return TRUE;
}

/* Looks again at what is attached: it could have changed since net_observe. */
static gboolean attach(const NetTap *tap, int *ret_fd, GError **error)
{
	g_autoptr(Netif) netif = open_netif(error);
	NetifLink link;
	gboolean ready;
	Fault fault;

	if (!netif || !observe(netif, tap, &ready, &link, error))
		return FALSE;
	*ret_fd = tap_attach(tap->ifname, link.tun.vnet_hdr, &fault);
	if (*ret_fd < 0)
		return fault.status == EX_TEMPFAIL ? refuse_busy(netif, tap->ifname, error)
						   : raise_fault(&fault, error);
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
