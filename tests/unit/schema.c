/* SPDX-License-Identifier: MIT */
/* What the schema says of each key is so: its default and its example are legal values. */
#include <glib.h>

#include "profiles/schema.h"

typedef union {
	gpointer pointer;
	guint64 number;
} Slot;

/* As sections.c has them. */
static const char *variable(const char *name, gpointer data)
{
	(void)data;
	return g_str_equal(name, "run_dir") || g_str_equal(name, "state_dir") ? "/run/vm" : NULL;
}

static void assert_legal(const SchemaKey *key, const char *text)
{
	ValueRule rule = {
		.type = key->type, .words = key->words, .directory = "/srv", .variable = variable
	};
	g_autofree char *why = NULL;
	Slot slot = { NULL };

	if (!value_parse(&rule, text, &slot, &why))
		g_error("%s = %s: %s", key->key, text, why);
	value_clear(key->type, &slot);
}

static void check_section(gconstpointer data)
{
	const SchemaSection *section = data;

	for (const SchemaKey *key = section->keys; key->key; key++) {
		g_assert_nonnull(key->help);
		assert_legal(key, key->example);
		if (key->fallback)
			assert_legal(key, key->fallback);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	for (const SchemaSection *section = schema; section->name; section++) {
		g_autofree char *path = g_strdup_printf("/schema/%s", section->name);

		g_test_add_data_func(path, section, check_section);
	}
	return g_test_run();
}
