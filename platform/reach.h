/* SPDX-License-Identifier: MIT */
/*
 * reach: does a guest answer at its address, behind one of our taps? Needs no privilege, and
 * nothing of the guest but that its system is at that address: a firewall in it does not matter.
 * Provided by platform/<os>/reach.c.
 */
#pragma once

#include <glib.h>

#define REACH_ERROR (reach_error_quark())
GQuark reach_error_quark(void);

typedef struct Reach Reach;

/*
 * @hosts: the guest's addresses, IPv4 or IPv6, as text. @ifnames: the taps. @is_new: all that has
 * ever been heard there has been since the VM was started. REACH_ERROR, EX_OSERR.
 */
Reach *reach_begin(const GStrv hosts, const GStrv ifnames, gboolean is_new, GError **error);
void reach_free(Reach *reach);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Reach, reach_free)

/*
 * Knocks where it has not, and looks whether there was an answer: the address, borrowed, or NULL.
 * Does not wait; to be called a few times in a second.
 */
const char *reach_look(Reach *reach);

/* Is the process @pid in our network, as far as can be seen? */
gboolean reach_is_possible(int pid);
