/* SPDX-License-Identifier: MIT */
/*
 * ini: one file -> sections and entries in file order, each with its line.
 *
 * Owns iniparser: nothing else includes it. iniparser folds case, merges duplicates, cuts values
 * and forgets lines without a word, so a scan of our own reads the file first and refuses
 * whatever iniparser would read differently; the two readings are then compared entry by entry.
 */
#pragma once

#include <glib.h>

#include "profiles/problems.h"

#define INI_FILE_MAX (1024 * 1024) /* bytes */
#define INI_LINES_MAX 10000
#define INI_LINE_MAX 1000 /* bytes; iniparser 4.1 fails from 1023 on */

typedef struct {
	char *path;	 /* as the user knows it */
	char *real_path; /* absolute, links resolved: relative paths in the file start beside it */
} IniFile;

typedef struct {
	char *key;   /* lower case */
	char *value; /* NULL if it could not be read: a problem has been told */
	const IniFile *file;
	guint line; /* from 1 */
} IniEntry;

typedef struct {
	char *name;   /* "nic", lower case */
	char *id;     /* "lan", lower case; NULL in a bare [nic] */
	char *header; /* as iniparser knows the section, lower case */
	const IniFile *file;
	guint line;	    /* from 1 */
	GPtrArray *entries; /* IniEntry */
} IniSection;

typedef struct {
	GPtrArray *files;    /* IniFile */
	const IniFile *main; /* the one that was asked for; the others are included */
	guint n_lines;	     /* of a file as ini_load has read it */
	GPtrArray *sections; /* IniSection */
} Ini;

/*
 * Reads @path, which must be a regular file. Every fault of content goes to @problems with its
 * line; the sound rest is in the result. Returns NULL with EX_NOINPUT if there is nothing to read.
 */
Ini *ini_load(const char *path, Problems *problems, GError **error);

/* An empty one, and a file for what is put into it. The paths are copied. */
Ini *ini_new(void);
const IniFile *ini_add_file(Ini *ini, const char *path, const char *real_path);
void ini_free(Ini *ini);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Ini, ini_free)

/* Adds to the sections of @base those of @over; where both have a key, that of @over wins. */
void ini_merge(Ini *base, Ini *over);

/* Letters, digits, '-', '_' and '.', the first a letter or digit. */
gboolean ini_is_id(const char *text);

/* NULL when there is none; @id NULL looks for the bare one. */
IniSection *ini_find_section(const Ini *ini, const char *name, const char *id);

/* Sets a key as if it stood in @file, in a section that is added if need be. */
void ini_set(Ini *ini, const IniFile *file, const char *name, const char *id, const char *key,
	const char *value);

/* NULL when the section has no such key. */
const IniEntry *ini_section_find(const IniSection *section, const char *key);
