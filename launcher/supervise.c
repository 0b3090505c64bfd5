/* SPDX-License-Identifier: MIT */
#include "launcher/supervise.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "launcher/hooks.h"
#include "launcher/run-directory.h"
#include "launcher/run.h"
#include "platform/process.h"

static gboolean powers_down(const Profile *profile)
{
	return g_str_equal(profile->vm->on_terminate, "powerdown");
}

gboolean supervise_is_wanted(const Profile *profile)
{
	return powers_down(profile) || profile->hooks->post_stop;
}

/* Of the key that asks for it. Owned by the caller. */
static char *place_of_wish(const Profile *profile)
{
	return powers_down(profile) ? profile_place(profile, &profile->vm->section, "on-terminate")
				    : profile_place(profile, &profile->hooks->section, "post-stop");
}

gboolean supervise_judge(const Profile *profile, const GStrv qemu_args, GError **error)
{
	g_autofree char *place = NULL;

	if (!supervise_is_wanted(profile))
		return TRUE;
	if (g_strv_contains((const char *const *)qemu_args, "-daemonize") ||
		g_strv_contains((const char *const *)qemu_args, "--daemonize")) {
		place = place_of_wish(profile);
		g_set_error(error, RUN_ERROR, EX_USAGE, "%s: does not go together with -daemonize",
			place);
		return FALSE;
	}
	if (access(CONTROL_PATH, X_OK) == 0)
		return TRUE;
	g_set_error(error, RUN_ERROR, EX_OSFILE, CONTROL_PATH ": %s; install it with: make install",
		g_strerror(errno));
	return FALSE;
}

/* ---- the parent ---- */

static GStrv supervisor_argv(const Profile *profile, const Provisions *provisions, pid_t qemu)
{
	g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
	g_autofree char *pid = g_strdup_printf("%d", qemu);
	g_autofree char *place = profile_place(profile, &profile->hooks->section, "post-stop");

	g_strv_builder_add_many(builder, CONTROL_PATH, SUPERVISE_OPTION, pid,
		provisions->run ? provisions->run : "",
		powers_down(profile) ? profile->vm->powerdown_timeout : "", place, NULL);
	if (profile->hooks->post_stop)
		g_strv_builder_addv(builder, (const char **)profile->hooks->post_stop);
	return g_strv_builder_end(builder);
}

/* Only if that fails it returns; then the child is gone. */
static gboolean become_supervisor(
	const Profile *profile, const Provisions *provisions, pid_t qemu, GError **error)
{
	g_auto(GStrv) argv = supervisor_argv(profile, provisions, qemu);
	g_auto(GStrv) environment = hooks_environment(profile, provisions->run);

	process_keep_no_descriptors();
	process_drop_privilege();
	execve(CONTROL_PATH, argv, environment);
	g_set_error(error, RUN_ERROR, RUN_NOT_EXECUTABLE, CONTROL_PATH ": %s", g_strerror(errno));
	kill(qemu, SIGKILL);
	waitpid(qemu, NULL, 0);
	return FALSE;
}

/* ---- the child ---- */

/*
 * A terminal and a session that ends send their signals to all processes. Where they are to be the
 * supervisor's alone, QEMU, which handles all of them, has them blocked: its threads inherit that.
 */
static void add_terminating(sigset_t *signals)
{
	sigaddset(signals, SIGHUP);
	sigaddset(signals, SIGINT);
	sigaddset(signals, SIGTERM);
}

static gboolean be_supervised(const Profile *profile, const Provisions *provisions, pid_t parent,
	const sigset_t *mask, GError **error)
{
	sigset_t blocked = *mask;

	process_end_with(parent, SIGKILL);
	if (powers_down(profile))
		add_terminating(&blocked);
	sigprocmask(SIG_SETMASK, &blocked, NULL);
	return provisions->lock < 0 || run_directory_sign(provisions->lock, profile, error);
}

gboolean supervise_fork(const Profile *profile, const Provisions *provisions, GError **error)
{
	sigset_t ours, mask;
	pid_t parent = getpid(), qemu;

	if (!supervise_is_wanted(profile))
		return TRUE;
	/* The supervisor finds them blocked: none is lost on the way. */
	sigemptyset(&ours);
	add_terminating(&ours);
	sigaddset(&ours, SIGCHLD);
	sigprocmask(SIG_BLOCK, &ours, &mask);
	qemu = fork();
	if (qemu == 0)
		return be_supervised(profile, provisions, parent, &mask, error);
	if (qemu > 0)
		return become_supervisor(profile, provisions, qemu, error);
	g_set_error(error, RUN_ERROR, EX_OSERR, "fork: %s", g_strerror(errno));
	return FALSE;
}
