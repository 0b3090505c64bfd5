/* SPDX-License-Identifier: MIT */
/*
 * check: everything that can be found out about a start without starting. Nothing is made, and
 * nothing is changed.
 */
#pragma once

#include "launcher/options.h"
#include "platform/net.h"

/*
 * Looks, and prints what it finds to standard output and error; @helper is one that root has
 * started for us, or NULL, and is consumed. Returns the exit status: that of a start, as far as it
 * can be foretold.
 */
int check_run(const Options *options, NetHelper *helper);
