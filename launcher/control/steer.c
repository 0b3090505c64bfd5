/* SPDX-License-Identifier: MIT */
#include "launcher/control/steer.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "launcher/control/command.h"

#define SIMPLE_LIMIT 5 /* seconds for what QEMU does at once */
#define PICTURE_LIMIT 15

static int refuse(int status, const char *format, ...) G_GNUC_PRINTF(2, 3);
static int refuse(int status, const char *format, ...)
{
	g_autofree char *line = NULL;
	va_list arguments;

	va_start(arguments, format);
	line = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	command_tame(line);
	fprintf(stderr, "qemu-tapwrap: %s\n", line);
	return status;
}

/* ---- one word of QEMU's ---- */

static int give(Commander *commander, const char *command)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(JsonNode) answer = command_give(commander, command, NULL, SIMPLE_LIMIT, &error);

	return answer ? EXIT_SUCCESS : command_complain(error);
}

/* ---- link ---- */

#define DEVICE_PREFIX "nic-"
#define DEVICE_SUFFIX "-device"

/* The id of the profile's [nic] that became this device, or NULL. Owned by the caller. */
static char *nic_id(const char *device)
{
	gsize len = strlen(device);

	if (!g_str_has_prefix(device, DEVICE_PREFIX) || !g_str_has_suffix(device, DEVICE_SUFFIX) ||
		len <= strlen(DEVICE_PREFIX DEVICE_SUFFIX))
		return NULL;
	return g_strndup(device + strlen(DEVICE_PREFIX), len - strlen(DEVICE_PREFIX DEVICE_SUFFIX));
}

static int compare_ids(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static GPtrArray *find_ids(JsonNode *answer)
{
	GPtrArray *nics = g_ptr_array_new_with_free_func(g_free);
	JsonArray *devices = JSON_NODE_HOLDS_ARRAY(answer) ? json_node_get_array(answer) : NULL;

	for (guint i = 0; devices && i < json_array_get_length(devices); i++) {
		const char *device = json_object_get_string_member_with_default(
			json_array_get_object_element(devices, i), "name", NULL);
		char *id = device ? nic_id(device) : NULL;

		if (id)
			g_ptr_array_add(nics, id);
	}
	g_ptr_array_sort(nics, compare_ids);
	return nics;
}

/* The ids of the VM's network cards; NULL and an error if QEMU does not tell. */
static GPtrArray *list_nics(Commander *commander, GError **error)
{
	JsonObject *arguments = json_object_new();
	g_autoptr(JsonNode) answer = NULL;

	json_object_set_string_member(arguments, "path", "/machine/peripheral");
	answer = command_give(commander, "qom-list", arguments, SIMPLE_LIMIT, error);
	return answer ? find_ids(answer) : NULL;
}

static const char *find_nic(const GPtrArray *nics, const char *id)
{
	for (guint i = 0; i < nics->len; i++)
		if (g_ascii_strcasecmp(nics->pdata[i], id) == 0)
			return nics->pdata[i];
	return NULL;
}

static int refuse_nic(const Running *vm, const char *id, const GPtrArray *nics)
{
	g_autoptr(GString) list = g_string_new(NULL);

	for (guint i = 0; i < nics->len; i++)
		g_string_append_printf(list, "%s'%s'", i ? ", " : "", (const char *)nics->pdata[i]);
	return refuse(EX_USAGE, "VM '%s' has no NIC '%s'; it has %s", vm->name, id,
		list->len ? list->str : "none");
}

static int set_link(const Running *vm, Commander *commander, const char *id, gboolean up)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) nics = list_nics(commander, &error);
	g_autoptr(JsonNode) answer = NULL;
	g_autofree char *device = NULL;
	JsonObject *arguments;
	const char *known;

	if (!nics)
		return command_complain(error);
	known = find_nic(nics, id);
	if (!known)
		return refuse_nic(vm, id, nics);
	device = g_strconcat(DEVICE_PREFIX, known, DEVICE_SUFFIX, NULL);
	arguments = json_object_new();
	json_object_set_string_member(arguments, "name", device);
	json_object_set_boolean_member(arguments, "up", up);
	answer = command_give(commander, "set_link", arguments, SIMPLE_LIMIT, &error);
	return answer ? EXIT_SUCCESS : command_complain(error);
}

/* ---- screenshot ---- */

/* Is a PNG there, from its first bytes to its last? */
static gboolean is_png(const char *bytes, gsize len)
{
	static const char start[] = "\211PNG\r\n\032\n", end[] = "IEND\256B`\202";
	const gsize start_len = sizeof(start) - 1, end_len = sizeof(end) - 1;

	return len > start_len + end_len && memcmp(bytes, start, start_len) == 0 &&
	       memcmp(bytes + len - end_len, end, end_len) == 0;
}

static void complain_of_picture(const Running *vm, const GError *error)
{
	if (strstr(error->message, "no console"))
		refuse(EX_UNAVAILABLE, "VM '%s' has no screen; one comes with [video] model = std",
			vm->name);
	else if (strstr(error->message, "'format' is unexpected"))
		refuse(EX_UNAVAILABLE, "VM '%s': its QEMU is older than 7.1 and writes no PNG",
			vm->name);
	else
		command_complain(error);
}

static JsonNode *give_picture(Commander *commander, gint64 set, GError **error)
{
	g_autofree char *path = g_strdup_printf("/dev/fdset/%" G_GINT64_FORMAT, set);
	JsonObject *arguments = json_object_new();

	json_object_set_string_member(arguments, "filename", path);
	json_object_set_string_member(arguments, "format", "png");
	return command_give(commander, "screendump", arguments, PICTURE_LIMIT, error);
}

/* Lets QEMU write to @fd, which must be open for nothing else. */
static gboolean draw(Commander *commander, int fd, GError **error)
{
	gint64 set = command_give_fd(commander, fd, error);
	g_autoptr(JsonNode) answer = set >= 0 ? give_picture(commander, set, error) : NULL;
	g_autoptr(JsonNode) removed = NULL;
	JsonObject *arguments;

	if (set < 0)
		return FALSE;
	arguments = json_object_new();
	json_object_set_int_member(arguments, "fdset-id", set);
	removed = command_give(commander, "remove-fd", arguments, SIMPLE_LIMIT, NULL);
	return answer != NULL;
}

/*
 * The picture, or NULL after saying why not. QEMU gets memory to draw on, not a file: that of 7.2
 * aborts, and the VM with it, when a disk is full.
 */
static char *take_picture(const Running *vm, Commander *commander, gsize *ret_len)
{
	g_autoptr(GError) error = NULL;
	int memory = memfd_create("screenshot", MFD_CLOEXEC), fd;
	g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", memory);
	char *bytes = NULL;

	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0) {
		refuse(EX_OSERR, "memory for a picture: %s", g_strerror(errno));
	} else if (!draw(commander, fd, &error)) {
		complain_of_picture(vm, error);
	} else if (!g_file_get_contents(path, &bytes, ret_len, NULL) || !is_png(bytes, *ret_len)) {
		refuse(EX_UNAVAILABLE, "VM '%s': QEMU has drawn no whole picture", vm->name);
		g_clear_pointer(&bytes, g_free);
	}
	if (fd >= 0)
		close(fd);
	if (memory >= 0)
		close(memory);
	return bytes;
}

/* What a link leads to. NULL and a line if it is there and must not be replaced. */
static char *find_target(const char *file)
{
	g_autofree char *path = realpath(file, NULL);
	struct stat status;

	if (path && stat(path, &status) == 0 && !S_ISREG(status.st_mode)) {
		refuse(EX_CANTCREAT, "%s: is there, and no file that could be replaced", file);
		return NULL;
	}
	return g_strdup(path ? path : file);
}

/* FALSE and errno. */
static gboolean write_whole(int fd, const char *bytes, gsize len)
{
	while (len > 0) {
		ssize_t n = write(fd, bytes, len);

		if (n < 0 && errno != EINTR)
			return FALSE;
		bytes += MAX(n, 0);
		len -= MAX(n, 0);
	}
	return fsync(fd) == 0 || errno == EINVAL;
}

/* Whatever happens, at @target is what was there, or all of the new. */
static int replace(const char *target, const char *bytes, gsize len)
{
	g_autofree char *half = g_strconcat(target, ".XXXXXX", NULL);
	int fd = g_mkstemp_full(half, O_RDWR | O_CLOEXEC, 0666), reason;
	gboolean is_there = fd >= 0 && write_whole(fd, bytes, len) && rename(half, target) == 0;

	reason = errno;
	if (fd >= 0)
		close(fd);
	if (is_there)
		return EXIT_SUCCESS;
	if (fd >= 0)
		unlink(half);
	return refuse(EX_CANTCREAT, "%s: %s", target, g_strerror(reason));
}

static int screenshot(const Running *vm, Commander *commander, const char *file)
{
	g_autofree char *target = find_target(file), *bytes = NULL;
	gsize len = 0;

	if (!target)
		return EX_CANTCREAT;
	bytes = take_picture(vm, commander, &len);
	return bytes ? replace(target, bytes, len) : EX_UNAVAILABLE;
}

/* ---- all ---- */

static int obey(const Options *options, const Running *vm, Commander *commander)
{
	switch (options->verb) {
	case VERB_PAUSE:
		return give(commander, "stop");
	case VERB_RESUME:
		return give(commander, "cont");
	case VERB_RESET:
		return give(commander, "system_reset");
	case VERB_LINK:
		return set_link(vm, commander, options->arguments[0],
			g_str_equal(options->arguments[1], "on"));
	default:
		return screenshot(vm, commander, options->arguments[0]);
	}
}

int steer_run(const Options *options)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Running) vm = NULL;
	g_autoptr(Commander) commander = NULL;

	if (options->verb == VERB_LINK && !g_str_equal(options->arguments[1], "on") &&
		!g_str_equal(options->arguments[1], "off"))
		return refuse(
			EX_USAGE, "--link: '%s' is neither on nor off", options->arguments[1]);
	vm = running_find(options->profile, &error);
	commander = vm ? command_open(vm, &error) : NULL;
	return commander ? obey(options, vm, commander) : command_complain(error);
}
