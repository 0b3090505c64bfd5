/* SPDX-License-Identifier: MIT */
/* The first byte chooses the type, the rest is the text of a value. */
#include <stdint.h>
#include <string.h>

#include "profiles/value.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autofree char *text = size ? g_strndup((const char *)data + 1, size - 1) : NULL;
	g_autofree char *why = NULL;
	ValueRule rule = { .directory = "/srv" };
	union {
		gpointer pointer;
		guint number;
		guint64 bytes;
		gboolean boolean;
	} slot, empty;

	if (!text)
		return 0;
	rule.type = data[0] % (VALUE_ARGS + 1);
	rule.words = rule.type == VALUE_NUMBER ? "1-9999" : "tap user none mon:stdio";
	memset(&slot, 0, sizeof(slot));
	memset(&empty, 0, sizeof(empty));
	if (value_parse(&rule, text, &slot, &why))
		value_clear(rule.type, &slot);
	else if (memcmp(&slot, &empty, sizeof(slot)) != 0 || !why || !*why)
		__builtin_trap(); /* touched, or refused without a reason */
	else if (!value_is_plain(why, strlen(why)) && value_is_plain(text, strlen(text)))
		__builtin_trap(); /* a message is one line */
	return 0;
}
