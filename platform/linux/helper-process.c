/* SPDX-License-Identifier: MIT */
#include "platform/linux/helper-process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "platform/linux/helper-file.h"
#include "platform/linux/net-error.h"

#define REPLY_TIMEOUT 6	     /* seconds; the helper ends itself after 5 */
#define PASSWORD_TIMEOUT 300 /* seconds for somebody to find a password and type it */

enum { /* of pkexec */
	PKEXEC_DISMISSED = 126,
	PKEXEC_REFUSED = 127,
};

struct NetHelper {
	pid_t pid;
	int socket;
	int errors; /* what pkexec has to say, a file in memory; -1: it is not by pkexec */
};

/* ---- start and end ---- */

static gboolean raise_spawn(int code, GError **error)
{
	g_autofree char *why = NULL;

	if (code == ENOENT)
		g_set_error(error, NET_ERROR, EX_OSFILE,
			HELPER_PATH " is missing; install it with: make install");
	else if (code == EACCES)
		g_set_error_literal(
			error, NET_ERROR, EX_NOPERM, (why = helper_file_explain_refusal()));
	else
		g_set_error(error, NET_ERROR, EX_OSERR, HELPER_PATH ": %s", g_strerror(code));
	return FALSE;
}

/* An empty environment, our end of the socket closed on exec, its end as standard input. */
static int spawn(const char *program, char *const *argv, int socket, int errors, pid_t *ret_pid)
{
	static char *environment[] = { NULL };
	posix_spawn_file_actions_t actions;
	int code = posix_spawn_file_actions_init(&actions);

	if (code)
		return code;
	code = posix_spawn_file_actions_adddup2(&actions, socket, STDIN_FILENO);
	if (!code && errors >= 0)
		code = posix_spawn_file_actions_adddup2(&actions, errors, STDERR_FILENO);
	if (!code)
		code = posix_spawn(ret_pid, program, &actions, NULL, argv, environment);
	posix_spawn_file_actions_destroy(&actions);
	return code;
}

/* The helper's end has its sender's credentials on each message, ours a limit of @seconds. */
static int make_sockets(int seconds, int *ret_sockets)
{
	struct timeval timeout = { .tv_sec = seconds };
	int on = 1, reason;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ret_sockets) < 0)
		return errno;
	if (setsockopt(ret_sockets[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) == 0 &&
		setsockopt(ret_sockets[0], SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)) == 0)
		return 0;
	reason = errno;
	close(ret_sockets[0]);
	close(ret_sockets[1]);
	return reason;
}

/* Takes @errors. */
static NetHelper *start(const char *program, char *const *argv, int errors, GError **error)
{
	int sockets[2], code = make_sockets(errors < 0 ? REPLY_TIMEOUT : PASSWORD_TIMEOUT, sockets);
	NetHelper *helper;
	pid_t pid;

	if (!code) {
		code = spawn(program, argv, sockets[1], errors, &pid);
		close(sockets[1]);
		if (code)
			close(sockets[0]);
	}
	if (code) {
		if (errors >= 0)
			close(errors);
		raise_spawn(code, error);
		return NULL;
	}
	helper = g_new0(NetHelper, 1);
	helper->pid = pid;
	helper->socket = sockets[0];
	helper->errors = errors;
	return helper;
}

NetHelper *net_helper_start(GError **error)
{
	static char *argv[] = { "qemu-tapwrap-helper", NULL };

	return start(HELPER_PATH, argv, -1, error);
}

/* There is no terminal, so the agent that would ask on one is of no use. */
NetHelper *helper_process_start_by_pkexec(GError **error)
{
	static char *argv[] = { PKEXEC_PATH, "--disable-internal-agent", HELPER_PATH, NULL };
	int errors = memfd_create("pkexec", MFD_CLOEXEC);

	if (errors < 0) {
		net_error_from_errno(EX_OSERR, PKEXEC_PATH, error);
		return NULL;
	}
	return start(PKEXEC_PATH, argv, errors, error);
}

/* Returns the wait status. Must happen before exec: a zombie would stay under QEMU. */
static int helper_end(NetHelper *helper)
{
	int status = 0;

	close(helper->socket);
	while (waitpid(helper->pid, &status, 0) < 0 && errno == EINTR)
		;
	if (helper->errors >= 0)
		close(helper->errors);
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
	helper->errors = -1;
	return helper;
}

/* The last words of "Error executing command as another user: Not authorized", a line of several.
 */
static void raise_pkexec(int status, int errors, GError **error)
{
	char text[256];
	ssize_t n = pread(errors, text, sizeof(text) - 1, 0);
	const char *why;

	text[MAX(0, n)] = '\0';
	text[strcspn(text, ".\n")] = '\0';
	why = strrchr(text, ':');
	if (status == PKEXEC_DISMISSED)
		why = ": The dialog was dismissed";
	g_set_error(error, NET_ERROR, EX_NOPERM,
		"pkexec gives no privilege%s; an administrator can give it to the helper for good: "
		"make install-privilege",
		why ? why : "");
}

static gboolean raise_helper_death(NetHelper *helper, int receive_errno, GError **error)
{
	gboolean hangs = receive_errno == EAGAIN;
	int errors = dup(helper->errors), status;

	if (hangs)
		kill(helper->pid, SIGKILL);
	status = helper_end(helper);
	if (hangs)
		g_set_error(error, NET_ERROR, EX_TEMPFAIL, "%s did not answer in %d seconds",
			errors < 0 ? HELPER_PATH : PKEXEC_PATH,
			errors < 0 ? REPLY_TIMEOUT : PASSWORD_TIMEOUT);
	else if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
		g_set_error(error, NET_ERROR, EX_OSERR,
			HELPER_PATH
			" was stopped by its own filter of system calls; this is a bug");
	else if (WIFSIGNALED(status))
		g_set_error(error, NET_ERROR, EX_OSERR, HELPER_PATH " was killed by signal %d",
			WTERMSIG(status));
	else if (errors >= 0 &&
		 (WEXITSTATUS(status) == PKEXEC_DISMISSED || WEXITSTATUS(status) == PKEXEC_REFUSED))
		raise_pkexec(WEXITSTATUS(status), errors, error);
	else
		g_set_error(error, NET_ERROR, EX_OSERR,
			HELPER_PATH " exited with status %d, no answer", WEXITSTATUS(status));
	if (errors >= 0)
		close(errors);
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
