/* SPDX-License-Identifier: MIT */
/*
 * plan: what a profile asks of the host, as data. It is built from the profile alone, then compared
 * with what is there; the changes that remain are what --dry-run prints and what is acquired.
 */
#pragma once

#include <glib.h>

#include "launcher/provisions.h"
#include "platform/net.h"
#include "profiles/profile.h"

typedef enum {
	CHANGE_CREATE,	 /* a tap that the user owns, or a macvtap */
	CHANGE_SETTINGS, /* group; no routes or redirects learned from the guest */
	CHANGE_MTU,
	CHANGE_BRIDGE,
	CHANGE_ADDRESS,
	CHANGE_UP,
	CHANGE_ROUTE,
	CHANGE_OPEN, /* the device of a macvtap */
	CHANGE_DHCP,
} ChangeKind;

typedef struct {
	ChangeKind kind;
	const NetTap *tap;
	const NetAddress *address; /* of CHANGE_ADDRESS */
	const NetRoute *route;	   /* of CHANGE_ROUTE */
	guint old_mtu;		   /* of CHANGE_MTU to a tap that is there */
} Change;

#define PLAN_SCRIPT_FD 3 /* the first one that is free */

typedef struct {
	guint n_taps;
	const ProfileNic *nics[NET_TAPS_MAX]; /* where each tap comes from; borrowed */
	NetTap taps[NET_TAPS_MAX];
	NetAddress addresses[NET_TAPS_MAX][NET_ADDRESSES_MAX];
	NetRoute routes[NET_TAPS_MAX][NET_ROUTES_MAX];
	int script_fds[NET_TAPS_MAX][NET_QUEUES_MAX]; /* of macvtaps, in the script of a dry run */
	guint n_script_fds;
	GArray *changes;	/* Change, in the order they are made */
	Provisions *provisions; /* what follows them; NULL before plan_observe */
} Plan;

/* Does the NIC have a tap, or a macvtap, of its own on the host? */
gboolean plan_is_tap(const ProfileNic *nic);

/*
 * Translates, without a look at the host. What no host could do goes to the profile's problems.
 * @profile must outlive the plan.
 */
Plan *plan_build(Profile *profile);
void plan_free(Plan *plan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Plan, plan_free)

/*
 * Compares with the host, lists the changes and finds the provisions. NET_ERROR and those of
 * provisions_find, with the profile's line in front.
 */
gboolean plan_observe(Plan *plan, Profile *profile, GError **error);

/* What the plan wants of the host's network; borrowed from both. */
NetWish plan_wish(const Plan *plan, const Profile *profile, gboolean force);

/* The place in the profile that an error about @subject belongs to. Owned by the caller. */
char *plan_place(const Plan *plan, const Profile *profile, const NetSubject *subject);

/*
 * Makes it known that the VM runs, makes the changes of @wish, all or none, then the provisions.
 * @qemu_args: what followed "--"; the others as for net_acquire.
 */
NetLease *plan_acquire(Plan *plan, const Profile *profile, const NetWish *wish,
	const GStrv qemu_args, NetHelper **helper, char **ret_warning, GError **error);

/*
 * QEMU's command line, with taps and companions as @lease and the plan hold them, or by name when
 * it is NULL. Owned by the caller.
 */
GStrv plan_argv(const Plan *plan, const Profile *profile, const NetLease *lease, const GStrv extra);

/* From here on exec keeps what plan and lease hold for QEMU, and no other but 0, 1 and 2. */
gboolean plan_hand_over(const Plan *plan, const NetLease *lease, GError **error);
