/* SPDX-License-Identifier: MIT */
#include "launcher/plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "launcher/qemu-argv.h"
#include "launcher/run-directory.h"

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

static void complain_of_overlap(
	Profile *profile, const ProfileNic *nic, const char *address, const ProfileNic *other)
{
	g_autofree char *place = profile_place(profile, &other->section, "address");

	complain(profile, nic, "address", "'%s' overlaps the subnet of %s", address, place);
}

static void add_address(Plan *plan, Profile *profile, const ProfileNic *nic, guint i)
{
	guint at = plan->n_taps;
	NetAddress address = translate_address(&g_array_index(nic->addresses, ProfileAddress, i));
	const char *why = net_address_problem(&address, &plan->taps[at].peers[address.family == 6]);
	int overlap = find_overlap(plan, at, i, &address);
	char text[NET_ADDRESS_TEXT];

	net_address_print(&address, text);
	if (why)
		complain(profile, nic, "address", "'%s' cannot be the host's address here: %s",
			text, why);
	else if (overlap == (int)at)
		complain(profile, nic, "address", "'%s' stands here twice", text);
	else if (overlap >= 0)
		complain_of_overlap(profile, nic, text, plan->nics[overlap]);
	plan->addresses[at][i] = address;
}

static gboolean has_family(const NetTap *tap, guint8 family)
{
	for (guint i = 0; i < tap->n_addresses; i++)
		if (tap->addresses[i].family == family)
			return TRUE;
	return FALSE;
}

/* How many of @list, which may be NULL, are taken: at most @max. */
static guint count(
	Profile *profile, const ProfileNic *nic, const char *key, const GArray *list, guint max)
{
	guint n = list ? list->len : 0;

	if (n > max)
		complain(profile, nic, key, "a tap can have %u of them, not %u", max, n);
	return MIN(n, max);
}

static void add_addresses(Plan *plan, Profile *profile, const ProfileNic *nic, NetTap *tap)
{
	tap->n_addresses = count(profile, nic, "address", nic->addresses, NET_ADDRESSES_MAX);
	for (guint i = 0; nic->peers && i < nic->peers->len; i++) {
		NetAddress peer = translate_address(&g_array_index(nic->peers, ProfileAddress, i));

		tap->peers[peer.family == 6] = peer;
	}
	for (guint i = 0; i < tap->n_addresses; i++)
		add_address(plan, profile, nic, i);
	for (guint i = 0; i < 2; i++)
		if (tap->peers[i].family && !has_family(tap, tap->peers[i].family))
			complain(profile, nic, "peer", "there is no IPv%d address of the host's",
				tap->peers[i].family);
}

static void add_route(Plan *plan, Profile *profile, const ProfileNic *nic, NetTap *tap, guint i)
{
	const ProfileRoute *from = &g_array_index(nic->routes, ProfileRoute, i);
	NetRoute *route = &plan->routes[plan->n_taps][i];
	const char *why;
	char text[NET_ADDRESS_TEXT];

	route->to = translate_address(&from->to);
	route->via = translate_address(&from->via);
	net_address_print(&route->to, text);
	why = net_route_problem(route);
	if (why)
		complain(profile, nic, "route", "'%s' cannot be behind the guest: %s", text, why);
	else if (!has_family(tap, route->to.family))
		complain(profile, nic, "route", "'%s' needs an IPv%d address on the tap", text,
			route->to.family);
}

static void add_dhcp(const ProfileNic *nic, NetTap *tap)
{
	guint8 *mac = tap->guest_mac;

	tap->dhcp = nic->dhcp && nic->mac &&
		    sscanf(nic->mac, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx", &mac[0], &mac[1],
			    &mac[2], &mac[3], &mac[4], &mac[5]) == 6;
	for (guint i = 0; nic->guest_addresses && i < nic->guest_addresses->len; i++) {
		NetAddress guest = translate_address(
			&g_array_index(nic->guest_addresses, ProfileAddress, i));

		tap->guests[guest.family == 6] = guest;
	}
}

/* @ifname, which may be NULL: an interface that is not ours. */
static void check_link(Profile *profile, const ProfileNic *nic, const char *key, const char *ifname)
{
	const char *why = ifname ? net_link_problem(ifname) : NULL;

	if (why)
		complain(profile, nic, key, "'%s': %s", ifname, why);
}

static NetMacvtapMode translate_mode(const char *word)
{
	return g_str_equal(word, "vepa")       ? NET_MACVTAP_VEPA
	       : g_str_equal(word, "private")  ? NET_MACVTAP_PRIVATE
	       : g_str_equal(word, "passthru") ? NET_MACVTAP_PASSTHRU
					       : NET_MACVTAP_BRIDGE;
}

/* The host's end lets only the guest's own MAC address pass. */
static void add_macvtap(Plan *plan, const ProfileNic *nic, NetTap *tap)
{
	g_auto(GStrv) octets = g_strsplit(nic->mac ? nic->mac : "", ":", -1);

	tap->parent = nic->parent;
	tap->mode = nic->mode ? translate_mode(nic->mode) : NET_MACVTAP_BRIDGE;
	for (guint i = 0; i < G_N_ELEMENTS(tap->mac) && octets[i]; i++)
		tap->mac[i] = strtoul(octets[i], NULL, 16);
	for (guint i = 0; i < tap->n_queues; i++)
		plan->script_fds[plan->n_taps][i] = PLAN_SCRIPT_FD + plan->n_script_fds++;
}

static void add_tap(Plan *plan, Profile *profile, const ProfileNic *nic)
{
	guint at = plan->n_taps;
	const char *why = net_ifname_problem(nic->ifname);
	NetTap *tap = &plan->taps[at];

	if (at == NET_TAPS_MAX) {
		complain(profile, nic, NULL, "a VM can have %d taps, not more", NET_TAPS_MAX);
		return;
	}
	if (why)
		complain(profile, nic, "ifname", "'%s': %s", nic->ifname, why);
	check_link(profile, nic, "br", nic->br);
	check_link(profile, nic, "parent", nic->parent);
	tap->ifname = nic->ifname;
	tap->addresses = plan->addresses[at];
	tap->routes = plan->routes[at];
	tap->bridge = nic->br;
	tap->mtu = nic->mtu ? atoi(nic->mtu) : 0;
	tap->persist = nic->persist;
	tap->unmanaged = !nic->managed;
	tap->n_queues = nic->queues ? atoi(nic->queues) : 1;
	tap->vhost = nic->vhost;
	if (nic->parent)
		add_macvtap(plan, nic, tap);
	add_addresses(plan, profile, nic, tap);
	tap->n_routes = count(profile, nic, "route", nic->routes, NET_ROUTES_MAX);
	for (guint i = 0; i < tap->n_routes; i++)
		add_route(plan, profile, nic, tap, i);
	if (nic->nat && !g_str_equal(nic->nat, "off"))
		tap->nat = g_str_equal(nic->nat, "on") ? "" : nic->nat;
	check_link(profile, nic, "nat", tap->nat && *tap->nat ? tap->nat : NULL);
	if (tap->nat && tap->n_addresses == 0)
		complain(profile, nic, "nat", "needs address: it is the guest's gateway");
	if (tap->mtu && tap->mtu < 1280 && has_family(tap, 6))
		complain(profile, nic, "mtu", "IPv6 needs 1280 at least");
	if (nic->dhcp)
		add_dhcp(nic, tap);
	plan->nics[at] = nic;
	plan->n_taps++;
}

gboolean plan_is_tap(const ProfileNic *nic)
{
	return nic->type && (g_str_equal(nic->type, "tap") || g_str_equal(nic->type, "bridge") ||
				    g_str_equal(nic->type, "macvtap"));
}

Plan *plan_build(Profile *profile)
{
	Plan *plan = g_new0(Plan, 1);

	plan->changes = g_array_new(FALSE, FALSE, sizeof(Change));
	for (guint i = 0; i < profile->nics->len; i++) {
		const ProfileNic *nic = profile->nics->pdata[i];

		if (plan_is_tap(nic) && nic->ifname)
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

static Change *add_change(Plan *plan, ChangeKind kind, const NetTap *tap)
{
	Change change = { .kind = kind, .tap = tap };

	g_array_append_val(plan->changes, change);
	return &g_array_index(plan->changes, Change, plan->changes->len - 1);
}

static void list_changes(Plan *plan, const NetTap *tap)
{
	add_change(plan, CHANGE_CREATE, tap);
	add_change(plan, CHANGE_SETTINGS, tap);
	if (tap->mtu)
		add_change(plan, CHANGE_MTU, tap);
	if (tap->bridge)
		add_change(plan, CHANGE_BRIDGE, tap);
	for (guint i = 0; i < tap->n_addresses; i++)
		add_change(plan, CHANGE_ADDRESS, tap)->address = &tap->addresses[i];
	add_change(plan, CHANGE_UP, tap);
	for (guint i = 0; i < tap->n_routes; i++)
		add_change(plan, CHANGE_ROUTE, tap)->route = &tap->routes[i];
	if (tap->parent)
		add_change(plan, CHANGE_OPEN, tap);
}

/* What a tap that is there lacks. */
static gboolean list_lack(Plan *plan, const NetTap *tap, GError **error)
{
	NetLack lack;

	if (!net_lack(tap, &lack, error))
		return FALSE;
	if (lack.mtu)
		add_change(plan, CHANGE_MTU, tap)->old_mtu = lack.mtu;
	if (lack.up)
		add_change(plan, CHANGE_UP, tap);
	for (guint i = 0; i < tap->n_addresses; i++)
		if (lack.addresses[i])
			add_change(plan, CHANGE_ADDRESS, tap)->address = &tap->addresses[i];
	for (guint i = 0; i < tap->n_routes; i++)
		if (lack.routes[i])
			add_change(plan, CHANGE_ROUTE, tap)->route = &tap->routes[i];
	return TRUE;
}

/* The keys of a NIC as a profile has them. */
char *plan_place(const Plan *plan, const Profile *profile, const NetSubject *subject)
{
	static const char *const keys[NET_KEYS] = {
		[NET_KEY_IFNAME] = "ifname",
		[NET_KEY_ADDRESS] = "address",
		[NET_KEY_PEER] = "peer",
		[NET_KEY_ROUTE] = "route",
		[NET_KEY_BR] = "br",
		[NET_KEY_NAT] = "nat",
		[NET_KEY_DHCP] = "dhcp",
		[NET_KEY_MTU] = "mtu",
		[NET_KEY_PERSIST] = "persist",
		[NET_KEY_QUEUES] = "queues",
		[NET_KEY_VHOST] = "vhost",
		[NET_KEY_PARENT] = "parent",
		[NET_KEY_MODE] = "mode",
		[NET_KEY_MAC] = "mac",
	};

	return profile_place(profile, &plan->nics[subject->tap]->section, keys[subject->key]);
}

static void prefix_place(
	GError **error, const Plan *plan, const Profile *profile, const NetSubject *subject)
{
	g_autofree char *place = plan_place(plan, profile, subject);

	g_prefix_error(error, "%s: ", place);
}

gboolean plan_observe(Plan *plan, Profile *profile, GError **error)
{
	g_autofree char *run = places_find_run(profile->vm->name);
	NetSubject subject;

	/* Better said than that its tap is in use. */
	if (run && !run_directory_is_free(run, profile, error))
		return FALSE;
	for (guint i = 0; i < plan->n_taps; i++) {
		NetTap *tap = &plan->taps[i];

		if (!net_observe(tap, &tap->state, &subject, error)) {
			subject.tap = i;
			prefix_place(error, plan, profile, &subject);
			return FALSE;
		}
		if (tap->state == NET_TAP_MISSING)
			list_changes(plan, tap);
		else if (tap->state == NET_TAP_INCOMPLETE && !list_lack(plan, tap, error))
			return FALSE;
	}
	for (guint i = 0; i < plan->n_taps; i++)
		if (plan->taps[i].dhcp)
			add_change(plan, CHANGE_DHCP, &plan->taps[i]);
	plan->provisions = provisions_find(profile, error);
	return plan->provisions != NULL;
}

/* ---- act ---- */

NetWish plan_wish(const Plan *plan, const Profile *profile, gboolean force)
{
	return (NetWish){
		.taps = plan->taps,
		.n_taps = plan->n_taps,
		.label = profile->vm->name,
		.force = force,
	};
}

/* Each may be NULL. */
static char *join_lines(const char *first, const char *second)
{
	return first && second ? g_strjoin("\n", first, second, NULL)
			       : g_strdup(first ? first : second);
}

NetLease *plan_acquire(Plan *plan, const Profile *profile, const NetWish *wish,
	const GStrv qemu_args, NetHelper **helper, char **ret_warning, GError **error)
{
	g_autofree char *unknown = NULL, *of_network = NULL;
	g_autoptr(NetLease) lease = NULL;
	NetSubject subject = { .tap = -1 };

	*ret_warning = NULL;
	if (!provisions_enter(plan->provisions, profile, &unknown, error))
		return NULL;
	lease = net_acquire(wish, helper, &of_network, &subject, error);
	*ret_warning = join_lines(unknown, of_network);
	if (!lease && subject.tap >= 0)
		prefix_place(error, plan, profile, &subject);
	if (!lease || !provisions_make(plan->provisions, profile, qemu_args, error))
		return NULL;
	return g_steal_pointer(&lease);
}

GStrv plan_argv(const Plan *plan, const Profile *profile, const NetLease *lease, const GStrv extra)
{
	const Provisions *provisions = plan->provisions;
	Backend taps[NET_TAPS_MAX];
	Backends backends = {
		.taps = taps,
		.shares = provisions_backends(provisions, COMPANION_VIRTIOFSD),
		.passts = provisions_backends(provisions, COMPANION_PASST),
		.tpm = *provisions_backends(provisions, COMPANION_SWTPM),
		.links = provisions->links,
		.control = provisions->control,
		.firmware = provisions->firmware,
	};

	for (guint i = 0; i < plan->n_taps; i++) {
		taps[i] = (Backend){ .fd = -1, .name = plan->taps[i].ifname };
		if (!lease) {
			taps[i].fds = plan->taps[i].parent ? plan->script_fds[i] : NULL;
			continue;
		}
		taps[i].fds = net_lease_fds(lease, i);
		taps[i].vhosts = net_lease_vhost_fds(lease, i);
	}
	return qemu_argv_build(profile, &backends, extra);
}

gboolean plan_hand_over(const Plan *plan, const NetLease *lease, GError **error)
{
	g_autoptr(GArray) fds = g_array_new(FALSE, FALSE, sizeof(int));

	provisions_list_fds(plan->provisions, fds);
	return net_lease_hand_over(lease, (const int *)fds->data, fds->len, error);
}
