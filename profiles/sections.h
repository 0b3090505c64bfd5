/* SPDX-License-Identifier: MIT */
/*
 * sections: an Ini -> the structs of a Profile, by the schema alone. Part of profile.
 */
#pragma once

#include "profiles/profile.h"

/* Fills every section of @profile from its ini; problems are added to it. */
void sections_read(Profile *profile);

/* Adds what [NAME] without any key would be, of a section there can be many of; returns it. */
gpointer sections_add_default(Profile *profile, const char *name);

void sections_free(Profile *profile);
