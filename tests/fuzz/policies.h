/* SPDX-License-Identifier: MIT */
/*
 * policies: what must hold between a policy and a refusal by it.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "platform/linux/helper/policy.h"

/* policy_allows writes to what it is given. */
static inline bool policies_allow(
	const char *text, size_t size, const Request *request, unsigned int *max, Fault *fault)
{
	char *copy = malloc(size + 1);
	bool allows;

	memcpy(copy, text, size);
	copy[size] = '\0';
	memset(fault, 0, sizeof(*fault));
	allows = policy_allows(copy, size, request, max, fault);
	free(copy);
	if (allows ? fault->status != 0 || *max == 0
		   : (fault->status != EX_NOPERM && fault->status != EX_CONFIG) || !*fault->text)
		abort();
	return allows;
}

/* The line that a refusal proposes, onto the end of @text, which has room for it. */
static inline size_t policies_add_proposed(char *text, size_t size, const Fault *fault)
{
	const char *from = strstr(fault->text, "can add \""), *to;

	if (!from || !(to = strchr(from += strlen("can add \""), '"')) ||
		strcmp(to, "\" to " POLICY_FILE) != 0)
		abort();
	memcpy(text + size, from, to - from);
	size += to - from;
	text[size++] = '\n';
	return size;
}

/* Each refusal names a line, and with one for each tap at most all is allowed. */
static inline void policies_check_proposals(
	char *text, size_t size, const Request *request, Fault *fault)
{
	unsigned int max;

	for (unsigned int i = 0; i <= request->n_taps; i++) {
		if (policies_allow(text, size, request, &max, fault))
			return;
		size = policies_add_proposed(text, size, fault);
	}
	abort();
}
