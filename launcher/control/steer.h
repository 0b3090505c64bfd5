/* SPDX-License-Identifier: MIT */
/*
 * steer: what is done to a VM that runs: --pause, --resume, --reset, --link, --screenshot.
 */
#pragma once

#include "launcher/options.h"

/* Returns the exit status. */
int steer_run(const Options *options);
