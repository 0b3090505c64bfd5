/* SPDX-License-Identifier: MIT */
/*
 * desktop: a VM in the menu of the desktop: --install-desktop writes an entry, as the Desktop Entry
 * Specification has them, and --remove-desktop takes it away. desktop-mime.c: that a double click
 * starts a profile.
 */
#pragma once

#include "launcher/options.h"

/* Returns the exit status: EX_UNAVAILABLE if there is nothing to remove. */
int desktop_entry_run(const Options *options);
int desktop_mime_run(const Options *options);

/* @words as the key Exec wants them: quoted where it must be, and '%' doubled. */
char *desktop_entry_quote(const char *const *words);
