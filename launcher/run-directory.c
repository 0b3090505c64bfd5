/* SPDX-License-Identifier: MIT */
#include "launcher/run-directory.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

G_DEFINE_QUARK(qemu_tapwrap_run_directory, run_directory_error)

#define LOCK "lock" /* its text: PID and profile, a line each */

static int raise_errno(const char *path, GError **error)
{
	g_set_error(error, RUN_DIRECTORY_ERROR, EX_CANTCREAT, "%s: %s", path, g_strerror(errno));
	return -1;
}

static int raise_running(const Profile *profile, const char *lock, GError **error)
{
	g_autofree char *text = NULL;
	g_auto(GStrv) lines = NULL;

	g_file_get_contents(lock, &text, NULL, NULL);
	lines = g_strsplit(text ? text : "", "\n", -1);
	if (g_strv_length(lines) >= 2)
		g_set_error(error, RUN_DIRECTORY_ERROR, EX_TEMPFAIL,
			"VM '%s' is running already (pid %s, %s)", profile->vm->name, lines[0],
			lines[1]);
	else
		g_set_error(error, RUN_DIRECTORY_ERROR, EX_TEMPFAIL, "VM '%s' is starting already",
			profile->vm->name);
	return -1;
}

/* Sockets of a QEMU that could not remove them; whatever else is there is not ours. */
static void sweep(const char *directory)
{
	g_autoptr(GDir) dir = g_dir_open(directory, 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename(directory, name, NULL);
		struct stat status;

		if (lstat(path, &status) == 0 && S_ISSOCK(status.st_mode))
			unlink(path);
	}
}

static gboolean write_holder(int lock, const Profile *profile)
{
	g_autofree char *text = g_strdup_printf(
		"%d\n%s\n", (int)getpid(), profile_real_path(profile));

	return ftruncate(lock, 0) == 0 &&
	       pwrite(lock, text, strlen(text), 0) == (ssize_t)strlen(text);
}

int run_directory_enter(const Profile *profile, GError **error)
{
	const char *directory = profile->places.run;
	g_autofree char *path = g_build_filename(directory, LOCK, NULL);
	int lock;

	if (g_mkdir_with_parents(directory, 0700) < 0)
		return raise_errno(directory, error);
	lock = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (lock < 0)
		return raise_errno(path, error);
	if (flock(lock, LOCK_EX | LOCK_NB) < 0) {
		gboolean running = errno == EWOULDBLOCK;

		close(lock);
		return running ? raise_running(profile, path, error) : raise_errno(path, error);
	}
	sweep(directory);
	if (write_holder(lock, profile))
		return lock;
	raise_errno(path, error);
	close(lock);
	return -1;
}

/* Shared, and for a moment: a start at this very moment would have to be lucky. */
gboolean run_directory_is_free(const Profile *profile, GError **error)
{
	g_autofree char *path = g_build_filename(profile->places.run, LOCK, NULL);
	int lock = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	gboolean running = lock >= 0 && flock(lock, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK;

	if (running)
		raise_running(profile, path, error);
	if (lock >= 0)
		close(lock);
	return !running;
}
