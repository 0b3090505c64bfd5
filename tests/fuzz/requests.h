/* SPDX-License-Identifier: MIT */
/*
 * requests: good ones, of every kind, for the helper's fuzz targets.
 */
#pragma once

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "platform/linux/request.h"

#define REQUESTS 5

static inline NetAddress requests_address(const char *text, unsigned int prefix_len)
{
	NetAddress address = { .family = strchr(text, ':') ? 6 : 4, .prefix_len = prefix_len };

	if (inet_pton(address.family == 4 ? AF_INET : AF_INET6, text, address.octets) != 1)
		abort();
	return address;
}

static inline RequestTap *requests_add(Request *request, const char *ifname, uint8_t op)
{
	RequestTap *tap = &request->taps[request->n_taps++];

	strcpy(tap->ifname, ifname);
	tap->op = op;
	tap->queues = 1;
	return tap;
}

static inline void requests_add_lan(RequestTap *tap)
{
	static const uint8_t mac[6] = { 0x52, 0x54, 0, 1, 2, 3 };

	tap->flags = REQUEST_NAT | REQUEST_PERSIST | REQUEST_DHCP;
	tap->n_addresses = 2;
	tap->addresses[0] = requests_address("192.168.50.1", 24);
	tap->addresses[1] = requests_address("fd00::1", 64);
	tap->n_routes = 1;
	tap->routes[0].to = requests_address("198.51.100.0", 24);
	tap->routes[0].via = requests_address("192.168.50.2", 32);
	memcpy(tap->guest_mac, mac, sizeof(mac));
	tap->guests[0] = requests_address("192.168.50.2", 32);
	tap->guests[1] = requests_address("fd00::2", 128);
}

/* The @i-th: plain, with everything, a port and a macvtap, one with a peer, eight. */
static inline void requests_fill(Request *request, unsigned int i)
{
	static const uint8_t mac[6] = { 0x52, 0x54, 0, 1, 2, 3 };
	RequestTap *tap;

	memset(request, 0, sizeof(*request));
	request->version = REQUEST_VERSION;
	request->mode = REQUEST_MAKE;
	strcpy(request->label, "myvm");
	tap = requests_add(request, "tap0", i == 3 ? REQUEST_COMPLETE : REQUEST_CREATE);
	tap->n_addresses = i == 0 || i == 3 ? 1 : 0;
	if (i == 0)
		tap->addresses[0] = requests_address("192.168.50.1", 24);
	if (i == 1)
		requests_add_lan(tap);
	if (i == 2) {
		strcpy(tap->bridge, "br0");
		tap = requests_add(request, "tw-m", REQUEST_MACVTAP);
		strcpy(tap->parent, "eth0");
		tap->mode = NET_MACVTAP_BRIDGE;
		memcpy(tap->mac, mac, sizeof(mac));
	}
	if (i == 3) {
		tap->addresses[0] = requests_address("10.0.0.1", 32);
		tap->peers[0] = requests_address("10.0.0.2", 32);
	}
	for (unsigned int j = 1; i == 4 && j < REQUEST_TAPS; j++)
		requests_add(request, (char[]){ 't', '0' + j, '\0' }, REQUEST_CREATE);
}
