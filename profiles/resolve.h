/* SPDX-License-Identifier: MIT */
/*
 * resolve: defaults that depend on something, and rules across keys. Part of profile.
 */
#pragma once

#include "profiles/profile.h"

/* Completes what sections_read has filled; problems are added to @profile. */
void profile_resolve(Profile *profile);
