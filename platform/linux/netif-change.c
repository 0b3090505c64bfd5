/* SPDX-License-Identifier: MIT */
/*
 * The changing half of netif: everything that is to be done to taps goes to the kernel in one send.
 */
#include "platform/linux/netif-messages.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sysexits.h>

#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/attr.h>

#define BATCH_MESSAGES 160 /* 8 taps: settings, MTU, bridge, 8 addresses, up, 8 routes each */
#define BATCH_MAX (BATCH_MESSAGES * 192) /* bytes; the largest is settings, with its alias */

/* Messages that go to the kernel in one send, and what each is about. */
typedef struct {
	char bytes[BATCH_MAX];
	size_t used;
	uint32_t first; /* sequence number; the others follow it */
	unsigned int n;
	struct {
		int tap;
		NetKey key;
	} about[BATCH_MESSAGES];
} Batch;

/* Consumes @message, which may be NULL for want of memory. */
static bool batch_add(Netif *netif, Batch *batch, struct nl_msg *message, int tap, NetKey key)
{
	struct nlmsghdr *header = message ? nlmsg_hdr(message) : NULL;
	size_t size = header ? NLMSG_ALIGN(header->nlmsg_len) : 0;
	bool fits = header && batch->used + size <= sizeof(batch->bytes) &&
		    batch->n < BATCH_MESSAGES;

	if (fits) {
		header->nlmsg_flags |= NLM_F_ACK;
		header->nlmsg_pid = nl_socket_get_local_port(netif->socket);
		header->nlmsg_seq = nl_socket_use_seq(netif->socket);
		if (batch->n == 0)
			batch->first = header->nlmsg_seq;
		batch->about[batch->n].tap = tap;
		batch->about[batch->n++].key = key;
		memcpy(batch->bytes + batch->used, header, header->nlmsg_len);
		batch->used += size;
	}
	nlmsg_free(message);
	return fits;
}

static struct nl_msg *settings_message(const NetifSetup *setup)
{
	static const struct {
		int key;
		uint32_t value;
	} ipv4[] = {
		{ IPV4_DEVCONF_RP_FILTER, 1 },
		{ IPV4_DEVCONF_ACCEPT_REDIRECTS, 0 },
		{ IPV4_DEVCONF_SEND_REDIRECTS, 0 },
	};
	struct nl_msg *message = netif_link_message(setup->ifindex, 0, 0);
	struct nlattr *families, *family, *values;

	if (!message)
		return NULL;
	nla_put_string(message, IFLA_IFALIAS, setup->alias);
	nla_put_u32(message, IFLA_GROUP, setup->group);
	families = nla_nest_start(message, IFLA_AF_SPEC);
	family = nla_nest_start(message, AF_INET);
	values = nla_nest_start(message, IFLA_INET_CONF);
	for (size_t i = 0; i < sizeof(ipv4) / sizeof(*ipv4); i++)
		nla_put_u32(message, ipv4[i].key, ipv4[i].value);
	nla_nest_end(message, values);
	nla_nest_end(message, family);
	nla_nest_end(message, families);
	return message;
}

/* A message of its own for each, so that a refusal can be told from the others. */
static struct nl_msg *mtu_message(const NetifSetup *setup)
{
	struct nl_msg *message = netif_link_message(setup->ifindex, 0, 0);

	if (message)
		nla_put_u32(message, IFLA_MTU, setup->mtu);
	return message;
}

/*
 * A bridge without a MAC address of its own takes the lowest of its ports': that of a tap must be
 * a high one, or the host's address on the bridge would change under its connections.
 */
static struct nl_msg *bridge_message(const NetifSetup *setup)
{
	struct nl_msg *message = netif_link_message(setup->ifindex, 0, 0);

	if (message) {
		nla_put(message, IFLA_ADDRESS, sizeof(setup->mac), setup->mac);
		nla_put_u32(message, IFLA_MASTER, setup->master);
	}
	return message;
}

/* An IPv6 peer's own route comes a moment after its address: the kernel need not look for it. */
static bool is_through_peer(const NetifSetup *setup, const NetRoute *route)
{
	return route->via.family == 6 && net_address_same_host(&route->via, &setup->peers[1]);
}

static bool batch_fill_tap(Netif *netif, Batch *batch, const NetifSetup *setup, int i)
{
	if (!batch_add(netif, batch, settings_message(setup), i, NET_KEY_IFNAME) ||
		(setup->mtu && !batch_add(netif, batch, mtu_message(setup), i, NET_KEY_MTU)) ||
		(setup->master && !batch_add(netif, batch, bridge_message(setup), i, NET_KEY_BR)))
		return false;
	for (unsigned int j = 0; j < setup->n_addresses; j++) {
		const NetAddress *address = &setup->addresses[j];

		if (!batch_add(netif, batch,
			    netif_address_message(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL,
				    setup->ifindex, address, &setup->peers[address->family == 6]),
			    i, NET_KEY_ADDRESS))
			return false;
	}
	if (!batch_add(netif, batch, netif_link_message(setup->ifindex, IFF_UP, IFF_UP), i,
		    NET_KEY_IFNAME))
		return false;
	for (unsigned int j = 0; j < setup->n_routes; j++) {
		const NetRoute *route = &setup->routes[j];

		if (!batch_add(netif, batch,
			    netif_route_message(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL,
				    setup->ifindex, route, RTPROT_STATIC,
				    is_through_peer(setup, route)),
			    i, NET_KEY_ROUTE))
			return false;
	}
	return true;
}

static bool batch_fill(Netif *netif, Batch *batch, const NetifSetup *setups, unsigned int n_setups)
{
	for (unsigned int i = 0; i < n_setups; i++)
		if (!batch_fill_tap(netif, batch, &setups[i], i))
			return false;
	return true;
}

/* What the profile asks for can be something that the kernel does not take. */
static int refusal_status(int error, NetKey key)
{
	if (error == EPERM)
		return EX_NOPERM;
	return key != NET_KEY_IFNAME && error != ENOMEM && error != ENOBUFS ? EX_UNAVAILABLE
									    : EX_OSERR;
}

/* Sends the batch and takes one answer for each message, up to the first refusal. */
static bool batch_send(Netif *netif, Batch *batch, Fault *fault)
{
	struct nl_cb *callbacks = netif_new_callbacks(netif);
	int result = -NLE_NOMEM;
	unsigned int about;
	char text[256];

	errno = 0;
	if (callbacks)
		result = nl_sendto(netif->socket, batch->bytes, batch->used);
	while (result >= 0 && netif->acknowledged < batch->n)
		result = nl_recvmsgs(netif->socket, callbacks);
	if (callbacks)
		nl_cb_put(callbacks);
	if (result >= 0)
		return true;
	about = netif->refused - batch->first;
	if (netif->error && about < batch->n)
		return fault_about(fault, batch->about[about].tap, batch->about[about].key,
			refusal_status(netif->error, batch->about[about].key),
			"the kernel refuses: %s", netif_refusal(netif, text, sizeof(text)));
	return fault_set(fault, EX_OSERR, "netlink: %s", netif_reason(result));
}

bool netif_set_up(Netif *netif, const NetifSetup *setups, unsigned int n_setups, Fault *fault)
{
	Batch batch = { .used = 0 };

	if (!batch_fill(netif, &batch, setups, n_setups))
		return fault_set(
			fault, EX_OSERR, "netlink: the changes do not fit into one message");
	return batch_send(netif, &batch, fault);
}
