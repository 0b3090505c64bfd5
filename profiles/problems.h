/* SPDX-License-Identifier: MIT */
/*
 * problems: everything that is wrong with one profile, collected so that it can be told at once.
 *
 * Error codes here and in every other module of the launcher are exit statuses of <sysexits.h>.
 */
#pragma once

#include <glib.h>

#define PROFILE_ERROR (profile_error_quark())
GQuark profile_error_quark(void);

typedef struct Problems Problems;

Problems *problems_new(void);
void problems_free(Problems *problems);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Problems, problems_free)

/*
 * Adds "path:line: text". @path is how the user knows the file; @line counts from 1, 0 means the
 * file as a whole. @status is the exit status this problem alone would lead to (EX_DATAERR for
 * content, EX_NOINPUT for a missing file).
 */
void problems_add(Problems *problems, const char *path, guint line, int status, const char *format,
	...) G_GNUC_PRINTF(5, 6);

guint problems_count(const Problems *problems);

/* Calls @visit for each line of problems_verdict, with the status it alone would lead to. */
typedef void (*ProblemsVisit)(const char *line, int status, gpointer data);
void problems_each(Problems *problems, ProblemsVisit visit, gpointer data);

/*
 * TRUE when there are none. Otherwise sets @error: one line for each, file by file in the order in
 * which they came up, each in its own order; those after the hundredth are only counted. Its
 * status is EX_DATAERR if any problem is one of content, else that of the first.
 */
gboolean problems_verdict(Problems *problems, GError **error);
