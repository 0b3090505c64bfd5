/* SPDX-License-Identifier: MIT */
/*
 * keeper: a process that makes changes which no descriptor can hold, and undoes exactly these when
 * the VM has ended. It is there before the first of them.
 *
 * It waits for the end of the leash, a socket whose other end QEMU inherits: not for a PID, which
 * -daemonize changes. So whoever is killed, the changes go; only if the keeper itself is killed
 * they stay, with the traces that adopt.h tells of, and the next keeper takes them over.
 *
 * It holds on to the descriptors of the taps that it changes: nobody else can attach to them until
 * all is undone. Two keepers never work on one tap, and who finds traces on a tap that is free
 * knows that their keeper is no more.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "platform/linux/helper/dhcp.h"
#include "platform/linux/netif-step.h"
#include "platform/linux/netif.h"
#include "platform/tap-terms.h"

typedef enum {
	KEEPER_MACVTAP, /* a link that is made; those that follow with ifindex 0 are of it */
	KEEPER_DISABLE_IPV6,
	KEEPER_ALIAS,
	KEEPER_MTU,
	KEEPER_ACCEPT_RA, /* of IPv6 */
	KEEPER_UP,
	KEEPER_ADDRESS,
	KEEPER_ROUTE,
	KEEPER_DHCP, /* last of all, for it needs what is before */
} KeeperKind;

/* Something to do at the start, to undo at the end, or both. A new kind: here, and in keeper.c. */
typedef struct {
	KeeperKind kind;
	int ifindex;
	bool make, undo;
	bool make_removes; /* an address or route of a keeper that was killed */
	int tap;	   /* what a fault is about */
	NetKey key;
	union {
		struct {
			NetifMacvtap link;
			const char *alias; /* that it will have; borrowed */
			int stale;	   /* ifindex of one that is to be replaced, or 0 */
		} macvtap;
		struct {
			const char *now, *before; /* borrowed */
		} alias;
		struct {
			uint32_t now, before; /* mtu, accept_ra */
		} number;
		struct {
			NetAddress address, peer;
		} address;
		struct {
			NetRoute route;
			bool onlink; /* as netif_add_route has it */
		} route;
		DhcpServer dhcp;
	};
} KeeperChange;

/*
 * Starts a keeper that makes @changes in order, all or none, and undoes them in reverse. Returns
 * the leash, close-on-exec, or -1 with the kernel's refusal: then nothing is changed.
 */
int keeper_start(KeeperChange *changes, unsigned int n_changes, const int *taps,
	unsigned int n_taps, Fault *fault);

/*
 * The same for a link that nobody has yet: leash and keeper have the names that macvtap.h tells of.
 * EX_TEMPFAIL if others have them.
 */
int keeper_start_named(
	const char *ifname, KeeperChange *changes, unsigned int n_changes, Fault *fault);

/* Lets the keeper undo all, waits until it has, and closes the leash; -1 is fine. */
void keeper_end(int leash);
