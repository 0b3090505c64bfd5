/* SPDX-License-Identifier: MIT */
#include "platform/linux/helper/privilege.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sysexits.h>
#include <unistd.h>

#include <linux/capability.h>
#include <linux/securebits.h>

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

#define BIT(capability) (1u << (capability))
#define FOR_TAPS "cap_net_admin"
#define FOR_DHCP "cap_net_admin,cap_net_bind_service,cap_net_raw"

/* What is kept of what there is. */
static uint32_t kept = BIT(CAP_NET_ADMIN);

/* The caller's, which has taken the capability from us; afterwards it is always set. */
static bool had_no_new_privs;

static const struct {
	unsigned int capability;
	const char *name;
} names[] = {
	{ CAP_NET_ADMIN, "CAP_NET_ADMIN" },
	{ CAP_NET_BIND_SERVICE, "CAP_NET_BIND_SERVICE" },
	{ CAP_NET_RAW, "CAP_NET_RAW" },
};

static const char *name_of(unsigned int capability)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (names[i].capability == capability)
			return names[i].name;
	return "a capability";
}

/*
 * The kernel never says why an execve gave no capability; these are the ways it happens. @all is
 * what to give it.
 */
static bool explain(unsigned int capability, const char *all, Fault *fault)
{
	const char *name = name_of(capability);
	struct statvfs filesystem;

	if (getuid() == 0)
		return fault_set(fault, EX_NOPERM,
			"root has no %s here (a container?); start it with --cap-add=%s or the like",
			name, name + strlen("CAP_"));
	if (had_no_new_privs)
		return fault_set(fault, EX_NOPERM,
			HELPER_PATH
			" gets no capability under no_new_privs (a sandbox, or NoNewPrivileges= of a unit)");
	if (prctl(PR_CAPBSET_READ, capability, 0, 0, 0) == 0)
		return fault_set(fault, EX_NOPERM,
			HELPER_PATH
			" gets no capability: %s is not "
			"in the bounding set (a container, or CapabilityBoundingSet= of a unit)",
			name);
	if (is_traced())
		return fault_set(fault, EX_NOPERM,
			HELPER_PATH " gets no capability while it is traced (strace, gdb)");
	if (statvfs(HELPER_PATH, &filesystem) == 0 && filesystem.f_flag & ST_NOSUID)
		return fault_set(fault, EX_NOPERM,
			HELPER_PATH " gets no capability on a file system mounted nosuid");
	return fault_set(fault, EX_NOPERM,
		HELPER_PATH " has no %s; an administrator can give it: setcap %s=p " HELPER_PATH,
		capability == CAP_NET_ADMIN ? "capability" : name, all);
}

static bool read_permitted(uint32_t *ret_permitted, Fault *fault)
{
	struct __user_cap_data_struct data[2] = { 0 };

	if (syscall(SYS_capget, &header, data) < 0)
		return fault_set(fault, EX_OSERR, "capget: %s", strerror(errno));
	*ret_permitted = data[0].permitted;
	return true;
}

static int set(uint32_t permitted, uint32_t effective, uint32_t inheritable)
{
	struct __user_cap_data_struct data[2] = { { effective, permitted, inheritable } };

	return syscall(SYS_capset, &header, data);
}

bool privilege_begin(void)
{
	uint32_t permitted;

	had_no_new_privs = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1;
	return read_permitted(&permitted, &(Fault){ 0 }) && set(permitted, 0, 0) == 0 &&
	       prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) == 0 &&
	       prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
}

/*
 * Root that has nothing else left needs CAP_KILL to end a server that runs as another user. Also
 * when it is killed itself: the kernel then sends the last signal in its name.
 */
bool privilege_raise(Fault *fault)
{
	uint32_t permitted;

	if (!read_permitted(&permitted, fault))
		return false;
	if (!(permitted & BIT(CAP_NET_ADMIN)))
		return explain(CAP_NET_ADMIN, FOR_TAPS, fault);
	permitted &= kept;
	if (set(permitted, permitted & (BIT(CAP_NET_ADMIN) | BIT(CAP_KILL)), 0) < 0)
		return fault_set(fault, EX_OSERR, "capset: %s", strerror(errno));
	return true;
}

void privilege_rest(void)
{
	Fault fault;
	uint32_t permitted;

	if (!read_permitted(&permitted, &fault))
		return;
	permitted &= kept & (BIT(CAP_NET_ADMIN) | BIT(CAP_KILL));
	(void)set(permitted, permitted & BIT(CAP_KILL), 0);
}

void privilege_drop(void)
{
	(void)set(0, 0, 0);
}

/* ---- for a DHCP server ---- */

/* It wants CAP_NET_ADMIN to tell the kernel a guest's MAC, and ends at once without it. */
static uint32_t needs_of_dhcp(bool ipv6)
{
	return BIT(CAP_NET_ADMIN) | BIT(CAP_NET_BIND_SERVICE) | (ipv6 ? BIT(CAP_NET_RAW) : 0);
}

bool privilege_keep_for_dhcp(bool ipv6, Fault *fault)
{
	uint32_t permitted, needs = needs_of_dhcp(ipv6);

	if (!read_permitted(&permitted, fault))
		return false;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (needs & ~permitted & BIT(names[i].capability))
			return explain(names[i].capability, FOR_DHCP, fault);
	kept |= needs;
	if (getuid() == 0) /* to become somebody else, and to end it then */
		kept |= BIT(CAP_SETUID) | BIT(CAP_SETGID) | BIT(CAP_SETPCAP) | BIT(CAP_KILL);
	return true;
}

bool privilege_raise_kept(void)
{
	Fault fault;
	uint32_t permitted;

	return read_permitted(&permitted, &fault) &&
	       set(permitted & kept, permitted & kept, 0) == 0;
}

/* Root's alone: where root could come by capabilities again. */
static bool close_ways_of_root(uint32_t needs)
{
	if (!(kept & BIT(CAP_SETPCAP)) || !privilege_raise_kept())
		return true;
	for (unsigned int i = 0; prctl(PR_CAPBSET_READ, i, 0, 0, 0) >= 0; i++)
		if ((i > 31 || !(needs & BIT(i))) && prctl(PR_CAPBSET_DROP, i, 0, 0, 0) < 0 &&
			errno != EPERM)
			return false;
	return prctl(PR_SET_SECUREBITS, SECBIT_NOROOT | SECBIT_NOROOT_LOCKED, 0, 0, 0) == 0 ||
	       errno == EPERM;
}

bool privilege_pass_to_dhcp(bool ipv6)
{
	uint32_t needs = needs_of_dhcp(ipv6);

	if (!close_ways_of_root(needs) || set(needs, needs, needs) < 0)
		return false;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (needs & BIT(names[i].capability) &&
			prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, names[i].capability, 0, 0) < 0)
			return false;
	return true;
}
