/* SPDX-License-Identifier: MIT */
#include "launcher/control/list.h"

#include <json-glib/json-glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "launcher/control/columns.h"
#include "launcher/control/qmp.h"
#include "launcher/control/running.h"
#include "launcher/control/wait.h"
#include "launcher/control/watch.h"
#include "launcher/run-directory.h"

#define ANSWER_LIMIT_US (500 * 1000) /* for the answers of all VMs together */

/* One VM. What is not known is NULL. */
typedef struct {
	char *name;
	char *profile;
	char *state; /* as QEMU calls it; "off"; or "no answer" */
	int pid;     /* 0: it does not run */
	Record *record;
	Qmp *qmp; /* until it has told its state */
} Row;

static void row_free(gpointer data)
{
	Row *row = data;

	qmp_free(row->qmp);
	record_free(row->record);
	g_free(row->state);
	g_free(row->profile);
	g_free(row->name);
	g_free(row);
}

/* ---- of a VM that runs ---- */

/* Asks, and does not wait. */
static Row *row_of(Running *running)
{
	g_autofree char *path = g_build_filename(running->directory, RUN_DIRECTORY_CONTROL, NULL);
	Row *row = g_new0(Row, 1);

	row->name = g_strdup(running->name);
	row->record = g_steal_pointer(&running->record);
	row->profile = row->record ? g_strdup(row->record->profile) : NULL;
	row->qmp = qmp_open(path, NULL);
	row->pid = row->qmp ? qmp_pid(row->qmp) : row->record ? row->record->pid : 0;
	if (row->qmp)
		qmp_send(row->qmp, "query-status", NULL);
	return row;
}

static void hear_state(Row *row, gint64 deadline)
{
	g_autoptr(JsonNode) answer = row->qmp ? qmp_receive(row->qmp, deadline, NULL) : NULL;

	if (answer && JSON_NODE_HOLDS_OBJECT(answer))
		row->state = g_strdup(json_object_get_string_member_with_default(
			json_node_get_object(answer), "status", "running"));
	else
		row->state = g_strdup(row->record ? "no answer" : "starting");
	g_clear_pointer(&row->qmp, qmp_free);
}

/* All are asked first, so that those that do not answer are waited for at the same time. */
static GPtrArray *rows_of_running(GPtrArray *running)
{
	GPtrArray *rows = g_ptr_array_new_with_free_func(row_free);
	gint64 deadline;

	for (guint i = 0; i < running->len; i++)
		g_ptr_array_add(rows, row_of(running->pdata[i]));
	deadline = g_get_monotonic_time() + ANSWER_LIMIT_US;
	for (guint i = 0; i < rows->len; i++)
		hear_state(rows->pdata[i], deadline);
	return rows;
}

/* ---- of a profile ---- */

static gboolean has_profile(const GPtrArray *rows, const char *real_path)
{
	for (guint i = 0; i < rows->len; i++)
		if (g_strcmp0(((const Row *)rows->pdata[i])->profile, real_path) == 0)
			return TRUE;
	return FALSE;
}

static void add_if_off(const char *name, const char *path, gpointer data)
{
	GPtrArray *rows = data;
	g_autofree char *real_path = realpath(path, NULL);
	Row *row;

	if (real_path && has_profile(rows, real_path))
		return;
	row = g_new0(Row, 1);
	row->name = g_strdup(name);
	row->profile = g_strdup(real_path ? real_path : path);
	row->state = g_strdup("off");
	g_ptr_array_add(rows, row);
}

/* ---- the cells ---- */

static char *uptime_text(const Row *row)
{
	gint64 seconds = row->record ? record_uptime(row->record) : 0, hours = seconds / 3600;

	if (!row->record)
		return NULL;
	if (hours >= 24)
		return g_strdup_printf(
			"%" G_GINT64_FORMAT "d %02dh", hours / 24, (int)(hours % 24));
	return g_strdup_printf("%" G_GINT64_FORMAT ":%02d:%02d", hours, (int)(seconds / 60 % 60),
		(int)(seconds % 60));
}

static char *join(const GPtrArray *words)
{
	GString *text = g_string_new(NULL);

	for (guint i = 0; i < words->len; i++)
		g_string_append_printf(text, "%s%s", i ? ", " : "", (char *)words->pdata[i]);
	return g_string_free(text, FALSE);
}

/* The words behind the first of each line, or the first ones. */
static char *split_taps(const GPtrArray *taps, gboolean addresses)
{
	g_autoptr(GPtrArray) parts = g_ptr_array_new_with_free_func(g_free);

	for (guint i = 0; i < taps->len; i++) {
		g_auto(GStrv) halves = g_strsplit(taps->pdata[i], " ", 2);

		if (halves[addresses ? 1 : 0])
			g_ptr_array_add(parts, g_strdup(halves[addresses ? 1 : 0]));
	}
	return join(parts);
}

static char *cell_name(const Row *row)
{
	return g_strdup(row->name);
}

static char *cell_state(const Row *row)
{
	return g_strdup(row->state);
}

static char *cell_pid(const Row *row)
{
	return row->pid ? g_strdup_printf("%d", row->pid) : NULL;
}

static char *cell_memory(const Row *row)
{
	return row->record ? g_strdup_printf("%u MiB", row->record->memory) : NULL;
}

static char *cell_tap(const Row *row)
{
	return row->record ? split_taps(row->record->taps, FALSE) : NULL;
}

static char *cell_address(const Row *row)
{
	return row->record ? split_taps(row->record->taps, TRUE) : NULL;
}

static char *cell_guest(const Row *row)
{
	return row->record ? join(row->record->guests) : NULL;
}

static char *cell_display(const Row *row)
{
	return row->record ? g_strdup(row->record->display) : NULL;
}

static char *cell_console(const Row *row)
{
	return row->record ? g_strdup(row->record->console) : NULL;
}

static char *cell_profile(const Row *row)
{
	return g_strdup(row->profile);
}

/* ---- for people ---- */

static const struct {
	const char *title;
	char *(*cell)(const Row *row);
	gboolean is_number;
} columns[] = {
	{ "NAME", cell_name, FALSE },
	{ "STATE", cell_state, FALSE },
	{ "PID", cell_pid, TRUE },
	{ "UPTIME", uptime_text, TRUE },
	{ "MEMORY", cell_memory, TRUE },
	{ "TAP", cell_tap, FALSE },
	{ "ADDRESS", cell_address, FALSE },
	{ "GUEST", cell_guest, FALSE },
	{ "DISPLAY", cell_display, FALSE },
	{ "CONSOLE", cell_console, FALSE },
	{ "PROFILE", cell_profile, FALSE },
};

/* "-" for what is not there; a terminal must not be steered by the name of a file. */
static char *cell_text(guint column, const Row *row)
{
	char *text = columns[column].cell(row);

	if (!text || !*text) {
		g_free(text);
		return g_strdup("-");
	}
	for (char *c = text; *c; c++)
		if (g_ascii_iscntrl(*c))
			*c = '?';
	return text;
}

/* Does it stay the same while nothing happens? */
static gboolean is_steady(guint column)
{
	return columns[column].cell != uptime_text;
}

static void add_cell(GString *text, guint column, const char *cell, guint width)
{
	int padding = MAX(0, (int)width - (int)columns_of(cell));
	gboolean is_last = column == G_N_ELEMENTS(columns) - 1;

	if (columns[column].is_number)
		g_string_append_printf(text, "%*s%s", padding, "", cell);
	else
		g_string_append_printf(text, "%s%*s", cell, is_last ? 0 : padding, "");
	g_string_append(text, is_last ? "\n" : "  ");
}

static guint widest(guint column, const GPtrArray *rows)
{
	guint width = columns_of(columns[column].title);

	for (guint i = 0; i < rows->len; i++) {
		g_autofree char *cell = cell_text(column, rows->pdata[i]);

		width = MAX(width, columns_of(cell));
	}
	return width;
}

/* @steady: without what changes by itself. Owned by the caller. */
static char *table_text(const GPtrArray *rows, gboolean steady)
{
	GString *text = g_string_new(NULL);
	guint widths[G_N_ELEMENTS(columns)];

	for (guint j = 0; j < G_N_ELEMENTS(columns); j++) {
		widths[j] = widest(j, rows);
		if (!steady || is_steady(j))
			add_cell(text, j, columns[j].title, widths[j]);
	}
	for (guint i = 0; i < rows->len; i++)
		for (guint j = 0; j < G_N_ELEMENTS(columns); j++) {
			g_autofree char *cell = cell_text(j, rows->pdata[i]);

			if (!steady || is_steady(j))
				add_cell(text, j, cell, widths[j]);
		}
	return g_string_free(text, FALSE);
}

static char *list_text(const Row *row, gboolean steady)
{
	GString *text = g_string_new(NULL);

	for (guint j = 0; j < G_N_ELEMENTS(columns); j++) {
		g_autofree char *cell = cell_text(j, row);
		g_autofree char *title = g_ascii_strdown(columns[j].title, -1);

		if (!steady || is_steady(j))
			g_string_append_printf(text, "%-9s %s\n", title, cell);
	}
	return g_string_free(text, FALSE);
}

/* ---- for programs ---- */

static void add_text(JsonBuilder *builder, const char *member, const char *text)
{
	g_autofree char *valid = text ? g_utf8_make_valid(text, -1) : NULL;

	if (member)
		json_builder_set_member_name(builder, member);
	if (valid)
		json_builder_add_string_value(builder, valid);
	else
		json_builder_add_null_value(builder);
}

static void add_number(JsonBuilder *builder, const char *member, gint64 number, gboolean known)
{
	json_builder_set_member_name(builder, member);
	if (known)
		json_builder_add_int_value(builder, number);
	else
		json_builder_add_null_value(builder);
}

static void add_tap(JsonBuilder *builder, const char *tap)
{
	g_auto(GStrv) words = g_strsplit(tap, " ", -1);

	json_builder_begin_object(builder);
	add_text(builder, "ifname", words[0]);
	json_builder_set_member_name(builder, "addresses");
	json_builder_begin_array(builder);
	for (guint i = 1; words[i]; i++)
		add_text(builder, NULL, words[i]);
	json_builder_end_array(builder);
	json_builder_end_object(builder);
}

static void add_row(JsonBuilder *builder, const Row *row)
{
	const Record *record = row->record;

	json_builder_begin_object(builder);
	add_text(builder, "name", row->name);
	add_text(builder, "state", row->state);
	add_text(builder, "profile", row->profile);
	add_number(builder, "pid", row->pid, row->pid != 0);
	add_number(builder, "uptime", record ? record_uptime(record) : 0, record != NULL);
	add_number(builder, "memory", record ? record->memory : 0, record != NULL);
	json_builder_set_member_name(builder, "taps");
	json_builder_begin_array(builder);
	for (guint i = 0; record && i < record->taps->len; i++)
		add_tap(builder, record->taps->pdata[i]);
	json_builder_end_array(builder);
	json_builder_set_member_name(builder, "guests");
	json_builder_begin_array(builder);
	for (guint i = 0; record && i < record->guests->len; i++)
		add_text(builder, NULL, record->guests->pdata[i]);
	json_builder_end_array(builder);
	add_text(builder, "display", record ? record->display : NULL);
	add_text(builder, "console", record ? record->console : NULL);
	json_builder_end_object(builder);
}

static void print_json(JsonBuilder *builder)
{
	g_autoptr(JsonNode) root = json_builder_get_root(builder);
	g_autofree char *text = json_to_string(root, TRUE);

	printf("%s\n", text);
}

/* ---- all of them ---- */

static GPtrArray *all_rows(void)
{
	g_autoptr(GPtrArray) running = running_list();
	GPtrArray *rows = rows_of_running(running);

	profile_each_known(add_if_off, rows);
	return rows;
}

/* A WatchShow. */
static char *show_table(gpointer data, char **ret_news)
{
	g_autoptr(GPtrArray) rows = all_rows();

	(void)data;
	if (ret_news)
		*ret_news = table_text(rows, TRUE);
	return table_text(rows, FALSE);
}

static void print_rows(const GPtrArray *rows)
{
	g_autoptr(JsonBuilder) builder = json_builder_new();

	json_builder_begin_array(builder);
	for (guint i = 0; i < rows->len; i++)
		add_row(builder, rows->pdata[i]);
	json_builder_end_array(builder);
	print_json(builder);
}

int list_run(const Options *options)
{
	if (options->watch)
		return watch_run(show_table, NULL);
	if (options->json) {
		g_autoptr(GPtrArray) rows = all_rows();

		print_rows(rows);
	} else {
		g_autofree char *text = show_table(NULL, NULL);

		fputs(text, stdout);
	}
	return EXIT_SUCCESS;
}

/* ---- one of them ---- */

static Row *look_at(Running *running)
{
	Row *row = row_of(running);

	hear_state(row, g_get_monotonic_time() + ANSWER_LIMIT_US);
	return row;
}

typedef struct {
	const char *wanted;
	GError *error; /* why there is nothing to show */
} Status;

/* A WatchShow. */
static char *show_status(gpointer data, char **ret_news)
{
	Status *status = data;
	g_autoptr(Running) running = running_find(status->wanted, &status->error);
	Row *row = running ? look_at(running) : NULL;
	char *text = row ? list_text(row, FALSE) : NULL;

	if (row && ret_news)
		*ret_news = list_text(row, TRUE);
	if (row)
		row_free(row);
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
	Row *row;

	if (!running)
		return complain(error);
	row = look_at(running);
	if (as_json) {
		g_autoptr(JsonBuilder) builder = json_builder_new();

		add_row(builder, row);
		print_json(builder);
	} else {
		g_autofree char *text = list_text(row, FALSE);

		fputs(text, stdout);
	}
	row_free(row);
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
