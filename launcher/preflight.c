/* SPDX-License-Identifier: MIT */
#include "launcher/preflight.h"

#include <errno.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "launcher/qemu-argv.h"
#include "launcher/run.h"

/* ---- files ---- */

static void check_file(Profile *profile, const ProfileSection *section, const char *key,
	const char *path, int mode)
{
	struct stat status;

	if (!path)
		return;
	if (stat(path, &status) < 0 || access(path, mode) < 0)
		profile_problem(profile, section, key, EX_NOINPUT, "%s: %s%s", path,
			g_strerror(errno),
			errno == EACCES && mode & W_OK && access(path, R_OK) == 0
				? " (for writing; readonly = on would do without)"
				: "");
	else if (S_ISDIR(status.st_mode))
		profile_problem(profile, section, key, EX_NOINPUT, "%s: is a directory", path);
}

void preflight_files(Profile *profile)
{
	const ProfileBoot *boot = profile->boot;

	for (guint i = 0; i < profile->disks->len; i++) {
		const ProfileDisk *disk = profile->disks->pdata[i];

		check_file(profile, &disk->section, "file", disk->file,
			R_OK | (disk->readonly ? 0 : W_OK));
	}
	for (guint i = 0; i < profile->cdroms->len; i++) {
		const ProfileCdrom *cdrom = profile->cdroms->pdata[i];

		check_file(profile, &cdrom->section, "file", cdrom->file, R_OK);
	}
	check_file(profile, &boot->section, "kernel", boot->kernel, R_OK);
	check_file(profile, &boot->section, "initrd", boot->initrd, R_OK);
	check_file(profile, &boot->section, "dtb", boot->dtb, R_OK);
}

/* ---- emulator ---- */

static gboolean is_executable(const char *path, gboolean *ret_exists)
{
	struct stat status;

	*ret_exists = stat(path, &status) == 0 && S_ISREG(status.st_mode);
	return *ret_exists && access(path, X_OK) == 0;
}

char *preflight_emulator(const Profile *profile, GError **error)
{
	g_autofree char *program = qemu_argv_program(profile);
	g_autofree char *not_executable = NULL;
	const char *search = g_getenv("PATH");
	g_auto(GStrv) directories = g_strsplit(search ? search : "/usr/bin:/bin", ":", -1);

	for (guint i = 0; directories[i]; i++) {
		g_autofree char *path = g_build_filename(
			*directories[i] ? directories[i] : ".", program, NULL);
		gboolean exists;

		if (is_executable(path, &exists))
			return g_steal_pointer(&path);
		if (exists && !not_executable)
			not_executable = g_steal_pointer(&path);
	}
	if (not_executable)
		g_set_error(error, RUN_ERROR, RUN_NOT_EXECUTABLE, "%s: you may not execute it",
			not_executable);
	else
		g_set_error(error, RUN_ERROR, RUN_NOT_FOUND,
			"%s is not in $PATH; install QEMU, or correct [vm] arch", program);
	return NULL;
}
