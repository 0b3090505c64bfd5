/* SPDX-License-Identifier: MIT */
/*
 * firewall: does what others have set up on this host stop what a tap with NAT forwards? A rule of
 * ours cannot let through what a rule of theirs drops, and theirs are not touched: it can only be
 * said. Only the usual shapes are known; a firewall of another shape is not seen.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "platform/linux/request.h"

/*
 * Writes one line into @text for each chain and tap, with a command that lets the tap through at
 * its end; "" if there is nothing to say. Needs CAP_NET_ADMIN. EX_UNAVAILABLE if this
 * kernel has no nftables.
 */
bool firewall_warn(const Request *request, char *text, size_t size, Fault *fault);
