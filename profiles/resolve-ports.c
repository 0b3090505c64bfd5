/* SPDX-License-Identifier: MIT */
#include "profiles/resolve-parts.h"

#include <string.h>

/* ---- serial ---- */

static void complete_path(Profile *profile, ProfileSerial *serial)
{
	const ProfileSection *section = &serial->section;
	g_autofree char *file = g_strdup_printf("serial-%s.sock", section->id);

	if (g_str_equal(serial->type, "file"))
		resolve_require(profile, section, "path", "PATH because its type is file");
	else if (!g_str_equal(serial->type, "unix"))
		resolve_refuse(
			profile, section, "path", "only the types unix and file have a path");
	else if (resolve_is_open(serial, path, "path"))
		serial->path = resolve_run_path(profile, section, file);
	if (g_str_equal(serial->type, "unix"))
		resolve_check_socket(profile, section, "path", serial->path);
}

static void complete_listen(Profile *profile, const ProfileSerial *serial)
{
	if (resolve_is_one_of(serial->type, "tcp telnet")) {
		resolve_require(
			profile, &serial->section, "listen", "ADDRESS:PORT, like 127.0.0.1:4321");
		if (serial->listen && *serial->listen == '/')
			complain(profile, serial, "listen",
				"'%s' is a path; for a socket take type = unix", serial->listen);
	} else {
		resolve_refuse(profile, &serial->section, "listen",
			"only the types tcp and telnet have it");
	}
}

static void complete_serial(Profile *profile, ProfileSerial *serial, const char **terminal_user)
{
	gboolean terminal = resolve_is_one_of(serial->type, "stdio mon:stdio");

	if (!serial->type)
		return;
	if (terminal && *terminal_user)
		complain(profile, serial, "type", "%s", *terminal_user);
	if (terminal)
		*terminal_user = "the terminal is taken by another serial port";
	complete_path(profile, serial);
	complete_listen(profile, serial);
}

/* A PC has room for four, a virt board for one; more are dropped by QEMU without a word. */
static void check_room_for_serials(Profile *profile)
{
	const char *machine = profile->machine->type;
	gboolean virt = machine && g_str_has_prefix(machine, "virt");
	guint room = profile_is_x86(profile) ? 4 : virt ? 1 : G_MAXUINT, n = 0;

	for (guint i = 0; i < profile->serials->len; i++) {
		const ProfileSerial *serial = profile->serials->pdata[i];

		if (g_strcmp0(serial->model, "serial") == 0 && n++ == room)
			complain(profile, serial, NULL,
				"the machine has room for %u serial port%s; take model = virtio",
				room, room == 1 ? "" : "s");
	}
}

/* ---- the others ---- */

/* A TPM of the host may be a 1.2 one, and have buffers that are too large for tpm-crb. */
static const char *default_tpm_model(const Profile *profile)
{
	gboolean passthrough = g_strcmp0(profile->tpm->type, "passthrough") == 0;

	if (resolve_is_one_of(profile->vm->arch, "arm aarch64 riscv64"))
		return "tpm-tis-device";
	if (g_strcmp0(profile->vm->arch, "ppc64") == 0)
		return "tpm-spapr";
	return passthrough || g_strcmp0(profile->tpm->version, "1.2") == 0 ? "tpm-tis" : "tpm-crb";
}

static void complete_emulated_tpm(Profile *profile, ProfileTpm *tpm)
{
	resolve_refuse(profile, &tpm->section, "path", "only type = passthrough has it");
	if (resolve_is_open(tpm, state, "state") && profile->vm->name)
		tpm->state = g_build_filename(
			places_state(&profile->places, profile->vm->name), "tpm", NULL);
	if (g_strcmp0(tpm->version, "1.2") == 0 &&
		resolve_is_one_of(tpm->model, "tpm-crb tpm-spapr"))
		complain(profile, tpm, "model", "%s is only for version 2.0; take tpm-tis",
			tpm->model);
}

static void complete_tpm(Profile *profile, ProfileTpm *tpm)
{
	if (resolve_is_open(tpm, type, "type"))
		tpm->type = g_strdup(tpm->section.source ? "emulator" : "none");
	if (resolve_is_open(tpm, model, "model"))
		tpm->model = g_strdup(default_tpm_model(profile));
	if (g_strcmp0(tpm->type, "emulator") == 0)
		complete_emulated_tpm(profile, tpm);
	if (g_strcmp0(tpm->type, "passthrough") != 0)
		return;
	resolve_require(profile, &tpm->section, "path", "PATH of the host's TPM, like /dev/tpm0");
	resolve_refuse(profile, &tpm->section, "state", "only type = emulator has it");
}

static void check_agent(Profile *profile, const ProfileSection *guest)
{
	g_autofree char *path = profile->guest->agent
					? resolve_run_path(profile, guest, PROFILE_AGENT_SOCKET)
					: NULL;

	resolve_check_socket(profile, guest, "agent", path);
}

static void check_monitor(Profile *profile, const ProfileMonitor *monitor)
{
	resolve_check_socket(profile, &monitor->section, "qmp", monitor->qmp);
	resolve_check_socket(profile, &monitor->section, "hmp", monitor->hmp);
	resolve_check_socket(profile, &monitor->section, "gdb", monitor->gdb);
}

void resolve_ports(Profile *profile)
{
	const char *terminal_user = g_strcmp0(profile->display->type, "curses") == 0
					    ? "the terminal is taken by [display] type = curses"
					    : NULL;

	for (guint i = 0; i < profile->serials->len; i++)
		complete_serial(profile, profile->serials->pdata[i], &terminal_user);
	check_room_for_serials(profile);
	check_agent(profile, &profile->guest->section);
	complete_tpm(profile, profile->tpm);
	for (guint i = 0; i < profile->vfios->len; i++) {
		const ProfileVfio *vfio = profile->vfios->pdata[i];

		resolve_require(profile, &vfio->section, "host", "ADDRESS, like 0000:01:00.0");
	}
	check_monitor(profile, profile->monitor);
}
