/* SPDX-License-Identifier: MIT */
/*
 * NICs whose wire leads to another VM: type stream, dgram or socket, with keys listen and connect.
 */
#include <arpa/inet.h>
#include <string.h>

#include "profiles/resolve-parts.h"

static gboolean is_path(const char *endpoint)
{
	return *endpoint == '/';
}

/* 224.0.0.0 to 239.255.255.255 */
static gboolean is_multicast(const char *endpoint)
{
	const char *colon = strrchr(endpoint, ':');
	g_autofree char *host = colon ? g_strndup(endpoint, colon - endpoint) : NULL;
	struct in_addr address;

	return host && inet_pton(AF_INET, host, &address) == 1 &&
	       IN_MULTICAST(ntohl(address.s_addr));
}

/* What cannot be an end of a wire of this type, whatever the other end is. */
static void check_end(
	Profile *profile, const ProfileNic *nic, const char *key, const char *endpoint)
{
	gboolean dgram = g_str_equal(nic->type, "dgram");

	if (!endpoint)
		return;
	if (is_path(endpoint) && g_str_equal(nic->type, "socket"))
		complain(profile, nic, key, "'%s' is a path; type = stream knows them", endpoint);
	else if (*endpoint == '[' && !g_str_equal(nic->type, "stream"))
		complain(profile, nic, key, "'%s' is IPv6; only type = stream knows it", endpoint);
	else if (is_multicast(endpoint) && !dgram)
		complain(profile, nic, key, "'%s' is a multicast group; take type = dgram",
			endpoint);
	else if (is_multicast(endpoint) && g_str_equal(key, "listen"))
		complain(profile, nic, key, "'%s' is a multicast group; it goes into connect",
			endpoint);
	resolve_check_socket(profile, &nic->section, key, endpoint);
}

/* One end of a connection listens, the other connects. */
static void check_connection(Profile *profile, const ProfileNic *nic)
{
	g_autofree char *why = g_strdup_printf("a %s has one of them", nic->type);

	resolve_refuse_both(profile, &nic->section, "connect", "listen", why);
	if (!resolve_is_given(nic, "listen") && !resolve_is_given(nic, "connect"))
		complain(profile, nic, NULL,
			"needs listen = ADDRESS:PORT in one VM and connect = ADDRESS:PORT in the "
			"other because its type is %s",
			nic->type);
}

/* Datagrams: from where and to where, both in both VMs; the group is enough for multicast. */
static void check_datagrams(Profile *profile, const ProfileNic *nic)
{
	const char *from = nic->listen, *to = nic->connect;

	resolve_require(profile, &nic->section, "connect",
		"ADDRESS:PORT, the other VM's listen, because its type is dgram");
	if (!resolve_is_given(nic, "listen") && to && !is_multicast(to))
		complain(profile, nic, NULL,
			"needs listen = ADDRESS:PORT, the other VM's connect, because its type is "
			"dgram");
	if (!from || !to)
		return;
	if (is_path(from) != is_path(to))
		complain(profile, nic, "connect", "'%s' is %s, but listen is %s; both are one kind",
			to, is_path(to) ? "a path" : "an address",
			is_path(from) ? "a path" : "an address");
	else if (g_str_equal(from, to))
		complain(profile, nic, "connect", "'%s' is listen, too; it is the other VM's", to);
}

void resolve_wire(Profile *profile, const ProfileNic *nic)
{
	check_end(profile, nic, "listen", nic->listen);
	check_end(profile, nic, "connect", nic->connect);
	if (g_str_equal(nic->type, "dgram"))
		check_datagrams(profile, nic);
	else
		check_connection(profile, nic);
}
