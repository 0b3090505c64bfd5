/* SPDX-License-Identifier: MIT */
/*
 * qemu-argv: (Profile, backends) -> the command line of QEMU. Pure.
 */
#pragma once

#include <glib.h>

#include "profiles/profile.h"

/* How one tap NIC reaches its tap: an inherited descriptor, or by name when @fd is -1. */
typedef struct {
	int fd;
	const char *ifname;
} TapBackend;

/*
 * argv[0] is qemu-system-<arch>; @extra (what followed "--") comes last, as it is. @backends has
 * one for each NIC of type tap, in file order. Owned by the caller. The options are those of
 * qemu-system(1), checked against QEMU 7.2.
 */
GStrv qemu_argv_build(const Profile *profile, const TapBackend *backends, const GStrv extra);

/* "qemu-system-x86_64" for "x86_64". Owned by the caller. */
char *qemu_argv_program(const Profile *profile);
