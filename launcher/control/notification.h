/* SPDX-License-Identifier: MIT */
/*
 * notification: a few lines on the desktop, by org.freedesktop.Notifications on the session bus.
 */
#pragma once

/*
 * Ends this process by SIGALRM after NOTIFY_LIMIT seconds, whatever the bus does. Returns an exit
 * status that nobody reads.
 */
int notification_show(const char *summary, const char *body);
