/* SPDX-License-Identifier: MIT */
/*
 * helper-process: qemu-tapwrap-helper as a child of the launcher: its start, one question, its end.
 */
#pragma once

#include "platform/linux/request.h"
#include "platform/net.h"

/*
 * Consumes @helper. TRUE with the reply, which may be a refusal; @ret_fds has one close-on-exec
 * descriptor for each tap of a REQUEST_MAKE when it is not. EX_OSERR if the helper died or sent
 * something else, EX_TEMPFAIL if it did not answer in time.
 */
gboolean helper_process_ask(
	NetHelper *helper, const Request *request, int *ret_fds, Reply *reply, GError **error);
