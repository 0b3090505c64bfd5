/* SPDX-License-Identifier: MIT */
#include "launcher/argv-parts.h"

static void add_tap(Builder *builder, const char *id, const Backend *backend)
{
	if (backend->fd >= 0)
		argv_add_option(builder, "-netdev", "tap,id=nic-%s,fd=%d", id, backend->fd);
	else /* both scripts: Debian's /etc/qemu-ifup would put the tap into a bridge */
		argv_add_option(builder, "-netdev",
			"tap,id=nic-%s,ifname=%s,script=no,downscript=no", id, backend->name);
}

static void add_user_network(Builder *builder, const ProfileNic *nic)
{
	g_autoptr(GString) text = g_string_new(NULL);

	for (guint i = 0; nic->hostfwd && nic->hostfwd[i]; i++)
		g_string_append_printf(text, ",hostfwd=%s", nic->hostfwd[i]);
	argv_add_option(builder, "-netdev", "user,id=nic-%s%s", nic->section.id, text->str);
}

void argv_add_network(Builder *builder)
{
	const GPtrArray *nics = builder->profile->nics;
	const Backend *taps = builder->backends->taps;

	for (guint i = 0; i < nics->len; i++) {
		const ProfileNic *nic = nics->pdata[i];
		const char *id = nic->section.id;

		if (g_str_equal(nic->type, "none"))
			continue;
		if (g_str_equal(nic->type, "tap") || g_str_equal(nic->type, "bridge"))
			add_tap(builder, id, taps++);
		else
			add_user_network(builder, nic);
		if (g_str_has_prefix(nic->model, "usb-"))
			argv_need_usb(builder);
		argv_add_option(builder, "-device", "%s,netdev=nic-%s,id=nic-%s-device,mac=%s",
			nic->model, id, id, nic->mac);
	}
}
