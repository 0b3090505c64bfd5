/* SPDX-License-Identifier: MIT */
/*
 * row: what is known of a VM, whether it runs or not. row-text prints it for people, row-json for
 * programs.
 */
#pragma once

#include <glib.h>

#include "launcher/control/qmp.h"
#include "launcher/control/running.h"
#include "launcher/record.h"

/* What is not known is NULL. */
typedef struct {
	char *name;
	char *profile;
	char *state; /* as QEMU calls it; "off"; "starting"; or "no answer" */
	int pid;     /* 0: it does not run */
	Record *record;
	Qmp *qmp; /* until it has told its state */
} Row;

void row_free(Row *row);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Row, row_free)

/* Of the VMs that run, by name, and then of the profiles of others: Row. Half a second at most. */
GPtrArray *row_all(void);

/* Of one that runs. Takes its record. */
Row *row_of_running(Running *running);

/* A table, or a line for each thing; @steady: without what changes by itself. Owned by the caller.
 */
char *row_table_text(const GPtrArray *rows, gboolean steady);
char *row_list_text(const Row *row, gboolean steady);

/* JSON, an array or an object. Owned by the caller. */
char *row_table_json(const GPtrArray *rows);
char *row_json(const Row *row);
