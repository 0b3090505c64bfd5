/* SPDX-License-Identifier: MIT */
#include "profiles/schema.h"

#include <string.h>

#include "profiles/profile.h"

#define END                 \
	{                   \
		.key = NULL \
	}

static const SchemaKey vm_keys[] = {
	{ "name", VALUE_NAME, offsetof(ProfileVm, name), NULL, NULL,
		"-name; the file's name without .ini when absent" },
	{ "include", VALUE_INCLUDES, offsetof(ProfileVm, include), NULL, NULL,
		"other profiles that this one adds to" },
	{ "arch", VALUE_DEVICE, offsetof(ProfileVm, arch), NULL, HOST_ARCH,
		"which qemu-system-ARCH runs; the host's own when absent" },
	END,
};

static const SchemaKey machine_keys[] = {
	{ "type", VALUE_OPTION, offsetof(ProfileMachine, type), NULL, NULL,
		"-machine; q35 on x86, virt on arm, aarch64 and riscv when absent" },
	{ "accel", VALUE_ACCEL, offsetof(ProfileMachine, accel), NULL, "kvm:tcg",
		"-machine accel=; the first that works is taken" },
	{ "cpu", VALUE_OPTION, offsetof(ProfileMachine, cpu), NULL, "max", "-cpu" },
	{ "smp", VALUE_SMP, offsetof(ProfileMachine, smp), NULL, "2", "-smp" },
	{ "memory", VALUE_MIB, offsetof(ProfileMachine, memory), NULL, "2G",
		"-m; MiB, or with M, G or T" },
	END,
};

static const SchemaKey disk_keys[] = {
	{ "file", VALUE_PATH, offsetof(ProfileDisk, file), NULL, NULL, "-drive file=; required" },
	{ "format", VALUE_WORD, offsetof(ProfileDisk, format), "raw qcow2 qed vdi vhdx vmdk vpc",
		NULL, "-drive format=; from the file's suffix when absent, never probed" },
	{ "if", VALUE_WORD, offsetof(ProfileDisk, interface), "virtio ide scsi nvme usb", "virtio",
		"which disk controller the guest sees" },
	{ "readonly", VALUE_BOOLEAN, offsetof(ProfileDisk, readonly), NULL, "off",
		"-drive readonly=" },
	END,
};

static const SchemaKey cdrom_keys[] = {
	{ "file", VALUE_PATH, offsetof(ProfileCdrom, file), NULL, NULL,
		"-drive media=cdrom,file=; an empty drive when absent" },
	END,
};

static const SchemaKey boot_keys[] = {
	{ "kernel", VALUE_PATH, offsetof(ProfileBoot, kernel), NULL, NULL, "-kernel" },
	{ "initrd", VALUE_PATH, offsetof(ProfileBoot, initrd), NULL, NULL, "-initrd" },
	{ "append", VALUE_TEXT, offsetof(ProfileBoot, append), NULL, NULL, "-append" },
	{ "dtb", VALUE_PATH, offsetof(ProfileBoot, dtb), NULL, NULL, "-dtb" },
	{ "order", VALUE_ORDER, offsetof(ProfileBoot, order), NULL, NULL,
		"-boot order=; c disk, d cdrom, n network" },
	END,
};

static const SchemaKey display_keys[] = {
	{ "type", VALUE_WORD, offsetof(ProfileDisplay, type),
		"gtk sdl curses spice-app egl-headless dbus none", NULL,
		"-display; gtk in a desktop session, else none, when absent" },
	END,
};

static const SchemaKey serial_keys[] = {
	{ "type", VALUE_WORD, offsetof(ProfileSerial, type), "stdio mon:stdio pty unix file null",
		"stdio", "-chardev; mon:stdio shares the terminal with QEMU's monitor" },
	{ "path", VALUE_PATH, offsetof(ProfileSerial, path), NULL, NULL,
		"-chardev path=; required for unix and file" },
	END,
};

static const SchemaKey nic_keys[] = {
	{ "type", VALUE_WORD, offsetof(ProfileNic, type), "tap user none", NULL,
		"tap when ifname or address is given, user otherwise" },
	{ "model", VALUE_DEVICE, offsetof(ProfileNic, model), NULL, "e1000",
		"-device; the NIC the guest sees" },
	{ "mac", VALUE_MAC, offsetof(ProfileNic, mac), NULL, NULL,
		"-device mac=; made from VM name and NIC id when absent" },
	{ "ifname", VALUE_IFNAME, offsetof(ProfileNic, ifname), NULL, NULL,
		"tap: its name on the host; made from the VM name when absent" },
	{ "address", VALUE_ADDRESSES, offsetof(ProfileNic, addresses), NULL, NULL,
		"tap: the host's addresses on it, IPv4 or IPv6, with prefix length" },
	{ "hostfwd", VALUE_HOSTFWDS, offsetof(ProfileNic, hostfwd), NULL, NULL,
		"user: -netdev user,hostfwd=; ports of the host that reach the guest" },
	END,
};

static const SchemaKey qemu_keys[] = {
	{ "args", VALUE_ARGS, offsetof(ProfileQemu, args), NULL, NULL,
		"more arguments for QEMU, split as a shell would" },
	END,
};

#define ONE(word, Type, member, help)                                                    \
	{                                                                                \
#word, FALSE, sizeof(Type), offsetof(Profile, member), help, word##_keys \
	}
#define MANY(word, Type, member, help)                                                  \
	{                                                                               \
#word, TRUE, sizeof(Type), offsetof(Profile, member), help, word##_keys \
	}

const SchemaSection schema[] = {
	ONE(vm, ProfileVm, vm, "the VM as a whole"),
	ONE(machine, ProfileMachine, machine, "the computer QEMU makes"),
	MANY(disk, ProfileDisk, disks, "a disk image"),
	MANY(cdrom, ProfileCdrom, cdroms, "a CD or DVD drive"),
	ONE(boot, ProfileBoot, boot, "what is booted"),
	ONE(display, ProfileDisplay, display, "the guest's screen"),
	MANY(serial, ProfileSerial, serials, "a serial port"),
	MANY(nic, ProfileNic, nics, "a network card"),
	ONE(qemu, ProfileQemu, qemu, "what this file has no word for"),
	{ .name = NULL },
};

const SchemaSection *schema_find_section(const char *name)
{
	for (const SchemaSection *section = schema; section->name; section++)
		if (g_str_equal(section->name, name))
			return section;
	return NULL;
}

const SchemaKey *schema_find_key(const SchemaSection *section, const char *key)
{
	for (const SchemaKey *known = section->keys; known->key; known++)
		if (g_str_equal(known->key, key))
			return known;
	return NULL;
}

/* Levenshtein's distance: how many letters to add, drop or change. */
static guint distance(const char *a, const char *b)
{
	size_t width = strlen(b) + 1;
	g_autofree guint *row = g_new(guint, width);

	for (size_t j = 0; j < width; j++)
		row[j] = j;
	for (size_t i = 1; a[i - 1]; i++) {
		guint diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j < width; j++) {
			guint change = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			row[j] = MIN(MIN(row[j], row[j - 1]) + 1, change);
		}
	}
	return row[width - 1];
}

static gboolean is_nearer(const char *word, const char *candidate, guint *best)
{
	guint d = distance(word, candidate);

	if (d >= *best)
		return FALSE;
	*best = d;
	return TRUE;
}

static char *did_you_mean(const char *nearest)
{
	return nearest ? g_strdup_printf("; did you mean '%s'?", nearest) : g_strdup("");
}

/* The largest distance still worth a suggestion, plus one. */
static guint limit(const char *word)
{
	return MAX(2, strlen(word) / 2) + 1;
}

char *schema_suggest_section(const char *name)
{
	const char *nearest = NULL;
	guint best = limit(name);

	for (const SchemaSection *section = schema; section->name; section++)
		if (is_nearer(name, section->name, &best))
			nearest = section->name;
	return did_you_mean(nearest);
}

char *schema_suggest_key(const SchemaSection *section, const char *key)
{
	const char *nearest = NULL;
	guint best = limit(key);

	for (const SchemaSection *home = schema; home->name; home++)
		if (schema_find_key(home, key))
			return g_strdup_printf(
				"; it belongs in [%s%s]", home->name, home->many ? " \"id\"" : "");
	for (const SchemaKey *known = section->keys; known->key; known++)
		if (is_nearer(key, known->key, &best))
			nearest = known->key;
	return did_you_mean(nearest);
}
