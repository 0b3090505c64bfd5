/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as a profile: loaded, completed, planned, and, when nothing is wrong with it, made into
 * a command line, none of which may leave a trace on the host.
 */
#include <stdio.h>

#include "launcher/plan.h"
#include "launcher/qemu-argv.h"
#include "profiles/profile.h"
#include "tests/fuzz/input.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);

/* The only directory the profile may find, and it stays empty. */
static char directory[] = "/dev/shm/qemu-tapwrap-fuzz-XXXXXX";

static void remove_directory(void)
{
	if (rmdir(directory) < 0)
		perror(directory);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	if (!mkdtemp(directory))
		abort();
	atexit(remove_directory);
	g_setenv("XDG_RUNTIME_DIR", directory, TRUE);
	g_setenv("XDG_STATE_HOME", directory, TRUE);
	g_setenv("HOME", directory, TRUE);
	return 0;
}

static GStrv build_argv(const Profile *profile, const Plan *plan)
{
	g_autofree Backend *shares = g_new0(Backend, profile->shares->len + 1);
	Backend taps[NET_TAPS_MAX];
	Firmware firmware = { .code = (char *)"/code", .code_format = (char *)"raw" };
	Backends backends = { .taps = taps, .shares = shares, .tpm = { -1, "/tpm.sock" } };

	for (guint i = 0; i < plan->n_taps; i++)
		taps[i] = (Backend){ .fd = -1, .name = plan->taps[i].ifname };
	if (!g_str_equal(profile->firmware->type, "bios"))
		backends.firmware = &firmware;
	return qemu_argv_build(profile, &backends, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *path = input_write(data, size);
	g_autoptr(GError) error = NULL;
	g_autoptr(Profile) profile = profile_load(path, NULL, &error);
	g_autoptr(Plan) plan = profile ? plan_build(profile) : NULL;
	g_auto(GStrv) argv = NULL;
	static const char trace[] = "qemu-tapwrap";
	g_autofree char *made = g_build_filename(directory, trace, NULL);

	if (profile && profile_verdict(profile, &error))
		argv = build_argv(profile, plan);
	else
		input_check_readings(error->message, data, size);
	for (guint i = 0; argv && argv[i]; i++)
		if (input_is_answered(argv[i], "(null)", data, size))
			abort();
	if (access(made, F_OK) == 0)
		abort(); /* places names directories, it does not make them */
	unlink(path);
	return 0;
}
