/* SPDX-License-Identifier: MIT */
/*
 * address: what an address on a tap may be. Plain C, pure, no GLib: the launcher asks so that the
 * profile's line can be named, the helper asks again because it believes nobody.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NET_ADDRESS_TEXT 64 /* bytes, enough for any address with its prefix length */

typedef struct {
	uint8_t family;	    /* 4 or 6 */
	uint8_t prefix_len; /* 0-32 or 0-128 */
	uint8_t zero[2];
	uint8_t octets[16]; /* network order; the first 4 for IPv4, the rest zero */
} NetAddress;		    /* family 0: none */

/* What lies behind a guest: @to, a network, is reached through @via, a host (family 0: nobody). */
typedef struct {
	NetAddress to;
	NetAddress via;
} NetRoute;

/*
 * NULL if @address can be a host's own on a link with guests, else why not (static text). With a
 * @peer (which may be NULL, or none) the link has just these two ends.
 */
const char *net_address_problem(const NetAddress *address, const NetAddress *peer);

/* NULL if the host can be told that @route's network is behind a guest, else why not. */
const char *net_route_problem(const NetRoute *route);

/* Does one of the two prefixes hold the other? FALSE across families. */
bool net_address_overlaps(const NetAddress *a, const NetAddress *b);

/* Is all of @inner inside the prefix @outer? */
bool net_address_is_inside(const NetAddress *inner, const NetAddress *outer);

/* The same address, whatever the prefix lengths? */
bool net_address_same_host(const NetAddress *a, const NetAddress *b);

/* The address with its host bits cleared. */
NetAddress net_address_network(const NetAddress *address);

/* "192.168.50.1/24" into @text, NET_ADDRESS_TEXT bytes; returns @text. */
const char *net_address_print(const NetAddress *address, char *text);
/* The same without "/24". */
const char *net_address_print_host(const NetAddress *address, char *text);
