/* SPDX-License-Identifier: MIT */
#include "launcher/firmware.h"

#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>

G_DEFINE_QUARK(qemu_tapwrap_firmware, firmware_error)

void firmware_free(Firmware *firmware)
{
	if (!firmware)
		return;
	g_free(firmware->code);
	g_free(firmware->code_format);
	g_free(firmware->vars);
	g_free(firmware->nvram);
	g_free(firmware->nvram_format);
	g_free(firmware);
}

static const char *format_of(const char *path)
{
	return g_str_has_suffix(path, ".qcow2") ? "qcow2" : "raw";
}

static Firmware *as_given(const ProfileFirmware *given)
{
	Firmware *firmware = g_new0(Firmware, 1);

	firmware->code = g_strdup(given->code);
	firmware->code_format = g_strdup(format_of(given->code));
	firmware->vars = g_strdup(given->vars);
	firmware->nvram_format = given->vars ? g_strdup(format_of(given->vars)) : NULL;
	firmware->needs_smm = g_str_equal(given->type, "uefi-secure");
	return firmware;
}

/* In the words of qemu-tapwrap-inspect, or why it could not even be asked. */
static void raise_not_found(
	const Profile *profile, const GError *spawned, char *text, GError **error)
{
	g_autofree char *place = profile_place(profile, &profile->firmware->section, "type");
	gboolean missing = g_error_matches(spawned, G_SPAWN_ERROR, G_SPAWN_ERROR_NOENT);

	g_set_error(error, FIRMWARE_ERROR, EX_OSFILE, "%s: %s", place,
		missing	  ? INSPECT_PATH " is missing; install it with: make install"
		: spawned ? spawned->message
			  : g_strdelimit(g_strstrip(text), "\n", ' '));
}

/* Lines of qemu-tapwrap-inspect --firmware: code, its format, vars, its format, smm or not. */
static Firmware *look_up(const Profile *profile, GError **error)
{
	gboolean secure = g_str_equal(profile->firmware->type, "uefi-secure");
	const char *machine = profile->machine->type ? profile->machine->type : "";
	char *argv[] = { INSPECT_PATH, "--firmware", profile->vm->arch, (char *)machine,
		secure ? "secure" : "plain", NULL };
	g_autofree char *out = NULL, *err = NULL;
	g_autoptr(GError) spawned = NULL;
	g_auto(GStrv) lines = NULL;
	Firmware *firmware;
	int status = 0;

	if (!g_spawn_sync(NULL, argv, NULL, 0, NULL, NULL, &out, &err, &status, &spawned) ||
		status != 0) {
		raise_not_found(profile, spawned, err, error);
		return NULL;
	}
	lines = g_strsplit(out, "\n", -1);
	g_return_val_if_fail(g_strv_length(lines) >= 5, NULL);
	firmware = g_new0(Firmware, 1);
	firmware->code = g_strdup(lines[0]);
	firmware->code_format = g_strdup(lines[1]);
	firmware->vars = *lines[2] ? g_strdup(lines[2]) : NULL;
	firmware->nvram_format = *lines[2] ? g_strdup(lines[3]) : NULL;
	firmware->needs_smm = g_str_equal(lines[4], "smm");
	return firmware;
}

static char *default_nvram(const Profile *profile, const Firmware *firmware)
{
	const char *file = g_str_equal(firmware->nvram_format, "qcow2") ? "nvram.qcow2"
									: "nvram.fd";

	return g_build_filename(profile->places.state, file, NULL);
}

gboolean firmware_find(const Profile *profile, Firmware **ret_firmware, GError **error)
{
	const ProfileFirmware *given = profile->firmware;
	Firmware *firmware;

	*ret_firmware = NULL;
	if (g_str_equal(given->type, "bios"))
		return TRUE;
	firmware = given->code ? as_given(given) : look_up(profile, error);
	if (firmware && firmware->vars)
		firmware->nvram = given->nvram ? g_strdup(given->nvram)
					       : default_nvram(profile, firmware);
	*ret_firmware = firmware;
	return firmware != NULL;
}
