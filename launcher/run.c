/* SPDX-License-Identifier: MIT */
#include "launcher/run.h"

#include <errno.h>
#include <fcntl.h>
#include <sysexits.h>
#include <unistd.h>

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

/* Its own options_parse reads the same command line again. */
static GStrv argv_for(const char *program, const Options *options, NetHelper *helper)
{
	g_autoptr(GStrvBuilder) builder = g_strv_builder_new();

	g_strv_builder_add(builder, program);
	if (helper) {
		g_autofree char *text = net_helper_hand_over(helper);
		g_autofree char *word = g_strconcat("--helper=", text, NULL);

		g_strv_builder_add(builder, word);
	}
	g_strv_builder_addv(builder, (const char **)options->words);
	return g_strv_builder_end(builder);
}

gboolean run_other_program(const Options *options, NetHelper *helper, GError **error)
{
	const char *program = options_program(options);
	g_auto(GStrv) argv = argv_for(program, options, helper);

	execv(program, argv);
	if (errno == ENOENT)
		g_set_error(error, RUN_ERROR, EX_OSFILE,
			"%s is missing; install it with: make install", program);
	else
		g_set_error(
			error, RUN_ERROR, RUN_NOT_EXECUTABLE, "%s: %s", program, g_strerror(errno));
	return FALSE;
}
