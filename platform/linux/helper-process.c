/* SPDX-License-Identifier: MIT */
#include "platform/linux/helper-process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "platform/linux/net-error.h"

#define REPLY_TIMEOUT 6 /* seconds; the helper ends itself after 5 */

struct NetHelper {
	pid_t pid;
	int socket;
};

/* ---- start and end ---- */

static gboolean raise_spawn(int code, GError **error)
{
	if (code == ENOENT)
		g_set_error(error, NET_ERROR, EX_OSFILE,
			HELPER_PATH " is missing; install it with: make install");
	else if (code == EACCES)
		g_set_error(error, NET_ERROR, EX_NOPERM,
			HELPER_PATH
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
		net_error_from_errno(EX_OSERR, "socketpair", error);
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

/* "PID:DESCRIPTOR" */
char *net_helper_hand_over(NetHelper *helper)
{
	fcntl(helper->socket, F_SETFD, 0);
	return g_strdup_printf("%d:%d", (int)helper->pid, helper->socket);
}

NetHelper *net_helper_adopt(const char *text)
{
	NetHelper *helper;
	int pid, fd;

	if (sscanf(text, "%d:%d", &pid, &fd) != 2 || pid <= 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
		return NULL;
	helper = g_new0(NetHelper, 1);
	helper->pid = pid;
	helper->socket = fd;
	return helper;
}

static gboolean raise_helper_death(NetHelper *helper, int receive_errno, GError **error)
{
	gboolean hangs = receive_errno == EAGAIN;
	int status;

	if (hangs)
		kill(helper->pid, SIGKILL);
	status = helper_end(helper);
	if (hangs)
		g_set_error(error, NET_ERROR, EX_TEMPFAIL,
			HELPER_PATH " did not answer in %d seconds", REPLY_TIMEOUT);
	else if (WIFSIGNALED(status))
		g_set_error(error, NET_ERROR, EX_OSERR, HELPER_PATH " was killed by signal %d",
			WTERMSIG(status));
	else
		g_set_error(error, NET_ERROR, EX_OSERR,
			HELPER_PATH " exited with status %d, no answer", WEXITSTATUS(status));
	return FALSE;
}

/* ---- request and reply ---- */

/* Takes the reply and its descriptors; returns how many there were, or -1 and errno. */
static int receive_reply(int socket, Reply *reply, int *fds)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(REPLY_FDS * sizeof(int))];
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

gboolean helper_process_ask(
	NetHelper *helper, const Request *request, int *ret_fds, Reply *reply, GError **error)
{
	int n_fds = -1, n_wanted = 0;

	errno = 0;
	if (send(helper->socket, request, sizeof(*request), MSG_NOSIGNAL) == sizeof(*request))
		n_fds = receive_reply(helper->socket, reply, ret_fds);
	if (n_fds < 0)
		return raise_helper_death(helper, errno, error);
	helper_end(helper);
	if (request->mode == REQUEST_MAKE)
		n_wanted = request_count_queues(request) + reply->n_holdings;
	if (reply->fault.status == 0 && (n_fds != n_wanted || reply->n_holdings > REPLY_HOLDINGS)) {
		g_set_error(error, NET_ERROR, EX_SOFTWARE,
			HELPER_PATH " sent %d descriptors, not %d", n_fds, n_wanted);
		return FALSE;
	}
	return TRUE;
}
