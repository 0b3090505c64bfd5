/* SPDX-License-Identifier: MIT */
#include "platform/linux/helper/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "platform/linux/helper/privilege.h"
#include "platform/linux/helper/seccomp.h"
#include "platform/linux/macvtap.h"
#include "platform/linux/netif-step.h"

#define DESCRIPTORS_MAX 128 /* the helper has closed all it inherited: it never has so many */
#define UNDO_TRIES 20	    /* it may fail for a moment */
#define PAUSE_NS 20000000
#define SERVERS_MAX 8 /* a tap has one at most */

/* When something has failed, so that it is not tried all the time. */
static void rest(void)
{
	static const struct timespec pause = { .tv_nsec = PAUSE_NS };

	nanosleep(&pause, NULL);
}

/* ---- settings in /proc ---- */

/* Of the interface; *ret_before, which may be NULL, is what it was. 0 or an errno. */
static int write_setting(const char *ifname, const char *family, const char *key, uint32_t value,
	uint32_t *ret_before)
{
	char path[128], text[16] = "";
	int fd, error = 0, len;

	snprintf(path, sizeof(path), "/proc/sys/net/%s/conf/%s/%s", family, ifname, key);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return errno;
	if (ret_before &&
		(read(fd, text, sizeof(text) - 1) <= 0 || sscanf(text, "%u", ret_before) != 1))
		error = EIO;
	len = snprintf(text, sizeof(text), "%u", value);
	if (!error && pwrite(fd, text, len, 0) != len)
		error = errno;
	close(fd);
	return error;
}

static int write_ipv6_setting(int ifindex, const char *key, uint32_t value)
{
	char ifname[16];

	if (!netif_find_name(ifindex, ifname))
		return errno;
	return write_setting(ifname, "ipv6", key, value, NULL);
}

/* ---- one change ---- */

/* In the place of one that a killed keeper has left. */
static int make_macvtap(Netif *netif, KeeperChange *change)
{
	int error = 0;

	if (change->macvtap.stale)
		error = netif_remove_link(netif, change->macvtap.stale);
	if (error && error != ENODEV)
		return error;
	return netif_add_macvtap(netif, &change->macvtap.link, &change->ifindex);
}

/* A kernel without IPv6 has no such setting, and needs none. */
static int disable_ipv6(int ifindex)
{
	int error = write_ipv6_setting(ifindex, "disable_ipv6", 1);

	return error == ENOENT && access("/proc/sys/net/ipv6", F_OK) < 0 && errno == ENOENT &&
			       access("/proc/sys/net", F_OK) == 0
		       ? 0
		       : error;
}

/* 0 or an errno; of a DHCP server there is no errno but a fault: ECANCELED. */
static int make(Netif *netif, KeeperChange *change, Fault *fault)
{
	int ifindex = change->ifindex;
	const NetAddress *address = &change->address.address, *peer = &change->address.peer;
	int error;

	switch (change->kind) {
	case KEEPER_MACVTAP:
		return make_macvtap(netif, change);
	case KEEPER_DISABLE_IPV6:
		return disable_ipv6(ifindex);
	case KEEPER_ALIAS:
		return netif_set_alias(netif, ifindex, change->alias.now);
	case KEEPER_MTU:
		return netif_set_mtu(netif, ifindex, change->number.now);
	case KEEPER_ACCEPT_RA: /* without IPv6 on the link there is nothing to write */
		error = write_ipv6_setting(ifindex, "accept_ra", change->number.now);
		return error == ENOENT ? 0 : error;
	case KEEPER_UP:
		return netif_set_up_flag(netif, ifindex, true);
	case KEEPER_ADDRESS:
		return change->make_removes ? netif_remove_address(netif, ifindex, address, peer)
					    : netif_add_address(netif, ifindex, address, peer);
	case KEEPER_ROUTE:
		return change->make_removes
			       ? netif_remove_route(netif, ifindex, &change->route.route)
			       : netif_add_route(netif, ifindex, &change->route.route,
					 change->route.onlink);
	case KEEPER_DHCP:
		return dhcp_start(&change->dhcp, fault) ? 0 : ECANCELED;
	}
	return EINVAL;
}

/*
 * To undo takes no new descriptor but for settings: the user may have left us none
 * (RLIMIT_NOFILE).
 */

static void restore_setting(
	const char *ifname, const char *family, const char *key, uint32_t before)
{
	for (int i = 0; i < 3 && write_setting(ifname, family, key, before, NULL) != 0; i++)
		;
}

typedef struct {
	int ifindex;
	const NetAddress *address; /* of ours; NULL: none */
	bool found;
} Others;

static bool visit_other(const NetifPrefix *there, void *data)
{
	Others *others = data;
	const NetAddress *address = others->address;

	if (there->ifindex == others->ifindex)
		others->found = address ? net_address_overlaps(&there->prefix, address) &&
						  !net_address_same_host(&there->prefix, address)
					: there->prefix.octets[0] != 0xfe; /* else link-local */
	return !others->found;
}

/* Are there addresses on the link, beside @address, in its subnet; or of IPv6, if it is NULL? */
static bool has_others(Netif *netif, int ifindex, const NetAddress *address)
{
	Others others = { ifindex, address, false };
	Fault fault;

	return !netif_each_address(
		       netif, address ? address->family : 6, visit_other, &others, &fault) ||
	       others.found;
}

/*
 * IPv6 addresses of others would go with the link, and IPv4 ones with the first of their subnet. A
 * keeper that is killed meanwhile leaves the setting behind: it is changed only if there are such.
 */
static int take_down(Netif *netif, const NetifLink *link)
{
	int error;
	uint32_t before;
	bool changed = has_others(netif, link->index, NULL) &&
		       write_setting(link->ifname, "ipv6", "keep_addr_on_down", 1, &before) == 0;

	error = netif_set_up_flag(netif, link->index, false);
	if (changed)
		restore_setting(link->ifname, "ipv6", "keep_addr_on_down", before);
	return error;
}

static int take_address(Netif *netif, const NetifLink *link, const KeeperChange *change)
{
	int error;
	const NetAddress *address = &change->address.address;
	uint32_t before;
	bool changed = address->family == 4 && has_others(netif, link->index, address) &&
		       write_setting(link->ifname, "ipv4", "promote_secondaries", 1, &before) == 0;

	error = netif_remove_address(netif, link->index, address, &change->address.peer);
	if (changed)
		restore_setting(link->ifname, "ipv4", "promote_secondaries", before);
	return error;
}

/* What somebody else has changed since then is no longer ours. 0 or an errno. */
static int undo_on(Netif *netif, const KeeperChange *change, const NetifLink *link)
{
	switch (change->kind) {
	case KEEPER_MACVTAP:
		return macvtap_is_ours(link) &&
				       (!*link->alias ||
					       strcmp(link->alias, change->macvtap.alias) == 0)
			       ? netif_remove_link(netif, link->index)
			       : 0;
	case KEEPER_ALIAS:
		return strcmp(link->alias, change->alias.now) == 0
			       ? netif_set_alias(netif, link->index, change->alias.before)
			       : 0;
	case KEEPER_MTU:
		return link->mtu == change->number.now
			       ? netif_set_mtu(netif, link->index, change->number.before)
			       : 0;
	case KEEPER_ACCEPT_RA:
		return write_setting(
			link->ifname, "ipv6", "accept_ra", change->number.before, NULL);
	case KEEPER_UP:
		return take_down(netif, link);
	case KEEPER_ADDRESS:
		return take_address(netif, link, change);
	case KEEPER_ROUTE:
		return netif_remove_route(netif, link->index, &change->route.route);
	case KEEPER_DISABLE_IPV6: /* goes with the link */
	case KEEPER_DHCP:	  /* is no matter of a link */
		break;
	}
	return 0;
}

/* What is gone is undone. */
static bool undo(Netif *netif, KeeperChange *change)
{
	NetifLink link;
	bool found;
	Fault fault;
	int error;

	if (change->kind == KEEPER_DHCP) {
		dhcp_end(&change->dhcp);
		return true;
	}
	/* A link that may have been made, though the kernel's answer was lost. */
	if (change->kind == KEEPER_MACVTAP && change->ifindex == 0)
		change->ifindex = netif_index(change->macvtap.link.ifname);
	if (change->ifindex == 0)
		return change->kind != KEEPER_MACVTAP || errno == ENODEV;
	if (!netif_find_index(netif, change->ifindex, &found, &link, &fault))
		return false;
	error = found ? undo_on(netif, change, &link) : 0;
	return !error || error == ENODEV || error == ENOENT || error == EADDRNOTAVAIL ||
	       error == ESRCH;
}

/* ---- all of them ---- */

/*
 * The last first. Stops at what cannot be undone, for what tells the next start of it comes after
 * it; but not at the last try.
 */
static bool undo_once(Netif *netif, KeeperChange *changes, unsigned int n_changes, bool is_last_try)
{
	for (unsigned int i = n_changes; i-- > 0;) {
		if (changes[i].undo && !undo(netif, &changes[i]) && !is_last_try)
			return false;
		changes[i].undo = false;
	}
	return true;
}

/* After a fault a late answer could be taken for another; NULL and @netif may be all there is. */
static Netif *renew(Netif *netif)
{
	Fault fault;
	Netif *fresh = netif_open(&fault);

	if (fresh)
		netif_close(netif);
	return fresh ? fresh : netif;
}

/* Consumes @netif, which may be NULL. */
static void undo_all(Netif *netif, KeeperChange *changes, unsigned int n_changes)
{
	Fault fault;

	for (int i = 0; i < UNDO_TRIES; i++) {
		if (i > 0)
			rest();
		if (i > 0 || !netif)
			netif = renew(netif);
		if (netif && privilege_raise(&fault) &&
			undo_once(netif, changes, n_changes, i == UNDO_TRIES - 1))
			break;
	}
	netif_close(netif);
}

/* What is there by now is somebody else's and stays; what is gone by now need not be removed. */
static bool is_done_by_others(const KeeperChange *change, int error)
{
	if (change->make_removes)
		return error == EADDRNOTAVAIL || error == ESRCH;
	return error == EEXIST && (change->kind == KEEPER_ADDRESS || change->kind == KEEPER_ROUTE);
}

static bool refuse(const Netif *netif, const KeeperChange *change, int error, Fault *fault)
{
	bool is_wish = change->key != NET_KEY_IFNAME && error != ENOMEM && error != ENOBUFS;
	char text[256];

	if (change->kind == KEEPER_DHCP) {
		fault->tap = change->tap;
		fault->key = change->key;
		return false;
	}
	return fault_about(fault, change->tap, change->key,
		error == EPERM ? EX_NOPERM
		: is_wish      ? EX_UNAVAILABLE
			       : EX_OSERR,
		"the kernel refuses: %s",
		change->kind == KEEPER_ACCEPT_RA || change->kind == KEEPER_DISABLE_IPV6
			? strerror(error)
			: netif_refusal(netif, text, sizeof(text)));
}

/* From @i on nothing was made; what was taken over is still to be undone. */
static void forget_rest(KeeperChange *changes, unsigned int i, unsigned int n_changes)
{
	for (; i < n_changes; i++)
		if (changes[i].make)
			changes[i].undo = false;
}

static bool make_all(Netif *netif, KeeperChange *changes, unsigned int n_changes, Fault *fault)
{
	int made = 0; /* a link */

	for (unsigned int i = 0; i < n_changes; i++) {
		int error;

		if (changes[i].ifindex == 0)
			changes[i].ifindex = made;
		error = changes[i].make ? make(netif, &changes[i], fault) : 0;
		if (changes[i].kind == KEEPER_MACVTAP)
			made = changes[i].ifindex;
		if (!error)
			continue;
		if (is_done_by_others(&changes[i], error)) {
			changes[i].undo = false;
			continue;
		}
		refuse(netif, &changes[i], error, fault);
		/* The answer may be lost, not the request; only what is there already is not ours.
		 */
		forget_rest(changes, error == EEXIST ? i : i + 1, n_changes);
		return false;
	}
	return true;
}

/* ---- the process ---- */

static bool is_among(int fd, const int *fds, unsigned int n_fds)
{
	for (unsigned int i = 0; i < n_fds; i++)
		if (fds[i] == fd)
			return true;
	return false;
}

/* Nothing of the terminal, the directory and the helper stays, but for the socket and the taps. */
static bool detach(int socket, const int *taps, unsigned int n_taps)
{
	static const int ignored[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGTTIN, SIGTTOU,
		SIGUSR1, SIGUSR2, SIGALRM, SIGPIPE };
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (size_t i = 0; i < sizeof(ignored) / sizeof(*ignored); i++)
		signal(ignored[i], SIG_IGN);
	for (int fd = 0; fd <= 2; fd++)
		if (dup2(null, fd) < 0)
			return false;
	for (int fd = 3; fd < DESCRIPTORS_MAX; fd++)
		if (fd != socket && !is_among(fd, taps, n_taps))
			close(fd);
	return syscall(SYS_close_range, DESCRIPTORS_MAX, ~0u, 0) == 0 && chdir("/") == 0 &&
	       prctl(PR_SET_DUMPABLE, 0) == 0;
}

/*
 * What is sent on the leash does not matter, only that nobody holds it any more. Meanwhile the DHCP
 * servers can say what they like, and end if they must.
 */
static void wait_for_end(int socket, KeeperChange *changes, unsigned int n_changes)
{
	struct pollfd polls[1 + SERVERS_MAX * DHCP_POLLS] = { { socket, POLLRDHUP, 0 } };
	DhcpServer *servers[SERVERS_MAX];
	unsigned int n = 0;

	for (unsigned int i = 0; i < n_changes && n < SERVERS_MAX; i++)
		if (changes[i].kind == KEEPER_DHCP)
			servers[n++] = &changes[i].dhcp;
	while (!polls[0].revents) {
		for (unsigned int i = 0; i < n; i++)
			dhcp_watch(servers[i], &polls[1 + i * DHCP_POLLS]);
		if (poll(polls, 1 + n * DHCP_POLLS, -1) < 0) {
			if (errno == EINVAL) /* the user has lowered RLIMIT_NOFILE under us */
				return;
			if (errno != EINTR)
				rest();
			polls[0].revents = 0;
			continue;
		}
		for (unsigned int i = 0; i < n; i++)
			dhcp_react(servers[i], &polls[1 + i * DHCP_POLLS]);
	}
}

static void report(int socket, const Fault *fault)
{
	(void)send(socket, fault, sizeof(*fault), MSG_NOSIGNAL);
}

static void keep(int socket, KeeperChange *changes, unsigned int n_changes)
{
	Fault fault = { .status = 0 };
	Netif *netif = netif_open(&fault);
	bool raised = netif && privilege_raise(&fault);
	bool made = raised && make_all(netif, changes, n_changes, &fault) &&
		    seccomp_confine_keeper(&fault);

	if (made) {
		privilege_rest();
		report(socket, &fault);
		wait_for_end(socket, changes, n_changes);
	} else {
		netif_close(netif);
		netif = NULL;
	}
	if (raised)
		undo_all(netif, changes, n_changes);
	if (!made) /* when all is undone: who asked goes on then */
		report(socket, &fault);
}

/* A child of init in a session of its own: the helper's child is waited for, its own goes on. */
static bool spawn(int socket, KeeperChange *changes, unsigned int n_changes, const int *taps,
	unsigned int n_taps)
{
	pid_t child = fork();
	int status = -1;

	if (child < 0)
		return false;
	if (child > 0) {
		while (waitpid(child, &status, 0) < 0 && errno == EINTR)
			;
		return status == 0;
	}
	setsid();
	child = fork();
	if (child == 0 && detach(socket, taps, n_taps))
		keep(socket, changes, n_changes);
	_exit(child < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
}

static bool make_leash(int *sockets, Fault *fault)
{
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) == 0 ||
	       fault_set(fault, EX_OSERR, "socketpair: %s", strerror(errno));
}

/* Consumes @sockets. */
static int start_on(int *sockets, KeeperChange *changes, unsigned int n_changes, const int *taps,
	unsigned int n_taps, Fault *fault)
{
	bool started;
	Fault outcome;

	started = spawn(sockets[1], changes, n_changes, taps, n_taps);
	if (!started)
		fault_set(fault, EX_OSERR, "cannot start a keeper: %s", strerror(errno));
	close(sockets[1]);
	if (started && recv(sockets[0], &outcome, sizeof(outcome), 0) != sizeof(outcome))
		started = fault_set(fault, EX_OSERR, "the keeper died");
	else if (started && outcome.status) {
		*fault = outcome;
		started = false;
	}
	if (started)
		return sockets[0];
	close(sockets[0]);
	return -1;
}

int keeper_start(KeeperChange *changes, unsigned int n_changes, const int *taps,
	unsigned int n_taps, Fault *fault)
{
	int sockets[2];

	return make_leash(sockets, fault)
		       ? start_on(sockets, changes, n_changes, taps, n_taps, fault)
		       : -1;
}

int keeper_start_named(
	const char *ifname, KeeperChange *changes, unsigned int n_changes, Fault *fault)
{
	int sockets[2];

	if (!make_leash(sockets, fault))
		return -1;
	if (macvtap_take(sockets[0], ifname, MACVTAP_LEASH, fault) &&
		macvtap_take(sockets[1], ifname, MACVTAP_KEEPER, fault))
		return start_on(sockets, changes, n_changes, NULL, 0, fault);
	close(sockets[0]);
	close(sockets[1]);
	return -1;
}

void keeper_end(int leash)
{
	char nothing;

	if (leash < 0)
		return;
	shutdown(leash, SHUT_WR);
	while (recv(leash, &nothing, sizeof(nothing), 0) > 0)
		;
	close(leash);
}
