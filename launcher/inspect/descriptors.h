/* SPDX-License-Identifier: MIT */
/*
 * descriptors: the UEFI firmware of this host, as its packages describe it in JSON files: QEMU's
 * docs/interop/firmware.json. A file hides one of the same name in a later directory, and an empty
 * one hides it for good; of those that remain the first in the order of their names wins.
 */
#pragma once

#include <glib.h>

#include "launcher/firmware.h"

#define DESCRIPTORS_ERROR (descriptors_error_quark())
GQuark descriptors_error_quark(void);

/*
 * What a VM of @arch with @machine (a name or an alias, with or without ",property=...") is to
 * start with, nvram not filled in; with @secure one that enforces Secure Boot with the usual keys.
 * Its files can be read. Owned by the caller. DESCRIPTORS_ERROR, EX_OSFILE when there is none; a
 * descriptor that is malformed is passed over.
 */
Firmware *descriptors_find(const char *arch, const char *machine, gboolean secure, GError **error);

/* Tells of each descriptor that is malformed. */
typedef void (*DescriptorsComplain)(const char *path, const char *why, gpointer data);
void descriptors_check(DescriptorsComplain complain, gpointer data);
