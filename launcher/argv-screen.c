/* SPDX-License-Identifier: MIT */
#include "launcher/argv-parts.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_VNC_PORT 5900

/* ---- display ---- */

/* A display of VNC is a port above 5900. */
static void add_vnc(Builder *builder, const ProfileDisplay *display, const char *more)
{
	const char *port;
	g_autofree char *path = argv_double_commas(display->listen);
	g_autofree char *host = NULL;

	argv_add_option(builder, "-display", "none");
	if (*display->listen == '/') {
		argv_add_option(builder, "-vnc", "unix:%s%s", path, more);
		return;
	}
	host = argv_split_endpoint(display->listen, &port);
	argv_add_option(builder, "-vnc", "%.*s:%d%s", (int)(port - 1 - display->listen),
		display->listen, atoi(port) - FIRST_VNC_PORT, more);
}

/* Without a password: who may open the socket, or is on this host, may look. */
static void add_spice(Builder *builder, const ProfileDisplay *display, const char *more)
{
	const char *port;
	g_autofree char *path = argv_double_commas(display->listen);
	g_autofree char *host = NULL;
	const char *gl = display->gl ? ",gl=on" : "";

	argv_add_option(builder, "-display", "none");
	if (*display->listen == '/') {
		argv_add_option(builder, "-spice", "unix=on,addr=%s,disable-ticketing=on%s%s", path,
			gl, more);
		return;
	}
	host = argv_split_endpoint(display->listen, &port);
	argv_add_option(
		builder, "-spice", "addr=%s,port=%s,disable-ticketing=on%s", host, port, more);
}

static void add_display(Builder *builder, const ProfileDisplay *display)
{
	gboolean dbus_audio = g_str_equal(display->type, "dbus") &&
			      g_str_equal(builder->profile->audio->type, "dbus");
	g_autofree char *more = g_strconcat(dbus_audio ? ",audiodev=audio" : "",
		display->options ? "," : "", display->options, NULL);

	if (g_str_equal(display->type, "vnc"))
		add_vnc(builder, display, more);
	else if (g_str_equal(display->type, "spice"))
		add_spice(builder, display, more);
	else
		argv_add_option(builder, "-display", "%s%s%s%s", display->type,
			display->gl ? ",gl=on" : "", display->full_screen ? ",full-screen=on" : "",
			more);
}

/* ---- video, audio ---- */

static const char *video_device(const Profile *profile)
{
	gboolean x86 = profile_is_x86(profile), gl = profile->display->gl;
	const struct {
		const char *model, *device;
	} models[] = {
		{ "std", "VGA" },
		{ "virtio", x86 ? (gl ? "virtio-vga-gl" : "virtio-vga")
				: (gl ? "virtio-gpu-gl" : "virtio-gpu") },
		{ "qxl", x86 ? "qxl-vga" : "qxl" },
		{ "cirrus", "cirrus-vga" },
		{ "vmware", "vmware-svga" },
		{ "bochs", "bochs-display" },
		{ "ramfb", "ramfb" },
	};

	for (guint i = 0; i < G_N_ELEMENTS(models); i++)
		if (g_str_equal(profile->video->model, models[i].model))
			return models[i].device;
	return NULL;
}

static void add_video(Builder *builder, const ProfileVideo *video)
{
	const char *device = video_device(builder->profile);
	const char *x = video->resolution ? strchr(video->resolution, 'x') : NULL;
	g_autofree char *heads = argv_property("max_outputs", video->heads);
	g_autofree char *size = x ? g_strdup_printf(",xres=%.*s,yres=%s",
					    (int)(x - video->resolution), video->resolution, x + 1)
				  : g_strdup("");

	if (device)
		argv_add_option(builder, "-device", "%s,id=video%s%s", device, size, heads);
}

static void add_audio(Builder *builder, const ProfileAudio *audio)
{
	if (g_str_equal(audio->type, "none"))
		return;
	argv_add_option(builder, "-audiodev", "%s,id=audio", audio->type);
	if (g_str_equal(audio->model, "hda")) {
		argv_add_option(builder, "-device", "ich9-intel-hda,id=hda");
		argv_add_option(
			builder, "-device", "hda-duplex,bus=hda.0,audiodev=audio,id=audio-device");
	} else if (g_str_equal(audio->model, "usb")) {
		argv_need_usb(builder);
		argv_add_option(
			builder, "-device", "usb-audio,bus=usb.0,audiodev=audio,id=audio-device");
	} else {
		argv_add_option(builder, "-device", "%s,audiodev=audio,id=audio-device",
			g_str_equal(audio->model, "sb16")     ? "sb16"
			: g_str_equal(audio->model, "es1370") ? "ES1370"
							      : "AC97");
	}
}

/* ---- usb ---- */

static void add_usb_device(Builder *builder, const char *device)
{
	argv_need_usb(builder);
	argv_add_option(builder, "-device", "%s,bus=usb.0", device);
}

static void add_usb(Builder *builder, const ProfileUsb *usb)
{
	if (usb->tablet)
		add_usb_device(builder, "usb-tablet");
	if (usb->keyboard)
		add_usb_device(builder, "usb-kbd");
	for (guint i = 0; usb->host && usb->host[i]; i++) {
		g_autofree char *device = g_strconcat("usb-host,", usb->host[i], NULL);

		add_usb_device(builder, device);
	}
	for (int i = 0; i < atoi(usb->redirect); i++) {
		g_autofree char *device = g_strdup_printf("usb-redir,chardev=usb-redirect-%d", i);

		argv_add_option(
			builder, "-chardev", "spicevmc,id=usb-redirect-%d,name=usbredir", i);
		add_usb_device(builder, device);
	}
}

void argv_add_screen(Builder *builder)
{
	const Profile *profile = builder->profile;

	add_display(builder, profile->display);
	add_video(builder, profile->video);
	add_audio(builder, profile->audio);
	add_usb(builder, profile->usb);
}
