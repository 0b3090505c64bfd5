/* SPDX-License-Identifier: MIT */
#include "launcher/control/running.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "launcher/run-directory.h"

G_DEFINE_QUARK(qemu_tapwrap_running, running_error)

void running_free(Running *running)
{
	if (!running)
		return;
	record_free(running->record);
	g_free(running->directory);
	g_free(running->name);
	g_free(running);
}

static Record *read_record(const char *directory)
{
	g_autofree char *path = g_build_filename(directory, RUN_DIRECTORY_LOCK, NULL);
	g_autofree char *text = NULL;

	return g_file_get_contents(path, &text, NULL, NULL) ? record_parse(text) : NULL;
}

/* NULL if it does not run. */
static Running *look_at(const char *root, const char *name)
{
	g_autofree char *directory = g_build_filename(root, name, NULL);
	Running *running;

	if (g_file_test(directory, G_FILE_TEST_IS_SYMLINK) ||
		!run_directory_is_held(directory, TRUE))
		return NULL;
	running = g_new0(Running, 1);
	running->name = g_strdup(name);
	running->record = read_record(directory);
	running->directory = g_steal_pointer(&directory);
	return running;
}

static int compare_names(gconstpointer a, gconstpointer b)
{
	return strcmp((*(Running *const *)a)->name, (*(Running *const *)b)->name);
}

GPtrArray *running_list(void)
{
	GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)running_free);
	g_autofree char *root = places_find_run(NULL);
	g_autoptr(GDir) dir = root ? g_dir_open(root, 0, NULL) : NULL;
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		Running *running = look_at(root, name);

		if (running)
			g_ptr_array_add(list, running);
	}
	g_ptr_array_sort(list, compare_names);
	return list;
}

/* ---- one of them ---- */

static gboolean is_of_profile(const Running *running, const char *real_path)
{
	return real_path && running->record && g_str_equal(running->record->profile, real_path);
}

static gboolean is_meant(const Running *running, const char *name, const char *real_path)
{
	return g_str_equal(running->name, name) || is_of_profile(running, real_path);
}

Running *running_find(const char *name_or_profile, GError **error)
{
	g_autoptr(GPtrArray) list = running_list();
	g_autofree char *path = profile_find(name_or_profile, NULL);
	g_autofree char *real_path = path ? realpath(path, NULL) : NULL;

	for (guint i = 0; i < list->len; i++)
		if (is_meant(list->pdata[i], name_or_profile, real_path))
			return g_ptr_array_steal_index(list, i);
	g_set_error(
		error, RUNNING_ERROR, EX_UNAVAILABLE, "VM '%s' is not running", name_or_profile);
	return NULL;
}

gboolean running_is_alive(const Running *running)
{
	return run_directory_is_held(running->directory, TRUE);
}
