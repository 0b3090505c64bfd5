/* SPDX-License-Identifier: MIT */
#include "profiles/places.h"

#include <sys/stat.h>
#include <unistd.h>

#define OURS "qemu-tapwrap"

const char *places_state(Places *places, const char *vm_name)
{
	if (!places->state)
		places->state = g_build_filename(g_get_user_state_dir(), OURS, vm_name, NULL);
	return places->state;
}

/* Root with the $XDG_RUNTIME_DIR of a user, as after su, must not work in that user's directory. */
static gboolean is_own_directory(const char *path)
{
	struct stat status;

	return g_path_is_absolute(path) && stat(path, &status) == 0 && S_ISDIR(status.st_mode) &&
	       status.st_uid == getuid();
}

char *places_find_run(const char *vm_name)
{
	const char *given = g_getenv("XDG_RUNTIME_DIR");
	g_autofree char *usual = g_strdup_printf("/run/user/%u", (guint)getuid());
	const char *candidates[] = { given ? given : "", usual, "/run" };

	for (guint i = 0; i < G_N_ELEMENTS(candidates); i++)
		if (is_own_directory(candidates[i]))
			return g_build_filename(candidates[i], OURS, vm_name, NULL);
	return NULL;
}

const char *places_run(Places *places, const char *vm_name)
{
	if (!places->run)
		places->run = places_find_run(vm_name);
	return places->run;
}

void places_clear(Places *places)
{
	g_clear_pointer(&places->state, g_free);
	g_clear_pointer(&places->run, g_free);
}
