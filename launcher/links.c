/* SPDX-License-Identifier: MIT */
#include "launcher/links.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

G_DEFINE_QUARK(qemu_tapwrap_links, links_error)

static gboolean is_cut(const ProfileNic *nic)
{
	return !nic->link && !g_str_equal(nic->type, "none");
}

gboolean links_are_cut(const Profile *profile)
{
	for (guint i = 0; i < profile->nics->len; i++)
		if (is_cut(profile->nics->pdata[i]))
			return TRUE;
	return FALSE;
}

static gboolean has_word(const GStrv words, const char *word)
{
	return words && g_strv_contains((const char *const *)words, word);
}

char *links_commands(const Profile *profile, const GStrv extra)
{
	GString *text = g_string_new(NULL);

	for (guint i = 0; i < profile->nics->len; i++) {
		const ProfileNic *nic = profile->nics->pdata[i];

		if (is_cut(nic))
			g_string_append_printf(
				text, "set_link nic-%s-device off\n", nic->section.id);
	}
	if (!profile->monitor->paused && !has_word(profile->qemu->args, "-S") &&
		!has_word(extra, "-S"))
		g_string_append(text, "cont\n");
	return g_string_free(text, FALSE);
}

gboolean links_make(const char *commands, int ret_ends[2], GError **error)
{
	size_t len = strlen(commands);

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ret_ends) < 0) {
		ret_ends[0] = ret_ends[1] = -1;
	} else if (send(ret_ends[1], commands, len, MSG_DONTWAIT) == (ssize_t)len &&
		   shutdown(ret_ends[1], SHUT_WR) == 0) {
		return TRUE;
	}
	g_set_error(error, LINKS_ERROR, EX_OSERR, "a socket for link = off: %s", g_strerror(errno));
	return FALSE;
}
