/* SPDX-License-Identifier: MIT */
/*
 * The schema as text: what --help-profile, --list-keys and --new print.
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

char *schema_list_keys(void)
{
	GString *text = g_string_new(NULL);

	for (const SchemaSection *section = schema; section->name; section++)
		for (const SchemaKey *key = section->keys; key->key; key++)
			g_string_append_printf(text, "%s.%s%s\t%s\n", section->name,
				section->many ? "ID." : "", key->key,
				key->type == VALUE_WORD	     ? key->words
				: key->type == VALUE_BOOLEAN ? "on off"
							     : "");
	return g_string_free(text, FALSE);
}

/*
 * What a starter has: lines that are set, and lines that are comments until somebody wants them.
 * In the order of the table; a section is a comment when its first line is.
 */
static const struct {
	const char *section, *id, *key, *value; /* value NULL: the example of the schema */
	gboolean set;
} usual[] = {
	{ "vm", NULL, "name", "%s", TRUE },
	{ "machine", NULL, "memory", "2G", TRUE },
	{ "machine", NULL, "smp", "2", TRUE },
	{ "firmware", NULL, "type", "uefi", FALSE },
	{ "disk", "root", "file", "%s.qcow2", TRUE },
	{ "disk", "root", "size", "20G", TRUE },
	{ "disk", "root", "if", "nvme", FALSE },
	{ "cdrom", "installer", "file", NULL, FALSE },
	{ "share", "home", "path", "~/", FALSE },
	{ "nic", "lan", "ifname", "tap0", TRUE },
	{ "nic", "lan", "address", "192.168.50.1/24", TRUE },
	{ "nic", "lan", "model", "virtio-net-pci", FALSE },
	{ "nic", "world", "type", "user", FALSE },
	{ "nic", "world", "hostfwd", "2222:22", FALSE },
	{ "display", NULL, "type", "vnc", FALSE },
	{ "serial", "console", "type", "mon:stdio", FALSE },
	{ "guest", NULL, "clipboard", "on", FALSE },
	{ "tpm", NULL, "version", "2.0", FALSE },
};

static void start_section(GString *text, guint row)
{
	const SchemaSection *section = schema_find_section(usual[row].section);

	g_string_append_printf(
		text, "\n# %s\n%s[%s", section->help, usual[row].set ? "" : "#", section->name);
	if (usual[row].id)
		g_string_append_printf(text, " \"%s\"", usual[row].id);
	g_string_append(text, "]\n");
}

static void start_key(GString *text, guint row, const char *name)
{
	const SchemaSection *section = schema_find_section(usual[row].section);
	const SchemaKey *key = schema_find_key(section, usual[row].key);
	const char *form = usual[row].value ? usual[row].value : key->example;
	g_auto(GStrv) parts = g_strsplit(form, "%s", -1);
	g_autofree char *value = g_strjoinv(name, parts);
	const char *quote = strpbrk(value, ";#") ? "\"" : "";

	g_string_append_printf(text, "# %s\n%s%s = %s%s%s\n", key->help, usual[row].set ? "" : "#",
		key->key, quote, value, quote);
}

char *schema_starter(const char *name)
{
	GString *text = g_string_new(
		"# A VM for qemu-tapwrap(1). Lines that begin with # are comments: what they\n"
		"# show is an example, and without them the default holds. There is much more:\n"
		"# qemu-tapwrap --help-profile\n");

	for (guint i = 0; i < G_N_ELEMENTS(usual); i++) {
		if (i == 0 || !g_str_equal(usual[i].section, usual[i - 1].section) ||
			g_strcmp0(usual[i].id, usual[i - 1].id) != 0)
			start_section(text, i);
		start_key(text, i, name);
	}
	return g_string_free(text, FALSE);
}
