/* SPDX-License-Identifier: MIT */
#include "launcher/control/ending.h"

#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "launcher/control/qmp.h"
#include "launcher/run-directory.h"

/* For QEMU's own part, seconds: an answer, the end after "quit" and after SIGKILL. */
#define ANSWER_LIMIT 2
#define QUIT_LIMIT 5
#define KILL_LIMIT 5
#define HURRIED_LIMIT 1 /* in place of the first two */

#define SECOND G_USEC_PER_SEC
#define PAUSE_US (20 * 1000)
#define SLICE_US (100 * 1000) /* of a long wait */

struct Ending {
	char *directory;
	Qmp *qmp;   /* NULL: there is nobody to talk to */
	int pid;    /* QEMU's, 0: not known */
	int handle; /* its pidfd, or -1 */
	EndingHurry hurry;
	gpointer data;
	gboolean hurried;
};

static gint64 after(gint64 seconds)
{
	return g_get_monotonic_time() + seconds * SECOND;
}

static gboolean is_alive(const Ending *ending)
{
	return run_directory_is_held(ending->directory, TRUE);
}

/* ---- who it is ---- */

/*
 * While the lock is held the number of the process that listens is QEMU's. The caller's is that of
 * the record, which is the same without -daemonize.
 */
static void find_process(Ending *ending, int pid)
{
	ending->pid = run_directory_pid(ending->directory);
	if (!ending->pid)
		ending->pid = pid;
	ending->handle = ending->pid ? (int)syscall(SYS_pidfd_open, ending->pid, 0) : -1;
	if (ending->handle >= 0 && !is_alive(ending)) {
		close(ending->handle); /* somebody else by now */
		ending->handle = -1;
	}
}

static gboolean try_to_connect(Ending *ending)
{
	g_autofree char *path = g_build_filename(ending->directory, RUN_DIRECTORY_CONTROL, NULL);

	if (!ending->qmp)
		ending->qmp = qmp_open(path, NULL);
	return ending->qmp != NULL;
}

/* A VM that is just starting listens a moment later. */
static void connect_to_it(Ending *ending)
{
	gint64 deadline = after(1);

	while (!try_to_connect(ending) && g_get_monotonic_time() < deadline && is_alive(ending))
		g_usleep(PAUSE_US);
}

Ending *ending_begin(const char *directory, int pid)
{
	Ending *ending = g_new0(Ending, 1);

	ending->directory = g_strdup(directory);
	find_process(ending, pid);
	connect_to_it(ending);
	return ending;
}

void ending_free(Ending *ending)
{
	if (!ending)
		return;
	if (ending->handle >= 0)
		close(ending->handle);
	qmp_free(ending->qmp);
	g_free(ending->directory);
	g_free(ending);
}

int ending_pid(const Ending *ending)
{
	return ending->pid;
}

const char *ending_problem(const Ending *ending)
{
	return !ending->pid	    ? "it does not say who it is"
	       : ending->handle < 0 ? "there is no such process here"
				    : "it does not react to SIGKILL";
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

static gboolean is_hurried(Ending *ending)
{
	if (!ending->hurried && ending->hurry)
		ending->hurried = ending->hurry(ending->data);
	return ending->hurried;
}

/* Of the lock: QEMU may be gone from its socket a moment before. */
static gboolean wait_until_ended(Ending *ending, gint64 deadline)
{
	while (is_alive(ending)) {
		if (g_get_monotonic_time() > deadline)
			return FALSE;
		g_usleep(PAUSE_US);
	}
	return TRUE;
}

/* Until QEMU hangs up, or the time is over, or somebody is in a hurry. */
static gboolean wait_for_end(Ending *ending, gint64 deadline, void (*show)(gint64 deadline))
{
	gboolean was_hurried = ending->hurried, ended = FALSE;
	gint64 now;

	while (!ended && (now = g_get_monotonic_time()) < deadline) {
		if (!was_hurried && is_hurried(ending))
			return FALSE;
		if (show)
			show(deadline);
		ended = qmp_wait_for_end(ending->qmp, MIN(deadline, now + SLICE_US));
	}
	return ended;
}

/* ---- the three steps ---- */

static gboolean has_answer(Ending *ending)
{
	g_autoptr(JsonNode) answer = qmp_receive(ending->qmp, after(ANSWER_LIMIT), NULL);

	return answer != NULL;
}

/*
 * While another has QEMU's monitor we are in its queue, and that looks like a QEMU that hangs. Who
 * can be in a hurry waits for our turn as long as for the guest; others are not kept waiting.
 */
static gboolean ask(Ending *ending, gint64 deadline)
{
	while (!try_to_connect(ending)) {
		if (!ending->hurry || is_hurried(ending) || g_get_monotonic_time() > deadline ||
			!is_alive(ending))
			return FALSE;
		show_progress(deadline);
		g_usleep(SLICE_US);
	}
	qmp_send(ending->qmp, "system_powerdown", NULL);
	return ending->hurry || has_answer(ending);
}

static gboolean power_down(Ending *ending, guint seconds)
{
	gint64 deadline = after(seconds);
	gboolean ended;

	ended = ask(ending, deadline) && wait_for_end(ending, deadline, show_progress);
	end_progress();
	return ended && wait_until_ended(ending, after(KILL_LIMIT));
}

/* It may be gone before it has answered. */
static gboolean quit(Ending *ending)
{
	gint64 deadline;

	if (!ending->qmp)
		return FALSE;
	qmp_send(ending->qmp, "quit", NULL);
	deadline = after(is_hurried(ending) ? HURRIED_LIMIT : QUIT_LIMIT);
	return wait_for_end(ending, deadline, NULL) && wait_until_ended(ending, deadline);
}

static gboolean kill_it(Ending *ending)
{
	return ending->handle >= 0 &&
	       syscall(SYS_pidfd_send_signal, ending->handle, SIGKILL, NULL, 0) == 0 &&
	       wait_until_ended(ending, after(KILL_LIMIT));
}

EndingResult ending_run(Ending *ending, guint seconds, EndingHurry hurry, gpointer data)
{
	ending->hurry = hurry;
	ending->data = data;
	if (seconds > 0 && power_down(ending, seconds))
		return ENDING_POWERED_DOWN;
	if (quit(ending))
		return ENDING_QUIT;
	return kill_it(ending) ? ENDING_KILLED : ENDING_FAILED;
}
