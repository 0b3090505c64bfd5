/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as a request, and what the helper does with one before it asks the kernel. The first
 * byte chooses a good request, and the rest is what is changed in it, so that most are nearly good.
 * What is taken has nothing in it but what it is made of, and no name or address that is nobody's.
 */
#include <stdint.h>

#include "platform/linux/dnsmasq.h"
#include "platform/linux/nat-rules.h"
#include "tests/fuzz/policies.h"
#include "tests/fuzz/requests.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void copy_tap(RequestTap *to, const RequestTap *from)
{
	strcpy(to->ifname, from->ifname);
	strcpy(to->bridge, from->bridge);
	strcpy(to->parent, from->parent);
	strcpy(to->uplink, from->uplink);
	to->op = from->op;
	to->flags = from->flags;
	to->mtu = from->mtu;
	to->queues = from->queues;
	to->n_addresses = from->n_addresses;
	to->n_routes = from->n_routes;
	memcpy(to->addresses, from->addresses, from->n_addresses * sizeof(*to->addresses));
	memcpy(to->routes, from->routes, from->n_routes * sizeof(*to->routes));
	memcpy(to->peers, from->peers, sizeof(to->peers));
	if (from->op == REQUEST_MACVTAP) {
		to->mode = from->mode;
		memcpy(to->mac, from->mac, sizeof(to->mac));
	}
	if (from->flags & REQUEST_DHCP) {
		memcpy(to->guest_mac, from->guest_mac, sizeof(to->guest_mac));
		memcpy(to->guests, from->guests, sizeof(to->guests));
	}
}

/* No byte is there for nothing. */
static void check_bytes(const Request *request)
{
	Request copy;

	memset(&copy, 0, sizeof(copy));
	copy.version = REQUEST_VERSION;
	copy.mode = request->mode;
	copy.force = request->force;
	copy.n_taps = request->n_taps;
	strcpy(copy.label, request->label);
	for (unsigned int i = 0; i < request->n_taps; i++)
		copy_tap(&copy.taps[i], &request->taps[i]);
	require(memcmp(&copy, request, sizeof(copy)) == 0);
}

static bool count(const NetAddress *prefix, NetKey key, void *data)
{
	require(prefix->family == 4 || prefix->family == 6);
	require(key == NET_KEY_ADDRESS || key == NET_KEY_PEER || key == NET_KEY_ROUTE);
	return ++*(unsigned int *)data <= REQUEST_PREFIXES;
}

static void check_dhcp(const RequestTap *tap)
{
	DnsmasqArgv argv;

	dnsmasq_begin(&argv);
	for (unsigned int i = 0; i < 4; i++)
		dnsmasq_add(&argv, "x");
	dnsmasq_add_options(&argv, tap);
	require(argv.n_words <= DNSMASQ_WORDS_MAX && !argv.words[argv.n_words]);
	for (unsigned int i = 0; i < argv.n_words; i++)
		require(strlen(argv.words[i]) < DNSMASQ_WORD_MAX - 1 &&
			!argv.words[i][strcspn(argv.words[i], " \n\t'\"\\")]);
}

static void check_tap(const RequestTap *tap)
{
	unsigned int n = 0;

	require(!request_ifname_problem(tap->ifname));
	require(!*tap->bridge || !request_link_problem(tap->bridge));
	require(!*tap->parent || !request_link_problem(tap->parent));
	for (unsigned int i = 0; i < tap->n_addresses; i++)
		require(!net_address_problem(
			&tap->addresses[i], request_peer(tap, &tap->addresses[i])));
	for (unsigned int i = 0; i < tap->n_routes; i++)
		require(!net_route_problem(&tap->routes[i]));
	require(request_each_prefix(tap, count, &n));
	if (tap->flags & REQUEST_DHCP)
		check_dhcp(tap);
}

static void check_sane(const Request *request)
{
	static char text[REQUEST_TAPS * 2048];
	static NatRule rules[NAT_RULES_MAX];
	char table[NAT_TABLE];
	Fault fault;
	unsigned int n = request_count_queues(request);

	check_bytes(request);
	require(n >= request->n_taps && n <= REQUEST_TAPS * REQUEST_QUEUES);
	require(request_count_new(request) <= request->n_taps);
	for (unsigned int i = 0; i < request->n_taps; i++)
		check_tap(&request->taps[i]);
	if (nat_is_wanted(request)) {
		require(nat_rules(request, rules) <= NAT_RULES_MAX);
		require(strlen(nat_table_name(request, table)) < NAT_TABLE - 1);
	}
	memset(&fault, 0, sizeof(fault));
	require(!policy_is_absent(request, &fault) && fault.status == EX_NOPERM);
	policies_check_proposals(text, 0, request, &fault);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Request request;
	Fault fault;

	if (size == 0)
		return 0;
	requests_fill(&request, data[0] % REQUESTS);
	for (size_t i = 1; i < size && i <= sizeof(request); i++)
		((uint8_t *)&request)[i - 1] ^= data[i];
	memset(&fault, 0, sizeof(fault));
	if (request_is_sane(&request, &fault)) {
		check_sane(&request);
		return 0;
	}
	require(fault.status == EX_USAGE
			? fault.tap == -1
			: fault.status == EX_DATAERR && fault.tap >= 0 && fault.tap < REQUEST_TAPS);
	require(*fault.text && !strchr(fault.text, '\n') && fault.key < NET_KEYS);
	return 0;
}
