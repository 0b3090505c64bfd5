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

#define WIRES "stream dgram socket"

/* Which types a key means something to, and what to say otherwise. */
static const struct {
	const char *key;
	const char *types;
	const char *why;
} homes[] = {
	{ "ifname", "tap bridge macvtap", "only a tap has an interface on the host" },
	{ "address", "tap", "only type = tap has an address on the host" },
	{ "peer", "tap", "only type = tap has an address on the host" },
	{ "route", "tap", "only type = tap has routes" },
	{ "nat", "tap", "only type = tap has NAT of ours" },
	{ "dhcp", "tap", "only type = tap has a DHCP server of ours" },
	{ "br", "bridge", "only type = bridge is a port of a bridge" },
	{ "parent", "macvtap", "only type = macvtap is on an interface of the host" },
	{ "mode", "macvtap", "only type = macvtap has modes" },
	{ "mtu", "tap bridge macvtap", "only a tap has an MTU" },
	{ "persist", "tap bridge", "only a tap can stay" },
	{ "managed", "tap", "only type = tap has an interface that others can manage" },
	{ "queues", "tap bridge macvtap", "only a tap has queues" },
	{ "vhost", "tap bridge macvtap", "only a tap can be served by the kernel" },
	{ "hostfwd", "user passt",
		"only user and passt forward ports: on a tap the guest is reached at its own address" },
	{ "listen", WIRES, "only the types stream, dgram and socket have it" },
	{ "connect", WIRES, "only the types stream, dgram and socket have it" },
};

/* It knows one guest, and a port of the host once, whatever the address. */
static void check_passt(Profile *profile, const ProfileNic *nic)
{
	g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	for (guint i = 0; nic->hostfwd && nic->hostfwd[i]; i++) {
		/* tcp:127.0.0.1:2222-10.0.2.15:22 */
		g_auto(GStrv) parts = g_strsplit_set(nic->hostfwd[i], ":-", -1);

		if (*parts[3])
			complain(profile, nic, "hostfwd",
				"'%s': passt has one guest, and no address for it here: "
				"%s:%s:%s-:%s",
				nic->hostfwd[i], parts[0], parts[1], parts[2], parts[4]);
		if (!g_hash_table_add(seen, g_strconcat(parts[0], " ", parts[2], NULL)))
			complain(profile, nic, "hostfwd",
				"'%s': passt forwards a port once, and %s port %s stands here twice",
				nic->hostfwd[i], parts[0], parts[2]);
	}
}

/* With the key that makes the NIC what it is, if there is one. */
static void refuse_homeless(
	Profile *profile, const ProfileNic *nic, const char *key, const char *why)
{
	static const char *const deciding[] = { "type", "br", "parent", "ifname", "address" };

	for (guint i = 0; i < G_N_ELEMENTS(deciding); i++) {
		if (!resolve_is_given(nic, deciding[i]))
			continue;
		resolve_refuse_both(profile, &nic->section, key, deciding[i], why);
		return;
	}
	resolve_refuse(profile, &nic->section, key, why);
}

static void check_nic(Profile *profile, const ProfileNic *nic)
{
	if (g_str_equal(nic->type, "none"))
		return; /* switched off: the other keys may wait for better days */
	for (guint i = 0; i < G_N_ELEMENTS(homes); i++)
		if (!resolve_is_one_of(nic->type, homes[i].types))
			refuse_homeless(profile, nic, homes[i].key, homes[i].why);
	if (g_str_equal(nic->type, "bridge"))
		resolve_require(profile, &nic->section, "br", "BRIDGE");
	if (resolve_is_one_of(nic->type, WIRES))
		resolve_wire(profile, nic);
	if (g_str_equal(nic->type, "passt"))
		check_passt(profile, nic);
	if (g_str_equal(nic->type, "macvtap"))
		resolve_require(profile, &nic->section, "parent", "INTERFACE");
}

/* A port of a bridge has no address of its own; that is told better than by the type. */
static gboolean check_bridge_keys(Profile *profile, const ProfileNic *nic)
{
	static const char *const keys[] = { "address", "peer", "route", "nat", "dhcp" };
	guint before = problems_count(profile->problems);

	for (guint i = 0; i < G_N_ELEMENTS(keys); i++)
		resolve_refuse_both(profile, &nic->section, "br", keys[i],
			"a port of a bridge has neither: the bridge has");
	return problems_count(profile->problems) == before;
}

/* Where nothing is touched, nothing can be asked for; address says what is there. */
static void check_unmanaged(Profile *profile, const ProfileNic *nic)
{
	static const char *const keys[] = { "peer", "route", "nat", "mtu" };

	if (nic->persist)
		resolve_refuse_both(profile, &nic->section, "persist", "managed",
			"a tap that others manage is not ours to keep");
	if (nic->dhcp)
		resolve_refuse_both(profile, &nic->section, "dhcp", "managed",
			"a tap that others manage has a DHCP server of theirs, or none");
	for (guint i = 0; i < G_N_ELEMENTS(keys); i++)
		resolve_refuse_both(profile, &nic->section, keys[i], "managed",
			"a tap that others manage is used as it is");
}

/* @key asks for what other cards do not have. */
static void require_virtio(Profile *profile, const ProfileNic *nic, const char *key)
{
	if (!nic->model || g_str_has_prefix(nic->model, "virtio-net"))
		return;
	if (resolve_is_given(nic, "model"))
		resolve_refuse_both(profile, &nic->section, key, "model",
			"only virtio-net cards can, like virtio-net-pci");
	else
		complain(profile, nic, key, "needs model = virtio-net-pci");
}

static void check_virtio_keys(Profile *profile, const ProfileNic *nic)
{
	if (nic->queues && !g_str_equal(nic->queues, "1"))
		require_virtio(profile, nic, "queues");
	if (nic->vhost)
		require_virtio(profile, nic, "vhost");
}

static gboolean is_tap(const ProfileNic *nic)
{
	return resolve_is_one_of(nic->type, "tap bridge macvtap");
}

static const char *default_type(const ProfileNic *nic)
{
	if (resolve_is_given(nic, "br"))
		return "bridge";
	if (resolve_is_given(nic, "parent"))
		return "macvtap";
	return resolve_is_given(nic, "ifname") || resolve_is_given(nic, "address") ? "tap" : "user";
}

/* Of @list, which may be NULL, the first of that family; NULL when there is none. */
static const ProfileAddress *find_family(const GArray *list, guint8 family)
{
	for (guint i = 0; list && i < list->len; i++)
		if (g_array_index(list, ProfileAddress, i).family == family)
			return &g_array_index(list, ProfileAddress, i);
	return NULL;
}

/* Of /32 and /128 the guest is the other end; it is there that routes lead, too. */
static void complete_peers(ProfileNic *nic)
{
	for (guint i = 0; nic->addresses && i < nic->addresses->len; i++) {
		const ProfileAddress *own = &g_array_index(nic->addresses, ProfileAddress, i);
		const ProfileAddress *guest = find_family(nic->guest_addresses, own->family);

		if (!guest || own->prefix_len != (own->family == 4 ? 32 : 128) ||
			find_family(nic->peers, own->family))
			continue;
		if (!nic->peers)
			nic->peers = g_array_new(FALSE, TRUE, sizeof(ProfileAddress));
		g_array_append_val(nic->peers, *guest);
	}
}

static void complete_routes(Profile *profile, ProfileNic *nic)
{
	for (guint i = 0; nic->routes && i < nic->routes->len; i++) {
		ProfileRoute *route = &g_array_index(nic->routes, ProfileRoute, i);
		const ProfileAddress *via = find_family(nic->guest_addresses, route->to.family);

		if (!via)
			via = find_family(nic->peers, route->to.family);
		if (!route->via.family && via)
			route->via = *via;
		if (!route->via.family)
			complain(profile, nic, "route",
				"needs guest-address, or NETWORK via ADDRESS: the guest is to be the "
				"next hop");
	}
}

/* passt up to 2023 drops the short frames that the driver of an e1000 fills up. */
static const char *default_model(const ProfileNic *nic)
{
	return g_strcmp0(nic->type, "passt") == 0 ? "virtio-net-pci" : "e1000";
}

static void complete_nics(Profile *profile)
{
	guint taps = 0;

	if (profile->nics->len == 0) /* what that is to QEMU: one NIC in user mode */
		sections_add_default(profile, "nic");
	for (guint i = 0; i < profile->nics->len; i++) {
		ProfileNic *nic = profile->nics->pdata[i];

		if (!nic->type && !resolve_is_given(nic, "type"))
			nic->type = g_strdup(default_type(nic));
		if (resolve_is_open(nic, model, "model"))
			nic->model = g_strdup(default_model(nic));
		if (nic->type && check_bridge_keys(profile, nic))
			check_nic(profile, nic);
		if (resolve_is_one_of(nic->type, "tap bridge") && !nic->managed)
			check_unmanaged(profile, nic);
		if (is_tap(nic)) {
			check_virtio_keys(profile, nic);
			complete_peers(nic);
			complete_routes(profile, nic);
		}
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

			g_autofree char *place = NULL;

			if (!value || g_strcmp0(value, G_STRUCT_MEMBER(char *, other, offset)) != 0)
				continue;
			place = profile_place(profile, other, key);
			profile_problem(
				profile, nic, key, EX_DATAERR, "%s is taken by %s", value, place);
		}
	}
}

void resolve_network(Profile *profile)
{
	complete_nics(profile);
	refuse_twice(profile, "ifname", offsetof(ProfileNic, ifname));
	refuse_twice(profile, "mac", offsetof(ProfileNic, mac));
}
