/* SPDX-License-Identifier: MIT */
/*
 * companions: which programs serve this VM's devices, and how each is called.
 */
#pragma once

#include <glib.h>

#include "profiles/profile.h"

typedef enum {
	COMPANION_SWTPM,
	COMPANION_VIRTIOFSD,
	COMPANION_PASST,
} CompanionKind;

typedef struct {
	CompanionKind kind;
	const ProfileSection *section; /* whose it is: [tpm], a [share] or a [nic] */
	GStrv argv;		       /* its socket is COMPANION_FD */
	GStrv script_argv;	       /* its socket is the file @socket, for people */
	char *socket;		       /* NULL without a run directory */
	char *directory;	       /* where it has to work; may be NULL */
} CompanionCall;

#define COMPANIONS_ERROR (companions_error_quark())
GQuark companions_error_quark(void);

/*
 * CompanionCall, that of the TPM first, then those of the shares and those of the NICs, each in
 * file order. Owned by the caller. NULL if a program is missing: COMPANIONS_ERROR, EX_OSFILE, with
 * the profile's line.
 */
GPtrArray *companions_list(Profile *profile, GError **error);

/* Where @name is, a companion or another program in $PATH; NULL: nowhere. Owned by the caller. */
char *companions_find_program(const char *name);

/* Starts it; returns the descriptor for QEMU, or -1 and the error with the profile's line. */
int companions_start(const CompanionCall *call, const Profile *profile, GError **error);
