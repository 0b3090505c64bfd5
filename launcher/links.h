/* SPDX-License-Identifier: MIT */
/*
 * links: NICs that begin without a cable (link = off). QEMU has no option for that, so it is told
 * by a monitor of its own: it starts paused, reads what stands there already, and goes on.
 */
#pragma once

#include <glib.h>

#include "profiles/profile.h"

#define LINKS_PIPE "link" /* for a script: link.in and link.out in the run directory */

/* Is there such a NIC? */
gboolean links_are_cut(const Profile *profile);

/*
 * The monitor's commands, a line each; @extra: what followed "--". The VM goes on after them unless
 * the profile, or a -S, wants it paused. Owned by the caller.
 */
char *links_commands(const Profile *profile, const GStrv extra);

/*
 * Both ends of a socket: QEMU reads @commands from the first, then its end. What it answers ends in
 * the second, which it has to hold as well: where nobody is left to answer to, it reads nothing.
 * FALSE and LINKS_ERROR, EX_OSERR; the ends that there are, else -1, are the caller's anyway.
 */
gboolean links_make(const char *commands, int ret_ends[2], GError **error);

#define LINKS_ERROR (links_error_quark())
GQuark links_error_quark(void);
