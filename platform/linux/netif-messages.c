/* SPDX-License-Identifier: MIT */
#include "platform/linux/netif-messages.h"

#include <sys/socket.h>

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>

struct nl_msg *netif_link_message(int ifindex, unsigned int flags, unsigned int changed)
{
	struct ifinfomsg header = {
		.ifi_family = AF_UNSPEC,
		.ifi_index = ifindex,
		.ifi_flags = flags,
		.ifi_change = changed,
	};

	return netif_new_message(RTM_SETLINK, 0, &header, sizeof(header));
}

static size_t octets(const NetAddress *address)
{
	return address->family == 4 ? 4 : 16;
}

struct nl_msg *netif_address_message(
	int type, int flags, int ifindex, const NetAddress *address, const NetAddress *peer)
{
	bool four = address->family == 4;
	struct ifaddrmsg header = {
		.ifa_family = four ? AF_INET : AF_INET6,
		.ifa_prefixlen = address->prefix_len,
		.ifa_flags = four ? 0 : IFA_F_NODAD,
		.ifa_index = ifindex,
	};
	struct nl_msg *message = netif_new_message(type, flags, &header, sizeof(header));

	if (message) {
		nla_put(message, IFA_LOCAL, octets(address), address->octets);
		nla_put(message, IFA_ADDRESS, octets(address),
			peer->family ? peer->octets : address->octets);
	}
	return message;
}

struct nl_msg *netif_route_message(
	int type, int flags, int ifindex, const NetRoute *route, uint8_t protocol, bool onlink)
{
	bool four = route->to.family == 4;
	bool adding = type == RTM_NEWROUTE;
	struct rtmsg header = {
		.rtm_family = four ? AF_INET : AF_INET6,
		.rtm_dst_len = route->to.prefix_len,
		.rtm_table = RT_TABLE_MAIN,
		.rtm_protocol = protocol,
		.rtm_scope = !adding		 ? RT_SCOPE_NOWHERE
			     : route->via.family ? RT_SCOPE_UNIVERSE
						 : RT_SCOPE_LINK,
		.rtm_type = adding ? RTN_UNICAST : RTN_UNSPEC,
		.rtm_flags = onlink ? RTNH_F_ONLINK : 0,
	};
	struct nl_msg *message = netif_new_message(type, flags, &header, sizeof(header));

	if (!message)
		return NULL;
	nla_put(message, RTA_DST, octets(&route->to), route->to.octets);
	nla_put_u32(message, RTA_OIF, ifindex);
	if (route->via.family)
		nla_put(message, RTA_GATEWAY, octets(&route->via), route->via.octets);
	return message;
}
