/* SPDX-License-Identifier: MIT */
/*
 * firmware: which UEFI firmware a VM starts with, and where it keeps its settings.
 */
#pragma once

#include <glib.h>

#include "profiles/profile.h"

typedef struct {
	char *code, *code_format; /* read-only */
	char *vars;		  /* what a new nvram is copied from; NULL without nvram */
	char *nvram;		  /* the VM's own; NULL: the firmware remembers nothing */
	char *nvram_format;
	gboolean needs_smm; /* its settings are only for code in system management mode */
} Firmware;

void firmware_free(Firmware *firmware);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Firmware, firmware_free)

#define FIRMWARE_ERROR (firmware_error_quark())
GQuark firmware_error_quark(void);

/*
 * For a VM with UEFI: what [firmware] names, or else what QEMU's firmware descriptors have for its
 * architecture and machine, which qemu-tapwrap-inspect reads. *ret_firmware is NULL for a VM
 * without UEFI, and then nothing is looked at. Owned by the caller. FIRMWARE_ERROR, EX_OSFILE when
 * there is none.
 */
gboolean firmware_find(const Profile *profile, Firmware **ret_firmware, GError **error);
