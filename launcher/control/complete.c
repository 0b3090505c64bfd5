/* SPDX-License-Identifier: MIT */
#include "launcher/control/complete.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "launcher/control/running.h"
#include "launcher/options-parts.h"
#include "profiles/schema.h"

/* ---- what is typed so far ---- */

typedef struct {
	const VerbRow *verb;	 /* options_verbs[0] when there is none */
	GPtrArray *words;	 /* char *: those that are no options, borrowed */
	const OptionRow *option; /* whose value comes next, or NULL */
	gboolean ended;		 /* what comes is not ours */
	const char *current;
} Line;

/* NULL if it is none of ours. */
static const VerbRow *verb_of(const char *word)
{
	if (g_str_has_prefix(word, "--"))
		return options_find_verb(word + 2);
	for (const VerbRow *row = options_verbs + 1; row->words; row++)
		if (word[0] == '-' && row->letter && word[1] == row->letter && !word[2])
			return row;
	return NULL;
}

static const OptionRow *option_of(const char *word)
{
	const OptionRow *row = g_str_has_prefix(word, "--") ? options_find_row(word + 2) : NULL;

	return row && row->words && !row->optional ? row : NULL;
}

static gboolean ends_ours(const Line *line)
{
	return line->words->len == 1 &&
	       (line->verb->verb == VERB_SSH || line->verb->verb == VERB_MONITOR);
}

static void read_word(Line *line, const char *word)
{
	const VerbRow *verb = verb_of(word);

	if (line->option) {
		line->option = NULL;
		return;
	}
	if (verb)
		line->verb = verb;
	else if (word[0] != '-')
		g_ptr_array_add(line->words, (gpointer)word);
	line->option = option_of(word);
	line->ended = g_str_equal(word, "--") || ends_ours(line);
}

static void read_line(Line *line, GStrv words)
{
	line->verb = options_verbs;
	line->words = g_ptr_array_new();
	line->current = "";
	for (guint i = 0; words[i]; i++) {
		line->current = words[i];
		if (words[i + 1] && !line->ended)
			read_word(line, words[i]);
	}
}

/* ---- candidates ---- */

/* The shells read lines. */
static gboolean is_plain(const char *text)
{
	for (; *text; text++)
		if (g_ascii_iscntrl(*text))
			return FALSE;
	return TRUE;
}

static void offer(const Line *line, const char *candidate, const char *about)
{
	if (g_str_has_prefix(candidate, line->current) && is_plain(candidate) && is_plain(about))
		printf("%s\t%s\n", candidate, about);
}

static void offer_option(const Line *line, const char *name, const char *words, const char *help)
{
	g_autofree char *candidate = g_strconcat("--", name, NULL);
	g_autofree char *about = *words ? g_strdup_printf("%s: %s", words, help) : g_strdup(help);

	offer(line, candidate, about);
}

static void offer_options(const Line *line)
{
	for (const VerbRow *row = options_verbs + 1; row->words; row++)
		if (row->help && line->verb == options_verbs)
			offer_option(line, row->name, row->words, row->help);
	for (const OptionRow *row = options_rows; row->name; row++)
		if (line->verb == options_verbs || (row->verbs & FOR(line->verb->verb)))
			offer_option(line, row->name, row->words ? row->words : "", row->help);
}

static void offer_profile(const char *name, const char *path, gpointer data)
{
	offer(data, name, path);
}

static void offer_running(const Line *line)
{
	g_autoptr(GPtrArray) list = running_list();

	for (guint i = 0; i < list->len; i++) {
		const Running *running = list->pdata[i];

		offer(line, running->name, running->record ? running->record->profile : "starting");
	}
}

static void offer_sections(const Line *line)
{
	for (const SchemaSection *section = schema; section->name; section++)
		offer(line, section->name, section->help);
}

static void offer_cards(const Line *line)
{
	g_autoptr(Running) running = running_find(line->words->pdata[0], NULL);
	g_autoptr(Profile) profile = running && running->record
					     ? profile_load(running->record->profile, NULL, NULL)
					     : NULL;

	for (guint i = 0; profile && i < profile->nics->len; i++) {
		const ProfileNic *nic = profile->nics->pdata[i];

		offer(line, nic->section.id, nic->model ? nic->model : "");
	}
}

static void offer_words(const Line *line, const char *words, const char *separator)
{
	g_auto(GStrv) parts = g_strsplit(words, separator, -1);

	for (guint i = 0; parts[i]; i++)
		offer(line, parts[i], "");
}

/* ---- the value of --set ---- */

static void offer_value(const Line *line, const char *place, const SchemaKey *key)
{
	const char *words = key->type == VALUE_WORD	 ? key->words
			    : key->type == VALUE_BOOLEAN ? "on off"
							 : "";
	g_auto(GStrv) parts = g_strsplit(words, " ", -1);

	for (guint i = 0; parts[i]; i++) {
		g_autofree char *candidate = g_strconcat(place, parts[i], NULL);

		offer(line, candidate, "");
	}
}

/* The key itself, or its values if it is typed already. */
static void offer_keys(const Line *line, const SchemaSection *section, const char *id)
{
	for (const SchemaKey *key = section->keys; key->key; key++) {
		g_autofree char *place = g_strdup_printf(
			"%s.%s%s%s=", section->name, id ? id : "", id ? "." : "", key->key);

		if (g_str_has_prefix(line->current, place))
			offer_value(line, place, key);
		else
			offer(line, place, key->help);
	}
}

/* The id may be left out where there is no more than one. */
static void offer_ids(const Line *line, const SchemaSection *section, const Profile *profile)
{
	guint n = 0;

	for (guint i = 0; profile && i < profile->ini->sections->len; i++) {
		const IniSection *there = profile->ini->sections->pdata[i];

		if (!g_str_equal(there->name, section->name))
			continue;
		n++;
		if (there->id)
			offer_keys(line, section, there->id);
	}
	if (n <= 1)
		offer_keys(line, section, NULL);
}

static void offer_settings(const Line *line)
{
	const char *name = line->words->len ? line->words->pdata[0] : NULL;
	g_autoptr(Profile) profile = NULL;
	g_auto(GStrv) parts = g_strsplit(line->current, ".", 2);
	const SchemaSection *chosen = parts[0] && parts[1] ? schema_find_section(parts[0]) : NULL;

	for (const SchemaSection *section = schema; section->name && !chosen; section++) {
		g_autofree char *candidate = g_strconcat(section->name, ".", NULL);

		offer(line, candidate, section->help);
	}
	if (!chosen)
		return;
	profile = name && chosen->many ? profile_load(name, NULL, NULL) : NULL;
	if (chosen->many)
		offer_ids(line, chosen, profile);
	else
		offer_keys(line, chosen, NULL);
}

/* ---- the words of a verb ---- */

/* How the words are called that it takes, the one that comes next. */
static void offer_word(const Line *line)
{
	g_auto(GStrv) kinds = g_strsplit(line->verb->words, " ", -1);
	const char *kind = line->words->len < g_strv_length(kinds) ? kinds[line->words->len] : "";

	if (g_str_equal(kind, "PROFILE")) {
		profile_each_known(offer_profile, (gpointer)line);
		printf("\tprofiles\n");
	} else if (g_str_equal(kind, "VM")) {
		offer_running(line);
	} else if (g_str_equal(kind, "NIC")) {
		offer_cards(line);
	} else if (g_str_equal(kind, "[SECTION]")) {
		offer_sections(line);
	} else if (strchr(kind, '|')) {
		offer_words(line, kind, "|");
	} else if (g_str_has_prefix(kind, "FILE")) {
		printf("\tfiles\n");
	}
}

int complete_run(const Options *options)
{
	Line line = { .verb = NULL };

	read_line(&line, options->qemu_args);
	if (line.ended)
		printf("\tfiles\n");
	else if (line.option && g_str_equal(line.option->name, "set"))
		offer_settings(&line);
	else if (!line.option && line.current[0] == '-')
		offer_options(&line);
	else if (!line.option)
		offer_word(&line);
	g_ptr_array_free(line.words, TRUE);
	return EXIT_SUCCESS;
}
