/* SPDX-License-Identifier: MIT */
/*
 * The tables of the command line: what is parsed, shown by --help and completed by shells comes
 * from them.
 */
#pragma once

#include "launcher/options.h"

typedef enum {
	PRINT_HELP,
	PRINT_HELP_PROFILE,
	PRINT_LIST_KEYS,
	PRINT_LIST_PROFILES,
	PRINT_NEW,
	PRINT_VERSION,
} Print;

typedef struct {
	const char *name; /* of the option; NULL: without one */
	char letter;
	Verb verb;
	Print print;	   /* of VERB_PRINT */
	guint min, max;	   /* how many words it takes */
	const char *words; /* how they are called */
	const char *help;  /* NULL: not for people */
	const char *program;
} VerbRow;

extern const VerbRow options_verbs[]; /* the first has no name; ends with words == NULL */

#define FOR(verb) (1u << (verb))

typedef struct {
	const char *name;
	GOptionArg arg;
	gsize field; /* in Options; of a callback: none */
	guint verbs; /* FOR those that it goes with */
	const char *help;
	const char *words; /* its value, NULL: it has none */
	gboolean optional; /* the value is behind a '=', or left out */
} OptionRow;

extern const OptionRow options_rows[]; /* ends with name == NULL */

/* NULL if there is none of that name, which has no dashes in front. */
const VerbRow *options_find_verb(const char *name);
const OptionRow *options_find_row(const char *name);

/* What --help shows. Owned by the caller. */
char *options_help(void);
