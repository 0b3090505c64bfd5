/* SPDX-License-Identifier: MIT */
/*
 * rootless: taps without any privilege, in a network of the VM's own. Provided by
 * platform/<os>/rootless.c.
 */
#pragma once

#include <glib.h>

#include "platform/net.h"

/*
 * Moves this process into user and network namespaces of its own, loopback up: root in there, and
 * to everybody outside the user it was. Taps are made as root makes them, and only what runs in
 * there reaches them. NET_ERROR, EX_UNAVAILABLE where the system does not let users do so.
 */
gboolean rootless_enter(GError **error);
