/* SPDX-License-Identifier: MIT */
/*
 * The manual's key lists and the schema say the same: every section and key, every legal word,
 * every default, and nothing that does not exist. Every verb and option is among its options.
 */
#include <glib.h>
#include <string.h>

#include "launcher/options-parts.h"
#include "profiles/schema.h"

#define MANUAL "qemu-tapwrap.1"

/* From the line @start to the next line that begins with one of @ends. Owned by the caller. */
static char *block(const char *text, const char *start, const char *const *ends)
{
	const char *begin = strstr(text, start), *end;

	if (!begin)
		return NULL;
	begin += strlen(start);
	end = begin + strlen(begin);
	for (guint i = 0; ends[i]; i++) {
		const char *found = strstr(begin, ends[i]);

		if (found && found < end)
			end = found;
	}
	return g_strndup(begin, end - begin);
}

static char *section_block(const char *manual, const SchemaSection *section)
{
	static const char *const ends[] = { "\n.Ss ", "\n.Sh ", NULL };
	g_autofree char *start = g_strdup_printf(
		"\n.Ss [%s%s]\n", section->name, section->many ? " \\(dqid\\(dq" : "");

	return block(manual, start, ends);
}

static char *key_block(const char *section, const char *key)
{
	static const char *const ends[] = { "\n.It ", "\n.El", NULL };
	g_autofree char *start = g_strdup_printf("\n.It Cm %s\n", key);

	return block(section, start, ends);
}

/* The words of all .Cm lines, without the punctuation between them. */
static gboolean has_word(const char *text, const char *word)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	for (guint i = 0; lines[i]; i++) {
		g_auto(GStrv) words = g_strsplit(lines[i], " ", -1);

		if (g_str_has_prefix(lines[i], ".Cm ") &&
			g_strv_contains((const char *const *)words, word))
			return TRUE;
	}
	return FALSE;
}

static void check_key(const SchemaKey *key, const char *text)
{
	g_auto(GStrv) words = g_strsplit(key->words ? key->words : "", " ", -1);
	g_autofree char *fallback = g_strdup_printf("Default:\n.Cm %s .", key->fallback);

	for (guint i = 0; words[i]; i++)
		if (!has_word(text, words[i]))
			g_error(MANUAL ": %s: the word '%s' is missing", key->key, words[i]);
	if (key->fallback && !g_str_equal(key->key, "arch") && !strstr(text, fallback))
		g_error(MANUAL ": %s: does not say: Default: %s", key->key, key->fallback);
	if (!key->fallback && strstr(text, "Default:"))
		g_error(MANUAL ": %s: names a default that the schema does not have", key->key);
}

static void check_section(gconstpointer data)
{
	const SchemaSection *section = data;
	g_autofree char *manual = NULL, *text = NULL;

	g_assert_true(g_file_get_contents(MANUAL, &manual, NULL, NULL));
	text = section_block(manual, section);
	g_assert_nonnull(text);
	for (const SchemaKey *key = section->keys; key->key; key++) {
		g_autofree char *key_text = key_block(text, key->key);

		if (!key_text)
			g_error(MANUAL ": [%s]: the key %s is missing", section->name, key->key);
		check_key(key, key_text);
	}
	for (const char *at = text; (at = strstr(at, "\n.It Cm ")); at++) {
		g_autofree char *name = g_strndup(at + 8, strcspn(at + 8, "\n"));

		if (!schema_find_key(section, name))
			g_error(MANUAL ": [%s]: there is no key %s", section->name, name);
	}
}

/* ---- the command line ---- */

static void check_option(const char *options, const char *name)
{
	g_autofree char *pattern = g_strdup_printf("^\\.(It|Nm|Op|Fl).*\\bFl Fl %s( |$)", name);

	if (!g_regex_match_simple(pattern, options, G_REGEX_MULTILINE, 0))
		g_error(MANUAL ": the option --%s is missing", name);
}

static void check_options(void)
{
	static const char *const ends[] = { "\n.Sh PROFILE", NULL };
	g_autofree char *manual = NULL, *options = NULL;

	g_assert_true(g_file_get_contents(MANUAL, &manual, NULL, NULL));
	options = block(manual, "\n.Sh SYNOPSIS", ends);
	g_assert_nonnull(options);
	for (const VerbRow *row = options_verbs + 1; row->words; row++)
		if (row->help)
			check_option(options, row->name);
	for (const OptionRow *row = options_rows; row->name; row++)
		check_option(options, row->name);
}

/* Every line of --help has its words, and none is too long. */
static void check_help(void)
{
	g_autofree char *help = options_help();
	g_auto(GStrv) lines = g_strsplit(help, "\n", -1);

	g_assert_nonnull(strstr(help, "\n  --link VM NIC on|off  "));
	g_assert_nonnull(strstr(help, "\n  -n, --dry-run PROFILE  "));
	g_assert_nonnull(strstr(help, "\n  --wait[=SECONDS]  "));
	g_assert_null(strstr(help, "--complete"));
	for (guint i = 0; lines[i]; i++)
		g_assert_cmpuint(strlen(lines[i]), <, 100);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/manual/options", check_options);
	g_test_add_func("/help", check_help);
	for (const SchemaSection *section = schema; section->name; section++) {
		g_autofree char *path = g_strdup_printf("/manual/%s", section->name);

		g_test_add_data_func(path, section, check_section);
	}
	return g_test_run();
}
