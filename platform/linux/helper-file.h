/* SPDX-License-Identifier: MIT */
/*
 * helper-file: the helper as it is installed, as this user sees it: who may execute it, which
 * capability it has, and what else could give it one.
 */
#pragma once

#include <glib.h>

/* May we execute it? FALSE and the reason in errno if not. */
gboolean helper_file_is_ours_to_run(void);

/* Why not, when the kernel says EACCES, and the cure. Owned by the caller. */
char *helper_file_explain_refusal(void);

/* Has it any of its own? */
gboolean helper_file_has_capabilities(void);

/* Those it would start with, 1 << CAP_... each: of the file, or inherited as ambient ones. */
guint64 helper_file_capabilities(void);

/*
 * Would a start ask for a password by pkexec? So it is on a desktop, where nobody can type sudo:
 * when we may not execute the helper or it would lack any of @needed, there is no terminal, but a
 * display, and pkexec and our action are installed.
 */
gboolean helper_file_calls_for_pkexec(guint64 needed);
