/* SPDX-License-Identifier: MIT */
/*
 * lines: two long texts compared so that a failure shows the one line that differs.
 */
#pragma once

#include <glib.h>

static inline void assert_same_lines(const char *text, const char *expected)
{
	g_auto(GStrv) left = g_strsplit(text, "\n", -1);
	g_auto(GStrv) right = g_strsplit(expected, "\n", -1);

	for (guint i = 0; left[i] || right[i]; i++)
		g_assert_cmpstr(left[i], ==, right[i]);
}
