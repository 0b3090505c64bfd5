/* SPDX-License-Identifier: MIT */
/*
 * files: what a VM keeps for good and does not have yet: directories, firmware settings, disk
 * images. A file appears whole or not at all, and one that exists is never touched.
 */
#pragma once

#include <glib.h>

#include "launcher/firmware.h"
#include "profiles/profile.h"

typedef enum {
	FILE_DIRECTORY, /* mode 0700, parents too */
	FILE_COPY,	/* of @from */
	FILE_IMAGE,	/* made by @argv, qemu-img */
} FileKind;

typedef struct {
	FileKind kind;
	const ProfileSection *section; /* whose it is */
	char *path;
	char *from;
	GStrv argv; /* @path is the word at @path_index */
	guint path_index;
} FileStep;

#define FILES_ERROR (files_error_quark())
GQuark files_error_quark(void);

/*
 * FileStep, what has to be made in this order. Owned by the caller. NULL if qemu-img is needed and
 * missing: FILES_ERROR, EX_OSFILE.
 */
GPtrArray *files_missing(const Profile *profile, const Firmware *firmware, GError **error);

/* Makes them. FILES_ERROR, EX_CANTCREAT; what was made before stays: it is right. */
gboolean files_make(const GPtrArray *steps, const Profile *profile, GError **error);
