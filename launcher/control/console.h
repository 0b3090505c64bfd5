/* SPDX-License-Identifier: MIT */
/*
 * console: --console: the serial console of a VM on this terminal.
 */
#pragma once

#include "launcher/options.h"

/* Returns the exit status. */
int console_run(const Options *options);
