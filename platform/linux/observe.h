/* SPDX-License-Identifier: MIT */
/*
 * observe: what interface has the name of a tap, and may it be attached to? Looks only.
 */
#pragma once

#include "platform/linux/netif.h"
#include "platform/linux/request.h"
#include "platform/net.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Netif, netif_close)

/* netif_open with a GError. */
Netif *observe_open(GError **error);

/* As net_observe, when we hold @n_ours of its queues; *ret_link says more of a tap that is there.
 */
gboolean observe_tap(Netif *netif, const NetTap *tap, guint n_ours, NetTapState *ret_state,
	NetifLink *ret_link, NetSubject *ret_subject, GError **error);

/* What the helper is asked about @tap. */
void observe_fill_request(RequestTap *request, const NetTap *tap);

/* FALSE, and EX_TEMPFAIL with the words of holder_describe. */
gboolean observe_refuse_busy(Netif *netif, const char *ifname, GError **error);
