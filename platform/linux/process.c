/* SPDX-License-Identifier: MIT */
#include "platform/process.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/close_range.h>

void process_end_with(pid_t parent, int signal)
{
	(void)prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0);
	if (getppid() != parent)
		raise(SIGKILL);
}

void process_keep_no_descriptors(void)
{
	/* Before Linux 5.11 what the caller left open stays so; ours are close-on-exec anyway. */
	(void)syscall(SYS_close_range, 3, ~0u, CLOSE_RANGE_CLOEXEC);
}

void process_drop_privilege(void)
{
	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
}
