/* SPDX-License-Identifier: MIT */
#include "profiles/resolve-parts.h"

#include <string.h>

#define SERIAL_MAX 20 /* bytes; of ATA, virtio-blk and NVMe */
#define TAG_MAX 31    /* bytes; of virtio-9p, virtiofs has 36 */

/* By the file's suffix: NULL if that names none. The content is not asked: a guest wrote it. */
static const char *format_of(const char *file)
{
	static const struct {
		const char *suffix, *format;
	} formats[] = {
		{ ".qcow2", "qcow2" },
		{ ".raw", "raw" },
		{ ".img", "raw" },
		{ ".iso", "raw" },
		{ ".vmdk", "vmdk" },
		{ ".vdi", "vdi" },
		{ ".vhd", "vpc" },
		{ ".vhdx", "vhdx" },
	};

	for (guint i = 0; i < G_N_ELEMENTS(formats); i++)
		if (g_str_has_suffix(file, formats[i].suffix))
			return formats[i].format;
	return NULL;
}

/* Fills *format from the suffix of @file, unless it is known or given. */
static void complete_format(Profile *profile, const ProfileDisk *disk, const char *file_key,
	const char *file, const char *format_key, char **format)
{
	if (!file || *format || resolve_is_given(disk, format_key))
		return;
	*format = g_strdup(format_of(file));
	if (!*format)
		complain(profile, disk, file_key,
			"its suffix names no image format; add %s = raw, qcow2, ...", format_key);
}

static void complete_backing(Profile *profile, ProfileDisk *disk)
{
	complete_format(
		profile, disk, "backing", disk->backing, "backing-format", &disk->backing_format);
	if (disk->backing && disk->format && !g_str_equal(disk->format, "qcow2"))
		complain(profile, disk, "backing",
			"only a qcow2 image can be a layer, not a %s one", disk->format);
	if (!resolve_is_given(disk, "backing"))
		resolve_refuse(profile, &disk->section, "backing-format",
			"goes with backing, which is not given");
}

static void complete_disk(Profile *profile, ProfileDisk *disk)
{
	resolve_require(profile, &disk->section, "file", "PATH of the disk image");
	complete_format(profile, disk, "file", disk->file, "format", &disk->format);
	complete_backing(profile, disk);
	if (disk->readonly && g_strcmp0(disk->interface, "ide") == 0)
		complain(profile, disk, "readonly",
			"an IDE disk cannot be read-only; take if = virtio or scsi");
	if (disk->readonly && (disk->size || disk->backing))
		complain(profile, disk, disk->size ? "size" : "backing",
			"an image that may have to be created cannot be read-only");
	if (g_strcmp0(disk->aio, "native") == 0 && disk->cache &&
		!resolve_is_one_of(disk->cache, "none directsync"))
		complain(profile, disk, "aio", "native needs cache = none or directsync");
	if (disk->serial && strlen(disk->serial) > SERIAL_MAX)
		complain(profile, disk, "serial", "'%s' has more than %d characters", disk->serial,
			SERIAL_MAX);
	if (g_strcmp0(disk->interface, "nvme") == 0 && resolve_is_open(disk, serial, "serial"))
		disk->serial = g_strndup(disk->section.id, SERIAL_MAX);
}

static void complete_floppy(Profile *profile, const ProfileFloppy *floppy, guint index)
{
	resolve_require(profile, &floppy->section, "file", "PATH of the floppy image");
	if (!profile_is_x86(profile))
		complain(profile, floppy, NULL, "only x86_64 and i386 have a floppy drive");
	else if (index == 2)
		complain(profile, floppy, NULL, "there are two floppy drives, not more");
}

static void complete_share(Profile *profile, ProfileShare *share)
{
	resolve_require(profile, &share->section, "path", "PATH of the directory");
	if (resolve_is_open(share, tag, "tag"))
		share->tag = g_strdup(share->section.id);
	if (share->tag && strlen(share->tag) > TAG_MAX)
		complain(profile, share, "tag", "'%s' has more than %d characters", share->tag,
			TAG_MAX);
	if (g_strcmp0(share->type, "virtiofs") != 0)
		return;
	resolve_refuse(profile, &share->section, "security-model", "only type = 9p has it");
	if (share->readonly)
		complain(profile, share, "readonly", "virtiofs is never read-only; take type = 9p");
}

static void refuse_tag_twice(Profile *profile, const ProfileShare *share, guint index)
{
	for (guint i = 0; i < index; i++) {
		const ProfileShare *other = profile->shares->pdata[i];

		if (g_strcmp0(share->tag, other->tag) == 0)
			complain(profile, share, "tag", "'%s' is taken by [share \"%s\"]",
				share->tag, other->section.id);
	}
}

/* ---- across sections ---- */

/* An AHCI bus takes one drive, and q35 has six; an older PC has two channels for two each. */
static void check_room_for_ide(Profile *profile, const ProfileSection *item, guint *n_ide)
{
	const char *machine = profile->machine->type;
	guint room = machine && profile_is_x86(profile) && !strstr(machine, "q35") ? 4 : 6;

	if (++*n_ide == room + 1)
		profile_problem(profile, item, NULL, EX_DATAERR,
			"the machine has room for %u IDE drives, not more", room);
}

static void refuse_bootindex_twice(
	Profile *profile, GHashTable *seen, const ProfileSection *item, const char *bootindex)
{
	if (bootindex && !g_hash_table_add(seen, (gpointer)bootindex))
		profile_problem(profile, item, "bootindex", EX_DATAERR,
			"%s is taken by another device", bootindex);
}

/* All that can be booted from is one order. */
static void check_drives(Profile *profile)
{
	g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
	guint n_ide = 0;

	for (guint i = 0; i < profile->disks->len; i++) {
		const ProfileDisk *disk = profile->disks->pdata[i];

		if (g_strcmp0(disk->interface, "ide") == 0)
			check_room_for_ide(profile, &disk->section, &n_ide);
		refuse_bootindex_twice(profile, seen, &disk->section, disk->bootindex);
	}
	for (guint i = 0; i < profile->cdroms->len; i++) {
		const ProfileCdrom *cdrom = profile->cdroms->pdata[i];

		if (g_strcmp0(cdrom->interface, "ide") == 0)
			check_room_for_ide(profile, &cdrom->section, &n_ide);
		refuse_bootindex_twice(profile, seen, &cdrom->section, cdrom->bootindex);
	}
	for (guint i = 0; i < profile->nics->len; i++) {
		const ProfileNic *nic = profile->nics->pdata[i];

		if (g_strcmp0(nic->type, "none") != 0)
			refuse_bootindex_twice(profile, seen, &nic->section, nic->bootindex);
	}
}

void resolve_storage(Profile *profile)
{
	for (guint i = 0; i < profile->disks->len; i++)
		complete_disk(profile, profile->disks->pdata[i]);
	for (guint i = 0; i < profile->cdroms->len; i++) {
		ProfileCdrom *cdrom = profile->cdroms->pdata[i];

		if (resolve_is_open(cdrom, interface, "if"))
			cdrom->interface = g_strdup(profile_is_x86(profile) ? "ide" : "scsi");
	}
	for (guint i = 0; i < profile->floppies->len; i++)
		complete_floppy(profile, profile->floppies->pdata[i], i);
	for (guint i = 0; i < profile->shares->len; i++) {
		complete_share(profile, profile->shares->pdata[i]);
		refuse_tag_twice(profile, profile->shares->pdata[i], i);
	}
	check_drives(profile);
}
