/* SPDX-License-Identifier: MIT */
/*
 * policy-file: the policy as it is on the disk, if only root can have written it there.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "platform/linux/fault.h"

/*
 * The whole of POLICY_FILE with a NUL behind it, in static storage; NULL if there is none.
 * EX_CONFIG if it, or a directory on the way to it, is not root's alone, or if it cannot be read.
 */
bool policy_file_read(char **ret_text, size_t *ret_size, Fault *fault);
