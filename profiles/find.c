/* SPDX-License-Identifier: MIT */
#include "profiles/profile.h"

#include <string.h>
#include <sysexits.h>

/* Where NAME.ini is looked for, best first. */
static GPtrArray *search_directories(void)
{
	GPtrArray *directories = g_ptr_array_new_with_free_func(g_free);
	const char *const *system = g_get_system_config_dirs();

	g_ptr_array_add(
		directories, g_build_filename(g_get_user_config_dir(), "qemu-tapwrap", NULL));
	for (guint i = 0; system[i]; i++)
		g_ptr_array_add(directories, g_build_filename(system[i], "qemu-tapwrap", NULL));
	g_ptr_array_add(directories, g_strdup(SYSCONFDIR "/qemu-tapwrap"));
	return directories;
}

static char *find_by_name(const char *name, GError **error)
{
	g_autoptr(GPtrArray) directories = search_directories();
	g_autoptr(GString) searched = g_string_new(NULL);
	g_autofree char *file = g_strconcat(name, ".ini", NULL);

	for (guint i = 0; i < directories->len; i++) {
		const char *directory = directories->pdata[i];
		g_autofree char *path = g_build_filename(directory, file, NULL);

		if (g_file_test(path, G_FILE_TEST_EXISTS))
			return g_steal_pointer(&path);
		g_string_append_printf(searched, "%s%s", i ? ", " : "", directory);
	}
	g_set_error(error, PROFILE_ERROR, EX_NOINPUT, "%s: no such file here, and no %s in %s",
		name, file, searched->str);
	return NULL;
}

char *profile_find(const char *name_or_path, GError **error)
{
	gboolean is_path = strchr(name_or_path, '/') || g_str_has_suffix(name_or_path, ".ini") ||
			   g_file_test(name_or_path, G_FILE_TEST_IS_REGULAR);

	return is_path ? g_strdup(name_or_path) : find_by_name(name_or_path, error);
}

/* The names in @directory that no better one has. */
static void add_names(GTree *found, const char *directory)
{
	g_autoptr(GDir) dir = g_dir_open(directory, 0, NULL);
	const char *file;

	while (dir && (file = g_dir_read_name(dir))) {
		g_autofree char *name = g_str_has_suffix(file, ".ini")
						? g_strndup(file, strlen(file) - strlen(".ini"))
						: NULL;

		if (name && *name && !g_tree_lookup(found, name))
			g_tree_insert(found, g_steal_pointer(&name),
				g_build_filename(directory, file, NULL));
	}
}

static gboolean measure(gpointer name, gpointer path, gpointer width)
{
	(void)path;
	*(int *)width = MAX(*(int *)width, (int)strlen(name));
	return FALSE;
}

typedef struct {
	GString *text;
	int width;
} Listing;

static gboolean print(gpointer name, gpointer path, gpointer data)
{
	Listing *listing = data;

	g_string_append_printf(
		listing->text, "%-*s  %s\n", listing->width, (char *)name, (char *)path);
	return FALSE;
}

static int compare_names(gconstpointer a, gconstpointer b, gpointer data)
{
	(void)data;
	return strcmp(a, b);
}

/* From names to paths, sorted. */
static GTree *find_all(void)
{
	g_autoptr(GPtrArray) directories = search_directories();
	GTree *found = g_tree_new_full(compare_names, NULL, g_free, g_free);

	for (guint i = 0; i < directories->len; i++)
		add_names(found, directories->pdata[i]);
	return found;
}

typedef struct {
	ProfileVisit visit;
	gpointer data;
} Visitor;

static gboolean visit_one(gpointer name, gpointer path, gpointer data)
{
	const Visitor *visitor = data;

	visitor->visit(name, path, visitor->data);
	return FALSE;
}

void profile_each_known(ProfileVisit visit, gpointer data)
{
	g_autoptr(GTree) found = find_all();
	Visitor visitor = { visit, data };

	g_tree_foreach(found, visit_one, &visitor);
}

char *profile_list(void)
{
	g_autoptr(GTree) found = find_all();
	Listing listing = { .text = g_string_new(NULL) };

	g_tree_foreach(found, measure, &listing.width);
	g_tree_foreach(found, print, &listing);
	return g_string_free(listing.text, FALSE);
}
