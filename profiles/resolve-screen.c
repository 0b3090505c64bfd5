/* SPDX-License-Identifier: MIT */
#include "profiles/resolve-parts.h"

#include <string.h>

#include "profiles/sections.h"

#define FIRST_VNC_PORT 5900

static gboolean is_set(const char *variable)
{
	const char *value = g_getenv(variable);

	return value && *value;
}

static gboolean is_spice(const ProfileDisplay *display)
{
	return resolve_is_one_of(display->type, "spice spice-app");
}

/* Somebody looks at it, and has a keyboard and a pointer. */
static gboolean is_screen(const ProfileDisplay *display)
{
	return resolve_is_one_of(display->type, "gtk sdl spice-app vnc spice dbus");
}

/* ---- display ---- */

static void complete_listen(Profile *profile, ProfileDisplay *display)
{
	g_autofree char *file = NULL;

	if (!resolve_is_one_of(display->type, "vnc spice")) {
		resolve_refuse(profile, &display->section, "listen",
			"only the types vnc and spice have it");
		return;
	}
	file = g_strconcat(display->type, ".sock", NULL);
	if (resolve_is_open(display, listen, "listen"))
		display->listen = resolve_run_path(profile, &display->section, file);
	resolve_check_socket(profile, &display->section, "listen", display->listen);
	if (!display->listen || *display->listen == '/')
		return;
	if (g_str_equal(display->type, "vnc") &&
		atoi(strrchr(display->listen, ':') + 1) < FIRST_VNC_PORT)
		complain(profile, display, "listen", "a port of VNC is %d or higher",
			FIRST_VNC_PORT);
	if (g_str_equal(display->type, "spice") && display->gl)
		complain(
			profile, display, "listen", "spice with gl needs a socket, not an address");
}

/* A profile for the desktop also starts where there is none: without what only a screen can do. */
static void forget_screen(Profile *profile)
{
	profile->display->gl = profile->display->full_screen = FALSE;
	g_clear_pointer(&profile->display->options, g_free);
	profile->guest->clipboard = FALSE;
}

/* Without a screen the guest's serial port is what the user looks at, as with qemu -nographic. */
static void complete_display(Profile *profile, ProfileDisplay *display)
{
	gboolean desktop = is_set("WAYLAND_DISPLAY") || is_set("DISPLAY");

	if (resolve_is_open(display, type, "type")) {
		display->type = g_strdup(desktop ? "gtk" : "none");
		if (!desktop)
			forget_screen(profile);
	}
	if (!display->type)
		return;
	complete_listen(profile, display);
	if (display->gl && resolve_is_one_of(display->type, "vnc curses none"))
		complain(profile, display, "gl",
			"only the types gtk, sdl, spice, spice-app, egl-headless and dbus have it");
	if (display->full_screen && !resolve_is_one_of(display->type, "gtk sdl"))
		complain(profile, display, "full-screen", "only the types gtk and sdl have it");
	if (display->options && g_str_equal(display->type, "none"))
		complain(profile, display, "options", "type = none has no options");
	if (g_str_equal(display->type, "none") && profile->serials->len == 0)
		sections_add_default(profile, "serial");
}

/* ---- what goes with it ---- */

/* A PC always has a graphics card, seen or not: firmware and Windows look for one. */
static void complete_video(Profile *profile, ProfileVideo *video)
{
	const ProfileDisplay *display = profile->display;
	gboolean blind = g_strcmp0(display->type, "none") == 0;

	if (resolve_is_open(video, model, "model"))
		video->model = g_strdup(display->gl		  ? "virtio"
					: profile_is_x86(profile) ? "std"
					: blind			  ? "none"
								  : "virtio");
	if (display->gl && video->model && !g_str_equal(video->model, "virtio"))
		complain(profile, video, "model", "[display] gl = on needs virtio");
	if (video->resolution && video->model &&
		!resolve_is_one_of(video->model, "std virtio qxl bochs"))
		complain(profile, video, "resolution",
			"only the models std, virtio, qxl and bochs have it");
	if (video->heads && video->model && !resolve_is_one_of(video->model, "virtio qxl"))
		complain(profile, video, "heads", "only the models virtio and qxl have several");
}

static void check_sound_card(Profile *profile, const ProfileAudio *audio)
{
	if (g_strcmp0(audio->type, "none") == 0)
		return;
	if (g_strcmp0(audio->model, "sb16") == 0 && !profile_is_x86(profile))
		complain(profile, audio, "model", "only x86_64 and i386 have an ISA bus for it");
	if (g_strcmp0(audio->model, "usb") == 0 &&
		g_strcmp0(profile->usb->controller, "usb-ehci") == 0)
		complain(profile, audio, "model",
			"usb runs at full speed, which usb-ehci cannot; take another [usb] "
			"controller");
}

static void complete_audio(Profile *profile, ProfileAudio *audio)
{
	const ProfileDisplay *display = profile->display;

	if (g_strcmp0(audio->type, "spice") == 0 && display->type && !is_spice(display))
		complain(profile, audio, "type", "only the displays spice and spice-app play it");
	if (g_strcmp0(audio->type, "dbus") == 0 && display->type &&
		!g_str_equal(display->type, "dbus"))
		complain(profile, audio, "type", "only the display dbus plays it");
	if (resolve_is_open(audio, type, "type"))
		audio->type = g_strdup(!audio->section.source || !is_screen(display) ? "none"
				       : is_spice(display)			     ? "spice"
				       : g_strcmp0(display->type, "dbus") == 0	     ? "dbus"
										     : "pa");
	check_sound_card(profile, audio);
}

static void complete_usb(Profile *profile, ProfileUsb *usb)
{
	gboolean has_usb = g_strcmp0(profile->vm->arch, "s390x") != 0;
	gboolean screen = is_screen(profile->display);

	if (!resolve_is_given(usb, "tablet"))
		usb->tablet = has_usb && screen;
	if (!resolve_is_given(usb, "keyboard"))
		usb->keyboard = has_usb && screen && !profile_is_x86(profile);
	if (g_strcmp0(usb->redirect, "0") != 0 && profile->display->type &&
		!is_spice(profile->display))
		resolve_refuse(profile, &usb->section, "redirect",
			"only the displays spice and spice-app have it");
}

void resolve_screen(Profile *profile)
{
	complete_display(profile, profile->display);
	complete_video(profile, profile->video);
	complete_audio(profile, profile->audio);
	complete_usb(profile, profile->usb);
	if (profile->guest->clipboard && profile->display->type &&
		!resolve_is_one_of(profile->display->type, "gtk vnc dbus spice spice-app"))
		complain(profile, profile->guest, "clipboard",
			"only the displays gtk, vnc, dbus, spice and spice-app have one");
}
