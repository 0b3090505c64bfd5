/* SPDX-License-Identifier: MIT */
/*
 * The helper's filters of system calls: what is among them works, what is not ends the process, and
 * they can be made for other machines as well.
 */
#include "platform/linux/helper/seccomp.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include <linux/if_tun.h>
#include <linux/netlink.h>
#include <linux/sockios.h>

#define PLAIN SECCOMP_MAKE
#define NAT (SECCOMP_MAKE | SECCOMP_NAT)
#define KEEPER (SECCOMP_MAKE | SECCOMP_KEEPER)
#define DHCP (SECCOMP_MAKE | SECCOMP_KEEPER | SECCOMP_DHCP)
#define WAITING 0 /* a keeper's second filter */

#define ALL 1, 1, 1, 1, 1 /* it gets through everywhere */
#define NOWHERE 0, 0, 0, 0, 0
/* Where it gets through. */
#define IN(plain, nat, keeper, dhcp, waiting) plain, nat, keeper, dhcp, waiting

#define CALL(name) SYS_##name, #name

/* Those that cannot be told apart from a sanitizer's own are left out under one. */
#ifdef SANITIZED
#define STRICT false
#else
#define STRICT true
#endif

static const struct {
	long number;
	const char *name;
	long arguments[4];
	gboolean plain, nat, keeper, dhcp, waiting;
	gboolean is_sanitizers; /* as well */
} calls[] = {
	{ CALL(read), { -1, 0, 0 }, ALL, FALSE },
	{ CALL(write), { -1, 0, 0 }, ALL, FALSE },
	{ CALL(sendto), { -1, 0, 0 }, ALL, FALSE },
	{ CALL(capset), { 0, 0 }, ALL, FALSE },
	{ CALL(kill), { 0x7fffffff, 0 }, ALL, FALSE },
	{ CALL(openat), { -1, 0, O_RDONLY | O_CLOEXEC }, ALL, FALSE },
	{ CALL(openat), { -1, 0, O_RDWR | O_NONBLOCK | O_NOFOLLOW }, ALL, FALSE },
	{ CALL(openat), { -1, 0, O_WRONLY | O_CREAT }, IN(0, 0, 0, 1, 0), TRUE },
	{ CALL(openat), { -1, 0, O_WRONLY | O_TRUNC }, IN(0, 0, 0, 1, 0), TRUE },
	{ CALL(openat), { -1, 0, O_RDWR | O_TMPFILE }, IN(0, 0, 0, 1, 0), TRUE },
	{ CALL(mmap), { 0, 0, PROT_READ, -1 }, ALL, FALSE },
	{ CALL(mmap), { 0, 0, PROT_READ | PROT_EXEC, -1 }, IN(0, 0, 0, 1, 0), TRUE },
	{ CALL(mprotect), { 0, 0, PROT_READ }, ALL, FALSE },
	{ CALL(mprotect), { 0, 0, PROT_EXEC }, IN(0, 0, 0, 1, 0), TRUE },
	{ CALL(socket), { AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0 }, ALL, FALSE },
	{ CALL(socket), { AF_UNIX, SOCK_STREAM, 0 }, IN(0, 0, 0, 1, 0), TRUE },
	{ CALL(socket), { AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE }, ALL, FALSE },
	{ CALL(socket), { AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER }, IN(0, 1, 0, 1, 0), TRUE },
	{ CALL(socket), { AF_NETLINK, SOCK_RAW, NETLINK_KOBJECT_UEVENT }, IN(0, 0, 0, 1, 0), TRUE },
	{ CALL(socket), { AF_INET, SOCK_DGRAM, 0 }, IN(0, 1, 0, 1, 0), TRUE },
	{ CALL(socket), { AF_INET, SOCK_STREAM, 0 }, IN(0, 0, 0, 1, 0), TRUE },
	{ CALL(socket), { AF_INET, SOCK_RAW, 0 }, IN(0, 0, 0, 1, 0), TRUE },
	{ CALL(socketpair), { AF_UNIX, SOCK_SEQPACKET, 0, 0 }, IN(0, 0, 1, 1, 0), TRUE },
	{ CALL(bind), { -1, 0, 0 }, ALL, FALSE },
	{ CALL(fcntl), { -1, F_SETFD, FD_CLOEXEC }, ALL, FALSE },
	{ CALL(fcntl), { -1, F_DUPFD, 0 }, IN(1, 1, 1, 1, 0), TRUE },
	{ CALL(connect), { -1, 0, 0 }, IN(0, 0, 0, 1, 0), TRUE },
	{ CALL(listen), { -1, 0 }, IN(0, 0, 0, 1, 0), TRUE },
	{ CALL(setsockopt), { -1, 0, 0, 0 }, ALL, FALSE },
	{ CALL(getsockopt), { -1, 0, 0, 0 }, IN(0, 1, 0, 1, 0), TRUE },
	{ CALL(ioctl), { -1, SIOCGIFNAME, 0 }, ALL, FALSE },
	{ CALL(ioctl), { -1, TUNSETIFF, 0 }, IN(1, 1, 1, 1, 0), TRUE },
	{ CALL(ioctl), { -1, TUNSETPERSIST, 0 }, IN(1, 1, 1, 1, 0), TRUE },
	{ CALL(ioctl), { -1, TUNSETGROUP, 0 }, IN(0, 0, 0, 1, 0), TRUE },
	{ CALL(ioctl), { -1, SIOCSIFFLAGS, 0 }, IN(0, 0, 0, 1, 0), TRUE },
	{ CALL(ioctl), { -1, 0x5412 /* TIOCSTI */, 0 }, IN(0, 0, 0, 1, 0), TRUE },
	{ CALL(clone), { CLONE_THREAD, 0, 0, 0 }, IN(0, 0, 1, 1, 0), TRUE },
	{ CALL(execve), { 0, 0, 0 }, IN(0, 0, 0, 1, 0), TRUE },
	{ CALL(prctl), { PR_CAPBSET_READ, 0 }, ALL, FALSE },
	{ CALL(prctl), { PR_SET_DUMPABLE, 0 }, IN(0, 0, 1, 1, 0), TRUE },
	{ CALL(prctl), { PR_SET_NAME, 0 }, IN(0, 0, 0, 1, 0), TRUE },
	{ CALL(setresuid), { -1, -1, -1 }, IN(0, 0, 0, 1, 0), TRUE },
	{ CALL(chdir), { 0 }, IN(0, 0, 1, 1, 0), TRUE },
	{ CALL(seccomp), { 99, 0, 0 }, IN(0, 0, 1, 1, 0), TRUE },

	{ CALL(clone), { CLONE_NEWUSER, 0, 0, 0 }, NOWHERE, TRUE },
	{ CALL(clone), { CLONE_NEWNS, 0, 0, 0 }, NOWHERE, TRUE },
	{ CALL(clone), { CLONE_NEWNET | SIGCHLD, 0, 0, 0 }, NOWHERE, TRUE },
	{ CALL(ptrace), { 0, 0, 0, 0 }, NOWHERE, TRUE },
	{ CALL(process_vm_readv), { 0, 0, 0, 0 }, NOWHERE, TRUE },
	{ CALL(process_vm_writev), { 0, 0, 0, 0 }, NOWHERE, FALSE },
	{ CALL(pidfd_getfd), { -1, 0, 0 }, NOWHERE, FALSE },
	{ CALL(execveat), { -1, 0, 0, 0 }, NOWHERE, FALSE },
	{ CALL(mount), { 0, 0, 0, 0 }, NOWHERE, FALSE },
	{ CALL(umount2), { 0, 0 }, NOWHERE, FALSE },
	{ CALL(pivot_root), { 0, 0 }, NOWHERE, FALSE },
	{ CALL(chroot), { 0 }, NOWHERE, FALSE },
	{ CALL(unshare), { 0 }, NOWHERE, FALSE },
	{ CALL(setns), { -1, 0 }, NOWHERE, FALSE },
	{ CALL(open_by_handle_at), { -1, 0, 0 }, NOWHERE, FALSE },
	{ CALL(bpf), { 0, 0, 0 }, NOWHERE, FALSE },
	{ CALL(perf_event_open), { 0, 0, 0, 0 }, NOWHERE, FALSE },
	{ CALL(userfaultfd), { 0 }, NOWHERE, FALSE },
	{ CALL(io_uring_setup), { 0, 0 }, NOWHERE, FALSE },
	{ CALL(keyctl), { 0, 0, 0, 0 }, NOWHERE, FALSE },
	{ CALL(add_key), { 0, 0, 0, 0 }, NOWHERE, FALSE },
	{ CALL(init_module), { 0, 0, 0 }, NOWHERE, FALSE },
	{ CALL(finit_module), { -1, 0, 0 }, NOWHERE, FALSE },
	{ CALL(delete_module), { 0, 0 }, NOWHERE, FALSE },
	{ CALL(kexec_load), { 0, 0, 0, 0 }, NOWHERE, FALSE },
	{ CALL(reboot), { 0, 0, 0 }, NOWHERE, FALSE },
	{ CALL(swapon), { 0, 0 }, NOWHERE, FALSE },
	{ CALL(sethostname), { 0, 0 }, NOWHERE, FALSE },
	{ CALL(clock_settime), { 0, 0 }, NOWHERE, FALSE },
	{ CALL(memfd_create), { 0, 0 }, NOWHERE, FALSE },
	{ CALL(mknodat), { -1, 0, 0, 0 }, NOWHERE, FALSE },
	{ CALL(personality), { 0xffffffff }, NOWHERE, FALSE },
};

static void try_call(guint i, guint work, gboolean is_keeper)
{
	Fault fault;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || !seccomp_confine(work, &fault) ||
		(is_keeper && !seccomp_confine_keeper(&fault)))
		_exit(2);
	syscall(calls[i].number, calls[i].arguments[0], calls[i].arguments[1],
		calls[i].arguments[2], calls[i].arguments[3]);
	_exit(0);
}

static void check(guint i, guint work, gboolean is_keeper, gboolean passes)
{
	pid_t child;
	int status;

	if (calls[i].is_sanitizers && !STRICT && !passes)
		return;
	child = fork();
	if (child == 0)
		try_call(i, work, is_keeper);
	g_assert_cmpint(waitpid(child, &status, 0), ==, child);
	g_test_message("%s(%ld, %ld, %ld) work %u%s: %#x", calls[i].name, calls[i].arguments[0],
		calls[i].arguments[1], calls[i].arguments[2], work, is_keeper ? ", waiting" : "",
		(guint)status);
	if (passes)
		g_assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	else
		g_assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
}

static void test_calls(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(calls); i++) {
		check(i, PLAIN, FALSE, calls[i].plain);
		check(i, NAT, FALSE, calls[i].nat);
		check(i, KEEPER, FALSE, calls[i].keeper);
		check(i, DHCP, FALSE, calls[i].dhcp);
		check(i, KEEPER, TRUE, calls[i].waiting);
		check(i, DHCP, TRUE, calls[i].waiting);
	}
}

/* Unknown calls only fail where another program follows. */
static void test_unknown(void)
{
	pid_t child = fork();
	int status;
	Fault fault;

	if (child == 0) {
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || !seccomp_confine(DHCP, &fault))
			_exit(2);
		_exit(syscall(999, 0) == -1 && errno == ENOSYS ? 0 : 1);
	}
	g_assert_cmpint(waitpid(child, &status, 0), ==, child);
	g_assert_cmpint(status, ==, 0);
}

/* A tracer's "no call at all", and what it then says in the kernel's place. */
static void test_skipped(void)
{
	pid_t child = fork();
	int status;
	Fault fault;

	if (child == 0) {
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || !seccomp_confine(PLAIN, &fault))
			_exit(2);
		_exit(syscall(-1L) == -1 ? 0 : 1);
	}
	g_assert_cmpint(waitpid(child, &status, 0), ==, child);
	g_assert_cmpint(status, ==, 0);
}

/* Without no_new_privs the kernel does not take one: that is told, not passed over. */
static void test_refused(void)
{
	pid_t child = fork();
	int status;
	Fault fault;

	if (child == 0) {
		if (getuid() == 0 && setresuid(65534, 65534, 65534) < 0)
			_exit(2);
		_exit(!seccomp_confine(PLAIN, &fault) && fault.status == EX_OSERR ? 0 : 1);
	}
	g_assert_cmpint(waitpid(child, &status, 0), ==, child);
	g_assert_cmpint(status, ==, 0);
}

static void test_work(void)
{
	Request request = { .n_taps = 2 };

	request.taps[0].op = request.taps[1].op = REQUEST_CREATE;
	g_assert_cmpuint(seccomp_work_of(&request), ==, PLAIN);
	request.taps[1].flags = REQUEST_NAT;
	g_assert_cmpuint(seccomp_work_of(&request), ==, NAT);
	request.taps[1].flags = 0;
	request.taps[1].op = REQUEST_COMPLETE;
	g_assert_cmpuint(seccomp_work_of(&request), ==, KEEPER);
	request.taps[1].op = REQUEST_MACVTAP;
	g_assert_cmpuint(seccomp_work_of(&request), ==, KEEPER);
	request.taps[0].flags = REQUEST_DHCP;
	g_assert_cmpuint(seccomp_work_of(&request), ==, DHCP);
}

/* Whatever this machine is. */
static void test_architectures(void)
{
	static const uint32_t architectures[] = { SCMP_ARCH_X86_64, SCMP_ARCH_AARCH64,
		SCMP_ARCH_X86, SCMP_ARCH_ARM, SCMP_ARCH_PPC64LE, SCMP_ARCH_RISCV64 };
	static const guint works[] = { WAITING, PLAIN, NAT, KEEPER, DHCP, DHCP | NAT };
	int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);

	for (guint i = 0; i < G_N_ELEMENTS(architectures); i++)
		for (guint j = 0; j < G_N_ELEMENTS(works); j++)
			g_assert_cmpint(seccomp_write(works[j], architectures[i], fd), ==, 0);
	close(fd);
}

/* libseccomp 2.5 forgets what it had for an architecture that is taken out again. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libseccomp";
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/seccomp/calls", test_calls);
	g_test_add_func("/seccomp/unknown", test_unknown);
	g_test_add_func("/seccomp/skipped", test_skipped);
	g_test_add_func("/seccomp/refused", test_refused);
	g_test_add_func("/seccomp/work", test_work);
	g_test_add_func("/seccomp/architectures", test_architectures);
	return g_test_run();
}
