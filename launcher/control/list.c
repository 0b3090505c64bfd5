/* SPDX-License-Identifier: MIT */
#include "launcher/control/list.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "launcher/control/row.h"
#include "launcher/control/running.h"
#include "launcher/control/wait.h"
#include "launcher/control/watch.h"

static void print(const char *text)
{
	fputs(text, stdout);
	if (!g_str_has_suffix(text, "\n"))
		putchar('\n');
}

/* ---- all of them ---- */

/* A WatchShow. */
static char *show_table(gpointer data, char **ret_news)
{
	g_autoptr(GPtrArray) rows = row_all();

	(void)data;
	if (ret_news)
		*ret_news = row_table_text(rows, TRUE);
	return row_table_text(rows, FALSE);
}

int list_run(const Options *options)
{
	if (options->watch)
		return watch_run(show_table, NULL);
	g_autoptr(GPtrArray) rows = row_all();
	g_autofree char *text = options->json ? row_table_json(rows) : row_table_text(rows, FALSE);
	print(text);
	return EXIT_SUCCESS;
}

/* ---- one of them ---- */

typedef struct {
	const char *wanted;
	GError *error; /* why there is nothing to show */
} Status;

/* A WatchShow. */
static char *show_status(gpointer data, char **ret_news)
{
	Status *status = data;
	g_autoptr(Running) running = running_find(status->wanted, &status->error);
	g_autoptr(Row) row = running ? row_of_running(running) : NULL;
	char *text = row ? row_list_text(row, FALSE) : NULL;

	if (row && ret_news)
		*ret_news = row_list_text(row, TRUE);
	return text;
}

static int complain(GError *error)
{
	int status = error->code;

	fprintf(stderr, "qemu-tapwrap: %s\n", error->message);
	g_error_free(error);
	return status;
}

/* One that does not run is an error; one that has ended is not. */
static int watch_status(const char *wanted)
{
	Status status = { .wanted = wanted };
	g_autofree char *first = show_status(&status, NULL);
	int result;

	if (!first)
		return complain(status.error);
	result = watch_run(show_status, &status);
	if (status.error && isatty(STDERR_FILENO))
		fprintf(stderr, "qemu-tapwrap: VM '%s' has ended\n", wanted);
	g_clear_error(&status.error);
	return result;
}

static int print_status(const char *wanted, gboolean as_json)
{
	GError *error = NULL;
	g_autoptr(Running) running = running_find(wanted, &error);
	if (!running)
		return complain(error);
	g_autoptr(Row) row = row_of_running(running);
	g_autofree char *text = as_json ? row_json(row) : row_list_text(row, FALSE);
	print(text);
	return EXIT_SUCCESS;
}

int list_status_run(const Options *options)
{
	int waited = options->wait ? wait_for_vm(options) : EXIT_SUCCESS;

	if (waited != EXIT_SUCCESS)
		return waited;
	return options->watch ? watch_status(options->profile)
			      : print_status(options->profile, options->json);
}
