/* SPDX-License-Identifier: MIT */
#include "platform/linux/helper/inheritance.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sysexits.h>
#include <unistd.h>

/* Only 0, 1 and 2 stay, and those that were closed are /dev/null: a tap must not become one. */
static bool shed_descriptors(void)
{
	if (syscall(SYS_close_range, 3, ~0u, 0) < 0)
		return false;
	for (int fd = open("/dev/null", O_RDWR); fd <= 2; fd = open("/dev/null", O_RDWR))
		if (fd < 0)
			return false;
	return syscall(SYS_close_range, 3, ~0u, 0) == 0; /* the one that was one too many */
}

/*
 * To ignore a signal for a moment also forgets one that is pending. SIGCHLD must not stay ignored,
 * or a child's PID is another's as soon as it has ended. A write that is too long or goes nowhere
 * is to be an error, not the end. What else is ignored, or pending, is the caller's to decide: to
 * end the helper is its right.
 */
static void shed_signals(void)
{
	sigset_t none;

	signal(SIGALRM, SIG_IGN);
	signal(SIGALRM, SIG_DFL);
	signal(SIGCHLD, SIG_DFL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Timers of timer_create(2) do not outlive an execve; these do. */
static void shed_timers(void)
{
	static const struct itimerval none;

	setitimer(ITIMER_REAL, &none, NULL);
	setitimer(ITIMER_VIRTUAL, &none, NULL);
	setitimer(ITIMER_PROF, &none, NULL);
}

bool inheritance_shed(unsigned int seconds)
{
	if (!shed_descriptors())
		return false;
	shed_timers();
	shed_signals();
	alarm(seconds);
	clearenv();
	umask(077);
	return chdir("/") == 0 && prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0) == 0 &&
	       prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0) == 0 &&
	       prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0;
}

/* ---- limits ---- */

#define MIB (1024 * 1024)

/*
 * What the helper needs in all, with much to spare. A limit that makes a call fail is no danger;
 * one that ends the process in the middle is, and so is one that hides what it looks for.
 */
static const struct {
	int resource;
	rlim_t least;
	const char *what;
} limits[] = {
	{ RLIMIT_NOFILE, 128, "open files (ulimit -n)" },
	{ RLIMIT_STACK, MIB / 2, "the stack (ulimit -s)" },
	{ RLIMIT_CPU, 10, "CPU time (ulimit -t)" },
	{ RLIMIT_FSIZE, MIB, "the size of files (ulimit -f)" },
	{ RLIMIT_DATA, 32 * MIB, "data (ulimit -d)" },
#ifndef SANITIZED
	{ RLIMIT_AS, 64 * MIB, "memory (ulimit -v)" },
#endif
};

static bool lift(size_t i, Fault *fault)
{
	struct rlimit limit;

	if (getrlimit(limits[i].resource, &limit) < 0)
		return fault_set(fault, EX_OSERR, "getrlimit: %s", strerror(errno));
	limit.rlim_cur = limit.rlim_max;
	if (limit.rlim_max < limits[i].least)
		return fault_set(fault, EX_UNAVAILABLE,
			"the limit on %s is %llu, and the helper needs %llu", limits[i].what,
			(unsigned long long)limit.rlim_max, (unsigned long long)limits[i].least);
	return setrlimit(limits[i].resource, &limit) == 0 ||
	       fault_set(fault, EX_OSERR, "setrlimit: %s", strerror(errno));
}

bool inheritance_lift_limits(Fault *fault)
{
	static const struct rlimit none;

	for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++)
		if (!lift(i, fault))
			return false;
	return setrlimit(RLIMIT_CORE, &none) == 0 ||
	       fault_set(fault, EX_OSERR, "setrlimit: %s", strerror(errno));
}
