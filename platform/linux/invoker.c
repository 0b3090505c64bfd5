/* SPDX-License-Identifier: MIT */
#include "platform/invoker.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <sysexits.h>
#include <unistd.h>

typedef struct {
	uid_t uid;
	gid_t gid;
	const char *name; /* static storage of getpwuid; NULL without an entry */
	const char *home;
} Invoker;

/* sudo and pkexec set these themselves; for anybody who is not root they mean nothing. */
static gboolean read_id(const char *variable, guint64 *ret_id)
{
	const char *text = g_getenv(variable);

	return text && g_ascii_string_to_unsigned(text, 10, 1, G_MAXUINT32 - 1, ret_id, NULL);
}

static gboolean read_uid(guint64 *ret_uid)
{
	return getuid() == 0 && geteuid() == 0 &&
	       (read_id("SUDO_UID", ret_uid) || read_id("PKEXEC_UID", ret_uid));
}

static gboolean look_up(uid_t uid, Invoker *invoker, GError **error)
{
	const struct passwd *entry = getpwuid(uid);
	guint64 gid;

	invoker->uid = uid;
	if (entry) {
		invoker->gid = entry->pw_gid;
		invoker->name = entry->pw_name;
		invoker->home = entry->pw_dir;
		return TRUE;
	}
	if (read_id("SUDO_GID", &gid)) {
		invoker->gid = gid;
		return TRUE;
	}
	g_set_error(error, NET_ERROR, EX_OSERR,
		"user %u, who started this as root, is unknown here", invoker->uid);
	return FALSE;
}

static gboolean set_ids(const Invoker *invoker, GError **error)
{
	int groups = invoker->name ? initgroups(invoker->name, invoker->gid)
				   : setgroups(1, &invoker->gid);

	if (groups == 0 && setresgid(invoker->gid, invoker->gid, invoker->gid) == 0 &&
		setresuid(invoker->uid, invoker->uid, invoker->uid) == 0 && setuid(0) < 0)
		return TRUE;
	g_set_error(error, NET_ERROR, EX_OSERR, "cannot become user %u: %s", invoker->uid,
		g_strerror(errno));
	return FALSE;
}

gboolean invoker_leave_root(NetHelper **ret_helper, GError **error)
{
	Invoker invoker = { 0 };
	guint64 uid;

	if (!read_uid(&uid))
		return TRUE;
	if (ret_helper && !(*ret_helper = net_helper_start(error)))
		return FALSE;
	if (!look_up(uid, &invoker, error) || !set_ids(&invoker, error))
		return FALSE;
	if (invoker.name) {
		g_setenv("HOME", invoker.home, TRUE);
		g_setenv("USER", invoker.name, TRUE);
		g_setenv("LOGNAME", invoker.name, TRUE);
	}
	return TRUE;
}
