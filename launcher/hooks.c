/* SPDX-License-Identifier: MIT */
#include "launcher/hooks.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "launcher/record.h"
#include "platform/net.h"
#include "platform/process.h"

G_DEFINE_QUARK(qemu_tapwrap_hooks, hooks_error)

/* ---- what they are told ---- */

GStrv hooks_environment(const Profile *profile, const char *run)
{
	g_autoptr(Record) record = record_new(profile);
	g_autofree char *taps = record_tap_names(record, " ");
	g_autofree char *addresses = record_tap_addresses(record, " ");
	g_autofree char *guests = record_guest_addresses(record, " ");
	const char *const variables[][2] = {
		{ "QEMU_TAPWRAP_VM", profile->vm->name },
		{ NET_PROFILE_VARIABLE, profile_real_path(profile) },
		{ "QEMU_TAPWRAP_TAPS", taps },
		{ "QEMU_TAPWRAP_ADDRESSES", addresses },
		{ "QEMU_TAPWRAP_GUESTS", guests },
		{ "QEMU_TAPWRAP_RUN_DIRECTORY", run ? run : "" },
	};
	GStrv environment = g_get_environ();

	for (guint i = 0; i < G_N_ELEMENTS(variables); i++)
		environment = g_environ_setenv(environment, variables[i][0], variables[i][1], TRUE);
	return environment;
}

/* ---- running ---- */

/* A GSpawnChildSetupFunc. */
static void set_up_child(gpointer parent)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	process_drop_privilege();
	process_end_with(GPOINTER_TO_INT(parent), SIGTERM);
}

static gboolean raise_status(const char *place, const char *program, int status, GError **error)
{
	if (WIFSIGNALED(status))
		g_set_error(error, HOOKS_ERROR, EX_UNAVAILABLE,
			"%s: %s was ended by signal %d (%s)", place, program, WTERMSIG(status),
			strsignal(WTERMSIG(status)));
	else
		g_set_error(error, HOOKS_ERROR, EX_UNAVAILABLE, "%s: %s ended with status %d",
			place, program, WEXITSTATUS(status));
	return FALSE;
}

gboolean hooks_run(const char *place, const GStrv argv, const GStrv environment, GError **error)
{
	g_autoptr(GError) why = NULL;
	int status;

	/* Without a flag it has an empty standard input, and no other descriptor of ours. */
	if (!g_spawn_sync(NULL, argv, environment, G_SPAWN_SEARCH_PATH, set_up_child,
		    GINT_TO_POINTER(getpid()), NULL, NULL, &status, &why)) {
		g_set_error(error, HOOKS_ERROR, EX_UNAVAILABLE, "%s: %s", place, why->message);
		return FALSE;
	}
	return status == 0 || raise_status(place, argv[0], status, error);
}

gboolean hooks_run_pre_start(const Profile *profile, const char *run, GError **error)
{
	const ProfileHooks *hooks = profile->hooks;
	g_autofree char *place = NULL;
	g_auto(GStrv) environment = NULL;

	if (!hooks->pre_start)
		return TRUE;
	place = profile_place(profile, &hooks->section, "pre-start");
	environment = hooks_environment(profile, run);
	return hooks_run(place, hooks->pre_start, environment, error);
}
