/* SPDX-License-Identifier: MIT */
#include "profiles/profile.h"

#include "profiles/include.h"
#include "profiles/resolve.h"
#include "profiles/sections.h"
#include "profiles/settings.h"

Profile *profile_load(const char *name_or_path, const GStrv settings, GError **error)
{
	g_autoptr(Profile) profile = g_new0(Profile, 1);

	profile->path = profile_find(name_or_path, error);
	if (!profile->path)
		return NULL;
	profile->problems = problems_new();
	profile->ini = include_load(profile->path, profile->problems, error);
	if (!profile->ini)
		return NULL;
	profile->directory = g_path_get_dirname(profile->ini->main->real_path);
	settings_apply(profile->ini, settings, profile->problems);
	sections_read(profile, "vm"); /* first: a path may hold ${vm} */
	profile_resolve_name(profile);
	sections_read(profile, NULL);
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
	places_clear(&profile->places);
	g_free(profile->directory);
	g_free(profile->path);
	g_free(profile);
}

gboolean profile_is_x86(const Profile *profile)
{
	const char *arch = profile->vm->arch;

	return arch && (g_str_equal(arch, "x86_64") || g_str_equal(arch, "i386"));
}

/* QEMU gives virt's to the firmware, which puts them where the guest looks. */
gboolean profile_has_smbios(const Profile *profile)
{
	const char *machine = profile->machine->type ? profile->machine->type : "";
	const char *arch = profile->vm->arch ? profile->vm->arch : "";

	if (profile_is_x86(profile))
		return !g_str_has_prefix(machine, "isapc") && !g_str_has_prefix(machine, "microvm");
	return (g_str_equal(arch, "aarch64") || g_str_equal(arch, "arm")) &&
	       g_str_has_prefix(machine, "virt") && g_strcmp0(profile->firmware->type, "bios") != 0;
}

const char *profile_real_path(const Profile *profile)
{
	return profile->ini->main->real_path;
}

/* Where a key stands, else its section, else the profile as a whole. */
static guint find_place(const Profile *profile, const ProfileSection *section, const char *key,
	const char **ret_path)
{
	const IniSection *source = section->source;
	const IniEntry *entry = source && key ? ini_section_find(source, key) : NULL;

	*ret_path = entry ? entry->file->path : source ? source->file->path : profile->path;
	return entry ? entry->line : source ? source->line : 0;
}

/* [nic "lan"] address; of a section that does not stand there [firmware] type, or nothing. */
static char *name_of(const ProfileSection *section, const char *key)
{
	const char *header = section->source ? section->source->header : section->name;

	if (!key)
		return section->source ? g_strdup_printf("[%s]", header) : g_strdup("");
	return g_strdup_printf("[%s] %s", header, key);
}

void profile_problem(Profile *profile, const ProfileSection *section, const char *key, int status,
	const char *format, ...)
{
	g_autofree char *name = name_of(section, key);
	g_autofree char *text = NULL;
	const char *path;
	guint line = find_place(profile, section, key, &path);
	va_list args;

	va_start(args, format);
	text = g_strdup_vprintf(format, args);
	va_end(args);
	problems_add(
		profile->problems, path, line, status, "%s%s%s", name, *name ? ": " : "", text);
}

char *profile_place(const Profile *profile, const ProfileSection *section, const char *key)
{
	g_autofree char *name = name_of(section, key);
	const char *path;
	guint line = find_place(profile, section, key, &path);

	return line ? g_strdup_printf("%s:%u: %s", path, line, name)
		    : g_strdup_printf("%s: %s", path, name);
}

gboolean profile_verdict(Profile *profile, GError **error)
{
	return problems_verdict(profile->problems, error);
}
