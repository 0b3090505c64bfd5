/* SPDX-License-Identifier: MIT */
/*
 * preflight: what can be found out before anything on the host is touched.
 */
#pragma once

#include "profiles/profile.h"

/* Can the files be read, and disks written? What cannot is added to the profile's problems. */
void preflight_files(Profile *profile);

#define PREFLIGHT_KVM "/dev/kvm"

/* NULL if it can be used; else why not, and in *ret_cure what would help. Static texts. */
const char *preflight_kvm_problem(const char **ret_cure);

/*
 * One line about what will make the VM slow: no KVM although the profile would like it. NULL when
 * there is nothing to say. Owned by the caller.
 */
char *preflight_warning(const Profile *profile);

/*
 * The path of @program, a name or a path, owned by the caller. @cure: for when it is not in $PATH.
 * Errors as below.
 */
char *preflight_program(const char *program, const char *cure, GError **error);

/*
 * The emulator's path in $PATH, owned by the caller. RUN_ERROR: 127 when there is none, 126
 * when there is only one that may not be executed.
 */
char *preflight_emulator(const Profile *profile, GError **error);
