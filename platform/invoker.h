/* SPDX-License-Identifier: MIT */
/*
 * invoker: under sudo, doas, run0 or pkexec, who started us. Provided by platform/<os>/invoker.c.
 */
#pragma once

#include <glib.h>

#include "platform/net.h"

/*
 * Does nothing unless we are root on behalf of somebody else, as those programs tell it. Then
 * starts the helper, which alone stays root (*ret_helper, owned by the caller; none when NULL), and
 * becomes that user for good: groups, group and user, real and saved, without any capability; HOME,
 * USER and LOGNAME too, and no XDG directory that belongs to somebody else. To be called before
 * anything of the user's is read. NET_ERROR if it cannot be done wholly; EX_NOPERM if who it is
 * cannot be told, or if we are setuid.
 */
gboolean invoker_leave_root(NetHelper **ret_helper, GError **error);
