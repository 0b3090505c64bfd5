/* SPDX-License-Identifier: MIT */
/*
 * notify: a start from a menu or by a double click has no terminal on which its error is read;
 * then the desktop shows it. When, is decided here; qemu-tapwrap-control does it.
 */
#pragma once

#include <glib.h>

/*
 * Shows @text, the lines that are on standard error, to who sits at the desktop, if nobody else
 * sees them: there is neither a terminal nor a pipe for them, and neither cron, ssh nor systemd
 * started us. QEMU_TAPWRAP_NOTIFY=on or off decides it otherwise. @profile, as typed, may be NULL.
 * @rootless: we are in a user namespace of our own. Waits for NOTIFY_LIMIT seconds at most, and
 * never fails.
 */
void notify_failure(const char *profile, gboolean rootless, const char *text);

#define NOTIFY_LIMIT 2

/* The first argument of qemu-tapwrap-control; the summary and the body follow. */
#define NOTIFY_OPTION "--notify"
#define NOTIFY_ROOTLESS_OPTION "--notify-rootless"
