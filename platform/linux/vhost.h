/* SPDX-License-Identifier: MIT */
/*
 * vhost: the only user of /dev/vhost-net, through which the kernel itself moves the packets of a
 * virtio card. It is opened here and not by QEMU, which aborts when it cannot.
 */
#pragma once

#include <stdbool.h>

#include "platform/linux/fault.h"

/* Can it be opened? Else EX_OSFILE or EX_NOPERM, with the cure. */
bool vhost_is_possible(Fault *fault);

/* One descriptor serves one queue. Close-on-exec; -1 as vhost_is_possible has it. */
int vhost_open(Fault *fault);
