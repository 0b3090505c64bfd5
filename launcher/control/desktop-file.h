/* SPDX-License-Identifier: MIT */
/*
 * desktop-file: files of ours in the user's data directory, $XDG_DATA_HOME, among those of others.
 * One appears whole or not at all, and one that is not ours is never touched.
 */
#pragma once

#include <glib.h>

#define DESKTOP_FILE_ERROR (desktop_file_error_quark())
GQuark desktop_file_error_quark(void);

/* $XDG_DATA_HOME/@directory/@name, or below ~/.local/share. Owned by the caller. */
char *desktop_file_path(const char *directory, const char *name);

/*
 * Writes @text, with mode 0644, parents too. What is there already is replaced if it has @mark in
 * it. DESKTOP_FILE_ERROR: EX_CANTCREAT, also when it is not ours; EX_IOERR.
 */
gboolean desktop_file_write(
	const char *path, const char *text, gsize len, const char *mark, GError **error);

/*
 * Removes it, if it is there (*ret_removed) and has @mark in it. DESKTOP_FILE_ERROR, EX_CANTCREAT:
 * it is not ours, or cannot be removed.
 */
gboolean desktop_file_remove(
	const char *path, const char *mark, gboolean *ret_removed, GError **error);

/* The program in $PATH; NULL and DESKTOP_FILE_ERROR, EX_OSFILE, if it is missing. */
char *desktop_file_find_program(const char *name, const char *package, GError **error);

/* Runs @program on the directory @directory of the data directory, without a word. */
gboolean desktop_file_update(const char *program, const char *directory);
