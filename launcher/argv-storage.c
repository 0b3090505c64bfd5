/* SPDX-License-Identifier: MIT */
#include "launcher/argv-parts.h"

#include <string.h>

char *argv_take_ide(Builder *builder)
{
	const char *machine = builder->profile->machine->type;
	guint n = builder->n_ide++;

	if (profile_is_x86(builder->profile) && machine && !strstr(machine, "q35"))
		return g_strdup_printf(",bus=ide.%u,unit=%u", n / 2, n % 2);
	if (profile_is_x86(builder->profile))
		return g_strdup_printf(",bus=ide.%u", n);
	if (!builder->has_ahci)
		argv_add_option(builder, "-device", "ahci,id=ahci");
	builder->has_ahci = TRUE;
	return g_strdup_printf(",bus=ahci.%u", n);
}

/* "virtio-blk", "ide-hd,bus=ide.0": the device, and where it goes. Owned by the caller. */
static char *device_for(Builder *builder, const char *interface, gboolean cdrom)
{
	g_autofree char *bus = NULL;

	if (g_str_equal(interface, "ide")) {
		bus = argv_take_ide(builder);
		return g_strconcat(cdrom ? "ide-cd" : "ide-hd", bus, NULL);
	}
	if (g_str_equal(interface, "scsi")) {
		argv_need_scsi(builder);
		return g_strdup(cdrom ? "scsi-cd,bus=scsi.0" : "scsi-hd,bus=scsi.0");
	}
	if (g_str_equal(interface, "usb")) {
		argv_need_usb(builder);
		return g_strdup("usb-storage,bus=usb.0");
	}
	return g_strdup(g_str_equal(interface, "nvme") ? "nvme" : "virtio-blk");
}

static char *unless_default(const char *name, const char *value, const char *fallback)
{
	return argv_property(name, g_str_equal(value, fallback) ? NULL : value);
}

static void add_disk(Builder *builder, const ProfileDisk *disk)
{
	const char *id = disk->section.id;
	g_autofree char *file = argv_double_commas(disk->file);
	g_autofree char *cache = unless_default("cache", disk->cache, "writeback");
	g_autofree char *aio = unless_default("aio", disk->aio, "threads");
	g_autofree char *discard = unless_default("discard", disk->discard, "ignore");
	g_autofree char *serial = argv_property("serial", disk->serial);
	g_autofree char *bootindex = argv_property("bootindex", disk->bootindex);
	g_autofree char *device = device_for(builder, disk->interface, FALSE);

	argv_add_option(builder, "-drive", "if=none,id=disk-%s,file=%s,format=%s%s%s%s%s%s", id,
		file, disk->format, disk->readonly ? ",readonly=on" : "",
		disk->snapshot ? ",snapshot=on" : "", cache, aio, discard);
	argv_add_option(builder, "-device", "%s,drive=disk-%s,id=disk-%s-device%s%s", device, id,
		id, serial, bootindex);
}

static void add_cdrom(Builder *builder, const ProfileCdrom *cdrom)
{
	const char *id = cdrom->section.id;
	g_autofree char *file = argv_property("file", cdrom->file);
	g_autofree char *bootindex = argv_property("bootindex", cdrom->bootindex);
	g_autofree char *device = device_for(builder, cdrom->interface, TRUE);

	argv_add_option(builder, "-drive", "if=none,id=cdrom-%s,media=cdrom%s%s", id, file,
		cdrom->file ? ",format=raw,readonly=on" : "");
	argv_add_option(builder, "-device", "%s,drive=cdrom-%s,id=cdrom-%s-device%s", device, id,
		id, bootindex);
}

/* The one drive that the board places: not every board has a controller, but it makes one. */
static void add_floppy(Builder *builder, const ProfileFloppy *floppy, guint index)
{
	g_autofree char *file = argv_double_commas(floppy->file);

	argv_add_option(builder, "-drive", "if=floppy,index=%u,id=floppy-%s,file=%s,format=raw%s",
		index, floppy->section.id, file, floppy->readonly ? ",readonly=on" : "");
}

static void add_9p(Builder *builder, const ProfileShare *share)
{
	const char *id = share->section.id;
	g_autofree char *path = argv_double_commas(share->path);

	argv_add_option(builder, "-fsdev", "local,id=share-%s,path=%s,security_model=%s%s", id,
		path, share->security_model, share->readonly ? ",readonly=on" : "");
	argv_add_option(builder, "-device",
		"virtio-9p,fsdev=share-%s,id=share-%s-device,mount_tag=%s", id, id, share->tag);
}

static void add_virtiofs(Builder *builder, const ProfileShare *share, const Backend *backend)
{
	const char *id = share->section.id;
	g_autofree char *chardev = g_strconcat("share-", id, NULL);
	gboolean ccw = g_str_equal(builder->profile->vm->arch, "s390x");

	argv_add_socket(builder, chardev, backend);
	argv_add_option(builder, "-device",
		"vhost-user-fs-%s,chardev=share-%s,id=share-%s-device,tag=%s", ccw ? "ccw" : "pci",
		id, id, share->tag);
}

static void add_shares(Builder *builder)
{
	const GPtrArray *shares = builder->profile->shares;
	const Backend *backends = builder->backends->shares;

	for (guint i = 0; i < shares->len; i++) {
		const ProfileShare *share = shares->pdata[i];

		if (g_str_equal(share->type, "9p"))
			add_9p(builder, share);
		else
			add_virtiofs(builder, share, backends++);
	}
}

void argv_add_storage(Builder *builder)
{
	const Profile *profile = builder->profile;

	for (guint i = 0; i < profile->disks->len; i++)
		add_disk(builder, profile->disks->pdata[i]);
	for (guint i = 0; i < profile->cdroms->len; i++)
		add_cdrom(builder, profile->cdroms->pdata[i]);
	for (guint i = 0; i < profile->floppies->len; i++)
		add_floppy(builder, profile->floppies->pdata[i], i);
	add_shares(builder);
}
