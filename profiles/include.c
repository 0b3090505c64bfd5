/* SPDX-License-Identifier: MIT */
#include "profiles/include.h"

#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>

#include "profiles/value.h"

#define FILES_MAX 100

/* What has been read so far: files that include two each would soon be millions. */
typedef struct {
	guint files, lines;
	gboolean told;
} Total;

/* The file being read, and those on the way to it. */
typedef struct Chain {
	const IniFile *file;
	const struct Chain *outer;
	Total *total;
} Chain;

static Ini *load(
	const char *path, const Chain *outer, Total *total, Problems *problems, GError **error);

static const char *variable(const char *name, gpointer data)
{
	(void)data;
	return g_str_equal(name, "hostname") ? g_get_host_name() : NULL;
}

static gboolean is_same_file(const char *a, const char *b)
{
	struct stat left, right;

	return stat(a, &left) == 0 && stat(b, &right) == 0 && left.st_dev == right.st_dev &&
	       left.st_ino == right.st_ino;
}

/* hosts/../base.ini reads better as base.ini, unless hosts is a link to elsewhere. */
static char *shorten(const char *path)
{
	g_autofree char *shorter = g_canonicalize_filename(path, "/");

	return is_same_file(path, shorter) ? g_steal_pointer(&shorter) : g_strdup(path);
}

/* One item of the list as an absolute path; NULL after telling why not. */
static char *item_path(const IniEntry *entry, const char *item, Problems *problems)
{
	g_autofree char *directory = g_path_get_dirname(entry->file->real_path);
	ValueRule rule = { .type = VALUE_PATH, .directory = directory, .variable = variable };
	g_autofree char *why = NULL;
	g_autofree char *path = NULL;

	if (!value_parse(&rule, item, &path, &why))
		problems_add(problems, entry->file->path, entry->line, EX_DATAERR,
			"[vm] include: %s", why);
	return path ? shorten(path) : NULL;
}

/* "a.ini -> b.ini -> a.ini" if @path is on the way already, else NULL. */
static char *find_cycle(const Chain *chain, const char *path)
{
	g_autofree char *way = NULL;

	for (const Chain *link = chain; link; link = link->outer) {
		char *longer = way ? g_strconcat(link->file->path, " -> ", way, NULL)
				   : g_strdup(link->file->path);

		g_free(way);
		way = longer;
		if (is_same_file(path, link->file->real_path))
			return g_strconcat(way, " -> ", link->file->path, NULL);
	}
	return NULL;
}

/* FALSE when the profile is as large as one may be; that is told once. */
static gboolean has_room(const IniEntry *entry, Total *total, Problems *problems)
{
	if (total->files < FILES_MAX && total->lines < INI_LINES_MAX)
		return TRUE;
	if (!total->told)
		problems_add(problems, entry->file->path, entry->line, EX_DATAERR,
			"[vm] include: a profile is made of at most %d files with %d lines "
			"together",
			FILES_MAX, INI_LINES_MAX);
	total->told = TRUE;
	return FALSE;
}

/* @item begins with a '?' when the file may be missing. */
static void include_item(Ini *merged, const IniEntry *entry, const char *item, const Chain *chain,
	Problems *problems)
{
	gboolean optional = *item == '?';
	g_autofree char *path = item_path(entry, item + optional, problems);
	g_autofree char *cycle = path ? find_cycle(chain, path) : NULL;
	g_autoptr(GError) error = NULL;
	g_autoptr(Ini) ini = NULL;

	if (!path || (optional && !g_file_test(path, G_FILE_TEST_EXISTS)))
		return;
	if (cycle) {
		problems_add(problems, entry->file->path, entry->line, EX_DATAERR,
			"[vm] include: goes round in a circle: %s", cycle);
		return;
	}
	if (!has_room(entry, chain->total, problems))
		return;
	ini = load(path, chain, chain->total, problems, &error);
	if (ini)
		ini_merge(merged, ini);
	else
		problems_add(problems, entry->file->path, entry->line, EX_NOINPUT,
			"[vm] include: %s", error->message);
}

static Ini *load(
	const char *path, const Chain *outer, Total *total, Problems *problems, GError **error)
{
	g_autoptr(Ini) own = ini_load(path, problems, error);
	const IniSection *vm = own ? ini_find_section(own, "vm", NULL) : NULL;
	const IniEntry *entry = vm ? ini_section_find(vm, "include") : NULL;
	g_auto(GStrv) items = g_strsplit(entry && entry->value ? entry->value : "", ",", -1);
	g_autoptr(Ini) merged = NULL;
	Chain chain = { .outer = outer, .total = total };

	if (own)
		total->lines += own->n_lines;
	total->files++;
	if (!own || !items[0])
		return g_steal_pointer(&own);
	chain.file = own->main;
	merged = ini_new();
	for (guint i = 0; items[i]; i++)
		include_item(merged, entry, g_strstrip(items[i]), &chain, problems);
	ini_merge(merged, own);
	return g_steal_pointer(&merged);
}

Ini *include_load(const char *path, Problems *problems, GError **error)
{
	Total total = { 0 };

	return load(path, NULL, &total, problems, error);
}
