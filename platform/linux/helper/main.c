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
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#include "platform/linux/helper/inheritance.h"
#include "platform/linux/helper/privilege.h"
#include "platform/linux/helper/serve.h"
#include "platform/linux/request.h"

#define TIME_LIMIT 5 /* seconds for everything */

/* ---- start ---- */

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
 * are that user's: that is what the sender's credentials say. pkexec starts it for a user, in
 * place of a capability: it does not replace the policy.
 */
static Caller caller_of(const struct ucred *sender, bool by_pkexec)
{
	Caller caller = {
		.pid = sender->pid,
		.uid = getuid() ? getuid() : sender->uid,
		.needs_policy = getuid() != 0 || by_pkexec,
	};

	return caller;
}

/* 1: there is a request; 0: the launcher needs nothing after all; -1: fault. */
static int receive_request(Request *request, bool by_pkexec, Caller *ret_caller, Fault *fault)
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
	*ret_caller = caller_of((struct ucred *)CMSG_DATA(credentials), by_pkexec);
	return 1;
}

static bool send_reply(const Reply *reply, const int *fds, size_t n_fds)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(REPLY_FDS * sizeof(int))];
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

/* As set-user-ID it would have far more than it is made for, and its user's files. */
static bool is_itself(Fault *fault)
{
	return (getuid() == geteuid() && getgid() == getegid()) ||
	       fault_set(fault, EX_CONFIG,
		       HELPER_PATH " must not be set-user-ID or set-group-ID; an administrator can "
				   "give it what it needs: chmod ug-s " HELPER_PATH
				   " && setcap cap_net_admin=p " HELPER_PATH);
}

/* 0, or what main returns. */
static int begin(int argc)
{
	if (!inheritance_shed(TIME_LIMIT) || !privilege_begin())
		return EX_OSERR;
	if (argc == 1 && stdin_is_our_socket())
		return EXIT_SUCCESS;
	fputs("qemu-tapwrap-helper: this program is started by qemu-tapwrap only\n", stderr);
	return EX_USAGE;
}

int main(int argc, char **argv)
{
	Request request;
	Reply reply = { .version = REQUEST_VERSION };
	Caller caller = { 0 };
	bool by_pkexec = getenv("PKEXEC_UID"); /* it has the rest of the environment cleared */
	int fds[REPLY_FDS], received, status = begin(argc);
	size_t n_fds = 0;

	(void)argv;
	if (status)
		return status;
	memset(&request, 0, sizeof(request));
	received = receive_request(&request, by_pkexec, &caller, &reply.fault);
	if (received == 0)
		return EXIT_SUCCESS;
	if (received > 0 && is_itself(&reply.fault) && inheritance_lift_limits(&reply.fault))
		n_fds = serve(&request, &caller, &reply, fds);
	if (!send_reply(&reply, fds, n_fds)) {
		serve_undo(&request, fds, n_fds);
		return EX_OSERR;
	}
	return reply.fault.status;
}
