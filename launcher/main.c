/* SPDX-License-Identifier: MIT */
/*
 * qemu-tapwrap: reads an INI profile, makes sure the named tap exists with its static IP, builds
 * QEMU's command line and becomes QEMU. What it made on the host ends with QEMU.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

#include "launcher/dry-run.h"
#include "launcher/hooks.h"
#include "launcher/notify-socket.h"
#include "launcher/notify.h"
#include "launcher/options.h"
#include "launcher/plan.h"
#include "launcher/preflight.h"
#include "launcher/run.h"
#include "launcher/supervise.h"
#include "launcher/waiter.h"
#include "platform/invoker.h"
#include "platform/rootless.h"

/* Takes @text, lines or NULL. */
static void print_warning(char *text)
{
	g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", -1);

	for (guint i = 0; lines[i]; i++)
		fprintf(stderr, "qemu-tapwrap: warning: %s\n", lines[i]);
	g_free(text);
}

/* To be started while this is root still. */
static gboolean needs_helper(const Options *options)
{
	return !options->rootless && (options->verb == VERB_START || options->verb == VERB_CHECK);
}

/* TRUE when there was nothing to run; with a VM to run it returns only in failure. */
static gboolean launch(const Options *options, GError **error)
{
	g_autoptr(NetHelper) helper = NULL;
	if (!invoker_leave_root(needs_helper(options) ? &helper : NULL, error))
		return FALSE;
	if (options->rootless && !rootless_enter(error))
		return FALSE;
	if (options_program(options))
		return run_other_program(options, helper, error);

	g_autoptr(Profile) profile = profile_load(options->profile, options->settings, error);
	if (!profile)
		return FALSE;
	g_autoptr(Plan) plan = plan_build(profile);
	preflight_files(profile);
	if (!profile_verdict(profile, error) || !waiter_judge(options, profile, error))
		return FALSE;
	if (!plan_observe(plan, profile, error))
		return FALSE;
	if (options->verb == VERB_DRY_RUN)
		return dry_run_print(stdout, profile, plan, options->qemu_args, error);

	g_autofree char *emulator = preflight_emulator(profile, error);
	if (!emulator || !supervise_judge(profile, options->qemu_args, error))
		return FALSE;
	NetWish wish = plan_wish(plan, profile, options->force);
	char *warning;
	g_autoptr(NetLease) lease = plan_acquire(
		plan, profile, &wish, options->qemu_args, &helper, &warning, error);
	print_warning(warning);
	if (!lease)
		return FALSE;
	print_warning(preflight_warning(profile));
	const char *run = plan->provisions->lock >= 0 ? plan->provisions->run : NULL;
	if (!hooks_run_pre_start(profile, run, error))
		return FALSE;
	g_auto(GStrv) argv = plan_argv(plan, profile, lease, options->qemu_args);
	print_warning(notify_ready(profile->vm->name));
	return waiter_start(options, profile, plan->provisions, error) &&
	       supervise_fork(profile, plan->provisions, error) &&
	       plan_hand_over(plan, lease, error) && run_exec(emulator, argv, profile, error);
}

/*
 * One line for each thing that is wrong; the code of an error is the exit status. @options NULL: it
 * is the command line that is wrong.
 */
static int report(const Options *options, const GError *error)
{
	g_auto(GStrv) lines = g_strsplit(error->message, "\n", -1);

	for (guint i = 0; lines[i]; i++)
		fprintf(stderr, "qemu-tapwrap: %s\n", lines[i]);
	if (!options || options->verb == VERB_START)
		notify_failure(options ? options->profile : NULL, options && options->rootless,
			error->message);
	return error->domain == G_OPTION_ERROR ? EX_USAGE : error->code;
}

/* GLib ends a program that it has no memory for by a signal. */
static void end_at_error(
	const char *domain, GLogLevelFlags level, const char *message, gpointer data)
{
	if (!(level & G_LOG_LEVEL_ERROR)) {
		g_log_default_handler(domain, level, message, data);
		return;
	}
	fprintf(stderr, "qemu-tapwrap: %s\n", message);
	_exit(EX_OSERR);
}

int main(int argc, char **argv)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Options) options = NULL;

	g_log_set_default_handler(end_at_error, NULL);
	signal(SIGCHLD, SIG_DFL); /* or there is nothing to wait for when a child has ended */
	if (!run_open_standard_streams(&error) || !(options = options_parse(argc, argv, &error)))
		return report(options, error);
	if (options->verb == VERB_PRINT)
		fputs(options->information, stdout);
	else if (!launch(options, &error))
		return report(options, error);
	if (fflush(stdout) == 0)
		return EXIT_SUCCESS;
	perror("qemu-tapwrap: standard output");
	return EX_IOERR;
}
