/* SPDX-License-Identifier: MIT */
/*
 * sections: an Ini -> the structs of a Profile, by the schema alone. Part of profile.
 */
#pragma once

#include "profiles/profile.h"

/*
 * Fills from the ini of @profile the sections called @name, or with NULL all that have not been
 * read yet; problems are added to it.
 */
void sections_read(Profile *profile, const char *name);

/* Adds what [NAME] without any key would be, of a section there can be many of; returns it. */
gpointer sections_add_default(Profile *profile, const char *name);

void sections_free(Profile *profile);
