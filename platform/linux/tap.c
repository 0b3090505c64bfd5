/* SPDX-License-Identifier: MIT */
#include "platform/linux/tap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sysexits.h>
#include <unistd.h>

#include <linux/if.h>
#include <linux/if_tun.h>

#define TUN_DEVICE "/dev/net/tun"

/* Returns -1, with the reason in errno. */
static int raise_device(Fault *fault)
{
	if (errno == ENOENT || errno == ENODEV || errno == ENXIO)
		fault_set(fault, EX_OSFILE,
			TUN_DEVICE ": %s; load the module with: modprobe tun "
				   "(after a kernel update, reboot first)",
			strerror(errno));
	else if (errno == EACCES || errno == EPERM)
		fault_set(fault, EX_NOPERM,
			TUN_DEVICE ": %s; it is open to all on most systems: "
				   "chmod 0666 " TUN_DEVICE,
			strerror(errno));
	else
		fault_set(fault, EX_OSERR, TUN_DEVICE ": %s", strerror(errno));
	return -1;
}

static int open_device(Fault *fault)
{
	int fd = open(TUN_DEVICE, O_RDWR | O_CLOEXEC);

	return fd >= 0 ? fd : raise_device(fault);
}

/* Not opened: that would load the module. */
bool tap_is_possible(Fault *fault)
{
	return access(TUN_DEVICE, R_OK | W_OK) == 0 || raise_device(fault) == 0;
}

static bool set_interface(int fd, const char *ifname, int flags, Fault *fault)
{
	struct ifreq request = { .ifr_flags = (short)flags };

	strncpy(request.ifr_name, ifname, sizeof(request.ifr_name) - 1);
	if (ioctl(fd, TUNSETIFF, &request) < 0)
		return fault_set(fault,
			errno == EBUSY	 ? EX_TEMPFAIL
			: errno == EPERM ? EX_NOPERM
					 : EX_OSERR,
			"%s: TUNSETIFF on " TUN_DEVICE ": %s", ifname, strerror(errno));
	if (strcmp(request.ifr_name, ifname) != 0) /* the kernel truncates, and fills in %d */
		return fault_set(fault, EX_SOFTWARE, "%s: the kernel made %s instead", ifname,
			request.ifr_name);
	return true;
}

/* One descriptor for each queue, the first with @first_flags as well. All or none. */
static bool open_queues(const char *ifname, int flags, int first_flags, int *ret_fds,
	unsigned int n_queues, Fault *fault)
{
	if (n_queues > 1)
		flags |= IFF_MULTI_QUEUE;
	for (unsigned int i = 0; i < n_queues; i++) {
		ret_fds[i] = open_device(fault);
		if (ret_fds[i] >= 0 && set_interface(ret_fds[i], ifname,
					       flags | (i == 0 ? first_flags : 0), fault))
			continue;
		tap_close(ret_fds, i + 1);
		return false;
	}
	return true;
}

void tap_close(int *fds, unsigned int n_queues)
{
	for (unsigned int i = 0; i < n_queues; i++) {
		if (fds[i] >= 0)
			close(fds[i]);
		fds[i] = -1;
	}
}

bool tap_create(const char *ifname, uid_t owner, int *ret_fds, unsigned int n_queues, Fault *fault)
{
	if (!open_queues(ifname, IFF_TAP | IFF_NO_PI | IFF_VNET_HDR, IFF_TUN_EXCL, ret_fds,
		    n_queues, fault))
		return false;
	if (ioctl(ret_fds[0], TUNSETOWNER, (unsigned long)owner) == 0)
		return true;
	fault_set(fault, EX_OSERR, "%s: TUNSETOWNER: %s", ifname, strerror(errno));
	tap_close(ret_fds, n_queues);
	return false;
}

/* The name is not looked at: the device is that of one link. */
bool tap_set_up_macvtap(int fd, unsigned int n_queues, Fault *fault)
{
	int flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | (n_queues > 1 ? IFF_MULTI_QUEUE : 0);
	struct ifreq request = { .ifr_flags = (short)flags };

	return ioctl(fd, TUNSETIFF, &request) == 0 ||
	       fault_set(fault, EX_OSERR, "TUNSETIFF: %s", strerror(errno));
}

bool tap_set_persistent(int fd, bool persistent, Fault *fault)
{
	return ioctl(fd, TUNSETPERSIST, (unsigned long)persistent) == 0 ||
	       fault_set(fault, EX_OSERR, "TUNSETPERSIST: %s", strerror(errno));
}

bool tap_attach(
	const char *ifname, bool vnet_hdr, int *ret_fds, unsigned int n_queues, Fault *fault)
{
	return open_queues(ifname, IFF_TAP | IFF_NO_PI | (vnet_hdr ? IFF_VNET_HDR : 0), 0, ret_fds,
		n_queues, fault);
}
