/* SPDX-License-Identifier: MIT */
#include "launcher/plan.h"

#include <string.h>
#include <sysexits.h>

#include "launcher/qemu-argv.h"

#define complain(profile, nic, key, ...) \
	profile_problem(profile, &(nic)->section, key, EX_DATAERR, __VA_ARGS__)

/* ---- translate ---- */

static NetAddress translate_address(const ProfileAddress *from)
{
	NetAddress to = { .family = from->family, .prefix_len = from->prefix_len };

	memcpy(to.octets, from->octets, sizeof(to.octets));
	return to;
}

/* The tap before @tap_index, or the same one, that has something to do with @address. */
static int find_overlap(const Plan *plan, guint tap_index, guint n_own, const NetAddress *address)
{
	for (guint i = 0; i < tap_index; i++)
		for (guint j = 0; j < plan->taps[i].n_addresses; j++)
			if (net_address_overlaps(address, &plan->taps[i].addresses[j]))
				return i;
	for (guint j = 0; j < n_own; j++)
		if (net_address_same_host(address, &plan->addresses[tap_index][j]))
			return tap_index;
	return -1;
}

static void add_address(Plan *plan, Profile *profile, const ProfileNic *nic, guint i)
{
	guint at = plan->n_taps;
	NetAddress address = translate_address(&g_array_index(nic->addresses, ProfileAddress, i));
	const char *why = net_address_problem(&address);
	int overlap = find_overlap(plan, at, i, &address);
	char text[NET_ADDRESS_TEXT];

	net_address_print(&address, text);
	if (why)
		complain(profile, nic, "address", "'%s' cannot be the host's address here: %s",
			text, why);
	else if (overlap == (int)at)
		complain(profile, nic, "address", "'%s' stands here twice", text);
	else if (overlap >= 0)
		complain(profile, nic, "address", "'%s' overlaps the subnet of [nic \"%s\"]", text,
			plan->nics[overlap]->section.id);
	plan->addresses[at][i] = address;
}

static void add_tap(Plan *plan, Profile *profile, const ProfileNic *nic)
{
	guint at = plan->n_taps, n_addresses = nic->addresses ? nic->addresses->len : 0;
	const char *why = net_ifname_problem(nic->ifname);

	if (at == NET_TAPS_MAX) {
		complain(profile, nic, NULL, "a VM can have %d taps, not more", NET_TAPS_MAX);
		return;
	}
	if (why)
		complain(profile, nic, "ifname", "'%s': %s", nic->ifname, why);
	if (n_addresses > NET_ADDRESSES_MAX) {
		complain(profile, nic, "address", "a tap can have %d addresses, not %u",
			NET_ADDRESSES_MAX, n_addresses);
		n_addresses = NET_ADDRESSES_MAX;
	}
	for (guint i = 0; i < n_addresses; i++)
		add_address(plan, profile, nic, i);
	plan->taps[at].ifname = nic->ifname;
	plan->taps[at].addresses = plan->addresses[at];
	plan->taps[at].n_addresses = n_addresses;
	plan->nics[at] = nic;
	plan->n_taps++;
}

Plan *plan_build(Profile *profile)
{
	Plan *plan = g_new0(Plan, 1);

	plan->changes = g_array_new(FALSE, FALSE, sizeof(Change));
	for (guint i = 0; i < profile->nics->len; i++) {
		const ProfileNic *nic = profile->nics->pdata[i];

		if (g_strcmp0(nic->type, "tap") == 0 && nic->ifname)
			add_tap(plan, profile, nic);
	}
	return plan;
}

void plan_free(Plan *plan)
{
	if (!plan)
		return;
	g_array_unref(plan->changes);
	provisions_free(plan->provisions);
	g_free(plan);
}

/* ---- compare with the host ---- */

static void add_change(Plan *plan, ChangeKind kind, const NetTap *tap, const NetAddress *address)
{
	Change change = { .kind = kind, .tap = tap, .address = address };

	g_array_append_val(plan->changes, change);
}

static void list_changes(Plan *plan, const NetTap *tap)
{
	add_change(plan, CHANGE_CREATE, tap, NULL);
	add_change(plan, CHANGE_SETTINGS, tap, NULL);
	for (guint i = 0; i < tap->n_addresses; i++)
		add_change(plan, CHANGE_ADDRESS, tap, &tap->addresses[i]);
	add_change(plan, CHANGE_UP, tap, NULL);
}

static void prefix_place(
	GError **error, const Profile *profile, const ProfileNic *nic, const char *key)
{
	g_autofree char *place = profile_place(profile, &nic->section, key);

	g_prefix_error(error, "%s: ", place);
}

gboolean plan_observe(Plan *plan, Profile *profile, GError **error)
{
	for (guint i = 0; i < plan->n_taps; i++) {
		if (!net_observe(&plan->taps[i], &plan->ready[i], error)) {
			prefix_place(error, profile, plan->nics[i], "ifname");
			return FALSE;
		}
		if (!plan->ready[i])
			list_changes(plan, &plan->taps[i]);
	}
	plan->provisions = provisions_find(profile, error);
	return plan->provisions != NULL;
}

/* ---- act ---- */

NetLease *plan_acquire(Plan *plan, const Profile *profile, NetHelper **helper, GError **error)
{
	NetSubject subject;
	g_autoptr(NetLease) lease = net_acquire(
		plan->taps, plan->ready, plan->n_taps, profile->vm->name, helper, &subject, error);

	if (!lease && subject.tap >= 0)
		prefix_place(error, profile, plan->nics[subject.tap],
			subject.address >= 0 ? "address" : "ifname");
	if (!lease || !provisions_make(plan->provisions, profile, error))
		return NULL;
	return g_steal_pointer(&lease);
}

GStrv plan_argv(const Plan *plan, const Profile *profile, const NetLease *lease, const GStrv extra)
{
	gboolean has_tpm = g_str_equal(profile->tpm->type, "emulator");
	const Backend *companions = plan->provisions->backends;
	Backend taps[NET_TAPS_MAX];
	Backends backends = {
		.taps = taps,
		.shares = companions + has_tpm, /* as companions_list has them */
		.firmware = plan->provisions->firmware,
	};

	if (has_tpm)
		backends.tpm = companions[0];
	for (guint i = 0; i < plan->n_taps; i++) {
		taps[i].name = plan->taps[i].ifname;
		taps[i].fd = lease ? net_lease_fd(lease, i) : -1;
	}
	return qemu_argv_build(profile, &backends, extra);
}

gboolean plan_hand_over(const Plan *plan, const NetLease *lease, GError **error)
{
	g_autoptr(GArray) fds = g_array_new(FALSE, FALSE, sizeof(int));

	provisions_list_fds(plan->provisions, fds);
	return net_lease_hand_over(lease, (const int *)fds->data, fds->len, error);
}
