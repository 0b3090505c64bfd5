/* SPDX-License-Identifier: MIT */
/*
 * nft: the kernel's nftables over netlink. The only includer of libmnl and libnftnl.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "platform/linux/fault.h"
#include "platform/linux/nat-rules.h"

typedef struct Nft Nft;

/* EX_UNAVAILABLE if the kernel has no nftables. */
Nft *nft_open(Fault *fault);
void nft_close(Nft *nft);

/*
 * Makes the table inet @name with two chains, forward and postrouting, and @rules, all or nothing.
 * It belongs to a netlink socket: nobody else can change it, and it goes with the socket's last
 * descriptor. Returns that, for the caller to close, or -1. Each tap in the rules must be there.
 * EX_TEMPFAIL if there is such a table; EX_UNAVAILABLE if the kernel cannot do it.
 */
int nft_make_table(const char *name, const NatRule *rules, unsigned int n_rules, Fault *fault);

/* ---- what others have made ---- */

#define NFT_NAME 256 /* bytes, with the NUL */

typedef struct {
	uint8_t family; /* NFPROTO_... */
	char table[NFT_NAME];
	char name[NFT_NAME];
	bool has_hook;
	bool filters_forward; /* sees all that the host forwards */
	bool drops;	      /* by policy */
} NftChain;

/* What matters here of a rule. */
typedef struct {
	char chain[NFT_NAME];
	char in[REQUEST_IFNAME], out[REQUEST_IFNAME]; /* an interface; with * at the end what begins
							 so; "": not looked at */
	bool has_other_match;
	bool accepts; /* or goes on in another chain */
	bool drops;
} NftRule;

/* Calls @visit for each, in the kernel's order, until it returns false. */
typedef bool (*NftChainVisit)(const NftChain *chain, void *data);
bool nft_each_chain(Nft *nft, NftChainVisit visit, void *data, Fault *fault);
typedef bool (*NftRuleVisit)(const NftRule *rule, void *data);
bool nft_each_rule(
	Nft *nft, uint8_t family, const char *table, NftRuleVisit visit, void *data, Fault *fault);
