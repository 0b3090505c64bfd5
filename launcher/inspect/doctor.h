/* SPDX-License-Identifier: MIT */
/*
 * doctor: what works for this user on this host, and what is missing, without any profile. Nothing
 * is made, and nothing is changed.
 */
#pragma once

#include "launcher/options.h"

/*
 * Looks, and prints what it finds as check does. Returns the exit status: 0 if a VM with a plain
 * tap would start, else that of the first thing in its way.
 */
int doctor_run(const Options *options);
