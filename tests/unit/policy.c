/* SPDX-License-Identifier: MIT */
/*
 * The helper's policy: what each text says of each request, word for word, and what is no policy.
 */
#include "platform/linux/helper/policy.h"

#include <arpa/inet.h>
#include <glib.h>
#include <string.h>
#include <sysexits.h>

#define DEFAULT "platform/linux/policy"

/* ---- requests in one line: IFNAME [ADDRESS...] [peer=..] [route=..] [br=..] [parent=..] words
 * ---- */

static NetAddress parse(const char *text)
{
	g_auto(GStrv) parts = g_strsplit(text, "/", 2);
	gboolean six = strchr(text, ':') != NULL;
	NetAddress address = { .family = six ? 6 : 4, .prefix_len = six ? 128 : 32 };

	g_assert_cmpint(inet_pton(six ? AF_INET6 : AF_INET, parts[0], address.octets), ==, 1);
	if (parts[1])
		address.prefix_len = atoi(parts[1]);
	return address;
}

static gboolean value_of(const char *word, const char *key, const char **ret_value)
{
	*ret_value = word + strlen(key);
	return g_str_has_prefix(word, key);
}

static void add_word(RequestTap *tap, const char *word)
{
	static const uint8_t mac[6] = { 0x52, 0x54, 0, 1, 2, 3 };
	const char *value;

	if (g_str_equal(word, "nat")) {
		tap->flags |= REQUEST_NAT;
	} else if (g_str_equal(word, "persist")) {
		tap->flags |= REQUEST_PERSIST;
	} else if (g_str_equal(word, "dhcp")) {
		tap->flags |= REQUEST_DHCP;
		memcpy(tap->guest_mac, mac, sizeof(mac));
		tap->guests[0] = parse("192.168.50.2");
	} else if (value_of(word, "peer=", &value)) {
		tap->peers[strchr(value, ':') != NULL] = parse(value);
	} else if (value_of(word, "route=", &value)) {
		tap->routes[tap->n_routes++].to = parse(value);
	} else if (value_of(word, "br=", &value)) {
		strcpy(tap->bridge, value);
	} else if (value_of(word, "parent=", &value)) {
		strcpy(tap->parent, value);
		tap->op = REQUEST_MACVTAP;
		tap->mode = NET_MACVTAP_BRIDGE;
		memcpy(tap->mac, mac, sizeof(mac));
	} else {
		tap->addresses[tap->n_addresses++] = parse(word);
	}
}

/* Taps are apart by "; ". All of them are sane. */
static Request make_request(const char *text)
{
	g_auto(GStrv) taps = g_strsplit(text, "; ", -1);
	Request request;
	Fault fault;

	memset(&request, 0, sizeof(request));
	request.version = REQUEST_VERSION;
	request.mode = REQUEST_MAKE;
	strcpy(request.label, "myvm");
	for (guint i = 0; taps[i]; i++) {
		g_auto(GStrv) words = g_strsplit(taps[i], " ", -1);
		RequestTap *tap = &request.taps[request.n_taps++];

		tap->op = REQUEST_CREATE;
		tap->queues = 1;
		strcpy(tap->ifname, words[0]);
		for (guint j = 1; words[j]; j++)
			add_word(tap, words[j]);
	}
	if (!request_is_sane(&request, &fault))
		g_error("%s: %s", text, fault.text);
	return request;
}

static gboolean ask(const char *policy, const char *request, guint *max, Fault *fault)
{
	g_autofree char *text = g_strdup(policy);
	Request made = make_request(request);

	memset(fault, 0, sizeof(*fault));
	*max = 0;
	return policy_allows(text, strlen(text), &made, max, fault);
}

/* ---- who may what ---- */

#define LAN "tap0 192.168.50.1/24"
#define ANY POLICY_NO_LIMIT
#define MAY(max) max, -1, NET_KEY_IFNAME, NULL
#define NONE(tap, key, line)                                                     \
	0, tap, key,                                                             \
		"the policy does not allow it; an administrator can add \"" line \
		"\" to " POLICY_FILE

static const struct {
	const char *policy, *request;
	guint max; /* 0: it is refused */
	int tap;
	NetKey key;
	const char *text;
} verdicts[] = {
	{ "allow tap0 192.168.50.0/24\n", LAN, MAY(ANY) },
	{ "allow tap0 192.168.50.0/24\r\n# and\r\n\r\n", LAN, MAY(ANY) },
	{ " \tallow\ttap0  192.168.50.0/24 \t# for me\n", LAN, MAY(ANY) },
	{ "allow tap0 192.168.50.0/24#\n", LAN, MAY(ANY) },
	{ "#allow tap0 192.168.50.0/24\n", LAN,
		NONE(0, NET_KEY_IFNAME, "allow tap0 192.168.50.0/24") },
	{ "", LAN, NONE(0, NET_KEY_IFNAME, "allow tap0 192.168.50.0/24") },
	{ "\n\n", "tap0", NONE(0, NET_KEY_IFNAME, "allow tap0 192.168.50.0/24") },
	{ "# no newline behind a comment", LAN,
		NONE(0, NET_KEY_IFNAME, "allow tap0 192.168.50.0/24") },

	/* patterns */
	{ "allow * 0.0.0.0/0\n", LAN, MAY(ANY) },
	{ "allow tap* 192.168.0.0/16\n", LAN, MAY(ANY) },
	{ "allow tap[0-9] 192.168.50.0/24\n", LAN, MAY(ANY) },
	{ "allow tap? 192.168.50.0/24\n", LAN, MAY(ANY) },
	{ "allow tap[!1-9] 192.168.50.0/24\n", LAN, MAY(ANY) },
	{ "allow []t]ap0 192.168.50.0/24\n", LAN, MAY(ANY) },
	{ "allow tap 192.168.50.0/24\n", LAN,
		NONE(0, NET_KEY_IFNAME, "allow tap0 192.168.50.0/24") },
	{ "allow TAP0 192.168.50.0/24\n", LAN,
		NONE(0, NET_KEY_IFNAME, "allow tap0 192.168.50.0/24") },
	{ "allow tap[1-9]* 192.168.50.0/24\n", LAN,
		NONE(0, NET_KEY_IFNAME, "allow tap0 192.168.50.0/24") },
	{ "allow tap0? 192.168.50.0/24\n", LAN,
		NONE(0, NET_KEY_IFNAME, "allow tap0 192.168.50.0/24") },

	/* prefixes */
	{ "allow tap0 192.168.50.0/25\n", LAN,
		NONE(0, NET_KEY_ADDRESS, "allow tap0 192.168.50.0/24") },
	{ "allow tap0 192.168.51.0/24\n", LAN,
		NONE(0, NET_KEY_ADDRESS, "allow tap0 192.168.50.0/24") },
	{ "allow tap0 10.0.0.0/8,192.168.50.0/24,fd00::/8\n", LAN " fd00::1/64", MAY(ANY) },
	{ "allow tap0 192.168.50.0/24\nallow tap0 fd00::/8\n", LAN " fd00::1/64",
		NONE(0, NET_KEY_ADDRESS, "allow tap0 192.168.50.0/24,fd00::/64") },
	{ "allow tap0 ::/0\n", LAN, NONE(0, NET_KEY_ADDRESS, "allow tap0 192.168.50.0/24") },
	{ "allow tap0 10.0.0.0/8\n", "tap0", MAY(ANY) },
	{ "allow tap0 10.0.0.0/24\n", "tap0 10.0.0.1/32 peer=10.0.0.2", MAY(ANY) },
	{ "allow tap0 10.0.0.1/32\n", "tap0 10.0.0.1/32 peer=10.0.0.2",
		NONE(0, NET_KEY_PEER, "allow tap0 10.0.0.1/32,10.0.0.2/32") },
	{ "allow tap0 192.168.50.0/24\n", LAN " route=198.51.100.0/24",
		NONE(0, NET_KEY_ROUTE, "allow tap0 192.168.50.0/24,198.51.100.0/24") },
	{ "allow tap0 192.168.50.0/24,198.51.0.0/16\n", LAN " route=198.51.100.0/24", MAY(ANY) },

	/* words */
	{ "allow tap0 192.168.50.0/24 nat\n", LAN " nat", MAY(ANY) },
	{ "allow tap0 192.168.50.0/24 persistent dhcp nat\n", LAN " nat dhcp persist", MAY(ANY) },
	{ "allow tap0 192.168.50.0/24\n", LAN " nat",
		NONE(0, NET_KEY_NAT, "allow tap0 192.168.50.0/24 nat") },
	{ "allow tap0 192.168.50.0/24 nat\n", LAN " nat dhcp",
		NONE(0, NET_KEY_DHCP, "allow tap0 192.168.50.0/24 nat dhcp") },
	{ "allow tap0 192.168.50.0/24 nat dhcp\n", LAN " nat dhcp persist",
		NONE(0, NET_KEY_PERSIST, "allow tap0 192.168.50.0/24 nat dhcp persistent") },
	{ "allow tap0 192.168.50.0/24 nat\nallow tap0 192.168.50.0/24 dhcp\n", LAN " nat dhcp",
		NONE(0, NET_KEY_NAT, "allow tap0 192.168.50.0/24 nat dhcp") },

	/* numbers: of lines for one tap the best, of taps the least */
	{ "allow tap0 192.168.50.0/24 max=1\n", LAN, MAY(1) },
	{ "allow tap0 192.168.50.0/24 max=1024 nat\n", LAN, MAY(1024) },
	{ "allow tap0 192.168.0.0/16 max=3\nallow tap* 192.168.50.0/24 max=2\n", LAN, MAY(3) },
	{ "allow tap0 192.168.0.0/16 max=2\nallow tap* 192.168.50.0/24 max=3\n", LAN, MAY(3) },
	{ "allow tap0 192.168.0.0/16 max=2\nallow tap* 192.168.50.0/24\n", LAN, MAY(ANY) },
	{ "allow tap0 192.168.0.0/16 max=2\nallow tap0 10.0.0.0/8\n", LAN, MAY(2) },
	{ "allow tap0 10.0.0.0/8\nallow tap0 192.168.0.0/16 max=2\n", LAN, MAY(2) },
	{ "allow tap0 10.0.0.0/8 max=5\nallow tap1 10.0.0.0/8 max=2\n", "tap0; tap1", MAY(2) },
	{ "allow tap1 10.0.0.0/8\nallow tap0 10.0.0.0/8 max=7\n", "tap0; tap1", MAY(7) },

	/* a line for each tap, and each for all of it */
	{ "allow tap0 10.0.0.0/8\n", "tap0; tap1",
		NONE(1, NET_KEY_IFNAME, "allow tap1 192.168.50.0/24") },
	{ "allow tap0 10.0.0.0/8\nallow tap1 192.168.0.0/16\n",
		"tap0 192.168.1.1/24; tap1 192.168.2.1/24",
		NONE(0, NET_KEY_ADDRESS, "allow tap0 192.168.1.0/24") },

	/* bridges and macvtaps */
	{ "bridge br0 tap*\n", "tap0 br=br0", MAY(ANY) },
	{ "bridge br0 tap* max=4 persistent\n", "tap0 br=br0 persist", MAY(4) },
	{ "bridge br0 tap*\n", "tap0", NONE(0, NET_KEY_IFNAME, "allow tap0 192.168.50.0/24") },
	{ "bridge br0 tap*\n", "tap0 br=br1", NONE(0, NET_KEY_BR, "bridge br1 tap0") },
	{ "bridge br0 tap*\n", "tap0 br=br0 persist",
		NONE(0, NET_KEY_PERSIST, "bridge br0 tap0 persistent") },
	{ "bridge br0 tap*\n", LAN, NONE(0, NET_KEY_IFNAME, "allow tap0 192.168.50.0/24") },
	{ "allow tap0 0.0.0.0/0\n", "tap0 br=br0", NONE(0, NET_KEY_BR, "bridge br0 tap0") },
	{ "macvtap eth0 tw-*\n", "tw-a parent=eth0", MAY(ANY) },
	{ "macvtap eth0 tw-* max=2\n", "tw-a parent=eth0", MAY(2) },
	{ "macvtap eth1 tw-*\n", "tw-a parent=eth0", NONE(0, NET_KEY_PARENT, "macvtap eth0 tw-a") },
	{ "bridge eth0 tw-*\nallow tw-* 0.0.0.0/0,::/0\n", "tw-a parent=eth0",
		NONE(0, NET_KEY_PARENT, "macvtap eth0 tw-a") },
	{ "macvtap eth0 tw-*\n", "tw-a", NONE(0, NET_KEY_IFNAME, "allow tw-a 192.168.50.0/24") },
};

static void test_verdicts(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(verdicts); i++) {
		guint max;
		Fault fault;

		g_test_message("%s: %s", verdicts[i].policy, verdicts[i].request);
		if (ask(verdicts[i].policy, verdicts[i].request, &max, &fault)) {
			g_assert_cmpuint(max, ==, verdicts[i].max);
			continue;
		}
		g_assert_cmpstr(fault.text, ==, verdicts[i].text);
		g_assert_cmpint(fault.status, ==, EX_NOPERM);
		g_assert_cmpint(fault.tap, ==, verdicts[i].tap);
		g_assert_cmpint(fault.key, ==, verdicts[i].key);
	}
}

/* ---- what is no policy ---- */

#define PREFIX "not a list of prefixes, like 192.168.50.0/24,fd00:5a17::/48"
#define PATTERN "not a pattern of interface names, like tap[0-9]* or tw-*"
#define WORDS "the words known here are nat, dhcp, persistent, and max=N, a number of taps"
#define BRIDGE_WORDS "the words known here are persistent, and max=N, a number of taps"
#define ALLOW "write: allow TAP-PATTERN PREFIX[,PREFIX...] [max=N] [nat] [dhcp] [persistent]"
#define BRIDGE "write: bridge BRIDGE TAP-PATTERN [max=N] [persistent]"
#define MACVTAP "write: macvtap PARENT PATTERN [max=N]"
#define BEGIN "a line begins with allow, bridge or macvtap"
#define CUT "the file ends within this line; every line ends with a newline"
#define TEN \
	"1.0.0.0/8,1.0.0.0/8,1.0.0.0/8,1.0.0.0/8,1.0.0.0/8,1.0.0.0/8,1.0.0.0/8,1.0.0.0/8,1.0.0.0/8,1.0.0.0/8,"
#define LONG "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const char *const faults[][2] = {
	{ "permit tap0 10.0.0.0/8", BEGIN },
	{ "Allow tap0 10.0.0.0/8", BEGIN },
	{ "[allow]", BEGIN },
	{ "deny tap0", BEGIN },
	{ "allowtap0 10.0.0.0/8", BEGIN },
	{ "\357\273\277allow tap0 10.0.0.0/8", BEGIN },
	{ "allow", ALLOW },
	{ "allow tap0", ALLOW },
	{ "allow # tap0 10.0.0.0/8", ALLOW },
	{ "allow tap0 10.0.0.0", PREFIX },
	{ "allow tap0 10.0.0.0/", PREFIX },
	{ "allow tap0 10.0.0.0/33", PREFIX },
	{ "allow tap0 10.0.0.0/08", PREFIX },
	{ "allow tap0 10.0.0.0/+8", PREFIX },
	{ "allow tap0 10.0.0.0/-1", PREFIX },
	{ "allow tap0 10.0.0.0/99999999999999999999", PREFIX },
	{ "allow tap0 10.0.0.0/8/8", PREFIX },
	{ "allow tap0 10.0.0.1/8", PREFIX },
	{ "allow tap0 10.0/8", PREFIX },
	{ "allow tap0 010.0.0.0/8", PREFIX },
	{ "allow tap0 10.0.0.0/8,", PREFIX },
	{ "allow tap0 ,10.0.0.0/8", PREFIX },
	{ "allow tap0 10.0.0.0/8,,10.0.0.0/8", PREFIX },
	{ "allow tap0 fd00::/129", PREFIX },
	{ "allow tap0 fd00::1/64", PREFIX },
	{ "allow tap0 fd00:::/64", PREFIX },
	{ "allow tap0 fe80::%eth0/64", PREFIX },
	{ "allow tap0 any", PREFIX },
	{ "allow tap0 *", PREFIX },
	{ "allow 10.0.0.0/8 tap0", PREFIX },
	{ "allow tap0 " TEN TEN TEN "2.0.0.0/8,3.0.0.0/8,4.0.0.0/8",
		"more than 32 prefixes in one line" },
	{ "allow tap0 10.0.0.0/8 192.168.0.0/16", WORDS },
	{ "allow tap0 10.0.0.0/8 NAT", WORDS },
	{ "allow tap0 10.0.0.0/8 nat,dhcp", WORDS },
	{ "allow tap0 10.0.0.0/8 max", WORDS },
	{ "allow tap0 10.0.0.0/8 max=", WORDS },
	{ "allow tap0 10.0.0.0/8 max=-1", WORDS },
	{ "allow tap0 10.0.0.0/8 max=010", WORDS },
	{ "allow tap0 10.0.0.0/8 max=1025", WORDS },
	{ "allow tap0 10.0.0.0/8 max=99999999999999999999", WORDS },
	{ "allow tap0 10.0.0.0/8 max = 1", WORDS },
	{ "allow tap0 10.0.0.0/8 group=29815", WORDS },
	{ "allow tap0 10.0.0.0/8 nat\rallow tap1 10.0.0.0/8", WORDS },
	{ "allow tap0 10.0.0.0/8\v", PREFIX },
	{ "allow tap0 10.0.0.0/8 max=0",
		"max= is at least 1; to allow nothing, leave the line out" },
	{ "allow tap0 10.0.0.0/8 nat nat", "a word is there twice" },
	{ "allow tap0 10.0.0.0/8 max=1 max=2", "a word is there twice" },
	{ "allow tap.0 10.0.0.0/8", PATTERN },
	{ "allow tap0,tap1 10.0.0.0/8", PATTERN },
	{ "allow tap\\* 10.0.0.0/8", PATTERN },
	{ "allow \"tap*\" 10.0.0.0/8", PATTERN },
	{ "allow t\303\244p 10.0.0.0/8", PATTERN },
	{ "allow tap/ 10.0.0.0/8", PATTERN },
	{ "allow tap[0-9 10.0.0.0/8", "a [ in the pattern has no ] that ends it" },
	{ "allow tap[ 10.0.0.0/8", "a [ in the pattern has no ] that ends it" },
	{ "allow tap[] 10.0.0.0/8", "a [ in the pattern has no ] that ends it" },
	{ "allow tap[!] 10.0.0.0/8", "a [ in the pattern has no ] that ends it" },
	{ "allow " LONG " 10.0.0.0/8", "a pattern has at most 64 characters" },
	{ "bridge", BRIDGE },
	{ "bridge br0", BRIDGE },
	{ "bridge br0 tap* nat", BRIDGE_WORDS },
	{ "bridge br0 tap* 10.0.0.0/8", BRIDGE_WORDS },
	{ "bridge br* tap0",
		"an interface name has letters, digits and '-', '_', '.', '@' only here" },
	{ "bridge abcdefghijklmnop tap*", "an interface name has at most 15 characters" },
	{ "macvtap eth0", MACVTAP },
	{ "macvtap eth0 tw-* persistent", "the word known here is max=N, a number of taps" },
};

static void expect_fault(const char *policy, guint line, const char *why)
{
	g_autofree char *expected = g_strdup_printf(POLICY_FILE ":%u: %s", line, why);
	guint max;
	Fault fault;

	g_test_message("%s", policy);
	g_assert_false(ask(policy, LAN, &max, &fault));
	g_assert_cmpstr(fault.text, ==, expected);
	g_assert_cmpint(fault.status, ==, EX_CONFIG);
	g_assert_cmpint(fault.tap, ==, -1);
}

/* Wherever it stands, nothing is allowed, not even by a line before or behind it. */
static void test_faults(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(faults); i++) {
		const char *line = faults[i][0], *why = faults[i][1];
		g_autofree char *first = g_strconcat(line, "\nallow * 0.0.0.0/0\n", NULL);
		g_autofree char *last = g_strconcat("\nallow * 0.0.0.0/0\n", line, "\r\n", NULL);

		expect_fault(first, 1, why);
		expect_fault(last, 3, why);
	}
	/* Of "/24" only "/2" may have been written so far. */
	expect_fault("allow * 0.0.0.0/0\nallow tap0 192.168.50.0/24", 2, CUT);
	expect_fault("allow tap0 192.168.50.0/24", 1, CUT);
}

static void test_nul(void)
{
	static const char policy[] = "allow * 0.0.0.0/0\n\0\n";
	g_autofree char *text = g_memdup2(policy, sizeof(policy));
	Request request = make_request(LAN);
	guint max;
	Fault fault;

	g_assert_false(policy_allows(text, sizeof(policy) - 1, &request, &max, &fault));
	g_assert_cmpstr(fault.text, ==, POLICY_FILE ": holds a NUL byte");
	g_assert_cmpint(fault.status, ==, EX_CONFIG);
}

/* ---- a refusal's own words ---- */

/* Eight addresses and eight routes of 43 bytes each, two peers: the line is whole, and allows. */
static void test_longest_proposal(void)
{
	g_autoptr(GString) text = g_string_new("abcdefghijklmno");
	g_autofree char *policy = NULL;
	guint max;
	Fault fault;
	const char *from, *to;

	for (guint i = 0; i < REQUEST_ADDRESSES; i++)
		g_string_append_printf(
			text, " fd11:2222:3333:4444:5555:6666:7777:88%02u/128", i + 1);
	for (guint i = 0; i < REQUEST_ROUTES; i++)
		g_string_append_printf(
			text, " route=fd11:2222:3333:5555:5555:6666:7777:88%02u/128", i + 1);
	g_string_append(text, " peer=fd11:2222:3333:4444:5555:6666:7777:8899 nat persist");
	g_assert_false(ask("", text->str, &max, &fault));
	from = strchr(fault.text, '"') + 1;
	to = strchr(from, '"');
	g_assert_cmpstr(to, ==, "\" to " POLICY_FILE);
	policy = g_strdup_printf("%.*s\n", (int)(to - from), from);
	g_assert_true(ask(policy, text->str, &max, &fault));
	g_assert_cmpuint(max, ==, POLICY_NO_LIMIT);
}

static void test_absent(void)
{
	Request request = make_request(LAN " nat");
	Fault fault;

	g_assert_false(policy_is_absent(&request, &fault));
	g_assert_cmpint(fault.status, ==, EX_NOPERM);
	g_assert_cmpstr(fault.text, ==,
		"there is no policy file, so only root may make taps; an administrator can add "
		"\"allow tap0 192.168.50.0/24 nat\" to " POLICY_FILE);
}

/* ---- the one that is installed ---- */

static const struct {
	const char *request;
	gboolean allowed;
} defaults[] = {
	{ LAN, TRUE },
	{ "tap1 192.168.60.1/24", TRUE },
	{ "tw-demo 192.168.50.1/24", TRUE },
	{ "tap-lan 192.168.50.1/24; tap-wan 192.0.2.1/24", TRUE },
	{ LAN " fd00:5a17:50::1/64", TRUE },
	{ LAN " nat dhcp", TRUE },
	{ "tap0", TRUE },
	{ "lab0 192.168.50.1/24", FALSE },
	{ "tap-x 192.168.50.1/24", FALSE },
	{ "tap0 192.168.0.1/24", FALSE },
	{ "tap0 192.168.50.1/16", FALSE },
	{ "tap0 10.0.0.1/24", FALSE },
	{ "tap0 8.8.8.8/24", FALSE },
	{ "tap0 2001:db8::1/64", FALSE },
	{ "tap0 192.168.50.1/32 peer=8.8.8.8", FALSE },
	{ LAN " route=10.0.0.0/8", FALSE },
	{ LAN " persist", FALSE },
	{ "tap-wan 192.0.2.1/24 nat", FALSE },
	{ "tap0 br=br0", FALSE },
	{ "tap0 br=docker0", FALSE },
	{ "tw-a parent=eth0", FALSE },
};

static void test_default(void)
{
	g_autofree char *text = NULL;
	guint max;
	Fault fault;

	g_assert_true(g_file_get_contents(DEFAULT, &text, NULL, NULL));
	for (guint i = 0; i < G_N_ELEMENTS(defaults); i++) {
		gboolean allowed = ask(text, defaults[i].request, &max, &fault);

		g_test_message("%s: %s", defaults[i].request, fault.text);
		g_assert_cmpint(allowed, ==, defaults[i].allowed);
		g_assert_cmpuint(max, ==, allowed ? 8 : 0);
		g_assert_cmpint(fault.status, !=, EX_CONFIG);
	}
}

/* What stands in it as a comment, to be made use of, is right as well. */
static void test_default_comments(void)
{
	g_autofree char *text = NULL, *policy = NULL;
	g_autoptr(GRegex)
		comment = g_regex_new("^#(?=allow|bridge|macvtap)", G_REGEX_MULTILINE, 0, NULL);
	guint max;
	Fault fault;

	g_assert_true(g_file_get_contents(DEFAULT, &text, NULL, NULL));
	policy = g_regex_replace_literal(comment, text, -1, 0, "", 0, NULL);
	g_assert_true(ask(policy, LAN " persist; tap1 br=br0; tw-a parent=eth0", &max, &fault));
}

/* A file's lines that allow something, with one blank between words. */
static char *active_lines(const char *path)
{
	g_autoptr(GRegex) blanks = g_regex_new("[ \t]+", 0, 0, NULL);
	g_autoptr(GString) active = g_string_new("");
	g_autofree char *text = NULL;
	g_auto(GStrv) lines = NULL;

	g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
	lines = g_strsplit(text, "\n", -1);
	for (guint i = 0; lines[i]; i++) {
		g_autofree char *line = g_regex_replace_literal(
			blanks, lines[i], -1, 0, " ", 0, NULL);

		if (g_regex_match_simple("^allow t[^ ]+ [0-9].* max=8", line, 0, 0))
			g_string_append_printf(active, "%s\n", line);
	}
	return g_string_free(g_steal_pointer(&active), FALSE);
}

static void test_default_in_manual(void)
{
	g_autofree char *lines = active_lines(DEFAULT), *manual = active_lines("qemu-tapwrap.1");

	g_assert_true(*lines);
	g_assert_cmpstr(manual, ==, lines);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/policy/verdicts", test_verdicts);
	g_test_add_func("/policy/faults", test_faults);
	g_test_add_func("/policy/nul", test_nul);
	g_test_add_func("/policy/longest-proposal", test_longest_proposal);
	g_test_add_func("/policy/absent", test_absent);
	g_test_add_func("/policy/default", test_default);
	g_test_add_func("/policy/default-comments", test_default_comments);
	g_test_add_func("/policy/default-in-manual", test_default_in_manual);
	return g_test_run();
}
