/* SPDX-License-Identifier: MIT */
/*
 * The least there is: a tap with an address, up, and QEMU on its descriptor, by ioctl and one
 * netlink message, with no profile, no check and no separate helper. What qemu-tapwrap is compared
 * with.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/if_tun.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

typedef struct {
	struct {
		struct nlmsghdr header;
		struct ifaddrmsg address;
		struct rtattr attribute;
		struct in_addr local;
	} add;
	struct {
		struct nlmsghdr header;
		struct ifinfomsg link;
	} up;
} Message;

int main(void)
{
	struct ifreq request = { .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR };
	int tap = open("/dev/net/tun", O_RDWR),
	    netlink = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
	Message message = {
		.add = { { sizeof(message.add), RTM_NEWADDR, NLM_F_REQUEST | NLM_F_CREATE, 0, 0 },
			{ AF_INET, 24, 0, 0, 0 }, { 8, IFA_LOCAL }, { inet_addr("192.168.50.1") } },
		.up = { { sizeof(message.up), RTM_NEWLINK, NLM_F_REQUEST | NLM_F_ACK, 0, 0 },
			{ .ifi_flags = IFF_UP, .ifi_change = IFF_UP } },
	};
	char answer[1024], netdev[64];

	strcpy(request.ifr_name, "tap0");
	if (ioctl(tap, TUNSETIFF, &request) < 0)
		return 1;
	message.add.address.ifa_index = message.up.link.ifi_index = if_nametoindex("tap0");
	if (send(netlink, &message, sizeof(message), 0) < 0 ||
		recv(netlink, answer, sizeof(answer), 0) < 0)
		return 1;
	snprintf(netdev, sizeof(netdev), "tap,id=net0,fd=%d", tap);
	execlp("qemu-system-x86_64", "qemu-system-x86_64", "-netdev", netdev, "-device",
		"e1000,netdev=net0", NULL);
	return 127;
}
