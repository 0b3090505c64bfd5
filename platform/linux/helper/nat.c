/* SPDX-License-Identifier: MIT */
#include "platform/linux/helper/nat.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "platform/linux/helper/nft.h"
#include "platform/linux/nat-rules.h"
#include "platform/linux/netif.h"

/* What must be on for a family: the host's own switch, and what a new interface gets from it. */
static const struct {
	uint8_t family;
	const char *setting, *path, *hint;
} switches[] = {
	{ 4, "net.ipv4.ip_forward", "/proc/sys/net/ipv4/ip_forward", "" },
	{ 4, "net.ipv4.conf.default.forwarding", "/proc/sys/net/ipv4/conf/default/forwarding", "" },
	{ 6, "net.ipv6.conf.all.forwarding", "/proc/sys/net/ipv6/conf/all/forwarding",
		" (an uplink with an address by router advertisement needs accept_ra=2 before)" },
};

static bool is_on(const char *path, bool *ret_on, Fault *fault)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char value = '0';
	bool done = fd >= 0 && read(fd, &value, 1) == 1;

	if (!done)
		fault_set(fault, EX_OSERR, "%s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	*ret_on = value != '0';
	return done;
}

static bool has_family(const RequestTap *tap, uint8_t family)
{
	for (unsigned int i = 0; i < tap->n_addresses; i++)
		if (tap->addresses[i].family == family)
			return true;
	return false;
}

static bool host_forwards(const RequestTap *tap, Fault *fault)
{
	for (size_t i = 0; i < sizeof(switches) / sizeof(*switches); i++) {
		bool on = true;

		if (has_family(tap, switches[i].family) && !is_on(switches[i].path, &on, fault))
			return false;
		if (!on)
			return fault_set(fault, EX_UNAVAILABLE,
				"NAT: this host does not forward IPv%d; an administrator can "
				"change that with: sysctl -w %s=1%s",
				switches[i].family, switches[i].setting, switches[i].hint);
	}
	return true;
}

static bool is_tap_of(const Request *request, const char *ifname)
{
	for (unsigned int i = 0; i < request->n_taps; i++)
		if (strcmp(request->taps[i].ifname, ifname) == 0)
			return true;
	return false;
}

static bool uplink_fits(const Request *request, const RequestTap *tap, Fault *fault)
{
	if (!*tap->uplink)
		return true;
	if (is_tap_of(request, tap->uplink))
		return fault_set(fault, EX_DATAERR, "NAT: %s is a tap of this VM, not its uplink",
			tap->uplink);
	return netif_index(tap->uplink) > 0 ||
	       fault_set(fault, EX_UNAVAILABLE, "NAT: there is no interface %s", tap->uplink);
}

bool nat_is_possible(const Request *request, Fault *fault)
{
	for (unsigned int i = 0; i < request->n_taps; i++) {
		const RequestTap *tap = &request->taps[i];

		if (!(tap->flags & REQUEST_NAT))
			continue;
		if (!host_forwards(tap, fault) || !uplink_fits(request, tap, fault)) {
			fault->tap = i;
			fault->key = NET_KEY_NAT;
			return false;
		}
	}
	return true;
}

int nat_create(const Request *request, Fault *fault)
{
	NatRule rules[NAT_RULES_MAX];
	unsigned int n_rules = nat_rules(request, rules);
	char name[NAT_TABLE];
	int fd = nft_make_table(nat_table_name(request, name), rules, n_rules, fault);

	fault->key = NET_KEY_NAT;
	for (fault->tap = 0; !(request->taps[fault->tap].flags & REQUEST_NAT);)
		fault->tap++;
	return fd;
}
