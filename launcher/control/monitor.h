/* SPDX-License-Identifier: MIT */
/*
 * monitor: --monitor: QEMU's monitor for people, by way of that for programs.
 */
#pragma once

#include "launcher/options.h"

/* Returns the exit status. */
int monitor_run(const Options *options);
