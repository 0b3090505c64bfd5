/* SPDX-License-Identifier: MIT */
/*
 * schema: the one table of every section and key a profile may have. Reading, checking, defaults,
 * did-you-mean, --help-profile and --new come from it; a test compares the manual with it.
 */
#pragma once

#include <glib.h>

#include "profiles/value.h"

typedef struct {
	const char *key;
	ValueType type;
	size_t offset;	      /* of the value in the section's struct */
	const char *words;    /* as in ValueRule */
	const char *fallback; /* what an absent key means; NULL: nothing, or see help */
	const char *example;  /* a value other than that, as it is written */
	const char *help;     /* one line, with QEMU's own name for it */
} SchemaKey;

typedef struct {
	const char *name;
	gboolean many; /* [name "id"], any number; else one [name] */
	size_t size;   /* of its struct, which begins with a ProfileSection */
	size_t offset; /* in Profile: of a GPtrArray * when many, else of a pointer to the struct */
	const char *help;
	const SchemaKey *keys; /* ends with key == NULL */
} SchemaSection;

extern const SchemaSection schema[]; /* ends with name == NULL */

/* NULL when there is none of that name. */
const SchemaSection *schema_find_section(const char *name);
const SchemaKey *schema_find_key(const SchemaSection *section, const char *key);

/*
 * The sections called @name (all with NULL) and their keys, for reading. Owned by the caller;
 * NULL when there is none of that name.
 */
char *schema_describe(const char *name);

/*
 * For completions: lines of SECTION.KEY, or SECTION.ID.KEY with a literal ID, and behind a tab the
 * legal words, if there is a list of them. Owned by the caller.
 */
char *schema_list_keys(void);

/* A profile for a VM called @name: the usual keys set, what is often wanted next as comments. */
char *schema_starter(const char *name);

/*
 * What the user may have meant, as the end of a sentence: "; did you mean 'memory'?", or a hint at
 * the section in which @key is at home, or "". Owned by the caller.
 */
char *schema_suggest_section(const char *name);
char *schema_suggest_key(const SchemaSection *section, const char *key);
