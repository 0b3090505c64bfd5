/* SPDX-License-Identifier: MIT */
#include "profiles/resolve-parts.h"

#include <string.h>
#include <sysexits.h>

#include "profiles/sections.h"

/*
 * 52:54:00 is QEMU's and libvirt's prefix; the rest is a hash, so that a guest keeps its MAC and
 * two guests on one wire differ. QEMU's own default, ...:12:34:56, is the one that must not come
 * out.
 */
static char *stable_mac(const char *vm_name, const char *nic_id)
{
	g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
	guint8 digest[32];
	gsize len = sizeof(digest);

	g_checksum_update(checksum, (const guchar *)vm_name, strlen(vm_name) + 1);
	g_checksum_update(checksum, (const guchar *)nic_id, strlen(nic_id));
	g_checksum_get_digest(checksum, digest, &len);
	if (digest[0] == 0x12 && digest[1] == 0x34 && digest[2] == 0x56)
		digest[2]++;
	return g_strdup_printf("52:54:00:%02x:%02x:%02x", digest[0], digest[1], digest[2]);
}

/* tw-myvm; when that is too long or not the only tap, tw-myvm-1a2b3: at most 15 bytes. */
static char *stable_ifname(const char *vm_name, const char *nic_id, gboolean only_tap)
{
	g_autofree char *stem = g_strdup(vm_name);
	g_autofree char *hash = NULL;
	g_autofree char *both = g_strdup_printf("%s/%s", vm_name, nic_id);

	for (char *c = stem; *c; c++)
		if (!g_ascii_isalnum(*c))
			*c = '-';
	if (only_tap && strlen(stem) <= 12)
		return g_strconcat("tw-", stem, NULL);
	hash = g_compute_checksum_for_string(G_CHECKSUM_SHA256, both, -1);
	return g_strdup_printf("tw-%.6s-%.5s", stem, hash);
}

static void check_nic(Profile *profile, const ProfileNic *nic)
{
	gboolean tap = g_str_equal(nic->type, "tap");

	if (g_str_equal(nic->type, "none"))
		return; /* switched off: the other keys may wait for better days */
	if (tap && resolve_is_given(nic, "hostfwd"))
		complain(profile, nic, "hostfwd",
			"there is no port forwarding on a tap: the guest is reached at its own address");
	if (!tap && resolve_is_given(nic, "ifname"))
		complain(profile, nic, "ifname", "only type = tap has an interface on the host");
	if (!tap && resolve_is_given(nic, "address"))
		complain(profile, nic, "address", "only type = tap has an address on the host");
}

static gboolean is_tap(const ProfileNic *nic)
{
	return g_strcmp0(nic->type, "tap") == 0;
}

static void complete_nics(Profile *profile)
{
	guint taps = 0;

	if (profile->nics->len == 0) /* what that is to QEMU: one NIC in user mode */
		sections_add_default(profile, "nic");
	for (guint i = 0; i < profile->nics->len; i++) {
		ProfileNic *nic = profile->nics->pdata[i];
		gboolean tap = resolve_is_given(nic, "ifname") || resolve_is_given(nic, "address");

		if (!nic->type && !resolve_is_given(nic, "type"))
			nic->type = g_strdup(tap ? "tap" : "user");
		if (nic->type)
			check_nic(profile, nic);
		taps += is_tap(nic);
	}
	for (guint i = 0; i < profile->nics->len && profile->vm->name; i++) {
		ProfileNic *nic = profile->nics->pdata[i];

		if (!nic->mac && !resolve_is_given(nic, "mac"))
			nic->mac = stable_mac(profile->vm->name, nic->section.id);
		if (is_tap(nic) && !nic->ifname && !resolve_is_given(nic, "ifname"))
			nic->ifname = stable_ifname(profile->vm->name, nic->section.id, taps == 1);
	}
}

static void refuse_twice(Profile *profile, const char *key, size_t offset)
{
	for (guint i = 1; i < profile->nics->len; i++) {
		const ProfileSection *nic = profile->nics->pdata[i];
		const char *value = G_STRUCT_MEMBER(char *, nic, offset);

		for (guint j = 0; j < i; j++) {
			const ProfileSection *other = profile->nics->pdata[j];

			if (value && g_strcmp0(value, G_STRUCT_MEMBER(char *, other, offset)) == 0)
				profile_problem(profile, nic, key, EX_DATAERR,
					"%s is taken by [nic \"%s\"]", value, other->id);
		}
	}
}

void resolve_network(Profile *profile)
{
	complete_nics(profile);
	refuse_twice(profile, "ifname", offsetof(ProfileNic, ifname));
	refuse_twice(profile, "mac", offsetof(ProfileNic, mac));
}
