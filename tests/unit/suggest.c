/* SPDX-License-Identifier: MIT */
/* suggest: what is near enough to be meant, and what is not. */
#include "profiles/suggest.h"

#include <string.h>

#define LONG "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijkl" /* 64 bytes */

typedef struct {
	const char *word;
	const char *candidates; /* separated by spaces */
	const char *nearest;	/* NULL: none of them */
} Row;

static const Row rows[] = {
	{ "memroy", "type cpu memory", "memory" },
	{ "mem", "type cpu memory", NULL },
	{ "memor", "type cpu memory", "memory" },
	{ "memoryy", "type cpu memory", "memory" },
	{ "emory", "type cpu memory", "memory" },
	{ "MEMORY", "type cpu memory", "memory" },
	{ "Gtk", "sdl gtk", "gtk" },
	{ "ifnam", "name ifname", "ifname" },
	{ "nam", "name ifname", "name" },
	{ "adress", "address", "address" },
	{ "hostforward", "hostfwd", "hostfwd" },

	/* the first of those that are equally near */
	{ "disc", "disk dish", "disk" },
	{ "disc", "dish disk", "dish" },

	/* of a short word something must be right */
	{ "spc", "spice", "spice" },
	{ "xy", "pa", NULL },
	{ "py", "pa", "pa" },
	{ "x", "a", NULL },
	{ "x", "", NULL },
	{ "", "pa", NULL },
	{ "abc", "xyz", NULL },
	{ "abcd", "abxy", "abxy" },
	{ "abcd", "axyz", NULL },
	{ "memory", "m", NULL },

	/* nobody mistypes a word as long as this */
	{ LONG, "x" LONG " " LONG, LONG },
	{ LONG "x", LONG, NULL },
	{ "\303\244pfel", "\303\266pfel", "\303\266pfel" },
};

static void test_row(gconstpointer data)
{
	const Row *row = data;
	g_auto(GStrv) candidates = g_strsplit(row->candidates, " ", -1);
	g_autofree char *expected = row->nearest
					    ? g_strdup_printf("; did you mean '%s'?", row->nearest)
					    : g_strdup("");
	g_autofree char *end = NULL;
	Suggestion suggestion = suggest_begin(row->word);

	for (guint i = 0; candidates[i]; i++)
		suggest_consider(&suggestion, candidates[i]);
	end = suggest_end(&suggestion);
	g_assert_cmpstr(end, ==, expected);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *path = g_strdup_printf("/suggest/%u-%s", i, rows[i].word);

		g_test_add_data_func(path, &rows[i], test_row);
	}
	return g_test_run();
}
