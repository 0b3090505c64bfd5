/* SPDX-License-Identifier: MIT */
/*
 * resolve-guest-network: the guest's own addresses, which must be ones that the host can reach.
 */
#include "profiles/resolve-parts.h"

#include <string.h>

#define EACH(list, i) &g_array_index(list, ProfileAddress, i)

static guint bits_of(const ProfileAddress *address)
{
	return address->family == 4 ? 32 : 128;
}

/* Is the part of @address behind the first @len bits all zeros, or all ones? */
static gboolean has_host_part(const ProfileAddress *address, guint len, gboolean ones)
{
	for (guint i = len; i < bits_of(address); i++) {
		gboolean is_one = (address->octets[i / 8] & (0x80 >> i % 8)) != 0;

		if (is_one != ones)
			return FALSE;
	}
	return TRUE;
}

/* Why @host of the subnet of @ours can not be the guest's; NULL if it can. */
static const char *why_not(const ProfileAddress *host, const ProfileAddress *ours)
{
	guint len = ours->prefix_len, bits = bits_of(ours);

	if (value_same_prefix(host, ours, bits))
		return "the host's own address";
	if (len >= bits - 1) /* two hosts, both usable */
		return NULL;
	if (has_host_part(host, len, FALSE))
		return "the address of the network, not of a host,";
	if (host->family == 4 && has_host_part(host, len, TRUE))
		return "the broadcast address";
	return NULL;
}

/* Tells about @host what is wrong with it in a subnet of the NIC's own; is it in one? */
static gboolean check_subnets(Profile *profile, const ProfileNic *nic, const ProfileAddress *host)
{
	g_autofree char *text = value_host_text(host);
	g_autofree char *place = profile_place(profile, &nic->section, "address");
	gboolean is_inside = FALSE;

	for (guint i = 0; i < nic->addresses->len; i++) {
		const ProfileAddress *ours = EACH(nic->addresses, i);
		const char *why;

		if (!value_same_prefix(host, ours, ours->prefix_len))
			continue;
		is_inside = TRUE;
		why = why_not(host, ours);
		if (why)
			complain(profile, nic, "guest-address", "%s is %s of %s", text, why, place);
	}
	return is_inside;
}

/* The subnets of the family of @host; NULL when it may be anywhere: there are none. */
static char *list_subnets(const ProfileNic *nic, const ProfileAddress *host)
{
	g_autoptr(GString) list = g_string_new(NULL);

	for (guint i = 0; i < nic->addresses->len; i++) {
		const ProfileAddress *ours = EACH(nic->addresses, i);
		g_autofree char *text = value_host_text(ours);

		if (ours->family != host->family)
			continue;
		if (ours->prefix_len == bits_of(ours)) /* a route leads to the guest */
			return NULL;
		g_string_append_printf(
			list, "%s%s/%u", list->len ? ", " : "", text, ours->prefix_len);
	}
	return list->len ? g_strdup(list->str) : NULL;
}

static void check_host(Profile *profile, const ProfileNic *nic, const ProfileAddress *host)
{
	g_autofree char *subnets = NULL, *text = NULL, *place = NULL;

	if (!nic->addresses || check_subnets(profile, nic, host))
		return;
	subnets = list_subnets(nic, host);
	if (!subnets)
		return;
	text = value_host_text(host);
	place = profile_place(profile, &nic->section, "address");
	complain(profile, nic, "guest-address", "%s is outside %s of %s", text, subnets, place);
}

static void refuse_taken(Profile *profile, const ProfileNic *nic, const ProfileAddress *host)
{
	for (guint i = 0; profile->nics->pdata[i] != nic; i++) {
		const ProfileNic *other = profile->nics->pdata[i];

		for (guint j = 0; other->guest_addresses && j < other->guest_addresses->len; j++) {
			g_autofree char *text = NULL;

			if (!value_same_prefix(
				    host, EACH(other->guest_addresses, j), bits_of(host)))
				continue;
			text = value_host_text(host);
			complain(profile, nic, "guest-address", "%s is taken by [nic \"%s\"]", text,
				other->section.id);
		}
	}
}

void resolve_guest_network(Profile *profile)
{
	for (guint i = 0; i < profile->nics->len; i++) {
		const ProfileNic *nic = profile->nics->pdata[i];

		if (resolve_is_one_of(nic->type, "user"))
			resolve_refuse(profile, &nic->section, "guest-address",
				"type = user gives the guest its address; a tap has ifname or address");
		if (!resolve_is_one_of(nic->type, "tap"))
			continue; /* or switched off */
		for (guint j = 0; nic->guest_addresses && j < nic->guest_addresses->len; j++) {
			const ProfileAddress *host = EACH(nic->guest_addresses, j);

			check_host(profile, nic, host);
			refuse_taken(profile, nic, host);
		}
	}
}
