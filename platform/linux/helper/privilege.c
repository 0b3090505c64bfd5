/* SPDX-License-Identifier: MIT */
#include "platform/linux/helper/privilege.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sysexits.h>
#include <unistd.h>

#include <linux/capability.h>

static struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };

static bool is_traced(void)
{
	char line[128];
	int tracer = 0;
	FILE *status = fopen("/proc/self/status", "re");

	while (status && fgets(line, sizeof(line), status))
		if (sscanf(line, "TracerPid: %d", &tracer) == 1)
			break;
	if (status)
		fclose(status);
	return tracer != 0;
}

/* The kernel never says why an execve gave no capability; these are the ways it happens. */
static bool explain(Fault *fault)
{
	struct statvfs filesystem;

	if (getuid() == 0)
		return fault_set(fault, EX_NOPERM,
			"root has no CAP_NET_ADMIN here (a container?); start it with --cap-add=NET_ADMIN "
			"or the like");
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1)
		return fault_set(fault, EX_NOPERM,
			HELPER_PATH
			" gets no capability under no_new_privs (a sandbox, or NoNewPrivileges= of a unit)");
	if (prctl(PR_CAPBSET_READ, CAP_NET_ADMIN, 0, 0, 0) == 0)
		return fault_set(fault, EX_NOPERM,
			HELPER_PATH
			" gets no capability: CAP_NET_ADMIN is not "
			"in the bounding set (a container, or CapabilityBoundingSet= of a unit)");
	if (is_traced())
		return fault_set(fault, EX_NOPERM,
			HELPER_PATH " gets no capability while it is traced (strace, gdb)");
	if (statvfs(HELPER_PATH, &filesystem) == 0 && filesystem.f_flag & ST_NOSUID)
		return fault_set(fault, EX_NOPERM,
			HELPER_PATH " gets no capability on a file system mounted nosuid");
	return fault_set(fault, EX_NOPERM,
		HELPER_PATH
		" has no capability; an administrator can give it: setcap cap_net_admin=p " HELPER_PATH);
}

bool privilege_raise(Fault *fault)
{
	struct __user_cap_data_struct data[2] = { 0 };

	if (syscall(SYS_capget, &header, data) < 0)
		return fault_set(fault, EX_OSERR, "capget: %s", strerror(errno));
	if (!(data[0].permitted & (1u << CAP_NET_ADMIN)))
		return explain(fault);
	memset(data, 0, sizeof(data));
	data[0].permitted = data[0].effective = 1u << CAP_NET_ADMIN;
	if (syscall(SYS_capset, &header, data) < 0)
		return fault_set(fault, EX_OSERR, "capset: %s", strerror(errno));
	return true;
}

void privilege_rest(void)
{
	struct __user_cap_data_struct data[2] = { { .permitted = 1u << CAP_NET_ADMIN } };

	(void)syscall(SYS_capset, &header, data);
}

void privilege_drop(void)
{
	struct __user_cap_data_struct none[2] = { 0 };

	(void)syscall(SYS_capset, &header, none);
}
