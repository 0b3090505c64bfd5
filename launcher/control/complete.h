/* SPDX-License-Identifier: MIT */
/*
 * complete: what could come next on a command line. The completions of every shell ask here, so
 * what the tables of options and the schema know is not written once more for each.
 */
#pragma once

#include "launcher/options.h"

/*
 * The words behind the program's name are in qemu_args; the last is the one that is being typed,
 * which may be empty. Prints a line for each candidate, whole, with a tab and a few words on it
 * behind; "<tab>files" or "<tab>profiles" when files, or directories and *.ini files, are
 * candidates as well. Behind a candidate that ends with '=' or '.' something has to follow. Returns
 * 0: who does not know prints nothing.
 */
int complete_run(const Options *options);
