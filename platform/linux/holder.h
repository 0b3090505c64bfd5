/* SPDX-License-Identifier: MIT */
/*
 * holder: who uses a tap, in words, for those who cannot have it.
 */
#pragma once

#include <glib.h>

#include "platform/linux/netif.h"

/*
 * "tap0 is in use by VM 'win10' (pid 4242, /home/ann/vms/win10.ini)", as much of it as can be
 * seen: the tap's alias tells the VM, /proc the process and its profile. Owned by the caller.
 */
char *holder_describe(Netif *netif, const char *ifname);
