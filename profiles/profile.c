/* SPDX-License-Identifier: MIT */
#include "profiles/profile.h"

#include <errno.h>
#include <stdlib.h>
#include <sysexits.h>

#include "profiles/resolve.h"
#include "profiles/sections.h"

Profile *profile_load(const char *name_or_path, GError **error)
{
	g_autoptr(Profile) profile = g_new0(Profile, 1);
	char *real_path;

	profile->path = profile_find(name_or_path, error);
	if (!profile->path)
		return NULL;
	profile->problems = problems_new(profile->path);
	profile->ini = ini_load(profile->path, profile->problems, error);
	if (!profile->ini)
		return NULL;
	real_path = realpath(profile->path, NULL);
	if (!real_path) {
		g_set_error(error, PROFILE_ERROR, EX_NOINPUT, "%s: %s", profile->path,
			g_strerror(errno));
		return NULL;
	}
	profile->real_path = g_strdup(real_path);
	free(real_path);
	sections_read(profile);
	profile_resolve(profile);
	return g_steal_pointer(&profile);
}

void profile_free(Profile *profile)
{
	if (!profile)
		return;
	sections_free(profile);
	ini_free(profile->ini);
	problems_free(profile->problems);
	g_free(profile->real_path);
	g_free(profile->path);
	g_free(profile);
}

/* The line of a key, else of its section; 0 for what does not stand in the file. */
static guint line_of(const ProfileSection *section, const char *key)
{
	const IniEntry *entry = section->source && key ? ini_section_find(section->source, key)
						       : NULL;

	return entry ? entry->line : section->source ? section->source->line : 0;
}

/* [nic "lan"] address */
static char *name_of(const ProfileSection *section, const char *key)
{
	g_autofree char *header = section->source ? g_strdup_printf("[%s]", section->source->header)
						  : NULL;

	return g_strjoin(header && key ? " " : "", header ? header : "", key ? key : "", NULL);
}

void profile_problem(Profile *profile, const ProfileSection *section, const char *key, int status,
	const char *format, ...)
{
	g_autofree char *name = name_of(section, key);
	g_autofree char *text = NULL;
	va_list args;

	va_start(args, format);
	text = g_strdup_vprintf(format, args);
	va_end(args);
	problems_add(profile->problems, line_of(section, key), status, "%s%s%s", name,
		*name ? ": " : "", text);
}

char *profile_place(const Profile *profile, const ProfileSection *section, const char *key)
{
	g_autofree char *name = name_of(section, key);

	return g_strdup_printf("%s:%u: %s", profile->path, line_of(section, key), name);
}

gboolean profile_verdict(Profile *profile, GError **error)
{
	return problems_verdict(profile->problems, error);
}
