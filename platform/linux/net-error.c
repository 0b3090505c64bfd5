/* SPDX-License-Identifier: MIT */
#include "platform/linux/net-error.h"

#include <errno.h>

G_DEFINE_QUARK(qemu_tapwrap_net, net_error)

gboolean net_error_from_fault(const Fault *fault, GError **error)
{
	g_set_error_literal(error, NET_ERROR, fault->status, fault->text);
	return FALSE;
}

gboolean net_error_from_errno(int status, const char *what, GError **error)
{
	g_set_error(error, NET_ERROR, status, "%s: %s", what, g_strerror(errno));
	return FALSE;
}
