/* SPDX-License-Identifier: MIT */
#include "platform/linux/fault.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void fill(Fault *fault, int tap, NetKey key, int status, const char *format, va_list args)
{
	memset(fault, 0, sizeof(*fault));
	fault->status = status;
	fault->tap = tap;
	fault->key = key;
	vsnprintf(fault->text, sizeof(fault->text), format, args);
}

bool fault_set(Fault *fault, int status, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fill(fault, -1, NET_KEY_IFNAME, status, format, args);
	va_end(args);
	return false;
}

bool fault_about(Fault *fault, int tap, NetKey key, int status, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fill(fault, tap, key, status, format, args);
	va_end(args);
	return false;
}
