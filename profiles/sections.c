/* SPDX-License-Identifier: MIT */
#include "profiles/sections.h"

#include <sysexits.h>

#include "profiles/schema.h"

static GPtrArray **list_slot(Profile *profile, const SchemaSection *kind)
{
	return G_STRUCT_MEMBER_P(profile, kind->offset);
}

static ProfileSection **single_slot(Profile *profile, const SchemaSection *kind)
{
	return G_STRUCT_MEMBER_P(profile, kind->offset);
}

static ProfileSection *section_new(const SchemaSection *kind, const IniSection *source)
{
	ProfileSection *section = g_malloc0(kind->size);

	section->name = kind->name;
	section->source = source;
	section->id = source && source->id ? source->id : "0";
	return section;
}

static void section_free(const SchemaSection *kind, ProfileSection *section)
{
	if (!section)
		return;
	for (const SchemaKey *key = kind->keys; key->key; key++)
		value_clear(key->type, G_STRUCT_MEMBER_P(section, key->offset));
	g_free(section);
}

/* What ${NAME} means in a path, beside the environment. */
static const char *variable(const char *name, gpointer data)
{
	Profile *profile = data;
	const char *vm = profile->vm ? profile->vm->name : NULL; /* NULL while [vm] is read */

	if (g_str_equal(name, "vm"))
		return vm;
	if (g_str_equal(name, "profile_dir"))
		return profile->directory;
	if (vm && g_str_equal(name, "state_dir"))
		return places_state(&profile->places, vm);
	if (vm && g_str_equal(name, "run_dir"))
		return places_run(&profile->places, vm);
	return g_str_equal(name, "hostname") ? g_get_host_name() : NULL;
}

static void read_key(Profile *profile, ProfileSection *section, const SchemaKey *key)
{
	const IniEntry *entry = section->source ? ini_section_find(section->source, key->key)
						: NULL;
	const char *text = entry ? entry->value : key->fallback; /* NULL: told by ini */
	g_autofree char *directory = entry ? g_path_get_dirname(entry->file->real_path) : NULL;
	ValueRule rule = { .type = key->type,
		.words = key->words,
		.directory = directory,
		.variable = variable,
		.data = profile };
	g_autofree char *why = NULL;

	if (text && !value_parse(&rule, text, G_STRUCT_MEMBER_P(section, key->offset), &why))
		profile_problem(profile, section, key->key, EX_DATAERR, "%s", why);
}

static void refuse_unknown_keys(
	Profile *profile, const SchemaSection *kind, const ProfileSection *section)
{
	for (guint i = 0; i < section->source->entries->len; i++) {
		const IniEntry *entry = section->source->entries->pdata[i];
		g_autofree char *hint = NULL;

		if (schema_find_key(kind, entry->key))
			continue;
		hint = schema_suggest_key(kind, entry->key);
		profile_problem(profile, section, entry->key, EX_DATAERR, "no such key%s", hint);
	}
}

static void read_section(Profile *profile, const SchemaSection *kind, ProfileSection *section)
{
	if (section->source)
		refuse_unknown_keys(profile, kind, section);
	for (const SchemaKey *key = kind->keys; key->key; key++)
		read_key(profile, section, key);
}

static void add_section(Profile *profile, const SchemaSection *kind, const IniSection *source)
{
	ProfileSection *section;

	if (!kind->many && source->id) {
		problems_add(profile->problems, source->file->path, source->line, EX_DATAERR,
			"[%s]: this section has no id; write [%s]", source->header, kind->name);
		return;
	}
	section = section_new(kind, source);
	if (kind->many)
		g_ptr_array_add(*list_slot(profile, kind), section);
	else
		*single_slot(profile, kind) = section;
	read_section(profile, kind, section);
}

static void refuse_bare_among_others(Profile *profile, const SchemaSection *kind)
{
	GPtrArray *list = *list_slot(profile, kind);

	for (guint i = 0; list->len > 1 && i < list->len; i++) {
		const ProfileSection *section = list->pdata[i];

		if (!section->source->id)
			profile_problem(profile, section, NULL, EX_DATAERR,
				"there are several; give each an id: [%s \"ID\"]", kind->name);
	}
}

static void read_kind(Profile *profile, const SchemaSection *kind)
{
	for (guint i = 0; i < profile->ini->sections->len; i++) {
		const IniSection *source = profile->ini->sections->pdata[i];

		if (g_str_equal(source->name, kind->name))
			add_section(profile, kind, source);
	}
	if (kind->many) {
		refuse_bare_among_others(profile, kind);
	} else if (!*single_slot(profile, kind)) {
		*single_slot(profile, kind) = section_new(kind, NULL);
		read_section(profile, kind, *single_slot(profile, kind));
	}
}

static void refuse_unknown_sections(Profile *profile)
{
	for (guint i = 0; i < profile->ini->sections->len; i++) {
		const IniSection *source = profile->ini->sections->pdata[i];
		g_autofree char *hint = NULL;

		if (schema_find_section(source->name))
			continue;
		hint = schema_suggest_section(source->name);
		problems_add(profile->problems, source->file->path, source->line, EX_DATAERR,
			"[%s]: no such section%s", source->header, hint);
	}
}

void sections_read(Profile *profile, const char *name)
{
	for (const SchemaSection *kind = schema; kind->name; kind++) {
		gboolean is_read = kind->many ? *list_slot(profile, kind) != NULL
					      : *single_slot(profile, kind) != NULL;

		if (is_read || (name && !g_str_equal(kind->name, name)))
			continue;
		if (kind->many)
			*list_slot(profile, kind) = g_ptr_array_new();
		read_kind(profile, kind);
	}
	if (!name)
		refuse_unknown_sections(profile);
}

gpointer sections_add_default(Profile *profile, const char *name)
{
	const SchemaSection *kind = schema_find_section(name);
	ProfileSection *section = section_new(kind, NULL);

	g_ptr_array_add(*list_slot(profile, kind), section);
	read_section(profile, kind, section);
	return section;
}

void sections_free(Profile *profile)
{
	for (const SchemaSection *kind = schema; kind->name; kind++) {
		GPtrArray *list = kind->many ? *list_slot(profile, kind) : NULL;

		for (guint i = 0; list && i < list->len; i++)
			section_free(kind, list->pdata[i]);
		if (list)
			g_ptr_array_unref(list);
		if (!kind->many)
			section_free(kind, *single_slot(profile, kind));
	}
}
