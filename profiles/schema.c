/* SPDX-License-Identifier: MIT */
#include "profiles/schema.h"

#include <string.h>

#include "profiles/profile.h"

/* clang-format off: one row, one key */
#define AT(Type, member) offsetof(Profile##Type, member)
#define END                 \
	{                   \
		.key = NULL \
	}

/* key, type, where; legal words; default; example; help */
static const SchemaKey vm_keys[] = {
	{ "name", VALUE_NAME, AT(Vm, name), NULL, NULL, "myvm",
		"-name; the file's name without .ini when absent" },
	{ "include", VALUE_INCLUDES, AT(Vm, include), NULL, NULL, "base.ini, ?host-${hostname}.ini",
		"other profiles that this one adds to" },
	{ "arch", VALUE_DEVICE, AT(Vm, arch), NULL, HOST_ARCH, "aarch64",
		"which qemu-system-ARCH runs; the host's own when absent" },
	END,
};

static const SchemaKey machine_keys[] = {
	{ "type", VALUE_OPTION, AT(Machine, type), NULL, NULL, "pc",
		"-machine; q35 on x86, virt on arm, aarch64 and riscv when absent" },
	{ "accel", VALUE_ACCEL, AT(Machine, accel), NULL, "kvm:tcg", "tcg",
		"-machine accel=; the first that works is taken" },
	{ "cpu", VALUE_OPTION, AT(Machine, cpu), NULL, "max", "host,-vmx", "-cpu" },
	{ "smp", VALUE_SMP, AT(Machine, smp), NULL, "2", "4,cores=2,threads=2", "-smp" },
	{ "memory", VALUE_MIB, AT(Machine, memory), NULL, "2G", "512M",
		"-m; MiB, or with M, G or T" },
	END,
};

static const SchemaKey disk_keys[] = {
	{ "file", VALUE_PATH, AT(Disk, file), NULL, NULL, "~/vms/myvm.qcow2",
		"-drive file=; required" },
	{ "format", VALUE_WORD, AT(Disk, format), "raw qcow2 qed vdi vhdx vmdk vpc", NULL, "qcow2",
		"-drive format=; from the file's suffix when absent, never probed" },
	{ "if", VALUE_WORD, AT(Disk, interface), "virtio ide scsi nvme usb", "virtio", "nvme",
		"which disk controller the guest sees" },
	{ "readonly", VALUE_BOOLEAN, AT(Disk, readonly), NULL, "off", "on", "-drive readonly=" },
	END,
};

static const SchemaKey cdrom_keys[] = {
	{ "file", VALUE_PATH, AT(Cdrom, file), NULL, NULL, "installer.iso",
		"-drive media=cdrom,file=; an empty drive when absent" },
	END,
};

static const SchemaKey boot_keys[] = {
	{ "kernel", VALUE_PATH, AT(Boot, kernel), NULL, NULL, "bzImage", "-kernel" },
	{ "initrd", VALUE_PATH, AT(Boot, initrd), NULL, NULL, "initramfs.img",
		"-initrd; only with kernel" },
	{ "append", VALUE_TEXT, AT(Boot, append), NULL, NULL, "console=ttyS0 root=/dev/vda1",
		"-append; only with kernel" },
	{ "dtb", VALUE_PATH, AT(Boot, dtb), NULL, NULL, "board.dtb", "-dtb" },
	{ "order", VALUE_ORDER, AT(Boot, order), NULL, NULL, "dc",
		"-boot order=; c disk, d cdrom, n network" },
	END,
};

static const SchemaKey display_keys[] = {
	{ "type", VALUE_WORD, AT(Display, type), "gtk sdl curses spice-app egl-headless dbus none",
		NULL, "none", "-display; gtk in a desktop session, else none, when absent" },
	END,
};

static const SchemaKey serial_keys[] = {
	{ "type", VALUE_WORD, AT(Serial, type), "stdio mon:stdio pty unix file null", "stdio",
		"mon:stdio", "-chardev; mon:stdio shares the terminal with QEMU's monitor" },
	{ "path", VALUE_PATH, AT(Serial, path), NULL, NULL, "serial.log",
		"-chardev path=; required for unix and file" },
	END,
};

static const SchemaKey nic_keys[] = {
	{ "type", VALUE_WORD, AT(Nic, type), "tap user none", NULL, "tap",
		"tap when ifname or address is given, user otherwise" },
	{ "model", VALUE_DEVICE, AT(Nic, model), NULL, "e1000", "virtio-net-pci",
		"-device; the NIC the guest sees" },
	{ "mac", VALUE_MAC, AT(Nic, mac), NULL, NULL, "52:54:00:0a:0b:0c",
		"-device mac=; made from VM name and NIC id when absent" },
	{ "ifname", VALUE_IFNAME, AT(Nic, ifname), NULL, NULL, "tap0",
		"tap: its name on the host; made from the VM name when absent" },
	{ "address", VALUE_ADDRESSES, AT(Nic, addresses), NULL, NULL,
		"192.168.50.1/24, fd00:5a17::1/64",
		"tap: the host's addresses on it, IPv4 or IPv6, with prefix length" },
	{ "hostfwd", VALUE_HOSTFWDS, AT(Nic, hostfwd), NULL, NULL, "tcp:127.0.0.1:2222-:22",
		"user: -netdev user,hostfwd=; ports of the host that reach the guest" },
	END,
};

static const SchemaKey qemu_keys[] = {
	{ "args", VALUE_ARGS, AT(Qemu, args), NULL, NULL, "-no-reboot -device virtio-rng-pci",
		"more arguments for QEMU, split as a shell would" },
	END,
};

/* name, several, its struct, where, help, keys */
#define ONE(Type, member) FALSE, sizeof(Profile##Type), offsetof(Profile, member)
#define MANY(Type, member) TRUE, sizeof(Profile##Type), offsetof(Profile, member)

const SchemaSection schema[] = {
	{ "vm", ONE(Vm, vm), "the VM as a whole", vm_keys },
	{ "machine", ONE(Machine, machine), "the computer QEMU makes", machine_keys },
	{ "disk", MANY(Disk, disks), "a disk image", disk_keys },
	{ "cdrom", MANY(Cdrom, cdroms), "a CD or DVD drive", cdrom_keys },
	{ "boot", ONE(Boot, boot), "what is booted", boot_keys },
	{ "display", ONE(Display, display), "the guest's screen", display_keys },
	{ "serial", MANY(Serial, serials), "a serial port", serial_keys },
	{ "nic", MANY(Nic, nics), "a network card", nic_keys },
	{ "qemu", ONE(Qemu, qemu), "what this file has no word for", qemu_keys },
	{ .name = NULL },
};
/* clang-format on */

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
