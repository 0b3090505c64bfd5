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
	ValueRule rule = { .words = "tap user none", .directory = "/srv" };
	union {
		gpointer pointer;
		guint number;
		gboolean boolean;
	} slot;

	if (!text)
		return 0;
	rule.type = data[0] % (VALUE_ARGS + 1);
	memset(&slot, 0, sizeof(slot));
	if (value_parse(&rule, text, &slot, &why))
		value_clear(rule.type, &slot);
	else if (slot.pointer || !why || !*why)
		__builtin_trap(); /* touched, or refused without a reason */
	return 0;
}
