/* SPDX-License-Identifier: MIT */
#include "profiles/suggest.h"

#include <string.h>

#define WORD_MAX 64 /* bytes; nobody mistypes a longer one */

/* Levenshtein's distance: how many letters to add, drop or change. Upper case is no mistake. */
static guint distance(const char *a, const char *b)
{
	guint row[WORD_MAX + 1];
	size_t width = strlen(b) + 1;

	for (size_t j = 0; j < width; j++)
		row[j] = j;
	for (size_t i = 1; a[i - 1]; i++) {
		guint diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j < width; j++) {
			guint change = diagonal +
				       (g_ascii_tolower(a[i - 1]) != g_ascii_tolower(b[j - 1]));

			diagonal = row[j];
			row[j] = MIN(MIN(row[j], row[j - 1]) + 1, change);
		}
	}
	return row[width - 1];
}

/* Half of the word may be wrong, or two letters of a short one, but not all. */
Suggestion suggest_begin(const char *word)
{
	size_t len = strlen(word), wrong = MAX(2, len / 2);

	return (Suggestion){ .word = word, .distance = MIN(wrong + 1, MAX(len, 1)) };
}

void suggest_consider(Suggestion *suggestion, const char *candidate)
{
	guint d;

	if (strlen(suggestion->word) > WORD_MAX || strlen(candidate) > WORD_MAX)
		return;
	d = distance(suggestion->word, candidate);
	if (d >= suggestion->distance)
		return;
	suggestion->distance = d;
	suggestion->nearest = candidate;
}

char *suggest_end(const Suggestion *suggestion)
{
	return suggestion->nearest ? g_strdup_printf("; did you mean '%s'?", suggestion->nearest)
				   : g_strdup("");
}
