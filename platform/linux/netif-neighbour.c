/* SPDX-License-Identifier: MIT */
/*
 * netif-neighbour: who has answered on a link, as the kernel remembers it.
 */
#include "platform/linux/netif-parts.h"

#include <string.h>
#include <sys/socket.h>

#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>

typedef struct {
	int ifindex;
	const NetAddress *host;
	NetifNeighbour found;
} Search;

static NetifNeighbour judge(unsigned int state)
{
	if (state & NUD_REACHABLE)
		return NETIF_NEIGHBOUR_REACHABLE;
	return state & (NUD_STALE | NUD_DELAY | NUD_PROBE) ? NETIF_NEIGHBOUR_HEARD
	       : state & (NUD_PERMANENT | NUD_NOARP)	   ? NETIF_NEIGHBOUR_FIXED
							   : NETIF_NEIGHBOUR_NONE;
}

/* A kernel without strict checks tells of other links, too. */
static int on_neighbour(struct nl_msg *message, void *data)
{
	const struct ndmsg *header = nlmsg_data(nlmsg_hdr(message));
	struct nlattr *tb[NDA_MAX + 1];
	Search *search = data;
	int size = search->host->family == 4 ? 4 : 16;

	if (nlmsg_hdr(message)->nlmsg_type != RTM_NEWNEIGH ||
		header->ndm_ifindex != search->ifindex ||
		nlmsg_parse(nlmsg_hdr(message), sizeof(*header), tb, NDA_MAX, NULL) < 0 ||
		!tb[NDA_DST] || !tb[NDA_LLADDR] || nla_len(tb[NDA_DST]) != size)
		return NL_OK;
	if (memcmp(nla_data(tb[NDA_DST]), search->host->octets, size) == 0)
		search->found = judge(header->ndm_state);
	return NL_OK;
}

bool netif_find_neighbour(Netif *netif, int ifindex, const NetAddress *host,
	NetifNeighbour *ret_neighbour, Fault *fault)
{
	struct ndmsg header = { .ndm_family = host->family == 4 ? AF_INET : AF_INET6 };
	Search search = { .ifindex = ifindex, .host = host, .found = NETIF_NEIGHBOUR_NONE };
	uint32_t index = ifindex;
	NetifAttribute only = { .type = NDA_IFINDEX, .data = &index, .size = sizeof(index) };

	if (!netif_dump(netif, RTM_GETNEIGH, &header, sizeof(header), &only, on_neighbour, &search,
		    "neighbours", fault))
		return false;
	*ret_neighbour = search.found;
	return true;
}
