/* SPDX-License-Identifier: MIT */
#include "platform/linux/request.h"

#include <string.h>
#include <sysexits.h>

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

static bool is_wellformed_address(const NetAddress *address)
{
	size_t octets = address->family == 4 ? 4 : 16;

	return (address->family == 4 || address->family == 6) &&
	       address->prefix_len <= 8 * octets && is_zero(address->zero, sizeof(address->zero)) &&
	       is_zero(address->octets + octets, sizeof(address->octets) - octets);
}

static bool is_wellformed_tap(const RequestTap *tap)
{
	if (!is_text(tap->ifname, sizeof(tap->ifname)) || tap->n_addresses > REQUEST_ADDRESSES ||
		!is_zero(tap->zero, sizeof(tap->zero)))
		return false;
	for (size_t i = 0; i < tap->n_addresses; i++)
		if (!is_wellformed_address(&tap->addresses[i]))
			return false;
	return is_zero(tap->addresses + tap->n_addresses,
		(REQUEST_ADDRESSES - tap->n_addresses) * sizeof(NetAddress));
}

static bool is_wellformed(const Request *request)
{
	if (request->version != REQUEST_VERSION ||
		(request->mode != REQUEST_MAKE && request->mode != REQUEST_JUDGE) ||
		request->n_taps < 1 || request->n_taps > REQUEST_TAPS ||
		!is_text(request->label, sizeof(request->label)) || !*request->label ||
		strlen(request->label) != strspn(request->label, LETTERS DIGITS "_.-"))
		return false;
	for (size_t i = 0; i < request->n_taps; i++)
		if (!is_wellformed_tap(&request->taps[i]))
			return false;
	return is_zero(request->taps + request->n_taps,
		(REQUEST_TAPS - request->n_taps) * sizeof(RequestTap));
}

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

bool request_is_sane(const Request *request, Fault *fault)
{
	const char *problem;

	if (!is_wellformed(request))
		return fault_set(fault, EX_USAGE, "the request is not one that this helper knows");
	for (size_t i = 0; i < request->n_taps; i++) {
		const RequestTap *tap = &request->taps[i];

		problem = request_ifname_problem(tap->ifname);
		if (problem)
			return fault_about(fault, i, -1, EX_DATAERR, "%s", problem);
		for (size_t j = 0; j < i; j++)
			if (strcmp(tap->ifname, request->taps[j].ifname) == 0)
				return fault_about(
					fault, i, -1, EX_DATAERR, "the name is asked for twice");
		for (size_t j = 0; j < tap->n_addresses; j++) {
			problem = net_address_problem(&tap->addresses[j]);
			if (!problem && clashes(request, i, j))
				problem = "it clashes with another address in the request";
			if (problem)
				return fault_about(fault, i, j, EX_DATAERR, "%s", problem);
		}
	}
	return true;
}
