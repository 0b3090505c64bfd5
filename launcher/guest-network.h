/* SPDX-License-Identifier: MIT */
/*
 * guest-network: what each guest-address of a profile comes to: address, prefix length, gateway.
 * One list for all who tell the guest: the kernel's command line, cloud-init, systemd.
 */
#pragma once

#include <glib.h>

#include "profiles/profile.h"

typedef struct {
	const ProfileNic *nic; /* whose mac it goes by; borrowed */
	guint family;	       /* 4 or 6 */
	char *address;	       /* the guest's own */
	guint prefix_len;      /* of the subnet that it shares with the host */
	char *host;	      /* the host's address there; outside the subnet if that is one host */
	char *gateway;	      /* the same when it leads on; NULL */
	const char *hostname; /* borrowed */
} GuestAddress;

/*
 * GuestAddress, of the NICs with guest-setup = @setup, in file order, IPv4 and IPv6 as they stand
 * there. Owned by the caller, may be empty. @profile must outlive it.
 */
GPtrArray *guest_network_list(const Profile *profile, const char *setup);

/* The address with its prefix length. Owned by the caller. */
char *guest_network_cidr(const GuestAddress *guest);

/* Is the guest alone in its subnet, so that it needs a route to the host? */
gboolean guest_network_is_single(const GuestAddress *guest);

/*
 * For -append: an ip= for each IPv4 address, with blanks between, as Linux has it in
 * Documentation/admin-guide/nfs/nfsroot.rst. The only card is not named; of several each has the
 * kernel's name for it, eth0 being the first. "" when there is none. Owned by the caller.
 */
char *guest_network_kernel(const Profile *profile);

/*
 * For the guest's systemd, version 256 and later: a systemd.network(5) file for the NIC of
 * @guests[i], whose addresses are all that follow of the same NIC. *ret_i becomes the index behind
 * them. Owned by the caller.
 */
char *guest_network_systemd(const GPtrArray *guests, guint *i);
