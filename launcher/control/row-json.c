/* SPDX-License-Identifier: MIT */
#include <json-glib/json-glib.h>

#include "launcher/control/row.h"

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

static char *text_of(JsonBuilder *builder)
{
	g_autoptr(JsonNode) root = json_builder_get_root(builder);

	return json_to_string(root, TRUE);
}

char *row_table_json(const GPtrArray *rows)
{
	g_autoptr(JsonBuilder) builder = json_builder_new();

	json_builder_begin_array(builder);
	for (guint i = 0; i < rows->len; i++)
		add_row(builder, rows->pdata[i]);
	json_builder_end_array(builder);
	return text_of(builder);
}

char *row_json(const Row *row)
{
	g_autoptr(JsonBuilder) builder = json_builder_new();

	add_row(builder, row);
	return text_of(builder);
}
