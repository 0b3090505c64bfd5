/* SPDX-License-Identifier: MIT */
#include "launcher/inspect/ask.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "launcher/run.h"

G_DEFINE_QUARK(qemu_tapwrap_ask, ask_error)

#define ANSWER_MAX (8 * 1024 * 1024) /* bytes; QEMU's list of its devices has 30 KB */
#define PAUSE_US 1000

typedef struct {
	GPid pid;
	int socket; /* both its input and its output */
	int errors; /* a file in memory */
} Asked;

static gboolean raise_silence(GError **error)
{
	g_set_error_literal(error, ASK_ERROR, EX_UNAVAILABLE, "does not answer; it was killed");
	return FALSE;
}

/* ---- start and end ---- */

static void die_with_parent(gpointer data)
{
	(void)data;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
}

static gboolean start(Asked *asked, char *const *argv, GError **error)
{
	g_autoptr(GError) spawned = NULL;
	int sockets[2] = { -1, -1 };

	asked->errors = memfd_create("stderr", MFD_CLOEXEC);
	if (asked->errors < 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) < 0) {
		g_set_error(error, ASK_ERROR, EX_OSERR, "cannot be asked: %s", g_strerror(errno));
		return FALSE;
	}
	asked->socket = sockets[0];
	if (!g_spawn_async_with_fds(NULL, (char **)argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD,
		    die_with_parent, NULL, &asked->pid, sockets[1], sockets[1], asked->errors,
		    &spawned))
		g_set_error_literal(error, ASK_ERROR, RUN_NOT_EXECUTABLE, spawned->message);
	close(sockets[1]);
	return !spawned;
}

/* Reaps it, killed if it does not end in time. */
static void reap(Asked *asked, gint64 deadline)
{
	while (waitpid(asked->pid, NULL, WNOHANG) == 0) {
		if (g_get_monotonic_time() > deadline)
			kill(asked->pid, SIGKILL);
		g_usleep(PAUSE_US);
	}
	asked->pid = 0;
}

static void asked_clear(Asked *asked)
{
	if (asked->pid)
		reap(asked, 0);
	if (asked->socket >= 0)
		close(asked->socket);
	if (asked->errors >= 0)
		close(asked->errors);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Asked, asked_clear)

/* ---- talk ---- */

/* 1: there is something to read, or the end; 0: the time is over. */
static int wait_for_more(int socket, gint64 deadline)
{
	struct pollfd poller = { .fd = socket, .events = POLLIN };
	gint64 left = MAX(0, deadline - g_get_monotonic_time());
	int n;

	while ((n = poll(&poller, 1, left / 1000 + 1)) < 0 && errno == EINTR)
		;
	return n;
}

static gboolean receive(int socket, GString *answer, gint64 deadline)
{
	char buffer[16 * 1024];
	ssize_t n;

	do {
		if (wait_for_more(socket, deadline) != 1 || answer->len > ANSWER_MAX)
			return FALSE;
		n = read(socket, buffer, sizeof(buffer));
		if (n > 0)
			g_string_append_len(answer, buffer, n);
	} while (n > 0 || (n < 0 && errno == EINTR));
	return TRUE;
}

static void raise_errors(const Asked *asked, GError **error)
{
	char text[256];
	ssize_t n = pread(asked->errors, text, sizeof(text) - 1, 0);

	text[MAX(0, n)] = '\0';
	for (char *c = text; *c; c++)
		if (g_ascii_iscntrl(*c))
			*c = '\0';
	g_set_error(error, ASK_ERROR, EX_UNAVAILABLE, "has no answer%s%s", *text ? ": " : "", text);
}

char *ask_program(char *const *argv, const char *input, gint64 deadline, GError **error)
{
	g_auto(Asked) asked = { .socket = -1, .errors = -1 };
	g_autoptr(GString) answer = g_string_new(NULL);

	if (!start(&asked, argv, error))
		return NULL;
	/* It may have ended by now: then the answer tells. */
	(void)!send(asked.socket, input, strlen(input), MSG_NOSIGNAL);
	if (!receive(asked.socket, answer, deadline)) {
		raise_silence(error);
		return NULL;
	}
	reap(&asked, deadline);
	if (answer->len > 0)
		return g_strdup(answer->str);
	raise_errors(&asked, error);
	return NULL;
}
