/* SPDX-License-Identifier: MIT */
/*
 * scratch: a directory for the files of one test program. It becomes the working directory, so
 * that messages hold short names.
 */
#pragma once

#include <glib.h>
#include <glib/gstdio.h>
#include <unistd.h>

/* Owned by the caller, for scratch_leave. */
static inline char *scratch_enter(void)
{
	g_autoptr(GError) error = NULL;
	char *directory = g_dir_make_tmp("tapwrap-XXXXXX", &error);

	g_assert_no_error(error);
	g_assert_cmpint(g_chdir(directory), ==, 0);
	return directory;
}

/* @len -1: up to the NUL. */
static inline void scratch_write(const char *name, const char *bytes, gssize len)
{
	g_autoptr(GError) error = NULL;

	g_file_set_contents(name, bytes, len, &error);
	g_assert_no_error(error);
}

/* Removes the directory with what is in it, which must be no directory. */
static inline void scratch_leave(char *directory)
{
	g_autoptr(GDir) dir = g_dir_open(directory, 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir)))
		g_unlink(name);
	g_assert_cmpint(g_chdir("/"), ==, 0);
	g_assert_cmpint(g_rmdir(directory), ==, 0);
	g_free(directory);
}
