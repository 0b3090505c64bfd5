/* SPDX-License-Identifier: MIT */
/*
 * What --help shows: GOption's own would be all verbs and options in one list, verbs without the
 * words that they take.
 */
#include <string.h>

#include "launcher/options-parts.h"

#define USAGE                                                                                         \
	"Usage:\n"                                                                                    \
	"  qemu-tapwrap [OPTION...] PROFILE [-- QEMU-ARGUMENT...]\n"                                  \
	"  qemu-tapwrap --VERB [OPTION...] [WORD...]\n"                                               \
	"\n"                                                                                          \
	"Boots the VM that PROFILE describes: makes its tap with its static IP, runs QEMU in place\n" \
	"of itself, and leaves nothing behind. PROFILE is a file, or the NAME of a NAME.ini in\n"     \
	"~/.config/qemu-tapwrap or " SYSCONFDIR "/qemu-tapwrap. VM is that, or the name of a VM\n"    \
	"that runs.\n"

static void add(GPtrArray *lines, char *left, const char *help)
{
	g_ptr_array_add(lines, left);
	g_ptr_array_add(lines, (gpointer)help);
}

/* "  -n, --dry-run PROFILE" */
static void add_verb(GPtrArray *lines, const VerbRow *row)
{
	g_autofree char *letter = row->letter ? g_strdup_printf("-%c, ", row->letter)
					      : g_strdup("");

	add(lines,
		g_strdup_printf(
			"  %s--%s%s%s", letter, row->name, *row->words ? " " : "", row->words),
		row->help);
}

/* "  --timeout SECONDS", "  --wait[=SECONDS]" */
static void add_option(GPtrArray *lines, const OptionRow *row)
{
	const char *form = !row->words ? "  --%s" : row->optional ? "  --%s[=%s]" : "  --%s %s";

	add(lines, g_strdup_printf(form, row->name, row->words), row->help);
}

static void print_lines(GString *text, const char *title, const GPtrArray *lines, int width)
{
	g_string_append_printf(text, "\n%s\n", title);
	for (guint i = 0; i < lines->len; i += 2)
		g_string_append_printf(text, "%-*s  %s\n", width, (char *)lines->pdata[i],
			(char *)lines->pdata[i + 1]);
	for (guint i = 0; i < lines->len; i += 2)
		g_free(lines->pdata[i]);
}

static int width_of(const GPtrArray *lines)
{
	int width = 0;

	for (guint i = 0; i < lines->len; i += 2)
		width = MAX(width, (int)strlen(lines->pdata[i]));
	return width;
}

char *options_help(void)
{
	GString *text = g_string_new(USAGE);
	g_autoptr(GPtrArray) verbs = g_ptr_array_new(), options = g_ptr_array_new();
	int width;

	for (const VerbRow *row = options_verbs; row->words; row++)
		if (row->help)
			add_verb(verbs, row);
	for (const OptionRow *row = options_rows; row->name; row++)
		add_option(options, row);
	width = MAX(width_of(verbs), width_of(options));
	print_lines(text, "Verbs, one at a time:", verbs, width);
	print_lines(text, "Options:", options, width);
	g_string_append(text, "\nMore: man qemu-tapwrap\n");
	return g_string_free(text, FALSE);
}
