/* SPDX-License-Identifier: MIT */
/*
 * qemu-tapwrap-helper: the only part of qemu-tapwrap that has a privilege.
 *
 * The launcher starts it with a socket as standard input and sends one request. The helper judges
 * it on its own (form, policy, clashes with the host's network), makes the taps and sends their
 * descriptors back, or only the judgement when that was asked for. It believes nothing it is told,
 * takes no paths, PIDs, environment or arguments, and allocates nothing at its peer's wish.
 * Whatever kills it, at whatever point, closes its descriptors, and with them goes everything it
 * had made.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sysexits.h>
#include <unistd.h>

#include "platform/linux/helper/clash.h"
#include "platform/linux/helper/complete.h"
#include "platform/linux/helper/dhcp.h"
#include "platform/linux/helper/firewall.h"
#include "platform/linux/helper/keeper.h"
#include "platform/linux/helper/macvtaps.h"
#include "platform/linux/helper/nat.h"
#include "platform/linux/helper/policy.h"
#include "platform/linux/helper/privilege.h"
#include "platform/linux/helper/taps.h"
#include "platform/linux/nat-rules.h"
#include "platform/linux/netif.h"
#include "platform/linux/request.h"
#include "platform/linux/tap.h"

#define TIME_LIMIT 5 /* seconds for everything */
#define FDS_MAX (REQUEST_TAPS * REQUEST_QUEUES + REPLY_HOLDINGS)

/* ---- start ---- */

/* Nothing of the caller's stays: descriptors, environment, signal mask, core dumps. */
static bool shed_inheritance(void)
{
	sigset_t none;

	if (syscall(SYS_close_range, 3, ~0u, 0) < 0)
		return false;
	for (int fd = open("/dev/null", O_RDWR); fd <= 2; fd = open("/dev/null", O_RDWR))
		if (fd < 0)
			return false;
	if (syscall(SYS_close_range, 3, ~0u, 0) < 0) /* the /dev/null that was one too many */
		return false;
	clearenv();
	umask(077);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGALRM, SIG_DFL);
	signal(SIGCHLD, SIG_DFL); /* or a child's PID is another's as soon as it has ended */
	alarm(TIME_LIMIT);
	return prctl(PR_SET_DUMPABLE, 0) == 0;
}

static bool stdin_is_our_socket(void)
{
	int domain = 0, type = 0;
	socklen_t size = sizeof(int);

	return getsockopt(STDIN_FILENO, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 &&
	       getsockopt(STDIN_FILENO, SOL_SOCKET, SO_TYPE, &type, &size) == 0 &&
	       domain == AF_UNIX && type == SOCK_SEQPACKET;
}

/* ---- request and reply ---- */

/*
 * Who asks, as the kernel knows it. A user's helper runs as that user. Only root can have started
 * a helper that runs as root; it may have become somebody else since (sudo), and then the taps
 * are that user's: that is what the sender's credentials say.
 */
static Caller caller_of(const struct ucred *sender)
{
	Caller caller = { .pid = sender->pid, .uid = getuid() ? getuid() : sender->uid };

	return caller;
}

/* 1: there is a request; 0: the launcher needs nothing after all; -1: fault. */
static int receive_request(Request *request, Caller *ret_caller, Fault *fault)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(struct ucred))]; /* no room for descriptors */
	} control;
	struct iovec data = { .iov_base = request, .iov_len = sizeof(*request) };
	struct msghdr message = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *credentials;
	ssize_t n = recvmsg(STDIN_FILENO, &message, MSG_CMSG_CLOEXEC);

	if (n == 0)
		return 0;
	credentials = n < 0 ? NULL : CMSG_FIRSTHDR(&message);
	if (n != sizeof(*request) || message.msg_flags & (MSG_TRUNC | MSG_CTRUNC) || !credentials ||
		credentials->cmsg_level != SOL_SOCKET ||
		credentials->cmsg_type != SCM_CREDENTIALS) {
		fault_set(fault, EX_USAGE, "the request is not one that this helper knows");
		return -1;
	}
	*ret_caller = caller_of((struct ucred *)CMSG_DATA(credentials));
	return 1;
}

static bool send_reply(const Reply *reply, const int *fds, size_t n_fds)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(FDS_MAX * sizeof(int))];
	} control = { 0 };
	struct iovec data = { .iov_base = (void *)reply, .iov_len = sizeof(*reply) };
	struct msghdr message = { .msg_iov = &data, .msg_iovlen = 1 };

	if (n_fds > 0) {
		message.msg_control = &control;
		message.msg_controllen = CMSG_SPACE(n_fds * sizeof(int));
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(n_fds * sizeof(int));
		memcpy(CMSG_DATA(&control.header), fds, n_fds * sizeof(int));
	}
	return sendmsg(STDIN_FILENO, &message, MSG_NOSIGNAL) == sizeof(*reply);
}

/* ---- work ---- */

/* Not for users: a policy bounds which subnets they can have, not what else is there. */
static bool is_forced(const Request *request)
{
	return request->force && getuid() == 0;
}

/* Root needs no policy: it could make the taps without us. */
static bool is_allowed(const Request *request, const Caller *caller, Netif *netif, Fault *fault)
{
	return request_is_sane(request, fault) &&
	       (getuid() == 0 || policy_allows(request, caller->uid, netif, fault)) &&
	       (is_forced(request) || clash_is_absent(request, netif, fault));
}

/* What is made, and goes with its last descriptor. */
typedef struct {
	Queues queues[REQUEST_TAPS];
	int holdings[REPLY_HOLDINGS];
	unsigned int n_macvtaps; /* of the holdings: their leashes */
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

/* The keeper comes last: nothing that follows can fail but on a tap's way to stay. */
static bool make(Netif *netif, const Request *request, const int *bridges, const Caller *caller,
	Product *product, Reply *reply)
{
	Queues *fds = product->queues;
	Fault *fault = &reply->fault;
	int leash;

	memset(product, -1, sizeof(*product));
	product->n_macvtaps = 0;
	if (!complete_attach(netif, request, caller, fds, fault) || !privilege_raise(fault) ||
		!warn(request, reply) || !taps_make(netif, request, bridges, caller, fds, fault) ||
		!make_macvtaps(netif, request, caller, product, reply) ||
		!make_holdings(request, product->holdings, reply) ||
		!complete_start(netif, request, caller, fds, &leash, fault))
		return false;
	if (!taps_persist(request, fds, fault)) {
		keeper_end(leash);
		return false;
	}
	if (leash >= 0)
		product->holdings[reply->n_holdings++] = leash;
	return true;
}

static bool serve(const Request *request, const Caller *caller, Product *product, Reply *reply)
{
	Fault *fault = &reply->fault;
	Netif *netif = netif_open(fault);
	int bridges[REQUEST_TAPS];
	bool served = netif && is_allowed(request, caller, netif, fault) &&
		      taps_find_bridges(netif, request, bridges, fault) &&
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

int main(int argc, char **argv)
{
	Request request;
	Reply reply = { .version = REQUEST_VERSION };
	Caller caller = { 0 };
	Product product;
	int fds[FDS_MAX], received;
	bool served;

	(void)argv;
	if (!shed_inheritance())
		return EX_OSERR;
	if (argc != 1 || !stdin_is_our_socket()) {
		fputs("qemu-tapwrap-helper: this program is started by qemu-tapwrap only\n",
			stderr);
		return EX_USAGE;
	}
	memset(&request, 0, sizeof(request));
	received = receive_request(&request, &caller, &reply.fault);
	if (received == 0)
		return EXIT_SUCCESS;
	served = received > 0 && serve(&request, &caller, &product, &reply);
	if (!send_reply(&reply, fds, served ? list_fds(&request, &product, &reply, fds) : 0))
		return EX_OSERR;
	return reply.fault.status;
}
