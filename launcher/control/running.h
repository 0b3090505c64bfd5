/* SPDX-License-Identifier: MIT */
/*
 * running: the VMs of this user that run now, as their run directories tell.
 */
#pragma once

#include <glib.h>

#include "launcher/record.h"

typedef struct {
	char *name;
	char *directory; /* its run directory */
	Record *record;	 /* NULL while it is being written, or when it cannot be understood */
} Running;

void running_free(Running *running);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Running, running_free)

/* Running, by name. What VMs that do not run any more have left is removed. */
GPtrArray *running_list(void);

/*
 * By the VM's name, or by its profile: a path, or a name as profile_find takes it. NULL and
 * RUNNING_ERROR, EX_UNAVAILABLE, if no such VM runs.
 */
Running *running_find(const char *name_or_profile, GError **error);

/* Does it still run? */
gboolean running_is_alive(const Running *running);

#define RUNNING_ERROR (running_error_quark())
GQuark running_error_quark(void);
