/* SPDX-License-Identifier: MIT */
#include "platform/linux/netif-step.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/attr.h>

#include "platform/linux/netif-messages.h"

/* Consumes @message, which may be NULL for want of memory. */
static int change(Netif *netif, struct nl_msg *message)
{
	struct nl_cb *callbacks = netif_new_callbacks(netif);
	int result = -NLE_NOMEM;

	errno = 0;
	if (message && callbacks) {
		nlmsg_hdr(message)->nlmsg_flags |= NLM_F_ACK;
		result = nl_send_auto(netif->socket, message);
	}
	while (result >= 0 && netif->acknowledged == 0)
		result = nl_recvmsgs(netif->socket, callbacks);
	nlmsg_free(message);
	if (callbacks)
		nl_cb_put(callbacks);
	if (result < 0 && !netif->error)
		netif->error = errno ? errno : EIO;
	return netif->error;
}

/* ---- links ---- */

static struct nl_msg *delete_message(int ifindex)
{
	struct ifinfomsg header = { .ifi_family = AF_UNSPEC, .ifi_index = ifindex };

	return netif_new_message(RTM_DELLINK, 0, &header, sizeof(header));
}

static uint32_t kernel_mode(NetMacvtapMode mode)
{
	switch (mode) {
	case NET_MACVTAP_VEPA:
		return MACVLAN_MODE_VEPA;
	case NET_MACVTAP_PRIVATE:
		return MACVLAN_MODE_PRIVATE;
	case NET_MACVTAP_PASSTHRU:
		return MACVLAN_MODE_PASSTHRU;
	default:
		return MACVLAN_MODE_BRIDGE;
	}
}

static struct nl_msg *macvtap_message(const NetifMacvtap *macvtap)
{
	struct ifinfomsg header = { .ifi_family = AF_UNSPEC };
	struct nl_msg *message = netif_new_message(
		RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &header, sizeof(header));
	struct nlattr *info, *data;

	if (!message)
		return NULL;
	nla_put_string(message, IFLA_IFNAME, macvtap->ifname);
	nla_put_u32(message, IFLA_LINK, macvtap->parent);
	nla_put_u32(message, IFLA_GROUP, macvtap->group);
	if (macvtap->mtu)
		nla_put_u32(message, IFLA_MTU, macvtap->mtu);
	if (macvtap->mode != NET_MACVTAP_PASSTHRU) /* that one begins with the parent's */
		nla_put(message, IFLA_ADDRESS, sizeof(macvtap->mac), macvtap->mac);
	info = nla_nest_start(message, IFLA_LINKINFO);
	nla_put_string(message, IFLA_INFO_KIND, "macvtap");
	data = nla_nest_start(message, IFLA_INFO_DATA);
	nla_put_u32(message, IFLA_MACVLAN_MODE, kernel_mode(macvtap->mode));
	nla_nest_end(message, data);
	nla_nest_end(message, info);
	return message;
}

/* In mode passthru the parent takes the address, and has its own back when the link goes. */
static int set_mac(Netif *netif, int ifindex, const uint8_t *mac)
{
	struct nl_msg *message = netif_link_message(ifindex, 0, 0);

	if (message)
		nla_put(message, IFLA_ADDRESS, 6, mac);
	return change(netif, message);
}

int netif_add_macvtap(Netif *netif, const NetifMacvtap *macvtap, int *ret_ifindex)
{
	int error = change(netif, macvtap_message(macvtap));

	if (error)
		return error;
	*ret_ifindex = netif_index(macvtap->ifname);
	if (*ret_ifindex == 0)
		return ENODEV;
	if (macvtap->mode != NET_MACVTAP_PASSTHRU)
		return 0;
	error = set_mac(netif, *ret_ifindex, macvtap->mac);
	if (error)
		(void)change(netif, delete_message(*ret_ifindex));
	return error;
}

int netif_remove_link(Netif *netif, int ifindex)
{
	return change(netif, delete_message(ifindex));
}

int netif_set_alias(Netif *netif, int ifindex, const char *alias)
{
	struct nl_msg *message = netif_link_message(ifindex, 0, 0);

	/* Without the NUL: an empty attribute is what takes an alias away. */
	if (message)
		nla_put(message, IFLA_IFALIAS, strlen(alias), alias);
	return change(netif, message);
}

int netif_set_mtu(Netif *netif, int ifindex, uint32_t mtu)
{
	struct nl_msg *message = netif_link_message(ifindex, 0, 0);

	if (message)
		nla_put_u32(message, IFLA_MTU, mtu);
	return change(netif, message);
}

int netif_set_up_flag(Netif *netif, int ifindex, bool up)
{
	return change(netif, netif_link_message(ifindex, up ? IFF_UP : 0, IFF_UP));
}

/* ---- addresses and routes ---- */

int netif_add_address(Netif *netif, int ifindex, const NetAddress *address, const NetAddress *peer)
{
	struct nl_msg *message = netif_address_message(
		RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, ifindex, address, peer);

	if (message)
		nla_put_u8(message, NETIF_IFA_PROTO, NETIF_KEPT);
	return change(netif, message);
}

int netif_remove_address(
	Netif *netif, int ifindex, const NetAddress *address, const NetAddress *peer)
{
	return change(netif, netif_address_message(RTM_DELADDR, 0, ifindex, address, peer));
}

int netif_add_route(Netif *netif, int ifindex, const NetRoute *route, bool onlink)
{
	return change(netif, netif_route_message(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, ifindex,
				     route, NETIF_KEPT, onlink));
}

int netif_remove_route(Netif *netif, int ifindex, const NetRoute *route)
{
	return change(
		netif, netif_route_message(RTM_DELROUTE, 0, ifindex, route, NETIF_KEPT, false));
}
