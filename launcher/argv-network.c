/* SPDX-License-Identifier: MIT */
#include "launcher/argv-parts.h"
#include "launcher/links.h"

#include <stdlib.h>

/* ",fd=10", or ",fds=10:11" when there are several; nothing when @fds is NULL. */
static void append_fds(GString *text, const char *name, const int *fds, guint n_fds)
{
	for (guint i = 0; fds && i < n_fds; i++)
		if (i == 0)
			g_string_append_printf(
				text, ",%s%s=%d", name, n_fds > 1 ? "s" : "", fds[i]);
		else
			g_string_append_printf(text, ":%d", fds[i]);
}

static void add_tap(Builder *builder, const ProfileNic *nic, const Backend *backend)
{
	g_autoptr(GString) text = g_string_new(NULL);
	guint n_queues = atoi(nic->queues);

	if (backend->fds) {
		append_fds(text, "fd", backend->fds, n_queues);
	} else { /* both scripts: Debian's /etc/qemu-ifup would put the tap into a bridge */
		g_string_append_printf(text, ",ifname=%s,script=no,downscript=no", backend->name);
		if (n_queues > 1)
			g_string_append_printf(text, ",queues=%u", n_queues);
	}
	if (nic->vhost)
		g_string_append(text, ",vhost=on");
	append_fds(text, "vhostfd", backend->vhosts, n_queues);
	argv_add_option(builder, "-netdev", "tap,id=nic-%s%s", nic->section.id, text->str);
}

/* For the guest to use them all: a vector for each queue's way in and out, and two of the card's.
 */
static char *queue_properties(const ProfileNic *nic)
{
	guint n_queues = nic->queues ? atoi(nic->queues) : 1;

	if (n_queues == 1)
		return g_strdup("");
	if (!g_str_has_prefix(nic->model, "virtio-net-pci")) /* others have none to count */
		return g_strdup(",mq=on");
	return g_strdup_printf(",mq=on,vectors=%u", 2 * n_queues + 2);
}

static void add_user_network(Builder *builder, const ProfileNic *nic)
{
	g_autoptr(GString) text = g_string_new(NULL);

	for (guint i = 0; nic->hostfwd && nic->hostfwd[i]; i++)
		g_string_append_printf(text, ",hostfwd=%s", nic->hostfwd[i]);
	argv_add_option(builder, "-netdev", "user,id=nic-%s%s", nic->section.id, text->str);
}

/* ",local.type=inet,local.host=127.0.0.1,local.port=5000", or with a path; nothing for NULL. */
static void append_endpoint(GString *text, const char *name, const char *endpoint)
{
	const char *port;
	g_autofree char *path = endpoint ? argv_double_commas(endpoint) : NULL;
	g_autofree char *host = NULL;

	if (!endpoint)
		return;
	if (*endpoint == '/') {
		g_string_append_printf(text, ",%s.type=unix,%s.path=%s", name, name, path);
		return;
	}
	host = argv_split_endpoint(endpoint, &port);
	g_string_append_printf(
		text, ",%s.type=inet,%s.host=%s,%s.port=%s", name, name, host, name, port);
}

/* It speaks what -netdev socket does, which older QEMUs know, too. */
static void add_passt(Builder *builder, const char *id, const Backend *backend)
{
	g_autoptr(GString) text = g_string_new(NULL);

	if (backend->fd >= 0) {
		argv_add_option(builder, "-netdev", "socket,id=nic-%s,fd=%d", id, backend->fd);
		return;
	}
	append_endpoint(text, "addr", backend->name);
	argv_add_option(builder, "-netdev", "stream,id=nic-%s,server=off%s", id, text->str);
}

/* A wire to another VM. */
static void add_wire(Builder *builder, const ProfileNic *nic)
{
	const char *end = nic->listen ? nic->listen : nic->connect;
	g_autoptr(GString) text = g_string_new(nic->type);

	g_string_append_printf(text, ",id=nic-%s", nic->section.id);
	if (g_str_equal(nic->type, "socket")) {
		g_string_append_printf(text, ",%s=%s", nic->listen ? "listen" : "connect", end);
	} else if (g_str_equal(nic->type, "stream")) {
		g_string_append_printf(text, ",server=%s", nic->listen ? "on" : "off");
		append_endpoint(text, "addr", end);
	} else {
		append_endpoint(text, "local", nic->listen);
		append_endpoint(text, "remote", nic->connect);
	}
	argv_add_option(builder, "-netdev", "%s", text->str);
}

static void add_device(Builder *builder, const ProfileNic *nic)
{
	const char *id = nic->section.id;
	g_autofree char *bootindex = argv_property("bootindex", nic->bootindex);
	g_autofree char *romfile = argv_property("romfile", nic->romfile);
	g_autofree char *queues = queue_properties(nic);

	if (g_str_has_prefix(nic->model, "usb-"))
		argv_need_usb(builder);
	argv_add_option(builder, "-device", "%s,netdev=nic-%s,id=nic-%s-device,mac=%s%s%s%s%s%s",
		nic->model, id, id, nic->mac, queues, bootindex, romfile, nic->options ? "," : "",
		nic->options ? nic->options : "");
}

/* The monitor that takes cables out, before the guest runs: see links.h. */
static void add_links(Builder *builder)
{
	const Backend *backend = &builder->backends->links;
	g_autofree char *path = backend->fd < 0 ? argv_double_commas(backend->name) : NULL;

	if (backend->fd >= 0)
		argv_add_socket(builder, "links", backend);
	else
		argv_add_option(builder, "-chardev", "pipe,id=links,path=%s", path);
	argv_add_option(builder, "-mon", "chardev=links,mode=readline");
	if (!builder->profile->monitor->paused)
		argv_add(builder, "-S");
}

void argv_add_network(Builder *builder)
{
	const GPtrArray *nics = builder->profile->nics;
	const Backend *taps = builder->backends->taps, *passts = builder->backends->passts;

	for (guint i = 0; i < nics->len; i++) {
		const ProfileNic *nic = nics->pdata[i];
		const char *id = nic->section.id;

		if (g_str_equal(nic->type, "none"))
			continue;
		if (g_str_equal(nic->type, "tap") || g_str_equal(nic->type, "bridge") ||
			g_str_equal(nic->type, "macvtap"))
			add_tap(builder, nic, taps++);
		else if (g_str_equal(nic->type, "passt"))
			add_passt(builder, id, passts++);
		else if (g_str_equal(nic->type, "user"))
			add_user_network(builder, nic);
		else
			add_wire(builder, nic);
		add_device(builder, nic);
	}
	if (links_are_cut(builder->profile))
		add_links(builder);
}
