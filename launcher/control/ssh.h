/* SPDX-License-Identifier: MIT */
/*
 * ssh: --ssh: a login, or a command, in the guest.
 */
#pragma once

#include "launcher/options.h"

/* Returns the exit status. */
int ssh_run(const Options *options);
