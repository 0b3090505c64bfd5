/* SPDX-License-Identifier: MIT */
/*
 * iso9660: a CD image of a few small files, as ECMA-119 has it, with names as long as Linux reads
 * them. Pure.
 */
#pragma once

#include <glib.h>

typedef struct {
	const char *name; /* lower case; on the CD upper case, which readers turn back */
	GBytes *content;
} IsoFile;

#define ISO_FILES_MAX 8

/*
 * A CD called @label (capitals and digits, at most 32 bytes) with @n_files files, at most
 * ISO_FILES_MAX, in order of their names. The same files give the same bytes. Owned by the caller.
 */
GByteArray *iso9660_build(const char *label, const IsoFile *files, guint n_files);
