/* SPDX-License-Identifier: MIT */
/*
 * watch: --watch: something that is shown again and again, on a terminal in place of what was shown
 * before.
 */
#pragma once

#include <glib.h>

/*
 * What is to be shown now, lines, owned by the caller; NULL ends it. @ret_news: what of it is worth
 * being told where nothing can be replaced; owned by the caller.
 */
typedef char *(*WatchShow)(gpointer data, char **ret_news);

/* Returns the exit status. On a terminal it is usually left by a signal, and then does not return.
 */
int watch_run(WatchShow show, gpointer data);
