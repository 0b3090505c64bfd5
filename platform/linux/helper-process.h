/* SPDX-License-Identifier: MIT */
/*
 * helper-process: qemu-tapwrap-helper as a child of the launcher: its start, one question, its end.
 */
#pragma once

#include "platform/linux/request.h"
#include "platform/net.h"

/*
 * net_helper_start, but by pkexec, which asks for a password: the helper then runs as root, and the
 * policy applies as ever. Never waits for that here; helper_process_ask does.
 */
NetHelper *helper_process_start_by_pkexec(GError **error);

/*
 * Consumes @helper. TRUE with the reply, which may be a refusal; when it is not, @ret_fds
 * (REPLY_FDS) has the close-on-exec descriptors that a Reply comes with. EX_OSERR if the
 * helper died or sent something else, EX_TEMPFAIL if it did not answer in time, EX_NOPERM if
 * pkexec did not start it.
 */
gboolean helper_process_ask(
	NetHelper *helper, const Request *request, int *ret_fds, Reply *reply, GError **error);
