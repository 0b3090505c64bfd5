/* SPDX-License-Identifier: MIT */
/*
 * wait: until the guest of a VM answers at its address. Nothing is asked of the guest, and none is
 * waited for longer than its VM runs.
 */
#pragma once

#include <glib.h>

#include "launcher/options.h"

/*
 * For --status: until the VM, which need not run yet, runs and answers. EXIT_SUCCESS, or the exit
 * status after telling why not: EX_UNAVAILABLE when the time is over, when it ends before, or when
 * that cannot be seen from here.
 */
int wait_for_vm(const Options *options);

/*
 * For a start, whose waiter this process is: @words are the VM's name, its run directory, seconds
 * or OPTIONS_NO_TIME, and "new" for a VM that starts now, "new quiet" if its terminal is to be left
 * alone, "old" for one that runs already. Tells when it answers. As for wait_for_vm.
 */
int wait_serve(GStrv words);
