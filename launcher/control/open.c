/* SPDX-License-Identifier: MIT */
#include "launcher/control/open.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "launcher/notify.h"
#include "profiles/profile.h"

typedef struct {
	const char *real_path;
	gboolean found;
} Search;

/* A ProfileVisit. */
static void compare(const char *name, const char *path, gpointer data)
{
	Search *search = data;
	g_autofree char *real_path = realpath(path, NULL);

	(void)name;
	search->found = search->found || g_strcmp0(real_path, search->real_path) == 0;
}

static gboolean is_known(const char *path)
{
	g_autofree char *real_path = realpath(path, NULL);
	Search search = { real_path, FALSE };

	if (real_path)
		profile_each_known(compare, &search);
	return search.found;
}

/* Somebody has said that it is a program, and it is not another user's. */
static gboolean is_program(const struct stat *status)
{
	return (status->st_mode & S_IXUSR) && (status->st_uid == getuid() || status->st_uid == 0);
}

static int refuse(const char *path, int code, const char *why)
{
	g_autofree char *line = g_strdup_printf("%s: %s", path, why);

	fprintf(stderr, "qemu-tapwrap: %s\n", line);
	notify_failure(path, FALSE, line);
	return code;
}

int open_run(const char *path)
{
	struct stat status;

	if (stat(path, &status) < 0)
		return refuse(path, EX_NOINPUT, g_strerror(errno));
	if (!is_program(&status) && !is_known(path))
		return refuse(path, EX_NOPERM,
			"a profile can start any program, so a double click starts only one of your "
			"own that is executable, or that is known by name; if you trust it: chmod +x");
	execl(LAUNCHER_PATH, LAUNCHER_PATH, path, (char *)NULL);
	return refuse(LAUNCHER_PATH, EX_OSFILE, g_strerror(errno));
}
