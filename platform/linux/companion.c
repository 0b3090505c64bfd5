/* SPDX-License-Identifier: MIT */
#include "platform/companion.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

#include "platform/linux/net-error.h"

/* ---- the socket ---- */

/* An abstract name that the kernel chooses; QEMU is the first in a queue for one. */
static int make_queue(int *ret_listener)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	socklen_t len = sizeof(address);
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (listener >= 0 && client >= 0 &&
		bind(listener, (struct sockaddr *)&address, sizeof(sa_family_t)) == 0 &&
		getsockname(listener, (struct sockaddr *)&address, &len) == 0 &&
		listen(listener, 0) == 0 &&
		connect(client, (struct sockaddr *)&address, len) == 0) {
		*ret_listener = listener;
		return client;
	}
	if (listener >= 0)
		close(listener);
	if (client >= 0)
		close(client);
	return -1;
}

/* Returns QEMU's end, and the companion's in *ret_other. */
static int make_socket(CompanionManner manner, int *ret_other)
{
	int sockets[2];

	if (manner == COMPANION_LISTENS)
		return make_queue(ret_other);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) < 0)
		return -1;
	*ret_other = sockets[1];
	return sockets[0];
}

/* ---- in the child: no GLib, nothing that allocates ---- */

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		perror(path);
	if (fd >= 0)
		close(fd);
}

/* Root of a namespace in which there is only us. */
static void become_root(void)
{
	char map[64];
	unsigned int uid = geteuid(), gid = getegid();

	if (uid == 0)
		return;
	if (unshare(CLONE_NEWUSER) < 0) {
		perror("qemu-tapwrap: a user namespace for virtiofsd");
		_exit(EX_NOPERM);
	}
	write_file("/proc/self/setgroups", "deny");
	snprintf(map, sizeof(map), "0 %u 1", uid);
	write_file("/proc/self/uid_map", map);
	snprintf(map, sizeof(map), "0 %u 1", gid);
	write_file("/proc/self/gid_map", map);
}

/* Waits for the first byte without taking it: it comes with a descriptor. FALSE: there is none. */
static gboolean hears_qemu(void)
{
	struct pollfd poller = { .fd = COMPANION_FD, .events = POLLIN | POLLRDHUP };
	int n = 0;

	while (poll(&poller, 1, -1) < 0 && errno == EINTR)
		;
	return ioctl(COMPANION_FD, FIONREAD, &n) == 0 && n > 0;
}

static void become_companion(const Companion *companion, int socket)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	setsid();
	/* The tap, the lock and QEMU's end must not live on in here. dup2 clears close-on-exec. */
	if (dup2(null, STDIN_FILENO) < 0 || dup2(socket, COMPANION_FD) < 0 ||
		(socket == COMPANION_FD && fcntl(socket, F_SETFD, 0) < 0) ||
		syscall(SYS_close_range, COMPANION_FD + 1, ~0u, 0) < 0)
		_exit(EX_OSERR);
	if (companion->directory && chdir(companion->directory) < 0) {
		perror(companion->directory);
		_exit(EX_OSERR);
	}
	if (companion->manner == COMPANION_HEARS && !hears_qemu())
		_exit(0);
	if (companion->needs_root)
		become_root();
	execv(companion->argv[0], companion->argv);
	perror(companion->argv[0]);
	_exit(EX_OSFILE);
}

/* ---- start ---- */

static gboolean await_status(pid_t pid, int *ret_status)
{
	while (waitpid(pid, ret_status, 0) < 0)
		if (errno != EINTR)
			return FALSE;
	return TRUE;
}

/* Twice, so that it is nobody's child: QEMU, which we become, knows nothing of children. */
static gboolean fork_twice(const Companion *companion, int socket)
{
	pid_t pid = fork();
	int status = -1;

	if (pid == 0) {
		pid = fork();
		if (pid == 0)
			become_companion(companion, socket);
		_exit(pid < 0 ? errno : 0);
	}
	if (pid < 0)
		return FALSE;
	if (!await_status(pid, &status))
		return FALSE;
	errno = WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
	return status == 0;
}

/* The last line of what can be read now. Owned by the caller. */
static char *read_last_word(int fd)
{
	char text[4096];
	ssize_t n = fcntl(fd, F_SETFL, O_NONBLOCK) == 0 ? read(fd, text, sizeof(text)) : -1;
	g_autofree char *all = g_strchomp(g_strndup(text, n > 0 ? n : 0));
	const char *newline = strrchr(all, '\n');

	return g_utf8_make_valid(newline ? newline + 1 : all, -1);
}

static void raise_last_word(const char *program, int errors, GError **error)
{
	g_autofree char *word = read_last_word(errors);

	g_set_error(error, NET_ERROR, EX_UNAVAILABLE, "%s: %s", program,
		*word ? word : "ended without a word");
}

/* Once: the child that is waited for is gone when its own child, nobody's, is ready. */
static gboolean fork_detaching(const Companion *companion, int socket, GError **error)
{
	int errors[2], status = -1;
	pid_t pid;

	if (pipe2(errors, O_CLOEXEC) < 0)
		return net_error_from_errno(EX_OSERR, companion->argv[0], error);
	pid = fork();
	if (pid == 0) {
		if (dup2(errors[1], STDERR_FILENO) < 0)
			_exit(EX_OSERR);
		become_companion(companion, socket);
	}
	close(errors[1]);
	if (pid < 0 || !await_status(pid, &status))
		net_error_from_errno(EX_OSERR, companion->argv[0], error);
	else if (status != 0)
		raise_last_word(companion->argv[0], errors[0], error);
	close(errors[0]);
	return status == 0;
}

static gboolean fork_by_manner(const Companion *companion, int socket, GError **error)
{
	if (companion->manner == COMPANION_DETACHES)
		return fork_detaching(companion, socket, error);
	return fork_twice(companion, socket) ||
	       net_error_from_errno(EX_OSERR, companion->argv[0], error);
}

int companion_start(const Companion *companion, GError **error)
{
	int other, own = make_socket(companion->manner, &other);

	if (own < 0) {
		net_error_from_errno(EX_OSERR, companion->argv[0], error);
		return -1;
	}
	if (!fork_by_manner(companion, other, error)) {
		close(own);
		own = -1;
	}
	close(other);
	return own;
}
