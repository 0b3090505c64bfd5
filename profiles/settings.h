/* SPDX-License-Identifier: MIT */
/*
 * settings: what --set changes in a profile for one run.
 */
#pragma once

#include "profiles/ini.h"

/*
 * Puts each SECTION[.ID].KEY=VALUE of @settings (may be NULL) over what @ini has. Without an id the
 * only section of that name is meant, whatever its id. Relative paths start at the working
 * directory. What is not of that form goes to @problems, under the name --set.
 */
void settings_apply(Ini *ini, const GStrv settings, Problems *problems);
