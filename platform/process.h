/* SPDX-License-Identifier: MIT */
/*
 * process: what a child of ours has to do before it becomes a program. Safe between fork and exec.
 * Provided by platform/<os>/process.c.
 */
#pragma once

#include <glib.h>
#include <sys/types.h>

/*
 * From here on this process gets @signal when its @parent, which has forked it, ends; SIGKILL now
 * if that has happened already. A parent that becomes another program has not ended.
 */
void process_end_with(pid_t parent, int signal);

/* From here on exec keeps no descriptor but 0, 1 and 2. */
void process_keep_no_descriptors(void);

/* What we were born with is not for the program that comes next. */
void process_drop_privilege(void);
