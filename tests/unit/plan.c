/* SPDX-License-Identifier: MIT */
/*
 * plan and dry-run: what a profile asks of the host, what no host can do, and the script that
 * would do it by hand. None of it looks at the host's interfaces: the changes are filled in here.
 */
#include "launcher/plan.h"

#include <string.h>
#include <sysexits.h>

#include "launcher/dry-run.h"
#include "tests/unit/lines.h"
#include "tests/unit/scratch.h"

typedef struct {
	const char *name;
	const char *profile;
	const char *expected;
} Row;

static Profile *load(const char *text)
{
	g_autoptr(GError) error = NULL;
	Profile *profile;

	scratch_write("vm.ini", text, -1);
	profile = profile_load("vm.ini", NULL, &error);
	g_assert_no_error(error);
	return profile;
}

static void assert_sound(Profile *profile)
{
	g_autoptr(GError) error = NULL;

	profile_verdict(profile, &error);
	g_assert_no_error(error);
}

#define EIGHT_TAPS                     \
	"[nic \"1\"]\nifname = tap1\n" \
	"[nic \"2\"]\nifname = tap2\n" \
	"[nic \"3\"]\nifname = tap3\n" \
	"[nic \"4\"]\nifname = tap4\n" \
	"[nic \"5\"]\nifname = tap5\n" \
	"[nic \"6\"]\nifname = tap6\n" \
	"[nic \"7\"]\nifname = tap7\n" \
	"[nic \"8\"]\nifname = tap8\n"
#define EIGHT_ADDRESSES                                                                        \
	"10.0.1.1/24 10.0.2.1/24 10.0.3.1/24 10.0.4.1/24 10.0.5.1/24 10.0.6.1/24 10.0.7.1/24 " \
	"10.0.8.1/24"

/* ---- plans that can be made: expected is what print_plan makes of them ---- */

static const Row sound[] = {
	{ "no-nic", "[vm]\n", "" },
	{ "user", "[nic]\ntype = user\n", "" },
	{ "switched-off", "[nic]\ntype = none\nifname = eth0\naddress = 127.0.0.1/8\n", "" },
	{ "one-tap", "[nic \"lan\"]\nifname = tap0\naddress = 192.168.50.1/24\n",
		"lan: tap0 192.168.50.1/24\n" },
	{ "bare-nic", "[nic]\nifname = tap0\n", "0: tap0\n" },
	{ "ifname-from-vm", "[nic]\naddress = 10.0.0.1/30\n", "0: tw-vm 10.0.0.1/30\n" },
	{ "ifname-from-name", "[vm]\nname = my vm.1\n[nic]\ntype = tap\n", "0: tw-my-vm-1\n" },
	{ "ifname-longest", "[vm]\nname = twelve-bytes\n[nic]\ntype = tap\n",
		"0: tw-twelve-bytes\n" },
	{ "ifname-cut", "[vm]\nname = thirteen-byte\n[nic]\ntype = tap\n", "0: tw-thirte-8dc7b\n" },
	{ "ifnames-for-two", "[nic \"a\"]\ntype = tap\n[nic \"b\"]\ntype = tap\n",
		"a: tw-vm-a5e81\nb: tw-vm-8a1a9\n" },
	{ "bridge", "[nic]\nifname = tap0\nbr = br0\nmtu = 9000\n", "0: tap0 br br0 mtu 9000\n" },
	{ "point-to-point",
		"[nic]\nifname = tap0\naddress = 10.0.0.1/32, fd00::1/128\npeer = fd00::2, 10.0.0.2\n",
		"0: tap0 10.0.0.1/32 fd00::1/128 peer 10.0.0.2/32 peer fd00::2/128\n" },
	{ "peer-is-the-guest",
		"[nic]\nifname = tap0\naddress = 10.0.0.1/32\nguest-address = 10.0.0.2\n",
		"0: tap0 10.0.0.1/32 peer 10.0.0.2/32\n" },
	{ "routes",
		"[nic]\nifname = tap0\naddress = 10.0.0.1/24, fd00::1/64\nguest-address = 10.0.0.2\n"
		"route = 198.51.100.0/24, 203.0.113.0/24 via 10.0.0.3, fd01::/48 via fd00::2\n",
		"0: tap0 10.0.0.1/24 fd00::1/64 route 198.51.100.0/24 via 10.0.0.2/32 "
		"route 203.0.113.0/24 via 10.0.0.3/32 route fd01::/48 via fd00::2/128\n" },
	{ "route-through-the-peer",
		"[nic]\nifname = tap0\naddress = 10.0.0.1/32\npeer = 10.0.0.2\nroute = 198.51.100.0/24\n",
		"0: tap0 10.0.0.1/32 peer 10.0.0.2/32 route 198.51.100.0/24 via 10.0.0.2/32\n" },
	{ "nat", "[nic]\nifname = tap0\naddress = 10.0.0.1/24\nnat = yes\n",
		"0: tap0 10.0.0.1/24 nat any\n" },
	{ "nat-uplink", "[nic]\nifname = tap0\naddress = 10.0.0.1/24\nnat = eth0\n",
		"0: tap0 10.0.0.1/24 nat eth0\n" },
	{ "nat-off", "[nic]\nifname = tap0\naddress = 10.0.0.1/24\nnat = off\n",
		"0: tap0 10.0.0.1/24\n" },
	{ "dhcp",
		"[nic]\nifname = tap0\naddress = 10.0.0.1/24, fd00::1/64\nmac = 52:54:00:0A:0b:0c\n"
		"guest-address = fd00::2, 10.0.0.2\ndhcp = on\n",
		"0: tap0 10.0.0.1/24 fd00::1/64 dhcp 52:54:00:0a:0b:0c 10.0.0.2/32 fd00::2/128\n" },
	{ "dhcp-off",
		"[nic]\nifname = tap0\naddress = 10.0.0.1/24\nguest-address = 10.0.0.2\ndhcp = off\n",
		"0: tap0 10.0.0.1/24\n" },
	{ "both-families", "[nic]\nifname = tap0\naddress = 10.0.0.1/8, fd00::1/64\n",
		"0: tap0 10.0.0.1/8 fd00::1/64\n" },
	{ "one-subnet-twice", "[nic]\nifname = tap0\naddress = 10.0.0.1/24 10.0.0.2/24\n",
		"0: tap0 10.0.0.1/24 10.0.0.2/24\n" },
	{ "mixed",
		"[nic \"b\"]\nifname = tap1\n"
		"[nic \"wan\"]\ntype = user\n"
		"[nic \"a\"]\nifname = tap0\naddress = 10.0.0.1/24\n",
		"b: tap1\na: tap0 10.0.0.1/24\n" },
	{ "neighbours",
		"[nic \"a\"]\nifname = tap0\naddress = 10.0.0.1/24 fd00::1/64\n"
		"[nic \"b\"]\nifname = tap1\naddress = 10.0.1.1/24 fd00:0:0:1::1/64\n",
		"a: tap0 10.0.0.1/24 fd00::1/64\nb: tap1 10.0.1.1/24 fd00:0:0:1::1/64\n" },
	{ "eight-taps", EIGHT_TAPS,
		"1: tap1\n2: tap2\n3: tap3\n4: tap4\n5: tap5\n6: tap6\n7: tap7\n8: tap8\n" },
	{ "eight-addresses", "[nic]\nifname = tap0\naddress = " EIGHT_ADDRESSES "\n",
		"0: tap0 " EIGHT_ADDRESSES "\n" },
};

static void print_more(GString *text, const NetTap *tap)
{
	char to[NET_ADDRESS_TEXT], via[NET_ADDRESS_TEXT];

	for (guint i = 0; i < 2; i++)
		if (tap->peers[i].family)
			g_string_append_printf(
				text, " peer %s", net_address_print(&tap->peers[i], to));
	for (guint i = 0; i < tap->n_routes; i++)
		g_string_append_printf(text, " route %s via %s",
			net_address_print(&tap->routes[i].to, to),
			net_address_print(&tap->routes[i].via, via));
	if (tap->bridge)
		g_string_append_printf(text, " br %s", tap->bridge);
	if (tap->nat)
		g_string_append_printf(text, " nat %s", *tap->nat ? tap->nat : "any");
	if (tap->mtu)
		g_string_append_printf(text, " mtu %u", tap->mtu);
	if (tap->dhcp)
		g_string_append_printf(text, " dhcp %02x:%02x:%02x:%02x:%02x:%02x",
			tap->guest_mac[0], tap->guest_mac[1], tap->guest_mac[2], tap->guest_mac[3],
			tap->guest_mac[4], tap->guest_mac[5]);
	for (guint i = 0; i < 2; i++)
		if (tap->guests[i].family)
			g_string_append_printf(text, " %s", net_address_print(&tap->guests[i], to));
}

static char *print_plan(const Plan *plan)
{
	GString *text = g_string_new(NULL);

	for (guint i = 0; i < plan->n_taps; i++) {
		const NetTap *tap = &plan->taps[i];

		g_assert_cmpint(plan->taps[i].state, ==, NET_TAP_MISSING);
		g_string_append_printf(text, "%s: %s", plan->nics[i]->section.id, tap->ifname);
		for (guint j = 0; j < tap->n_addresses; j++) {
			char address[NET_ADDRESS_TEXT];

			net_address_print(&tap->addresses[j], address);
			g_string_append_printf(text, " %s", address);
		}
		print_more(text, tap);
		g_string_append_c(text, '\n');
	}
	return g_string_free(text, FALSE);
}

static void test_sound(gconstpointer data)
{
	const Row *row = data;
	g_autoptr(Profile) profile = load(row->profile);
	g_autoptr(Plan) plan = plan_build(profile);
	g_autofree char *text = print_plan(plan);

	assert_sound(profile);
	assert_same_lines(text, row->expected);
	g_assert_cmpuint(plan->changes->len, ==, 0);
}

/* ---- plans that no host could carry out: expected is the verdict ---- */

static const Row faulty[] = {
	{ "peer-missing", "[nic]\naddress = 10.0.0.1/32\n",
		"vm.ini:2: [nic] address: '10.0.0.1/32' cannot be the host's address here: a /32 needs "
		"a peer, the guest's address" },
	{ "peer-of-a-subnet", "[nic]\naddress = 10.0.0.1/24\npeer = 10.0.0.2\n",
		"vm.ini:2: [nic] address: '10.0.0.1/24' cannot be the host's address here: with a peer "
		"the prefix length must be /32" },
	{ "peer-alone", "[nic]\nifname = tap0\naddress = 10.0.0.1/24\npeer = fd00::2\n",
		"vm.ini:4: [nic] peer: there is no IPv6 address of the host's" },
	{ "route-host-bits",
		"[nic]\naddress = 10.0.0.1/24\nguest-address = 10.0.0.2\nroute = 198.51.100.1/24\n",
		"vm.ini:4: [nic] route: '198.51.100.1/24' cannot be behind the guest: it has bits set "
		"behind its prefix length" },
	{ "route-default",
		"[nic]\naddress = 10.0.0.1/24\nguest-address = 10.0.0.2\nroute = 0.0.0.0/0\n",
		"vm.ini:4: [nic] route: '0.0.0.0/0' cannot be behind the guest: the prefix length must "
		"be from /8 to /32" },
	{ "route-of-another-family",
		"[nic]\naddress = 10.0.0.1/24\nroute = fd00:1::/64 via fd00::2\n",
		"vm.ini:3: [nic] route: 'fd00:1::/64' needs an IPv6 address on the tap" },
	{ "nat-without-address", "[nic]\nifname = tap0\nnat = on\n",
		"vm.ini:3: [nic] nat: needs address: it is the guest's gateway" },
	{ "nat-uplink-long", "[nic]\naddress = 10.0.0.1/24\nnat = sixteen-letters-\n",
		"vm.ini:3: [nic] nat: 'sixteen-letters-': an interface name has at most 15 characters" },
	{ "br-slash", "[nic]\nbr = br/0\n",
		"vm.ini:2: [nic] br: 'br/0': an interface name has letters, digits and '-', '_', '.', "
		"'@' only here" },
	{ "parent-slash", "[nic]\nparent = eth/0\n",
		"vm.ini:2: [nic] parent: 'eth/0': an interface name has letters, digits and '-', '_', "
		"'.', '@' only here" },
	{ "mtu-of-ipv6", "[nic]\naddress = fd00::1/64\nmtu = 1279\n",
		"vm.ini:3: [nic] mtu: IPv6 needs 1280 at least" },
	{ "ifname-claimed", "[nic]\nifname = eth0\n",
		"vm.ini:2: [nic] ifname: 'eth0': other software claims names that begin like this; "
		"tap0 or tw-myvm is safe" },
	{ "ifname-reserved", "[nic]\nifname = lo\n",
		"vm.ini:2: [nic] ifname: 'lo': the kernel keeps this name for itself" },
	{ "ifname-too-long", "[nic]\nifname = abcdefghijklmnop\n",
		"vm.ini:2: [nic] ifname: 'abcdefghijklmnop': an interface name has at most 15 "
		"characters" },
	{ "ifname-format", "[nic]\nifname = tap%d\n",
		"vm.ini:2: [nic] ifname: 'tap%d': an interface name is a letter, then letters, "
		"digits, '-' or '_', like tap0" },
	{ "ifname-space", "[nic]\nifname = tap 0\n",
		"vm.ini:2: [nic] ifname: 'tap 0': an interface name is a letter, then letters, "
		"digits, '-' or '_', like tap0" },
	{ "ifname-twice", "[nic \"lan\"]\nifname = tap0\n[nic \"dmz\"]\nifname = tap0\n",
		"vm.ini:4: [nic \"dmz\"] ifname: tap0 is taken by vm.ini:2: [nic \"lan\"] ifname" },
	{ "address-loopback", "[nic]\naddress = 127.0.0.1/8\n",
		"vm.ini:2: [nic] address: '127.0.0.1/8' cannot be the host's address here: "
		"127.0.0.0/8 is the host's own loopback" },
	{ "address-network", "[nic]\naddress = 192.168.50.0/24\n",
		"vm.ini:2: [nic] address: '192.168.50.0/24' cannot be the host's address here: it is "
		"the network's own address, not a host's" },
	{ "address-broadcast", "[nic]\naddress = 192.168.50.255/24\n",
		"vm.ini:2: [nic] address: '192.168.50.255/24' cannot be the host's address here: it "
		"is the broadcast address, not a host's" },
	{ "address-prefix", "[nic]\naddress = 192.168.50.1/32\n",
		"vm.ini:2: [nic] address: '192.168.50.1/32' cannot be the host's address here: a /32 needs "
		"a peer, the guest's address" },
	{ "address-link-local", "[nic]\naddress = FE80:0::1/64\n",
		"vm.ini:2: [nic] address: 'fe80::1/64' cannot be the host's address here: fe80::/10 "
		"is for link-local addresses" },
	{ "address-twice", "[nic]\naddress = 10.0.0.1/24, 10.0.0.1/24\n",
		"vm.ini:2: [nic] address: '10.0.0.1/24' stands here twice" },
	{ "address-twice-narrower", "[nic]\naddress = fd00::1/64, fd00::2/64, fd00:0::1/65\n",
		"vm.ini:2: [nic] address: 'fd00::1/65' stands here twice" },
	{ "subnet-twice",
		"[nic \"lan\"]\nifname = tap0\naddress = 10.0.0.1/24\n"
		"[nic \"dmz\"]\nifname = tap1\naddress = fd00::1/64 10.0.0.2/24\n",
		"vm.ini:6: [nic \"dmz\"] address: '10.0.0.2/24' overlaps the subnet of vm.ini:3: [nic \"lan\"] address" },
	{ "subnet-around",
		"[nic \"a\"]\nifname = tap0\n"
		"[nic \"lan\"]\nifname = tap1\naddress = fd00::1/64 10.0.0.1/24\n"
		"[nic \"dmz\"]\nifname = tap2\naddress = 10.1.0.1/8\n",
		"vm.ini:8: [nic \"dmz\"] address: '10.1.0.1/8' overlaps the subnet of vm.ini:5: [nic \"lan\"] address" },
	{ "subnet-inside",
		"[nic \"lan\"]\nifname = tap0\naddress = fd00::1/64\n"
		"[nic \"dmz\"]\nifname = tap1\naddress = fd00::8000:0:0:1/65\n",
		"vm.ini:6: [nic \"dmz\"] address: 'fd00::8000:0:0:1/65' overlaps the subnet of vm.ini:3: [nic \"lan\"] address" },
	{ "nine-taps", EIGHT_TAPS "[nic \"9\"]\nifname = tap9\n",
		"vm.ini:17: [nic \"9\"]: a VM can have 8 taps, not more" },
	{ "ten-taps", EIGHT_TAPS "[nic \"9\"]\ntype = tap\n[nic \"u\"]\n[nic \"10\"]\ntype = tap\n",
		"vm.ini:17: [nic \"9\"]: a VM can have 8 taps, not more\n"
		"vm.ini:20: [nic \"10\"]: a VM can have 8 taps, not more" },
	{ "nine-addresses", "[nic]\naddress = " EIGHT_ADDRESSES " 10.0.9.1/24\n",
		"vm.ini:2: [nic] address: a tap can have 8 of them, not 9" },
	{ "all-at-once",
		"[nic \"lan\"]\n"
		"address = 10.0.0.0/24, 10.0.0.1/24, 10.0.0.1/24\n"
		"ifname = eth0\n"
		"[nic \"dmz\"]\n"
		"address = 10.0.0.2/16, 10.0.0.300/24\n"
		"[nic \"old\"]\n"
		"address = 10.0.0.2/25\n"
		"ifname = 0\n",
		"vm.ini:2: [nic \"lan\"] address: '10.0.0.0/24' cannot be the host's address here: it is the network's own address, not a host's\nvm.ini:2: [nic \"lan\"] address: '10.0.0.1/24' stands here twice\nvm.ini:3: [nic \"lan\"] ifname: 'eth0': other software claims names that begin like this; tap0 or tw-myvm is safe\nvm.ini:5: [nic \"dmz\"] address: '10.0.0.300/24' is not an address with a prefix length, like 192.168.50.1/24\nvm.ini:7: [nic \"old\"] address: '10.0.0.2/25' overlaps the subnet of vm.ini:2: [nic \"lan\"] address\nvm.ini:8: [nic \"old\"] ifname: '0': an interface name is a letter, then letters, digits, '-' or '_', like tap0" },
};

static void test_faulty(gconstpointer data)
{
	const Row *row = data;
	g_autoptr(Profile) profile = load(row->profile);
	g_autoptr(Plan) plan = plan_build(profile);
	g_autoptr(GError) error = NULL;

	g_assert_false(profile_verdict(profile, &error));
	assert_same_lines(error->message, row->expected);
	g_assert_error(error, PROFILE_ERROR, EX_DATAERR);
}

/* ---- the dry run's script ---- */

static void add_change(Plan *plan, ChangeKind kind, guint tap, const NetAddress *address)
{
	Change change = { .kind = kind, .tap = &plan->taps[tap], .address = address };

	g_array_append_val(plan->changes, change);
}

/* As for a tap that is not there yet. */
static void add_changes(Plan *plan, guint tap)
{
	add_change(plan, CHANGE_CREATE, tap, NULL);
	add_change(plan, CHANGE_SETTINGS, tap, NULL);
	for (guint i = 0; i < plan->taps[tap].n_addresses; i++)
		add_change(plan, CHANGE_ADDRESS, tap, &plan->taps[tap].addresses[i]);
	add_change(plan, CHANGE_UP, tap, NULL);
}

static char *print_script(Profile *profile, Plan *plan, const char *const *qemu_args)
{
	g_autoptr(GError) error = NULL;
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	plan->provisions = provisions_find(profile, &error);
	g_assert_no_error(error);
	dry_run_print(out, profile, plan, (GStrv)qemu_args, &error);
	g_assert_no_error(error);
	g_assert_cmpint(fclose(out), ==, 0);
	g_assert_cmpuint(strlen(text), ==, len);
	return text;
}

/* @format has one %u for each tap that is made: whoever runs this owns it. */
static void assert_script(const char *script, const char *format)
{
	g_autoptr(GString) expected = g_string_new(format);
	g_autofree char *user = g_strdup_printf("%u", (guint)getuid());

	g_string_replace(expected, "%u", user, 0);
	assert_same_lines(script, expected->str);
}

static void test_script(void)
{
	static const char *const qemu_args[] = { "-fw_cfg", "name=opt/x,string=$(id) `id`", "",
		"$HOME", "~", "a\\b", "c;d", "e!", "-no-reboot", NULL };
	g_autoptr(Profile) profile = load("[vm]\n"
					  "name = it's my vm\n"
					  "arch = x86_64\n"
					  "[machine]\n"
					  "accel = tcg\n"
					  "[disk \"root\"]\n"
					  "file = /srv/my vms/it's \"mine\", 1.qcow2\n"
					  "[display]\n"
					  "type = none\n"
					  "[serial]\n"
					  "type = null\n"
					  "[nic \"lan\"]\n"
					  "ifname = tap0\n"
					  "address = 192.168.50.1/24, fd00:50::1/64\n"
					  "mac = 52:54:00:00:00:01\n"
					  "[qemu]\n"
					  "args = -device virtio-rng-pci -name '*'\n");
	g_autoptr(Plan) plan = plan_build(profile);
	g_autofree char *script = NULL;

	assert_sound(profile);
	add_changes(plan, 0);
	script = print_script(profile, plan, qemu_args);
	assert_script(script,
		"#!/bin/sh\n"
		"# VM it's my vm by hand: run this with sh, or paste it.\n"
		"(\n"
		"set -e\n"
		"as_root() { if [ \"$(id -u)\" = 0 ]; then \"$@\"; else sudo \"$@\"; fi; }\n"
		"undo() { for tap in $made; do as_root ip link delete dev \"$tap\"; done; }\n"
		"made=\n"
		"trap undo EXIT\n"
		"trap 'exit 129' HUP\n"
		"trap 'exit 130' INT\n"
		"trap 'exit 143' TERM\n"
		"\n"
		"as_root ip tuntap add dev tap0 mode tap user %u vnet_hdr\n"
		"made=\"tap0 $made\"\n"
		"as_root ip link set dev tap0 group 29815\n"
		"as_root sh -c 'echo 1 > /proc/sys/net/ipv4/conf/tap0/rp_filter'\n"
		"as_root sh -c 'echo 0 > /proc/sys/net/ipv4/conf/tap0/accept_redirects'\n"
		"as_root sh -c 'echo 0 > /proc/sys/net/ipv4/conf/tap0/send_redirects'\n"
		"as_root sh -c 'echo 0 > /proc/sys/net/ipv6/conf/tap0/accept_ra'\n"
		"as_root sh -c 'echo 0 > /proc/sys/net/ipv6/conf/tap0/accept_redirects'\n"
		"as_root sh -c 'echo 0 > /proc/sys/net/ipv6/conf/tap0/autoconf'\n"
		"as_root ip address add 192.168.50.1/24 dev tap0\n"
		"as_root ip address add fd00:50::1/64 dev tap0 nodad\n"
		"as_root ip link set dev tap0 up\n"
		"\n"
		"qemu-system-x86_64 \\\n"
		"\t-nodefaults \\\n"
		"\t-no-user-config \\\n"
		"\t-name 'guest=it'\\''s my vm' \\\n"
		"\t-machine q35,accel=tcg \\\n"
		"\t-cpu max \\\n"
		"\t-smp 2 \\\n"
		"\t-m 2048M \\\n"
		"\t-drive 'if=none,id=disk-root,file=/srv/my vms/it'\\''s \"mine\",, 1.qcow2,"
		"format=qcow2' \\\n"
		"\t-device virtio-blk,drive=disk-root,id=disk-root-device \\\n"
		"\t-display none \\\n"
		"\t-device VGA,id=video \\\n"
		"\t-chardev null,id=serial-0 \\\n"
		"\t-serial chardev:serial-0 \\\n"
		"\t-netdev tap,id=nic-lan,ifname=tap0,script=no,downscript=no \\\n"
		"\t-device e1000,netdev=nic-lan,id=nic-lan-device,mac=52:54:00:00:00:01 \\\n"
		"\t-device virtio-rng-pci \\\n"
		"\t-name '*' \\\n"
		"\t-fw_cfg 'name=opt/x,string=$(id) `id`' '' '$HOME' '~' 'a\\b' 'c;d' 'e!' \\\n"
		"\t-no-reboot\n"
		")\n");
}

/* Two taps, of which the first is there already; no IPv6, so it is switched off. */
static void test_script_one_of_two(void)
{
	static const char *const no_args[] = { NULL };
	g_autoptr(Profile) profile = load("[vm]\n"
					  "arch = x86_64\n"
					  "[boot]\n"
					  "kernel = /boot/vm~linuz\n"
					  "append = quiet\n"
					  "[display]\n"
					  "type = gtk\n"
					  "[nic \"lan\"]\n"
					  "ifname = tap0\n"
					  "address = 10.0.0.1/24\n"
					  "mac = 52:54:00:00:00:01\n"
					  "[nic \"dmz\"]\n"
					  "ifname = tap1\n"
					  "address = 10.0.1.1/24\n"
					  "mac = 52:54:00:00:00:02\n");
	g_autoptr(Plan) plan = plan_build(profile);
	g_autofree char *script = NULL;

	assert_sound(profile);
	plan->taps[0].state = NET_TAP_READY;
	add_changes(plan, 1);
	script = print_script(profile, plan, no_args);
	assert_script(script,
		"#!/bin/sh\n"
		"# VM vm by hand: run this with sh, or paste it.\n"
		"(\n"
		"set -e\n"
		"as_root() { if [ \"$(id -u)\" = 0 ]; then \"$@\"; else sudo \"$@\"; fi; }\n"
		"undo() { for tap in $made; do as_root ip link delete dev \"$tap\"; done; }\n"
		"made=\n"
		"trap undo EXIT\n"
		"trap 'exit 129' HUP\n"
		"trap 'exit 130' INT\n"
		"trap 'exit 143' TERM\n"
		"\n"
		"as_root ip tuntap add dev tap1 mode tap user %u vnet_hdr\n"
		"made=\"tap1 $made\"\n"
		"as_root ip link set dev tap1 group 29815\n"
		"as_root sh -c 'echo 1 > /proc/sys/net/ipv4/conf/tap1/rp_filter'\n"
		"as_root sh -c 'echo 0 > /proc/sys/net/ipv4/conf/tap1/accept_redirects'\n"
		"as_root sh -c 'echo 0 > /proc/sys/net/ipv4/conf/tap1/send_redirects'\n"
		"[ ! -e /proc/sys/net/ipv6 ] || "
		"as_root sh -c 'echo 1 > /proc/sys/net/ipv6/conf/tap1/disable_ipv6'\n"
		"as_root ip address add 10.0.1.1/24 dev tap1\n"
		"as_root ip link set dev tap1 up\n"
		"\n"
		"qemu-system-x86_64 \\\n"
		"\t-nodefaults \\\n"
		"\t-no-user-config \\\n"
		"\t-name guest=vm \\\n"
		"\t-machine q35,accel=kvm:tcg \\\n"
		"\t-cpu max \\\n"
		"\t-smp 2 \\\n"
		"\t-m 2048M \\\n"
		"\t-kernel '/boot/vm~linuz' \\\n"
		"\t-append quiet \\\n"
		"\t-display gtk \\\n"
		"\t-device VGA,id=video \\\n"
		"\t-device qemu-xhci,id=usb \\\n"
		"\t-device usb-tablet,bus=usb.0 \\\n"
		"\t-netdev tap,id=nic-lan,ifname=tap0,script=no,downscript=no \\\n"
		"\t-device e1000,netdev=nic-lan,id=nic-lan-device,mac=52:54:00:00:00:01 \\\n"
		"\t-netdev tap,id=nic-dmz,ifname=tap1,script=no,downscript=no \\\n"
		"\t-device e1000,netdev=nic-dmz,id=nic-dmz-device,mac=52:54:00:00:00:02\n"
		")\n");
}

/* The table is printed behind the taps, and deleted before them. */
static void test_script_nat(void)
{
	static const char *const no_args[] = { NULL };
	g_autoptr(Profile) profile = load("[nic \"lan\"]\n"
					  "ifname = tap0\n"
					  "address = 10.0.0.1/24, fd00::1/64\n"
					  "nat = eth0\n"
					  "[nic \"dmz\"]\n"
					  "ifname = tap1\n"
					  "address = 10.0.1.1/32\n"
					  "peer = 10.0.1.2\n"
					  "nat = on\n");
	g_autoptr(Plan) plan = plan_build(profile);
	g_autofree char *script = NULL;

	assert_sound(profile);
	add_changes(plan, 0);
	script = print_script(profile, plan, no_args);
	g_assert_nonnull(
		strstr(script, "undo() { [ -z \"$table\" ] || as_root nft delete table $table; "
			       "for tap in $made; do as_root ip link delete dev \"$tap\"; done; }\n"
			       "made=\n"
			       "table=\n"));
	g_assert_nonnull(
		strstr(script, "as_root nft -f - <<'END'\n"
			       "table inet qemu-tapwrap-tap0 {\n"
			       "\tchain forward {\n"
			       "\t\ttype filter hook forward priority filter; policy accept;\n"
			       "\t\toif \"tap0\" ct state invalid,new,untracked drop\n"
			       "\t\toif \"tap1\" ct state invalid,new,untracked drop\n"
			       "\t\tiif \"tap0\" ct state invalid,untracked drop\n"
			       "\t\tiif \"tap0\" oifname \"eth0\" ip saddr 10.0.0.0/24 accept\n"
			       "\t\tiif \"tap0\" oifname \"eth0\" ip6 saddr fd00::/64 accept\n"
			       "\t\tiif \"tap0\" drop\n"
			       "\t\tiif \"tap1\" ct state invalid,untracked drop\n"
			       "\t\tiif \"tap1\" ip saddr 10.0.1.2/32 accept\n"
			       "\t\tiif \"tap1\" drop\n"
			       "\t}\n"
			       "\tchain postrouting {\n"
			       "\t\ttype nat hook postrouting priority srcnat; policy accept;\n"
			       "\t\toif \"tap0\" accept\n"
			       "\t\toif \"tap1\" accept\n"
			       "\t\tiif \"tap0\" oifname \"eth0\" ip saddr 10.0.0.0/24 masquerade\n"
			       "\t\tiif \"tap0\" oifname \"eth0\" ip6 saddr fd00::/64 masquerade\n"
			       "\t\tiif \"tap1\" ip saddr 10.0.1.2/32 masquerade\n"
			       "\t}\n"
			       "}\n"
			       "END\n"
			       "table='inet qemu-tapwrap-tap0'\n"));
}

static void write_program(const char *name)
{
	scratch_write(name, "#!/bin/sh\n", -1);
	g_assert_cmpint(g_chmod(name, 0755), ==, 0);
}

/* What is missing is made, what serves the VM is started, and neither is looked up again. */
static void test_script_provisions(void)
{
	static const char *const no_args[] = { NULL };
	g_autofree char *directory = g_get_current_dir();
	g_autofree char *path = g_strdup(g_getenv("PATH"));
	g_autoptr(Profile) profile = NULL;
	g_autoptr(Plan) plan = NULL;
	g_autofree char *script = NULL;
	g_autoptr(GString) short_script = g_string_new(NULL);

	write_program("qemu-img");
	write_program("swtpm");
	scratch_write("there.qcow2", "", 0);
	g_setenv("PATH", directory, TRUE);
	g_setenv("XDG_RUNTIME_DIR", directory, TRUE);
	profile = load("[vm]\n"
		       "name = my vm\n"
		       "arch = x86_64\n"
		       "[firmware]\n"
		       "type = uefi\n"
		       "code = /fw/code.fd\n"
		       "vars = /fw/it's vars.fd\n"
		       "[disk \"root\"]\n"
		       "file = a, b.qcow2\n"
		       "backing = base, 1.img\n"
		       "size = 1G\n"
		       "[disk \"there\"]\n"
		       "file = there.qcow2\n"
		       "size = 1G\n"
		       "[display]\n"
		       "type = vnc\n"
		       "[tpm]\n"
		       "[nic]\n"
		       "type = none\n");
	assert_sound(profile);
	plan = plan_build(profile);
	script = print_script(profile, plan, no_args);
	g_setenv("PATH", path, TRUE);
	g_string_assign(short_script, script);
	g_string_replace(short_script, directory, "@DIR@", 0);
	assert_same_lines(short_script->str,
		"#!/bin/sh\n"
		"# VM my vm by hand: run this with sh, or paste it.\n"
		"(\n"
		"set -e\n"
		"undo() { [ $? = 0 ] || kill $companions 2>/dev/null || :; "
		"rm -f '/state/qemu-tapwrap/my vm/tpm/swtpm.sock'; }\n"
		"companions=\n"
		"trap undo EXIT\n"
		"trap 'exit 129' HUP\n"
		"trap 'exit 130' INT\n"
		"trap 'exit 143' TERM\n"
		"\n"
		"mkdir -p -m 700 '/state/qemu-tapwrap/my vm'\n"
		"[ -e '/state/qemu-tapwrap/my vm/nvram.fd' ] || cp '/fw/it'\\''s vars.fd' "
		"'/state/qemu-tapwrap/my vm/nvram.fd'\n"
		"mkdir -p -m 700 '/state/qemu-tapwrap/my vm/tpm'\n"
		"[ -e '@DIR@/a, b.qcow2' ] || @DIR@/qemu-img create -q -f qcow2 -b "
		"'@DIR@/base, 1.img' -F raw '@DIR@/a, b.qcow2' 1073741824\n"
		"mkdir -p -m 700 '@DIR@/qemu-tapwrap/my vm'\n"
		"rm -f '/state/qemu-tapwrap/my vm/tpm/swtpm.sock'\n"
		"(cd '/state/qemu-tapwrap/my vm/tpm' && exec @DIR@/swtpm socket --tpmstate "
		"dir=.,mode=0600 --ctrl type=unixio,path=swtpm.sock "
		"--terminate --tpm2) </dev/null &\n"
		"companions=\"$! $companions\"\n"
		"for i in 1 2 3 4 5 6 7 8 9; do [ -S '/state/qemu-tapwrap/my vm/tpm/swtpm.sock' ] "
		"|| sleep 0.3; done\n"
		"\n"
		"qemu-system-x86_64 \\\n"
		"\t-nodefaults \\\n"
		"\t-no-user-config \\\n"
		"\t-name 'guest=my vm' \\\n"
		"\t-machine q35,accel=kvm:tcg \\\n"
		"\t-cpu max \\\n"
		"\t-smp 2 \\\n"
		"\t-m 2048M \\\n"
		"\t-drive if=pflash,unit=0,file=/fw/code.fd,format=raw,readonly=on \\\n"
		"\t-drive 'if=pflash,unit=1,file=/state/qemu-tapwrap/my "
		"vm/nvram.fd,format=raw' \\\n"
		"\t-drive 'if=none,id=disk-root,file=@DIR@/a,, b.qcow2,format=qcow2' \\\n"
		"\t-device virtio-blk,drive=disk-root,id=disk-root-device \\\n"
		"\t-drive if=none,id=disk-there,file=@DIR@/there.qcow2,format=qcow2 \\\n"
		"\t-device virtio-blk,drive=disk-there,id=disk-there-device \\\n"
		"\t-display none \\\n"
		"\t-vnc 'unix:@DIR@/qemu-tapwrap/my vm/vnc.sock' \\\n"
		"\t-device VGA,id=video \\\n"
		"\t-device qemu-xhci,id=usb \\\n"
		"\t-device usb-tablet,bus=usb.0 \\\n"
		"\t-chardev 'socket,id=tpm,path=/state/qemu-tapwrap/my vm/tpm/swtpm.sock' \\\n"
		"\t-tpmdev emulator,id=tpm,chardev=tpm \\\n"
		"\t-device tpm-crb,tpmdev=tpm,id=tpm-device\n"
		")\n");
}

/* Nothing to change: nothing to undo. */
static void test_script_no_changes(void)
{
	static const char *const no_args[] = { NULL };
	g_autoptr(Profile) profile = load("[vm]\n"
					  "arch = x86_64\n"
					  "[display]\n"
					  "type = none\n"
					  "[nic]\n"
					  "type = none\n");
	g_autoptr(Plan) plan = plan_build(profile);
	g_autofree char *script = NULL;

	assert_sound(profile);
	script = print_script(profile, plan, no_args);
	assert_script(script, "#!/bin/sh\n"
			      "# VM vm by hand: run this with sh, or paste it.\n"
			      "(\n"
			      "set -e\n"
			      "qemu-system-x86_64 \\\n"
			      "\t-nodefaults \\\n"
			      "\t-no-user-config \\\n"
			      "\t-name guest=vm \\\n"
			      "\t-machine q35,accel=kvm:tcg \\\n"
			      "\t-cpu max \\\n"
			      "\t-smp 2 \\\n"
			      "\t-m 2048M \\\n"
			      "\t-display none \\\n"
			      "\t-device VGA,id=video \\\n"
			      "\t-chardev stdio,id=serial-0 \\\n"
			      "\t-serial chardev:serial-0\n"
			      ")\n");
}

static void add_rows(const char *group, const Row *rows, guint n, GTestDataFunc test)
{
	for (guint i = 0; i < n; i++) {
		g_autofree char *path = g_strdup_printf("/plan/%s/%s", group, rows[i].name);

		g_test_add_data_func(path, &rows[i], test);
	}
}

int main(int argc, char **argv)
{
	g_autofree char *directory = NULL;
	int status;

	g_test_init(&argc, &argv, NULL);
	add_rows("sound", sound, G_N_ELEMENTS(sound), test_sound);
	add_rows("faulty", faulty, G_N_ELEMENTS(faulty), test_faulty);
	g_test_add_func("/dry-run/script", test_script);
	g_test_add_func("/dry-run/one-of-two", test_script_one_of_two);
	g_test_add_func("/dry-run/nat", test_script_nat);
	g_test_add_func("/dry-run/no-changes", test_script_no_changes);
	g_test_add_func("/dry-run/provisions", test_script_provisions);

	directory = scratch_enter();
	g_setenv("XDG_STATE_HOME", "/state", TRUE);
	status = g_test_run();
	scratch_leave(g_steal_pointer(&directory));
	return status;
}
