/* SPDX-License-Identifier: MIT */
/*
 * resolve: defaults that depend on something, and rules across keys. Part of profile.
 */
#pragma once

#include "profiles/profile.h"

/* The VM's name, which comes from the file's when the profile has none. */
void profile_resolve_name(Profile *profile);

/* Completes what sections_read has filled; problems are added to @profile. */
void profile_resolve(Profile *profile);
