/* SPDX-License-Identifier: MIT */
#include "launcher/control/columns.h"

#include <string.h>

/* @ret_len: the bytes of the first character of @text, which is not empty. */
static guint measure(const char *text, gsize *ret_len)
{
	gunichar c = g_utf8_get_char_validated(text, -1);

	if (c == (gunichar)-1 || c == (gunichar)-2) {
		*ret_len = 1;
		return 1;
	}
	*ret_len = g_utf8_next_char(text) - text;
	return g_unichar_iszerowidth(c) ? 0 : g_unichar_iswide(c) ? 2 : 1;
}

guint columns_of(const char *text)
{
	guint columns = 0;
	gsize len;

	for (; *text; text += len)
		columns += measure(text, &len);
	return columns;
}

gsize columns_fit(const char *text, guint columns)
{
	gsize fit = 0, len;

	while (text[fit]) {
		guint more = measure(text + fit, &len);

		if (more > columns)
			break;
		columns -= more;
		fit += len;
	}
	return fit;
}
