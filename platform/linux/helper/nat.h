/* SPDX-License-Identifier: MIT */
/*
 * nat: lets the guests on taps reach what the host reaches, and nobody from there reach them, by
 * an nftables table that ends with the descriptor that stands for it.
 *
 * The host as a whole stays as it is: that it forwards at all is for its administrator to say.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "platform/linux/request.h"

/*
 * Can the taps that want NAT have it, as far as that can be known without making anything? TRUE
 * also if none wants it. EX_UNAVAILABLE with the line that would help if the host does not forward,
 * or has no uplink of that name.
 */
bool nat_is_possible(const Request *request, Fault *fault);

/*
 * Makes the table for taps that are there. Returns its descriptor, for the caller to close, or -1
 * on failure. Needs CAP_NET_ADMIN; who holds the descriptor without it cannot change anything.
 */
int nat_create(const Request *request, Fault *fault);
