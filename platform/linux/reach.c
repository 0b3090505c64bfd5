/* SPDX-License-Identifier: MIT */
/*
 * A segment to a port on which nobody listens makes the kernel ask for the guest by ARP or NDP,
 * which every system answers, and note the answer. A reset that comes back is an answer of this
 * moment.
 */
#include "platform/reach.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "platform/linux/netif.h"

G_DEFINE_QUARK(qemu_tapwrap_reach, reach_error)

#define PORT 9			      /* discard */
#define KNOCK_US (1 * G_USEC_PER_SEC) /* how long one knock is waited for */

typedef struct {
	const char *text;
	NetAddress address;
	int socket; /* on its way, or -1 */
	gint64 since;
} Host;

struct Reach {
	Netif *netif;
	GStrv hosts_text, ifnames;
	Host *hosts;
	guint n_hosts;
	gboolean is_new;
};

/* ---- begin and end ---- */

static gboolean parse(const char *text, Host *host)
{
	host->text = text;
	host->socket = -1;
	host->address.family = strchr(text, ':') ? 6 : 4;
	return inet_pton(host->address.family == 4 ? AF_INET : AF_INET6, text,
		       host->address.octets) == 1;
}

Reach *reach_begin(const GStrv hosts, const GStrv ifnames, gboolean is_new, GError **error)
{
	g_autoptr(Reach) reach = g_new0(Reach, 1);
	Fault fault;

	reach->hosts_text = g_strdupv(hosts);
	reach->ifnames = g_strdupv(ifnames);
	reach->is_new = is_new;
	reach->hosts = g_new0(Host, g_strv_length(hosts) + 1);
	for (guint i = 0; hosts[i]; i++)
		if (parse(reach->hosts_text[i], &reach->hosts[reach->n_hosts]))
			reach->n_hosts++;
	reach->netif = netif_open(&fault);
	if (reach->netif)
		return g_steal_pointer(&reach);
	g_set_error(error, REACH_ERROR, fault.status, "%s", fault.text);
	return NULL;
}

static void stop_knocking(Host *host)
{
	if (host->socket >= 0)
		close(host->socket);
	host->socket = -1;
}

void reach_free(Reach *reach)
{
	if (!reach)
		return;
	for (guint i = 0; i < reach->n_hosts; i++)
		stop_knocking(&reach->hosts[i]);
	netif_close(reach->netif);
	g_strfreev(reach->hosts_text);
	g_strfreev(reach->ifnames);
	g_free(reach->hosts);
	g_free(reach);
}

/* ---- knock ---- */

static socklen_t fill_destination(const NetAddress *address, struct sockaddr_storage *ret_to)
{
	struct sockaddr_in *four = (struct sockaddr_in *)ret_to;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)ret_to;

	memset(ret_to, 0, sizeof(*ret_to));
	if (address->family == 4) {
		four->sin_family = AF_INET;
		four->sin_port = htons(PORT);
		memcpy(&four->sin_addr, address->octets, sizeof(four->sin_addr));
		return sizeof(*four);
	}
	six->sin6_family = AF_INET6;
	six->sin6_port = htons(PORT);
	memcpy(&six->sin6_addr, address->octets, sizeof(six->sin6_addr));
	return sizeof(*six);
}

static void knock(Host *host)
{
	struct sockaddr_storage to;
	socklen_t size = fill_destination(&host->address, &to);

	host->since = g_get_monotonic_time();
	host->socket = socket(to.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (host->socket >= 0 && connect(host->socket, (struct sockaddr *)&to, size) < 0 &&
		errno != EINPROGRESS)
		stop_knocking(host);
}

/* Has it opened, or refused? */
static gboolean has_answered(Host *host)
{
	struct pollfd poller = { .fd = host->socket, .events = POLLOUT };
	int reason = -1;
	socklen_t size = sizeof(reason);

	if (host->socket < 0 || poll(&poller, 1, 0) <= 0 ||
		getsockopt(host->socket, SOL_SOCKET, SO_ERROR, &reason, &size) < 0)
		return FALSE;
	stop_knocking(host);
	return reason == 0 || reason == ECONNREFUSED;
}

/* ---- look ---- */

static NetifNeighbour find_neighbour(Reach *reach, const NetAddress *host)
{
	NetifNeighbour best = NETIF_NEIGHBOUR_NONE, found;
	Fault fault;

	for (guint i = 0; reach->ifnames[i]; i++) {
		int ifindex = netif_index(reach->ifnames[i]);

		if (ifindex && netif_find_neighbour(reach->netif, ifindex, host, &found, &fault) &&
			found > best)
			best = found;
	}
	return best;
}

/* What the kernel has only heard may be from before, and what was written by hand is no answer. */
static gboolean answers(Reach *reach, Host *host)
{
	gboolean answered = has_answered(host);
	NetifNeighbour neighbour = find_neighbour(reach, &host->address);

	return neighbour == NETIF_NEIGHBOUR_REACHABLE ||
	       (neighbour == NETIF_NEIGHBOUR_HEARD && reach->is_new) ||
	       (neighbour != NETIF_NEIGHBOUR_NONE && answered);
}

const char *reach_look(Reach *reach)
{
	for (guint i = 0; i < reach->n_hosts; i++) {
		Host *host = &reach->hosts[i];

		if (answers(reach, host))
			return host->text;
		if (host->socket >= 0 && g_get_monotonic_time() - host->since > KNOCK_US)
			stop_knocking(host);
		if (host->socket < 0)
			knock(host);
	}
	return NULL;
}

gboolean reach_is_possible(int pid)
{
	g_autofree char *path = g_strdup_printf("/proc/%d/ns/net", pid);
	struct stat ours, theirs;

	return stat("/proc/self/ns/net", &ours) < 0 || stat(path, &theirs) < 0 ||
	       ours.st_ino == theirs.st_ino;
}
