/* SPDX-License-Identifier: MIT */
#include "launcher/qemu-argv.h"

#include <string.h>

typedef struct {
	const Profile *profile;
	GPtrArray *argv;
	gboolean has_scsi, has_usb; /* controllers that have been added on the way */
} Builder;

/* ---- parts ---- */

static void add(Builder *builder, const char *word)
{
	g_ptr_array_add(builder->argv, g_strdup(word));
}

static void add_option(Builder *builder, const char *option, const char *format, ...)
	G_GNUC_PRINTF(3, 4);

static void add_option(Builder *builder, const char *option, const char *format, ...)
{
	va_list args;

	add(builder, option);
	va_start(args, format);
	g_ptr_array_add(builder->argv, g_strdup_vprintf(format, args));
	va_end(args);
}

static void add_if_given(Builder *builder, const char *option, const char *value)
{
	if (value)
		add_option(builder, option, "%s", value);
}

/* Where QEMU splits at commas, one that belongs to the value is written twice. */
static char *double_commas(const char *value)
{
	g_auto(GStrv) parts = g_strsplit(value, ",", -1);

	return g_strjoinv(",,", parts);
}

static gboolean is_x86(const Profile *profile)
{
	return g_str_equal(profile->vm->arch, "x86_64") || g_str_equal(profile->vm->arch, "i386");
}

static void need_scsi(Builder *builder)
{
	if (!builder->has_scsi)
		add_option(builder, "-device", "virtio-scsi,id=scsi");
	builder->has_scsi = TRUE;
}

static void need_usb(Builder *builder)
{
	if (!builder->has_usb)
		add_option(builder, "-device", "qemu-xhci,id=usb");
	builder->has_usb = TRUE;
}

/* ---- sections, in the order of the command line ---- */

static void add_machine(Builder *builder)
{
	const Profile *profile = builder->profile;
	const ProfileMachine *machine = profile->machine;
	g_autofree char *name = double_commas(profile->vm->name);

	add_option(builder, "-name", "guest=%s", name);
	if (machine->type)
		add_option(builder, "-machine", "%s,accel=%s", machine->type, machine->accel);
	else
		add_option(builder, "-machine", "accel=%s", machine->accel);
	add_option(builder, "-cpu", "%s", machine->cpu);
	add_option(builder, "-smp", "%s", machine->smp);
	add_option(builder, "-m", "%uM", machine->memory);
}

static void add_boot(Builder *builder)
{
	const ProfileBoot *boot = builder->profile->boot;

	if (boot->order)
		add_option(builder, "-boot", "order=%s", boot->order);
	/* These four are taken whole: their commas stay single. */
	add_if_given(builder, "-kernel", boot->kernel);
	add_if_given(builder, "-initrd", boot->initrd);
	add_if_given(builder, "-append", boot->append);
	add_if_given(builder, "-dtb", boot->dtb);
}

static void add_disk_device(Builder *builder, const ProfileDisk *disk)
{
	const char *id = disk->section.id;

	if (g_str_equal(disk->interface, "virtio")) {
		add_option(builder, "-device", "virtio-blk,drive=disk-%s", id);
	} else if (g_str_equal(disk->interface, "nvme")) {
		add_option(builder, "-device", "nvme,drive=disk-%s,serial=%s", id, id);
	} else if (g_str_equal(disk->interface, "scsi")) {
		need_scsi(builder);
		add_option(builder, "-device", "scsi-hd,drive=disk-%s", id);
	} else {
		need_usb(builder);
		add_option(builder, "-device", "usb-storage,drive=disk-%s", id);
	}
}

/* With if=ide the board places the drive: its buses have one unit each on q35, two on pc. */
static void add_disk(Builder *builder, const ProfileDisk *disk)
{
	g_autofree char *file = double_commas(disk->file);
	gboolean ide = g_str_equal(disk->interface, "ide");

	add_option(builder, "-drive", "if=%s,id=disk-%s,file=%s,format=%s%s", ide ? "ide" : "none",
		disk->section.id, file, disk->format, disk->readonly ? ",readonly=on" : "");
	if (!ide)
		add_disk_device(builder, disk);
}

static void add_cdrom(Builder *builder, const ProfileCdrom *cdrom)
{
	g_autofree char *file = cdrom->file ? double_commas(cdrom->file) : NULL;
	gboolean ide = is_x86(builder->profile);

	add_option(builder, "-drive", "if=%s,id=cdrom-%s,media=cdrom%s%s%s", ide ? "ide" : "none",
		cdrom->section.id, file ? ",file=" : "", file ? file : "",
		file ? ",format=raw,readonly=on" : "");
	if (ide)
		return;
	need_scsi(builder);
	add_option(builder, "-device", "scsi-cd,drive=cdrom-%s", cdrom->section.id);
}

/* A PC always has a graphics card, seen or not: firmware and Windows look for one. */
static void add_display(Builder *builder)
{
	const char *type = builder->profile->display->type;

	add_option(builder, "-display", "%s", type);
	if (is_x86(builder->profile))
		add_option(builder, "-device", "VGA");
	else if (!g_str_equal(type, "none"))
		add_option(builder, "-device", "virtio-gpu");
}

static void add_serial(Builder *builder, const ProfileSerial *serial)
{
	const char *id = serial->section.id;
	gboolean monitor = g_str_equal(serial->type, "mon:stdio");
	g_autofree char *path = serial->path ? double_commas(serial->path) : NULL;

	if (monitor)
		add_option(builder, "-chardev", "stdio,id=serial-%s,mux=on,signal=off", id);
	else if (g_str_equal(serial->type, "unix"))
		add_option(builder, "-chardev", "socket,id=serial-%s,path=%s,server=on,wait=off",
			id, path);
	else if (path)
		add_option(builder, "-chardev", "%s,id=serial-%s,path=%s", serial->type, id, path);
	else
		add_option(builder, "-chardev", "%s,id=serial-%s", serial->type, id);
	add_option(builder, "-serial", "chardev:serial-%s", id);
	if (monitor)
		add_option(builder, "-mon", "chardev=serial-%s", id);
}

static void add_tap(Builder *builder, const char *id, const TapBackend *backend)
{
	if (backend->fd >= 0)
		add_option(builder, "-netdev", "tap,id=nic-%s,fd=%d", id, backend->fd);
	else /* both scripts: Debian's /etc/qemu-ifup would put the tap into a bridge */
		add_option(builder, "-netdev", "tap,id=nic-%s,ifname=%s,script=no,downscript=no",
			id, backend->ifname);
}

static void add_user_network(Builder *builder, const ProfileNic *nic)
{
	g_autoptr(GString) text = g_string_new(NULL);

	for (guint i = 0; nic->hostfwd && nic->hostfwd[i]; i++)
		g_string_append_printf(text, ",hostfwd=%s", nic->hostfwd[i]);
	add_option(builder, "-netdev", "user,id=nic-%s%s", nic->section.id, text->str);
}

static void add_nics(Builder *builder, const TapBackend *backends)
{
	const GPtrArray *nics = builder->profile->nics;

	for (guint i = 0; i < nics->len; i++) {
		const ProfileNic *nic = nics->pdata[i];

		if (g_str_equal(nic->type, "none"))
			continue;
		if (g_str_equal(nic->type, "tap"))
			add_tap(builder, nic->section.id, backends++);
		else
			add_user_network(builder, nic);
		add_option(builder, "-device", "%s,netdev=nic-%s,mac=%s", nic->model,
			nic->section.id, nic->mac);
	}
}

static void add_words(Builder *builder, const GStrv words)
{
	for (guint i = 0; words && words[i]; i++)
		add(builder, words[i]);
}

/* ---- the whole ---- */

char *qemu_argv_program(const Profile *profile)
{
	return g_strconcat("qemu-system-", profile->vm->arch, NULL);
}

GStrv qemu_argv_build(const Profile *profile, const TapBackend *backends, const GStrv extra)
{
	Builder builder = { .profile = profile, .argv = g_ptr_array_new() };

	g_ptr_array_add(builder.argv, qemu_argv_program(profile));
	add(&builder, "-nodefaults");
	add(&builder, "-no-user-config");
	add_machine(&builder);
	add_boot(&builder);
	for (guint i = 0; i < profile->disks->len; i++)
		add_disk(&builder, profile->disks->pdata[i]);
	for (guint i = 0; i < profile->cdroms->len; i++)
		add_cdrom(&builder, profile->cdroms->pdata[i]);
	add_display(&builder);
	for (guint i = 0; i < profile->serials->len; i++)
		add_serial(&builder, profile->serials->pdata[i]);
	add_nics(&builder, backends);
	add_words(&builder, profile->qemu->args);
	add_words(&builder, extra);
	g_ptr_array_add(builder.argv, NULL);
	return (GStrv)g_ptr_array_free(builder.argv, FALSE);
}
