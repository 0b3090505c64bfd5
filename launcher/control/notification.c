/* SPDX-License-Identifier: MIT */
#include "launcher/control/notification.h"

#include <fcntl.h>
#include <gio/gio.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "launcher/notify.h"

#define NAME "org.freedesktop.Notifications"
#define PATH "/org/freedesktop/Notifications"
#define CRITICAL 2 /* stays until it is closed: its commands can be read in peace */

/* Nothing blocks or ignores it, whatever was inherited. */
static void limit_time(void)
{
	sigset_t alarm_only;

	sigemptyset(&alarm_only);
	sigaddset(&alarm_only, SIGALRM);
	signal(SIGALRM, SIG_DFL);
	sigprocmask(SIG_UNBLOCK, &alarm_only, NULL);
	alarm(NOTIFY_LIMIT);
}

/* Who was root, or has left it, may have lost the variables but not the bus. */
static char *find_bus(void)
{
	const char *given = g_getenv("DBUS_SESSION_BUS_ADDRESS");
	const char *runtime = g_getenv("XDG_RUNTIME_DIR");
	g_autofree char *socket = NULL;
	g_autofree char *escaped = NULL;

	if (given && *given)
		return g_strdup(given);
	socket = runtime && *runtime ? g_build_filename(runtime, "bus", NULL)
				     : g_strdup_printf("/run/user/%u/bus", (guint)getuid());
	escaped = g_dbus_address_escape_value(socket);
	return g_strconcat("unix:path=", escaped, NULL);
}

static gboolean write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	gboolean done = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return done;
}

/* Of @path, a map with one line, the same map the other way round. Owned by the caller. */
static char *turn_map(const char *path)
{
	g_autofree char *text = NULL;
	guint inner, outer;

	if (!g_file_get_contents(path, &text, NULL, NULL) ||
		sscanf(text, "%u %u", &inner, &outer) != 2)
		return NULL;
	return g_strdup_printf("%u %u 1", outer, inner);
}

/*
 * Who says to the bus that they are root, and is not for the kernel, is not let in. In one more
 * namespace we have the number again that we have outside.
 */
static void become_outer_user(void)
{
	g_autofree char *uid = turn_map("/proc/self/uid_map");
	g_autofree char *gid = turn_map("/proc/self/gid_map");

	if (uid && gid && unshare(CLONE_NEWUSER) == 0 &&
		write_file("/proc/self/setgroups", "deny") && write_file("/proc/self/uid_map", uid))
		write_file("/proc/self/gid_map", gid);
}

static GDBusConnection *connect_to_bus(void)
{
	g_autofree char *address = find_bus();

	return g_dbus_connection_new_for_address_sync(address,
		G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
			G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
		NULL, NULL, NULL);
}

static GVariant *call(GDBusConnection *bus, const char *method, GVariant *arguments)
{
	return g_dbus_connection_call_sync(bus, NAME, PATH, NAME, method, arguments, NULL,
		G_DBUS_CALL_FLAGS_NONE, -1, NULL, NULL);
}

static gboolean knows_markup(GDBusConnection *bus)
{
	g_autoptr(GVariant) answer = call(bus, "GetCapabilities", NULL);
	g_autofree const char **words = NULL;

	if (!answer || !g_variant_is_of_type(answer, G_VARIANT_TYPE("(as)")))
		return FALSE;
	g_variant_get(answer, "(^a&s)", &words);
	return g_strv_contains(words, "body-markup");
}

/* The entry of the menu that was clicked, if GLib's desktops tell it. Owned by the caller. */
static char *find_entry(void)
{
	const char *file = g_getenv("GIO_LAUNCHED_DESKTOP_FILE");
	g_autofree char *base = g_path_get_basename(file ? file : "");

	if (!g_str_has_prefix(base, "qemu-tapwrap") || !g_str_has_suffix(base, ".desktop"))
		return g_strdup("qemu-tapwrap");
	return g_strndup(base, strlen(base) - strlen(".desktop"));
}

static GVariant *hints(void)
{
	g_autofree char *entry = find_entry();
	g_autofree char *valid = g_utf8_make_valid(entry, -1);
	GVariantBuilder builder;

	g_variant_builder_init(&builder, G_VARIANT_TYPE("a{sv}"));
	g_variant_builder_add(&builder, "{sv}", "urgency", g_variant_new_byte(CRITICAL));
	g_variant_builder_add(&builder, "{sv}", "desktop-entry", g_variant_new_string(valid));
	return g_variant_builder_end(&builder);
}

int notification_show(const char *summary, const char *body, gboolean rootless)
{
	g_autofree char *title = g_utf8_make_valid(summary, -1);
	g_autofree char *plain = g_utf8_make_valid(body, -1);
	g_autoptr(GDBusConnection) bus = NULL;
	g_autofree char *text = NULL;
	g_autoptr(GVariant) answer = NULL;

	limit_time();
	if (rootless)
		become_outer_user();
	bus = connect_to_bus();
	if (!bus)
		return EXIT_FAILURE;
	text = knows_markup(bus) ? g_markup_escape_text(plain, -1) : g_strdup(plain);
	answer = call(bus, "Notify",
		g_variant_new("(susss@as@a{sv}i)", "qemu-tapwrap", 0, "dialog-error", title, text,
			g_variant_new_strv(NULL, 0), hints(), -1));
	return answer ? EXIT_SUCCESS : EXIT_FAILURE;
}
