/* SPDX-License-Identifier: MIT */
/*
 * privilege: CAP_NET_ADMIN, held only while it is needed. Installed with cap_net_admin=p the
 * helper starts without any effective capability.
 */
#pragma once

#include <stdbool.h>

#include "platform/linux/fault.h"

/* EX_NOPERM with the reason and the cure if the capability is not there to be raised. */
bool privilege_raise(Fault *fault);

/* Keeps that capability for later, without any effect until it is raised again. */
void privilege_rest(void);

/* Gives up every capability for good; root keeps its uid, but not those. */
void privilege_drop(void);
