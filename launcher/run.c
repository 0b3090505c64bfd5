/* SPDX-License-Identifier: MIT */
#include "launcher/run.h"

#include <errno.h>
#include <fcntl.h>
#include <sysexits.h>
#include <unistd.h>

#include "platform/net.h"

G_DEFINE_QUARK(qemu_tapwrap_run, run_error)

gboolean run_open_standard_streams(GError **error)
{
	for (int fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd) {
			g_set_error(error, RUN_ERROR, EX_OSERR, "/dev/null: %s", g_strerror(errno));
			return FALSE;
		}
	return TRUE;
}

gboolean run_exec(const char *program, GStrv argv, const Profile *profile, GError **error)
{
	g_setenv(NET_PROFILE_VARIABLE, profile_real_path(profile), TRUE);
	execv(program, argv);
	g_set_error(error, RUN_ERROR, errno == ENOENT ? RUN_NOT_FOUND : RUN_NOT_EXECUTABLE,
		"%s: %s", program, g_strerror(errno));
	return FALSE;
}
