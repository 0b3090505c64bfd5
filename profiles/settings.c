/* SPDX-License-Identifier: MIT */
#include "profiles/settings.h"

#include <string.h>
#include <sysexits.h>

#define NAME "--set"

/* Of the sections called @name the id of the only one, which may be NULL; FALSE if there are more.
 */
static gboolean find_only_id(const Ini *ini, const char *name, const char **ret_id)
{
	guint n = 0;

	*ret_id = NULL;
	for (guint i = 0; i < ini->sections->len; i++) {
		const IniSection *section = ini->sections->pdata[i];

		if (!g_str_equal(section->name, name))
			continue;
		*ret_id = section->id;
		n++;
	}
	return n <= 1;
}

/* Cuts nic.lan.type into "nic", "lan" (or NULL) and "type", in place; FALSE if it is not so. */
static gboolean split_name(char *text, char **ret_name, char **ret_id, char **ret_key)
{
	char *first = strchr(text, '.'), *last = strrchr(text, '.');

	if (!first || first == text || !last[1])
		return FALSE;
	*first = *last = '\0';
	*ret_name = text;
	*ret_id = first == last ? NULL : first + 1;
	*ret_key = last + 1;
	return !*ret_id || ini_is_id(*ret_id);
}

static void apply(Ini *ini, const IniFile *file, const char *setting, Problems *problems)
{
	const char *equals = strchr(setting, '=');
	g_autofree char *text = equals ? g_ascii_strdown(setting, equals - setting) : NULL;
	char *name, *id, *key;
	const char *only_id;

	if (!text || !split_name(text, &name, &id, &key))
		problems_add(problems, NAME, 0, EX_DATAERR,
			"'%s' is not SECTION[.ID].KEY=VALUE, like machine.memory=4G or nic.lan.type=none",
			setting);
	else if (g_str_equal(name, "vm") && g_str_equal(key, "include"))
		problems_add(
			problems, NAME, 0, EX_DATAERR, "'%s': files are included before", setting);
	else if (id)
		ini_set(ini, file, name, id, key, equals + 1);
	else if (find_only_id(ini, name, &only_id))
		ini_set(ini, file, name, only_id, key, equals + 1);
	else
		problems_add(problems, NAME, 0, EX_DATAERR,
			"'%s': there are several [%s]; name one by its id: %s.ID.%s=VALUE", setting,
			name, name, key);
}

void settings_apply(Ini *ini, const GStrv settings, Problems *problems)
{
	g_autofree char *directory = NULL, *path = NULL;
	const IniFile *file;

	if (!settings)
		return;
	directory = g_get_current_dir();
	path = g_build_filename(directory, NAME, NULL);
	file = ini_add_file(ini, NAME, path);
	for (guint i = 0; settings[i]; i++)
		apply(ini, file, settings[i], problems);
}
