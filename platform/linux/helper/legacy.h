/* SPDX-License-Identifier: MIT */
/*
 * legacy: the rules of the old iptables, which nftables does not list. Only looked at where there
 * are some: asking for a table makes it. Who has any is said in a file of /proc that only root can
 * read, so for others there are none.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef struct {
	bool drops;	      /* what no rule lets pass, by policy or by the last rule */
	bool lets_tap_pass;   /* a rule accepts what comes from the tap */
	bool has_docker_user; /* a chain of that name */
} LegacyForward;

/* Looks at chain FORWARD of table filter, and at those that it may go on to; @family is 4 or 6. */
LegacyForward legacy_look(uint8_t family, const char *ifname);
