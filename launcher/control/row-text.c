/* SPDX-License-Identifier: MIT */
#include "launcher/control/columns.h"
#include "launcher/control/row.h"

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
	return row->record ? record_tap_names(row->record, ", ") : NULL;
}

static char *cell_address(const Row *row)
{
	return row->record ? record_tap_addresses(row->record, ", ") : NULL;
}

static char *cell_guest(const Row *row)
{
	return row->record ? record_guest_addresses(row->record, ", ") : NULL;
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

/* ---- the columns ---- */

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

char *row_table_text(const GPtrArray *rows, gboolean steady)
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

char *row_list_text(const Row *row, gboolean steady)
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
