/* SPDX-License-Identifier: MIT */
#include "launcher/provisions.h"

#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "launcher/run-directory.h"

/* NULL without a run directory. */
static char *run_path(Profile *profile, const char *file)
{
	const char *run = places_run(&profile->places, profile->vm->name);

	return run ? g_build_filename(run, file, NULL) : NULL;
}

Provisions *provisions_find(Profile *profile, GError **error)
{
	g_autoptr(Provisions) provisions = g_new0(Provisions, 1);

	provisions->lock = provisions->links.fd = provisions->links_other = -1;
	/* A TPM is one VM's: the lock of the run directory says so before swtpm has to. */
	if (g_str_equal(profile->tpm->type, "emulator"))
		places_run(&profile->places, profile->vm->name);
	/* Who needs it has asked for it by now; companions_list asks for the sake of scripts. */
	provisions->needs_run = profile->places.run != NULL;
	provisions->run = places_find_run(profile->vm->name);
	if (!firmware_find(profile, &provisions->firmware, error))
		return NULL;
	provisions->files = files_missing(profile, provisions->firmware, error);
	if (!provisions->files)
		return NULL;
	if (!cloud_init_find(profile, &provisions->seed, error))
		return NULL;
	provisions->companions = companions_list(profile, error);
	if (!provisions->companions)
		return NULL;
	provisions->backends = g_new0(Backend, provisions->companions->len + 1);
	for (guint i = 0; i < provisions->companions->len; i++) {
		const CompanionCall *call = provisions->companions->pdata[i];

		provisions->backends[i] = (Backend){ .fd = -1, .name = call->socket };
	}
	if (links_are_cut(profile))
		provisions->links.name = provisions->links_pipe = run_path(profile, LINKS_PIPE);
	return g_steal_pointer(&provisions);
}

static void close_if_open(int fd)
{
	if (fd >= 0)
		close(fd);
}

void provisions_free(Provisions *provisions)
{
	if (!provisions)
		return;
	for (guint i = 0; provisions->backends && i < provisions->companions->len; i++)
		close_if_open(provisions->backends[i].fd);
	close_if_open(provisions->links.fd);
	close_if_open(provisions->links_other);
	if (provisions->lock >= 0)
		run_directory_leave(provisions->run, provisions->lock);
	g_free(provisions->control);
	g_free(provisions->run);
	g_free(provisions->links_pipe);
	g_clear_pointer(&provisions->companions, g_ptr_array_unref);
	g_clear_pointer(&provisions->files, g_ptr_array_unref);
	cloud_init_free(provisions->seed);
	firmware_free(provisions->firmware);
	g_free(provisions->backends);
	g_free(provisions);
}

static gboolean make_links(Provisions *provisions, const char *commands, GError **error)
{
	int ends[2];
	gboolean made = links_make(commands, ends, error);

	provisions->links.fd = ends[0];
	provisions->links_other = ends[1];
	return made;
}

/* A path that is too long for a socket: the VM is known, but listens to no verb. */
static char *control_path(const char *run)
{
	g_autofree char *path = g_build_filename(run, RUN_DIRECTORY_CONTROL, NULL);

	return strlen(path) <= PROFILE_SOCKET_MAX ? g_steal_pointer(&path) : NULL;
}

gboolean provisions_enter(
	Provisions *provisions, const Profile *profile, char **ret_warning, GError **error)
{
	g_autoptr(GError) why = NULL;

	*ret_warning = NULL;
	if (!provisions->run)
		return TRUE;
	provisions->lock = run_directory_enter(provisions->run, profile, &why);
	if (provisions->lock >= 0) {
		provisions->control = control_path(provisions->run);
		return TRUE;
	}
	if (provisions->needs_run || why->code == EX_TEMPFAIL) {
		g_propagate_error(error, g_steal_pointer(&why));
		return FALSE;
	}
	*ret_warning = g_strdup_printf("%s; --list and --stop will not know this VM", why->message);
	return TRUE;
}

gboolean provisions_make(
	Provisions *provisions, const Profile *profile, const GStrv qemu_args, GError **error)
{
	g_autofree char *commands = links_are_cut(profile) ? links_commands(profile, qemu_args)
							   : NULL;

	if (!files_make(provisions->files, profile, error))
		return FALSE;
	if (provisions->seed && !cloud_init_make(provisions->seed, profile, error))
		return FALSE;
	for (guint i = 0; i < provisions->companions->len; i++) {
		provisions->backends[i].fd = companions_start(
			provisions->companions->pdata[i], profile, error);
		if (provisions->backends[i].fd < 0)
			return FALSE;
	}
	return !commands || make_links(provisions, commands, error);
}

const Backend *provisions_backends(const Provisions *provisions, CompanionKind kind)
{
	guint i = 0;

	while (i < provisions->companions->len &&
		((const CompanionCall *)provisions->companions->pdata[i])->kind != kind)
		i++;
	return provisions->backends + i; /* one more than there are companions */
}

void provisions_list_fds(const Provisions *provisions, GArray *fds)
{
	const int single[] = { provisions->lock, provisions->links.fd, provisions->links_other };

	for (guint i = 0; i < G_N_ELEMENTS(single); i++)
		if (single[i] >= 0)
			g_array_append_val(fds, single[i]);
	for (guint i = 0; i < provisions->companions->len; i++)
		g_array_append_val(fds, provisions->backends[i].fd);
}
