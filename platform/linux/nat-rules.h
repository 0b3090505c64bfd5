/* SPDX-License-Identifier: MIT */
/*
 * nat-rules: the rules of the nftables table that gives a VM's taps NAT, as plain data. The helper
 * sends them to the kernel, and the launcher prints them for a dry run: one list for both.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "platform/linux/request.h"

#define NAT_TABLE 32 /* bytes for the table's name, with the NUL */
#define NAT_NETWORKS (REQUEST_ADDRESSES + 2 + REQUEST_ROUTES) /* of one tap */
#define NAT_RULES_MAX (REQUEST_TAPS * (2 * NAT_NETWORKS + 4))

typedef enum {
	NAT_FORWARD,
	NAT_POSTROUTING,
} NatChain;

/* Of which connection: */
typedef enum {
	NAT_ANY,
	NAT_UNASKED, /* none that was let through before */
	NAT_STRAY,   /* none at all: such a packet would go out untranslated */
} NatConnection;

typedef enum {
	NAT_ACCEPT,
	NAT_DROP,
	NAT_MASQUERADE,
} NatVerdict;

/* What is NULL, 0 or of family 0 matches everything. The texts are the request's. */
typedef struct {
	NatChain chain;
	const char *in;	    /* the tap that it comes from ... */
	const char *out;    /* ... or goes to */
	const char *uplink; /* the interface that it goes to, now or one day */
	NetAddress source;  /* a network */
	NatConnection connection;
	NatVerdict verdict;
} NatRule;

/* Does any tap of @request want NAT? */
bool nat_is_wanted(const Request *request);

/* Its table's name into @name, NAT_TABLE bytes: that of the first such tap. Returns @name. */
const char *nat_table_name(const Request *request, char *name);

/* Fills @rules, NAT_RULES_MAX of them, in the order of their chains; returns how many there are. */
unsigned int nat_rules(const Request *request, NatRule *rules);

/* The same table as a text for nft -f. The owner is left out: there nobody stays to be it. */
void nat_print(FILE *out, const Request *request);
