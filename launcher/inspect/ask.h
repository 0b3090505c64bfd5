/* SPDX-License-Identifier: MIT */
/*
 * ask: another program's answer, within a time. A program that hangs, floods or ends early is an
 * error, never more.
 */
#pragma once

#include <glib.h>

#define ASK_ERROR (ask_error_quark())
GQuark ask_error_quark(void);

/*
 * Runs @argv (argv[0] is a path) with @input as its standard input and returns its standard output,
 * owned by the caller. At @deadline, of g_get_monotonic_time, it is killed: ASK_ERROR,
 * EX_UNAVAILABLE, as when it says nothing; the first line of its standard error is then in the
 * message. 126 when it cannot be executed.
 */
char *ask_program(char *const *argv, const char *input, gint64 deadline, GError **error);
