/* SPDX-License-Identifier: MIT */
#include "platform/rootless.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

static gboolean refuse(const char *what, GError **error)
{
	g_set_error(error, NET_ERROR, EX_UNAVAILABLE,
		"--rootless: %s: %s; this system does not let you have namespaces of your own",
		what, g_strerror(errno));
	return FALSE;
}

static gboolean write_file(const char *path, const char *text, GError **error)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	gboolean done = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
	int reason = errno;

	if (fd >= 0)
		close(fd);
	errno = reason;
	return done || refuse(path, error);
}

/* One user and one group; no setgroups, without which the kernel maps no group. */
static gboolean map_to_root(uid_t uid, gid_t gid, GError **error)
{
	g_autofree char *uid_map = g_strdup_printf("0 %u 1", (guint)uid);
	g_autofree char *gid_map = g_strdup_printf("0 %u 1", (guint)gid);

	return write_file("/proc/self/setgroups", "deny", error) &&
	       write_file("/proc/self/uid_map", uid_map, error) &&
	       write_file("/proc/self/gid_map", gid_map, error);
}

static gboolean loopback_up(GError **error)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	gboolean done = fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &request) == 0;
	int reason = errno;

	if (fd >= 0)
		close(fd);
	errno = reason;
	return done || refuse("lo", error);
}

gboolean rootless_enter(GError **error)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();

	if (unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0)
		return refuse("namespaces", error);
	return map_to_root(uid, gid, error) && loopback_up(error);
}
