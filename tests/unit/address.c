/* SPDX-License-Identifier: MIT */
/*
 * address and request: which addresses and names a tap may have, how two of them relate, and which
 * requests the helper looks at. Everything the helper believes before it asks the kernel.
 */
#include "platform/address.h"

#include <arpa/inet.h>
#include <glib.h>
#include <string.h>
#include <sysexits.h>

#include "platform/linux/dnsmasq.h"
#include "platform/linux/request.h"

static NetAddress parse(const char *text)
{
	g_auto(GStrv) parts = g_strsplit(text, "/", 2);
	gboolean six = strchr(text, ':') != NULL;
	NetAddress address = { .family = six ? 6 : 4, .prefix_len = atoi(parts[1]) };

	g_assert_cmpint(inet_pton(six ? AF_INET6 : AF_INET, parts[0], address.octets), ==, 1);
	return address;
}

/* ---- which addresses ---- */

#define LENGTH_4 "the prefix length must be from /8 to /31"
#define LENGTH_6 "the prefix length must be from /64 to /127"
#define PEER_4 "a /32 needs a peer, the guest's address"
#define PEER_6 "a /128 needs a peer, the guest's address"
#define THIS_NET "0.0.0.0/8 is not for hosts"
#define LOOPBACK "127.0.0.0/8 is the host's own loopback"
#define LINK_4 "169.254.0.0/16 is for link-local addresses"
#define MULTI_4 "224.0.0.0/4 is for multicast"
#define FUTURE "240.0.0.0/4 is reserved"
#define SPECIAL "::/96 holds only special addresses"
#define MAPPED "::ffff:0:0/96 means IPv4 addresses"
#define LINK_6 "fe80::/10 is for link-local addresses"
#define MULTI_6 "ff00::/8 is for multicast"
#define NETWORK "it is the network's own address, not a host's"
#define BROADCAST "it is the broadcast address, not a host's"
#define ANYCAST "it is the subnet-router anycast address, not a host's"

static const struct {
	const char *address;
	const char *problem; /* NULL: none */
} fitness[] = {
	{ "192.168.50.1/24", NULL },
	{ "192.168.50.254/24", NULL },
	{ "10.0.0.1/8", NULL },
	{ "10.255.255.254/8", NULL },
	{ "172.16.0.1/12", NULL },
	{ "1.0.0.1/8", NULL },
	{ "126.255.255.254/8", NULL },
	{ "128.0.0.1/8", NULL },
	{ "169.253.255.1/16", NULL },
	{ "169.255.0.1/16", NULL },
	{ "223.255.255.254/24", NULL },
	{ "203.0.113.1/24", NULL },
	{ "10.0.0.1/30", NULL },
	{ "10.0.0.2/30", NULL },
	{ "10.0.0.0/31", NULL },
	{ "10.0.0.1/31", NULL },
	{ "10.0.0.255/23", NULL },
	{ "10.0.1.0/23", NULL },
	{ "10.0.6.255/21", NULL },
	{ "10.0.0.1/0", LENGTH_4 },
	{ "10.0.0.1/1", LENGTH_4 },
	{ "10.0.0.1/7", LENGTH_4 },
	{ "10.0.0.1/32", PEER_4 },
	{ "127.0.0.1/32", PEER_4 },
	{ "0.0.0.0/8", THIS_NET },
	{ "0.0.0.1/8", THIS_NET },
	{ "0.255.255.255/31", THIS_NET },
	{ "127.0.0.1/8", LOOPBACK },
	{ "127.255.255.254/24", LOOPBACK },
	{ "127.0.0.2/31", LOOPBACK },
	{ "169.254.0.1/16", LINK_4 },
	{ "169.254.255.254/24", LINK_4 },
	{ "169.1.2.3/8", LINK_4 },
	{ "169.255.0.1/15", LINK_4 },
	{ "224.0.0.1/24", MULTI_4 },
	{ "239.255.255.254/8", MULTI_4 },
	{ "240.0.0.1/24", FUTURE },
	{ "255.0.0.1/8", FUTURE },
	{ "255.255.255.255/24", FUTURE },
	{ "255.255.255.255/31", FUTURE },
	{ "192.168.50.0/24", NETWORK },
	{ "192.168.50.255/24", BROADCAST },
	{ "10.0.0.0/8", NETWORK },
	{ "10.255.255.255/8", BROADCAST },
	{ "10.0.0.0/30", NETWORK },
	{ "10.0.0.3/30", BROADCAST },
	{ "10.0.0.32/27", NETWORK },
	{ "10.0.0.63/27", BROADCAST },
	{ "10.0.8.0/21", NETWORK },
	{ "10.0.15.255/21", BROADCAST },

	{ "fd00::1/64", NULL },
	{ "2001:db8::1/64", NULL },
	{ "2001:db8::ffff:ffff:ffff:ffff/64", NULL },
	{ "2001:db8::1/126", NULL },
	{ "2001:db8::3/126", NULL },
	{ "2001:db8::/127", NULL },
	{ "2001:db8::1/127", NULL },
	{ "fe00::1/64", NULL },
	{ "fec0::1/64", NULL },
	{ "::1:0:0:0:1/64", NULL },
	{ "::1:0:0:1/96", NULL },
	{ "fd00::1/0", LENGTH_6 },
	{ "fd00::1/8", LENGTH_6 },
	{ "fd00::1/48", LENGTH_6 },
	{ "fd00::1/63", LENGTH_6 },
	{ "fd00::1/128", PEER_6 },
	{ "::1/128", PEER_6 },
	{ "::/64", SPECIAL },
	{ "::/127", SPECIAL },
	{ "::1/64", SPECIAL },
	{ "::1/127", SPECIAL },
	{ "::1.2.3.4/96", SPECIAL },
	{ "::ffff:1.2.3.4/96", MAPPED },
	{ "::ffff:1.2.3.4/127", MAPPED },
	{ "::ffff:1.2.3.4/64", SPECIAL },
	{ "fe80::1/64", LINK_6 },
	{ "febf:ffff::1/64", LINK_6 },
	{ "ff02::1/64", MULTI_6 },
	{ "ffff::1/127", MULTI_6 },
	{ "fd00::/64", ANYCAST },
	{ "fd00::4/126", ANYCAST },
	{ "2001:db8:0:1:8000::/65", ANYCAST },
};

static void test_problem(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(fitness); i++) {
		NetAddress address = parse(fitness[i].address);

		g_test_message("%s", fitness[i].address);
		g_assert_cmpstr(net_address_problem(&address, NULL), ==, fitness[i].problem);
	}
}

static const struct {
	const char *address, *peer;
	const char *problem;
} pairs_of_hosts[] = {
	{ "10.0.0.1/32", "10.0.0.2/32", NULL },
	{ "10.0.0.1/32", "192.168.50.2/32", NULL },
	{ "fd00::1/128", "fd00::2/128", NULL },
	{ "10.0.0.1/24", "10.0.0.2/32", "with a peer the prefix length must be /32" },
	{ "fd00::1/64", "fd00::2/128", "with a peer the prefix length must be /128" },
	{ "10.0.0.1/32", "fd00::2/128", "it and its peer are not of one family" },
	{ "10.0.0.1/32", "10.0.0.1/32", "it and its peer are the same" },
	{ "127.0.0.1/32", "10.0.0.2/32", LOOPBACK },
	{ "10.0.0.1/32", "224.0.0.1/32", MULTI_4 },
	{ "10.0.0.1/32", "224.0.0.1/0", MULTI_4 },
	{ "fd00::1/128", "fe80::2/128", LINK_6 },
};

static void test_peer(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(pairs_of_hosts); i++) {
		NetAddress address = parse(pairs_of_hosts[i].address);
		NetAddress peer = parse(pairs_of_hosts[i].peer);

		g_test_message("%s peer %s", pairs_of_hosts[i].address, pairs_of_hosts[i].peer);
		g_assert_cmpstr(
			net_address_problem(&address, &peer), ==, pairs_of_hosts[i].problem);
	}
}

static const struct {
	const char *to, *via; /* NULL: none */
	const char *problem;
} routes[] = {
	{ "198.51.100.0/24", NULL, NULL },
	{ "198.51.100.0/24", "192.168.50.2/32", NULL },
	{ "198.51.100.7/32", "192.168.50.2/32", NULL },
	{ "10.0.0.0/8", "192.168.50.2/32", NULL },
	{ "fd00::/16", "fd00::2/128", NULL },
	{ "fd00::7/128", "fd00::2/128", NULL },
	{ "198.51.100.1/24", NULL, "it has bits set behind its prefix length" },
	{ "0.0.0.0/0", NULL, "the prefix length must be from /8 to /32" },
	{ "10.0.0.0/7", NULL, "the prefix length must be from /8 to /32" },
	{ "::/0", NULL, "the prefix length must be from /16 to /128" },
	{ "fd00::/8", NULL, "the prefix length must be from /16 to /128" },
	{ "127.0.0.0/8", NULL, LOOPBACK },
	{ "224.0.0.0/8", NULL, MULTI_4 },
	{ "ff02::/16", NULL, MULTI_6 },
	{ "198.51.100.0/24", "fd00::2/128", "it goes through an address of another family" },
};

static void test_route(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(routes); i++) {
		NetRoute route = { .to = parse(routes[i].to) };

		if (routes[i].via)
			route.via = parse(routes[i].via);
		g_test_message("%s via %s", routes[i].to, routes[i].via);
		g_assert_cmpstr(net_route_problem(&route), ==, routes[i].problem);
	}
}

/* ---- two prefixes ---- */

enum { APART, OVERLAP = 1, A_INSIDE = 2, B_INSIDE = 4, SAME_HOST = 8 };
#define EQUAL (OVERLAP | A_INSIDE | B_INSIDE)
#define INSIDE (OVERLAP | A_INSIDE)

static const struct {
	const char *a, *b;
	guint relation;
} pairs[] = {
	{ "10.0.0.1/24", "10.0.0.1/24", EQUAL | SAME_HOST },
	{ "10.0.0.1/24", "10.0.0.254/24", EQUAL },
	{ "10.0.0.1/24", "10.0.1.1/24", APART },
	{ "10.0.0.1/24", "10.0.1.1/16", INSIDE },
	{ "10.0.0.1/24", "10.0.0.1/16", INSIDE | SAME_HOST },
	{ "10.0.0.1/24", "10.0.0.1/32", OVERLAP | B_INSIDE | SAME_HOST },
	{ "10.0.0.1/24", "10.0.0.7/32", OVERLAP | B_INSIDE },
	{ "10.0.0.1/24", "10.0.1.0/32", APART },
	{ "10.0.0.1/32", "10.0.0.1/32", EQUAL | SAME_HOST },
	{ "10.0.0.1/32", "10.0.0.0/32", APART },
	{ "10.0.0.1/24", "0.0.0.0/0", INSIDE },
	{ "0.0.0.0/0", "255.255.255.255/0", EQUAL },
	{ "0.0.0.1/1", "128.0.0.1/1", APART },
	{ "127.0.0.1/1", "0.0.0.1/1", EQUAL },
	{ "10.0.8.1/21", "10.0.15.254/21", EQUAL },
	{ "10.0.8.1/21", "10.0.7.254/21", APART },
	{ "10.0.8.1/21", "10.0.16.1/21", APART },
	{ "10.0.8.1/22", "10.0.12.1/21", INSIDE },
	{ "10.0.8.1/22", "10.0.12.1/22", APART },
	{ "192.168.1.33/27", "192.168.1.62/27", EQUAL },
	{ "192.168.1.33/27", "192.168.1.31/27", APART },
	{ "192.168.1.33/27", "192.168.1.64/27", APART },
	{ "192.168.1.48/28", "192.168.1.33/27", INSIDE },
	{ "10.0.0.2/31", "10.0.0.3/31", EQUAL },
	{ "10.0.0.2/31", "10.0.0.1/31", APART },
	{ "10.0.0.2/31", "10.0.0.4/31", APART },
	{ "10.0.0.2/31", "10.0.0.1/30", INSIDE },
	{ "240.0.0.1/4", "224.0.0.1/4", APART },
	{ "240.0.0.1/4", "224.0.0.1/3", INSIDE },
	{ "fd00::1/64", "fd00::1/64", EQUAL | SAME_HOST },
	{ "fd00::1/64", "fd00::2/64", EQUAL },
	{ "fd00::1/64", "fd00:0:0:1::1/64", APART },
	{ "fd00::1/64", "fd00:0:0:1::1/63", INSIDE },
	{ "fd00:0:0:2::1/63", "fd00:0:0:1::1/63", APART },
	{ "fd00::1/64", "fd00::1/128", OVERLAP | B_INSIDE | SAME_HOST },
	{ "fd00::1/127", "fd00::2/127", APART },
	{ "fd00::1/128", "fd00::1/128", EQUAL | SAME_HOST },
	{ "fd00::1/128", "fd00::/128", APART },
	{ "fd00::1/65", "fd00::8000:0:0:0/65", APART },
	{ "fd00::1/65", "fd00::8000:0:0:0/64", INSIDE },
	{ "fd00::1/64", "::/0", INSIDE },
	{ "0.0.0.0/0", "::/0", APART },
	{ "0.0.0.0/32", "::/32", APART },
	{ "10.0.0.1/24", "a00:1::/24", APART },
};

static void check_pair(const NetAddress *a, const NetAddress *b, guint relation)
{
	g_assert_cmpint(net_address_overlaps(a, b), ==, (relation & OVERLAP) != 0);
	g_assert_cmpint(net_address_is_inside(a, b), ==, (relation & A_INSIDE) != 0);
	g_assert_cmpint(net_address_is_inside(b, a), ==, (relation & B_INSIDE) != 0);
	g_assert_cmpint(net_address_same_host(a, b), ==, (relation & SAME_HOST) != 0);
}

static void test_pairs(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(pairs); i++) {
		NetAddress a = parse(pairs[i].a), b = parse(pairs[i].b);
		guint relation = pairs[i].relation;
		guint mirrored = (relation & (OVERLAP | SAME_HOST)) |
				 (relation & A_INSIDE ? B_INSIDE : 0) |
				 (relation & B_INSIDE ? A_INSIDE : 0);

		g_test_message("%s and %s", pairs[i].a, pairs[i].b);
		check_pair(&a, &b, relation);
		check_pair(&b, &a, mirrored);
	}
}

/* ---- network, print ---- */

static void test_network(void)
{
	static const char *const table[][2] = {
		{ "192.168.50.1/24", "192.168.50.0/24" },
		{ "192.168.50.0/24", "192.168.50.0/24" },
		{ "10.255.255.255/8", "10.0.0.0/8" },
		{ "10.0.15.255/21", "10.0.8.0/21" },
		{ "192.168.1.63/27", "192.168.1.32/27" },
		{ "10.0.0.3/31", "10.0.0.2/31" },
		{ "10.0.0.3/32", "10.0.0.3/32" },
		{ "255.255.255.255/0", "0.0.0.0/0" },
		{ "255.255.255.255/1", "128.0.0.0/1" },
		{ "fd00::1/64", "fd00::/64" },
		{ "ffff:ffff:ffff:ffff::/63", "ffff:ffff:ffff:fffe::/63" },
		{ "fd00::ffff/121", "fd00::ff80/121" },
		{ "fd00::3/127", "fd00::2/127" },
		{ "fd00::3/128", "fd00::3/128" },
		{ "ffff::1/0", "::/0" },
	};

	for (guint i = 0; i < G_N_ELEMENTS(table); i++) {
		NetAddress address = parse(table[i][0]), expected = parse(table[i][1]);
		NetAddress network = net_address_network(&address);

		g_test_message("%s", table[i][0]);
		g_assert_cmpmem(&network, sizeof(network), &expected, sizeof(expected));
	}
}

static void test_print(void)
{
	static const char *const table[][3] = {
		{ "192.168.50.1/24", "192.168.50.1/24", "192.168.50.1" },
		{ "255.255.255.255/32", "255.255.255.255/32", "255.255.255.255" },
		{ "0.0.0.0/0", "0.0.0.0/0", "0.0.0.0" },
		{ "FD00:0:0::1/64", "fd00::1/64", "fd00::1" },
		{ "::/0", "::/0", "::" },
		{ "::ffff:1.2.3.4/96", "::ffff:1.2.3.4/96", "::ffff:1.2.3.4" },
		{ "1111:2222:3333:4444:5555:6666:7777:8888/128",
			"1111:2222:3333:4444:5555:6666:7777:8888/128",
			"1111:2222:3333:4444:5555:6666:7777:8888" },
	};

	for (guint i = 0; i < G_N_ELEMENTS(table); i++) {
		NetAddress address = parse(table[i][0]);
		char text[NET_ADDRESS_TEXT];

		g_assert_true(net_address_print(&address, text) == text);
		g_assert_cmpstr(text, ==, table[i][1]);
		g_assert_true(net_address_print_host(&address, text) == text);
		g_assert_cmpstr(text, ==, table[i][2]);
	}
}

/* ---- which names ---- */

#define TOO_LONG "an interface name has at most 15 characters"
#define LETTERS "an interface name is a letter, then letters, digits, '-' or '_', like tap0"
#define KERNELS "the kernel keeps this name for itself"
#define CLAIMED "other software claims names that begin like this; tap0 or tw-myvm is safe"

static const struct {
	const char *ifname;
	const char *problem; /* NULL: none */
} ifnames[] = {
	{ "tap0", NULL },
	{ "tw-myvm", NULL },
	{ "tw-myvm-1a2b3", NULL },
	{ "t", NULL },
	{ "Tap_0-", NULL },
	{ "abcdefghijklmno", NULL },
	{ "alles", NULL },
	{ "defaults", NULL },
	{ "lo0", NULL },
	{ "low", NULL },
	{ "br0", NULL },
	{ "vm0", NULL },
	{ "vt0", NULL },
	{ "", LETTERS },
	{ "abcdefghijklmnop", TOO_LONG },
	{ "abcdefghijklmnopq", TOO_LONG },
	{ "0tap", LETTERS },
	{ "0", LETTERS },
	{ "-tap", LETTERS },
	{ "_tap", LETTERS },
	{ "tap%d", LETTERS },
	{ "%d", LETTERS },
	{ "tap/0", LETTERS },
	{ "../tap", LETTERS },
	{ "tap 0", LETTERS },
	{ " tap0", LETTERS },
	{ "tap0\n", LETTERS },
	{ "tap.0", LETTERS },
	{ ".", LETTERS },
	{ "..", LETTERS },
	{ "tap:0", LETTERS },
	{ "tap0,x", LETTERS },
	{ "tap@x", LETTERS },
	{ "t\303\244p", LETTERS },
	{ "\303\244p", LETTERS },
	{ "t\344p", LETTERS },
	{ "all", KERNELS },
	{ "default", KERNELS },
	{ "lo", KERNELS },
	{ "vt-a", CLAIMED },
	{ "ve-a", CLAIMED },
	{ "vb-a", CLAIMED },
	{ "vz-a", CLAIMED },
	{ "vnet0", CLAIMED },
	{ "virbr0", CLAIMED },
	{ "veth0", CLAIMED },
	{ "docker0", CLAIMED },
	{ "br-0a1b2c", CLAIMED },
	{ "eth0", CLAIMED },
	{ "eth", CLAIMED },
	{ "enp3s0", CLAIMED },
	{ "wlan0", CLAIMED },
	{ "wwan0", CLAIMED },
	{ "tun0", CLAIMED },
	{ "wg0", CLAIMED },
	{ "vboxnet0", CLAIMED },
	{ "lxcbr0", CLAIMED },
	{ "cni0", CLAIMED },
};

static void test_ifnames(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(ifnames); i++) {
		g_test_message("'%s'", ifnames[i].ifname);
		g_assert_cmpstr(request_ifname_problem(ifnames[i].ifname), ==, ifnames[i].problem);
	}
}

/* ---- which requests ---- */

/* tap0 has three addresses, tap1 has one, nothing else is in use. */
static Request good_request(void)
{
	Request request;

	memset(&request, 0, sizeof(request));
	request.version = REQUEST_VERSION;
	request.mode = REQUEST_MAKE;
	request.n_taps = 2;
	strcpy(request.label, "my_VM-1.0");
	strcpy(request.taps[0].ifname, "tap0");
	request.taps[0].op = request.taps[1].op = REQUEST_CREATE;
	request.taps[0].queues = request.taps[1].queues = 1;
	request.taps[0].n_addresses = 3;
	request.taps[0].addresses[0] = parse("10.0.0.1/24");
	request.taps[0].addresses[1] = parse("10.0.0.2/24");
	request.taps[0].addresses[2] = parse("fd00::1/64");
	strcpy(request.taps[1].ifname, "tap1");
	request.taps[1].n_addresses = 1;
	request.taps[1].addresses[0] = parse("10.0.1.1/24");
	return request;
}

#define UNKNOWN EX_USAGE, -1, NET_KEY_IFNAME, "the request is not one that this helper knows"
#define UNFIT(tap, key, why) EX_DATAERR, tap, key, why
#define MTU "the MTU must be from 68 (1280 with IPv6) to 65521"
#define TWICE "the name is asked for twice"
#define CLASH "it clashes with another address in the request"

#define BYTES(text) text, sizeof(text) - 1
#define NUMBER(n) (const uint32_t[]){ n }, sizeof(uint32_t)

#define TAP(i, member) offsetof(Request, taps[i].member)
#define ADDRESS(i, j, member) offsetof(Request, taps[i].addresses[j].member)

/* What is written over the good request, and what is said about it then. */
static const struct {
	const char *name;
	size_t offset;
	const void *bytes;
	size_t len;
	int status, tap;
	NetKey key;
	const char *text;
} damages[] = {
	{ "version-0", offsetof(Request, version), NUMBER(0), UNKNOWN },
	{ "version-next", offsetof(Request, version), NUMBER(REQUEST_VERSION + 1), UNKNOWN },
	{ "mode-0", offsetof(Request, mode), NUMBER(0), UNKNOWN },
	{ "mode-next", offsetof(Request, mode), NUMBER(REQUEST_JUDGE + 1), UNKNOWN },
	{ "no-taps", offsetof(Request, n_taps), NUMBER(0), UNKNOWN },
	{ "one-tap-less", offsetof(Request, n_taps), NUMBER(1), UNKNOWN },
	{ "one-tap-more", offsetof(Request, n_taps), NUMBER(3), UNKNOWN },
	{ "nine-taps", offsetof(Request, n_taps), NUMBER(9), UNKNOWN },
	{ "all-taps", offsetof(Request, n_taps), NUMBER(UINT32_MAX), UNKNOWN },

	{ "label-space", offsetof(Request, label), BYTES("my VM"), UNKNOWN },
	{ "label-slash", offsetof(Request, label), BYTES("my/VM"), UNKNOWN },
	{ "label-newline", offsetof(Request, label), BYTES("my\nVM"), UNKNOWN },
	{ "label-colon", offsetof(Request, label), BYTES("my:VM"), UNKNOWN },
	{ "label-utf-8", offsetof(Request, label), BYTES("m\303\274"), UNKNOWN },
	{ "label-without-nul", offsetof(Request, label), BYTES("12345678901234567890123456789012"),
		UNKNOWN },
	{ "label-byte-behind", offsetof(Request, label[10]), BYTES("x"), UNKNOWN },
	{ "label-last-byte", offsetof(Request, label[31]), BYTES("x"), UNKNOWN },

	{ "ifname-empty", TAP(0, ifname), BYTES("\0\0\0\0"), UNFIT(0, NET_KEY_IFNAME, LETTERS) },
	{ "ifname-digit", TAP(1, ifname), BYTES("1tap"), UNFIT(1, NET_KEY_IFNAME, LETTERS) },
	{ "ifname-format", TAP(1, ifname), BYTES("t%d\0"), UNFIT(1, NET_KEY_IFNAME, LETTERS) },
	{ "ifname-slash", TAP(0, ifname), BYTES("../x"), UNFIT(0, NET_KEY_IFNAME, LETTERS) },
	{ "ifname-claimed", TAP(0, ifname), BYTES("eth0"), UNFIT(0, NET_KEY_IFNAME, CLAIMED) },
	{ "ifname-reserved", TAP(1, ifname), BYTES("lo\0\0"), UNFIT(1, NET_KEY_IFNAME, KERNELS) },
	{ "ifname-without-nul", TAP(0, ifname), BYTES("abcdefghijklmnop"), UNKNOWN },
	{ "ifname-byte-behind", TAP(0, ifname[5]), BYTES("x"), UNKNOWN },
	{ "ifname-last-byte", TAP(1, ifname[15]), BYTES("x"), UNKNOWN },
	{ "ifname-twice", TAP(1, ifname), BYTES("tap0"), UNFIT(1, NET_KEY_IFNAME, TWICE) },

	{ "op-0", TAP(0, op), BYTES("\0"), UNKNOWN },
	{ "op-next", TAP(1, op), BYTES("\3"), UNKNOWN },
	{ "there-and-persistent", TAP(1, op), BYTES("\2\2"), UNKNOWN },
	{ "flag-unknown", TAP(0, flags), BYTES("\200"), UNKNOWN },
	{ "queues-0", TAP(0, queues), BYTES("\0"), UNKNOWN },
	{ "queues-9", TAP(1, queues), BYTES("\t"), UNKNOWN },
	{ "mac-of-a-tap", TAP(1, mac[5]), BYTES("x"), UNKNOWN },
	{ "mode-of-a-tap", TAP(1, mode), BYTES("\1"), UNKNOWN },
	{ "parent-of-a-tap", TAP(1, parent), BYTES("eth0"), UNKNOWN },
	{ "macvtap-with-addresses", TAP(1, op), BYTES("\3"), UNKNOWN },
	{ "force-2", offsetof(Request, force), NUMBER(2), UNKNOWN },
	{ "dhcp-without-mac", TAP(0, flags), BYTES("\4"), UNKNOWN },
	{ "mac-without-dhcp", TAP(0, guest_mac), BYTES("\2"), UNKNOWN },
	{ "guest-without-dhcp", TAP(0, guests[0]), BYTES("\4\40\0\0\12\0\0\3"), UNKNOWN },
	{ "zero-0", TAP(0, zero[0]), BYTES("\1"), UNKNOWN },
	{ "zero-1", TAP(1, zero[1]), BYTES("\1"), UNKNOWN },
	{ "uplink-without-nat", TAP(0, uplink), BYTES("eth0"), UNKNOWN },
	{ "bridge-with-address", TAP(1, bridge), BYTES("br0"),
		UNFIT(1, NET_KEY_BR, "a port of a bridge has no address and no NAT of its own") },
	{ "bridge-of-two-lines", TAP(1, bridge), BYTES("br0\n"), UNKNOWN },
	{ "mtu-67", TAP(1, mtu), NUMBER(67), UNFIT(1, NET_KEY_MTU, MTU) },
	{ "mtu-1279", TAP(0, mtu), NUMBER(1279), UNFIT(0, NET_KEY_MTU, MTU) },
	{ "mtu-65522", TAP(1, mtu), NUMBER(65522), UNFIT(1, NET_KEY_MTU, MTU) },
	{ "peer-of-no-address", TAP(1, peers[1]), BYTES("\6\200\0\0\375"),
		UNFIT(1, NET_KEY_PEER, "there is no address of the peer's family") },
	{ "peer-of-other-family", TAP(1, peers[1]), BYTES("\4\40\0\0\12\0\1\2"), UNKNOWN },
	{ "peer-with-subnet", TAP(1, peers[0]), BYTES("\4\30\0\0\12\0\1\2"), UNKNOWN },
	{ "route-not-counted", TAP(1, routes[0]), BYTES("\4\30\0\0\306"), UNKNOWN },
	{ "routes-9", TAP(1, n_routes), BYTES("\11"), UNKNOWN },

	{ "one-address-less", TAP(0, n_addresses), BYTES("\2"), UNKNOWN },
	{ "no-addresses", TAP(1, n_addresses), BYTES("\0"), UNKNOWN },
	{ "one-address-more", TAP(1, n_addresses), BYTES("\2"), UNKNOWN },
	{ "nine-addresses", TAP(0, n_addresses), BYTES("\11"), UNKNOWN },
	{ "all-addresses", TAP(0, n_addresses), BYTES("\377"), UNKNOWN },

	{ "family-5", ADDRESS(0, 0, family), BYTES("\5"), UNKNOWN },
	{ "family-0", ADDRESS(1, 0, family), BYTES("\0"), UNKNOWN },
	{ "family-other-way", ADDRESS(0, 2, family), BYTES("\4"), UNKNOWN },
	{ "prefix-33", ADDRESS(0, 1, prefix_len), BYTES("\41"), UNKNOWN },
	{ "prefix-129", ADDRESS(0, 2, prefix_len), BYTES("\201"), UNKNOWN },
	{ "prefix-255", ADDRESS(0, 2, prefix_len), BYTES("\377"), UNKNOWN },
	{ "prefix-32", ADDRESS(0, 1, prefix_len), BYTES("\40"), UNFIT(0, NET_KEY_ADDRESS, PEER_4) },
	{ "prefix-128", ADDRESS(0, 2, prefix_len), BYTES("\200"),
		UNFIT(0, NET_KEY_ADDRESS, PEER_6) },
	{ "address-zero-0", ADDRESS(0, 0, zero[0]), BYTES("\1"), UNKNOWN },
	{ "address-zero-1", ADDRESS(1, 0, zero[1]), BYTES("\1"), UNKNOWN },
	{ "octet-behind-ipv4", ADDRESS(0, 0, octets[4]), BYTES("\1"), UNKNOWN },
	{ "last-octet-of-ipv4", ADDRESS(1, 0, octets[15]), BYTES("\1"), UNKNOWN },
	{ "loopback", ADDRESS(0, 1, octets), BYTES("\177"), UNFIT(0, NET_KEY_ADDRESS, LOOPBACK) },
	{ "network", ADDRESS(1, 0, octets[3]), BYTES("\0"), UNFIT(1, NET_KEY_ADDRESS, NETWORK) },
	{ "anycast", ADDRESS(0, 2, octets[15]), BYTES("\0"), UNFIT(0, NET_KEY_ADDRESS, ANYCAST) },

	{ "address-twice", ADDRESS(0, 1, octets[3]), BYTES("\1"),
		UNFIT(0, NET_KEY_ADDRESS, CLASH) },
	{ "address-twice-wider", ADDRESS(0, 1, prefix_len), BYTES("\10\0\0\12\0\0\1"),
		UNFIT(0, NET_KEY_ADDRESS, CLASH) },
	{ "taps-same-subnet", ADDRESS(1, 0, octets), BYTES("\12\0\0\3"),
		UNFIT(1, NET_KEY_ADDRESS, CLASH) },
	{ "taps-same-address", ADDRESS(1, 0, octets), BYTES("\12\0\0\1"),
		UNFIT(1, NET_KEY_ADDRESS, CLASH) },
	{ "taps-around", ADDRESS(1, 0, prefix_len), BYTES("\20"),
		UNFIT(1, NET_KEY_ADDRESS, CLASH) },
	{ "taps-inside", ADDRESS(1, 0, prefix_len), BYTES("\36\0\0\12\0\0\202"),
		UNFIT(1, NET_KEY_ADDRESS, CLASH) },
};

static void test_damage(gconstpointer data)
{
	guint i = GPOINTER_TO_UINT(data);
	Request request = good_request();
	Fault fault;

	g_assert_cmpuint(damages[i].offset + damages[i].len, <=, sizeof(request));
	memcpy((char *)&request + damages[i].offset, damages[i].bytes, damages[i].len);
	memset(&fault, 0xa5, sizeof(fault));
	g_assert_false(request_is_sane(&request, &fault));
	g_assert_cmpstr(fault.text, ==, damages[i].text);
	g_assert_cmpint(fault.status, ==, damages[i].status);
	g_assert_cmpint(fault.tap, ==, damages[i].tap);
	g_assert_cmpint(fault.key, ==, damages[i].key);
}

static void test_good(void)
{
	Request request = good_request();
	Fault fault;

	g_assert_true(request_is_sane(&request, &fault));

	strcpy(request.label, "1234567890123456789012345678901");
	strcpy(request.taps[0].ifname, "abcdefghijklmno");
	g_assert_true(request_is_sane(&request, &fault));

	memset(&request.taps[1], 0, sizeof(request.taps[1]));
	strcpy(request.taps[1].ifname, "no-address");
	request.taps[1].op = REQUEST_CREATE;
	request.taps[1].queues = 1;
	g_assert_true(request_is_sane(&request, &fault));
}

/* Eight taps of eight addresses: no byte of it is unused but the reserved ones. */
static void test_fullest(void)
{
	Request request = good_request();
	Fault fault;

	request.n_taps = REQUEST_TAPS;
	for (guint i = 0; i < REQUEST_TAPS; i++) {
		RequestTap *tap = &request.taps[i];

		g_snprintf(tap->ifname, sizeof(tap->ifname), "tap%u", i);
		tap->op = REQUEST_CREATE;
		tap->queues = REQUEST_QUEUES;
		tap->n_addresses = REQUEST_ADDRESSES;
		for (guint j = 0; j < REQUEST_ADDRESSES; j++) {
			g_autofree char *text = j % 2 ? g_strdup_printf("10.0.%u.%u/24", i, j)
						      : g_strdup_printf(
								"fd00:0:0:%u::%u/64", i, j + 1);

			tap->addresses[j] = parse(text);
		}
	}
	g_assert_true(request_is_sane(&request, &fault));
	request.taps[7].addresses[7] = request.taps[0].addresses[1];
	g_assert_false(request_is_sane(&request, &fault));
	g_assert_cmpint(fault.tap, ==, 7);
	g_assert_cmpint(fault.key, ==, NET_KEY_ADDRESS);
}

/* ---- DHCP ---- */

static const struct {
	const char *name;
	const char *mac;     /* six bytes */
	const char *ipv4;    /* of the guest; NULL: none */
	const char *ipv6;    /* on tap0 with fd00::1/64 */
	const char *host;    /* in place of 10.0.0.1/24, or of fd00::1/64 */
	const char *problem; /* NULL: none; "": not one that this helper knows */
} dhcps[] = {
	{ "both", "\122\124\0\12\13\14", "10.0.0.3/32", "fd00::2/128", NULL, NULL },
	{ "ipv4", "\122\124\0\12\13\14", "10.0.0.3/32", NULL, NULL, NULL },
	{ "ipv6", "\122\124\0\12\13\14", NULL, "fd00::2/128", NULL, NULL },
	{ "smallest", "\122\124\0\12\13\14", "10.0.9.2/32", NULL, "10.0.9.1/30", NULL },
	{ "mac-of-zeros", "\0\0\0\0\0\0", "10.0.0.3/32", NULL, NULL, "" },
	{ "mac-multicast", "\1\0\136\0\0\1", "10.0.0.3/32", NULL, NULL, "" },
	{ "mac-broadcast", "\377\377\377\377\377\377", "10.0.0.3/32", NULL, NULL, "" },
	{ "with-subnet", "\122\124\0\12\13\14", "10.0.0.3/24", NULL, NULL, "" },
	{ "families-swapped", "\122\124\0\12\13\14", "fd00::2/128", NULL, NULL, "" },
	{ "nothing", "\122\124\0\12\13\14", NULL, NULL, NULL, "there is no address to give" },
	{ "other-subnet", "\122\124\0\12\13\14", "10.0.2.3/32", NULL, NULL,
		"the guest's address is in no subnet of the tap's" },
	{ "host's-own", "\122\124\0\12\13\14", "10.0.0.1/32", NULL, NULL,
		"the guest's address is the host's own" },
	{ "network", "\122\124\0\12\13\14", "10.0.0.0/32", NULL, NULL, NETWORK },
	{ "broadcast", "\122\124\0\12\13\14", "10.0.0.255/32", NULL, NULL, BROADCAST },
	{ "anycast", "\122\124\0\12\13\14", NULL, "fd00::/128", NULL, ANYCAST },
	{ "ipv6-not-64", "\122\124\0\12\13\14", NULL, "fd00::2/128", "fd00::1/65",
		"over IPv6 it needs a /64" },
};

static Request dhcp_request(guint i)
{
	Request request = good_request();
	RequestTap *tap = &request.taps[0];

	tap->flags = REQUEST_DHCP;
	memcpy(tap->guest_mac, dhcps[i].mac, sizeof(tap->guest_mac));
	if (dhcps[i].ipv4)
		tap->guests[0] = parse(dhcps[i].ipv4);
	if (dhcps[i].ipv6)
		tap->guests[1] = parse(dhcps[i].ipv6);
	if (dhcps[i].host)
		tap->addresses[dhcps[i].ipv6 ? 2 : 0] = parse(dhcps[i].host);
	return request;
}

static void test_dhcp(gconstpointer data)
{
	guint i = GPOINTER_TO_UINT(data);
	const char *problem = dhcps[i].problem;
	Request request = dhcp_request(i);
	Fault fault;

	g_assert_cmpint(request_is_sane(&request, &fault), ==, !problem);
	if (!problem)
		return;
	g_assert_cmpint(fault.status, ==, *problem ? EX_DATAERR : EX_USAGE);
	g_assert_cmpint(fault.tap, ==, *problem ? 0 : -1);
	if (!*problem)
		return;
	g_assert_cmpstr(fault.text, ==, problem);
	g_assert_cmpint(fault.key, ==, NET_KEY_DHCP);
}

/* What dnsmasq is told, word for word: all of it comes from the request. */
static void test_dnsmasq(void)
{
	static const char bounds[] = "--conf-file=/dev/null --interface=tap0 --except-interface=lo "
				     "--bind-interfaces --no-hosts --no-ping --dhcp-authoritative "
				     "--leasefile-ro --dhcp-leasefile=/dev/null --quiet-dhcp "
				     "--quiet-dhcp6 --quiet-ra ";
	static const char *const rest[] = {
		"--port=0 --no-resolv --dhcp-range=10.0.0.0,static,255.255.255.0,infinite "
		"--dhcp-option=option:router --dhcp-option=option:dns-server --enable-ra "
		"--dhcp-range=fd00::,static,64,infinite --ra-param=tap0,60,0 "
		"--dhcp-host=52:54:00:0a:0b:0c,10.0.0.3,[fd00::2],infinite",
		"--dhcp-range=10.0.0.0,static,255.255.255.0,infinite "
		"--dhcp-option=option:router,10.0.0.1 --dhcp-option=option:dns-server,10.0.0.1 "
		"--dhcp-option=option:mtu,1400 --enable-ra --dhcp-range=fd00::,static,64,infinite "
		"--dhcp-host=52:54:00:0a:0b:0c,10.0.0.3,[fd00::2],infinite",
	};

	for (guint i = 0; i < G_N_ELEMENTS(rest); i++) {
		Request request = dhcp_request(0);
		g_autofree char *expected = g_strconcat(bounds, rest[i], NULL);
		g_autofree char *text = NULL;
		DnsmasqArgv argv;

		if (i == 1) {
			request.taps[0].flags |= REQUEST_NAT;
			request.taps[0].mtu = 1400;
		}
		dnsmasq_begin(&argv);
		dnsmasq_add_options(&argv, &request.taps[0]);
		text = g_strjoinv(" ", argv.words);
		g_assert_cmpstr(text, ==, expected);
	}
}

/* The longest of everything: nothing is cut, and there is room for all. */
static void test_dnsmasq_longest(void)
{
	Request request = dhcp_request(0);
	RequestTap *tap = &request.taps[0];
	DnsmasqArgv argv;

	strcpy(tap->ifname, "abcdefghijklmno");
	tap->addresses[0] = parse("223.255.255.201/25");
	tap->addresses[2] = parse("fd11:2222:3333:4444:5555:6666:7777:8881/64");
	tap->guests[0] = parse("223.255.255.202/32");
	tap->guests[1] = parse("fd11:2222:3333:4444:5555:6666:7777:8882/128");
	tap->flags |= REQUEST_NAT;
	tap->mtu = REQUEST_MTU_MAX;
	dnsmasq_begin(&argv);
	for (guint i = 0; i < 4; i++)
		dnsmasq_add(&argv, "x");
	dnsmasq_add_options(&argv, tap);
	g_assert_cmpuint(argv.n_words, <=, DNSMASQ_WORDS_MAX);
	g_assert_null(argv.words[argv.n_words]);
	g_assert_cmpstr(argv.words[argv.n_words - 1], ==,
		"--dhcp-host=52:54:00:0a:0b:0c,223.255.255.202,"
		"[fd11:2222:3333:4444:5555:6666:7777:8882],infinite");
}

static void check_unused(size_t from, size_t to)
{
	for (size_t offset = from; offset < to; offset++) {
		Request request = good_request();
		Fault fault;

		((char *)&request)[offset] = 1;
		g_assert_false(request_is_sane(&request, &fault));
		g_assert_cmpint(fault.status, ==, EX_USAGE);
	}
}

/* Not one byte may carry what nobody looks at. */
static void test_unused(void)
{
	check_unused(offsetof(Request, label[strlen("my_VM-1.0") + 1]), TAP(0, ifname));
	check_unused(TAP(0, ifname[strlen("tap0") + 1]), TAP(0, bridge));
	check_unused(TAP(0, bridge[1]), TAP(0, parent));
	check_unused(TAP(0, parent[1]), TAP(0, uplink));
	check_unused(TAP(0, uplink), TAP(0, op));
	check_unused(ADDRESS(0, 0, zero), ADDRESS(0, 0, octets));
	check_unused(ADDRESS(0, 0, octets[4]), ADDRESS(0, 1, family));
	check_unused(ADDRESS(0, 3, family), TAP(1, ifname)); /* dhcp's as well */
	check_unused(ADDRESS(1, 1, family), TAP(2, ifname));
	check_unused(TAP(2, ifname), sizeof(Request));
}

/* ---- how it is told ---- */

static void test_fault(void)
{
	g_autofree char *longest = g_strnfill(sizeof((Fault){ 0 }.text) - 1, 'x');
	Fault fault;

	g_assert_false(fault_set(&fault, EX_OSERR, "%sy", longest));
	g_assert_cmpstr(fault.text, ==, longest);
	g_assert_cmpint(fault.status, ==, EX_OSERR);
	g_assert_cmpint(fault.tap, ==, -1);
	g_assert_cmpint(fault.key, ==, NET_KEY_IFNAME);

	g_assert_false(fault_about(&fault, 1, NET_KEY_ROUTE, EX_NOPERM, "%s%%", "short"));
	g_assert_cmpstr(fault.text, ==, "short%");
	g_assert_cmpint(fault.status, ==, EX_NOPERM);
	g_assert_cmpint(fault.tap, ==, 1);
	g_assert_cmpint(fault.key, ==, NET_KEY_ROUTE);
	for (size_t i = strlen(fault.text); i < sizeof(fault.text); i++)
		g_assert_cmpint(fault.text[i], ==, 0);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/address/problem", test_problem);
	g_test_add_func("/address/peer", test_peer);
	g_test_add_func("/address/route", test_route);
	g_test_add_func("/address/pairs", test_pairs);
	g_test_add_func("/address/network", test_network);
	g_test_add_func("/address/print", test_print);
	g_test_add_func("/request/ifname", test_ifnames);
	g_test_add_func("/request/good", test_good);
	g_test_add_func("/request/fullest", test_fullest);
	g_test_add_func("/request/unused", test_unused);
	g_test_add_func("/request/fault", test_fault);
	g_test_add_func("/dnsmasq/argv", test_dnsmasq);
	g_test_add_func("/dnsmasq/longest", test_dnsmasq_longest);
	for (guint i = 0; i < G_N_ELEMENTS(dhcps); i++) {
		g_autofree char *path = g_strconcat("/request/dhcp/", dhcps[i].name, NULL);

		g_test_add_data_func(path, GUINT_TO_POINTER(i), test_dhcp);
	}
	for (guint i = 0; i < G_N_ELEMENTS(damages); i++) {
		g_autofree char *path = g_strconcat("/request/damage/", damages[i].name, NULL);

		g_test_add_data_func(path, GUINT_TO_POINTER(i), test_damage);
	}
	return g_test_run();
}
