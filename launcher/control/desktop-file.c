/* SPDX-License-Identifier: MIT */
#include "launcher/control/desktop-file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#define MODE 0644
#define DIRECTORY_MODE 0700 /* as the specification of these directories wants it */

G_DEFINE_QUARK(qemu_tapwrap_desktop_file, desktop_file_error)

static gboolean fail(GError **error, int status, const char *path)
{
	g_set_error(error, DESKTOP_FILE_ERROR, status, "%s: %s", path, g_strerror(errno));
	return FALSE;
}

char *desktop_file_path(const char *directory, const char *name)
{
	const char *given = g_getenv("XDG_DATA_HOME");

	if (given && g_path_is_absolute(given)) /* others do not count */
		return g_build_filename(given, directory, name, NULL);
	return g_build_filename(g_get_home_dir(), ".local", "share", directory, name, NULL);
}

/* Is it free, or a file of ours? A link is somebody's doing, wherever it leads. */
static gboolean is_free_or_ours(const char *path, const char *mark, GError **error)
{
	g_autofree char *text = NULL;
	struct stat status;

	if (lstat(path, &status) < 0)
		return errno == ENOENT || errno == ENOTDIR || fail(error, EX_CANTCREAT, path);
	if (S_ISREG(status.st_mode) && g_file_get_contents(path, &text, NULL, NULL) &&
		strstr(text, mark))
		return TRUE;
	g_set_error(error, DESKTOP_FILE_ERROR, EX_CANTCREAT,
		"%s is there and not of qemu-tapwrap; it stays as it is", path);
	return FALSE;
}

/* ---- writing ---- */

static gboolean write_all(int fd, const char *text, gsize len)
{
	while (len > 0) {
		ssize_t written = write(fd, text, len);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return FALSE;
		text += written;
		len -= written;
	}
	return fchmod(fd, MODE) == 0 && fsync(fd) == 0;
}

static gboolean make_directory_of(const char *path, GError **error)
{
	g_autofree char *directory = g_path_get_dirname(path);

	return g_mkdir_with_parents(directory, DIRECTORY_MODE) == 0 ||
	       fail(error, EX_CANTCREAT, directory);
}

gboolean desktop_file_write(
	const char *path, const char *text, gsize len, const char *mark, GError **error)
{
	g_autofree char *made = g_strconcat(path, ".XXXXXX", NULL);
	gboolean done;
	int fd, reason;

	if (!is_free_or_ours(path, mark, error) || !make_directory_of(path, error))
		return FALSE;
	fd = g_mkstemp_full(made, O_RDWR | O_CLOEXEC, 0600);
	if (fd < 0)
		return fail(error, EX_CANTCREAT, path);
	done = write_all(fd, text, len);
	reason = errno;
	if (close(fd) == 0 && done && rename(made, path) == 0)
		return TRUE;
	if (done)
		reason = errno;
	unlink(made);
	errno = reason;
	return fail(error, EX_IOERR, path);
}

gboolean desktop_file_remove(
	const char *path, const char *mark, gboolean *ret_removed, GError **error)
{
	*ret_removed = FALSE;
	if (!is_free_or_ours(path, mark, error))
		return FALSE;
	*ret_removed = unlink(path) == 0;
	return *ret_removed || errno == ENOENT || errno == ENOTDIR ||
	       fail(error, EX_CANTCREAT, path);
}

/* ---- what has to know ---- */

char *desktop_file_find_program(const char *name, const char *package, GError **error)
{
	char *path = g_find_program_in_path(name);

	if (!path)
		g_set_error(error, DESKTOP_FILE_ERROR, EX_OSFILE,
			"%s is not in $PATH; install the package %s", name, package);
	return path;
}

gboolean desktop_file_update(const char *program, const char *directory)
{
	g_autofree char *path = desktop_file_path(directory, NULL);
	char *argv[] = { (char *)program, path, NULL };
	int status;

	return g_spawn_sync(NULL, argv, NULL,
		       G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, NULL,
		       NULL, &status, NULL) &&
	       status == 0;
}
