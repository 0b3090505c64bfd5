/* SPDX-License-Identifier: MIT */
#include "launcher/guest-network.h"

#include <string.h>

static void guest_free(gpointer data)
{
	GuestAddress *guest = data;

	g_free(guest->address);
	g_free(guest->host);
	g_free(guest->gateway);
	g_free(guest);
}

static guint bits_of(guint family)
{
	return family == 4 ? 32 : 128;
}

/* Does the host pass on what the guest of this NIC sends elsewhere? */
static gboolean leads_on(const ProfileNic *nic)
{
	return !g_str_equal(nic->nat, "off");
}

/* The host's address in the same subnet, or else its first of that family; profile has one. */
static const ProfileAddress *find_host(const ProfileNic *nic, const ProfileAddress *guest)
{
	const ProfileAddress *first = NULL;

	for (guint i = 0; nic->addresses && i < nic->addresses->len; i++) {
		const ProfileAddress *ours = &g_array_index(nic->addresses, ProfileAddress, i);

		if (value_same_prefix(guest, ours, ours->prefix_len))
			return ours;
		if (!first && ours->family == guest->family)
			first = ours;
	}
	return first;
}

static void add_guest(
	GPtrArray *guests, const Profile *profile, const ProfileNic *nic, const ProfileAddress *own)
{
	const ProfileAddress *host = find_host(nic, own);
	GuestAddress *guest;

	if (!host)
		return;
	guest = g_new0(GuestAddress, 1);
	guest->nic = nic;
	guest->family = own->family;
	guest->address = value_host_text(own);
	guest->prefix_len = host->prefix_len;
	guest->host = value_host_text(host);
	guest->gateway = leads_on(nic) ? g_strdup(guest->host) : NULL;
	guest->hostname = profile->cloud_init->hostname;
	g_ptr_array_add(guests, guest);
}

GPtrArray *guest_network_list(const Profile *profile, const char *setup)
{
	GPtrArray *guests = g_ptr_array_new_with_free_func(guest_free);

	for (guint i = 0; i < profile->nics->len; i++) {
		const ProfileNic *nic = profile->nics->pdata[i];
		const GArray *own = nic->guest_addresses;

		if (!own || !g_str_equal(nic->guest_setup, setup) || g_str_equal(nic->type, "none"))
			continue;
		for (guint j = 0; j < own->len; j++)
			add_guest(guests, profile, nic, &g_array_index(own, ProfileAddress, j));
	}
	return guests;
}

char *guest_network_cidr(const GuestAddress *guest)
{
	return g_strdup_printf("%s/%u", guest->address, guest->prefix_len);
}

gboolean guest_network_is_single(const GuestAddress *guest)
{
	return guest->prefix_len == bits_of(guest->family);
}

/* ---- the kernel's command line ---- */

/* The cards that the guest has before @nic, all with NULL: eth0 is the first. */
static guint count_cards(const Profile *profile, const ProfileNic *nic)
{
	guint n = 0;

	for (guint i = 0; i < profile->nics->len && profile->nics->pdata[i] != nic; i++) {
		const ProfileNic *other = profile->nics->pdata[i];

		n += !g_str_equal(other->type, "none");
	}
	return n;
}

static void add_ip(GString *text, const GuestAddress *guest, const char *device)
{
	guint32 mask = guest->prefix_len ? 0xffffffffu << (32 - guest->prefix_len) : 0;

	g_string_append_printf(text, "%sip=%s::%s:%u.%u.%u.%u:%s:%s:off", text->len ? " " : "",
		guest->address, guest->gateway ? guest->gateway : "", mask >> 24, mask >> 16 & 0xff,
		mask >> 8 & 0xff, mask & 0xff, guest->hostname, device);
}

char *guest_network_kernel(const Profile *profile)
{
	g_autoptr(GPtrArray) guests = guest_network_list(profile, "kernel");
	gboolean several = count_cards(profile, NULL) > 1;
	GString *text = g_string_new(NULL);

	for (guint i = 0; i < guests->len; i++) {
		const GuestAddress *guest = guests->pdata[i];
		guint index = count_cards(profile, guest->nic);
		g_autofree char *device = several ? g_strdup_printf("eth%u", index) : NULL;

		if (guest->family == 4)
			add_ip(text, guest, device ? device : "");
	}
	return g_string_free(text, FALSE);
}

/* ---- systemd ---- */

static void add_network_lines(GString *text, GString *routes, const GuestAddress *guest)
{
	g_autofree char *cidr = guest_network_cidr(guest);

	g_string_append_printf(text, "Address=%s\n", cidr);
	if (guest_network_is_single(guest))
		g_string_append_printf(routes, "\n[Route]\nDestination=%s/%u\nScope=link\n",
			guest->host, bits_of(guest->family));
	if (guest->gateway)
		g_string_append_printf(routes, "\n[Route]\nGateway=%s\n%s", guest->gateway,
			guest_network_is_single(guest) ? "GatewayOnLink=yes\n" : "");
}

char *guest_network_systemd(const GPtrArray *guests, guint *i)
{
	const ProfileNic *nic = ((const GuestAddress *)guests->pdata[*i])->nic;
	GString *text = g_string_new(NULL);
	g_autoptr(GString) routes = g_string_new(NULL);

	g_string_append_printf(text, "[Match]\nMACAddress=%s\n\n[Network]\n", nic->mac);
	for (; *i < guests->len; ++*i) {
		const GuestAddress *guest = guests->pdata[*i];

		if (guest->nic != nic)
			break;
		add_network_lines(text, routes, guest);
	}
	g_string_append(text, routes->str);
	return g_string_free(text, FALSE);
}
