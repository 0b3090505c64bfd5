/* SPDX-License-Identifier: MIT */
/*
 * net-error: faults and errnos as a GError of NET_ERROR. Each function returns FALSE, so that a
 * caller can return it.
 */
#pragma once

#include "platform/linux/fault.h"
#include "platform/net.h"

gboolean net_error_from_fault(const Fault *fault, GError **error);

/* "what: text of errno" */
gboolean net_error_from_errno(int status, const char *what, GError **error);
