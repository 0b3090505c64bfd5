/* SPDX-License-Identifier: MIT */
/*
 * serve: one request, judged and carried out: all of it, or nothing.
 */
#pragma once

#include <stddef.h>

#include "platform/linux/helper/taps.h"
#include "platform/linux/request.h"

/*
 * Fills @reply. Returns how many descriptors go with it, in the order that a Reply tells of; 0 when
 * it is a refusal or a judgement. @fds has room for REPLY_FDS.
 */
size_t serve(const Request *request, const Caller *caller, Reply *reply, int *fds);

/* For an answer that nobody gets: what serve() has made to stay does not stay either. */
void serve_undo(const Request *request, const int *fds, size_t n_fds);
