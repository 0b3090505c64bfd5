/* SPDX-License-Identifier: MIT */
/*
 * The schema as text: what --help-profile and --new print.
 */
#include "profiles/schema.h"

#include <string.h>

static void describe_key(GString *text, const SchemaKey *key)
{
	g_autofree char *words = g_strdelimit(g_strdup(key->words ? key->words : ""), " ", '|');

	g_string_append_printf(text, "    %s = %s\n", key->key, *words ? words : key->example);
	g_string_append_printf(text, "        %s", key->help);
	if (key->fallback)
		g_string_append_printf(text, " (default: %s)", key->fallback);
	g_string_append_c(text, '\n');
}

static void describe_section(GString *text, const SchemaSection *section)
{
	g_string_append_printf(text, "%s[%s%s]  %s\n", text->len ? "\n" : "", section->name,
		section->many ? " \"ID\"" : "", section->help);
	for (const SchemaKey *key = section->keys; key->key; key++)
		describe_key(text, key);
}

char *schema_describe(const char *name)
{
	g_autoptr(GString) text = g_string_new(NULL);

	for (const SchemaSection *section = schema; section->name; section++)
		if (!name || g_str_equal(section->name, name))
			describe_section(text, section);
	return text->len ? g_strdup(text->str) : NULL;
}

/* What a starter sets; all else stands in it as a comment. */
static const struct {
	const char *section, *key, *value;
} usual[] = {
	{ "vm", "name", "%s" },
	{ "machine", "smp", "2" },
	{ "machine", "memory", "2G" },
	{ "disk", "file", "%s.qcow2" },
	{ "nic", "ifname", "tap0" },
	{ "nic", "address", "192.168.50.1/24" },
};

static const char *usual_value(const char *section, const char *key)
{
	for (guint i = 0; i < G_N_ELEMENTS(usual); i++)
		if (g_str_equal(usual[i].section, section) && g_str_equal(usual[i].key, key))
			return usual[i].value;
	return NULL;
}

static gboolean has_usual(const char *section)
{
	for (guint i = 0; i < G_N_ELEMENTS(usual); i++)
		if (g_str_equal(usual[i].section, section))
			return TRUE;
	return FALSE;
}

static void start_key(GString *text, const char *section, const SchemaKey *key, const char *name)
{
	const char *set = usual_value(section, key->key);
	g_auto(GStrv) parts = g_strsplit(set ? set : key->example, "%s", -1);
	g_autofree char *value = g_strjoinv(name, parts);
	const char *quote = strpbrk(value, ";#") ? "\"" : "";

	g_string_append_printf(text, "# %s\n%s%s = %s%s%s\n", key->help, set ? "" : "#", key->key,
		quote, value, quote);
}

char *schema_starter(const char *name)
{
	GString *text = g_string_new(
		"# A VM for qemu-tapwrap(1). Lines that begin with # are comments: what they\n"
		"# show is an example, and without them the default holds.\n");

	for (const SchemaSection *section = schema; section->name; section++) {
		const char *id = g_str_equal(section->name, "disk")  ? "root"
				 : g_str_equal(section->name, "nic") ? "lan"
								     : "first";

		g_string_append_printf(text, "\n# %s\n%s[%s", section->help,
			has_usual(section->name) ? "" : "#", section->name);
		if (section->many)
			g_string_append_printf(text, " \"%s\"", id);
		g_string_append(text, "]\n");
		for (const SchemaKey *key = section->keys; key->key; key++)
			start_key(text, section->name, key, name);
	}
	return g_string_free(text, FALSE);
}
