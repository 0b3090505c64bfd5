/* SPDX-License-Identifier: MIT */
#include "launcher/control/ssh.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "launcher/control/command.h"
#include "launcher/run-directory.h"
#include "platform/reach.h"

#define NOT_FOUND 127
#define NOT_EXECUTABLE 126
#define KNOWN_HOSTS "known_hosts"

/* ---- can it be reached? ---- */

static gboolean raise_with(const Running *vm, const char *why, GError **error)
{
	g_set_error(error, RUNNING_ERROR, EX_UNAVAILABLE, "VM '%s' %s", vm->name, why);
	return FALSE;
}

static gboolean has_address(const Running *vm, GError **error)
{
	g_autofree char *why = NULL;
	int pid;

	if (!vm->record)
		return raise_with(vm, "is starting", error);
	if (!vm->record->ssh)
		return raise_with(vm,
			"has no address that is known; its profile tells one with [nic] "
			"guest-address, or forwards a port with [nic] hostfwd = 2222:22",
			error);
	pid = run_directory_pid(vm->directory);
	if (reach_is_possible(pid))
		return TRUE;
	why = g_strdup_printf("has a network of its own, and ssh has to be started in there: "
			      "nsenter -U -n --preserve-credentials -t %d ssh %s",
		pid, vm->record->ssh);
	return raise_with(vm, why, error);
}

/* ssh would wait for a guest that stands still for as long as it does. */
static gboolean is_awake(const Running *vm, GError **error)
{
	g_autoptr(Commander) commander = command_open(vm, error);

	if (commander && command_state_is(commander, "paused"))
		return raise_with(vm, "is paused; --resume lets it go on", error);
	return commander != NULL;
}

/* ---- the command line ---- */

/*
 * Not the user's own file: the next VM may have the same address and another key. As ssh's
 * configuration has it: in double quotes, and with what would mean something doubled.
 */
static char *known_hosts_option(const Running *vm)
{
	g_autofree char *directory = g_build_filename(
		g_get_user_state_dir(), "qemu-tapwrap", vm->name, NULL);
	g_autofree char *path = g_build_filename(directory, KNOWN_HOSTS, NULL);
	GString *text = g_string_new("-oUserKnownHostsFile=\"");

	(void)g_mkdir_with_parents(directory, 0700); /* ssh tells that it cannot write there */
	for (const char *c = path; *c; c++) {
		if (*c == '%')
			g_string_append_c(text, '%');
		else if (*c == '"' || *c == '\\')
			g_string_append_c(text, '\\');
		g_string_append_c(text, *c);
	}
	g_string_append_c(text, '"');
	return g_string_free(text, FALSE);
}

#define WITH_VALUE "BbcDEeFIiJLlmOoPpQRSWw" /* ssh's options that have one */

/* Does the value of the option, or options, @word stand in the word behind it? */
static gboolean wants_next(const char *word)
{
	gsize before = strcspn(word, WITH_VALUE);

	return word[before] && !word[before + 1];
}

/* How many of @words are options of ssh's own, in front of a command. */
static guint count_options(const GStrv words)
{
	guint n = 0;

	while (words[n] && words[n][0] == '-' && words[n][1] && !g_str_equal(words[n], "--")) {
		gboolean more = wants_next(words[n]) && words[n + 1];

		n += more ? 2 : 1;
	}
	return n;
}

/* Of what is said twice ssh takes the first: the user's options stand before ours. */
static GStrv build_argv(const Running *vm, const GStrv words)
{
	g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
	g_autofree char *known_hosts = known_hosts_option(vm);
	g_auto(GStrv) place = g_strsplit(vm->record->ssh, " ", 2); /* host, port */
	guint n_options = count_options(words);

	g_strv_builder_add(builder, "ssh");
	for (guint i = 0; i < n_options; i++)
		g_strv_builder_add(builder, words[i]);
	g_strv_builder_add_many(builder, known_hosts, "-oStrictHostKeyChecking=accept-new", NULL);
	if (vm->record->ssh_user)
		g_strv_builder_add_many(builder, "-l", vm->record->ssh_user, NULL);
	if (place[1])
		g_strv_builder_add_many(builder, "-p", place[1], NULL);
	g_strv_builder_add(builder, place[0]);
	g_strv_builder_addv(builder, (const char **)words + n_options);
	return g_strv_builder_end(builder);
}

static int become_ssh(const Running *vm, const GStrv words)
{
	g_auto(GStrv) argv = build_argv(vm, words);
	int reason;

	execvp(argv[0], argv);
	reason = errno;
	if (reason == ENOENT)
		fputs("qemu-tapwrap: ssh is not in $PATH; install OpenSSH's client\n", stderr);
	else
		fprintf(stderr, "qemu-tapwrap: ssh: %s\n", g_strerror(reason));
	return reason == ENOENT ? NOT_FOUND : NOT_EXECUTABLE;
}

int ssh_run(const Options *options)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Running) vm = running_find(options->profile, &error);

	if (!vm || !has_address(vm, &error) || !is_awake(vm, &error))
		return command_complain(error);
	return become_ssh(vm, options->arguments);
}
