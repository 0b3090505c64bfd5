/* SPDX-License-Identifier: MIT */
/*
 * What the host has for a VM: firmware, programs, places for files, KVM, devices to hand over.
 */
#include "launcher/inspect/check-parts.h"

#include <errno.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "launcher/inspect/descriptors.h"
#include "launcher/preflight.h"
#include "launcher/run-directory.h"

/* ---- provisions ---- */

static void tell_malformed(const char *path, const char *why, gpointer data)
{
	Check *check = data;

	findings_add(check->findings, FINDING_WARNING, 0, path,
		"it is passed over; correct it or remove it", "%s", why);
}

static void check_firmware(Check *check)
{
	const ProfileFirmware *given = check->profile->firmware;
	const ProfileSection *section = &given->section;
	g_autofree char *place = profile_place(check->profile, section, "type");
	GError *error = NULL;

	if (g_str_equal(given->type, "bios"))
		return;
	if (!given->code)
		descriptors_check(tell_malformed, check);
	if (!firmware_find(check->profile, &check->firmware, &error))
		check_raise(check, place, error);
	else
		check_ok(check, section, given->code ? "code" : "type", "UEFI is %s",
			check->firmware->code);
}

static void check_file(Check *check, const FileStep *step)
{
	if (check_can_create(step->path))
		check_tell(check, FINDING_NOTE, 0, step->section, NULL, NULL, "%s will be created",
			step->path);
	else
		check_tell(check, FINDING_ERROR, EX_CANTCREAT, step->section, NULL, NULL,
			"%s cannot be created: %s", step->path, g_strerror(errno));
}

static void check_files(Check *check)
{
	GError *error = NULL;
	g_autoptr(GPtrArray) steps = files_missing(check->profile, check->firmware, &error);

	if (!steps)
		check_raise(check, "qemu-img", error);
	for (guint i = 0; steps && i < steps->len; i++)
		check_file(check, steps->pdata[i]);
}

static void check_companions(Check *check)
{
	GError *error = NULL;
	g_autoptr(GPtrArray) calls = companions_list(check->profile, &error);

	if (!calls)
		check_raise(check, check->profile->path, error);
	for (guint i = 0; calls && i < calls->len; i++) {
		const CompanionCall *call = calls->pdata[i];

		check_ok(check, call->section, NULL, "%s will serve it", call->argv[0]);
	}
}

static void check_seed(Check *check)
{
	GError *error = NULL;
	g_autoptr(Seed) seed = NULL;

	if (!cloud_init_find(check->profile, &seed, &error))
		check_raise(check, check->profile->path, error);
	else if (seed)
		check_ok(check, seed->section, NULL, "%s will tell the guest its %s", seed->path,
			seed->network_config ? "name, keys and network" : "name and keys");
}

void check_provisions(Check *check)
{
	check->needs_run = check->profile->places.run != NULL; /* as provisions_find has it */
	check_firmware(check);
	check_files(check);
	check_seed(check);
	check_companions(check);
}

/* ---- emulator ---- */

void check_emulator(Check *check)
{
	g_autofree char *program = qemu_argv_program(check->profile);
	GError *error = NULL;

	check->emulator = preflight_emulator(check->profile, &error);
	if (!check->emulator)
		check_raise(check, program, error);
}

/* ---- run directory ---- */

void check_run_directory(Check *check)
{
	g_autofree char *run = places_find_run(check->profile->vm->name);
	GError *error = NULL;

	if (!run)
		return;
	if (!run_directory_is_free(run, check->profile, &error))
		check_raise(check, run, error);
	else if (!check_can_create(run) || (access(run, F_OK) == 0 && access(run, W_OK | X_OK) < 0))
		findings_add(check->findings, check->needs_run ? FINDING_ERROR : FINDING_WARNING,
			check->needs_run ? EX_CANTCREAT : 0, run, NULL, "cannot be written to: %s",
			g_strerror(errno));
	else if (check->needs_run)
		findings_add(check->findings, FINDING_OK, 0, run, NULL, "the VM is not running");
}

/* ---- KVM ---- */

void check_kvm(Check *check)
{
	const char *accel = check->profile->machine->accel, *cure = NULL;
	const char *why = preflight_kvm_problem(&cure);
	gboolean is_wanted = strstr(accel, "kvm") != NULL;
	gboolean is_needed = is_wanted && !strchr(accel, ':');

	if (!is_wanted)
		return;
	if (!why)
		findings_add(check->findings, FINDING_OK, 0, PREFLIGHT_KVM, NULL, "can be used");
	else if (is_needed)
		findings_add(check->findings, FINDING_ERROR, FINDING_QEMU_FAILS, PREFLIGHT_KVM,
			cure, "%s", why);
	else
		findings_add(check->findings, FINDING_WARNING, 0, PREFLIGHT_KVM, cure,
			"%s: the VM will be slow", why);
}

/* ---- desktop ---- */

/* A warning: it may be started from another place than this. */
void check_desktop(Check *check)
{
	const ProfileDisplay *display = check->profile->display;
	static const char *const windows[] = { "gtk", "sdl", "spice-app", NULL };

	if (g_strv_contains(windows, display->type) && !g_getenv("WAYLAND_DISPLAY") &&
		!g_getenv("DISPLAY"))
		check_warn(check, &display->section, "type",
			"take vnc or spice, or start it in a desktop session",
			"%s needs a desktop, and there is none here", display->type);
}

/* ---- vfio ---- */

#define PCI_DEVICES "/sys/bus/pci/devices"
#define VFIO_DEVICES "/dev/vfio"

/* The last part of what the link @name of the device at @host leads to; NULL without one. */
static char *link_of(const char *host, const char *name)
{
	g_autofree char *path = g_build_filename(PCI_DEVICES, host, name, NULL);
	g_autofree char *target = g_file_read_link(path, NULL);

	return target ? g_path_get_basename(target) : NULL;
}

static void check_group(Check *check, const ProfileVfio *vfio, const char *group)
{
	g_autofree char *path = g_build_filename(VFIO_DEVICES, group, NULL);
	g_autofree char *cure = g_strdup_printf(
		"let your user open it: chown %s %s", g_get_user_name(), path);

	if (access(path, R_OK | W_OK) == 0)
		check_ok(check, &vfio->section, "host", "%s is bound to vfio-pci, in group %s",
			vfio->host, group);
	else
		check_refused_by_qemu(check, &vfio->section, "host", errno == EACCES ? cure : NULL,
			"%s: %s", path, g_strerror(errno));
}

static void check_device(Check *check, const ProfileVfio *vfio)
{
	g_autofree char *directory = g_build_filename(PCI_DEVICES, vfio->host, NULL);
	g_autofree char *driver = link_of(vfio->host, "driver");
	g_autofree char *group = link_of(vfio->host, "iommu_group");
	g_autofree char *cure = g_strdup_printf(
		"bind it with: driverctl set-override %s vfio-pci", vfio->host);

	if (access(directory, F_OK) < 0)
		check_refused_by_qemu(check, &vfio->section, "host",
			"lspci -D shows those there are", "there is no PCI device %s", vfio->host);
	else if (g_strcmp0(driver, "vfio-pci") != 0)
		check_refused_by_qemu(check, &vfio->section, "host", cure,
			"%s is bound to %s, not to vfio-pci", vfio->host,
			driver ? driver : "no driver");
	else if (!group)
		check_refused_by_qemu(check, &vfio->section, "host",
			"allow the IOMMU (VT-d, AMD-Vi) in the firmware and the kernel",
			"%s is in no IOMMU group", vfio->host);
	else
		check_group(check, vfio, group);
}

void check_vfio(Check *check)
{
	const GPtrArray *vfios = check->profile->vfios;

	for (guint i = 0; i < vfios->len; i++)
		check_device(check, vfios->pdata[i]);
}
