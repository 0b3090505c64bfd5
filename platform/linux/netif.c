/* SPDX-License-Identifier: MIT */
#include "platform/linux/netif.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sysexits.h>

#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/if_tun.h>
#include <linux/ip.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>

#define DUMP_TRIES 3
#define BATCH_MESSAGES 80		 /* 8 taps: 8 addresses, settings and up for each */
#define BATCH_MAX (BATCH_MESSAGES * 192) /* bytes; the largest is settings, with its alias */

struct Netif {
	struct nl_sock *socket;
	int error;	  /* errno of the last refusal, > 0 */
	char text[160];	  /* the kernel's extended text to it, or "" */
	uint32_t refused; /* sequence number of the refused message */
	unsigned int acknowledged;
};

/* ---- socket and errors ---- */

/* libnl folds many errnos into one code; where it left errno alone, that says more. */
static const char *reason(int result)
{
	return errno ? strerror(errno) : nl_geterror(result);
}

Netif *netif_open(Fault *fault)
{
	Netif *netif = calloc(1, sizeof(*netif));
	int on = 1, result = -NLE_NOMEM;

	errno = 0;
	if (netif)
		netif->socket = nl_socket_alloc();
	if (netif && netif->socket)
		result = nl_connect(netif->socket, NETLINK_ROUTE);
	if (result < 0) {
		fault_set(fault, EX_OSERR, "netlink: %s", reason(result));
		netif_close(netif);
		return NULL;
	}
	/* Old kernels know neither: then there is less text, and a dump has more to skip. */
	(void)setsockopt(
		nl_socket_get_fd(netif->socket), SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	(void)setsockopt(nl_socket_get_fd(netif->socket), SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on,
		sizeof(on));
	nl_socket_disable_seq_check(netif->socket);
	nl_socket_disable_auto_ack(netif->socket);
	return netif;
}

void netif_close(Netif *netif)
{
	if (!netif)
		return;
	nl_socket_free(netif->socket);
	free(netif);
}

/* The text of an extended acknowledgement: it follows the request's header, or its whole copy. */
static void copy_extended_text(
	const struct nlmsghdr *header, const struct nlmsgerr *error, char *text, size_t size)
{
	size_t used = sizeof(*error);
	size_t len = nlmsg_datalen(header);
	struct nlattr *message;

	text[0] = '\0';
	if (!(header->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	if (!(header->nlmsg_flags & NLM_F_CAPPED))
		used += error->msg.nlmsg_len - sizeof(error->msg);
	if (used >= len)
		return;
	message = nla_find((struct nlattr *)((char *)error + NLMSG_ALIGN(used)), len - used,
		NLMSGERR_ATTR_MSG);
	if (message)
		nla_strlcpy(text, message, size);
}

static int on_refusal(struct sockaddr_nl *sender, struct nlmsgerr *error, void *data)
{
	Netif *netif = data;
	struct nlmsghdr *header = (struct nlmsghdr *)((char *)error - NLMSG_HDRLEN);

	(void)sender;
	netif->error = -error->error;
	netif->refused = error->msg.nlmsg_seq;
	copy_extended_text(header, error, netif->text, sizeof(netif->text));
	return NL_STOP;
}

static int on_acknowledgement(struct nl_msg *message, void *data)
{
	(void)message;
	((Netif *)data)->acknowledged++;
	return NL_OK;
}

/* "Permission denied (ipv6: IPv6 is disabled on this device)" */
static const char *refusal(const Netif *netif, char *text, size_t size)
{
	snprintf(text, size, "%s%s%s%s", strerror(netif->error), *netif->text ? " (" : "",
		netif->text, *netif->text ? ")" : "");
	return text;
}

static struct nl_cb *new_callbacks(Netif *netif)
{
	struct nl_cb *callbacks = nl_cb_alloc(NL_CB_DEFAULT);

	netif->error = 0;
	netif->text[0] = '\0';
	netif->acknowledged = 0;
	if (callbacks) {
		nl_cb_err(callbacks, NL_CB_CUSTOM, on_refusal, netif);
		nl_cb_set(callbacks, NL_CB_ACK, NL_CB_CUSTOM, on_acknowledgement, netif);
	}
	return callbacks;
}

/* ---- asking ---- */

typedef int (*OnMessage)(struct nl_msg *message, void *data);

/* One question with a header of its own, and all the answers to it. Consumes @message. */
static int ask(Netif *netif, struct nl_msg *message, OnMessage on_message, void *data)
{
	struct nl_cb *callbacks = new_callbacks(netif);
	int result = -NLE_NOMEM;

	errno = 0;
	if (message && callbacks) {
		nl_cb_set(callbacks, NL_CB_VALID, NL_CB_CUSTOM, on_message, data);
		result = nl_send_auto(netif->socket, message);
	}
	if (result >= 0)
		result = nl_recvmsgs(netif->socket, callbacks);
	nlmsg_free(message);
	if (callbacks)
		nl_cb_put(callbacks);
	return result;
}

static struct nl_msg *new_question(int type, int flags, void *header, size_t size)
{
	struct nl_msg *message = nlmsg_alloc_simple(type, flags | NLM_F_REQUEST);

	if (message && nlmsg_append(message, header, size, NLMSG_ALIGNTO) < 0) {
		nlmsg_free(message);
		return NULL;
	}
	return message;
}

static bool dump(Netif *netif, int type, void *header, size_t size, OnMessage on_message,
	void *data, const char *what, Fault *fault)
{
	int result = -NLE_DUMP_INTR;

	for (int i = 0; i < DUMP_TRIES && result == -NLE_DUMP_INTR; i++)
		result = ask(netif, new_question(type, NLM_F_DUMP, header, size), on_message, data);
	if (result < 0)
		return fault_set(fault, EX_OSERR, "netlink: cannot list the %s: %s", what,
			netif->error ? strerror(netif->error) : reason(result));
	return true;
}

/* ---- links ---- */

static bool flag(struct nlattr *attribute)
{
	return attribute && nla_get_u8(attribute);
}

static void parse_tun(struct nlattr *info, NetifLink *link)
{
	struct nlattr *tb[IFLA_TUN_MAX + 1];

	if (!info || nla_parse_nested(tb, IFLA_TUN_MAX, info, NULL) < 0)
		return;
	link->tun.is_tap = tb[IFLA_TUN_TYPE] && nla_get_u8(tb[IFLA_TUN_TYPE]) == IFF_TAP;
	link->tun.has_owner = tb[IFLA_TUN_OWNER] != NULL;
	link->tun.has_group = tb[IFLA_TUN_GROUP] != NULL;
	link->tun.owner = link->tun.has_owner ? nla_get_u32(tb[IFLA_TUN_OWNER]) : 0;
	link->tun.group = link->tun.has_group ? nla_get_u32(tb[IFLA_TUN_GROUP]) : 0;
	link->tun.persistent = flag(tb[IFLA_TUN_PERSIST]);
	link->tun.packet_info = flag(tb[IFLA_TUN_PI]);
	link->tun.vnet_hdr = flag(tb[IFLA_TUN_VNET_HDR]);
	link->tun.multi_queue = flag(tb[IFLA_TUN_MULTI_QUEUE]);
}

static bool parse_link(struct nl_msg *message, NetifLink *link)
{
	const struct ifinfomsg *header = nlmsg_data(nlmsg_hdr(message));
	struct nlattr *tb[IFLA_MAX + 1], *info[IFLA_INFO_MAX + 1];

	memset(link, 0, sizeof(*link));
	if (nlmsg_hdr(message)->nlmsg_type != RTM_NEWLINK ||
		nlmsg_parse(nlmsg_hdr(message), sizeof(*header), tb, IFLA_MAX, NULL) < 0)
		return false;
	link->index = header->ifi_index;
	link->up = header->ifi_flags & IFF_UP;
	if (tb[IFLA_IFNAME])
		nla_strlcpy(link->ifname, tb[IFLA_IFNAME], sizeof(link->ifname));
	if (tb[IFLA_IFALIAS])
		nla_strlcpy(link->alias, tb[IFLA_IFALIAS], sizeof(link->alias));
	if (!tb[IFLA_LINKINFO] ||
		nla_parse_nested(info, IFLA_INFO_MAX, tb[IFLA_LINKINFO], NULL) < 0)
		return true;
	if (info[IFLA_INFO_KIND])
		nla_strlcpy(link->kind, info[IFLA_INFO_KIND], sizeof(link->kind));
	if (strcmp(link->kind, "tun") == 0)
		parse_tun(info[IFLA_INFO_DATA], link);
	return true;
}

static int on_link(struct nl_msg *message, void *link)
{
	parse_link(message, link);
	return NL_OK;
}

bool netif_find(
	Netif *netif, const char *ifname, bool *ret_found, NetifLink *ret_link, Fault *fault)
{
	struct ifinfomsg header = { .ifi_family = AF_UNSPEC };
	struct nl_msg *message = new_question(RTM_GETLINK, 0, &header, sizeof(header));
	int result;

	memset(ret_link, 0, sizeof(*ret_link));
	*ret_found = false;
	if (message)
		nla_put_string(message, IFLA_IFNAME, ifname);
	result = ask(netif, message, on_link, ret_link);
	if (netif->error == ENODEV)
		return true;
	if (result < 0 || netif->error)
		return fault_set(fault, EX_OSERR, "netlink: cannot look up %s: %s", ifname,
			netif->error ? strerror(netif->error) : reason(result));
	*ret_found = ret_link->index > 0;
	return true;
}

typedef struct {
	uid_t owner;
	unsigned int count;
} OwnedCount;

static int on_owned_link(struct nl_msg *message, void *data)
{
	OwnedCount *owned = data;
	NetifLink link;

	if (parse_link(message, &link) && link.tun.has_owner && link.tun.owner == owned->owner)
		owned->count++;
	return NL_OK;
}

bool netif_count_owned(Netif *netif, uid_t owner, unsigned int *ret_count, Fault *fault)
{
	struct ifinfomsg header = { .ifi_family = AF_UNSPEC };
	OwnedCount owned = { .owner = owner };

	if (!dump(netif, RTM_GETLINK, &header, sizeof(header), on_owned_link, &owned, "interfaces",
		    fault))
		return false;
	*ret_count = owned.count;
	return true;
}

const char *netif_name(int ifindex, char *ifname)
{
	return if_indextoname(ifindex, ifname) ? ifname : strcpy(ifname, "?");
}

/* ---- addresses and routes ---- */

typedef struct {
	NetifVisit visit;
	void *data;
	bool stopped;
} Visitor;

static bool fill_prefix(
	NetifPrefix *prefix, int family, unsigned int prefix_len, struct nlattr *octets)
{
	size_t size = family == AF_INET ? 4 : 16;

	if ((family != AF_INET && family != AF_INET6) || (octets && nla_len(octets) < (int)size))
		return false;
	prefix->prefix.family = family == AF_INET ? 4 : 6;
	prefix->prefix.prefix_len = prefix_len;
	if (octets)
		memcpy(prefix->prefix.octets, nla_data(octets), size);
	return true;
}

static int call(Visitor *visitor, const NetifPrefix *prefix)
{
	if (!visitor->stopped)
		visitor->stopped = !visitor->visit(prefix, visitor->data);
	return NL_OK; /* the rest of the dump must still be read */
}

/* On a link with a peer the prefix is the peer's; our own address there is IFA_LOCAL. */
static int on_address(struct nl_msg *message, void *data)
{
	const struct ifaddrmsg *header = nlmsg_data(nlmsg_hdr(message));
	struct nlattr *tb[IFA_MAX + 1], *local;
	NetifPrefix prefix = { .ifindex = header->ifa_index };

	if (nlmsg_parse(nlmsg_hdr(message), sizeof(*header), tb, IFA_MAX, NULL) < 0)
		return NL_OK;
	local = tb[IFA_LOCAL] ? tb[IFA_LOCAL] : tb[IFA_ADDRESS];
	if (!local || !fill_prefix(&prefix, header->ifa_family, header->ifa_prefixlen, local))
		return NL_OK;
	return call(data, &prefix);
}

static int on_route(struct nl_msg *message, void *data)
{
	const struct rtmsg *header = nlmsg_data(nlmsg_hdr(message));
	struct nlattr *tb[RTA_MAX + 1];
	NetifPrefix prefix = { .table = header->rtm_table };

	if (header->rtm_flags & RTM_F_CLONED ||
		nlmsg_parse(nlmsg_hdr(message), sizeof(*header), tb, RTA_MAX, NULL) < 0 ||
		!fill_prefix(&prefix, header->rtm_family, header->rtm_dst_len, tb[RTA_DST]))
		return NL_OK;
	if (tb[RTA_OIF])
		prefix.ifindex = nla_get_u32(tb[RTA_OIF]);
	if (tb[RTA_TABLE])
		prefix.table = nla_get_u32(tb[RTA_TABLE]);
	return call(data, &prefix);
}

bool netif_each_address(Netif *netif, NetifVisit visit, void *data, Fault *fault)
{
	struct ifaddrmsg header = { .ifa_family = AF_UNSPEC };
	Visitor visitor = { .visit = visit, .data = data };

	return dump(netif, RTM_GETADDR, &header, sizeof(header), on_address, &visitor, "addresses",
		fault);
}

bool netif_each_route(Netif *netif, NetifVisit visit, void *data, Fault *fault)
{
	struct rtmsg header = { .rtm_family = AF_UNSPEC };
	Visitor visitor = { .visit = visit, .data = data };

	return dump(
		netif, RTM_GETROUTE, &header, sizeof(header), on_route, &visitor, "routes", fault);
}

/* ---- changing ---- */

/* Messages that go to the kernel in one send, and what each is about. */
typedef struct {
	char bytes[BATCH_MAX];
	size_t used;
	uint32_t first; /* sequence number; the others follow it */
	unsigned int n;
	struct {
		int tap, address;
	} about[BATCH_MESSAGES];
} Batch;

/* Consumes @message, which may be NULL for want of memory. */
static bool batch_add(Netif *netif, Batch *batch, struct nl_msg *message, int tap, int address)
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
		batch->about[batch->n++].address = address;
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
	struct ifinfomsg header = { .ifi_family = AF_UNSPEC, .ifi_index = setup->ifindex };
	struct nl_msg *message = new_question(RTM_SETLINK, 0, &header, sizeof(header));
	struct nlattr *families, *family, *values;

	if (!message)
		return NULL;
	nla_put_string(message, IFLA_IFALIAS, setup->alias);
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

static struct nl_msg *address_message(int ifindex, const NetAddress *address)
{
	bool four = address->family == 4;
	struct ifaddrmsg header = {
		.ifa_family = four ? AF_INET : AF_INET6,
		.ifa_prefixlen = address->prefix_len,
		.ifa_flags = four ? 0 : IFA_F_NODAD,
		.ifa_index = ifindex,
	};
	struct nl_msg *message = new_question(
		RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &header, sizeof(header));

	if (message) {
		nla_put(message, IFA_LOCAL, four ? 4 : 16, address->octets);
		nla_put(message, IFA_ADDRESS, four ? 4 : 16, address->octets);
	}
	return message;
}

static struct nl_msg *up_message(int ifindex)
{
	struct ifinfomsg header = {
		.ifi_family = AF_UNSPEC,
		.ifi_index = ifindex,
		.ifi_flags = IFF_UP,
		.ifi_change = IFF_UP,
	};

	return new_question(RTM_SETLINK, 0, &header, sizeof(header));
}

static bool batch_fill(Netif *netif, Batch *batch, const NetifSetup *setups, unsigned int n_setups)
{
	for (unsigned int i = 0; i < n_setups; i++) {
		const NetifSetup *setup = &setups[i];

		if (!batch_add(netif, batch, settings_message(setup), i, -1))
			return false;
		for (unsigned int j = 0; j < setup->n_addresses; j++)
			if (!batch_add(netif, batch,
				    address_message(setup->ifindex, &setup->addresses[j]), i, j))
				return false;
		if (!batch_add(netif, batch, up_message(setup->ifindex), i, -1))
			return false;
	}
	return true;
}

/* An address can be one that the kernel does not take; everything else should have worked. */
static int refusal_status(int error, bool is_address)
{
	if (error == EPERM)
		return EX_NOPERM;
	return is_address && error != ENOMEM && error != ENOBUFS ? EX_UNAVAILABLE : EX_OSERR;
}

/* Sends the batch and takes one answer for each message, up to the first refusal. */
static bool batch_send(Netif *netif, Batch *batch, Fault *fault)
{
	struct nl_cb *callbacks = new_callbacks(netif);
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
		return fault_about(fault, batch->about[about].tap, batch->about[about].address,
			refusal_status(netif->error, batch->about[about].address >= 0),
			"the kernel refuses: %s", refusal(netif, text, sizeof(text)));
	return fault_set(fault, EX_OSERR, "netlink: %s", reason(result));
}

bool netif_set_up(Netif *netif, const NetifSetup *setups, unsigned int n_setups, Fault *fault)
{
	Batch batch = { .used = 0 };

	if (!batch_fill(netif, &batch, setups, n_setups))
		return fault_set(
			fault, EX_OSERR, "netlink: the changes do not fit into one message");
	return batch_send(netif, &batch, fault);
}
