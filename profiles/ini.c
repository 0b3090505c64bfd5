/* SPDX-License-Identifier: MIT */
#include "profiles/ini.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#if __has_include(<iniparser/iniparser.h>)
#include <iniparser/iniparser.h>
#else
#include <iniparser.h>
#endif

#include "profiles/value.h"

#define KEY_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."

typedef struct {
	Ini *ini;
	const IniFile *file;
	gboolean in_section; /* a header, good or bad, has been seen */
	IniSection *section; /* the one entries go to; NULL after a bad header */
	Problems *problems;
	guint line;
} Scan;

static void entry_free(gpointer data)
{
	IniEntry *entry = data;

	g_free(entry->key);
	g_free(entry->value);
	g_free(entry);
}

static void section_free(gpointer data)
{
	IniSection *section = data;

	g_free(section->name);
	g_free(section->id);
	g_free(section->header);
	g_ptr_array_unref(section->entries);
	g_free(section);
}

static void file_free(gpointer data)
{
	IniFile *file = data;

	g_free(file->path);
	g_free(file->real_path);
	g_free(file);
}

Ini *ini_new(void)
{
	Ini *ini = g_new0(Ini, 1);

	ini->files = g_ptr_array_new_with_free_func(file_free);
	ini->sections = g_ptr_array_new_with_free_func(section_free);
	return ini;
}

const IniFile *ini_add_file(Ini *ini, const char *path, const char *real_path)
{
	IniFile *file = g_new0(IniFile, 1);

	file->path = g_strdup(path);
	file->real_path = g_strdup(real_path);
	g_ptr_array_add(ini->files, file);
	return file;
}

void ini_free(Ini *ini)
{
	if (!ini)
		return;
	g_ptr_array_unref(ini->sections);
	g_ptr_array_unref(ini->files);
	g_free(ini);
}

const IniEntry *ini_section_find(const IniSection *section, const char *key)
{
	for (guint i = 0; i < section->entries->len; i++) {
		const IniEntry *entry = section->entries->pdata[i];

		if (g_str_equal(entry->key, key))
			return entry;
	}
	return NULL;
}

IniSection *ini_find_section(const Ini *ini, const char *name, const char *id)
{
	for (guint i = 0; i < ini->sections->len; i++) {
		IniSection *section = ini->sections->pdata[i];

		if (g_str_equal(section->name, name) && g_strcmp0(section->id, id) == 0)
			return section;
	}
	return NULL;
}

/* Consumes @entry. */
static void put_entry(IniSection *section, IniEntry *entry)
{
	for (guint i = 0; i < section->entries->len; i++) {
		const IniEntry *earlier = section->entries->pdata[i];

		if (g_str_equal(earlier->key, entry->key)) {
			g_ptr_array_remove_index(section->entries, i);
			g_ptr_array_insert(section->entries, i, entry);
			return;
		}
	}
	g_ptr_array_add(section->entries, entry);
}

void ini_merge(Ini *base, Ini *over)
{
	while (over->sections->len > 0) {
		IniSection *section = g_ptr_array_steal_index(over->sections, 0);
		IniSection *same = ini_find_section(base, section->name, section->id);

		if (!same) {
			g_ptr_array_add(base->sections, section);
			continue;
		}
		while (section->entries->len > 0)
			put_entry(same, g_ptr_array_steal_index(section->entries, 0));
		section_free(section);
	}
	g_ptr_array_extend_and_steal(base->files, g_ptr_array_ref(over->files));
	base->main = over->main;
}

void ini_set(Ini *ini, const IniFile *file, const char *name, const char *id, const char *key,
	const char *value)
{
	IniSection *section = ini_find_section(ini, name, id);
	IniEntry *entry = g_new0(IniEntry, 1);

	if (!section) {
		section = g_new0(IniSection, 1);
		section->name = g_strdup(name);
		section->id = g_strdup(id);
		section->header = id ? g_strdup_printf("%s \"%s\"", name, id) : g_strdup(name);
		section->file = file;
		section->entries = g_ptr_array_new_with_free_func(entry_free);
		g_ptr_array_add(ini->sections, section);
	}
	entry->key = g_strdup(key);
	entry->value = g_strdup(value);
	entry->file = file;
	put_entry(section, entry);
}

/* ---- reading ---- */

static GString *unreadable(int fd, const char *path, const char *why, GError **error)
{
	if (fd >= 0)
		close(fd);
	g_set_error(error, PROFILE_ERROR, EX_NOINPUT, "%s: %s", path, why);
	return NULL;
}

/* O_NONBLOCK and fstat: a FIFO must not block us, /dev/zero must not fill the memory. */
static GString *read_regular_file(const char *path, GError **error)
{
	g_autoptr(GString) bytes = g_string_new(NULL);
	char buffer[16384];
	struct stat status;
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0 || fstat(fd, &status) < 0)
		return unreadable(fd, path, g_strerror(errno), error);
	if (S_ISDIR(status.st_mode))
		return unreadable(fd, path, "is a directory, not a profile", error);
	if (!S_ISREG(status.st_mode))
		return unreadable(fd, path, "is not a regular file", error);
	while ((n = read(fd, buffer, sizeof(buffer))) > 0 && bytes->len <= INI_FILE_MAX)
		g_string_append_len(bytes, buffer, n);
	if (n < 0)
		return unreadable(fd, path, g_strerror(errno), error);
	if (bytes->len > INI_FILE_MAX)
		return unreadable(fd, path, "is larger than 1 MiB", error);
	close(fd);
	return g_steal_pointer(&bytes);
}

/* Dotfiles are links into a repository: what counts is where the file is. */
static char *resolve_links(const char *path, GError **error)
{
	char *resolved = realpath(path, NULL);
	char *real_path = g_strdup(resolved);

	if (!resolved)
		g_set_error(error, PROFILE_ERROR, EX_NOINPUT, "%s: %s", path, g_strerror(errno));
	free(resolved);
	return real_path;
}

/* ---- our own scan ---- */

#define problem(scan, ...) \
	problems_add((scan)->problems, (scan)->file->path, (scan)->line, EX_DATAERR, __VA_ARGS__)

gboolean ini_is_id(const char *text)
{
	return g_ascii_isalnum(*text) && text[strspn(text, KEY_CHARACTERS)] == '\0';
}

/* @inside: what stands between the brackets, as in: nic "lan" */
static IniSection *parse_header(Scan *scan, const char *inside)
{
	g_autofree char *lower = g_ascii_strdown(inside, -1);
	size_t name_len = strspn(g_strchug(lower), KEY_CHARACTERS);
	g_autofree char *rest = g_strstrip(g_strdup(lower + name_len));
	g_autofree char *id = NULL;
	IniSection *section;

	if (name_len == 0) {
		problem(scan, "a section needs a name, like [machine]");
		return NULL;
	}
	if (*rest) {
		size_t len = strlen(rest);

		if (len > 2 && rest[0] == '"' && rest[len - 1] == '"')
			id = g_strndup(rest + 1, len - 2);
		if (!id || !ini_is_id(id)) {
			problem(scan,
				"[%s] is not a section header, like [machine] or [nic \"lan\"]; an id is made of "
				"letters, digits, '-', '_' and '.'",
				inside);
			return NULL;
		}
	}
	section = g_new0(IniSection, 1);
	section->name = g_strndup(lower, name_len);
	section->id = g_steal_pointer(&id);
	section->header = g_strdup(g_strchomp(lower));
	section->file = scan->file;
	section->line = scan->line;
	section->entries = g_ptr_array_new_with_free_func(entry_free);
	return section;
}

static void scan_header(Scan *scan, const char *text)
{
	size_t len = strlen(text);
	g_autofree char *inside = NULL;
	IniSection *section;

	scan->in_section = TRUE;
	scan->section = NULL;
	if (text[len - 1] != ']' || strcspn(text, "]") != len - 1) {
		problem(scan,
			"a section header ends with its ']' and nothing follows it on the line");
		return;
	}
	inside = g_strndup(text + 1, len - 2);
	section = parse_header(scan, inside);
	if (!section)
		return;
	scan->section = ini_find_section(scan->ini, section->name, section->id);
	if (scan->section) { /* go on reading into it, to find what else is wrong */
		problem(scan, "[%s] stands here a second time; the first is in line %u", inside,
			scan->section->line);
		section_free(section);
		return;
	}
	g_ptr_array_add(scan->ini->sections, section);
	scan->section = section;
}

/* @text: what follows the '='. NULL and *ret_why if it gives no value. */
static char *parse_value(const char *text, const char **ret_why)
{
	const char *end;
	char quote = *text;

	if (quote != '"' && quote != '\'') {
		if (!strpbrk(text, ";#"))
			return g_strdup(text);
		*ret_why = "a value with ';' or '#' must be in double quotes; "
			   "a comment has a line of its own";
		return NULL;
	}
	end = strchr(text + 1, quote);
	if (!end)
		*ret_why = "the value starts with a quote but does not end with one";
	else if (end[1] != '\0')
		*ret_why = "nothing may follow the closing quote";
	else if (strchr(text, '\\'))
		*ret_why = "a backslash inside quotes is not read alike by all versions of "
			   "iniparser; leave out the quotes";
	return *ret_why ? NULL : g_strndup(text + 1, end - text - 1);
}

/* @place: "[nic "lan"] address", for messages. Consumes @key and @value. */
static void add_entry(Scan *scan, const char *place, char *key, char *value)
{
	const IniEntry *earlier = ini_section_find(scan->section, key);
	IniEntry *entry = g_new0(IniEntry, 1);

	entry->key = key;
	entry->value = value;
	entry->file = scan->file;
	entry->line = scan->line;
	if (!earlier) {
		g_ptr_array_add(scan->section->entries, entry);
		return;
	}
	problem(scan, "%s: stands a second time; the first is in line %u", place, earlier->line);
	entry_free(entry);
}

static void scan_entry(Scan *scan, const char *text)
{
	const char *equals = strchr(text, '='), *why = NULL;
	g_autofree char *key = equals ? g_strchomp(g_ascii_strdown(text, equals - text)) : NULL;
	g_autofree char *place = NULL, *value = NULL;

	if (!key || !*key || key[strspn(key, KEY_CHARACTERS)]) {
		problem(scan, "this is neither [section], nor key = value, nor a comment");
		return;
	}
	for (text = equals + 1; g_ascii_isspace(*text); text++)
		;
	place = scan->section ? g_strdup_printf("[%s] %s", scan->section->header, key)
			      : g_strdup(key);
	value = parse_value(text, &why);
	if (why)
		problem(scan, "%s: %s", place, why);
	if (!scan->in_section)
		problem(scan, "%s: stands before the first [section]", place);
	else if (scan->section) /* else its header is bad, and that has been told */
		add_entry(scan, place, g_steal_pointer(&key), g_steal_pointer(&value));
}

static void scan_line(Scan *scan, const char *start, size_t len)
{
	g_autofree char *text = NULL;

	if (len > INI_LINE_MAX) {
		problem(scan, "the line is longer than %d bytes", INI_LINE_MAX);
		return;
	}
	if (!value_is_plain(start, len - (len > 0 && start[len - 1] == '\r'))) {
		problem(scan, "the line holds a control character (a profile is plain text)");
		return;
	}
	text = g_strstrip(g_strndup(start, len));
	if (g_str_has_suffix(text, "\\"))
		problem(scan,
			"a line must not end with '\\': iniparser would join the next one to it");
	else if (*text == '[')
		scan_header(scan, text);
	else if (*text && *text != '#' && *text != ';')
		scan_entry(scan, text);
}

static void scan_bytes(Scan *scan, const GString *bytes)
{
	const char *at = bytes->str, *end = at + bytes->len;

	scan->line = 1;
	if (g_str_has_prefix(at, "\xef\xbb\xbf")) {
		problem(scan,
			"the file starts with a byte order mark; save it as UTF-8 without one");
		at += 3;
	}
	for (; at < end && scan->line <= INI_LINES_MAX; scan->line++) {
		const char *newline = memchr(at, '\n', end - at);
		const char *stop = newline ? newline : end;

		scan_line(scan, at, stop - at);
		at = stop + 1;
	}
	scan->ini->n_lines = scan->line - 1;
	if (at < end)
		problem(scan, "the file has more than %d lines", INI_LINES_MAX);
}

/* ---- iniparser's reading, compared with ours ---- */

static int swallow_message(const char *format, ...)
{
	(void)format; /* it would echo the file's text; the scan has said it better */
	return 0;
}

static void compare_entry(
	const dictionary *dict, const IniSection *section, IniEntry *entry, Problems *problems)
{
	g_autofree char *name = g_strdup_printf("%s:%s", section->header, entry->key);
	const char *value = iniparser_getstring((dictionary *)dict, name, NULL);

	if (g_strcmp0(value, entry->value) != 0)
		problems_add(problems, entry->file->path, entry->line, EX_DATAERR,
			"[%s] %s: iniparser does not read this value as it stands; put it in double "
			"quotes",
			section->header, entry->key);
}

static void compare_sections(
	const dictionary *dict, const IniFile *file, const Ini *ini, Problems *problems)
{
	for (guint i = 0; i < ini->sections->len; i++) {
		const IniSection *section = ini->sections->pdata[i];

		if (iniparser_getsecnkeys((dictionary *)dict, section->header) !=
			(int)section->entries->len)
			problems_add(problems, file->path, section->line, EX_DATAERR,
				"iniparser does not read [%s] as it stands", section->header);
		for (guint k = 0; k < section->entries->len; k++)
			compare_entry(dict, section, section->entries->pdata[k], problems);
	}
}

static void compare_with_iniparser(const IniFile *file, const Ini *ini, Problems *problems)
{
	dictionary *dict;

	iniparser_set_error_callback(swallow_message);
	dict = iniparser_load(file->path);
	iniparser_set_error_callback(NULL);
	if (!dict || iniparser_getnsec(dict) != (int)ini->sections->len)
		problems_add(problems, file->path, 0, EX_DATAERR,
			"iniparser does not read this file as it stands; was it changed just now?");
	else
		compare_sections(dict, file, ini, problems);
	if (dict)
		iniparser_freedict(dict);
}

Ini *ini_load(const char *path, Problems *problems, GError **error)
{
	g_autoptr(GString) bytes = read_regular_file(path, error);
	g_autofree char *real_path = bytes ? resolve_links(path, error) : NULL;
	g_autoptr(Ini) ini = ini_new();
	Scan scan = { .ini = ini, .problems = problems };
	guint earlier = problems_count(problems);

	if (!real_path)
		return NULL;
	scan.file = ini->main = ini_add_file(ini, path, real_path);
	scan_bytes(&scan, bytes);
	if (problems_count(problems) == earlier && ini->sections->len > 0)
		compare_with_iniparser(scan.file, ini, problems);
	return g_steal_pointer(&ini);
}
