/* SPDX-License-Identifier: MIT */
#include "launcher/companions.h"

#include <sysexits.h>
#include <unistd.h>

#include "platform/companion.h"

G_DEFINE_QUARK(qemu_tapwrap_companions, companions_error)

static void call_free(gpointer data)
{
	CompanionCall *call = data;

	g_strfreev(call->argv);
	g_strfreev(call->script_argv);
	g_free(call->socket);
	g_free(call->directory);
	g_free(call);
}

static CompanionCall *call_new(Profile *profile, const ProfileSection *section, const char *socket)
{
	CompanionCall *call = g_new0(CompanionCall, 1);
	const char *run = places_run(&profile->places, profile->vm->name);

	call->section = section;
	call->socket = run ? g_build_filename(run, socket, NULL) : NULL;
	return call;
}

static void raise_missing(const Profile *profile, const ProfileSection *section, const char *key,
	const char *text, GError **error)
{
	g_autofree char *place = profile_place(profile, section, key);

	g_set_error(error, COMPANIONS_ERROR, EX_OSFILE, "%s: %s", place, text);
}

static GStrv strv(const char *first, ...) G_GNUC_NULL_TERMINATED;

static GStrv strv(const char *first, ...)
{
	g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
	va_list args;

	va_start(args, first);
	for (const char *word = first; word; word = va_arg(args, const char *))
		g_strv_builder_add(builder, word);
	va_end(args);
	return g_strv_builder_end(builder);
}

/* ---- swtpm ---- */

/*
 * Its options split at commas and know no way around: it works in the directory of its state, and
 * there the socket of a script is, too.
 */
static CompanionCall *call_swtpm(Profile *profile, GError **error)
{
	const ProfileTpm *tpm = profile->tpm;
	g_autofree char *program = g_find_program_in_path("swtpm");
	const char *version = g_str_equal(tpm->version, "2.0") ? "--tpm2" : NULL;
	const char *state = "dir=.,mode=0600";
	CompanionCall *call;

	if (!program) {
		raise_missing(profile, &tpm->section, "type",
			"swtpm is not in $PATH; install it, or take type = none", error);
		return NULL;
	}
	call = g_new0(CompanionCall, 1);
	call->section = &tpm->section;
	call->directory = g_strdup(tpm->state);
	call->socket = g_build_filename(tpm->state, "swtpm.sock", NULL);
	call->argv = strv(program, "socket", "--tpmstate", state, "--ctrl",
		"type=unixio,clientfd=3", "--terminate", version, NULL);
	call->script_argv = strv(program, "socket", "--tpmstate", state, "--ctrl",
		"type=unixio,path=swtpm.sock", "--terminate", version, NULL);
	return call;
}

/* ---- virtiofsd ---- */

/* The one of QEMU up to 7.2 is written in C, the one that follows it in Rust. */
static char *find_virtiofsd(gboolean *ret_is_c)
{
	static const char *const places[] = { "/usr/libexec/virtiofsd",
		"/usr/lib/virtiofsd/virtiofsd", "/usr/lib/virtiofsd", "/usr/lib/qemu/virtiofsd" };

	for (guint i = 0; i < G_N_ELEMENTS(places); i++) {
		*ret_is_c = i == G_N_ELEMENTS(places) - 1;
		if (access(places[i], X_OK) == 0 && !g_file_test(places[i], G_FILE_TEST_IS_DIR))
			return g_strdup(places[i]);
	}
	*ret_is_c = FALSE;
	return g_find_program_in_path("virtiofsd");
}

/* Where FUSE's options end or escape. */
static char *escape_source(const char *path)
{
	GString *text = g_string_new("source=");

	for (; *path; path++) {
		if (*path == ',' || *path == '\\')
			g_string_append_c(text, '\\');
		g_string_append_c(text, *path);
	}
	return g_string_free(text, FALSE);
}

static GStrv virtiofsd_argv(
	const char *program, gboolean is_c, const char *path, const char *socket)
{
	g_autofree char *source = is_c ? escape_source(path)
				       : g_strconcat("--shared-dir=", path, NULL);

	return is_c ? strv(program, socket, "-o", "log_level=err", "-o", source, NULL)
		    : strv(program, socket, "--log-level=error", source, NULL);
}

static CompanionCall *call_virtiofsd(Profile *profile, const ProfileShare *share, GError **error)
{
	gboolean is_c;
	g_autofree char *program = find_virtiofsd(&is_c);
	g_autofree char *file = g_strdup_printf("virtiofs-%s.sock", share->section.id);
	CompanionCall *call;

	if (!program) {
		raise_missing(profile, &share->section, "type",
			"virtiofsd is not installed; install it, or take type = 9p", error);
		return NULL;
	}
	call = call_new(profile, &share->section, file);
	call->is_virtiofsd = TRUE;
	call->argv = virtiofsd_argv(program, is_c, share->path, "--fd=3");
	if (call->socket) {
		g_autofree char *socket = g_strconcat("--socket-path=", call->socket, NULL);

		call->script_argv = virtiofsd_argv(program, is_c, share->path, socket);
	}
	return call;
}

/* ---- all ---- */

GPtrArray *companions_list(Profile *profile, GError **error)
{
	g_autoptr(GPtrArray) calls = g_ptr_array_new_with_free_func(call_free);
	CompanionCall *call;

	if (g_str_equal(profile->tpm->type, "emulator")) {
		call = call_swtpm(profile, error);
		if (!call)
			return NULL;
		g_ptr_array_add(calls, call);
	}
	for (guint i = 0; i < profile->shares->len; i++) {
		const ProfileShare *share = profile->shares->pdata[i];

		if (g_str_equal(share->type, "9p"))
			continue;
		call = call_virtiofsd(profile, share, error);
		if (!call)
			return NULL;
		g_ptr_array_add(calls, call);
	}
	return g_steal_pointer(&calls);
}

int companions_start(const CompanionCall *call, GError **error)
{
	Companion companion = {
		.argv = call->argv,
		.directory = call->directory,
		.listens = call->is_virtiofsd,
		.needs_root = call->is_virtiofsd,
	};

	return companion_start(&companion, error);
}
