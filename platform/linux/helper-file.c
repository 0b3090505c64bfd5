/* SPDX-License-Identifier: MIT */
#include "platform/linux/helper-file.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <linux/capability.h>

/* ---- who may execute it ---- */

gboolean helper_file_is_ours_to_run(void)
{
	return access(HELPER_PATH, X_OK) == 0;
}

static gboolean is_member(const struct passwd *user, gid_t group)
{
	gid_t groups[NGROUPS_MAX];
	int n = NGROUPS_MAX;

	if (!user || getgrouplist(user->pw_name, user->pw_gid, groups, &n) < 0)
		return FALSE;
	for (int i = 0; i < n; i++)
		if (groups[i] == group)
			return TRUE;
	return FALSE;
}

char *helper_file_explain_refusal(void)
{
	const struct passwd *user = getpwuid(getuid());
	const struct group *group;
	struct stat status;

	if (stat(HELPER_PATH, &status) < 0)
		return g_strdup_printf(HELPER_PATH ": %s", g_strerror(errno));
	group = getgrgid(status.st_gid);
	if (!(status.st_mode & S_IXGRP) || status.st_gid == 0 || !group)
		return g_strdup(HELPER_PATH " may not be run by you; an administrator can let a "
					    "group of yours run it: make install-privilege");
	if (is_member(user, status.st_gid))
		return g_strdup_printf(HELPER_PATH " is for the group %s, which you have joined "
						   "since you logged in; log in again",
			group->gr_name);
	return g_strdup_printf(HELPER_PATH " is for the group %s, and you are not in it; an "
					   "administrator can let you in: usermod -aG %s %s",
		group->gr_name, group->gr_name, user ? user->pw_name : "YOU");
}

/* ---- its capability ---- */

#define CAPABILITIES "security.capability"

gboolean helper_file_has_capabilities(void)
{
	return getxattr(HELPER_PATH, CAPABILITIES, NULL, 0) > 0;
}

guint64 helper_file_capabilities(void)
{
	struct vfs_ns_cap_data data = { 0 };
	guint64 capabilities = 0;
	struct statvfs filesystem;

	if (getxattr(HELPER_PATH, CAPABILITIES, &data, sizeof(data)) > 0) {
		if (statvfs(HELPER_PATH, &filesystem) == 0 && filesystem.f_flag & ST_NOSUID)
			return 0;
		return GUINT32_FROM_LE(data.data[0].permitted) |
		       (guint64)GUINT32_FROM_LE(data.data[1].permitted) << 32;
	}
	for (guint i = 0; i <= CAP_LAST_CAP; i++)
		if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, i, 0, 0) == 1)
			capabilities |= G_GUINT64_CONSTANT(1) << i;
	return capabilities;
}

/* ---- pkexec ---- */

static gboolean has_terminal(void)
{
	int fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static gboolean is_set(const char *variable)
{
	const char *value = g_getenv(variable);

	return value && *value;
}

gboolean helper_file_calls_for_pkexec(guint64 needed)
{
	if (getuid() == 0 || !(is_set("DISPLAY") || is_set("WAYLAND_DISPLAY")))
		return FALSE;
	if (helper_file_is_ours_to_run() && (needed & ~helper_file_capabilities()) == 0)
		return FALSE;
	return !has_terminal() && access(HELPER_PATH, F_OK) == 0 &&
	       access(PKEXEC_PATH, X_OK) == 0 && access(ACTION_FILE, R_OK) == 0 &&
	       prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0;
}
