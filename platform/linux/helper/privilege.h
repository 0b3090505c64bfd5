/* SPDX-License-Identifier: MIT */
/*
 * privilege: CAP_NET_ADMIN, held only while it is needed. Installed with cap_net_admin=p the
 * helper starts without any effective capability.
 */
#pragma once

#include <stdbool.h>

#include "platform/linux/fault.h"

/*
 * First: no capability is in effect, not even root's, and no execve will ever bring one. False, and
 * errno.
 */
bool privilege_begin(void);

/* EX_NOPERM with the reason and the cure if the capability is not there to be raised. */
bool privilege_raise(Fault *fault);

/*
 * Lets privilege_raise keep what it takes to start a DHCP server, without effect. EX_NOPERM, and
 * why, if there is none of it.
 */
bool privilege_keep_for_dhcp(bool ipv6, Fault *fault);

/* Puts all that was kept into effect. */
bool privilege_raise_kept(void);

/*
 * Leaves this process, and the program that it becomes, what a DHCP server needs, and no way to
 * more. Whoever it is: root is not special any more. False, and errno.
 */
bool privilege_pass_to_dhcp(bool ipv6);

/* Keeps that capability for later, without any effect until it is raised again. */
void privilege_rest(void);

/* Gives up every capability for good; root keeps its uid, but not those. */
void privilege_drop(void);
