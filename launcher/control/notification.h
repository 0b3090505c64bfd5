/* SPDX-License-Identifier: MIT */
/*
 * notification: a few lines on the desktop, by org.freedesktop.Notifications on the session bus.
 */
#pragma once

#include <glib.h>

/*
 * Ends this process by SIGALRM after NOTIFY_LIMIT seconds, whatever the bus does. Returns an exit
 * status that nobody reads. @rootless: in the user namespace of --rootless.
 */
int notification_show(const char *summary, const char *body, gboolean rootless);
