/* SPDX-License-Identifier: MIT */
/*
 * invoker: under sudo or pkexec, who started us. Provided by platform/<os>/invoker.c.
 */
#pragma once

#include <glib.h>

#include "platform/net.h"

/*
 * Does nothing unless we are root on behalf of somebody else, as sudo and pkexec tell it. Then
 * starts the helper, which alone stays root (*ret_helper, owned by the caller; none when NULL), and
 * becomes that user for good: groups, group and user, real and saved; HOME, USER and LOGNAME too.
 * To be called before anything of the user's is read. NET_ERROR if it cannot be done wholly.
 */
gboolean invoker_leave_root(NetHelper **ret_helper, GError **error);
