/* SPDX-License-Identifier: MIT */
/*
 * columns: how much of a terminal's width a text takes. A byte that is not UTF-8 counts as one.
 */
#pragma once

#include <glib.h>

guint columns_of(const char *text);

/* How many bytes of @text fit into so many columns. */
gsize columns_fit(const char *text, guint columns);
