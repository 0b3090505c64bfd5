/* SPDX-License-Identifier: MIT */
/*
 * suggest: what somebody may have meant who wrote a word that does not exist. Pure.
 */
#pragma once

#include <glib.h>

typedef struct {
	const char *word;    /* as written */
	const char *nearest; /* NULL: nothing is near enough */
	guint distance;	     /* letters to add, drop or change, plus one while there is none */
} Suggestion;

Suggestion suggest_begin(const char *word);
void suggest_consider(Suggestion *suggestion, const char *candidate);

/* "; did you mean 'memory'?" or "". Owned by the caller. */
char *suggest_end(const Suggestion *suggestion);
