/* SPDX-License-Identifier: MIT */
#include "launcher/preflight.h"

#include <errno.h>
#include <string.h>
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

static void check_directory(Profile *profile, const ProfileSection *section, const char *key,
	const char *path, int mode)
{
	struct stat status;

	if (stat(path, &status) == 0 && !S_ISDIR(status.st_mode))
		profile_problem(profile, section, key, EX_NOINPUT, "%s: is not a directory", path);
	else if (access(path, mode) < 0)
		profile_problem(
			profile, section, key, EX_NOINPUT, "%s: %s", path, g_strerror(errno));
}

/* A disk that will be created only needs a place. */
static void check_disk(Profile *profile, const ProfileDisk *disk)
{
	gboolean created = (disk->size || disk->backing) && disk->file &&
			   access(disk->file, F_OK) < 0 && errno == ENOENT;
	g_autofree char *directory = created ? g_path_get_dirname(disk->file) : NULL;

	if (created && g_strcmp0(directory, profile->places.state) == 0)
		return; /* made when it is missing */
	if (created)
		check_directory(profile, &disk->section, "file", directory, W_OK | X_OK);
	else
		check_file(profile, &disk->section, "file", disk->file,
			R_OK | (disk->readonly || disk->snapshot ? 0 : W_OK));
	check_file(profile, &disk->section, "backing", disk->backing, R_OK);
}

static void check_drives(Profile *profile)
{
	for (guint i = 0; i < profile->disks->len; i++)
		check_disk(profile, profile->disks->pdata[i]);
	for (guint i = 0; i < profile->cdroms->len; i++) {
		const ProfileCdrom *cdrom = profile->cdroms->pdata[i];

		check_file(profile, &cdrom->section, "file", cdrom->file, R_OK);
	}
	for (guint i = 0; i < profile->floppies->len; i++) {
		const ProfileFloppy *floppy = profile->floppies->pdata[i];

		check_file(profile, &floppy->section, "file", floppy->file,
			R_OK | (floppy->readonly ? 0 : W_OK));
	}
}

/* What a TPM remembers, unless it is new. */
static void check_tpm(Profile *profile)
{
	const ProfileTpm *tpm = profile->tpm;

	check_file(profile, &tpm->section, "path", tpm->path, R_OK | W_OK);
	if (g_strcmp0(tpm->type, "emulator") == 0 && tpm->state && access(tpm->state, F_OK) == 0)
		check_directory(profile, &tpm->section, "state", tpm->state, R_OK | W_OK | X_OK);
}

/* QEMU would go on without a cable, and not try again. */
static void check_nic(Profile *profile, const ProfileNic *nic)
{
	const char *path = g_strcmp0(nic->type, "stream") == 0 ? nic->connect : NULL;

	if (path && *path == '/' && access(path, R_OK | W_OK) < 0)
		profile_problem(profile, &nic->section, "connect", EX_NOINPUT, "%s: %s%s", path,
			g_strerror(errno),
			errno == ENOENT ? "; start the VM that listens there first" : "");
	if (g_strcmp0(nic->type, "none") != 0)
		check_file(profile, &nic->section, "romfile", nic->romfile, R_OK);
}

static void check_cloud_init(Profile *profile)
{
	const ProfileCloudInit *cloud_init = profile->cloud_init;

	for (guint i = 0; cloud_init->ssh_keys && cloud_init->ssh_keys[i]; i++)
		check_file(
			profile, &cloud_init->section, "ssh-keys", cloud_init->ssh_keys[i], R_OK);
	check_file(profile, &cloud_init->section, "user-data", cloud_init->user_data, R_OK);
}

/* A program of the user's: by its path, or for $PATH. */
static void check_hook(Profile *profile, const char *key, const GStrv argv)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *path = NULL;

	if (!argv)
		return;
	path = preflight_program(argv[0], "install it, or write where it is", &error);
	if (error)
		profile_problem(
			profile, &profile->hooks->section, key, EX_NOINPUT, "%s", error->message);
}

void preflight_files(Profile *profile)
{
	const ProfileBoot *boot = profile->boot;
	const ProfileFirmware *firmware = profile->firmware;

	check_drives(profile);
	for (guint i = 0; i < profile->shares->len; i++) {
		const ProfileShare *share = profile->shares->pdata[i];

		if (share->path)
			check_directory(profile, &share->section, "path", share->path, R_OK | X_OK);
	}
	check_file(profile, &firmware->section, "code", firmware->code, R_OK);
	check_file(profile, &firmware->section, "vars", firmware->vars, R_OK);
	check_cloud_init(profile);
	check_hook(profile, "pre-start", profile->hooks->pre_start);
	check_hook(profile, "post-stop", profile->hooks->post_stop);
	check_file(profile, &boot->section, "kernel", boot->kernel, R_OK);
	check_file(profile, &boot->section, "initrd", boot->initrd, R_OK);
	check_file(profile, &boot->section, "dtb", boot->dtb, R_OK);
	for (guint i = 0; i < profile->vfios->len; i++) {
		const ProfileVfio *vfio = profile->vfios->pdata[i];

		check_file(profile, &vfio->section, "romfile", vfio->romfile, R_OK);
	}
	for (guint i = 0; i < profile->nics->len; i++)
		check_nic(profile, profile->nics->pdata[i]);
	check_tpm(profile);
}

/* ---- accelerator ---- */

/* Those of a processor that can do it and may: the kernel leaves out what firmware forbids. */
static const char *kvm_cure(void)
{
	g_autofree char *processors = NULL;

	if (!g_file_get_contents("/proc/cpuinfo", &processors, NULL, NULL) ||
		!strstr(processors, "\nflags"))
		return "it takes a kernel and a machine with KVM";
	if (g_regex_match_simple("^flags\\s*:.* vmx( |$)", processors, G_REGEX_MULTILINE, 0))
		return "load its module: modprobe kvm_intel";
	if (g_regex_match_simple("^flags\\s*:.* svm( |$)", processors, G_REGEX_MULTILINE, 0))
		return "load its module: modprobe kvm_amd";
	return "allow virtualization in the firmware; if this is a virtual machine itself, in its "
	       "host";
}

const char *preflight_kvm_problem(const char **ret_cure)
{
	int reason;

	if (access(PREFLIGHT_KVM, R_OK | W_OK) == 0)
		return NULL;
	reason = errno;
	*ret_cure = reason == EACCES ? "join the group that ls -l " PREFLIGHT_KVM
				       " shows, often kvm"
				     : kvm_cure();
	return g_strerror(reason);
}

char *preflight_warning(const Profile *profile)
{
	const char *cure, *why = NULL;

	if (g_str_has_prefix(profile->machine->accel, "kvm:"))
		why = preflight_kvm_problem(&cure);
	return why ? g_strdup_printf(PREFLIGHT_KVM ": %s; the VM will be slow: %s", why, cure)
		   : NULL;
}

/* ---- emulator ---- */

static gboolean is_executable(const char *path, gboolean *ret_exists)
{
	struct stat status;

	*ret_exists = stat(path, &status) == 0 && S_ISREG(status.st_mode);
	return *ret_exists && access(path, X_OK) == 0;
}

static char *search_path(const char *program, char **ret_not_executable)
{
	const char *search = g_getenv("PATH");
	g_auto(GStrv) directories = g_strsplit(search ? search : "/usr/bin:/bin", ":", -1);

	for (guint i = 0; directories[i]; i++) {
		g_autofree char *path = g_build_filename(
			*directories[i] ? directories[i] : ".", program, NULL);
		gboolean exists;

		if (is_executable(path, &exists))
			return g_steal_pointer(&path);
		if (exists && !*ret_not_executable)
			*ret_not_executable = g_steal_pointer(&path);
	}
	return NULL;
}

/* By its path, or by its name. */
static char *find_program(const char *program, char **ret_not_executable)
{
	gboolean exists;

	if (*program != '/')
		return search_path(program, ret_not_executable);
	if (is_executable(program, &exists))
		return g_strdup(program);
	*ret_not_executable = exists ? g_strdup(program) : NULL;
	return NULL;
}

char *preflight_program(const char *program, const char *cure, GError **error)
{
	g_autofree char *not_executable = NULL;
	char *path = find_program(program, &not_executable);

	if (path)
		return path;
	if (not_executable)
		g_set_error(error, RUN_ERROR, RUN_NOT_EXECUTABLE, "%s: you may not execute it",
			not_executable);
	else if (*program == '/')
		g_set_error(
			error, RUN_ERROR, RUN_NOT_FOUND, "%s: there is no such program", program);
	else
		g_set_error(
			error, RUN_ERROR, RUN_NOT_FOUND, "%s is not in $PATH; %s", program, cure);
	return NULL;
}

char *preflight_emulator(const Profile *profile, GError **error)
{
	g_autofree char *program = qemu_argv_program(profile);

	return preflight_program(program, "install QEMU, or correct [vm] arch", error);
}
