/* SPDX-License-Identifier: MIT */
/*
 * qemu-argv: golden command lines. tests/golden/NAME.ini with what followed "--" in NAME.extra (a
 * word a line, may be missing) must give NAME.argv (a word a line). @DIR@ stands for the real
 * directory of the profiles, @RUN@ for $XDG_RUNTIME_DIR and @STATE@ for $XDG_STATE_HOME; taps have
 * the descriptors 10, 11, ... (see name_tap), the TPM has 30, shares have 31 and 32, links have 33,
 * passt has 34 and 35. With UPDATE_GOLDEN set in the environment the .argv files are written
 * instead: read them before you keep them.
 */
#include "launcher/qemu-argv.h"

#include <stdlib.h>
#include <string.h>

#include "platform/net.h"
#include "profiles/schema.h"
#include "tests/unit/lines.h"
#include "tests/unit/scratch.h"

#define GOLDEN "tests/golden"

static char *golden_path(const char *name, const char *suffix)
{
	return g_strconcat(GOLDEN "/", name, suffix, NULL);
}

static int by_name(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* What stands before @suffix, sorted. */
static GPtrArray *list_goldens(const char *suffix)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GDir) dir = g_dir_open(GOLDEN, 0, &error);
	GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
	const char *file;

	g_assert_no_error(error);
	while ((file = g_dir_read_name(dir)))
		if (g_str_has_suffix(file, suffix))
			g_ptr_array_add(names, g_strndup(file, strlen(file) - strlen(suffix)));
	g_ptr_array_sort(names, by_name);
	return names;
}

static Profile *load_sound(const char *path)
{
	g_autoptr(GError) error = NULL;
	Profile *profile = profile_load(path, NULL, &error);

	g_assert_no_error(error);
	profile_verdict(profile, &error);
	g_assert_no_error(error);
	return profile;
}

/* ---- goldens ---- */

/* NULL when there is no such file. */
static GStrv read_lines(const char *path)
{
	g_autofree char *text = NULL;

	if (!g_file_get_contents(path, &text, NULL, NULL))
		return NULL;
	g_assert_true(g_str_has_suffix(text, "\n"));
	text[strlen(text) - 1] = '\0';
	return g_strsplit(text, "\n", -1);
}

static void put_placeholder(GString *text, const char *name, const char *path)
{
	g_assert_nonnull(path);
	g_string_replace(text, path, name, 0);
}

static char *print_argv(const GStrv argv)
{
	char *here = realpath(GOLDEN, NULL);
	GString *text = g_string_new(NULL);

	for (guint i = 0; argv[i]; i++) {
		g_assert_null(strchr(argv[i], '\n'));
		g_string_append_printf(text, "%s\n", argv[i]);
	}
	put_placeholder(text, "@DIR@", here);
	put_placeholder(text, "@STATE@", g_getenv("XDG_STATE_HOME")); /* in the next one */
	put_placeholder(text, "@RUN@", g_getenv("XDG_RUNTIME_DIR"));
	free(here);
	return g_string_free(text, FALSE);
}

/* What [firmware] does not name comes from the host's descriptors; this stands for it. */
static Firmware *find_firmware(const Profile *profile)
{
	const char *type = profile->firmware->type;
	g_autoptr(GError) error = NULL;
	Firmware *firmware = NULL;

	if (g_str_equal(type, "bios") || profile->firmware->code) {
		firmware_find(profile, &firmware, &error);
		g_assert_no_error(error);
		return firmware;
	}
	firmware = g_new0(Firmware, 1);
	firmware->code = g_strdup("/usr/share/found/code, 4M.fd");
	firmware->code_format = g_strdup("raw");
	firmware->nvram = g_strdup("/state/vm/nvram.qcow2");
	firmware->nvram_format = g_strdup("qcow2");
	firmware->needs_smm = g_str_equal(type, "uefi-secure");
	return firmware;
}

/* Those of the first queue have the tens, further ones the hundreds, vhost is five behind. */
static Backend name_tap(const Profile *profile, guint i, int *fds, int *vhosts)
{
	gboolean has_vhost = FALSE;

	for (guint j = 0; j < profile->nics->len; j++)
		has_vhost |= ((const ProfileNic *)profile->nics->pdata[j])->vhost;
	for (guint j = 0; j < NET_QUEUES_MAX; j++) {
		fds[j] = (j ? 100 * j : 10) + i;
		vhosts[j] = fds[j] + 5;
	}
	return (Backend){ .fd = -1, .fds = fds, .vhosts = has_vhost ? vhosts : NULL };
}

static char *build_argv(const char *name)
{
	g_autofree char *ini = golden_path(name, ".ini");
	g_autofree char *extra_path = golden_path(name, ".extra");
	g_auto(GStrv) extra = read_lines(extra_path);
	g_autoptr(Profile) profile = load_sound(ini);
	g_autoptr(Firmware) firmware = find_firmware(profile);
	g_auto(GStrv) argv = NULL;
	int fds[NET_TAPS_MAX][NET_QUEUES_MAX], vhosts[NET_TAPS_MAX][NET_QUEUES_MAX];
	Backend taps[NET_TAPS_MAX], shares[] = { { .fd = 31 }, { .fd = 32 } },
				    passts[] = { { .fd = 34 }, { .fd = 35 } };
	Backends backends = { .taps = taps,
		.shares = shares,
		.passts = passts,
		.tpm = { .fd = 30 },
		.links = { .fd = 33 },
		.firmware = firmware };

	for (guint i = 0; i < NET_TAPS_MAX; i++)
		taps[i] = name_tap(profile, i, fds[i], vhosts[i]);
	argv = qemu_argv_build(profile, &backends, extra);
	return print_argv(argv);
}

static void test_golden(gconstpointer data)
{
	g_autofree char *path = golden_path(data, ".argv");
	g_autofree char *expected = NULL;
	g_autofree char *built = build_argv(data);
	g_autoptr(GError) error = NULL;

	if (g_getenv("UPDATE_GOLDEN"))
		g_file_set_contents(path, built, -1, &error);
	else
		g_file_get_contents(path, &expected, NULL, &error);
	g_assert_no_error(error);
	if (expected)
		assert_same_lines(built, expected);
}

/* A golden without its profile is compared with nothing. */
static void test_orphans(void)
{
	static const char *const suffixes[] = { ".argv", ".extra" };

	for (guint i = 0; i < G_N_ELEMENTS(suffixes); i++) {
		g_autoptr(GPtrArray) names = list_goldens(suffixes[i]);

		for (guint j = 0; j < names->len; j++) {
			g_autofree char *ini = golden_path(names->pdata[j], ".ini");

			g_test_message("%s", ini);
			g_assert_true(g_file_test(ini, G_FILE_TEST_IS_REGULAR));
		}
	}
}

/* At least the program, -nodefaults and a dozen more. */
static void test_not_empty(void)
{
	g_autoptr(GPtrArray) names = list_goldens(".argv");

	g_assert_cmpuint(names->len, >, 0);
	for (guint i = 0; i < names->len; i++) {
		g_autofree char *path = golden_path(names->pdata[i], ".argv");
		g_auto(GStrv) argv = read_lines(path);

		g_test_message("%s", path);
		g_assert_nonnull(argv);
		g_assert_cmpuint(g_strv_length(argv), >, 12);
		for (guint k = 0; argv[k]; k++)
			g_assert_true(*argv[k]);
	}
}

/* ---- is everything in them? ---- */

/* Adds "disk.if" and, as it stands, "disk.if = nvme". */
static void collect(GHashTable *seen, const char *name)
{
	g_autofree char *path = golden_path(name, ".ini");
	g_autoptr(Profile) profile = load_sound(path);

	for (guint i = 0; i < profile->ini->sections->len; i++) {
		const IniSection *section = profile->ini->sections->pdata[i];

		for (guint k = 0; k < section->entries->len; k++) {
			const IniEntry *entry = section->entries->pdata[k];

			g_hash_table_add(seen, g_strconcat(section->name, ".", entry->key, NULL));
			g_hash_table_add(seen, g_strconcat(section->name, ".", entry->key, " = ",
						       entry->value, NULL));
		}
	}
}

static void check_seen(GHashTable *seen, const SchemaSection *section, const SchemaKey *key)
{
	const char *all = key->type == VALUE_WORD ? key->words : "";
	g_auto(GStrv) words = g_strsplit(all, " ", -1);
	g_autofree char *name = g_strconcat(section->name, ".", key->key, NULL);

	if (!g_hash_table_contains(seen, name))
		g_test_fail_printf("no golden has the key %s", name);
	for (guint i = 0; words[i]; i++) {
		g_autofree char *setting = g_strconcat(name, " = ", words[i], NULL);

		if (!g_hash_table_contains(seen, setting))
			g_test_fail_printf("no golden has %s", setting);
	}
}

static void test_whole_schema(void)
{
	g_autoptr(GPtrArray) names = list_goldens(".ini");
	g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	for (guint i = 0; i < names->len; i++)
		collect(seen, names->pdata[i]);
	for (const SchemaSection *section = schema; section->name; section++)
		for (const SchemaKey *key = section->keys; key->key; key++)
			check_seen(seen, section, key);
}

/* ---- what the machine this runs on decides ---- */

static void test_host(void)
{
	g_autofree char *root = g_get_current_dir();
	g_autofree char *directory = scratch_enter();
	g_autoptr(Profile) profile = NULL;
	g_autoptr(Profile) desktop = NULL;
	g_autofree char *program = NULL;

	scratch_write("vm.ini", "[vm]\n", -1);
	g_setenv("DISPLAY", "", TRUE);
	profile = load_sound("vm.ini");
	g_unsetenv("DISPLAY");
	program = qemu_argv_program(profile);
	g_assert_cmpstr(program, ==, "qemu-system-" HOST_ARCH);
	g_assert_cmpstr(profile->display->type, ==, "none");

	g_setenv("WAYLAND_DISPLAY", "wayland-0", TRUE);
	desktop = load_sound("vm.ini");
	g_unsetenv("WAYLAND_DISPLAY");
	g_assert_cmpstr(desktop->display->type, ==, "gtk");
	g_assert_cmpuint(desktop->serials->len, ==, 0);

	scratch_leave(g_steal_pointer(&directory));
	g_assert_cmpint(g_chdir(root), ==, 0);
}

/* A run directory is only taken where it could be used; what is in it stays unmade. */
static void make_places(char *directory)
{
	g_autofree char *state = g_build_filename(directory, "state", NULL);

	g_assert_nonnull(directory);
	g_setenv("XDG_RUNTIME_DIR", directory, TRUE);
	g_setenv("XDG_STATE_HOME", state, TRUE);
}

int main(int argc, char **argv)
{
	g_autofree char *places = g_dir_make_tmp("tapwrap-XXXXXX", NULL);
	g_autoptr(GPtrArray) names = NULL;
	int status;

	make_places(places);
	g_unsetenv("DISPLAY");
	g_unsetenv("WAYLAND_DISPLAY");
	g_setenv("HOME", "/home/some body", TRUE);
	g_setenv("IMAGES", "/srv/images", TRUE);
	g_test_init(&argc, &argv, NULL);

	names = list_goldens(".ini");
	for (guint i = 0; i < names->len; i++) {
		g_autofree char *path = g_strconcat("/qemu-argv/golden/", names->pdata[i], NULL);

		g_test_add_data_func(path, names->pdata[i], test_golden);
	}
	g_test_add_func("/qemu-argv/all/orphans", test_orphans);
	g_test_add_func("/qemu-argv/all/not-empty", test_not_empty);
	g_test_add_func("/qemu-argv/all/whole-schema", test_whole_schema);
	g_test_add_func("/qemu-argv/host/defaults", test_host);
	status = g_test_run();
	g_assert_cmpint(g_rmdir(places), ==, 0);
	return status;
}
