/* SPDX-License-Identifier: MIT */
/*
 * resolve-guest-network: the guest's own addresses, which must be ones that the host can reach, and
 * how it learns them.
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
			g_autofree char *text = NULL, *place = NULL;

			if (!value_same_prefix(
				    host, EACH(other->guest_addresses, j), bits_of(host)))
				continue;
			text = value_host_text(host);
			place = profile_place(profile, &other->section, "guest-address");
			complain(profile, nic, "guest-address", "%s is taken by %s", text, place);
		}
	}
}

/* ---- how the guest learns them ---- */

static gboolean has_seed(const Profile *profile)
{
	return profile->cloud_init->section.source != NULL;
}

/* What an absent guest-setup means. */
static const char *usual_setup(const Profile *profile, const ProfileNic *nic)
{
	if (!nic->guest_addresses || !resolve_is_one_of(nic->type, "tap") || nic->dhcp)
		return "none";
	return has_seed(profile) ? "cloud-init" : profile->boot->kernel ? "kernel" : "none";
}

/* Does a word of the kernel's command line set its own ip=? */
static gboolean has_ip(const char *append)
{
	g_auto(GStrv) words = g_strsplit_set(append ? append : "", " \t\"", -1);

	for (guint i = 0; words[i]; i++)
		if (g_str_has_prefix(words[i], "ip="))
			return TRUE;
	return FALSE;
}

static void check_kernel_setup(Profile *profile, const ProfileNic *nic)
{
	if (!profile->boot->kernel && !resolve_is_given(profile->boot, "kernel"))
		complain(profile, nic, "guest-setup", "kernel needs [boot] kernel = FILE");
	if (has_ip(profile->boot->append)) {
		g_autofree char *place = profile_place(profile, &profile->boot->section, "append");

		complain(profile, nic, "guest-address",
			"%s says ip= already; take it out, or guest-setup = none", place);
	}
	if (!resolve_is_given(nic, "guest-setup"))
		return; /* then it tells what it can */
	for (guint i = 0; i < nic->guest_addresses->len; i++)
		if ((EACH(nic->guest_addresses, i))->family == 6)
			complain(profile, nic, "guest-address",
				"the kernel's ip= knows no IPv6: take guest-setup = cloud-init, systemd "
				"or none");
}

/* The guest's prefix length is that of the subnet. */
static void check_prefix(Profile *profile, const ProfileNic *nic, const ProfileAddress *host)
{
	g_autofree char *text = value_host_text(host);

	for (guint i = 0; nic->addresses && i < nic->addresses->len; i++)
		if ((EACH(nic->addresses, i))->family == host->family)
			return;
	complain(profile, nic, "guest-address",
		"the prefix length of %s is that of address, which has no IPv%u; add one, or take "
		"guest-setup = none",
		text, host->family);
}

static void check_setup(Profile *profile, const ProfileNic *nic)
{
	const char *setup = nic->guest_setup;

	if (!setup || g_str_equal(setup, "none"))
		return;
	if (!nic->guest_addresses) {
		if (!resolve_is_given(nic, "guest-address"))
			complain(
				profile, nic, "guest-setup", "means nothing without guest-address");
		return;
	}
	if (g_str_equal(setup, "kernel"))
		check_kernel_setup(profile, nic);
	else if (g_str_equal(setup, "cloud-init") && !has_seed(profile))
		complain(profile, nic, "guest-setup", "cloud-init needs a section [cloud-init]");
	else if (g_str_equal(setup, "systemd") && profile->vm->arch && !profile_has_smbios(profile))
		complain(profile, nic, "guest-setup",
			"systemd needs a machine with SMBIOS tables: q35 or pc, or virt with UEFI");
	for (guint i = 0; i < nic->guest_addresses->len; i++)
		check_prefix(profile, nic, EACH(nic->guest_addresses, i));
}

/* ---- cloud-init ---- */

/* The VM's name with only what a host name may have. Owned by the caller. */
static char *make_hostname(const char *vm_name)
{
	GString *name = g_string_new(NULL);

	for (; *vm_name && name->len < 63; vm_name++) {
		if (g_ascii_isalnum(*vm_name))
			g_string_append_c(name, *vm_name);
		else if (name->len > 0 && name->str[name->len - 1] != '-')
			g_string_append_c(name, '-');
	}
	if (name->len > 0 && name->str[name->len - 1] == '-')
		g_string_truncate(name, name->len - 1);
	if (name->len == 0)
		g_string_append(name, "vm");
	return g_string_free(name, FALSE);
}

static void complete_cloud_init(Profile *profile)
{
	ProfileCloudInit *cloud_init = profile->cloud_init;
	static const char why[] = "user-data is a file that says it all";

	if (resolve_is_open(cloud_init, hostname, "hostname") && profile->vm->name)
		cloud_init->hostname = make_hostname(profile->vm->name);
	if (!has_seed(profile))
		return;
	if (resolve_is_given(cloud_init, "user-data")) {
		resolve_refuse(profile, &cloud_init->section, "user", why);
		resolve_refuse(profile, &cloud_init->section, "ssh-keys", why);
	}
	g_free(resolve_run_path(profile, &cloud_init->section, PROFILE_SEED));
}

/* ---- dhcp ---- */

/* The NIC's own address in whose subnet @host is; NULL when there is none, or no subnet. */
static const ProfileAddress *find_subnet(const ProfileNic *nic, const ProfileAddress *host)
{
	for (guint i = 0; nic->addresses && i < nic->addresses->len; i++) {
		const ProfileAddress *ours = EACH(nic->addresses, i);

		if (value_same_prefix(host, ours, ours->prefix_len))
			return ours;
	}
	return NULL;
}

/* A server must be in the guest's subnet, and over IPv6 that has one size. */
static void check_given(Profile *profile, const ProfileNic *nic, const ProfileAddress *host)
{
	const ProfileAddress *ours = find_subnet(nic, host);
	g_autofree char *text = value_host_text(host);
	g_autofree char *place = profile_place(profile, &nic->section, "address");
	g_autofree char *given = profile_place(profile, &nic->section, "guest-address");

	if (!ours)
		complain(
			profile, nic, "dhcp", "%s of %s is in no subnet of %s", text, given, place);
	else if (host->family == 6 && ours->prefix_len != 64)
		complain(profile, nic, "dhcp", "%s of %s needs a /64, not the /%u of %s", text,
			given, ours->prefix_len, place);
}

static void check_dhcp(Profile *profile, const ProfileNic *nic)
{
	if (!nic->dhcp)
		return;
	if (!resolve_is_given(nic, "guest-address"))
		complain(profile, nic, "dhcp", "needs guest-address: that is what it gives");
	if (!resolve_is_given(nic, "address"))
		complain(profile, nic, "dhcp", "needs address: the server's own");
	if (!nic->addresses)
		return;
	for (guint i = 0; nic->guest_addresses && i < nic->guest_addresses->len; i++)
		check_given(profile, nic, EACH(nic->guest_addresses, i));
}

/* ---- all ---- */

static void check_nic(Profile *profile, const ProfileNic *nic)
{
	gboolean elsewhere = resolve_is_one_of(nic->type, "bridge macvtap");

	if (resolve_is_one_of(nic->type, "user")) {
		resolve_refuse(profile, &nic->section, "guest-address",
			"type = user gives the guest its address; a tap has ifname or address");
		resolve_refuse(profile, &nic->section, "guest-setup", "only a tap has it");
	}
	if (!resolve_is_one_of(nic->type, "tap bridge macvtap"))
		return; /* or switched off */
	for (guint i = 0; nic->guest_addresses && i < nic->guest_addresses->len; i++) {
		const ProfileAddress *host = EACH(nic->guest_addresses, i);

		check_host(profile, nic, host);
		refuse_taken(profile, nic, host);
	}
	if (resolve_is_one_of(nic->type, "tap"))
		check_dhcp(profile, nic);
	if (!elsewhere)
		check_setup(profile, nic);
	else if (nic->guest_setup && !g_str_equal(nic->guest_setup, "none"))
		complain(profile, nic, "guest-setup",
			"the subnet of a %s is not known here: take none, and DHCP from there",
			g_str_equal(nic->type, "bridge") ? "bridge" : "parent");
}

void resolve_guest_network(Profile *profile)
{
	complete_cloud_init(profile);
	for (guint i = 0; i < profile->nics->len; i++) {
		ProfileNic *nic = profile->nics->pdata[i];

		if (resolve_is_open(nic, guest_setup, "guest-setup"))
			nic->guest_setup = g_strdup(usual_setup(profile, nic));
		check_nic(profile, nic);
	}
}
