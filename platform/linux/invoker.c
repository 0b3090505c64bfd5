/* SPDX-License-Identifier: MIT */
#include "platform/invoker.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sysexits.h>
#include <unistd.h>

#include <linux/capability.h>

typedef struct {
	uid_t uid; /* 0: nobody else than root */
	gid_t gid;
	const char *name; /* static storage of getpwuid; NULL without an entry */
	const char *home;
} Invoker;

/* ---- who it is ---- */

static gboolean refuse(const char *variable, const char *why, GError **error)
{
	g_set_error(error, NET_ERROR, EX_NOPERM,
		"%s is '%s', %s; without it, QEMU would run as root", variable, g_getenv(variable),
		why);
	return FALSE;
}

static gboolean parse_id(const char *text, guint32 *ret_id)
{
	guint64 id;

	if (!g_ascii_string_to_unsigned(text, 10, 0, G_MAXUINT32 - 1, &id, NULL))
		return FALSE;
	*ret_id = id;
	return TRUE;
}

/* doas tells a name. */
static gboolean parse_user(const char *variable, const char *text, uid_t *ret_uid, GError **error)
{
	const struct passwd *entry;

	if (g_str_has_suffix(variable, "_UID"))
		return parse_id(text, ret_uid) || refuse(variable, "not a user's number", error);
	entry = getpwnam(text);
	if (!entry)
		return refuse(variable, "a user unknown here", error);
	*ret_uid = entry->pw_uid;
	return TRUE;
}

/*
 * sudo, run0, pkexec and doas set these themselves. What cannot be understood must not end with
 * QEMU as root, and neither must a guess which of two users it is.
 */
static gboolean read_uid(uid_t *ret_uid, GError **error)
{
	static const char *const variables[] = { "SUDO_UID", "PKEXEC_UID", "DOAS_USER" };
	const char *teller = NULL;

	*ret_uid = 0;
	for (guint i = 0; i < G_N_ELEMENTS(variables); i++) {
		const char *text = g_getenv(variables[i]);
		uid_t uid;

		if (!text || !*text)
			continue;
		if (!parse_user(variables[i], text, &uid, error))
			return FALSE;
		if (uid == 0 || uid == *ret_uid)
			continue;
		if (teller) {
			g_autofree char *why = g_strdup_printf("but %s another user", teller);

			return refuse(variables[i], why, error);
		}
		teller = variables[i];
		*ret_uid = uid;
	}
	return TRUE;
}

static gboolean look_up(Invoker *invoker, GError **error)
{
	const struct passwd *entry = getpwuid(invoker->uid);
	const char *group = g_getenv("SUDO_GID");

	if (entry) {
		invoker->gid = entry->pw_gid;
		invoker->name = entry->pw_name;
		invoker->home = entry->pw_dir;
		return TRUE;
	}
	invoker->home = "/";
	if (group && parse_id(group, &invoker->gid) && invoker->gid != 0)
		return TRUE;
	g_set_error(error, NET_ERROR, EX_OSERR,
		"user %u, who started this as root, is unknown here", invoker->uid);
	return FALSE;
}

/* ---- to become that user ---- */

/* The kernel does so at the change of the user, unless securebits forbid; never those inheritable.
 */
static int drop_capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[2] = { 0 };

	return syscall(SYS_capset, &header, none);
}

static gboolean set_ids(const Invoker *invoker, GError **error)
{
	int groups = invoker->name ? initgroups(invoker->name, invoker->gid)
				   : setgroups(1, &invoker->gid);

	if (groups == 0 && setresgid(invoker->gid, invoker->gid, invoker->gid) == 0 &&
		setresuid(invoker->uid, invoker->uid, invoker->uid) == 0 &&
		drop_capabilities() == 0 && setuid(0) < 0)
		return TRUE;
	g_set_error(error, NET_ERROR, EX_OSERR, "cannot become user %u: %s", invoker->uid,
		g_strerror(errno));
	return FALSE;
}

/* Root's directories are of no use to the user, and nothing of the user's is to be made there. */
static void drop_foreign_directories(uid_t uid)
{
	static const char *const variables[] = { "XDG_CONFIG_HOME", "XDG_DATA_HOME",
		"XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR" };

	for (guint i = 0; i < G_N_ELEMENTS(variables); i++) {
		const char *path = g_getenv(variables[i]);
		struct stat status;

		if (path && (stat(path, &status) == 0 ? status.st_uid != uid : errno != ENOENT))
			g_unsetenv(variables[i]);
	}
}

static void set_environment(const Invoker *invoker)
{
	g_setenv("HOME", invoker->home, TRUE);
	if (invoker->name) {
		g_setenv("USER", invoker->name, TRUE);
		g_setenv("LOGNAME", invoker->name, TRUE);
	} else {
		g_unsetenv("USER");
		g_unsetenv("LOGNAME");
	}
	drop_foreign_directories(invoker->uid);
}

gboolean invoker_leave_root(NetHelper **ret_helper, GError **error)
{
	Invoker invoker = { 0 };

	if (getuid() != geteuid() || getgid() != getegid()) {
		g_set_error_literal(error, NET_ERROR, EX_NOPERM,
			"qemu-tapwrap must not be setuid or setgid; only the helper has a privilege");
		return FALSE;
	}
	if (getuid() != 0)
		return TRUE;
	if (!read_uid(&invoker.uid, error))
		return FALSE;
	if (invoker.uid == 0)
		return TRUE;
	if (ret_helper && !(*ret_helper = net_helper_start(error)))
		return FALSE;
	if (!look_up(&invoker, error) || !set_ids(&invoker, error))
		return FALSE;
	set_environment(&invoker);
	return TRUE;
}
