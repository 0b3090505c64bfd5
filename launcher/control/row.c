/* SPDX-License-Identifier: MIT */
#include "launcher/control/row.h"

#include <stdlib.h>

#include "launcher/run-directory.h"

#define ANSWER_LIMIT_US (500 * 1000) /* for the answers of all VMs together */

void row_free(Row *row)
{
	if (!row)
		return;
	qmp_free(row->qmp);
	record_free(row->record);
	g_free(row->state);
	g_free(row->profile);
	g_free(row->name);
	g_free(row);
}

/* ---- of a VM that runs ---- */

/* Asks, and does not wait. */
static Row *ask(Running *running)
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
	GPtrArray *rows = g_ptr_array_new_with_free_func((GDestroyNotify)row_free);
	gint64 deadline;

	for (guint i = 0; i < running->len; i++)
		g_ptr_array_add(rows, ask(running->pdata[i]));
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

/* ---- both ---- */

GPtrArray *row_all(void)
{
	g_autoptr(GPtrArray) running = running_list();
	GPtrArray *rows = rows_of_running(running);

	profile_each_known(add_if_off, rows);
	return rows;
}

Row *row_of_running(Running *running)
{
	Row *row = ask(running);

	hear_state(row, g_get_monotonic_time() + ANSWER_LIMIT_US);
	return row;
}
