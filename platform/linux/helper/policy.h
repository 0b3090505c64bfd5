/* SPDX-License-Identifier: MIT */
/*
 * policy: what an administrator lets users of the helper do. A text of lines
 *
 *	allow TAP-PATTERN PREFIX[,PREFIX...] [max=N] [nat] [dhcp] [persistent]
 *	bridge BRIDGE TAP-PATTERN [max=N] [persistent]
 *	macvtap PARENT PATTERN [max=N]
 *
 * For each tap of a request there must be one that allows it as a whole: name, addresses, routes,
 * what else is asked of it, and the number of taps the user then has. A fault anywhere in the text:
 * nothing is allowed.
 *
 * Nothing here looks at the host: the text comes from policy-file.h, the number is quota.h's.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "platform/linux/request.h"

#define POLICY_MAX (64 * 1024) /* bytes */
#define POLICY_NO_LIMIT 0xffffffffu

/*
 * Does the policy @text (@size bytes of it with a NUL behind them, which are written to) allow
 * @request, which is a sane one? Then *ret_max is how many taps the user may have in all.
 * EX_NOPERM if not, with the line that would allow it; EX_CONFIG if the text is not understood.
 */
bool policy_allows(
	char *text, size_t size, const Request *request, unsigned int *ret_max, Fault *fault);

/* The refusal where there is no policy: false, and EX_NOPERM with the line to begin with. */
bool policy_is_absent(const Request *request, Fault *fault);
