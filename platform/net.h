/* SPDX-License-Identifier: MIT */
/*
 * net: the contract every platform keeps: observe, acquire -> lease, hand over. Provided by
 * platform/<os>/net.c. No socket headers here, so that every platform can.
 *
 * Error codes are exit statuses of <sysexits.h>: EX_UNAVAILABLE, EX_OSERR, EX_OSFILE, EX_TEMPFAIL
 * (in use), EX_NOPERM (privilege or policy), EX_CONFIG (policy file broken).
 */
#pragma once

#include <glib.h>
#include <stdio.h>

#include "platform/address.h"
#include "platform/tap-terms.h"

#define NET_ERROR (net_error_quark())
GQuark net_error_quark(void);

/* QEMU's environment holds the profile's path under this name, so that others can see who it is. */
#define NET_PROFILE_VARIABLE "QEMU_TAPWRAP_PROFILE"

#define NET_TAPS_MAX 8
#define NET_ADDRESSES_MAX 8 /* on one tap */
#define NET_ROUTES_MAX 8    /* through one tap */
#define NET_QUEUES_MAX 8    /* of one tap */

typedef enum {
	NET_TAP_MISSING,    /* the helper makes it */
	NET_TAP_INCOMPLETE, /* there, and ours to attach; the helper adds what it lacks */
	NET_TAP_READY,	    /* there, just as it is wanted, and ours to attach */
} NetTapState;

/* One tap as the profile wants it. Everything is borrowed. */
typedef struct {
	const char *ifname;
	NetTapState state;  /* as net_observe saw it */
	guint mtu;	    /* bytes; 0: the kernel's own, 1500 */
	const char *bridge; /* to be a port of; NULL: of none */
	const char *nat; /* the only interface through which it is masqueraded, "" for any; NULL: no
			    NAT */
	const NetAddress *addresses; /* the host's, on this tap */
	guint n_addresses;
	NetAddress peers[2];	/* the other end of a /32 and of a /128, or none */
	const NetRoute *routes; /* to what is behind the guest */
	guint n_routes;
	gboolean dhcp;	      /* a server gives the guest its addresses */
	guint8 guest_mac[6];  /* of dhcp, as the next one */
	NetAddress guests[2]; /* the guest's own, IPv4 and IPv6, /32 and /128, or none */
	gboolean persist;     /* a new one stays when the VM ends */
	gboolean unmanaged;   /* it must be there, and is attached to just as it is */
	guint n_queues;	      /* more than one: multi-queue */
	gboolean vhost;	      /* the kernel's own end of virtio comes along */
	const char *parent;   /* of a macvtap, which is no tap but like one; NULL: it is a tap */
	NetMacvtapMode mode;  /* of a macvtap */
	guint8 mac[6];	      /* the guest's, for a macvtap */
} NetTap;

/* What a VM wants of the host's network. Everything is borrowed. */
typedef struct {
	const NetTap *taps;
	guint n_taps;
	const char *label; /* names the VM to others who look at a tap */
	gboolean force;	   /* root's: overlapping subnets are meant so */
} NetWish;

/* Which tap an error is about, -1 for none, and what about it. */
typedef struct {
	int tap;
	NetKey key;
} NetSubject;

/* NULL if a tap can be called @ifname, else why not (static text). */
const char *net_ifname_problem(const char *ifname);

/* NULL if another interface of the host can be called @ifname, else why not (static text). */
const char *net_link_problem(const char *ifname);

/*
 * Looks, and changes nothing: what is there of @tap? Anything of that name that can neither be
 * attached nor completed is an error that says what differs, or who uses it.
 */
gboolean net_observe(
	const NetTap *tap, NetTapState *ret_state, NetSubject *ret_subject, GError **error);

/* What is done to an incomplete tap, and undone when the VM ends. */
typedef struct {
	gboolean up;
	guint mtu; /* the one it has and gets back; 0: it stays as it is */
	gboolean addresses[NET_ADDRESSES_MAX], routes[NET_ROUTES_MAX]; /* by the index in NetTap */
} NetLack;
gboolean net_lack(const NetTap *tap, NetLack *ret_lack, GError **error);

/*
 * The options of dnsmasq, which serves DHCP on @tap, but for those that say how it runs. Owned by
 * the caller.
 */
char **net_dhcp_options(const NetTap *tap);

/*
 * The process that may do what the launcher may not. Starting it needs no profile: under sudo it
 * is started first, and the profile is read only when the launcher is the invoking user.
 */
typedef struct NetHelper NetHelper;
NetHelper *net_helper_start(GError **error);
void net_helper_free(NetHelper *helper); /* ends it if it is still there */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NetHelper, net_helper_free)

/*
 * For a program that this process becomes: from here on exec keeps the helper, and there
 * net_helper_adopt makes it of the text, which the caller owns. NULL if it is not such a text.
 */
char *net_helper_hand_over(NetHelper *helper);
NetHelper *net_helper_adopt(const char *text);

/* What we hold and must give back: the kernel takes it back when the last descriptor closes. */
typedef struct NetLease NetLease;
void net_lease_free(NetLease *lease);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NetLease, net_lease_free)

/*
 * Makes all taps of @wish (at most NET_TAPS_MAX) real, or none. Those that are ready are only
 * attached; the helper does the rest: *helper, started now if NULL and needed. On failure
 * *ret_subject says what the error is about. *ret_warning, owned by the caller: what keeps the
 * taps from being of use though they were made, in one or more lines, or NULL.
 */
NetLease *net_acquire(const NetWish *wish, NetHelper **helper, char **ret_warning,
	NetSubject *ret_subject, GError **error);

/*
 * Would net_acquire make them? As far as that can be known without making anything: those that are
 * there could be attached, and the helper has what it needs and allows the rest. Parameters and
 * errors are those of net_acquire.
 */
gboolean net_judge(const NetWish *wish, NetHelper **helper, char **ret_warning,
	NetSubject *ret_subject, GError **error);

/*
 * Would net_acquire without a helper have a dialog ask for a password? net_judge never does, and
 * then tells of the privilege that is missing.
 */
gboolean net_asks_for_password(const NetWish *wish);

/*
 * What gives the missing taps of @wish their NAT, as nft -f reads it, and what its table is called:
 * "inet NAME", owned by the caller. One of them must want it.
 */
char *net_print_nat(FILE *out, const NetWish *wish);

/* The descriptors of the tap with index @i, one for each queue, as NetLease holds them. */
const int *net_lease_fds(const NetLease *lease, guint i);

/* As many of vhost; NULL if the tap does not want it. */
const int *net_lease_vhost_fds(const NetLease *lease, guint i);

/* From here on exec keeps the lease's descriptors and @others open, and no other but 0, 1 and 2. */
gboolean net_lease_hand_over(
	const NetLease *lease, const int *others, guint n_others, GError **error);
