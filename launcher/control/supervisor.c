/* SPDX-License-Identifier: MIT */
#include "launcher/control/supervisor.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "launcher/control/ending.h"
#include "launcher/hooks.h"
#include "launcher/run-directory.h"

#define LOOK_MS 1000 /* how often a signal that was meant for QEMU is looked for */

typedef struct {
	pid_t qemu;
	const char *directory; /* the run directory, or "" */
	gboolean powers_down;
	guint seconds; /* for the guest, then */
	const char *place;
	GStrv hook;  /* may be empty */
	int signals; /* a signalfd */
	gboolean ended;
	int status; /* QEMU's wait status, when it has ended */
} Supervisor;

/* ---- signals ---- */

static gboolean open_signals(Supervisor *supervisor)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGCHLD);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	supervisor->signals = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	return supervisor->signals >= 0;
}

/* The next one, or 0. */
static int take_signal(Supervisor *supervisor)
{
	struct signalfd_siginfo info;

	return read(supervisor->signals, &info, sizeof(info)) == sizeof(info) ? (int)info.ssi_signo
									      : 0;
}

static void reap(Supervisor *supervisor, int options)
{
	while (!supervisor->ended) {
		pid_t pid = waitpid(supervisor->qemu, &supervisor->status, options);

		if (pid == 0)
			return;
		if (pid < 0 && errno == EINTR)
			continue;
		supervisor->ended = TRUE; /* also if it is no child of ours */
	}
}

/* SIGTERM and its like are blocked in QEMU: has somebody sent it one all the same? */
static gboolean has_pending_signal(pid_t pid)
{
	static const char word[] = "\nShdPnd:\t";
	const guint64 wanted = 1 << (SIGHUP - 1) | 1 << (SIGINT - 1) | 1 << (SIGTERM - 1);
	g_autofree char *path = g_strdup_printf("/proc/%d/status", pid);
	g_autofree char *text = NULL;
	const char *at = g_file_get_contents(path, &text, NULL, NULL) ? strstr(text, word) : NULL;

	return at && g_ascii_strtoull(at + strlen(word), NULL, 16) & wanted;
}

/* ---- the end ---- */

/* A second SIGINT or SIGTERM. Services and terminals that end send a SIGHUP after the first. */
static gboolean is_in_a_hurry(gpointer data)
{
	int number;

	while ((number = take_signal(data)))
		if (number == SIGINT || number == SIGTERM)
			return TRUE;
	return FALSE;
}

static void shut_down(Supervisor *supervisor)
{
	g_autoptr(Ending) ending = ending_begin(supervisor->directory, supervisor->qemu);

	if (ending_run(ending, supervisor->seconds, is_in_a_hurry, supervisor) == ENDING_FAILED)
		fprintf(stderr, "qemu-tapwrap: QEMU (pid %d) cannot be ended: %s\n",
			supervisor->qemu, ending_problem(ending));
	else
		reap(supervisor, 0);
}

static void handle(Supervisor *supervisor, int number)
{
	if (number == SIGCHLD)
		reap(supervisor, WNOHANG);
	else if (supervisor->powers_down)
		shut_down(supervisor);
	else /* QEMU may have it from its terminal, too, and takes both as one */
		kill(supervisor->qemu, number);
}

static void watch(Supervisor *supervisor)
{
	struct pollfd poller = { .fd = supervisor->signals, .events = POLLIN };
	int number;

	reap(supervisor, WNOHANG);
	while (!supervisor->ended) {
		int ready = poll(&poller, 1, supervisor->powers_down ? LOOK_MS : -1);

		if (ready == 0 && has_pending_signal(supervisor->qemu))
			shut_down(supervisor);
		while (!supervisor->ended && (number = take_signal(supervisor)))
			handle(supervisor, number);
	}
}

static int exit_status(const Supervisor *supervisor)
{
	return WIFSIGNALED(supervisor->status) ? 128 + WTERMSIG(supervisor->status)
					       : WEXITSTATUS(supervisor->status);
}

/* Signals that came too late must not end us before it has run. */
static void run_hook(Supervisor *supervisor)
{
	g_autofree char *status = g_strdup_printf("%d", exit_status(supervisor));
	g_auto(GStrv) environment = NULL;
	g_autoptr(GError) error = NULL;
	sigset_t none;

	if (!*supervisor->hook)
		return;
	while (take_signal(supervisor))
		;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	environment = g_environ_setenv(g_get_environ(), "QEMU_TAPWRAP_STATUS", status, TRUE);
	if (!hooks_run(supervisor->place, supervisor->hook, environment, &error))
		fprintf(stderr, "qemu-tapwrap: warning: %s\n", error->message);
}

int supervisor_run(GStrv words)
{
	Supervisor supervisor = { .signals = -1 };

	if (g_strv_length(words) < 4)
		return EX_USAGE;
	supervisor.qemu = atoi(words[0]);
	supervisor.directory = words[1];
	supervisor.powers_down = *words[2] != '\0';
	supervisor.seconds = atoi(words[2]);
	supervisor.place = words[3];
	supervisor.hook = words + 4;
	if (supervisor.qemu <= 0 || !open_signals(&supervisor)) {
		fprintf(stderr, "qemu-tapwrap: signalfd: %s\n", g_strerror(errno));
		return EX_OSERR;
	}
	watch(&supervisor);
	if (*supervisor.directory)
		run_directory_is_held(supervisor.directory, TRUE); /* sweeps */
	run_hook(&supervisor);
	close(supervisor.signals);
	return exit_status(&supervisor);
}
