/* SPDX-License-Identifier: MIT */
/*
 * reach: what a process can get at in another one of the same user.
 *
 *	reach PID
 *
 * Tries each way that there is, and prints the name of each that works: nothing, if none does.
 * Only a process that gave a descriptor away or let itself be changed is a find: to be killed or
 * stopped by its user is in order.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define DESCRIPTORS 32

/* Kernel headers may be older than the calls; these numbers are the same everywhere. */
#define OWN_SYS_pidfd_open 434
#define OWN_SYS_pidfd_getfd 438

static void report(const char *way, int works)
{
	if (works)
		printf("%s\n", way);
}

static int can_trace(pid_t pid, int request)
{
	if (ptrace(request, pid, NULL, NULL) < 0)
		return 0;
	if (request == PTRACE_ATTACH)
		waitpid(pid, NULL, __WALL);
	ptrace(PTRACE_DETACH, pid, NULL, NULL);
	return 1;
}

static int can_take_descriptor(pid_t pid)
{
	int pidfd = syscall(OWN_SYS_pidfd_open, pid, 0);

	for (int i = 0; pidfd >= 0 && i < DESCRIPTORS; i++)
		if (syscall(OWN_SYS_pidfd_getfd, pidfd, i, 0) >= 0)
			return 1;
	return 0;
}

/* Is anything at all to be had of that file? */
static int can_read(pid_t pid, const char *name)
{
	char path[64], byte;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	fd = open(path, O_RDONLY | O_NONBLOCK);
	return fd >= 0 && read(fd, &byte, 1) > 0;
}

static int can_write_memory(pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/mem", (int)pid);
	return open(path, O_RDWR) >= 0;
}

static int can_open_descriptor(pid_t pid)
{
	char path[64];

	for (int i = 0; i < DESCRIPTORS; i++) {
		snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)pid, i);
		if (open(path, O_RDWR | O_NONBLOCK) >= 0 || errno == ENXIO)
			return 1;
	}
	return 0;
}

static int can_read_memory(pid_t pid)
{
	char byte;
	struct iovec here = { &byte, 1 }, there = { (void *)&report, 1 };

	return process_vm_readv(pid, &here, 1, &there, 1, 0) > 0 || errno == EFAULT;
}

int main(int argc, char **argv)
{
	pid_t pid = argc == 2 ? atoi(argv[1]) : 0;

	if (pid <= 0)
		return 64;
	report("ptrace attach", can_trace(pid, PTRACE_ATTACH));
	report("ptrace seize", can_trace(pid, PTRACE_SEIZE));
	report("pidfd_getfd", can_take_descriptor(pid));
	report("process_vm_readv", can_read_memory(pid));
	report("mem", can_write_memory(pid));
	report("descriptors", can_open_descriptor(pid));
	report("environ", can_read(pid, "environ"));
	report("maps", can_read(pid, "maps"));
	report("auxv", can_read(pid, "auxv"));
	report("stack", can_read(pid, "stack"));
	report("syscall", can_read(pid, "syscall"));
	return 0;
}
