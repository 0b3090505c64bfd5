/* SPDX-License-Identifier: MIT */
#include "profiles/resolve.h"

#include <string.h>
#include <sysexits.h>

#include "profiles/resolve-parts.h"

/* ---- for the parts ---- */

gboolean resolve_is_one_of(const char *text, const char *words)
{
	size_t len = text ? strlen(text) : 0;

	for (const char *at = words; text && (at = strstr(at, text)); at++)
		if ((at == words || at[-1] == ' ') && (at[len] == ' ' || at[len] == '\0'))
			return TRUE;
	return FALSE;
}

gboolean resolve_is_given(gconstpointer item, const char *key)
{
	const ProfileSection *section = item;

	return section->source && ini_section_find(section->source, key);
}

void resolve_require(
	Profile *profile, const ProfileSection *item, const char *key, const char *form)
{
	if (!resolve_is_given(item, key))
		profile_problem(profile, item, NULL, EX_DATAERR, "needs %s = %s", key, form);
}

void resolve_refuse(Profile *profile, const ProfileSection *item, const char *key, const char *why)
{
	if (resolve_is_given(item, key))
		profile_problem(profile, item, key, EX_DATAERR, "%s", why);
}

/* "line 4", "base.ini:4" of another file, or "--set". Owned by the caller. */
static char *name_place(const IniEntry *entry, const IniFile *from)
{
	if (entry->line == 0)
		return g_strdup(entry->file->path);
	return entry->file == from ? g_strdup_printf("line %u", entry->line)
				   : g_strdup_printf("%s:%u", entry->file->path, entry->line);
}

void resolve_refuse_both(Profile *profile, const ProfileSection *item, const char *key,
	const char *other_key, const char *why)
{
	const IniEntry *entry, *other;
	g_autofree char *place = NULL;

	if (!resolve_is_given(item, key) || !resolve_is_given(item, other_key))
		return;
	entry = ini_section_find(item->source, key);
	other = ini_section_find(item->source, other_key);
	place = name_place(other, entry->file);
	profile_problem(
		profile, item, key, EX_DATAERR, "clashes with %s in %s; %s", other_key, place, why);
}

char *resolve_run_path(Profile *profile, const ProfileSection *item, const char *file)
{
	const char *run = places_run(&profile->places, profile->vm->name ? profile->vm->name : "");

	if (!run)
		profile_problem(profile, item, NULL, EX_DATAERR,
			"there is no run directory for %s: $XDG_RUNTIME_DIR is not set, or not yours",
			file);
	return run ? g_build_filename(run, file, NULL) : NULL;
}

void resolve_check_socket(
	Profile *profile, const ProfileSection *item, const char *key, const char *path)
{
	if (path && *path == '/' && strlen(path) > PROFILE_SOCKET_MAX)
		profile_problem(profile, item, key, EX_DATAERR,
			"a socket's path has at most %d bytes: %s", PROFILE_SOCKET_MAX, path);
}

/* ---- the whole ---- */

void profile_resolve_name(Profile *profile)
{
	g_autofree char *base = g_path_get_basename(profile->path);
	g_autofree char *why = NULL;
	ValueRule rule = { .type = VALUE_NAME };

	if (profile->vm->name || resolve_is_given(profile->vm, "name"))
		return;
	if (g_str_has_suffix(base, ".ini"))
		base[strlen(base) - strlen(".ini")] = '\0';
	if (!value_parse(&rule, base, &profile->vm->name, &why))
		complain(profile, profile->vm, NULL,
			"the file's name gives no VM name (%s); add name =", why);
}

void profile_resolve(Profile *profile)
{
	if (profile->ini->sections->len == 0)
		problems_add(profile->problems, profile->path, 0, EX_DATAERR,
			"has no section; a profile begins with one, like [vm]");
	resolve_machine(profile);
	resolve_storage(profile);
	resolve_network(profile);
	resolve_guest_network(profile);
	resolve_screen(profile);
	resolve_ports(profile);
}
