/* SPDX-License-Identifier: MIT */
/*
 * policy: what an administrator lets users of the helper do. A file of lines
 *
 *	allow TAP-PATTERN PREFIX[,PREFIX...] [max=N] [nat] [dhcp] [persistent]
 *	bridge BRIDGE TAP-PATTERN [max=N] [persistent]
 *	macvtap PARENT PATTERN [max=N]
 *
 * For each tap of a request there must be one that allows it as a whole: name, addresses, routes,
 * what else is asked of it, and the number of taps the user then has. No such file, or any fault
 * in it: nothing is allowed.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "platform/linux/netif.h"
#include "platform/linux/request.h"

/*
 * Does the policy file POLICY_FILE allow @request for @user? EX_NOPERM if not, with the line that
 * would allow it; EX_CONFIG if the file itself is not to be trusted or not understood.
 */
bool policy_allows(const Request *request, uid_t user, Netif *netif, Fault *fault);
