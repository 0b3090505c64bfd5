/* SPDX-License-Identifier: MIT */
#include "launcher/cloud-init.h"

#include <errno.h>
#include <string.h>
#include <sysexits.h>

#include "launcher/guest-network.h"
#include "launcher/iso9660.h"

G_DEFINE_QUARK(qemu_tapwrap_cloud_init, cloud_init_error)

#define LABEL "CIDATA"
#define FILE_MAX (1 << 20) /* bytes; nobody has a megabyte of keys */

void cloud_init_free(Seed *seed)
{
	if (!seed)
		return;
	g_free(seed->path);
	g_free(seed->meta_data);
	g_clear_pointer(&seed->user_data, g_bytes_unref);
	g_free(seed->network_config);
	g_free(seed);
}

static gboolean raise_at(
	const Profile *profile, const char *key, int status, const char *text, GError **error)
{
	g_autofree char *place = profile_place(profile, &profile->cloud_init->section, key);

	g_set_error(error, CLOUD_INIT_ERROR, status, "%s: %s", place, text);
	return FALSE;
}

/* ---- YAML ---- */

/* Without a quote, 1e3 is a number, no is false, and # begins a comment. */
char *cloud_init_quote(const char *text)
{
	g_autofree char *valid = g_utf8_make_valid(text, -1);
	GString *quoted = g_string_new("\"");

	for (const char *at = valid; *at; at = g_utf8_next_char(at)) {
		gunichar c = g_utf8_get_char(at);

		if (c == '"' || c == '\\')
			g_string_append_printf(quoted, "\\%c", (char)c);
		else if (c >= ' ' && c < 0x7f)
			g_string_append_c(quoted, (char)c);
		else if (c < 0x10000)
			g_string_append_printf(quoted, "\\u%04x", c);
		else
			g_string_append_printf(quoted, "\\U%08x", c);
	}
	g_string_append_c(quoted, '"');
	return g_string_free(quoted, FALSE);
}

static void add_line(GString *yaml, const char *before, const char *text)
{
	g_autofree char *quoted = cloud_init_quote(text);

	g_string_append_printf(yaml, "%s%s\n", before, quoted);
}

/* ---- user-data ---- */

static gboolean read_file(const Profile *profile, const char *key, const char *path,
	GBytes **ret_bytes, GError **error)
{
	g_autoptr(GError) reason = NULL;
	g_autofree char *why = NULL;
	char *text;
	gsize len;

	if (!g_file_get_contents(path, &text, &len, &reason))
		return raise_at(profile, key, EX_NOINPUT, reason->message, error);
	*ret_bytes = g_bytes_new_take(text, len);
	if (len <= FILE_MAX)
		return TRUE;
	why = g_strdup_printf("%s: has more than 1 MiB", path);
	g_clear_pointer(ret_bytes, g_bytes_unref);
	return raise_at(profile, key, EX_DATAERR, why, error);
}

/* TYPE BASE64 [COMMENT], with options in front of it or not: sshd(8), AUTHORIZED_KEYS. */
static gboolean is_public_key(const char *line)
{
	static const char *const types[] = { "ssh-", "ecdsa-", "sk-ssh-", "sk-ecdsa-" };
	g_auto(GStrv) words = g_strsplit_set(line, " \t", -1);

	if (!value_is_plain(line, strlen(line)))
		return FALSE;
	for (guint i = 0; words[i] && words[i + 1]; i++)
		for (guint j = 0; j < G_N_ELEMENTS(types); j++)
			if (g_str_has_prefix(words[i], types[j]) && *words[i + 1])
				return TRUE;
	return FALSE;
}

/* @path may well be the private key: what is in it goes into no message. */
static gboolean add_keys(
	GString *yaml, const Profile *profile, const char *path, const char *text, GError **error)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	g_autofree char *why = NULL;
	guint n = 0;

	for (guint i = 0; lines[i]; i++) {
		g_strstrip(lines[i]);
		if (*lines[i] == '\0' || *lines[i] == '#')
			continue;
		if (!is_public_key(lines[i])) {
			n = 0;
			break;
		}
		add_line(yaml, "  - ", lines[i]);
		n++;
	}
	if (n > 0)
		return TRUE;
	why = g_strdup_printf("%s: is no file of public keys, like ~/.ssh/id_ed25519.pub", path);
	return raise_at(profile, "ssh-keys", EX_DATAERR, why, error);
}

static gboolean add_all_keys(GString *yaml, const Profile *profile, GError **error)
{
	const GStrv paths = profile->cloud_init->ssh_keys;

	if (paths)
		g_string_append(yaml, "ssh_authorized_keys:\n");
	for (guint i = 0; paths && paths[i]; i++) {
		g_autoptr(GBytes) bytes = NULL;
		g_autofree char *text = NULL;

		if (!read_file(profile, "ssh-keys", paths[i], &bytes, error))
			return FALSE;
		text = g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
		if (!add_keys(yaml, profile, paths[i], text, error))
			return FALSE;
	}
	return TRUE;
}

/* The distribution's own user under another name keeps its groups, shell and right to sudo. */
static GBytes *build_user_data(const Profile *profile, GError **error)
{
	const ProfileCloudInit *cloud_init = profile->cloud_init;
	g_autoptr(GString) yaml = g_string_new("#cloud-config\n");
	GBytes *bytes = NULL;

	if (cloud_init->user_data) {
		read_file(profile, "user-data", cloud_init->user_data, &bytes, error);
		return bytes;
	}
	if (cloud_init->user)
		add_line(yaml, "user:\n  name: ", cloud_init->user);
	if (!add_all_keys(yaml, profile, error))
		return NULL;
	if (!cloud_init->user && !cloud_init->ssh_keys)
		g_string_append(yaml, "{}\n");
	return g_bytes_new(yaml->str, yaml->len);
}

/* ---- network-config, version 2 ---- */

/* The NIC's id, if Linux and every renderer of cloud-init take it for a name of no other kind. */
static gboolean is_card_name(const char *id)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz0123456789_-";

	return g_ascii_isalpha(*id) && strlen(id) <= 15 && id[strspn(id, plain)] == '\0' &&
	       !g_str_equal(id, "lo") && !g_str_equal(id, "all") && !g_str_equal(id, "default");
}

/*
 * The renderers for systemd-networkd and for ifupdown go by the name alone, or as well: only with
 * set-name is there a card of that name.
 */
static void add_card(GString *yaml, const ProfileNic *nic, guint index)
{
	g_autofree char *name = is_card_name(nic->section.id) ? g_strdup(nic->section.id)
							      : g_strdup_printf("eth%u", index);
	g_autofree char *quoted = cloud_init_quote(name);

	g_string_append_printf(yaml, "  %s:\n    match:\n", quoted);
	add_line(yaml, "      macaddress: ", nic->mac);
	add_line(yaml, "    set-name: ", name);
}

/* Always via something: the renderer for ifupdown fails on a route without. */
static void add_route(GString *yaml, const char *to, const char *via, gboolean on_link)
{
	add_line(yaml, "      - to: ", to);
	add_line(yaml, "        via: ", via);
	if (on_link)
		g_string_append(yaml, "        on-link: true\n");
}

static void add_routes(GString *yaml, const GuestAddress *guest)
{
	gboolean single = guest_network_is_single(guest);
	g_autofree char *host = g_strdup_printf("%s/%u", guest->host, guest->prefix_len);

	if (single)
		add_route(yaml, host, guest->host, TRUE);
	if (guest->gateway)
		add_route(yaml, guest->family == 4 ? "0.0.0.0/0" : "::/0", guest->gateway, single);
}

static void add_static(GString *yaml, const GPtrArray *guests, const ProfileNic *nic)
{
	g_autoptr(GString) routes = g_string_new(NULL);

	g_string_append(yaml, "    addresses:\n");
	for (guint i = 0; i < guests->len; i++) {
		const GuestAddress *guest = guests->pdata[i];
		g_autofree char *cidr = guest_network_cidr(guest);

		if (guest->nic != nic)
			continue;
		add_line(yaml, "      - ", cidr);
		add_routes(routes, guest);
	}
	if (routes->len > 0)
		g_string_append_printf(yaml, "    routes:\n%s", routes->str);
}

static gboolean has_address(const GPtrArray *guests, const ProfileNic *nic)
{
	for (guint i = 0; i < guests->len; i++)
		if (((const GuestAddress *)guests->pdata[i])->nic == nic)
			return TRUE;
	return FALSE;
}

/* A card that this file leaves out stays down: those without an address try DHCP. */
static char *build_network_config(const Profile *profile)
{
	g_autoptr(GPtrArray) guests = guest_network_list(profile, "cloud-init");
	GString *yaml;
	guint n = 0;

	if (guests->len == 0)
		return NULL;
	yaml = g_string_new("version: 2\nethernets:\n");
	for (guint i = 0; i < profile->nics->len; i++) {
		const ProfileNic *nic = profile->nics->pdata[i];

		if (g_str_equal(nic->type, "none"))
			continue;
		add_card(yaml, nic, n++);
		if (has_address(guests, nic))
			add_static(yaml, guests, nic);
		else
			g_string_append(yaml, "    dhcp4: true\n    optional: true\n");
	}
	return g_string_free(yaml, FALSE);
}

/* ---- meta-data ---- */

/* Another content is another instance, so that cloud-init looks at it. */
static char *build_meta_data(const Profile *profile, const Seed *seed)
{
	g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
	const char *texts[] = { profile->vm->name, profile->cloud_init->hostname,
		seed->network_config ? seed->network_config : "" };
	g_autoptr(GString) yaml = g_string_new("instance-id: ");
	g_autofree char *id = NULL;
	gsize len;
	const void *user_data = g_bytes_get_data(seed->user_data, &len);

	for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
		g_checksum_update(checksum, (const guchar *)texts[i], strlen(texts[i]) + 1);
	g_checksum_update(checksum, user_data, len);
	id = g_strdup_printf("qemu-tapwrap-%.16s", g_checksum_get_string(checksum));
	add_line(yaml, "", id);
	add_line(yaml, "local-hostname: ", profile->cloud_init->hostname);
	return g_strdup(yaml->str);
}

/* ---- the whole ---- */

gboolean cloud_init_find(const Profile *profile, Seed **ret_seed, GError **error)
{
	g_autoptr(Seed) seed = NULL;

	*ret_seed = NULL;
	if (!profile->cloud_init->section.source)
		return TRUE;
	seed = g_new0(Seed, 1);
	seed->section = &profile->cloud_init->section;
	seed->path = g_build_filename(profile->places.run, PROFILE_SEED, NULL);
	seed->user_data = build_user_data(profile, error);
	if (!seed->user_data)
		return FALSE;
	seed->network_config = build_network_config(profile);
	seed->meta_data = build_meta_data(profile, seed);
	*ret_seed = g_steal_pointer(&seed);
	return TRUE;
}

gboolean cloud_init_make(const Seed *seed, const Profile *profile, GError **error)
{
	g_autoptr(GBytes) meta_data = g_bytes_new_static(seed->meta_data, strlen(seed->meta_data));
	g_autoptr(GBytes) network = seed->network_config ? g_bytes_new_static(seed->network_config,
								   strlen(seed->network_config))
							 : NULL;
	IsoFile files[3] = { { "meta-data", meta_data } };
	g_autoptr(GByteArray) image = NULL;
	g_autoptr(GError) reason = NULL;
	guint n = 1;

	if (network)
		files[n++] = (IsoFile){ "network-config", network };
	files[n++] = (IsoFile){ "user-data", seed->user_data };
	image = iso9660_build(LABEL, files, n);
	if (g_file_set_contents_full(seed->path, (const char *)image->data, image->len,
		    G_FILE_SET_CONTENTS_CONSISTENT, 0600, &reason))
		return TRUE;
	return raise_at(profile, NULL, EX_CANTCREAT, reason->message, error);
}
