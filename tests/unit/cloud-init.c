/* SPDX-License-Identifier: MIT */
/* What cloud-init and systemd are told, to the letter. */
#include "launcher/cloud-init.h"

#include <string.h>
#include <sysexits.h>

#include "launcher/guest-network.h"
#include "tests/unit/lines.h"
#include "tests/unit/scratch.h"

/* ---- YAML ---- */

static const char *const quoted[][2] = {
	{ "ada", "\"ada\"" },
	{ "", "\"\"" },
	{ "no", "\"no\"" },
	{ "1e3", "\"1e3\"" },
	{ "a: b # c", "\"a: b # c\"" },
	{ "- [a, {b}] & *c !d | > %e @f `g`", "\"- [a, {b}] & *c !d | > %e @f `g`\"" },
	{ "it's", "\"it's\"" },
	{ "say \"hi\"", "\"say \\\"hi\\\"\"" },
	{ "DOMAIN\\ada", "\"DOMAIN\\\\ada\"" },
	{ "a\tb\nc", "\"a\\u0009b\\u000ac\"" },
	{ "\x7f\x01", "\"\\u007f\\u0001\"" },
	{ "ad\xc3\xa9", "\"ad\\u00e9\"" },
	{ "\xe2\x80\xa8", "\"\\u2028\"" },
	{ "\xef\xbb\xbf", "\"\\ufeff\"" },
	{ "\xf0\x9f\x98\x80", "\"\\U0001f600\"" },
	{ "\xff", "\"\\ufffd\"" },
	{ "  ", "\"  \"" },
};

static void test_quote(gconstpointer data)
{
	const char *const *row = data;
	g_autofree char *text = cloud_init_quote(row[0]);

	g_assert_cmpstr(text, ==, row[1]);
}

/* ---- files ---- */

#define ADA "ssh-ed25519 AAAAC3Nza ada: \"the first\" # of many\n"
#define KEYS \
	"# mine\n\n" ADA "  from=\"192.0.2.0/24\" ecdsa-sha2-nistp256 AAAAE2Vjz caf\xc3\xa9 \r\n"
#define MAC "[nic \"lan\"]\nmac = 52:54:00:00:00:01\nifname = tap0\n"

typedef struct {
	const char *name;
	const char *profile;
	const char *meta_data, *user_data, *network_config; /* NULL: none */
} Row;

static const Row rows[] = {
	{ "empty", "[cloud-init]\n", "instance-id: \"qemu-tapwrap-@ID@\"\nlocal-hostname: \"vm\"\n",
		"#cloud-config\n{}\n", NULL },
	{ "keys",
		"[vm]\nname = My VM: \xc3\xa9, no. 1!\n[cloud-init]\nuser = no\nssh-keys = keys, "
		"ada.pub\n",
		"instance-id: \"qemu-tapwrap-@ID@\"\nlocal-hostname: \"My-VM-no-1\"\n",
		"#cloud-config\n"
		"user:\n"
		"  name: \"no\"\n"
		"ssh_authorized_keys:\n"
		"  - \"ssh-ed25519 AAAAC3Nza ada: \\\"the first\\\" # of many\"\n"
		"  - \"from=\\\"192.0.2.0/24\\\" ecdsa-sha2-nistp256 AAAAE2Vjz caf\\u00e9\"\n"
		"  - \"ssh-ed25519 AAAAC3Nza ada: \\\"the first\\\" # of many\"\n",
		NULL },
	{ "user-data", "[cloud-init]\nuser-data = any\nhostname = a.example.org\n",
		"instance-id: \"qemu-tapwrap-@ID@\"\nlocal-hostname: \"a.example.org\"\n",
		"#!/bin/sh\necho \xff\n", NULL },
	{ "network",
		"[cloud-init]\n[nic \"net\"]\ntype = user\nmac = 52:54:00:00:00:02\n" MAC
		"address = 192.168.50.1/24, fd00::1/64\nguest-address = 192.168.50.2, fd00::2\n"
		"[nic \"off\"]\ntype = none\n"
		"[nic \"dmz\"]\nmac = 52:54:00:00:00:03\naddress = 192.0.2.1/28\n"
		"guest-address = 192.0.2.2\nguest-setup = none\n",
		"instance-id: \"qemu-tapwrap-@ID@\"\nlocal-hostname: \"vm\"\n",
		"#cloud-config\n{}\n",
		"version: 2\n"
		"ethernets:\n"
		"  \"net\":\n"
		"    match:\n"
		"      macaddress: \"52:54:00:00:00:02\"\n"
		"    set-name: \"net\"\n"
		"    dhcp4: true\n"
		"    optional: true\n"
		"  \"lan\":\n"
		"    match:\n"
		"      macaddress: \"52:54:00:00:00:01\"\n"
		"    set-name: \"lan\"\n"
		"    addresses:\n"
		"      - \"192.168.50.2/24\"\n"
		"      - \"fd00::2/64\"\n"
		"  \"dmz\":\n"
		"    match:\n"
		"      macaddress: \"52:54:00:00:00:03\"\n"
		"    set-name: \"dmz\"\n"
		"    dhcp4: true\n"
		"    optional: true\n" },
	{ "gateway",
		"[cloud-init]\n" MAC "address = 192.168.50.1/24, fd00::1/128\nnat = eth0\n"
		"guest-address = fd00::2, 192.168.50.2\n",
		"instance-id: \"qemu-tapwrap-@ID@\"\nlocal-hostname: \"vm\"\n",
		"#cloud-config\n{}\n",
		"version: 2\n"
		"ethernets:\n"
		"  \"lan\":\n"
		"    match:\n"
		"      macaddress: \"52:54:00:00:00:01\"\n"
		"    set-name: \"lan\"\n"
		"    addresses:\n"
		"      - \"fd00::2/128\"\n"
		"      - \"192.168.50.2/24\"\n"
		"    routes:\n"
		"      - to: \"fd00::1/128\"\n"
		"        via: \"fd00::1\"\n"
		"        on-link: true\n"
		"      - to: \"::/0\"\n"
		"        via: \"fd00::1\"\n"
		"        on-link: true\n"
		"      - to: \"0.0.0.0/0\"\n"
		"        via: \"192.168.50.1\"\n" },
	{ "no-names-for-cards",
		"[cloud-init]\n[nic \"lan.5\"]\ntype = user\nmac = 52:54:00:00:00:04\n"
		"[nic \"off\"]\ntype = none\n[nic \"default\"]\nmac = 52:54:00:00:00:05\n"
		"address = 192.168.50.1/24\nguest-address = 192.168.50.2\n",
		"instance-id: \"qemu-tapwrap-@ID@\"\nlocal-hostname: \"vm\"\n",
		"#cloud-config\n{}\n",
		"version: 2\n"
		"ethernets:\n"
		"  \"eth0\":\n"
		"    match:\n"
		"      macaddress: \"52:54:00:00:00:04\"\n"
		"    set-name: \"eth0\"\n"
		"    dhcp4: true\n"
		"    optional: true\n"
		"  \"eth1\":\n"
		"    match:\n"
		"      macaddress: \"52:54:00:00:00:05\"\n"
		"    set-name: \"eth1\"\n"
		"    addresses:\n"
		"      - \"192.168.50.2/24\"\n" },
	{ "single",
		"[cloud-init]\n" MAC "address = 192.0.2.1/32, fd00::1/128\n"
		"guest-address = 192.168.50.2, fd00::2\n",
		"instance-id: \"qemu-tapwrap-@ID@\"\nlocal-hostname: \"vm\"\n",
		"#cloud-config\n{}\n",
		"version: 2\n"
		"ethernets:\n"
		"  \"lan\":\n"
		"    match:\n"
		"      macaddress: \"52:54:00:00:00:01\"\n"
		"    set-name: \"lan\"\n"
		"    addresses:\n"
		"      - \"192.168.50.2/32\"\n"
		"      - \"fd00::2/128\"\n"
		"    routes:\n"
		"      - to: \"192.0.2.1/32\"\n"
		"        via: \"192.0.2.1\"\n"
		"        on-link: true\n"
		"      - to: \"fd00::1/128\"\n"
		"        via: \"fd00::1\"\n"
		"        on-link: true\n" },
};

static Profile *load(const char *text)
{
	g_autoptr(GError) error = NULL;
	Profile *profile;

	scratch_write("vm.ini", text, -1);
	profile = profile_load("vm.ini", NULL, &error);
	g_assert_no_error(error);
	profile_verdict(profile, &error);
	g_assert_no_error(error);
	return profile;
}

/* With the id of an instance, which the next test is about, replaced. */
static char *hide_id(const char *meta_data)
{
	static const char before[] = "instance-id: \"qemu-tapwrap-";
	const char *id = meta_data + strlen(before);

	g_assert_true(g_str_has_prefix(meta_data, before));
	g_assert_cmpuint(strspn(id, "0123456789abcdef"), ==, 16);
	return g_strconcat(before, "@ID@", id + 16, NULL);
}

static Seed *find_seed(const char *text)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Profile) profile = load(text);
	Seed *seed = NULL;

	cloud_init_find(profile, &seed, &error);
	g_assert_no_error(error);
	g_assert_nonnull(seed);
	seed->section = NULL; /* went with the profile */
	return seed;
}

static void test_files(gconstpointer data)
{
	const Row *row = data;
	g_autofree char *directory = scratch_enter();
	g_autoptr(Seed) seed = NULL;
	g_autofree char *meta_data = NULL, *user_data = NULL;

	scratch_write("ada.pub", ADA, -1);
	scratch_write("keys", KEYS, -1);
	scratch_write("any", "#!/bin/sh\necho \xff\n", -1);
	seed = find_seed(row->profile);
	meta_data = hide_id(seed->meta_data);
	user_data = g_strndup(
		g_bytes_get_data(seed->user_data, NULL), g_bytes_get_size(seed->user_data));
	assert_same_lines(meta_data, row->meta_data);
	assert_same_lines(user_data, row->user_data);
	assert_same_lines(seed->network_config ? seed->network_config : "",
		row->network_config ? row->network_config : "");
	scratch_leave(g_steal_pointer(&directory));
}

/* Whatever changes, the instance is another; when nothing does, it is the same. */
static void test_instance(void)
{
	static const char *const texts[] = {
		"[cloud-init]\n",
		"[cloud-init]\nuser = ada\n",
		"[cloud-init]\nhostname = a\n",
		"[vm]\nname = b\n[cloud-init]\nhostname = vm\n",
		"[cloud-init]\n" MAC "address = 192.168.50.1/24\nguest-address = 192.168.50.2\n",
		"[cloud-init]\n" MAC "address = 192.168.50.1/25\nguest-address = 192.168.50.2\n",
	};
	g_autofree char *directory = scratch_enter();
	g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
		g_autoptr(Seed) seed = find_seed(texts[i]);
		g_autoptr(Seed) again = find_seed(texts[i]);

		g_assert_cmpstr(seed->meta_data, ==, again->meta_data);
		g_assert_true(g_hash_table_add(seen, g_strdup(seed->meta_data)));
	}
	scratch_leave(g_steal_pointer(&directory));
}

/* ---- what is no public key ---- */

#define NO_KEYS(file)                                  \
	"vm.ini:2: [cloud-init] ssh-keys: @DIR@/" file \
	": is no file of public keys, like ~/.ssh/id_ed25519.pub"

static const struct {
	const char *file, *content; /* NULL: missing */
	int status;
	const char *told;
} wrong[] = {
	{ "none", NULL, EX_NOINPUT, NULL },
	{ "empty", "", EX_DATAERR, NO_KEYS("empty") },
	{ "comment", "# ssh-ed25519 AAAA\n", EX_DATAERR, NO_KEYS("comment") },
	{ "private",
		"-----BEGIN OPENSSH PRIVATE KEY-----\nb3Blbg\n-----END OPENSSH PRIVATE KEY-----\n",
		EX_DATAERR, NO_KEYS("private") },
	{ "both", ADA "-----BEGIN RSA PRIVATE KEY-----\n", EX_DATAERR, NO_KEYS("both") },
	{ "half", "ssh-ed25519\n", EX_DATAERR, NO_KEYS("half") },
	{ "control", "ssh-ed25519 AAAA a\033[2J\n", EX_DATAERR, NO_KEYS("control") },
};

static void test_wrong_keys(void)
{
	g_autofree char *directory = scratch_enter();
	g_autofree char *here = g_get_current_dir();

	for (guint i = 0; i < G_N_ELEMENTS(wrong); i++) {
		g_autofree char *text = g_strdup_printf(
			"[cloud-init]\nssh-keys = %s\n", wrong[i].file);
		g_autoptr(Profile) profile = load(text);
		g_autoptr(GError) error = NULL;
		g_autoptr(GString) told = g_string_new(wrong[i].told);
		Seed *seed = NULL;

		if (wrong[i].content)
			scratch_write(wrong[i].file, wrong[i].content, -1);
		g_assert_false(cloud_init_find(profile, &seed, &error));
		g_assert_error(error, CLOUD_INIT_ERROR, wrong[i].status);
		g_assert_null(seed);
		g_string_replace(told, "@DIR@", here, 0);
		if (wrong[i].told)
			g_assert_cmpstr(error->message, ==, told->str);
	}
	scratch_leave(g_steal_pointer(&directory));
}

static void test_too_much(void)
{
	g_autofree char *directory = scratch_enter();
	g_autofree char *much = g_strnfill((1 << 20) + 1, '#');
	g_autoptr(Profile) profile = load("[cloud-init]\nuser-data = much\n");
	g_autoptr(GError) error = NULL;
	g_autoptr(Seed) seed = NULL;

	scratch_write("much", much, -1);
	g_assert_false(cloud_init_find(profile, &seed, &error));
	g_assert_error(error, CLOUD_INIT_ERROR, EX_DATAERR);
	scratch_write("much", much, 1 << 20);
	g_assert_true(cloud_init_find(profile, &seed, NULL));
	scratch_leave(g_steal_pointer(&directory));
}

/* ---- systemd ---- */

static void test_systemd(void)
{
	g_autofree char *directory = scratch_enter();
	g_autoptr(Profile) profile = load(
		MAC "nat = on\naddress = 192.168.50.1/24, fd00::1/128\n"
		    "guest-address = fd00:1::2, 192.168.50.2\nguest-setup = systemd\n"
		    "[nic \"b\"]\nmac = 52:54:00:00:00:02\naddress = 192.0.2.1/28\n"
		    "guest-address = 192.0.2.2\nguest-setup = systemd\n");
	g_autoptr(GPtrArray) guests = guest_network_list(profile, "systemd");
	guint i = 0;
	g_autofree char *first = guest_network_systemd(guests, &i);
	g_autofree char *second = NULL;

	g_assert_cmpuint(i, ==, 2);
	assert_same_lines(first,
		"[Match]\nMACAddress=52:54:00:00:00:01\n\n[Network]\nAddress=fd00:1::2/128\n"
		"Address=192.168.50.2/24\n\n[Route]\nDestination=fd00::1/128\nScope=link\n"
		"\n[Route]\nGateway=fd00::1\nGatewayOnLink=yes\n\n[Route]\nGateway=192.168.50.1\n");
	second = guest_network_systemd(guests, &i);
	g_assert_cmpuint(i, ==, 3);
	assert_same_lines(second,
		"[Match]\nMACAddress=52:54:00:00:00:02\n\n[Network]\nAddress=192.0.2.2/28\n");
	scratch_leave(g_steal_pointer(&directory));
}

int main(int argc, char **argv)
{
	g_autofree char *places = g_dir_make_tmp("tapwrap-XXXXXX", NULL);
	int status;

	g_setenv("XDG_RUNTIME_DIR", places, TRUE);
	g_test_init(&argc, &argv, NULL);
	for (guint i = 0; i < G_N_ELEMENTS(quoted); i++) {
		g_autofree char *path = g_strdup_printf("/cloud-init/quote/%u", i);

		g_test_add_data_func(path, quoted[i], test_quote);
	}
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *path = g_strconcat("/cloud-init/files/", rows[i].name, NULL);

		g_test_add_data_func(path, &rows[i], test_files);
	}
	g_test_add_func("/cloud-init/instance", test_instance);
	g_test_add_func("/cloud-init/wrong-keys", test_wrong_keys);
	g_test_add_func("/cloud-init/too-much", test_too_much);
	g_test_add_func("/cloud-init/systemd", test_systemd);
	status = g_test_run();
	g_rmdir(places);
	return status;
}
