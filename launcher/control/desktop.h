/* SPDX-License-Identifier: MIT */
/*
 * desktop: what the desktop knows of VMs: entries of its menu, and the type of a profile.
 */
#pragma once

#include "launcher/options.h"

/* Returns the exit status. */
int desktop_entry_run(const Options *options);
int desktop_mime_run(const Options *options);
