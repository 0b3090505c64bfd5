/* SPDX-License-Identifier: MIT */
/*
 * Is each disk image what the profile says it is? QEMU is never asked to guess: what a guest wrote
 * into a raw image could pass for another format.
 */
#include "launcher/inspect/check-parts.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEAD 512 /* bytes; all signatures are in these, but for a fixed VHD: at the end */
#define NAME_MAX_BYTES 1023 /* of a backing file; the limit of qcow2 */

typedef struct {
	int fd;
	guint8 head[HEAD], tail[HEAD];
} Image;

static void image_clear(Image *image)
{
	if (image->fd >= 0)
		close(image->fd);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Image, image_clear)

/* FALSE when it cannot be read: preflight_files has told, or it will be created. */
static gboolean image_open(const char *path, Image *image)
{
	struct stat status;

	image->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (image->fd < 0 || fstat(image->fd, &status) < 0 || S_ISDIR(status.st_mode))
		return FALSE;
	return pread(image->fd, image->head, HEAD, 0) >= 0 &&
	       (status.st_size < HEAD ||
		       pread(image->fd, image->tail, HEAD, status.st_size - HEAD) >= 0);
}

/* ---- format ---- */

/* NULL if it shows no format's signature. "raw" has none. */
static const char *format_of(const Image *image)
{
	static const struct {
		const char *format, *signature;
		size_t offset;
	} known[] = {
		{ "qcow2", "QFI\xfb", 0 },
		{ "qed", "QED", 0 },
		{ "vdi", "\x7f\x10\xda\xbe", 64 },
		{ "vhdx", "vhdxfile", 0 },
		{ "vmdk", "KDMV", 0 },
		{ "vmdk", "COWD", 0 },
		{ "vmdk", "# Disk DescriptorFile", 0 },
		{ "vpc", "conectix", 0 },
	};

	for (guint i = 0; i < G_N_ELEMENTS(known); i++)
		if (memcmp(image->head + known[i].offset, known[i].signature,
			    strlen(known[i].signature)) == 0)
			return known[i].format;
	return memcmp(image->tail, "conectix", strlen("conectix")) == 0 ? "vpc" : NULL;
}

static void check_format(Check *check, const ProfileDisk *disk, const Image *image)
{
	const char *found = format_of(image);
	g_autofree char *cure = g_strdup_printf("add format = %s", found ? found : "raw");
	gboolean raw = g_str_equal(disk->format, "raw");

	if (raw && found)
		check_warn(check, &disk->section, "file", cure,
			"%s is taken as raw, but looks like %s", disk->file, found);
	else if (!raw && g_strcmp0(found, disk->format) != 0)
		check_refused_by_qemu(check, &disk->section, "file", cure, "%s is no %s image",
			disk->file, disk->format);
	else
		check_ok(check, &disk->section, "file", "is a %s image", disk->format);
}

/* ---- backing file ---- */

static guint64 number_at(const Image *image, size_t offset, size_t n)
{
	guint64 number = 0;

	for (size_t i = 0; i < n; i++)
		number = number << 8 | image->head[offset + i];
	return number;
}

/* Of a qcow2: 8 bytes at 8 say where its name is, 4 at 16 how long it is; big-endian. */
static char *backing_of(const Image *image)
{
	guint64 offset = number_at(image, 8, 8), len = number_at(image, 16, 4);
	char name[NAME_MAX_BYTES + 1] = "";

	if (!offset || !len || len > NAME_MAX_BYTES || offset > G_MAXINT32 ||
		pread(image->fd, name, len, offset) != (ssize_t)len)
		return NULL;
	return g_strdup(name);
}

/* nbd://..., json:{...} */
static gboolean is_protocol(const char *name)
{
	const char *colon = strchr(name, ':'), *slash = strchr(name, '/');

	return colon && (!slash || colon < slash);
}

static void check_backing(Check *check, const ProfileDisk *disk, const Image *image)
{
	g_autofree char *name = backing_of(image);
	g_autofree char *directory = g_path_get_dirname(disk->file);
	g_autofree char *path = NULL;

	if (!name || is_protocol(name))
		return;
	path = g_path_is_absolute(name) ? g_strdup(name) : g_build_filename(directory, name, NULL);
	if (access(path, R_OK) < 0)
		check_refused_by_qemu(check, &disk->section, "file",
			"bring it back, or name the new place with qemu-img rebase -u",
			"its backing file %s: %s", path, g_strerror(errno));
}

static void check_image(Check *check, const ProfileDisk *disk)
{
	g_auto(Image) image = { .fd = -1 };

	if (!image_open(disk->file, &image))
		return;
	check_format(check, disk, &image);
	if (g_strcmp0(format_of(&image), "qcow2") == 0 && g_str_equal(disk->format, "qcow2"))
		check_backing(check, disk, &image);
}

void check_images(Check *check)
{
	const GPtrArray *disks = check->profile->disks;

	for (guint i = 0; i < disks->len; i++)
		check_image(check, disks->pdata[i]);
}
