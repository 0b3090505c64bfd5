/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as a profile: loaded, planned, and, when nothing is wrong with it, made into a command
 * line. ini_load compares its reading with iniparser's by itself, so this is differential, too:
 * a message of that comparison means that our scan let something through, and counts as a crash.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "launcher/plan.h"
#include "profiles/profile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *write_profile(const uint8_t *data, size_t size)
{
	static char path[64];
	int fd;

	g_snprintf(path, sizeof(path), "/dev/shm/qemu-tapwrap-fuzz-%d.ini", (int)getpid());
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	close(fd);
	return path;
}

/* Is @marker in @text, and not because it came with the input? */
static gboolean says(const char *text, const char *marker, const uint8_t *data, size_t size)
{
	return strstr(text, marker) && !memmem(data, size, marker, strlen(marker));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *path = write_profile(data, size);
	g_autoptr(GError) error = NULL;
	g_autoptr(Profile) profile = profile_load(path, NULL, &error);
	g_autoptr(Plan) plan = profile ? plan_build(profile) : NULL;
	gboolean sound = profile && profile_verdict(profile, &error);

	if (!sound && says(error->message, "iniparser does not read", data, size))
		abort();
	if (sound) {
		g_auto(GStrv) argv = plan_argv(plan, profile, NULL, NULL);

		for (guint i = 0; argv[i]; i++)
			if (says(argv[i], "(null)", data, size))
				abort();
	}
	unlink(path);
	return 0;
}
