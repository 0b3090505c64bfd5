/* SPDX-License-Identifier: MIT */
/*
 * notify-socket: tells a service manager that asks for it, by $NOTIFY_SOCKET, that a VM is up. The
 * protocol is that of sd_notify(3).
 */
#pragma once

#include <glib.h>

/*
 * Says READY=1 and our PID, which is to be QEMU's, and takes NOTIFY_SOCKET out of the environment.
 * Returns a warning, owned by the caller, if there is one to tell and that failed, else NULL.
 */
char *notify_ready(const char *vm_name);
