/* SPDX-License-Identifier: MIT */
#include "launcher/inspect/check.h"

#include <errno.h>
#include <sysexits.h>
#include <unistd.h>

#include "launcher/inspect/check-parts.h"
#include "launcher/preflight.h"

/* ---- for the parts ---- */

void check_tell(Check *check, FindingSeverity severity, int status, const ProfileSection *section,
	const char *key, const char *cure, const char *format, ...)
{
	g_autofree char *place = profile_place(check->profile, section, key);
	g_autofree char *text = NULL;
	va_list args;

	va_start(args, format);
	text = g_strdup_vprintf(format, args);
	va_end(args);
	findings_add(check->findings, severity, status, place, cure, "%s", text);
}

void check_raise(Check *check, const char *subject, GError *error)
{
	findings_add_line(check->findings, FINDING_ERROR, error->code, subject, error->message);
	g_error_free(error);
}

gboolean check_can_create(const char *path)
{
	g_autofree char *directory = g_path_get_dirname(path);

	while (access(directory, F_OK) < 0 && errno == ENOENT) {
		char *parent = g_path_get_dirname(directory);

		g_free(directory);
		directory = parent;
	}
	return access(directory, W_OK | X_OK) == 0;
}

/* ---- the profile ---- */

static void tell_problem(const char *line, int status, gpointer data)
{
	Check *check = data;

	findings_add_line(check->findings, FINDING_ERROR, status, check->profile->path, line);
}

/* FALSE if it cannot be worked with: not so for want of a file. */
static gboolean check_profile(Check *check)
{
	Problems *problems = check->profile->problems;

	check->plan = plan_build(check->profile);
	preflight_files(check->profile);
	problems_each(problems, tell_problem, check);
	if (problems_count(problems) == 0)
		findings_add(check->findings, FINDING_OK, 0, check->profile->path, NULL,
			"the profile is sound, its files are there");
	if (findings_status(check->findings) != EX_DATAERR)
		return TRUE;
	findings_add(check->findings, FINDING_NOTE, 0, check->profile->path, NULL,
		"host and QEMU are looked at when the profile is sound");
	return FALSE;
}

/* ---- the host, in the order of a start ---- */

static void check_all(Check *check)
{
	check_taps(check);
	check_provisions(check);
	check_emulator(check);
	check_helper(check);
	check_run_directory(check);
	check_kvm(check);
	check_desktop(check);
	check_images(check);
	check_ports(check);
	check_vfio(check);
	check_qemu(check);
}

static void check_clear(Check *check)
{
	firmware_free(check->firmware);
	plan_free(check->plan);
	profile_free(check->profile);
	net_helper_free(check->helper);
	findings_free(check->findings);
	g_free(check->emulator);
}

int check_run(const Options *options, NetHelper *helper)
{
	Check check = {
		.options = options, .helper = helper, .findings = findings_new(options->json)
	};
	GError *error = NULL;
	int status;

	check.profile = profile_load(options->profile, options->settings, &error);
	if (!check.profile)
		check_raise(&check, options->profile, error);
	else if (check_profile(&check))
		check_all(&check);
	findings_print(check.findings, stdout);
	status = findings_status(check.findings);
	check_clear(&check);
	return status;
}
