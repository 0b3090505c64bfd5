/* SPDX-License-Identifier: MIT */
#include "platform/linux/vhost.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#define VHOST_DEVICE "/dev/vhost-net"

/* Returns false; the reason is in errno. */
static bool raise_device(Fault *fault)
{
	if (errno == ENOENT || errno == ENODEV || errno == ENXIO)
		return fault_set(fault, EX_OSFILE,
			VHOST_DEVICE ": %s; load the module with: modprobe vhost_net",
			strerror(errno));
	if (errno == EACCES || errno == EPERM)
		return fault_set(fault, EX_NOPERM,
			VHOST_DEVICE ": %s; join the group that ls -l " VHOST_DEVICE
				     " shows, often kvm",
			strerror(errno));
	return fault_set(fault, EX_OSERR, VHOST_DEVICE ": %s", strerror(errno));
}

/* Not opened: that would load the module. */
bool vhost_is_possible(Fault *fault)
{
	return access(VHOST_DEVICE, R_OK | W_OK) == 0 || raise_device(fault);
}

int vhost_open(Fault *fault)
{
	int fd = open(VHOST_DEVICE, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		raise_device(fault);
	return fd;
}
