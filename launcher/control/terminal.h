/* SPDX-License-Identifier: MIT */
/*
 * terminal: a terminal that is changed for a while. It is as it was before at every end of this
 * process that can be noticed, and while it is stopped; when it goes on, it is changed again.
 */
#pragma once

#include <glib.h>

/* What the terminal of @fd is told: keys come one by one, as they are. FALSE if it is none. */
gboolean terminal_make_raw(int fd);

/* The cursor of the terminal of @fd is not shown. FALSE if it is none. */
gboolean terminal_hide_cursor(int fd);

/* As before one of the above. */
void terminal_restore(void);

/* Its size in characters; 80 and 24 if it does not tell. */
void terminal_size(int fd, int *ret_columns, int *ret_rows);
