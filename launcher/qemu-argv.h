/* SPDX-License-Identifier: MIT */
/*
 * qemu-argv: (Profile, backends) -> the command line of QEMU. Pure.
 */
#pragma once

#include <glib.h>

#include "launcher/firmware.h"
#include "profiles/profile.h"

/* How QEMU reaches what is outside of it: an inherited descriptor, or by name when @fd is -1. */
typedef struct {
	int fd;
	const char *name;  /* of a tap, or the path of a socket */
	const int *fds;	   /* of a tap, in the place of @fd: one for each queue; NULL: by name */
	const int *vhosts; /* as many, when the NIC wants vhost */
} Backend;

typedef struct {
	const Backend *taps;   /* one for each NIC that has one, in file order */
	const Backend *shares; /* one for each share of type virtiofs, in file order */
	const Backend *passts; /* one for each NIC of type passt, in file order */
	Backend tpm;	       /* of type emulator */
	Backend links;	       /* when a NIC has link = off; see links.h */
	const char *control;   /* the socket of a monitor for the verbs, or NULL */
	const Firmware *firmware;
} Backends;

/*
 * argv[0] is the program; @extra (what followed "--") comes last, as it is. Owned by the caller.
 * The options are those of qemu-system(1), checked against QEMU 7.2. A backend is called
 * SECTION-ID and its device SECTION-ID-device, for -set and the monitors.
 */
GStrv qemu_argv_build(const Profile *profile, const Backends *backends, const GStrv extra);

/* "qemu-system-x86_64", or the path of [qemu] binary. Owned by the caller. */
char *qemu_argv_program(const Profile *profile);
