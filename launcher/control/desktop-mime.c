/* SPDX-License-Identifier: MIT */
/*
 * desktop-mime: the type of a profile, which shared-mime-info knows by its first section, and the
 * entry that opens files of that type. What users have chosen for it themselves stands above.
 */
#include "launcher/control/desktop.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "launcher/control/desktop-file.h"
#include "launcher/control/open.h"

#define TYPE "text/x-qemu-tapwrap"
#define TYPE_MARK "\"" TYPE "\""
#define ENTRY_MARK "\nMimeType=" TYPE ";"

#define ENTRIES "applications"
#define TYPES "mime"

/*
 * Files called .ini are of many kinds, so only .vm.ini tells it; of others the beginning does. Most
 * readers look at 4 KiB at the most.
 */
static const char type_xml[] =
	"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	"<mime-info xmlns=\"http://www.freedesktop.org/standards/shared-mime-info\">\n"
	"  <mime-type type=" TYPE_MARK ">\n"
	"    <comment>VM profile</comment>\n"
	"    <sub-class-of type=\"text/plain\"/>\n"
	"    <generic-icon name=\"computer\"/>\n"
	"    <glob pattern=\"*.vm.ini\"/>\n"
	"    <magic priority=\"80\">\n"
	"      <match type=\"string\" offset=\"0:100\" value=\"# A VM for qemu-tapwrap(1)\"/>\n"
	"      <match type=\"string\" offset=\"0\" value=\"[vm]\"/>\n"
	"      <match type=\"string\" offset=\"0:2000\" value=\"\\n[vm]\"/>\n"
	"    </magic>\n"
	"  </mime-type>\n"
	"</mime-info>\n";

typedef struct {
	char *type, *entry;		     /* the two files */
	char *update_types, *update_entries; /* the two programs */
} Mime;

static void mime_clear(Mime *mime)
{
	g_free(mime->type);
	g_free(mime->entry);
	g_free(mime->update_types);
	g_free(mime->update_entries);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Mime, mime_clear)

/* Before anything is touched: without both programs nobody would learn of it. */
static gboolean prepare(Mime *mime, GError **error)
{
	mime->type = desktop_file_path(TYPES "/packages", "qemu-tapwrap.xml");
	mime->entry = desktop_file_path(ENTRIES, "qemu-tapwrap.desktop");
	mime->update_types = desktop_file_find_program(
		"update-mime-database", "shared-mime-info", error);
	if (!mime->update_types)
		return FALSE;
	mime->update_entries = desktop_file_find_program(
		"update-desktop-database", "desktop-file-utils", error);
	return mime->update_entries != NULL;
}

static gboolean update(const Mime *mime, GError **error)
{
	gboolean types = desktop_file_update(mime->update_types, TYPES);

	if (types && desktop_file_update(mime->update_entries, ENTRIES))
		return TRUE;
	g_set_error(error, DESKTOP_FILE_ERROR, EX_CANTCREAT, "%s has failed",
		types ? mime->update_entries : mime->update_types);
	return FALSE;
}

static char *handler_text(gsize *ret_len)
{
	const char *const words[] = { CONTROL_PATH, OPEN_OPTION, NULL };
	g_autofree char *quoted = desktop_entry_quote(words);
	g_autofree char *exec = g_strconcat(quoted, " %f", NULL);
	g_autoptr(GKeyFile) entry = g_key_file_new();

	g_key_file_set_string(entry, G_KEY_FILE_DESKTOP_GROUP, "Type", "Application");
	g_key_file_set_string(entry, G_KEY_FILE_DESKTOP_GROUP, "Version", "1.1");
	g_key_file_set_string(entry, G_KEY_FILE_DESKTOP_GROUP, "Name", "QEMU VM");
	g_key_file_set_string(
		entry, G_KEY_FILE_DESKTOP_GROUP, "Comment", "Start the VM of a profile");
	g_key_file_set_string(entry, G_KEY_FILE_DESKTOP_GROUP, "Icon", "computer");
	g_key_file_set_string(entry, G_KEY_FILE_DESKTOP_GROUP, "TryExec", CONTROL_PATH);
	g_key_file_set_string(entry, G_KEY_FILE_DESKTOP_GROUP, "Exec", exec);
	g_key_file_set_boolean(entry, G_KEY_FILE_DESKTOP_GROUP, "Terminal", FALSE);
	g_key_file_set_boolean(entry, G_KEY_FILE_DESKTOP_GROUP, "NoDisplay", TRUE);
	g_key_file_set_string(entry, G_KEY_FILE_DESKTOP_GROUP, "MimeType", TYPE ";");
	return g_key_file_to_data(entry, ret_len, NULL);
}

static gboolean install(const Mime *mime, GError **error)
{
	gsize len;
	g_autofree char *text = handler_text(&len);

	return desktop_file_write(mime->entry, text, len, ENTRY_MARK, error) &&
	       desktop_file_write(mime->type, type_xml, strlen(type_xml), TYPE_MARK, error) &&
	       update(mime, error);
}

static gboolean take_away(const Mime *mime, GError **error)
{
	gboolean type, entry;

	if (!desktop_file_remove(mime->entry, ENTRY_MARK, &entry, error) ||
		!desktop_file_remove(mime->type, TYPE_MARK, &type, error))
		return FALSE;
	if (type || entry)
		return update(mime, error);
	g_set_error(error, DESKTOP_FILE_ERROR, EX_UNAVAILABLE,
		"the desktop does not know the type of a profile");
	return FALSE;
}

int desktop_mime_run(const Options *options)
{
	g_auto(Mime) mime = { NULL };
	g_autoptr(GError) error = NULL;

	if (prepare(&mime, &error) &&
		(options->verb == VERB_INSTALL_MIME ? install(&mime, &error)
						    : take_away(&mime, &error)))
		return EXIT_SUCCESS;
	fprintf(stderr, "qemu-tapwrap: %s\n", error->message);
	return error->code;
}
