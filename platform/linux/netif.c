/* SPDX-License-Identifier: MIT */
#include "platform/linux/netif-parts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#include <linux/fib_rules.h>
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

#define BUFFER_SIZE (208 * 1024) /* bytes; what Linux allows everybody */
#define DUMP_TRIES 3
#define DUMP_BUFFER (32 * 1024)

/* ---- socket and errors ---- */

const char *netif_reason(int result)
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
		fault_set(fault, EX_OSERR, "netlink: %s", netif_reason(result));
		netif_close(netif);
		return NULL;
	}
	/* Old kernels know neither: then there is less text, and a dump has more to skip. */
	(void)setsockopt(
		nl_socket_get_fd(netif->socket), SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	(void)setsockopt(nl_socket_get_fd(netif->socket), SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on,
		sizeof(on));
	/* As much as the kernel puts into one answer; no peeking for the size. */
	nl_socket_set_msg_buf_size(netif->socket, DUMP_BUFFER);
	/* Each change of a large batch has an answer, and all come at once. */
	(void)nl_socket_set_buffer_size(netif->socket, BUFFER_SIZE, BUFFER_SIZE);
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

const char *netif_refusal(const Netif *netif, char *text, size_t size)
{
	snprintf(text, size, "%s%s%s%s", strerror(netif->error), *netif->text ? " (" : "",
		netif->text, *netif->text ? ")" : "");
	return text;
}

struct nl_cb *netif_new_callbacks(Netif *netif)
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

/* One question with a header of its own, and all the answers to it. Consumes @message. */
static int ask(Netif *netif, struct nl_msg *message, NetifOnMessage on_message, void *data)
{
	struct nl_cb *callbacks = netif_new_callbacks(netif);
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

struct nl_msg *netif_new_message(int type, int flags, void *header, size_t size)
{
	struct nl_msg *message = nlmsg_alloc_simple(type, flags | NLM_F_REQUEST);

	if (message && nlmsg_append(message, header, size, NLMSG_ALIGNTO) < 0) {
		nlmsg_free(message);
		return NULL;
	}
	return message;
}

static bool fault_dump(const Netif *netif, int result, const char *what, Fault *fault)
{
	return fault_set(fault, EX_OSERR, "netlink: cannot list the %s: %s", what,
		netif->error ? strerror(netif->error) : netif_reason(result));
}

bool netif_dump(Netif *netif, int type, void *header, size_t size, const NetifAttribute *only,
	NetifOnMessage on_message, void *data, const char *what, Fault *fault)
{
	int result = -NLE_DUMP_INTR;

	for (int i = 0; i < DUMP_TRIES && result == -NLE_DUMP_INTR; i++) {
		struct nl_msg *message = netif_new_message(type, NLM_F_DUMP, header, size);

		if (message && only)
			nla_put(message, only->type, only->size, only->data);
		result = ask(netif, message, on_message, data);
	}
	return result >= 0 || fault_dump(netif, result, what, fault);
}

/* ---- links ---- */

static bool flag(struct nlattr *attribute)
{
	return attribute && nla_get_u8(attribute);
}

static uint32_t number(struct nlattr *attribute)
{
	return attribute ? nla_get_u32(attribute) : 0;
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
	link->tun.n_queues = number(tb[IFLA_TUN_NUM_QUEUES]) +
			     number(tb[IFLA_TUN_NUM_DISABLED_QUEUES]);
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
	if (tb[IFLA_ADDRESS])
		nla_memcpy(link->mac, tb[IFLA_ADDRESS], sizeof(link->mac));
	link->mtu = number(tb[IFLA_MTU]);
	link->group = number(tb[IFLA_GROUP]);
	link->master = number(tb[IFLA_MASTER]);
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

/* Consumes @message, the question; @what is asked for. */
static bool find(Netif *netif, struct nl_msg *message, const char *what, bool *ret_found,
	NetifLink *ret_link, Fault *fault)
{
	int result;

	memset(ret_link, 0, sizeof(*ret_link));
	*ret_found = false;
	result = ask(netif, message, on_link, ret_link);
	if (netif->error == ENODEV)
		return true;
	if (result < 0 || netif->error)
		return fault_set(fault, EX_OSERR, "netlink: cannot look up %s: %s", what,
			netif->error ? strerror(netif->error) : netif_reason(result));
	*ret_found = ret_link->index > 0;
	return true;
}

bool netif_find(
	Netif *netif, const char *ifname, bool *ret_found, NetifLink *ret_link, Fault *fault)
{
	struct ifinfomsg header = { .ifi_family = AF_UNSPEC };
	struct nl_msg *message = netif_new_message(RTM_GETLINK, 0, &header, sizeof(header));

	if (message)
		nla_put_string(message, IFLA_IFNAME, ifname);
	return find(netif, message, ifname, ret_found, ret_link, fault);
}

bool netif_find_index(Netif *netif, int ifindex, bool *ret_found, NetifLink *ret_link, Fault *fault)
{
	struct ifinfomsg header = { .ifi_family = AF_UNSPEC, .ifi_index = ifindex };

	return find(netif, netif_new_message(RTM_GETLINK, 0, &header, sizeof(header)),
		"an interface", ret_found, ret_link, fault);
}

typedef struct {
	NetifLinkVisit visit;
	void *data;
	bool stopped;
} LinkVisitor;

static int on_each_link(struct nl_msg *message, void *data)
{
	LinkVisitor *visitor = data;
	NetifLink link;

	if (!visitor->stopped && parse_link(message, &link))
		visitor->stopped = !visitor->visit(&link, visitor->data);
	return NL_OK; /* the rest of the dump must still be read */
}

bool netif_each_link(Netif *netif, NetifLinkVisit visit, void *data, Fault *fault)
{
	struct ifinfomsg header = { .ifi_family = AF_UNSPEC };
	int result = -NLE_DUMP_INTR;

	for (int i = 0; i < DUMP_TRIES && result == -NLE_DUMP_INTR; i++) {
		LinkVisitor visitor = { .visit = visit, .data = data };

		visit(NULL, data);
		result = ask(netif,
			netif_new_message(RTM_GETLINK, NLM_F_DUMP, &header, sizeof(header)),
			on_each_link, &visitor);
	}
	return result >= 0 || fault_dump(netif, result, "interfaces", fault);
}

/* The C library's own way tries every other kind of socket when it cannot have this one. */
static bool ask_device(unsigned long question, struct ifreq *request)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int error = fd < 0 || ioctl(fd, question, request) < 0 ? errno : 0;

	if (fd >= 0)
		close(fd);
	errno = error;
	return !error;
}

bool netif_find_name(int ifindex, char *ifname)
{
	struct ifreq request = { .ifr_ifindex = ifindex };

	if (!ask_device(SIOCGIFNAME, &request))
		return false;
	memcpy(ifname, request.ifr_name, sizeof(request.ifr_name));
	return true;
}

const char *netif_name(int ifindex, char *ifname)
{
	return netif_find_name(ifindex, ifname) ? ifname : strcpy(ifname, "?");
}

int netif_index(const char *ifname)
{
	struct ifreq request = { .ifr_ifindex = 0 };

	strncpy(request.ifr_name, ifname, sizeof(request.ifr_name) - 1);
	return ask_device(SIOCGIFINDEX, &request) ? request.ifr_ifindex : 0;
}

/* ---- addresses and routes ---- */

typedef struct {
	NetifVisit visit;
	void *data;
	const NetifRoutes *which; /* of routes */
	bool stopped;
} Visitor;

static bool fill_address(
	NetAddress *address, int family, unsigned int prefix_len, struct nlattr *octets)
{
	size_t size = family == AF_INET ? 4 : 16;

	if ((family != AF_INET && family != AF_INET6) || (octets && nla_len(octets) < (int)size))
		return false;
	address->family = family == AF_INET ? 4 : 6;
	address->prefix_len = prefix_len;
	if (octets)
		memcpy(address->octets, nla_data(octets), size);
	return true;
}

/* The other end of it: a host, if there is one. */
static void fill_host(NetAddress *address, int family, struct nlattr *octets)
{
	if (octets)
		fill_address(address, family, family == AF_INET ? 32 : 128, octets);
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
	struct nlattr *tb[NETIF_IFA_PROTO + 1], *local;
	NetifPrefix prefix = { .ifindex = header->ifa_index };

	if (nlmsg_parse(nlmsg_hdr(message), sizeof(*header), tb, NETIF_IFA_PROTO, NULL) < 0)
		return NL_OK;
	local = tb[IFA_LOCAL] ? tb[IFA_LOCAL] : tb[IFA_ADDRESS];
	if (!local ||
		!fill_address(&prefix.prefix, header->ifa_family, header->ifa_prefixlen, local))
		return NL_OK;
	if (tb[IFA_LOCAL] && tb[IFA_ADDRESS] && nla_len(tb[IFA_ADDRESS]) == nla_len(local) &&
		memcmp(nla_data(tb[IFA_ADDRESS]), nla_data(local), nla_len(local)) != 0)
		fill_host(&prefix.other, header->ifa_family, tb[IFA_ADDRESS]);
	if (tb[NETIF_IFA_PROTO])
		prefix.protocol = nla_get_u8(tb[NETIF_IFA_PROTO]);
	return call(data, &prefix);
}

/* A kernel without strict checks gives more than was asked for. */
static bool is_wanted(const Visitor *visitor, const NetifPrefix *prefix)
{
	return (!visitor->which->table || visitor->which->table == prefix->table) &&
	       (!visitor->which->ifindex || visitor->which->ifindex == prefix->ifindex);
}

static int on_route(struct nl_msg *message, void *data)
{
	const struct rtmsg *header = nlmsg_data(nlmsg_hdr(message));
	struct nlattr *tb[RTA_MAX + 1];
	NetifPrefix prefix = { .table = header->rtm_table, .protocol = header->rtm_protocol };

	if (header->rtm_flags & RTM_F_CLONED ||
		nlmsg_parse(nlmsg_hdr(message), sizeof(*header), tb, RTA_MAX, NULL) < 0 ||
		!fill_address(&prefix.prefix, header->rtm_family, header->rtm_dst_len, tb[RTA_DST]))
		return NL_OK;
	fill_host(&prefix.other, header->rtm_family, tb[RTA_GATEWAY]);
	if (tb[RTA_OIF])
		prefix.ifindex = nla_get_u32(tb[RTA_OIF]);
	if (tb[RTA_TABLE])
		prefix.table = nla_get_u32(tb[RTA_TABLE]);
	return is_wanted(data, &prefix) ? call(data, &prefix) : NL_OK;
}

static int kernel_family(unsigned int family)
{
	return family == 4 ? AF_INET : AF_INET6;
}

bool netif_each_address(
	Netif *netif, unsigned int family, NetifVisit visit, void *data, Fault *fault)
{
	struct ifaddrmsg header = { .ifa_family = kernel_family(family) };
	Visitor visitor = { .visit = visit, .data = data };

	return netif_dump(netif, RTM_GETADDR, &header, sizeof(header), NULL, on_address, &visitor,
		"addresses", fault);
}

static struct nl_msg *routes_message(unsigned int family, const NetifRoutes *which)
{
	struct rtmsg header = { .rtm_family = kernel_family(family) };
	struct nl_msg *message = netif_new_message(
		RTM_GETROUTE, NLM_F_DUMP, &header, sizeof(header));

	if (message && which->table)
		nla_put_u32(message, RTA_TABLE, which->table);
	if (message && which->ifindex)
		nla_put_u32(message, RTA_OIF, which->ifindex);
	return message;
}

bool netif_each_route(Netif *netif, unsigned int family, const NetifRoutes *which, NetifVisit visit,
	void *data, Fault *fault)
{
	Visitor visitor = { .visit = visit, .data = data, .which = which };
	int result = -NLE_DUMP_INTR;

	for (int i = 0; i < DUMP_TRIES && result == -NLE_DUMP_INTR; i++)
		result = ask(netif, routes_message(family, which), on_route, &visitor);
	if (netif->error == ENOENT) /* there is no such table, or it is empty */
		return true;
	return result >= 0 || fault_dump(netif, result, "routes", fault);
}

/* ---- rules ---- */

typedef struct {
	uint32_t *tables;
	unsigned int max, n;
} TableList;

static void add_table(TableList *list, uint32_t table)
{
	for (unsigned int i = 0; i < list->n && i < list->max; i++)
		if (list->tables[i] == table)
			return;
	if (list->n < list->max)
		list->tables[list->n] = table;
	if (list->n <= list->max)
		list->n++;
}

/* The rule of VRFs has no table, and theirs take no traffic that is not in them. */
static int on_rule(struct nl_msg *message, void *list)
{
	const struct fib_rule_hdr *header = nlmsg_data(nlmsg_hdr(message));
	struct nlattr *tb[FRA_MAX + 1];
	uint32_t table = header->table;

	if (nlmsg_parse(nlmsg_hdr(message), sizeof(*header), tb, FRA_MAX, NULL) < 0)
		return NL_OK;
	if (tb[FRA_TABLE])
		table = nla_get_u32(tb[FRA_TABLE]);
	if (table != RT_TABLE_UNSPEC)
		add_table(list, table);
	return NL_OK;
}

bool netif_list_tables(Netif *netif, unsigned int family, uint32_t *tables, unsigned int max,
	unsigned int *ret_n, Fault *fault)
{
	struct fib_rule_hdr header = { .family = kernel_family(family) };
	TableList list = { .tables = tables, .max = max };

	if (!netif_dump(netif, RTM_GETRULE, &header, sizeof(header), NULL, on_rule, &list, "rules",
		    fault))
		return false;
	*ret_n = list.n;
	return true;
}
