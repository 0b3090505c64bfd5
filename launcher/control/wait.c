/* SPDX-License-Identifier: MIT */
#include "launcher/control/wait.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "launcher/control/running.h"
#include "launcher/run-directory.h"
#include "platform/reach.h"

#define PAUSE_US (100 * 1000)
#define SECOND G_USEC_PER_SEC

typedef struct {
	const char *name;      /* as the user calls it */
	const char *directory; /* its run directory */
	gint64 start;	       /* of waiting, of g_get_monotonic_time */
	int limit;	       /* seconds, or OPTIONS_NO_TIME */
	gboolean is_new;       /* it starts now: the times are those of the VM */
	gboolean quiet;	       /* no progress */
} Wait;

/* ---- what is said ---- */

static void show_progress(const Wait *wait, const char *what)
{
	gint64 seconds = (g_get_monotonic_time() - wait->start) / SECOND;

	if (!wait->quiet && isatty(STDERR_FILENO))
		fprintf(stderr, "\rwaiting for %s: %3" G_GINT64_FORMAT " s ", what, seconds);
}

/* Of one line, in place of that of the progress. */
static void begin_line(const Wait *wait)
{
	if (!wait->quiet && isatty(STDERR_FILENO))
		fputs("\r\033[K", stderr);
}

static int fail(const Wait *wait, const char *format, ...) G_GNUC_PRINTF(2, 3);

static int fail(const Wait *wait, const char *format, ...)
{
	va_list args;

	begin_line(wait);
	fprintf(stderr, "qemu-tapwrap: VM '%s' ", wait->name);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	return EX_UNAVAILABLE;
}

static int succeed(const Wait *wait, const char *address)
{
	double seconds = (g_get_monotonic_time() - wait->start) / (double)SECOND;

	begin_line(wait);
	if (wait->is_new)
		fprintf(stderr, "qemu-tapwrap: VM '%s' answers at %s, %.1f s after the start\n",
			wait->name, address, seconds);
	else
		fprintf(stderr, "qemu-tapwrap: VM '%s' answers at %s\n", wait->name, address);
	return EXIT_SUCCESS;
}

/* ---- waiting ---- */

static gboolean is_over(const Wait *wait)
{
	return wait->limit != OPTIONS_NO_TIME &&
	       g_get_monotonic_time() - wait->start >= wait->limit * SECOND;
}

static GStrv list_ifnames(const Record *record)
{
	g_autoptr(GStrvBuilder) builder = g_strv_builder_new();

	for (guint i = 0; i < record->taps->len; i++) {
		g_auto(GStrv) words = g_strsplit(record->taps->pdata[i], " ", 2);

		g_strv_builder_add(builder, words[0]);
	}
	return g_strv_builder_end(builder);
}

/* @hosts, with commas. Owned by the caller. */
static char *join(const GStrv hosts)
{
	return g_strjoinv(", ", hosts);
}

/* Returns the one of @hosts that answered, borrowed from @reach; or NULL, after telling why not. */
static const char *wait_for_answer(const Wait *wait, Reach *reach, const GStrv hosts)
{
	g_autofree char *all = join(hosts);
	g_autofree char *what = g_strdup_printf("VM '%s' to answer at %s", wait->name, all);
	const char *address;

	while (!(address = reach_look(reach))) {
		if (is_over(wait)) {
			fail(wait, "has not answered at %s within %d s", all, wait->limit);
			return NULL;
		}
		if (!run_directory_is_held(wait->directory, TRUE)) {
			fail(wait, "has ended, and did not answer at %s before", all);
			return NULL;
		}
		show_progress(wait, what);
		g_usleep(PAUSE_US);
	}
	return address;
}

/* QEMU's, or who is about to become it. */
static int find_pid(const Wait *wait, const Record *record)
{
	int pid = run_directory_pid(wait->directory);

	return pid ? pid : record->pid;
}

/* Tells nothing if it answers; then *ret_address is where, owned by the caller. */
static int wait_with_record(const Wait *wait, const Record *record, char **ret_address)
{
	g_autoptr(GError) error = NULL;
	g_auto(GStrv) ifnames = list_ifnames(record);
	g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
	g_auto(GStrv) hosts = NULL;
	g_autoptr(Reach) reach = NULL;

	for (guint i = 0; i < record->guests->len; i++)
		g_strv_builder_add(builder, record->guests->pdata[i]);
	hosts = g_strv_builder_end(builder);
	if (!hosts[0])
		return fail(wait, "has no address of the guest that is known; "
				  "[nic] guest-address = ADDRESS tells it");
	if (!reach_is_possible(find_pid(wait, record)))
		return fail(wait, "is in a network of its own, as of --rootless; "
				  "start it with --wait to be told");
	reach = reach_begin(hosts, ifnames, wait->is_new, &error);
	if (!reach)
		return fail(wait, "cannot be reached: %s", error->message);
	*ret_address = g_strdup(wait_for_answer(wait, reach, hosts));
	return *ret_address ? EXIT_SUCCESS : EX_UNAVAILABLE;
}

/* ---- the ways to it ---- */

/* The record is a VM's that runs, and so whole in a moment. NULL after telling why not. */
static Running *find_whole(Wait *wait)
{
	for (;;) {
		g_autoptr(Running) running = running_find(wait->name, NULL);

		if (running && running->record)
			return g_steal_pointer(&running);
		if (is_over(wait)) {
			if (running)
				fail(wait, "has not started within %d s", wait->limit);
			else
				fail(wait, "is not running, after %d s", wait->limit);
			return NULL;
		}
		show_progress(wait, "the VM to be started");
		g_usleep(PAUSE_US);
	}
}

int wait_for_vm(const Options *options)
{
	Wait wait = { .name = options->profile,
		.start = g_get_monotonic_time(),
		.limit = options->wait_limit };
	g_autoptr(Running) running = find_whole(&wait);
	g_autofree char *address = NULL;
	int status;

	if (!running)
		return EX_UNAVAILABLE;
	wait.directory = running->directory;
	status = wait_with_record(&wait, running->record, &address);
	if (status == EXIT_SUCCESS)
		begin_line(&wait);
	return status;
}

static Record *read_record(const char *directory)
{
	g_autofree char *path = g_build_filename(directory, RUN_DIRECTORY_LOCK, NULL);
	g_autofree char *text = NULL;

	return g_file_get_contents(path, &text, NULL, NULL) ? record_parse(text) : NULL;
}

int wait_serve(GStrv words)
{
	Wait wait = { .start = g_get_monotonic_time() };
	g_autoptr(Record) record = NULL;
	g_autofree char *address = NULL;
	int status;

	if (g_strv_length(words) != 4)
		return EX_USAGE;
	wait.name = words[0];
	wait.directory = words[1];
	wait.limit = atoi(words[2]);
	wait.is_new = g_str_has_prefix(words[3], "new");
	wait.quiet = g_str_has_suffix(words[3], "quiet");
	while (!(record = read_record(wait.directory)) &&
		run_directory_is_held(wait.directory, FALSE) && !is_over(&wait))
		g_usleep(PAUSE_US);
	if (!record)
		return fail(&wait, "has ended before it could answer");
	status = wait_with_record(&wait, record, &address);
	return status == EXIT_SUCCESS ? succeed(&wait, address) : status;
}
