/* SPDX-License-Identifier: MIT */
#include "launcher/waiter.h"

#include <errno.h>
#include <sysexits.h>
#include <unistd.h>

#include "launcher/run-directory.h"
#include "launcher/run.h"
#include "platform/process.h"

static gboolean knows_guest(const Profile *profile)
{
	for (guint i = 0; i < profile->nics->len; i++)
		if (((const ProfileNic *)profile->nics->pdata[i])->guest_addresses)
			return TRUE;
	return FALSE;
}

/* Is the terminal a console of the guest's, or a screen? */
static gboolean shares_terminal(const Profile *profile)
{
	for (guint i = 0; i < profile->serials->len; i++)
		if (g_str_has_suffix(
			    ((const ProfileSerial *)profile->serials->pdata[i])->type, "stdio"))
			return TRUE;
	return g_str_equal(profile->display->type, "curses");
}

/* @manner: "new", "new quiet" or "old". Owned by the caller. */
static GStrv waiter_argv(
	const Options *options, const Profile *profile, const char *run, const char *manner)
{
	g_autofree char *limit = g_strdup_printf("%d", options->wait_limit);
	const char *const words[] = { CONTROL_PATH, AWAIT_OPTION, profile->vm->name, run, limit,
		manner, NULL };

	return g_strdupv((char **)words);
}

static gboolean raise_control(GError **error)
{
	g_set_error(error, RUN_ERROR, EX_OSFILE, CONTROL_PATH ": %s; install it with: make install",
		g_strerror(errno));
	return FALSE;
}

gboolean waiter_judge(const Options *options, const Profile *profile, GError **error)
{
	g_autofree char *run = options->wait ? places_find_run(profile->vm->name) : NULL;
	g_auto(GStrv) argv = NULL;

	if (!options->wait)
		return TRUE;
	if (access(CONTROL_PATH, X_OK) < 0)
		return raise_control(error);
	if (run && run_directory_is_held(run, FALSE)) {
		argv = waiter_argv(options, profile, run, "old");
		execv(CONTROL_PATH, argv);
		return raise_control(error);
	}
	if (run && knows_guest(profile))
		return TRUE;
	g_set_error(error, RUN_ERROR, EX_UNAVAILABLE, "--wait: VM '%s' %s", profile->vm->name,
		run ? "has no address of the guest that is known; [nic] guest-address = ADDRESS "
		      "tells it"
		    : "has no run directory: $XDG_RUNTIME_DIR is not set, or not yours");
	return FALSE;
}

/* A GSpawnChildSetupFunc. */
static void set_up_child(gpointer data)
{
	(void)data;
	process_drop_privilege();
}

gboolean waiter_start(const Options *options, const Profile *profile, const Provisions *provisions,
	GError **error)
{
	g_auto(GStrv) argv = NULL;
	g_autoptr(GError) why = NULL;

	if (!options->wait)
		return TRUE;
	argv = waiter_argv(
		options, profile, provisions->run, shares_terminal(profile) ? "new quiet" : "new");
	/* Without a flag it is forked twice, and gets nothing but standard output and error. */
	if (g_spawn_async(NULL, argv, NULL, G_SPAWN_DEFAULT, set_up_child, NULL, NULL, &why))
		return TRUE;
	g_set_error(error, RUN_ERROR, EX_OSERR, "%s", why->message);
	return FALSE;
}
