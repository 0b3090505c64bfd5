/* SPDX-License-Identifier: MIT */
/*
 * provisions: what a VM needs beside its taps: firmware, files that are missing, a run directory,
 * companions. First looked for, then made, like the taps.
 */
#pragma once

#include <glib.h>

#include "launcher/cloud-init.h"
#include "launcher/companions.h"
#include "launcher/files.h"
#include "launcher/firmware.h"
#include "launcher/links.h"
#include "launcher/qemu-argv.h"
#include "profiles/profile.h"

typedef struct {
	Firmware *firmware;    /* NULL without UEFI */
	GPtrArray *files;      /* FileStep, not made yet */
	gboolean needs_run;    /* the run directory */
	char *run;	       /* its path, also when it is not needed; NULL: there can be none */
	Seed *seed;	       /* written into it; NULL without [cloud-init] */
	GPtrArray *companions; /* CompanionCall */
	Backend *backends;     /* one for each companion: by name, until it is started */
	Backend links;	       /* when a NIC has link = off: by name, until it is made */
	char *links_pipe;      /* its name for a script; NULL without a run directory */
	int links_other;       /* the other end, for QEMU to hold; -1 */
	int lock;	       /* of the run directory; -1: this VM is not in any */
	char *control;	       /* the socket of the verbs' monitor in it, or NULL */
} Provisions;

/* Looks, and changes nothing. Errors are those of the modules above, with the profile's line. */
Provisions *provisions_find(Profile *profile, GError **error);
void provisions_free(Provisions *provisions);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Provisions, provisions_free)

/*
 * Makes it known that the VM runs. FALSE and RUN_DIRECTORY_ERROR if it does already, or if there
 * can be no run directory and the profile needs one; where it does not, why there is none goes to
 * *ret_warning, owned by the caller, else NULL.
 */
gboolean provisions_enter(
	Provisions *provisions, const Profile *profile, char **ret_warning, GError **error);

/* Makes them; @qemu_args: what followed "--". What was started is given up by provisions_free,
 * files that were made stay. */
gboolean provisions_make(
	Provisions *provisions, const Profile *profile, const GStrv qemu_args, GError **error);

/* The backends of the companions of that kind; there may be none. */
const Backend *provisions_backends(const Provisions *provisions, CompanionKind kind);

/* Appends the descriptors that QEMU must inherit to @fds, an array of int. */
void provisions_list_fds(const Provisions *provisions, GArray *fds);
