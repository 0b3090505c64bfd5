/* SPDX-License-Identifier: MIT */
/*
 * adopt: a persistent tap that is there already, compared with what is wanted of it: what is right,
 * what can be added for a while, and what forbids its use. The launcher asks in order to tell and
 *to show it, the helper asks again because it believes nobody.
 *
 * What a keeper (helper/keeper.h) has added carries a trace of it in the kernel, so that it is
 * known again when the keeper was killed: addresses and routes the protocol NETIF_KEPT, the link an
 * alias that says how it was before:
 *
 *	qemu-tapwrap:VM pid=P uid=U adopted [up] [mtu=N] [ra=N]
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "platform/linux/netif.h"
#include "platform/linux/request.h"

#define ADOPT_TRACES_MAX 32
#define ADOPT_TEXT_MAX 600

typedef enum {
	ADOPT_MISSING,
	ADOPT_THERE, /* somebody else's, so it stays */
	ADOPT_TRACE, /* there, but of a keeper */
} AdoptState;

typedef struct {
	char differences[ADOPT_TEXT_MAX]; /* what cannot be added: ", it is multi-queue"; or "" */
	char lacks[ADOPT_TEXT_MAX];	  /* what can: ", it is down"; or "" */
	AdoptState addresses[REQUEST_ADDRESSES];
	AdoptState routes[REQUEST_ROUTES];

	bool has_trace;	    /* of any kind: a keeper was killed, or is at work */
	bool alias_is_free; /* empty, or ours */
	bool alias_is_trace;
	bool was_up; /* how the link is without the trace, here and below */
	uint32_t was_mtu;
	int was_accept_ra;			/* -1: as it is */
	NetifPrefix unwanted[ADOPT_TRACES_MAX]; /* traces of what is not wanted now */
	unsigned int n_unwanted;
} Adoption;

/* @link is persistent, and a tap. False only when the kernel could not be asked. */
bool adopt_compare(Netif *netif, const NetifLink *link, const RequestTap *wanted,
	Adoption *ret_adoption, Fault *fault);

/* Nothing to add, nothing to take away: to be attached as it is. */
bool adopt_is_complete(const Adoption *adoption);

/* May what it lacks be added for @user? Only if the tap is that user's own, or for root. */
bool adopt_is_for(const NetifLink *link, uid_t user);
