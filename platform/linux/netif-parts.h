/* SPDX-License-Identifier: MIT */
/*
 * netif-parts: what the two halves of netif share: netif.c looks, netif-change.c changes.
 */
#pragma once

#include <netlink/msg.h>
#include <netlink/netlink.h>

#include "platform/linux/netif.h"

#define NETIF_IFA_PROTO 11 /* IFA_PROTO, which headers before Linux 5.18 lack */

struct Netif {
	struct nl_sock *socket;
	int error;	  /* errno of the last refusal, > 0 */
	char text[160];	  /* the kernel's extended text to it, or "" */
	uint32_t refused; /* sequence number of the refused message */
	unsigned int acknowledged;
};

/* libnl folds many errnos into one code; where it left errno alone, that says more. */
const char *netif_reason(int result);

/* For one exchange with the kernel: refusals and acknowledgements are noted in @netif. */
struct nl_cb *netif_new_callbacks(Netif *netif);

/* One attribute behind a header. */
typedef struct {
	int type;
	const void *data;
	int size;
} NetifAttribute;

/*
 * Asks for all there is of a kind, @what; @only, which may be NULL, picks out some. On failure
 * false and EX_OSERR.
 */
typedef int (*NetifOnMessage)(struct nl_msg *message, void *data);
bool netif_dump(Netif *netif, int type, void *header, size_t size, const NetifAttribute *only,
	NetifOnMessage on_message, void *data, const char *what, Fault *fault);

/* A request with its header, for attributes to be added; NULL for want of memory. */
struct nl_msg *netif_new_message(int type, int flags, void *header, size_t size);
