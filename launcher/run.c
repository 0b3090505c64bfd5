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

/* The command line that inspect's own options_parse reads again. */
static GStrv inspect_argv(const Options *options, NetHelper *helper)
{
	g_autoptr(GStrvBuilder) builder = g_strv_builder_new();

	g_strv_builder_add(builder, INSPECT_PATH);
	if (helper) {
		g_autofree char *text = net_helper_hand_over(helper);
		g_autofree char *word = g_strconcat("--helper=", text, NULL);

		g_strv_builder_add(builder, word);
	}
	g_strv_builder_add_many(builder, options->doctor ? "--doctor" : "--check",
		options->json ? "--json" : NULL, NULL);
	if (options->force)
		g_strv_builder_add(builder, "--force");
	for (guint i = 0; options->settings && options->settings[i]; i++)
		g_strv_builder_add_many(builder, "--set", options->settings[i], NULL);
	if (options->profile)
		g_strv_builder_add(builder, options->profile);
	g_strv_builder_add(builder, "--");
	g_strv_builder_addv(builder, (const char **)options->qemu_args);
	return g_strv_builder_end(builder);
}

gboolean run_inspect(const Options *options, NetHelper *helper, GError **error)
{
	g_auto(GStrv) argv = inspect_argv(options, helper);

	execv(INSPECT_PATH, argv);
	if (errno == ENOENT)
		g_set_error(error, RUN_ERROR, EX_OSFILE,
			INSPECT_PATH " is missing; install it with: make install");
	else
		g_set_error(error, RUN_ERROR, RUN_NOT_EXECUTABLE, INSPECT_PATH ": %s",
			g_strerror(errno));
	return FALSE;
}
