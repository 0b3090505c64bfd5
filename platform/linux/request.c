/* SPDX-License-Identifier: MIT */
#include "platform/linux/request.h"

#include <stddef.h>
#include <string.h>
#include <sysexits.h>

/* No byte lies between the fields: each one is judged, or is zero. */
_Static_assert(sizeof(NetAddress) == 20 && sizeof(NetRoute) == 2 * sizeof(NetAddress), "");
_Static_assert(offsetof(RequestTap, addresses) == 4 * REQUEST_IFNAME + 16, "");
_Static_assert(offsetof(RequestTap, peers) ==
		       offsetof(RequestTap, addresses) + REQUEST_ADDRESSES * sizeof(NetAddress),
	"");
_Static_assert(
	sizeof(RequestTap) == offsetof(RequestTap, guest_mac) + 8 + 2 * sizeof(NetAddress), "");
_Static_assert(sizeof(Request) == 16 + REQUEST_LABEL + REQUEST_TAPS * sizeof(RequestTap), "");

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

/*
 * Names that other software claims by pattern. vt-*: systemd's 80-vm-vt.network would start a DHCP
 * server and masquerading on it.
 */
static const char *const claimed[] = {
	"vt-",
	"ve-",
	"vb-",
	"vz-",
	"vnet",
	"virbr",
	"veth",
	"docker",
	"br-",
	"eth",
	"en",
	"wl",
	"ww",
	"tun",
	"wg",
	"vboxnet",
	"lxc",
	"cni",
};

const char *request_ifname_problem(const char *ifname)
{
	if (strlen(ifname) >= REQUEST_IFNAME)
		return "an interface name has at most 15 characters";
	if (!*ifname || !strchr(LETTERS, *ifname) ||
		ifname[strspn(ifname, LETTERS DIGITS "_-")] != '\0')
		return "an interface name is a letter, then letters, digits, '-' or '_', like tap0";
	if (strcmp(ifname, "all") == 0 || strcmp(ifname, "default") == 0 ||
		strcmp(ifname, "lo") == 0)
		return "the kernel keeps this name for itself";
	for (size_t i = 0; i < sizeof(claimed) / sizeof(*claimed); i++)
		if (strncmp(ifname, claimed[i], strlen(claimed[i])) == 0)
			return "other software claims names that begin like this; tap0 or tw-myvm is safe";
	return NULL;
}

const char *request_link_problem(const char *ifname)
{
	if (strlen(ifname) >= REQUEST_IFNAME)
		return "an interface name has at most 15 characters";
	if (!*ifname || ifname[strspn(ifname, LETTERS DIGITS "_-.@")] != '\0')
		return "an interface name has letters, digits and '-', '_', '.', '@' only here";
	return NULL;
}

static bool is_zero(const void *bytes, size_t n)
{
	const uint8_t *byte = bytes;

	for (size_t i = 0; i < n; i++)
		if (byte[i])
			return false;
	return true;
}

/* A text that ends inside its field, with nothing but zeros behind the end. */
static bool is_text(const char *field, size_t size)
{
	size_t len = strnlen(field, size);

	return len < size && is_zero(field + len, size - len);
}

/* An interface of the host, or "": it is looked up, and stands in messages. */
static bool is_ifname_or_empty(const char *field)
{
	return is_text(field, REQUEST_IFNAME) && (!*field || !request_link_problem(field));
}

static bool is_wellformed_address(const NetAddress *address)
{
	size_t octets = address->family == 4 ? 4 : 16;

	return (address->family == 4 || address->family == 6) &&
	       address->prefix_len <= 8 * octets && is_zero(address->zero, sizeof(address->zero)) &&
	       is_zero(address->octets + octets, sizeof(address->octets) - octets);
}

static bool is_absent_or_host(const NetAddress *address)
{
	return is_zero(address, sizeof(*address)) ||
	       (is_wellformed_address(address) &&
		       address->prefix_len == (address->family == 4 ? 32 : 128));
}

static bool is_wellformed_route(const NetRoute *route)
{
	return is_wellformed_address(&route->to) && is_absent_or_host(&route->via);
}

static bool are_wellformed_addresses(const RequestTap *tap)
{
	for (size_t i = 0; i < tap->n_addresses; i++)
		if (!is_wellformed_address(&tap->addresses[i]))
			return false;
	for (size_t i = 0; i < tap->n_routes; i++)
		if (!is_wellformed_route(&tap->routes[i]))
			return false;
	return is_absent_or_host(&tap->peers[0]) && is_absent_or_host(&tap->peers[1]) &&
	       tap->peers[0].family != 6 && tap->peers[1].family != 4 &&
	       is_zero(tap->addresses + tap->n_addresses,
		       (REQUEST_ADDRESSES - tap->n_addresses) * sizeof(NetAddress)) &&
	       is_zero(tap->routes + tap->n_routes,
		       (REQUEST_ROUTES - tap->n_routes) * sizeof(NetRoute));
}

/* A macvtap has none of what the host has on a tap, and a tap nothing of a macvtap's. */
static bool is_wellformed_kind(const RequestTap *tap)
{
	if (tap->op != REQUEST_MACVTAP)
		return !*tap->parent && !tap->mode && is_zero(tap->mac, sizeof(tap->mac));
	return *tap->parent && tap->mode >= NET_MACVTAP_BRIDGE &&
	       tap->mode <= NET_MACVTAP_PASSTHRU && !(tap->mac[0] & 1) &&
	       !is_zero(tap->mac, sizeof(tap->mac)) && !*tap->bridge && !tap->flags &&
	       !tap->n_addresses && !tap->n_routes;
}

static bool is_wellformed_dhcp(const RequestTap *tap)
{
	if (!(tap->flags & REQUEST_DHCP))
		return is_zero(tap->guest_mac, sizeof(tap->guest_mac)) &&
		       is_zero(tap->guests, sizeof(tap->guests));
	return !is_zero(tap->guest_mac, sizeof(tap->guest_mac)) && !(tap->guest_mac[0] & 1) &&
	       is_absent_or_host(&tap->guests[0]) && is_absent_or_host(&tap->guests[1]) &&
	       tap->guests[0].family != 6 && tap->guests[1].family != 4;
}

static bool is_wellformed_tap(const RequestTap *tap)
{
	return is_text(tap->ifname, sizeof(tap->ifname)) && is_ifname_or_empty(tap->bridge) &&
	       is_ifname_or_empty(tap->uplink) && is_ifname_or_empty(tap->parent) &&
	       tap->op >= REQUEST_CREATE && tap->op <= REQUEST_MACVTAP && is_wellformed_kind(tap) &&
	       !(tap->flags & ~(REQUEST_NAT | REQUEST_PERSIST | REQUEST_DHCP)) &&
	       (tap->op == REQUEST_CREATE || !(tap->flags & REQUEST_PERSIST)) &&
	       (!*tap->uplink || tap->flags & REQUEST_NAT) && tap->queues >= 1 &&
	       tap->queues <= REQUEST_QUEUES && tap->n_addresses <= REQUEST_ADDRESSES &&
	       tap->n_routes <= REQUEST_ROUTES && are_wellformed_addresses(tap) &&
	       is_zero(tap->zero, sizeof(tap->zero)) && is_wellformed_dhcp(tap);
}

static bool is_wellformed(const Request *request)
{
	if (request->version != REQUEST_VERSION ||
		(request->mode != REQUEST_MAKE && request->mode != REQUEST_JUDGE) ||
		request->force > 1 || request->n_taps < 1 || request->n_taps > REQUEST_TAPS ||
		!is_text(request->label, sizeof(request->label)) || !*request->label ||
		strlen(request->label) != strspn(request->label, LETTERS DIGITS "_.-"))
		return false;
	for (size_t i = 0; i < request->n_taps; i++)
		if (!is_wellformed_tap(&request->taps[i]))
			return false;
	return is_zero(request->taps + request->n_taps,
		(REQUEST_TAPS - request->n_taps) * sizeof(RequestTap));
}

/* ---- what it asks for ---- */

const NetAddress *request_peer(const RequestTap *tap, const NetAddress *address)
{
	return &tap->peers[address->family == 6];
}

unsigned int request_count_queues(const Request *request)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < request->n_taps; i++)
		n += request->taps[i].queues;
	return n;
}

const NetAddress *request_host_of(const RequestTap *tap, const NetAddress *guest)
{
	for (unsigned int i = 0; i < tap->n_addresses; i++)
		if (net_address_is_inside(guest, &tap->addresses[i]))
			return &tap->addresses[i];
	return NULL;
}

unsigned int request_count_new(const Request *request)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < request->n_taps; i++)
		n += request->taps[i].op != REQUEST_COMPLETE;
	return n;
}

bool request_each_prefix(const RequestTap *tap, RequestVisit visit, void *data)
{
	for (unsigned int i = 0; i < tap->n_addresses; i++)
		if (!visit(&tap->addresses[i], NET_KEY_ADDRESS, data))
			return false;
	for (unsigned int i = 0; i < 2; i++)
		if (tap->peers[i].family && !visit(&tap->peers[i], NET_KEY_PEER, data))
			return false;
	for (unsigned int i = 0; i < tap->n_routes; i++)
		if (!visit(&tap->routes[i].to, NET_KEY_ROUTE, data))
			return false;
	return true;
}

/* ---- the judgement ---- */

/* An address clashes with any of an earlier tap, and with an equal one of its own. */
static bool clashes(const Request *request, size_t tap, size_t address)
{
	const NetAddress *new = &request->taps[tap].addresses[address];

	for (size_t i = 0; i <= tap; i++) {
		const RequestTap *earlier = &request->taps[i];

		for (size_t j = 0; j < (i < tap ? earlier->n_addresses : address); j++)
			if (i < tap ? net_address_overlaps(new, &earlier->addresses[j])
				    : net_address_same_host(new, &earlier->addresses[j]))
				return true;
	}
	return false;
}

static bool has_family(const RequestTap *tap, unsigned int family)
{
	for (unsigned int i = 0; i < tap->n_addresses; i++)
		if (tap->addresses[i].family == family)
			return true;
	return false;
}

/* What a tap cannot be together, or cannot be at all. */
static bool is_sane_tap(const RequestTap *tap, unsigned int i, Fault *fault)
{
	const char *problem = request_ifname_problem(tap->ifname);

	if (problem)
		return fault_about(fault, i, NET_KEY_IFNAME, EX_DATAERR, "%s", problem);
	if (*tap->bridge && (tap->n_addresses || tap->flags & REQUEST_NAT))
		return fault_about(fault, i, NET_KEY_BR, EX_DATAERR,
			"a port of a bridge has no address and no NAT of its own");
	if (tap->mtu && (tap->mtu < (has_family(tap, 6) ? 1280 : 68) || tap->mtu > REQUEST_MTU_MAX))
		return fault_about(fault, i, NET_KEY_MTU, EX_DATAERR,
			"the MTU must be from 68 (1280 with IPv6) to %d", REQUEST_MTU_MAX);
	if (tap->flags & REQUEST_NAT && !tap->n_addresses)
		return fault_about(
			fault, i, NET_KEY_NAT, EX_DATAERR, "NAT needs an address on the tap");
	for (unsigned int j = 0; j < 2; j++)
		if (tap->peers[j].family && !has_family(tap, tap->peers[j].family))
			return fault_about(fault, i, NET_KEY_PEER, EX_DATAERR,
				"there is no address of the peer's family");
	return true;
}

/* Why a server cannot give the guest @guest, which may be none; NULL if it can. */
static const char *dhcp_problem(const RequestTap *tap, const NetAddress *guest)
{
	const NetAddress *host = guest->family ? request_host_of(tap, guest) : NULL;
	NetAddress in_subnet = *guest;

	if (!guest->family)
		return NULL;
	if (!host)
		return "the guest's address is in no subnet of the tap's";
	if (net_address_same_host(guest, host))
		return "the guest's address is the host's own";
	if (guest->family == 6 && host->prefix_len != 64)
		return "over IPv6 it needs a /64";
	in_subnet.prefix_len = host->prefix_len;
	return net_address_problem(&in_subnet, NULL);
}

static bool is_sane_dhcp(const RequestTap *tap, unsigned int i, Fault *fault)
{
	const char *problem = NULL;

	if (!(tap->flags & REQUEST_DHCP))
		return true;
	if (!tap->guests[0].family && !tap->guests[1].family)
		problem = "there is no address to give";
	for (unsigned int j = 0; j < 2 && !problem; j++)
		problem = dhcp_problem(tap, &tap->guests[j]);
	return !problem || fault_about(fault, i, NET_KEY_DHCP, EX_DATAERR, "%s", problem);
}

static bool are_sane_addresses(const Request *request, unsigned int i, Fault *fault)
{
	const RequestTap *tap = &request->taps[i];

	for (unsigned int j = 0; j < tap->n_addresses; j++) {
		const NetAddress *address = &tap->addresses[j];
		const char *problem = net_address_problem(address, request_peer(tap, address));

		if (!problem && clashes(request, i, j))
			problem = "it clashes with another address in the request";
		if (problem)
			return fault_about(fault, i, NET_KEY_ADDRESS, EX_DATAERR, "%s", problem);
	}
	for (unsigned int j = 0; j < tap->n_routes; j++) {
		const NetRoute *route = &tap->routes[j];
		const char *problem = net_route_problem(route);

		if (!problem && !has_family(tap, route->to.family))
			problem = "there is no address of the route's family";
		if (problem)
			return fault_about(fault, i, NET_KEY_ROUTE, EX_DATAERR, "%s", problem);
	}
	return true;
}

bool request_is_sane(const Request *request, Fault *fault)
{
	if (!is_wellformed(request))
		return fault_set(fault, EX_USAGE, "the request is not one that this helper knows");
	for (unsigned int i = 0; i < request->n_taps; i++) {
		const RequestTap *tap = &request->taps[i];

		if (!is_sane_tap(tap, i, fault) || !are_sane_addresses(request, i, fault) ||
			!is_sane_dhcp(tap, i, fault))
			return false;
		for (unsigned int j = 0; j < i; j++)
			if (strcmp(tap->ifname, request->taps[j].ifname) == 0)
				return fault_about(fault, i, NET_KEY_IFNAME, EX_DATAERR,
					"the name is asked for twice");
	}
	return true;
}
