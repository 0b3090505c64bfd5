/* SPDX-License-Identifier: MIT */
#include "launcher/control/stop.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sysexits.h>
#include <unistd.h>

#include "launcher/control/qmp.h"
#include "launcher/control/running.h"
#include "launcher/run-directory.h"

#define POWERDOWN_LIMIT 30 /* seconds for the guest, unless the user says so */

/* For QEMU's own part, seconds: an answer, the end after "quit" and after SIGKILL. */
#define ANSWER_LIMIT 2
#define QUIT_LIMIT 5
#define KILL_LIMIT 5

#define SECOND G_USEC_PER_SEC
#define PAUSE_US (20 * 1000)

typedef struct {
	Running *running;
	Qmp *qmp;   /* NULL: there is nobody to talk to */
	int pid;    /* QEMU's, 0: not known */
	int handle; /* its pidfd, or -1 */
} Stop;

static gint64 after(gint64 seconds)
{
	return g_get_monotonic_time() + seconds * SECOND;
}

/* ---- waiting ---- */

/* On a terminal a line that counts down. */
static void show_progress(gint64 deadline)
{
	gint64 left = (deadline - g_get_monotonic_time() + SECOND - 1) / SECOND;

	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\rwaiting for the guest to shut down: %3" G_GINT64_FORMAT " s ",
			MAX(0, left));
}

static void end_progress(void)
{
	if (isatty(STDERR_FILENO))
		fputs("\r\033[K", stderr);
}

/* Of the lock: QEMU may be gone from its socket a moment before. */
static gboolean wait_until_ended(Stop *stop, gint64 deadline)
{
	while (running_is_alive(stop->running)) {
		if (g_get_monotonic_time() > deadline)
			return FALSE;
		g_usleep(PAUSE_US);
	}
	return TRUE;
}

static gboolean wait_for_guest(Stop *stop, gint64 deadline)
{
	gboolean ended = FALSE;

	while (!ended && g_get_monotonic_time() < deadline) {
		show_progress(deadline);
		ended = qmp_wait_for_end(
			stop->qmp, MIN(deadline, g_get_monotonic_time() + SECOND / 4));
	}
	end_progress();
	return ended && wait_until_ended(stop, after(KILL_LIMIT));
}

/* ---- the three steps ---- */

static gboolean ask(Stop *stop, const char *command)
{
	g_autoptr(JsonNode)
		answer = stop->qmp ? qmp_ask(stop->qmp, command, after(ANSWER_LIMIT), NULL) : NULL;

	return answer != NULL;
}

static gboolean power_down(Stop *stop, guint seconds)
{
	return ask(stop, "system_powerdown") && wait_for_guest(stop, after(seconds));
}

/* It may be gone before it has answered. */
static gboolean quit(Stop *stop)
{
	if (!stop->qmp)
		return FALSE;
	qmp_send(stop->qmp, "quit", NULL);
	return qmp_wait_for_end(stop->qmp, after(QUIT_LIMIT)) &&
	       wait_until_ended(stop, after(QUIT_LIMIT));
}

static gboolean kill_it(Stop *stop)
{
	return stop->handle >= 0 &&
	       syscall(SYS_pidfd_send_signal, stop->handle, SIGKILL, NULL, 0) == 0 &&
	       wait_until_ended(stop, after(KILL_LIMIT));
}

/* ---- who it is ---- */

/*
 * While the lock is held the number of the process that listens is QEMU's. The record's is the
 * launcher's, which is the same without -daemonize.
 */
static void find_process(Stop *stop)
{
	stop->pid = run_directory_pid(stop->running->directory);
	if (!stop->pid && stop->running->record)
		stop->pid = stop->running->record->pid;
	stop->handle = stop->pid ? (int)syscall(SYS_pidfd_open, stop->pid, 0) : -1;
	if (stop->handle >= 0 && !running_is_alive(stop->running)) {
		close(stop->handle); /* somebody else by now */
		stop->handle = -1;
	}
}

/* A VM that is just starting listens a moment later. */
static void connect_to_it(Stop *stop)
{
	g_autofree char *path = g_build_filename(
		stop->running->directory, RUN_DIRECTORY_CONTROL, NULL);
	gint64 deadline = after(1);

	while (!(stop->qmp = qmp_open(path, NULL)) && g_get_monotonic_time() < deadline &&
		running_is_alive(stop->running))
		g_usleep(PAUSE_US);
}

static void stop_clear(Stop *stop)
{
	if (stop->handle >= 0)
		close(stop->handle);
	qmp_free(stop->qmp);
	running_free(stop->running);
}

static int stop_it(Stop *stop, const Options *options)
{
	guint seconds = options->timeout == OPTIONS_NO_TIME ? POWERDOWN_LIMIT : options->timeout;

	if (!options->now && power_down(stop, seconds))
		return STOP_POWERED_DOWN;
	if (quit(stop))
		return STOP_QUIT;
	if (kill_it(stop))
		return STOP_KILLED;
	fprintf(stderr, "qemu-tapwrap: VM '%s' (pid %d) cannot be ended: %s\n", stop->running->name,
		stop->pid,
		!stop->pid	   ? "it does not say who it is"
		: stop->handle < 0 ? "there is no such process here"
				   : "it does not react to SIGKILL");
	return EX_NOPERM;
}

int stop_run(const Options *options)
{
	g_autoptr(GError) error = NULL;
	Stop stop = { .handle = -1 };
	int status;

	stop.running = running_find(options->profile, &error);
	if (!stop.running) {
		fprintf(stderr, "qemu-tapwrap: %s\n", error->message);
		return error->code;
	}
	find_process(&stop);
	connect_to_it(&stop);
	status = stop_it(&stop, options);
	stop_clear(&stop);
	return status;
}
