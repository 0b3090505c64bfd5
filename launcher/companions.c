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

/* @socket: a file of the run directory. */
static CompanionCall *call_new(
	Profile *profile, CompanionKind kind, const ProfileSection *section, const char *socket)
{
	CompanionCall *call = g_new0(CompanionCall, 1);
	const char *run = places_run(&profile->places, profile->vm->name);

	call->kind = kind;
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
	call->kind = COMPANION_SWTPM;
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

char *companions_find_program(const char *name)
{
	gboolean is_c;

	return g_str_equal(name, "virtiofsd") ? find_virtiofsd(&is_c)
					      : g_find_program_in_path(name);
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
	call = call_new(profile, COMPANION_VIRTIOFSD, &share->section, file);
	call->argv = virtiofsd_argv(program, is_c, share->path, "--fd=3");
	if (call->socket) {
		g_autofree char *socket = g_strconcat("--socket-path=", call->socket, NULL);

		call->script_argv = virtiofsd_argv(program, is_c, share->path, socket);
	}
	return call;
}

/* ---- passt ---- */

/* Of tcp:127.0.0.1:2222-:22 adds -t 127.0.0.1/2222:22. */
static void add_forward(GStrvBuilder *builder, const char *hostfwd)
{
	g_auto(GStrv)
		parts = g_strsplit_set(hostfwd, ":-", -1); /* protocol, host, port, guest, port */
	g_autofree char *spec = g_strdup_printf(
		"%s%s%s:%s", parts[1], *parts[1] ? "/" : "", parts[2], parts[4]);

	g_strv_builder_add_many(builder, g_str_equal(parts[0], "udp") ? "-u" : "-t", spec, NULL);
}

/*
 * Its own MTU, 65520, is what only virtio has room for. A script's passt has to write into the run
 * directory, where nobody, which it becomes when it is root, may not.
 */
static GStrv passt_argv(const char *program, const ProfileNic *nic, const char *socket)
{
	g_autoptr(GStrvBuilder) builder = g_strv_builder_new();

	g_strv_builder_add_many(builder, program, "--quiet", NULL);
	if (socket)
		g_strv_builder_add_many(
			builder, "--foreground", "--one-off", "--socket", socket, NULL);
	else
		g_strv_builder_add_many(builder, "--fd", "3", NULL);
	if (socket && getuid() == 0)
		g_strv_builder_add_many(builder, "--runas", "0", NULL);
	if (!g_str_has_prefix(nic->model, "virtio-net"))
		g_strv_builder_add_many(builder, "--mtu", "1500", NULL);
	for (guint i = 0; nic->hostfwd && nic->hostfwd[i]; i++)
		add_forward(builder, nic->hostfwd[i]);
	return g_strv_builder_end(builder);
}

static CompanionCall *call_passt(Profile *profile, const ProfileNic *nic, GError **error)
{
	g_autofree char *program = g_find_program_in_path("passt");
	g_autofree char *file = g_strdup_printf("passt-%s.sock", nic->section.id);
	CompanionCall *call;

	if (!program) {
		raise_missing(profile, &nic->section, "type",
			"passt is not in $PATH; install it, or take type = user", error);
		return NULL;
	}
	call = call_new(profile, COMPANION_PASST, &nic->section, file);
	call->argv = passt_argv(program, nic, NULL);
	if (call->socket)
		call->script_argv = passt_argv(program, nic, call->socket);
	return call;
}

/* ---- all ---- */

/* Takes @call; FALSE when it is NULL. */
static gboolean add_call(GPtrArray *calls, CompanionCall *call)
{
	if (call)
		g_ptr_array_add(calls, call);
	return call != NULL;
}

GPtrArray *companions_list(Profile *profile, GError **error)
{
	g_autoptr(GPtrArray) calls = g_ptr_array_new_with_free_func(call_free);

	if (g_str_equal(profile->tpm->type, "emulator") &&
		!add_call(calls, call_swtpm(profile, error)))
		return NULL;
	for (guint i = 0; i < profile->shares->len; i++) {
		const ProfileShare *share = profile->shares->pdata[i];

		if (g_str_equal(share->type, "virtiofs") &&
			!add_call(calls, call_virtiofsd(profile, share, error)))
			return NULL;
	}
	for (guint i = 0; i < profile->nics->len; i++) {
		const ProfileNic *nic = profile->nics->pdata[i];

		if (g_str_equal(nic->type, "passt") &&
			!add_call(calls, call_passt(profile, nic, error)))
			return NULL;
	}
	return g_steal_pointer(&calls);
}

/* What passt says so means this. */
static const char *hint_for(const char *message)
{
	return g_str_has_suffix(message, "External interface not usable")
		       ? "; it needs a default route"
		       : "";
}

int companions_start(const CompanionCall *call, const Profile *profile, GError **error)
{
	static const CompanionManner manners[] = {
		[COMPANION_SWTPM] = COMPANION_HEARS,
		[COMPANION_VIRTIOFSD] = COMPANION_LISTENS,
		[COMPANION_PASST] = COMPANION_DETACHES,
	};
	g_autofree char *place = profile_place(profile, call->section, "type");
	Companion companion = {
		.argv = call->argv,
		.directory = call->directory,
		.manner = manners[call->kind],
		.needs_root = call->kind == COMPANION_VIRTIOFSD,
	};
	g_autoptr(GError) why = NULL;
	int fd = companion_start(&companion, &why);

	if (why)
		g_set_error(error, why->domain, why->code, "%s: %s%s", place, why->message,
			hint_for(why->message));
	return fd;
}
