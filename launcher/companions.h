/* SPDX-License-Identifier: MIT */
/*
 * companions: which programs serve this VM's devices, and how each is called.
 */
#pragma once

#include <glib.h>

#include "profiles/profile.h"

typedef struct {
	const ProfileSection *section; /* whose it is: [tpm] or a [share] */
	GStrv argv;		       /* its socket is COMPANION_FD */
	GStrv script_argv;	       /* its socket is the file @socket, for people */
	char *socket;		       /* NULL without a run directory */
	char *directory;	       /* where it has to work; may be NULL */
	gboolean is_virtiofsd;
} CompanionCall;

#define COMPANIONS_ERROR (companions_error_quark())
GQuark companions_error_quark(void);

/*
 * CompanionCall, that of the TPM first, then those of the shares in file order. Owned by the
 * caller. NULL if a program is missing: COMPANIONS_ERROR, EX_OSFILE, with the profile's line.
 */
GPtrArray *companions_list(Profile *profile, GError **error);

/* Starts it; returns the descriptor for QEMU, or -1. */
int companions_start(const CompanionCall *call, GError **error);
