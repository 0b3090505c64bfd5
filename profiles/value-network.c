/* SPDX-License-Identifier: MIT */
#include "profiles/value-parsers.h"

#include <arpa/inet.h>
#include <string.h>

gboolean value_parse_mac(const Parse *parse)
{
	const char *text = parse->text;
	static const char form[] = "xx:xx:xx:xx:xx:xx";
	gboolean zero = TRUE;

	for (size_t i = 0; i < sizeof(form); i++) {
		if (form[i] == 'x' ? !g_ascii_isxdigit(text[i]) : text[i] != form[i])
			return parse_refuse(
				parse, "'%s' is not a MAC address, like 52:54:00:0a:0b:0c", text);
		zero = zero && (form[i] != 'x' || text[i] == '0');
	}
	if (zero || g_ascii_xdigit_value(text[1]) & 1)
		return parse_refuse(parse,
			"'%s' is a %s, which no NIC can have; like 52:54:00:0a:0b:0c", text,
			zero ? "MAC address of zeros" : "multicast MAC address");
	*(char **)parse->slot = g_ascii_strdown(text, -1);
	return TRUE;
}

static gboolean parse_address(const char *text, ProfileAddress *ret_address)
{
	const char *slash = strchr(text, '/');
	g_autofree char *host = slash ? g_strndup(text, slash - text) : NULL;
	ProfileAddress address = { .family = host && strchr(host, ':') ? 6 : 4 };
	guint64 prefix_len;

	if (!host || !parse_number(slash + 1, address.family == 4 ? 32 : 128, &prefix_len))
		return FALSE;
	if (inet_pton(address.family == 4 ? AF_INET : AF_INET6, host, address.octets) != 1)
		return FALSE;
	address.prefix_len = prefix_len;
	*ret_address = address;
	return TRUE;
}

gboolean value_parse_addresses(const Parse *parse)
{
	g_autoptr(GArray) addresses = g_array_new(FALSE, TRUE, sizeof(ProfileAddress));
	g_auto(GStrv) list = parse_list(parse->text);

	for (guint i = 0; list[i]; i++) {
		ProfileAddress address;

		if (!parse_address(list[i], &address))
			return parse_refuse(parse,
				"'%s' is not an address with a prefix length, like 192.168.50.1/24",
				list[i]);
		g_array_append_val(addresses, address);
	}
	if (addresses->len == 0)
		return parse_refuse(parse, "has no value");
	*(GArray **)parse->slot = g_steal_pointer(&addresses);
	return TRUE;
}

char *value_host_text(const ProfileAddress *address)
{
	char text[INET6_ADDRSTRLEN];

	inet_ntop(address->family == 4 ? AF_INET : AF_INET6, address->octets, text, sizeof(text));
	return g_strdup(text);
}

gboolean value_same_prefix(const ProfileAddress *a, const ProfileAddress *b, guint len)
{
	guint bytes = len / 8;
	guint8 mask = 0xff << (8 - len % 8);

	return a->family == b->family && memcmp(a->octets, b->octets, bytes) == 0 &&
	       (len % 8 == 0 || ((a->octets[bytes] ^ b->octets[bytes]) & mask) == 0);
}

/* What no host can be given, whatever its subnet. */
static gboolean is_special(const ProfileAddress *host)
{
	static const ProfileAddress special[] = {
		{ 4, 8, { 0 } },			 /* this network */
		{ 4, 8, { 127 } },			 /* loopback */
		{ 4, 16, { 169, 254 } },		 /* link-local */
		{ 4, 3, { 224 } },			 /* multicast, reserved, broadcast */
		{ 6, 96, { 0 } },			 /* unspecified, loopback */
		{ 6, 96, { [10] = 0xff, [11] = 0xff } }, /* an IPv4 address */
		{ 6, 10, { 0xfe, 0x80 } },		 /* link-local */
		{ 6, 8, { 0xff } },			 /* multicast */
	};

	for (guint i = 0; i < G_N_ELEMENTS(special); i++)
		if (value_same_prefix(host, &special[i], special[i].prefix_len))
			return TRUE;
	return FALSE;
}

static gboolean parse_host(const char *text, ProfileAddress *ret_host)
{
	gboolean six = strchr(text, ':') != NULL;
	ProfileAddress host = { .family = six ? 6 : 4, .prefix_len = six ? 128 : 32 };

	if (inet_pton(six ? AF_INET6 : AF_INET, text, host.octets) != 1 || is_special(&host))
		return FALSE;
	*ret_host = host;
	return TRUE;
}

gboolean value_parse_hosts(const Parse *parse)
{
	g_autoptr(GArray) hosts = g_array_new(FALSE, TRUE, sizeof(ProfileAddress));
	g_auto(GStrv) list = parse_list(parse->text);

	for (guint i = 0; list[i]; i++) {
		ProfileAddress host;

		if (!parse_host(list[i], &host))
			return parse_refuse(parse,
				"'%s' is not the address of one host, like 192.168.50.2", list[i]);
		if (hosts->len > 1 ||
			(hosts->len &&
				host.family == g_array_index(hosts, ProfileAddress, 0).family))
			return parse_refuse(parse,
				"'%s' is one too many: an IPv4 address and an IPv6 one", list[i]);
		g_array_append_val(hosts, host);
	}
	if (hosts->len == 0)
		return parse_refuse(parse, "has no value");
	*(GArray **)parse->slot = g_steal_pointer(&hosts);
	return TRUE;
}

/* NETWORK/LEN, or NETWORK/LEN via HOST */
static gboolean parse_route(const char *text, ProfileRoute *ret_route)
{
	g_auto(GStrv) words = parse_list(text);
	guint n = g_strv_length(words);
	ProfileRoute route = { 0 };

	if ((n != 1 && n != 3) || !parse_address(words[0], &route.to))
		return FALSE;
	if (n == 3 && (!g_str_equal(words[1], "via") || !parse_host(words[2], &route.via) ||
			      route.via.family != route.to.family))
		return FALSE;
	*ret_route = route;
	return TRUE;
}

gboolean value_parse_routes(const Parse *parse)
{
	g_autoptr(GArray) routes = g_array_new(FALSE, TRUE, sizeof(ProfileRoute));
	g_auto(GStrv) list = g_strsplit(parse->text, ",", -1);

	for (guint i = 0; list[i]; i++) {
		const char *item = g_strstrip(list[i]);
		ProfileRoute route;

		if (!*item)
			continue;
		if (!parse_route(item, &route))
			return parse_refuse(parse,
				"'%s' is not a route, like 198.51.100.0/24 or 198.51.100.0/24 via "
				"192.168.50.2",
				item);
		g_array_append_val(routes, route);
	}
	if (routes->len == 0)
		return parse_refuse(parse, "has no value");
	*(GArray **)parse->slot = g_steal_pointer(&routes);
	return TRUE;
}

/* The words of a boolean, or else a name. */
gboolean value_parse_uplink(const Parse *parse)
{
	g_autofree char *why = NULL;
	gboolean on = FALSE;
	Parse as_boolean = { .text = parse->text, .slot = &on, .ret_why = &why };

	if (value_parse_boolean(&as_boolean))
		return parse_keep(parse, on ? "on" : "off");
	if (!parse_is_made_of(parse->text, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "._-@"))
		return parse_refuse(parse, "'%s' is neither on nor off nor an interface, like eth0",
			parse->text);
	return parse_keep(parse, parse->text);
}

static gboolean is_port(const char *text)
{
	guint64 port;

	return parse_number(text, 65535, &port) && port > 0;
}

static gboolean is_ipv4_or_empty(const char *text)
{
	struct in_addr address;

	return *text == '\0' || inet_pton(AF_INET, text, &address) == 1;
}

/* QEMU's [tcp|udp]:[host address]:port-[guest address]:port, or short PORT:PORT. */
static char *parse_hostfwd(const char *text)
{
	g_auto(GStrv) parts = g_strsplit(text, ":", -1);
	guint n = g_strv_length(parts);
	char *dash;

	if (n == 2 && is_port(parts[0]) && is_port(parts[1]))
		return g_strdup_printf("tcp:127.0.0.1:%s-:%s", parts[0], parts[1]);
	dash = n == 4 ? strchr(parts[2], '-') : NULL;
	if (!dash)
		return NULL;
	*dash = '\0';
	if (*parts[0] && !g_str_equal(parts[0], "tcp") && !g_str_equal(parts[0], "udp"))
		return NULL;
	if (!is_ipv4_or_empty(parts[1]) || !is_port(parts[2]) || !is_ipv4_or_empty(dash + 1) ||
		!is_port(parts[3]))
		return NULL;
	return g_strdup_printf("%s:%s:%s-%s:%s", *parts[0] ? parts[0] : "tcp", parts[1], parts[2],
		dash + 1, parts[3]);
}

gboolean value_parse_hostfwds(const Parse *parse)
{
	g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
	g_auto(GStrv) list = parse_list(parse->text);

	if (!list[0])
		return parse_refuse(parse, "has no value");
	for (guint i = 0; list[i]; i++) {
		g_autofree char *hostfwd = parse_hostfwd(list[i]);

		if (!hostfwd)
			return parse_refuse(parse,
				"'%s' is not a port forward, like tcp:127.0.0.1:2222-:22 or 2222:22",
				list[i]);
		g_strv_builder_add(builder, hostfwd);
	}
	*(GStrv *)parse->slot = g_strv_builder_end(builder);
	return TRUE;
}
