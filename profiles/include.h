/* SPDX-License-Identifier: MIT */
/*
 * include: a profile and the files that its [vm] include names -> one Ini. What a file says itself
 * wins over what it includes, and of several included files the later one.
 */
#pragma once

#include "profiles/ini.h"

/* As ini_load; a file that includes itself, or one that cannot be read, is a problem. */
Ini *include_load(const char *path, Problems *problems, GError **error);
