/* SPDX-License-Identifier: MIT */
#include "launcher/control/console.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

#include "launcher/control/command.h"
#include "launcher/control/terminal.h"
#include "launcher/run-directory.h"

#define LEAVE_KEY 0x1d /* Ctrl-], as with telnet and virsh */
#define QUIET_MS 1000  /* without a word from the guest, when there is nothing to tell it */
#define ANSWER_LIMIT 5 /* seconds */
#define FREE_LIMIT_US G_USEC_PER_SEC /* QEMU notices a moment later that another has left */
#define END_LIMIT_US (2 * G_USEC_PER_SEC)
#define PAUSE_US (20 * 1000)

/* What came from one side and has not gone to the other. */
typedef struct {
	char bytes[64 * 1024];
	gsize len;
} Pipe;

typedef enum {
	TALKING,
	USER_HAS_LEFT,
	GUEST_IS_QUIET,
	SOCKET_HAS_ENDED,
	OUTPUT_HAS_FAILED,
} Outcome;

typedef struct {
	Running *vm;
	int socket, output, lock; /* or -1 */
	gboolean is_terminal;	  /* standard input */
	gboolean input_has_ended;
	Pipe to_guest, from_guest;
} Console;

/* ---- bytes ---- */

/* FALSE when nothing can go there any more. */
static gboolean drain(Pipe *pipe, int fd, gboolean is_socket)
{
	ssize_t n = is_socket ? send(fd, pipe->bytes, pipe->len, MSG_NOSIGNAL)
			      : write(fd, pipe->bytes, pipe->len);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return TRUE;
	if (n < 0) {
		pipe->len = 0;
		return FALSE;
	}
	pipe->len -= n;
	memmove(pipe->bytes, pipe->bytes + n, pipe->len);
	return TRUE;
}

/* FALSE at the end. */
static gboolean fill(Pipe *pipe, int fd)
{
	ssize_t n = read(fd, pipe->bytes + pipe->len, sizeof(pipe->bytes) - pipe->len);

	if (n > 0)
		pipe->len += n;
	return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

/* A guest that takes nothing must not take the key away, too: then the rest is lost. */
static Outcome take_keys(Console *console)
{
	Pipe *pipe = &console->to_guest;
	gsize before;
	char *key;

	if (pipe->len == sizeof(pipe->bytes))
		pipe->len--;
	before = pipe->len;
	if (!fill(pipe, STDIN_FILENO))
		return USER_HAS_LEFT;
	key = memchr(pipe->bytes + before, LEAVE_KEY, pipe->len - before);
	if (!key)
		return TALKING;
	pipe->len = key - pipe->bytes;
	(void)!drain(pipe, console->socket, TRUE);
	return USER_HAS_LEFT;
}

static Outcome take_input(Console *console)
{
	if (console->is_terminal)
		return take_keys(console);
	console->input_has_ended = !fill(&console->to_guest, STDIN_FILENO);
	return TALKING;
}

/* ---- the loop ---- */

enum { INPUT, SOCKET, OUTPUT };

static void say_what_is_awaited(const Console *console, struct pollfd pollers[3])
{
	gboolean has_room = console->to_guest.len < sizeof(console->to_guest.bytes);
	gboolean has_output = console->from_guest.len > 0;

	pollers[INPUT].fd = console->input_has_ended || (!has_room && !console->is_terminal)
				    ? -1
				    : STDIN_FILENO;
	pollers[INPUT].events = POLLIN;
	pollers[SOCKET].fd = console->socket;
	pollers[SOCKET].events = (has_output ? 0 : POLLIN) |
				 (console->to_guest.len > 0 ? POLLOUT : 0);
	if (has_output && !pollers[SOCKET].events)
		pollers[SOCKET].fd = -1; /* its end comes after what it has said */
	pollers[OUTPUT].fd = has_output ? console->output : -1;
	pollers[OUTPUT].events = POLLOUT;
}

/* Has the socket something to read, or its end? */
static Outcome serve(Console *console, const struct pollfd pollers[3])
{
	if (pollers[OUTPUT].revents && !drain(&console->from_guest, console->output, FALSE))
		return OUTPUT_HAS_FAILED;
	if (pollers[SOCKET].revents & POLLOUT)
		(void)!drain(&console->to_guest, console->socket, TRUE); /* read tells of its end */
	if (pollers[SOCKET].revents & (POLLIN | POLLHUP | POLLERR) &&
		console->from_guest.len == 0 && !fill(&console->from_guest, console->socket))
		return SOCKET_HAS_ENDED;
	return pollers[INPUT].revents ? take_input(console) : TALKING;
}

static Outcome talk(Console *console)
{
	Outcome outcome = TALKING;

	while (outcome == TALKING) {
		struct pollfd pollers[3] = { 0 };
		gboolean is_done = console->input_has_ended && console->to_guest.len == 0 &&
				   console->from_guest.len == 0;
		int ready;

		say_what_is_awaited(console, pollers);
		ready = poll(pollers, G_N_ELEMENTS(pollers), is_done ? QUIET_MS : -1);
		if (ready > 0)
			outcome = serve(console, pollers);
		else if (ready == 0)
			outcome = GUEST_IS_QUIET;
	}
	return outcome;
}

/* ---- alone with it ---- */

static gboolean raise_busy(const Console *console, GError **error)
{
	g_set_error(error, RUNNING_ERROR, EX_TEMPFAIL,
		"the console of VM '%s' is in use by another program", console->vm->name);
	return FALSE;
}

/* The lock of all --console of this VM. */
static gboolean take_lock(Console *console, GError **error)
{
	g_autofree char *path = g_build_filename(
		console->vm->directory, RUN_DIRECTORY_CONSOLE_LOCK, NULL);

	console->lock = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600);
	if (console->lock >= 0 && flock(console->lock, LOCK_EX | LOCK_NB) == 0)
		return TRUE;
	if (errno == EWOULDBLOCK)
		return raise_busy(console, error);
	g_set_error(error, RUNNING_ERROR, EX_CANTCREAT, "%s: %s", path, g_strerror(errno));
	return FALSE;
}

/* Does QEMU say of the port at @path that somebody is connected? */
static gboolean says_used(JsonNode *answer, const char *path)
{
	g_autofree char *used = g_strdup_printf("unix:%s,", path);
	JsonArray *ports = JSON_NODE_HOLDS_ARRAY(answer) ? json_node_get_array(answer) : NULL;

	for (guint i = 0; ports && i < json_array_get_length(ports); i++) {
		const char *name = json_object_get_string_member_with_default(
			json_array_get_object_element(ports, i), "filename", "");

		if (name && g_str_has_prefix(name, used)) /* else "disconnected:unix:..." */
			return TRUE;
	}
	return FALSE;
}

/* QEMU serves one, and lets others wait without a word: it is asked before. */
static gboolean is_free(Console *console, GError **error)
{
	g_autoptr(Commander) commander = command_open(console->vm, error);
	gint64 deadline = g_get_monotonic_time() + FREE_LIMIT_US;

	while (commander) {
		g_autoptr(JsonNode) answer = command_give(
			commander, "query-chardev", NULL, ANSWER_LIMIT, error);

		if (!answer)
			return FALSE;
		if (!says_used(answer, console->vm->record->console))
			return TRUE;
		if (g_get_monotonic_time() > deadline)
			return raise_busy(console, error);
		g_usleep(PAUSE_US);
	}
	return FALSE;
}

static gboolean connect_to(Console *console, GError **error)
{
	const char *path = console->vm->record->console;
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	console->socket = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	g_strlcpy(address.sun_path, path, sizeof(address.sun_path));
	if (console->socket >= 0 &&
		connect(console->socket, (struct sockaddr *)&address, sizeof(address)) == 0)
		return TRUE;
	if (errno == EAGAIN)
		return raise_busy(console, error);
	g_set_error(error, RUNNING_ERROR, EX_UNAVAILABLE, "VM '%s': %s: %s", console->vm->name,
		path, g_strerror(errno));
	return FALSE;
}

static gboolean has_console(const Running *vm, GError **error)
{
	if (vm->record && vm->record->console)
		return TRUE;
	g_set_error(error, RUNNING_ERROR, EX_UNAVAILABLE,
		vm->record ? "VM '%s' has no console that others can connect to; one comes with "
			     "[serial] type = unix in its profile"
			   : "VM '%s' is starting",
		vm->name);
	return FALSE;
}

/* ---- what the user sees of it ---- */

/*
 * A terminal or pipe that takes nothing must not hold up what comes from the other side. It is
 * opened again for that: how it waits is shared with who has it, too.
 */
static int open_output(void)
{
	struct stat status;
	int fd = -1;

	if (fstat(STDOUT_FILENO, &status) == 0 &&
		(S_ISFIFO(status.st_mode) || isatty(STDOUT_FILENO)))
		fd = open("/proc/self/fd/1", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	return fd >= 0 ? fd : fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
}

static void say(const Console *console, const char *text)
{
	if (console->is_terminal && isatty(STDERR_FILENO))
		fprintf(stderr, text, console->vm->name);
}

static gboolean vm_has_ended(const Console *console)
{
	gint64 deadline = g_get_monotonic_time() + END_LIMIT_US;

	while (running_is_alive(console->vm)) {
		if (g_get_monotonic_time() > deadline)
			return FALSE;
		g_usleep(PAUSE_US);
	}
	return TRUE;
}

static int tell_end(const Console *console, Outcome outcome)
{
	say(console, "\n"); /* the guest leaves the cursor anywhere */
	if (outcome == OUTPUT_HAS_FAILED) {
		fputs("qemu-tapwrap: standard output: cannot be written to\n", stderr);
		return EX_IOERR;
	}
	if (outcome != SOCKET_HAS_ENDED) {
		say(console, "qemu-tapwrap: left the console of VM '%s'\n");
		return EXIT_SUCCESS;
	}
	if (vm_has_ended(console)) {
		say(console, "qemu-tapwrap: VM '%s' has ended\n");
		return EXIT_SUCCESS;
	}
	fprintf(stderr, "qemu-tapwrap: QEMU has closed the console of VM '%s'\n",
		console->vm->name);
	return EX_UNAVAILABLE;
}

static int talk_with(Console *console)
{
	Outcome outcome;

	console->output = open_output();
	say(console, "qemu-tapwrap: the console of VM '%s'; Ctrl-] leaves it\n");
	if (console->is_terminal)
		terminal_make_raw(STDIN_FILENO);
	outcome = talk(console);
	terminal_restore();
	return tell_end(console, outcome);
}

static void console_free(Console *console)
{
	const int fds[] = { console->socket, console->output, console->lock };

	for (guint i = 0; i < G_N_ELEMENTS(fds); i++)
		if (fds[i] >= 0)
			close(fds[i]);
	running_free(console->vm);
	g_free(console);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Console, console_free)

int console_run(const Options *options)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Console) console = g_new0(Console, 1);

	console->socket = console->output = console->lock = -1;
	console->is_terminal = isatty(STDIN_FILENO);
	console->vm = running_find(options->profile, &error);
	if (console->vm && has_console(console->vm, &error) && take_lock(console, &error) &&
		is_free(console, &error) && connect_to(console, &error))
		return talk_with(console);
	return command_complain(error);
}
