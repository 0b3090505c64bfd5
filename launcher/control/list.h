/* SPDX-License-Identifier: MIT */
/*
 * list: what --list and --status show: the VMs that run, and the profiles of those that do not.
 */
#pragma once

#include "launcher/options.h"

/*
 * Prints a table, or JSON when the options say so, to standard output. Returns the exit status:
 * EX_UNAVAILABLE if --status is asked of a VM that does not run.
 */
int list_run(const Options *options);
int list_status_run(const Options *options);
