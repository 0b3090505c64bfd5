/* SPDX-License-Identifier: MIT */
#include "launcher/control/desktop.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "launcher/control/desktop-file.h"
#include "profiles/profile.h"

#define DIRECTORY "applications"
#define PREFIX "qemu-tapwrap-"
#define SUFFIX ".desktop"
#define UPDATE "update-desktop-database"

/* Keys of our own: they say whose an entry is. */
#define PROFILE_KEY "X-QemuTapwrap-Profile"
#define VM_KEY "X-QemuTapwrap-VM"
#define MARK "\n" PROFILE_KEY "="

#define MAIN G_KEY_FILE_DESKTOP_GROUP
#define STOP "Desktop Action stop"
#define CONSOLE "Desktop Action console"

static int report(const GError *error)
{
	g_auto(GStrv) lines = g_strsplit(error->message, "\n", -1);

	for (guint i = 0; lines[i]; i++)
		fprintf(stderr, "qemu-tapwrap: %s\n", lines[i]);
	return error->code;
}

/* ---- Exec ---- */

static void append_quoted(GString *text, const char *word)
{
	g_string_append_c(text, '"');
	for (; *word; word++) {
		if (strchr("\"`$\\", *word))
			g_string_append_c(text, '\\');
		if (*word == '%')
			g_string_append_c(text, '%');
		g_string_append_c(text, *word);
	}
	g_string_append_c(text, '"');
}

static gboolean is_plain(const char *word)
{
	return *word &&
	       word[strspn(word, G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS "-_=./:+,@")] == 0;
}

char *desktop_entry_quote(const char *const *words)
{
	GString *text = g_string_new(NULL);

	for (guint i = 0; words[i]; i++) {
		if (i > 0)
			g_string_append_c(text, ' ');
		if (is_plain(words[i]))
			g_string_append(text, words[i]);
		else
			append_quoted(text, words[i]);
	}
	return g_string_free(text, FALSE);
}

static void set_exec(GKeyFile *entry, const char *group, const char *const *words)
{
	g_autofree char *exec = desktop_entry_quote(words);

	g_key_file_set_string(entry, group, G_KEY_FILE_DESKTOP_KEY_EXEC, exec);
}

/* ---- what the profile says ---- */

/*
 * Absolute, its directory without links and "..". The file's own name stays: the VM may be called
 * after it, whatever it is a link to. Owned by the caller.
 */
static char *path_of(const char *path)
{
	g_autofree char *directory = g_path_get_dirname(path);
	g_autofree char *base = g_path_get_basename(path);
	g_autofree char *real = realpath(directory, NULL);

	return real ? g_build_filename(real, base, NULL) : g_canonicalize_filename(path, NULL);
}

static gboolean uses_terminal(const Profile *profile)
{
	gboolean uses = g_str_equal(profile->display->type, "curses");

	for (guint i = 0; i < profile->serials->len; i++) {
		const ProfileSerial *serial = profile->serials->pdata[i];

		uses = uses || g_str_equal(serial->type, "stdio") ||
		       g_str_equal(serial->type, "mon:stdio");
	}
	return uses;
}

static gboolean has_console(const Profile *profile)
{
	for (guint i = 0; i < profile->serials->len; i++)
		if (g_str_equal(((const ProfileSerial *)profile->serials->pdata[i])->type, "unix"))
			return TRUE;
	return FALSE;
}

/*
 * What QEMU's window calls itself: with gtk it is the first part of WM_CLASS, and the app_id of
 * Wayland; with sdl all of that is the name of the program.
 */
static char *window_class(const Profile *profile)
{
	if (g_str_equal(profile->display->type, "gtk"))
		return g_strdup("qemu");
	if (!g_str_equal(profile->display->type, "sdl"))
		return NULL;
	return profile->qemu->binary ? g_path_get_basename(profile->qemu->binary)
				     : g_strconcat("qemu-system-", profile->vm->arch, NULL);
}

/* ---- the entry ---- */

/* The desktop's own choice of a terminal, or Debian's. NULL: none is known. */
static const char *const *terminal_words(void)
{
	static const char *const ours[] = { "xdg-terminal-exec", NULL };
	static const char *const debian[] = { "x-terminal-emulator", "-e", NULL };
	g_autofree char *first = g_find_program_in_path(ours[0]);
	g_autofree char *second = g_find_program_in_path(debian[0]);

	return first ? ours : second ? debian : NULL;
}

/* An action has no terminal of its own. */
static gboolean add_console(GKeyFile *entry, const char *path)
{
	const char *const *terminal = terminal_words();
	const char *words[6] = { NULL };
	guint n = 0;

	if (!terminal)
		return FALSE;
	for (; terminal[n]; n++)
		words[n] = terminal[n];
	words[n++] = LAUNCHER_PATH;
	words[n++] = "--console";
	words[n] = path;
	g_key_file_set_string(entry, CONSOLE, G_KEY_FILE_DESKTOP_KEY_NAME, "Console");
	set_exec(entry, CONSOLE, words);
	return TRUE;
}

static void add_actions(GKeyFile *entry, const Profile *profile, const char *path)
{
	const char *const stop[] = { LAUNCHER_PATH, "--stop", path, NULL };
	const char *const actions[] = { "stop", "console" };
	gboolean console = has_console(profile) && add_console(entry, path);

	g_key_file_set_string_list(
		entry, MAIN, G_KEY_FILE_DESKTOP_KEY_ACTIONS, actions, console ? 2 : 1);
	g_key_file_set_string(entry, STOP, G_KEY_FILE_DESKTOP_KEY_NAME, "Stop");
	set_exec(entry, STOP, stop);
}

/* A terminal that was opened for the VM is gone with it, and what it showed, too. */
static void add_start(GKeyFile *entry, const Profile *profile, const char *path)
{
	const char *const words[] = { "env", "QEMU_TAPWRAP_NOTIFY=on", LAUNCHER_PATH, path, NULL };
	gboolean terminal = uses_terminal(profile);

	g_key_file_set_string(entry, MAIN, G_KEY_FILE_DESKTOP_KEY_TRY_EXEC, LAUNCHER_PATH);
	set_exec(entry, MAIN, terminal ? words : words + 2);
	g_key_file_set_boolean(entry, MAIN, G_KEY_FILE_DESKTOP_KEY_TERMINAL, terminal);
}

static void add_window(GKeyFile *entry, const Profile *profile)
{
	g_autofree char *class = window_class(profile);

	if (!class)
		return;
	g_key_file_set_string(entry, MAIN, G_KEY_FILE_DESKTOP_KEY_STARTUP_WM_CLASS, class);
	if (g_str_equal(profile->display->type, "gtk"))
		g_key_file_set_boolean(entry, MAIN, G_KEY_FILE_DESKTOP_KEY_STARTUP_NOTIFY, TRUE);
}

static GKeyFile *describe(const Profile *profile, const char *path)
{
	static const char *const categories[] = { "System", "Emulator" };
	const char *const keywords[] = { "VM", "QEMU", "virtual machine", profile->vm->name };
	const char *title = profile->desktop->title ? profile->desktop->title : profile->vm->name;
	g_autofree char *comment = g_strdup_printf("Start the VM '%s'", profile->vm->name);
	GKeyFile *entry = g_key_file_new();

	g_key_file_set_string(
		entry, MAIN, G_KEY_FILE_DESKTOP_KEY_TYPE, G_KEY_FILE_DESKTOP_TYPE_APPLICATION);
	g_key_file_set_string(entry, MAIN, G_KEY_FILE_DESKTOP_KEY_VERSION, "1.1");
	g_key_file_set_string(entry, MAIN, G_KEY_FILE_DESKTOP_KEY_NAME, title);
	g_key_file_set_string(entry, MAIN, G_KEY_FILE_DESKTOP_KEY_GENERIC_NAME, "Virtual Machine");
	g_key_file_set_string(entry, MAIN, G_KEY_FILE_DESKTOP_KEY_COMMENT, comment);
	g_key_file_set_string(entry, MAIN, G_KEY_FILE_DESKTOP_KEY_ICON, profile->desktop->icon);
	g_key_file_set_string_list(entry, MAIN, G_KEY_FILE_DESKTOP_KEY_CATEGORIES, categories, 2);
	g_key_file_set_string_list(entry, MAIN, "Keywords", keywords, 4);
	add_start(entry, profile, path);
	add_window(entry, profile);
	g_key_file_set_string(entry, MAIN, VM_KEY, profile->vm->name);
	g_key_file_set_string(entry, MAIN, PROFILE_KEY, path);
	add_actions(entry, profile, path);
	return entry;
}

/* ---- those that are there ---- */

/* NULL if it is none of ours. */
static GKeyFile *read_entry(const char *path)
{
	g_autoptr(GKeyFile) entry = g_key_file_new();

	if (!g_key_file_load_from_file(entry, path, G_KEY_FILE_NONE, NULL) ||
		!g_key_file_has_key(entry, MAIN, PROFILE_KEY, NULL))
		return NULL;
	return g_steal_pointer(&entry);
}

static gboolean is_same_file(const char *a, const char *b)
{
	g_autofree char *real_a = realpath(a, NULL);
	g_autofree char *real_b = realpath(b, NULL);

	return g_strcmp0(a, b) == 0 || (real_a && g_strcmp0(real_a, real_b) == 0);
}

/* By the name of its VM, or by its profile, which may be gone. */
static gboolean is_meant(GKeyFile *entry, const char *word, const char *path)
{
	g_autofree char *vm = g_key_file_get_string(entry, MAIN, VM_KEY, NULL);
	g_autofree char *profile = g_key_file_get_string(entry, MAIN, PROFILE_KEY, NULL);

	return g_strcmp0(vm, word) == 0 || (profile && is_same_file(profile, path));
}

/* Another VM of the same name, whose profile is there, keeps its entry. */
static gboolean is_of_other_profile(const char *file, const char *path, GError **error)
{
	g_autoptr(GKeyFile) entry = read_entry(file);
	g_autofree char *profile = entry ? g_key_file_get_string(entry, MAIN, PROFILE_KEY, NULL)
					 : NULL;

	if (!profile || is_same_file(profile, path) || access(profile, F_OK) < 0)
		return FALSE;
	g_set_error(error, DESKTOP_FILE_ERROR, EX_CANTCREAT,
		"%s is for %s, a VM of the same name; take that away first: qemu-tapwrap "
		"--remove-desktop, or give one of them another name",
		file, profile);
	return TRUE;
}

static void update(void)
{
	g_autofree char *program = g_find_program_in_path(UPDATE);

	if (program)
		desktop_file_update(program, DIRECTORY);
}

/* ---- the verbs ---- */

static char *file_for(const char *vm)
{
	g_autofree char *name = g_strconcat(PREFIX, vm, SUFFIX, NULL);

	return desktop_file_path(DIRECTORY, name);
}

/* An entry is read as UTF-8, and no value has even a tab. */
static gboolean is_text(const char *text)
{
	for (const char *at = text; *at; at++)
		if (g_ascii_iscntrl(*at))
			return FALSE;
	return g_utf8_validate(text, -1, NULL);
}

static gboolean check_texts(const Profile *profile, const char *path, GError **error)
{
	const char *const texts[] = { path, profile->vm->name, profile->desktop->title,
		profile->desktop->icon };

	for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
		if (!texts[i] || is_text(texts[i]))
			continue;
		g_set_error(error, DESKTOP_FILE_ERROR, EX_DATAERR,
			"%s: the menu takes no path, name or title that is not UTF-8 or has control "
			"characters",
			profile->path);
		return FALSE;
	}
	return TRUE;
}

static gboolean check_icon(const Profile *profile, GError **error)
{
	const char *icon = profile->desktop->icon;
	g_autofree char *place = NULL;

	if (*icon != '/' || access(icon, R_OK) == 0)
		return TRUE;
	place = profile_place(profile, &profile->desktop->section, "icon");
	g_set_error(error, DESKTOP_FILE_ERROR, EX_NOINPUT, "%s: %s: cannot be read", place, icon);
	return FALSE;
}

static gboolean install(const char *name_or_path, GError **error)
{
	g_autoptr(Profile) profile = NULL;
	g_autoptr(GKeyFile) entry = NULL;
	g_autofree char *path = NULL;
	g_autofree char *file = NULL;
	g_autofree char *text = NULL;
	gsize len;

	g_setenv("DISPLAY", ":0", FALSE); /* it is a desktop that will start it */
	profile = profile_load(name_or_path, NULL, error);
	if (!profile || !profile_verdict(profile, error))
		return FALSE;
	path = path_of(profile->path);
	file = file_for(profile->vm->name);
	if (!check_texts(profile, path, error) || !check_icon(profile, error) ||
		is_of_other_profile(file, path, error))
		return FALSE;
	entry = describe(profile, path);
	text = g_key_file_to_data(entry, &len, NULL);
	return desktop_file_write(file, text, len, MARK, error);
}

/* Takes away every entry that is meant: a VM that has changed its name has two. */
static gboolean remove_meant(const char *word, guint *ret_n, GError **error)
{
	g_autofree char *found = profile_find(word, NULL);
	g_autofree char *path = path_of(found ? found : word);
	g_autofree char *directory = desktop_file_path(DIRECTORY, NULL);
	g_autoptr(GDir) dir = g_dir_open(directory, 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *file = g_build_filename(directory, name, NULL);
		g_autoptr(GKeyFile) entry = NULL;
		gboolean removed;

		if (!g_str_has_prefix(name, PREFIX) || !g_str_has_suffix(name, SUFFIX) ||
			!(entry = read_entry(file)) || !is_meant(entry, word, path))
			continue;
		if (!desktop_file_remove(file, MARK, &removed, error))
			return FALSE;
		*ret_n += removed;
	}
	return TRUE;
}

static gboolean take_away(const char *word, GError **error)
{
	g_autofree char *file = file_for(word);
	gboolean removed;
	guint n = 0;

	if (!remove_meant(word, &n, error))
		return FALSE;
	if (n > 0)
		return TRUE;
	if (!strchr(word, '/') && !desktop_file_remove(file, MARK, &removed, error))
		return FALSE;
	g_set_error(error, DESKTOP_FILE_ERROR, EX_UNAVAILABLE, "'%s' is not in the menu", word);
	return FALSE;
}

int desktop_entry_run(const Options *options)
{
	g_autoptr(GError) error = NULL;
	gboolean done = options->verb == VERB_INSTALL_DESKTOP ? install(options->profile, &error)
							      : take_away(options->profile, &error);

	if (!done)
		return report(error);
	update();
	return EXIT_SUCCESS;
}
