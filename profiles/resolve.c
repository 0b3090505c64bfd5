/* SPDX-License-Identifier: MIT */
#include "profiles/resolve.h"

#include <string.h>
#include <sysexits.h>

#include "profiles/sections.h"

#define SOCKET_PATH_MAX 107 /* bytes; sun_path of unix(7) less its NUL */

#define complain(profile, item, key, ...) \
	profile_problem(profile, &(item)->section, key, EX_DATAERR, __VA_ARGS__)

static gboolean is_given(gconstpointer item, const char *key)
{
	const ProfileSection *section = item;

	return section->source && ini_section_find(section->source, key);
}

void profile_resolve_name(Profile *profile)
{
	g_autofree char *base = g_path_get_basename(profile->path);
	g_autofree char *why = NULL;
	ValueRule rule = { .type = VALUE_NAME };

	if (profile->vm->name || is_given(profile->vm, "name"))
		return;
	if (g_str_has_suffix(base, ".ini"))
		base[strlen(base) - strlen(".ini")] = '\0';
	if (!value_parse(&rule, base, &profile->vm->name, &why))
		complain(profile, profile->vm, NULL,
			"the file's name gives no VM name (%s); add name =", why);
}

static void resolve_machine(Profile *profile)
{
	static const struct {
		const char *arch, *machine;
	} defaults[] = {
		{ "x86_64", "q35" },
		{ "i386", "q35" },
		{ "aarch64", "virt" },
		{ "arm", "virt" },
		{ "riscv32", "virt" },
		{ "riscv64", "virt" },
	};

	if (profile->machine->type && strstr(profile->machine->type, "accel="))
		complain(profile, profile->machine, "type",
			"the accelerator has a key of its own, accel");
	if (profile->machine->type || !profile->vm->arch)
		return;
	for (guint i = 0; i < G_N_ELEMENTS(defaults); i++)
		if (g_str_equal(profile->vm->arch, defaults[i].arch))
			profile->machine->type = g_strdup(defaults[i].machine);
}

/* As QEMU has it. */
static void check_boot(Profile *profile)
{
	static const char *const of_kernel[] = { "initrd", "append" };

	for (guint i = 0; i < G_N_ELEMENTS(of_kernel); i++)
		if (is_given(profile->boot, of_kernel[i]) && !is_given(profile->boot, "kernel"))
			complain(profile, profile->boot, of_kernel[i],
				"goes with kernel, which is not given");
}

static void resolve_disk(Profile *profile, ProfileDisk *disk)
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

	if (!disk->file && !is_given(disk, "file"))
		complain(profile, disk, NULL, "needs file = PATH of the disk image");
	if (disk->readonly && g_strcmp0(disk->interface, "ide") == 0)
		complain(profile, disk, "readonly",
			"an IDE disk cannot be read-only; take another if =");
	if (!disk->file || disk->format || is_given(disk, "format"))
		return;
	for (guint i = 0; i < G_N_ELEMENTS(formats) && !disk->format; i++)
		if (g_str_has_suffix(disk->file, formats[i].suffix))
			disk->format = g_strdup(formats[i].format);
	if (!disk->format)
		complain(profile, disk, "file",
			"its suffix names no image format; add format = raw, qcow2, ...");
}

static void resolve_serial(Profile *profile, const ProfileSerial *serial, gboolean *stdio_taken)
{
	gboolean on_stdio = g_strcmp0(serial->type, "stdio") == 0 ||
			    g_strcmp0(serial->type, "mon:stdio") == 0;
	gboolean has_path = g_strcmp0(serial->type, "unix") == 0 ||
			    g_strcmp0(serial->type, "file") == 0;

	if (on_stdio && *stdio_taken)
		complain(profile, serial, "type", "another serial port is on stdio already");
	if (has_path && !is_given(serial, "path"))
		complain(profile, serial, NULL, "needs path = PATH because its type is %s",
			serial->type);
	if (serial->path && strlen(serial->path) > SOCKET_PATH_MAX &&
		g_strcmp0(serial->type, "unix") == 0)
		complain(profile, serial, "path", "a socket's path has at most %d bytes: %s",
			SOCKET_PATH_MAX, serial->path);
	if (serial->type && !has_path && is_given(serial, "path"))
		complain(profile, serial, "path", "only the types unix and file have a path");
	*stdio_taken = *stdio_taken || on_stdio;
}

static gboolean is_set(const char *variable)
{
	const char *value = g_getenv(variable);

	return value && *value;
}

/* Without a screen the guest's serial port is what the user looks at, as with qemu -nographic. */
static void resolve_display(Profile *profile)
{
	gboolean desktop = is_set("WAYLAND_DISPLAY") || is_set("DISPLAY");

	if (!profile->display->type && !is_given(profile->display, "type"))
		profile->display->type = g_strdup(desktop ? "gtk" : "none");
	if (g_strcmp0(profile->display->type, "none") == 0 && profile->serials->len == 0)
		sections_add_default(profile, "serial");
}

/*
 * 52:54:00 is QEMU's and libvirt's prefix; the rest is a hash, so that a guest keeps its MAC and
 * two guests on one wire differ. QEMU's own default, ...:12:34:56, is the one that must not come
 * out.
 */
static char *stable_mac(const char *vm_name, const char *nic_id)
{
	g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
	guint8 digest[32];
	gsize len = sizeof(digest);

	g_checksum_update(checksum, (const guchar *)vm_name, strlen(vm_name) + 1);
	g_checksum_update(checksum, (const guchar *)nic_id, strlen(nic_id));
	g_checksum_get_digest(checksum, digest, &len);
	if (digest[0] == 0x12 && digest[1] == 0x34 && digest[2] == 0x56)
		digest[2]++;
	return g_strdup_printf("52:54:00:%02x:%02x:%02x", digest[0], digest[1], digest[2]);
}

/* tw-myvm; when that is too long or not the only tap, tw-myvm-1a2b3: at most 15 bytes. */
static char *stable_ifname(const char *vm_name, const char *nic_id, gboolean only_tap)
{
	g_autofree char *stem = g_strdup(vm_name);
	g_autofree char *hash = NULL;
	g_autofree char *both = g_strdup_printf("%s/%s", vm_name, nic_id);

	for (char *c = stem; *c; c++)
		if (!g_ascii_isalnum(*c))
			*c = '-';
	if (only_tap && strlen(stem) <= 12)
		return g_strconcat("tw-", stem, NULL);
	hash = g_compute_checksum_for_string(G_CHECKSUM_SHA256, both, -1);
	return g_strdup_printf("tw-%.6s-%.5s", stem, hash);
}

static void check_nic(Profile *profile, const ProfileNic *nic)
{
	gboolean tap = g_str_equal(nic->type, "tap");

	if (g_str_equal(nic->type, "none"))
		return; /* switched off: the other keys may wait for better days */
	if (tap && is_given(nic, "hostfwd"))
		complain(profile, nic, "hostfwd",
			"there is no port forwarding on a tap: the guest is reached at its own address");
	if (!tap && is_given(nic, "ifname"))
		complain(profile, nic, "ifname", "only type = tap has an interface on the host");
	if (!tap && is_given(nic, "address"))
		complain(profile, nic, "address", "only type = tap has an address on the host");
}

static gboolean is_tap(const ProfileNic *nic)
{
	return g_strcmp0(nic->type, "tap") == 0;
}

static void resolve_nics(Profile *profile)
{
	guint taps = 0;

	if (profile->nics->len == 0) /* what that is to QEMU: one NIC in user mode */
		sections_add_default(profile, "nic");
	for (guint i = 0; i < profile->nics->len; i++) {
		ProfileNic *nic = profile->nics->pdata[i];
		gboolean tap = is_given(nic, "ifname") || is_given(nic, "address");

		if (!nic->type && !is_given(nic, "type"))
			nic->type = g_strdup(tap ? "tap" : "user");
		if (nic->type)
			check_nic(profile, nic);
		taps += is_tap(nic);
	}
	for (guint i = 0; i < profile->nics->len && profile->vm->name; i++) {
		ProfileNic *nic = profile->nics->pdata[i];

		if (!nic->mac && !is_given(nic, "mac"))
			nic->mac = stable_mac(profile->vm->name, nic->section.id);
		if (is_tap(nic) && !nic->ifname && !is_given(nic, "ifname"))
			nic->ifname = stable_ifname(profile->vm->name, nic->section.id, taps == 1);
	}
}

static void refuse_twice(Profile *profile, const char *key, size_t offset)
{
	for (guint i = 1; i < profile->nics->len; i++) {
		const ProfileSection *nic = profile->nics->pdata[i];
		const char *value = G_STRUCT_MEMBER(char *, nic, offset);

		for (guint j = 0; j < i; j++) {
			const ProfileSection *other = profile->nics->pdata[j];

			if (value && g_strcmp0(value, G_STRUCT_MEMBER(char *, other, offset)) == 0)
				profile_problem(profile, nic, key, EX_DATAERR,
					"%s is taken by [nic \"%s\"]", value, other->id);
		}
	}
}

void profile_resolve(Profile *profile)
{
	gboolean stdio_taken = FALSE;

	if (profile->ini->sections->len == 0)
		problems_add(profile->problems, profile->path, 0, EX_DATAERR,
			"has no section; a profile begins with one, like [vm]");
	resolve_machine(profile);
	check_boot(profile);
	for (guint i = 0; i < profile->disks->len; i++)
		resolve_disk(profile, profile->disks->pdata[i]);
	for (guint i = 0; i < profile->serials->len; i++)
		resolve_serial(profile, profile->serials->pdata[i], &stdio_taken);
	resolve_display(profile);
	resolve_nics(profile);
	refuse_twice(profile, "ifname", offsetof(ProfileNic, ifname));
	refuse_twice(profile, "mac", offsetof(ProfileNic, mac));
}
