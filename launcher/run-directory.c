/* SPDX-License-Identifier: MIT */
#include "launcher/run-directory.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

#include "launcher/record.h"

G_DEFINE_QUARK(qemu_tapwrap_run_directory, run_directory_error)

/* Who only looks, or sweeps, has the lock for a moment too. */
#define TRIES 20
#define PAUSE_US 1000

static int raise_errno(const char *path, GError **error)
{
	g_set_error(error, RUN_DIRECTORY_ERROR, EX_CANTCREAT, "%s: %s", path, g_strerror(errno));
	return -1;
}

/* "2026-11-26 18:24" */
static char *start_time(const Record *record)
{
	g_autoptr(GDateTime) now = g_date_time_new_now_local();
	g_autoptr(GDateTime) then = g_date_time_add_seconds(now, -record_uptime(record));

	return g_date_time_format(then, "%Y-%m-%d %H:%M");
}

int run_directory_pid(const char *directory)
{
	g_autofree char *path = g_build_filename(directory, RUN_DIRECTORY_CONTROL, NULL);
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct ucred peer = { .pid = 0 };
	socklen_t size = sizeof(peer);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	g_strlcpy(address.sun_path, path, sizeof(address.sun_path));
	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		(void)!getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size);
	if (fd >= 0)
		close(fd);
	return peer.pid;
}

static int raise_running(const Profile *profile, const char *directory, GError **error)
{
	g_autofree char *lock = g_build_filename(directory, RUN_DIRECTORY_LOCK, NULL);
	int pid = run_directory_pid(directory); /* -daemonize changes it */
	g_autofree char *text = NULL, *since = NULL;
	g_autoptr(Record) record = NULL;

	if (g_file_get_contents(lock, &text, NULL, NULL))
		record = record_parse(text);
	since = record ? start_time(record) : NULL;
	if (record)
		g_set_error(error, RUN_DIRECTORY_ERROR, EX_TEMPFAIL,
			"VM '%s' is running already, since %s (pid %d, %s)", profile->vm->name,
			since, pid ? pid : record->pid, record->profile);
	else
		g_set_error(error, RUN_DIRECTORY_ERROR, EX_TEMPFAIL, "VM '%s' is starting already",
			profile->vm->name);
	return -1;
}

/* ---- what is left of a VM ---- */

static gboolean is_ours(const char *path, const char *name)
{
	struct stat status;

	return lstat(path, &status) == 0 &&
	       (S_ISSOCK(status.st_mode) || g_str_equal(name, PROFILE_SEED) ||
		       g_str_equal(name, RUN_DIRECTORY_CONSOLE_LOCK));
}

/* Sockets of a QEMU that could not remove them; whatever else is there is not ours. */
static void sweep(const char *directory)
{
	g_autoptr(GDir) dir = g_dir_open(directory, 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename(directory, name, NULL);

		if (is_ours(path, name))
			unlink(path);
	}
}

void run_directory_leave(const char *directory, int lock)
{
	g_autofree char *path = g_build_filename(directory, RUN_DIRECTORY_LOCK, NULL);
	g_autofree char *parent = g_path_get_dirname(directory);

	sweep(directory);
	unlink(path);
	if (rmdir(directory) == 0)
		rmdir(parent); /* of the last one */
	close(lock);
}

/* ---- the lock ---- */

/* Who swept the directory in between has removed the file that is locked here. */
static gboolean is_at(const char *path, int fd)
{
	struct stat ours, there;

	return fstat(fd, &ours) == 0 && lstat(path, &there) == 0 && ours.st_dev == there.st_dev &&
	       ours.st_ino == there.st_ino;
}

/* -1 and errno: EWOULDBLOCK if somebody has it, ESTALE if it is not there any more. */
static int take_lock(const char *path, int flags)
{
	int lock = open(path, flags | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600), reason = ESTALE;

	if (lock < 0)
		return -1;
	if (flock(lock, LOCK_EX | LOCK_NB) < 0)
		reason = errno;
	else if (is_at(path, lock))
		return lock;
	close(lock);
	errno = reason;
	return -1;
}

static gboolean write_record(int lock, const Profile *profile)
{
	g_autoptr(Record) record = record_new(profile);
	g_autofree char *text = record_print(record);
	ssize_t len = strlen(text);

	/* In this order there is always one to be read: what follows its end does not count. */
	return pwrite(lock, text, len, 0) == len && ftruncate(lock, len) == 0;
}

int run_directory_enter(const char *directory, const Profile *profile, GError **error)
{
	g_autofree char *path = g_build_filename(directory, RUN_DIRECTORY_LOCK, NULL);
	int lock = -1;

	for (int i = 0; i < TRIES && lock < 0; i++) {
		if (i > 0)
			g_usleep(PAUSE_US);
		if (g_mkdir_with_parents(directory, 0700) < 0 && errno != ENOENT)
			return raise_errno(directory, error);
		lock = take_lock(path, O_RDWR | O_CREAT);
		if (lock < 0 && errno != EWOULDBLOCK && errno != ESTALE && errno != ENOENT)
			break;
	}
	if (lock < 0)
		return errno == EWOULDBLOCK ? raise_running(profile, directory, error)
					    : raise_errno(path, error);
	sweep(directory);
	if (write_record(lock, profile))
		return lock;
	raise_errno(path, error);
	run_directory_leave(directory, lock);
	return -1;
}

gboolean run_directory_sign(int lock, const Profile *profile, GError **error)
{
	if (write_record(lock, profile))
		return TRUE;
	raise_errno(RUN_DIRECTORY_LOCK, error);
	return FALSE;
}

gboolean run_directory_is_held(const char *directory, gboolean sweep)
{
	g_autofree char *path = g_build_filename(directory, RUN_DIRECTORY_LOCK, NULL);
	int lock = take_lock(path, sweep ? O_RDWR : O_RDONLY);

	if (lock < 0)
		return errno == EWOULDBLOCK;
	if (sweep)
		run_directory_leave(directory, lock);
	else
		close(lock);
	return FALSE;
}

gboolean run_directory_is_free(const char *directory, const Profile *profile, GError **error)
{
	if (!run_directory_is_held(directory, FALSE))
		return TRUE;
	raise_running(profile, directory, error);
	return FALSE;
}
