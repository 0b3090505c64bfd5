/* SPDX-License-Identifier: MIT */
#include "platform/address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

static size_t bits(const NetAddress *address)
{
	return address->family == 4 ? 32 : 128;
}

/* Are the first @n bits of both equal? */
static bool same_bits(const NetAddress *a, const NetAddress *b, size_t n)
{
	size_t whole = n / 8;
	uint8_t mask = 0xff00 >> (n % 8);

	return a->family == b->family && memcmp(a->octets, b->octets, whole) == 0 &&
	       (n % 8 == 0 || ((a->octets[whole] ^ b->octets[whole]) & mask) == 0);
}

bool net_address_overlaps(const NetAddress *a, const NetAddress *b)
{
	return same_bits(a, b, a->prefix_len < b->prefix_len ? a->prefix_len : b->prefix_len);
}

bool net_address_is_inside(const NetAddress *inner, const NetAddress *outer)
{
	return inner->prefix_len >= outer->prefix_len && same_bits(inner, outer, outer->prefix_len);
}

bool net_address_same_host(const NetAddress *a, const NetAddress *b)
{
	return a->family == b->family && same_bits(a, b, bits(a));
}

/* All bits behind the prefix become @bit. */
static NetAddress fill_host_part(const NetAddress *address, bool bit)
{
	NetAddress filled = *address;

	for (size_t i = address->prefix_len; i < bits(address); i++) {
		uint8_t mask = 0x80 >> (i % 8);

		filled.octets[i / 8] = (filled.octets[i / 8] & ~mask) | (bit ? mask : 0);
	}
	return filled;
}

NetAddress net_address_network(const NetAddress *address)
{
	return fill_host_part(address, false);
}

typedef struct {
	NetAddress prefix;
	const char *what;
} Reserved;

static const Reserved reserved[] = {
	{ { 4, 8, { 0 }, { 0 } }, "0.0.0.0/8 is not for hosts" },
	{ { 4, 8, { 0 }, { 127 } }, "127.0.0.0/8 is the host's own loopback" },
	{ { 4, 16, { 0 }, { 169, 254 } }, "169.254.0.0/16 is for link-local addresses" },
	{ { 4, 4, { 0 }, { 224 } }, "224.0.0.0/4 is for multicast" },
	{ { 4, 4, { 0 }, { 240 } }, "240.0.0.0/4 is reserved" },
	{ { 6, 96, { 0 }, { 0 } }, "::/96 holds only special addresses" },
	{ { 6, 96, { 0 }, { [10] = 0xff, [11] = 0xff } }, "::ffff:0:0/96 means IPv4 addresses" },
	{ { 6, 10, { 0 }, { 0xfe, 0x80 } }, "fe80::/10 is for link-local addresses" },
	{ { 6, 8, { 0 }, { 0xff } }, "ff00::/8 is for multicast" },
};

/* In which reserved range, or around which, the prefix is; NULL when in none. */
static const char *reserved_problem(const NetAddress *prefix)
{
	for (size_t i = 0; i < sizeof(reserved) / sizeof(*reserved); i++)
		if (net_address_overlaps(prefix, &reserved[i].prefix))
			return reserved[i].what;
	return NULL;
}

static const char *pair_problem(const NetAddress *address, const NetAddress *peer)
{
	bool four = address->family == 4;
	NetAddress other = *peer;

	if (peer->family != address->family)
		return "it and its peer are not of one family";
	if (address->prefix_len != bits(address))
		return four ? "with a peer the prefix length must be /32"
			    : "with a peer the prefix length must be /128";
	if (net_address_same_host(address, peer))
		return "it and its peer are the same";
	other.prefix_len = bits(peer);
	return reserved_problem(&other) ? reserved_problem(&other) : reserved_problem(address);
}

const char *net_address_problem(const NetAddress *address, const NetAddress *peer)
{
	bool four = address->family == 4;
	NetAddress first = fill_host_part(address, false), last = fill_host_part(address, true);

	if (peer && peer->family)
		return pair_problem(address, peer);
	if (address->prefix_len == bits(address))
		return four ? "a /32 needs a peer, the guest's address"
			    : "a /128 needs a peer, the guest's address";
	if (address->prefix_len < (four ? 8 : 64))
		return four ? "the prefix length must be from /8 to /31"
			    : "the prefix length must be from /64 to /127";
	if (reserved_problem(address))
		return reserved_problem(address);
	if (address->prefix_len == bits(address) - 1)
		return NULL; /* two hosts, both usable: RFC 3021, RFC 6164 */
	if (net_address_same_host(address, &first))
		return four ? "it is the network's own address, not a host's"
			    : "it is the subnet-router anycast address, not a host's";
	if (four && net_address_same_host(address, &last))
		return "it is the broadcast address, not a host's";
	return NULL;
}

const char *net_route_problem(const NetRoute *route)
{
	bool four = route->to.family == 4;
	NetAddress network = net_address_network(&route->to);

	if (!net_address_same_host(&route->to, &network))
		return "it has bits set behind its prefix length";
	if (route->to.prefix_len < (four ? 8 : 16))
		return four ? "the prefix length must be from /8 to /32"
			    : "the prefix length must be from /16 to /128";
	if (route->via.family && route->via.family != route->to.family)
		return "it goes through an address of another family";
	return reserved_problem(&route->to);
}

const char *net_address_print_host(const NetAddress *address, char *text)
{
	inet_ntop(
		address->family == 4 ? AF_INET : AF_INET6, address->octets, text, NET_ADDRESS_TEXT);
	return text;
}

const char *net_address_print(const NetAddress *address, char *text)
{
	size_t len = strlen(net_address_print_host(address, text));

	snprintf(text + len, NET_ADDRESS_TEXT - len, "/%u", address->prefix_len);
	return text;
}
