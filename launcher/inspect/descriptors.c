/* SPDX-License-Identifier: MIT */
#include "launcher/inspect/descriptors.h"

#include <errno.h>
#include <fnmatch.h>
#include <json-glib/json-glib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

G_DEFINE_QUARK(qemu_tapwrap_descriptors, descriptors_error)

#define SUFFIX ".json"
#define SIZE_MAX_BYTES (1024 * 1024)

/* ---- where they are ---- */

static GStrv list_directories(void)
{
	char *directories[] = {
		g_build_filename(g_get_user_config_dir(), "qemu", "firmware", NULL),
		g_strdup("/etc/qemu/firmware"),
		g_strdup("/usr/share/qemu/firmware"),
		NULL,
	};

	return g_memdup2(directories, sizeof(directories));
}

/* Adds NAME -> PATH of what is not hidden by an earlier directory. */
static void read_directory(GTree *files, const char *directory)
{
	g_autoptr(GDir) dir = g_dir_open(directory, 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir)))
		if (g_str_has_suffix(name, SUFFIX) && !g_tree_lookup(files, name))
			g_tree_insert(
				files, g_strdup(name), g_build_filename(directory, name, NULL));
}

static int by_name(gconstpointer a, gconstpointer b, gpointer data)
{
	(void)data;
	return strcmp(a, b);
}

static gboolean append_path(gpointer name, gpointer path, gpointer list)
{
	struct stat status;

	(void)name;
	if (stat(path, &status) < 0 || status.st_size > 0)
		g_ptr_array_add(list, g_strdup(path));
	return FALSE;
}

/* Their paths, in the order in which they are asked. */
static GPtrArray *list_files(void)
{
	g_autoptr(GTree) files = g_tree_new_full(by_name, NULL, g_free, g_free);
	g_auto(GStrv) directories = list_directories();
	GPtrArray *list = g_ptr_array_new_with_free_func(g_free);

	for (guint i = 0; directories[i]; i++)
		read_directory(files, directories[i]);
	g_tree_foreach(files, append_path, list);
	return list;
}

/* ---- JSON, of which nothing can be taken for granted ---- */

static JsonNode *member(JsonObject *object, const char *name, JsonNodeType type)
{
	JsonNode *node = object ? json_object_get_member(object, name) : NULL;

	return node && JSON_NODE_TYPE(node) == type ? node : NULL;
}

static JsonObject *object_at(JsonObject *object, const char *name)
{
	JsonNode *node = member(object, name, JSON_NODE_OBJECT);

	return node ? json_node_get_object(node) : NULL;
}

static JsonArray *array_at(JsonObject *object, const char *name)
{
	JsonNode *node = member(object, name, JSON_NODE_ARRAY);

	return node ? json_node_get_array(node) : NULL;
}

static const char *text_at(JsonObject *object, const char *name)
{
	JsonNode *node = member(object, name, JSON_NODE_VALUE);

	return node ? json_node_get_string(node) : NULL;
}

/* The @i th text of @array; NULL when it is something else. */
static const char *text_in(JsonArray *array, guint i)
{
	JsonNode *node = json_array_get_element(array, i);

	return JSON_NODE_HOLDS_VALUE(node) ? json_node_get_string(node) : NULL;
}

static gboolean has_word(JsonArray *array, const char *word)
{
	for (guint i = 0; i < json_array_get_length(array); i++)
		if (g_strcmp0(text_in(array, i), word) == 0)
			return TRUE;
	return FALSE;
}

/* ---- one descriptor ---- */

typedef struct {
	JsonParser *parser; /* owns all of it */
	JsonArray *interfaces, *targets, *features;
	JsonObject *mapping;
} Descriptor;

static void descriptor_clear(Descriptor *descriptor)
{
	g_clear_object(&descriptor->parser);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Descriptor, descriptor_clear)

static JsonObject *parse(const char *path, Descriptor *descriptor, char **ret_why)
{
	g_autoptr(GError) error = NULL;
	struct stat status;
	JsonNode *root;

	if (stat(path, &status) < 0)
		*ret_why = g_strdup(g_strerror(errno));
	else if (!S_ISREG(status.st_mode))
		*ret_why = g_strdup("is not a regular file");
	else if (status.st_size > SIZE_MAX_BYTES)
		*ret_why = g_strdup("is larger than 1 MiB");
	if (*ret_why)
		return NULL;
	descriptor->parser = json_parser_new();
	if (!json_parser_load_from_file(descriptor->parser, path, &error)) {
		*ret_why = g_strdup(error->message);
		return NULL;
	}
	root = json_parser_get_root(descriptor->parser);
	if (root && JSON_NODE_HOLDS_OBJECT(root))
		return json_node_get_object(root);
	*ret_why = g_strdup("holds no JSON object");
	return NULL;
}

static gboolean is_flash(const Descriptor *descriptor)
{
	return g_strcmp0(text_at(descriptor->mapping, "device"), "flash") == 0;
}

static gboolean has_file(const Descriptor *descriptor, const char *name)
{
	JsonObject *file = object_at(descriptor->mapping, name);

	return text_at(file, "filename") && text_at(file, "format");
}

static const char *find_fault(const Descriptor *descriptor)
{
	if (!descriptor->interfaces)
		return "has no list interface-types";
	if (!descriptor->features)
		return "has no list features";
	if (!text_at(descriptor->mapping, "device"))
		return "has no mapping with a device";
	if (is_flash(descriptor) && !has_file(descriptor, "executable"))
		return "has no executable with filename and format";
	if (!descriptor->targets)
		return "has no list targets";
	for (guint i = 0; i < json_array_get_length(descriptor->targets); i++) {
		JsonNode *node = json_array_get_element(descriptor->targets, i);
		JsonObject *target = JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node)
								  : NULL;

		if (!text_at(target, "architecture") || !array_at(target, "machines"))
			return "has a target without architecture or machines";
	}
	return NULL;
}

/* FALSE and *ret_why, owned by the caller, if it is malformed. */
static gboolean read_descriptor(const char *path, Descriptor *descriptor, char **ret_why)
{
	JsonObject *root = parse(path, descriptor, ret_why);

	if (!root)
		return FALSE;
	descriptor->interfaces = array_at(root, "interface-types");
	descriptor->targets = array_at(root, "targets");
	descriptor->features = array_at(root, "features");
	descriptor->mapping = object_at(root, "mapping");
	*ret_why = g_strdup(find_fault(descriptor));
	return !*ret_why;
}

/* ---- is it the right one? ---- */

typedef struct {
	const char *arch;
	char *name;   /* of the machine, without properties */
	char *family; /* what "pc-q35-*" has in front of its star, when the name is an alias */
	gboolean secure;
} Wanted;

static void wanted_clear(Wanted *wanted)
{
	g_free(wanted->name);
	g_free(wanted->family);
}

static Wanted wanted_new(const char *arch, const char *machine, gboolean secure)
{
	Wanted wanted = { .arch = arch, .secure = secure };
	const char *stem;

	wanted.name = g_strndup(machine, strcspn(machine, ","));
	stem = g_str_equal(wanted.name, "q35")	? "pc-q35"
	       : g_str_equal(wanted.name, "pc") ? "pc-i440fx"
						: wanted.name;
	wanted.family = g_strconcat(stem, "-", NULL);
	return wanted;
}

static gboolean runs_on(JsonObject *target, const Wanted *wanted)
{
	JsonArray *machines = array_at(target, "machines");

	if (!g_str_equal(text_at(target, "architecture"), wanted->arch))
		return FALSE;
	for (guint i = 0; i < json_array_get_length(machines); i++) {
		const char *pattern = text_in(machines, i);

		if (pattern && (fnmatch(pattern, wanted->name, 0) == 0 ||
				       fnmatch(pattern, wanted->family, 0) == 0))
			return TRUE;
	}
	return FALSE;
}

static gboolean has_target(const Descriptor *descriptor, const Wanted *wanted)
{
	for (guint i = 0; i < json_array_get_length(descriptor->targets); i++)
		if (runs_on(json_array_get_object_element(descriptor->targets, i), wanted))
			return TRUE;
	return FALSE;
}

/* Without settings of its own and made for an encrypted guest: of no use to any other. */
static gboolean is_confidential(const Descriptor *descriptor)
{
	JsonArray *features = descriptor->features;

	return g_strcmp0(text_at(descriptor->mapping, "mode"), "stateless") == 0 &&
	       (has_word(features, "amd-sev") || has_word(features, "amd-sev-es") ||
		       has_word(features, "amd-sev-snp") || has_word(features, "intel-tdx"));
}

static gboolean has_features(const Descriptor *descriptor, gboolean secure)
{
	JsonArray *features = descriptor->features;

	if (secure)
		return has_word(features, "secure-boot") && has_word(features, "enrolled-keys");
	return !has_word(features, "secure-boot") && !has_word(features, "enrolled-keys") &&
	       !has_word(features, "requires-smm") && !is_confidential(descriptor);
}

/* A flash for the code and one for the settings, or none for these. */
static gboolean has_flash(const Descriptor *descriptor)
{
	const char *mode = text_at(descriptor->mapping, "mode");

	if (!is_flash(descriptor))
		return FALSE;
	if (!mode || g_str_equal(mode, "split"))
		return has_file(descriptor, "nvram-template");
	return g_str_equal(mode, "stateless");
}

static Firmware *firmware_of(const Descriptor *descriptor)
{
	JsonObject *code = object_at(descriptor->mapping, "executable");
	JsonObject *vars = object_at(descriptor->mapping, "nvram-template");
	g_autoptr(Firmware) firmware = g_new0(Firmware, 1);

	firmware->code = g_strdup(text_at(code, "filename"));
	firmware->code_format = g_strdup(text_at(code, "format"));
	if (g_strcmp0(text_at(descriptor->mapping, "mode"), "stateless") != 0) {
		firmware->vars = g_strdup(text_at(vars, "filename"));
		firmware->nvram_format = g_strdup(text_at(vars, "format"));
	}
	firmware->needs_smm = has_word(descriptor->features, "requires-smm");
	if (access(firmware->code, R_OK) < 0 ||
		(firmware->vars && access(firmware->vars, R_OK) < 0))
		return NULL;
	return g_steal_pointer(&firmware);
}

/* ---- all ---- */

static Firmware *try_file(const char *path, const Wanted *wanted)
{
	g_auto(Descriptor) descriptor = { 0 };
	g_autofree char *why = NULL;

	if (!read_descriptor(path, &descriptor, &why) || !has_word(descriptor.interfaces, "uefi") ||
		!has_target(&descriptor, wanted) || !has_flash(&descriptor) ||
		!has_features(&descriptor, wanted->secure))
		return NULL;
	return firmware_of(&descriptor);
}

static const char *packages_for(const char *arch)
{
	static const struct {
		const char *arch, *packages;
	} known[] = {
		{ "x86_64", "; install ovmf or edk2-ovmf" },
		{ "i386", "; install ovmf-ia32 or edk2-ovmf-ia32" },
		{ "aarch64", "; install qemu-efi-aarch64 or edk2-aarch64" },
		{ "arm", "; install qemu-efi-arm or edk2-arm" },
		{ "riscv64", "; install qemu-efi-riscv64 or edk2-riscv64" },
		{ "loongarch64", "; install qemu-efi-loongarch64 or edk2-loongarch64" },
	};

	for (guint i = 0; i < G_N_ELEMENTS(known); i++)
		if (g_str_equal(arch, known[i].arch))
			return known[i].packages;
	return "";
}

static void raise_none(const Wanted *wanted, GError **error)
{
	g_auto(GStrv) directories = list_directories();
	g_autofree char *where = g_strjoinv(", ", directories);

	g_set_error(error, DESCRIPTORS_ERROR, EX_OSFILE, "no UEFI firmware%s for %s%s%s, in %s%s",
		wanted->secure ? " with Secure Boot" : "", wanted->arch,
		*wanted->name ? ", machine " : "", wanted->name, where, packages_for(wanted->arch));
}

Firmware *descriptors_find(const char *arch, const char *machine, gboolean secure, GError **error)
{
	g_autoptr(GPtrArray) files = list_files();
	Wanted wanted = wanted_new(arch, machine, secure);
	Firmware *firmware = NULL;

	for (guint i = 0; i < files->len && !firmware; i++)
		firmware = try_file(files->pdata[i], &wanted);
	if (!firmware)
		raise_none(&wanted, error);
	wanted_clear(&wanted);
	return firmware;
}

void descriptors_check(DescriptorsComplain complain, gpointer data)
{
	g_autoptr(GPtrArray) files = list_files();

	for (guint i = 0; i < files->len; i++) {
		g_auto(Descriptor) descriptor = { 0 };
		g_autofree char *why = NULL;

		if (!read_descriptor(files->pdata[i], &descriptor, &why))
			complain(files->pdata[i], why, data);
	}
}
