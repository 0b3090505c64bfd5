/* SPDX-License-Identifier: MIT */
#include "platform/linux/helper/seccomp.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sysexits.h>
#include <unistd.h>

#include <linux/filter.h>
#include <linux/if_tun.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <linux/sockios.h>

#define WAIT 0 /* every process has these calls */
#define MAKE SECCOMP_MAKE
#define NAT SECCOMP_NAT
#define KEEPER SECCOMP_KEEPER
#define DHCP SECCOMP_DHCP

/*
 * Names, not numbers: libseccomp knows those of this machine, and skips what it does not have. Two
 * names of one thing are for other C libraries, and for machines that lack the older one.
 */
static const struct {
	uint32_t work;
	const char *names;
} plain[] = {
	{ WAIT, "read readv pread64 write writev pwrite64 close lseek _llseek" },
	{ WAIT, "fstat fstat64 stat stat64 lstat lstat64 newfstatat fstatat64 statx" },
	{ WAIT, "access faccessat faccessat2 statfs statfs64 fstatfs fstatfs64" },
	{ WAIT, "brk munmap mremap madvise futex futex_time64 getrandom sched_yield" },
	{ WAIT, "poll ppoll ppoll_time64 nanosleep clock_nanosleep clock_nanosleep_time64" },
	{ WAIT, "clock_gettime clock_gettime64 gettimeofday time" },
	{ WAIT, "send sendto sendmsg recv recvfrom recvmsg" },
	{ WAIT, "rt_sigaction rt_sigprocmask rt_sigreturn sigreturn restart_syscall" },
	{ WAIT, "getpid gettid getuid getuid32 geteuid geteuid32 getgid getgid32 getegid getegid32" },
	{ WAIT, "capget capset exit exit_group" },
	{ WAIT, "kill wait4 waitid waitpid" }, /* of dnsmasq */
	{ WAIT, "bind getsockname setsockopt" },
	{ MAKE, "fcntl fcntl64" },
	{ NAT, "getsockopt" },
	{ KEEPER, "fork setsid getppid dup2 dup3 close_range chdir shutdown" },
	{ KEEPER, "seccomp set_robust_list" },
	{ DHCP, "execve pidfd_open pipe pipe2 setrlimit prlimit64 umask prctl" },
	{ DHCP, "setresuid setresuid32 setresgid setresgid32 setgroups setgroups32" },
	/* From here on dnsmasq, its libraries, and what starts them. */
	{ DHCP, "arch_prctl set_tid_address set_thread_area set_tls rseq get_robust_list" },
	{ DHCP, "mmap mmap2 mprotect msync mincore membarrier mseal map_shadow_stack" },
	{ DHCP, "cacheflush riscv_flush_icache riscv_hwprobe s390_pci_mmio_read" },
	{ DHCP, "open openat openat2 creat readlink readlinkat getcwd getdents getdents64 fchdir" },
	{ DHCP, "fsync fdatasync ftruncate ftruncate64 flock fadvise64 fadvise64_64 fallocate" },
	{ DHCP, "dup ioctl inotify_init inotify_init1 inotify_add_watch inotify_rm_watch" },
	{ DHCP, "select _newselect pselect6 pselect6_time64 eventfd eventfd2" },
	{ DHCP, "epoll_create epoll_create1 epoll_ctl epoll_wait epoll_pwait epoll_pwait2" },
	{ DHCP, "connect listen accept accept4 getpeername getsockopt sendmmsg recvmmsg" },
	{ DHCP, "recvmmsg_time64 socketpair" },
	{ DHCP, "alarm getitimer setitimer timer_create timer_settime timer_settime64" },
	{ DHCP, "timer_gettime timer_gettime64 timer_getoverrun timer_delete timerfd_create" },
	{ DHCP, "timerfd_settime timerfd_settime64 timerfd_gettime timerfd_gettime64 times" },
	{ DHCP, "clock_getres clock_getres_time64 pause sigaltstack signal sigaction sigprocmask" },
	{ DHCP, "rt_sigsuspend rt_sigpending rt_sigtimedwait rt_sigtimedwait_time64 sigsuspend" },
	{ DHCP, "signalfd signalfd4 tkill tgkill pidfd_send_signal vfork" },
	{ DHCP, "setuid setuid32 setgid setgid32 setreuid setreuid32 setregid setregid32" },
	{ DHCP, "getresuid getresuid32 getresgid getresgid32 getgroups getgroups32" },
	{ DHCP, "setpgid getpgid getpgrp getsid getrlimit ugetrlimit getrusage sysinfo uname" },
	{ DHCP, "sched_getaffinity sched_getparam sched_getscheduler getcpu getpriority" },
};

/* On s390 the flags are the second argument. */
#if defined(__s390__)
#define CLONE_FLAGS 1
#else
#define CLONE_FLAGS 0
#endif

#define NAMESPACES                                                                                \
	((uint32_t)(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | \
		    CLONE_NEWPID | CLONE_NEWNET))
#define ANY_WRITE (O_CREAT | O_TRUNC | O_APPEND | (O_TMPFILE & ~O_DIRECTORY))
#define KIND 0xf /* of a socket, without SOCK_CLOEXEC and SOCK_NONBLOCK */
#define WHOLE 0xffffffffu

typedef struct {
	unsigned int number; /* of the argument */
	uint32_t mask, value;
} Argument;

/* Only with these arguments. A call that stands here more than once is allowed with each. */
static const struct {
	uint32_t work;
	const char *name;
	unsigned int n;
	Argument arguments[2];
} judged[] = {
	/* No file is made or cut, and no memory of ours becomes a program. */
	{ WAIT, "open", 1, { { 1, ANY_WRITE, 0 } } },
	{ WAIT, "openat", 1, { { 2, ANY_WRITE, 0 } } },
	{ WAIT, "mmap", 1, { { 2, PROT_EXEC, 0 } } },
	{ WAIT, "mmap2", 1, { { 2, PROT_EXEC, 0 } } },
	{ WAIT, "mprotect", 1, { { 2, PROT_EXEC, 0 } } },
	/* How musl opens a file that is closed on exec. */
	{ WAIT, "fcntl", 1, { { 1, WHOLE, F_SETFD } } },
	{ WAIT, "fcntl64", 1, { { 1, WHOLE, F_SETFD } } },
	/* The name of a link, and its index. */
	{ WAIT, "socket", 2, { { 0, WHOLE, AF_UNIX }, { 1, KIND, SOCK_DGRAM } } },
	{ WAIT, "ioctl", 1, { { 1, WHOLE, SIOCGIFNAME } } },
	{ WAIT, "ioctl", 1, { { 1, WHOLE, SIOCGIFINDEX } } },
	/* A keeper that cannot undo something tries it again with another one. */
	{ WAIT, "socket", 2, { { 0, WHOLE, AF_NETLINK }, { 2, WHOLE, NETLINK_ROUTE } } },
	/* Why there is no capability. */
	{ WAIT, "prctl", 1, { { 0, WHOLE, PR_CAPBSET_READ } } },
	{ MAKE, "ioctl", 1, { { 1, WHOLE, TUNSETIFF } } },
	{ MAKE, "ioctl", 1, { { 1, WHOLE, TUNSETOWNER } } },
	{ MAKE, "ioctl", 1, { { 1, WHOLE, TUNSETPERSIST } } },
	{ NAT, "socket", 2, { { 0, WHOLE, AF_NETLINK }, { 2, WHOLE, NETLINK_NETFILTER } } },
	/* To ask iptables for its rules, nothing else. */
	{ NAT, "socket", 2, { { 0, WHOLE, AF_INET }, { 1, KIND, SOCK_DGRAM } } },
	{ NAT, "socket", 2, { { 0, WHOLE, AF_INET6 }, { 1, KIND, SOCK_DGRAM } } },
	{ KEEPER, "socketpair", 1, { { 0, WHOLE, AF_UNIX } } },
	{ KEEPER, "clone", 1, { { CLONE_FLAGS, NAMESPACES, 0 } } },
	{ KEEPER, "prctl", 1, { { 0, WHOLE, PR_SET_DUMPABLE } } },
	{ DHCP, "socket", 1, { { 0, WHOLE, AF_UNIX } } },
	{ DHCP, "socket", 1, { { 0, WHOLE, AF_INET } } },
	{ DHCP, "socket", 1, { { 0, WHOLE, AF_INET6 } } },
	{ DHCP, "socket", 1, { { 0, WHOLE, AF_NETLINK } } },
};

/* Where unknown calls only fail, these still end the process. */
static const char *const forbidden =
	"process_vm_writev pidfd_getfd kcmp process_madvise "
	"mount umount umount2 pivot_root chroot open_tree move_mount fsopen fsconfig fsmount fspick "
	"mount_setattr unshare setns open_by_handle_at name_to_handle_at fanotify_init "
	"bpf perf_event_open userfaultfd io_uring_setup io_uring_enter io_uring_register "
	"keyctl add_key request_key init_module finit_module delete_module create_module "
	"kexec_load kexec_file_load reboot swapon swapoff acct quotactl quotactl_fd syslog vhangup "
	"sethostname setdomainname settimeofday clock_settime clock_settime64 clock_adjtime "
	"clock_adjtime64 adjtimex stime iopl ioperm modify_ldt vm86 vm86old personality execveat "
	"memfd_create memfd_secret mknod mknodat landlock_create_ruleset seccomp_unotify "
#ifndef SANITIZED
	"ptrace process_vm_readv"
#endif
	;

/* ---- the filter ---- */

/* The sanitizers look around in the process, and at its end another one looks at it. */
#ifdef SANITIZED
#define SANITIZERS DHCP
#define SANITIZERS_CALLS "ptrace process_vm_readv clone tgkill getppid"
#else
#define SANITIZERS 0
#define SANITIZERS_CALLS ""
#endif

/* What this machine, or this libseccomp, does not know is left out. */
static int add_name(scmp_filter_ctx filter, uint32_t action, const char *name, unsigned int n,
	const struct scmp_arg_cmp *arguments)
{
	int number = seccomp_syscall_resolve_name(name);
	int result = number == __NR_SCMP_ERROR
			     ? 0
			     : seccomp_rule_add_array(filter, action, number, n, arguments);

	return result == -EDOM || result == -EEXIST ? 0 : result;
}

static int add_names(scmp_filter_ctx filter, uint32_t action, const char *names)
{
	char name[64];
	int result = 0;

	for (size_t len; result == 0 && *names; names += len + (names[len] == ' ')) {
		len = strcspn(names, " ");
		if (len == 0 || len >= sizeof(name))
			continue;
		memcpy(name, names, len);
		name[len] = '\0';
		result = add_name(filter, action, name, 0, NULL);
	}
	return result;
}

static int add_judged(scmp_filter_ctx filter, size_t i)
{
	struct scmp_arg_cmp arguments[2];

	for (unsigned int j = 0; j < judged[i].n; j++)
		arguments[j] = (struct scmp_arg_cmp){ judged[i].arguments[j].number,
			SCMP_CMP_MASKED_EQ, judged[i].arguments[j].mask,
			judged[i].arguments[j].value };
	return add_name(filter, SCMP_ACT_ALLOW, judged[i].name, judged[i].n, arguments);
}

static bool is_for(uint32_t of, uint32_t work)
{
	return of == WAIT || of & work;
}

/* Where there are no arguments to be judged, ENOSYS lets C libraries take the older call. */
static int add_clone3(scmp_filter_ctx filter)
{
	return add_name(filter, SCMP_ACT_ERRNO(ENOSYS), "clone3", 0, NULL);
}

/* A namespace of one's own is asked for by any of these. */
static int forbid_namespaces(scmp_filter_ctx filter)
{
	int result = 0;

	for (uint32_t bit = 1; bit && result == 0; bit <<= 1)
		if (NAMESPACES & bit)
			result = add_name(filter, SCMP_ACT_KILL_PROCESS, "clone", 1,
				&(struct scmp_arg_cmp){
					CLONE_FLAGS, SCMP_CMP_MASKED_EQ, bit, bit });
	return result;
}

static int fill(scmp_filter_ctx filter, uint32_t work)
{
	int result = add_names(filter, SCMP_ACT_ALLOW, SANITIZERS_CALLS);

	work |= SANITIZERS;
	for (size_t i = 0; i < sizeof(plain) / sizeof(*plain) && result == 0; i++)
		if (is_for(plain[i].work, work))
			result = add_names(filter, SCMP_ACT_ALLOW, plain[i].names);
	for (size_t i = 0; i < sizeof(judged) / sizeof(*judged) && result == 0; i++)
		if (is_for(judged[i].work, work))
			result = add_judged(filter, i);
	return result;
}

static int forbid(scmp_filter_ctx filter)
{
	int result = add_names(filter, SCMP_ACT_KILL_PROCESS, forbidden);

	return result || SANITIZERS ? result : forbid_namespaces(filter);
}

/* NULL and -errno. @architecture 0: this machine's. */
static scmp_filter_ctx build(uint32_t work, uint32_t architecture, int *ret_result)
{
	scmp_filter_ctx filter = seccomp_init(
		work & DHCP ? SCMP_ACT_ERRNO(ENOSYS) : SCMP_ACT_KILL_PROCESS);
	int result = filter ? 0 : -ENOMEM;

	if (result == 0 && architecture && architecture != seccomp_arch_native()) {
		result = seccomp_arch_add(filter, architecture);
		if (result == 0)
			result = seccomp_arch_remove(filter, SCMP_ARCH_NATIVE);
	}
	if (result == 0)
		result = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	if (result == 0)
		result = fill(filter, work);
	if (result == 0 && (work & (KEEPER | DHCP)) == KEEPER)
		result = add_clone3(filter);
	if (result == 0 && work & DHCP)
		result = forbid(filter);
	*ret_result = result;
	if (result == 0)
		return filter;
	seccomp_release(filter);
	return NULL;
}

uint32_t seccomp_work_of(const Request *request)
{
	uint32_t work = MAKE;

	for (unsigned int i = 0; i < request->n_taps; i++) {
		if (request->taps[i].op != REQUEST_CREATE)
			work |= KEEPER;
		if (request->taps[i].flags & REQUEST_NAT)
			work |= NAT;
		if (request->taps[i].flags & REQUEST_DHCP)
			work |= KEEPER | DHCP;
	}
	return work;
}

/* ---- as the kernel takes it ---- */

/*
 * libseccomp cannot be told of call number -1. A tracer makes a call to that when it is to be
 * skipped or to fail, and the kernel has nothing behind it: so the programs begin with this.
 */
#define HEAD 3
static const struct sock_filter head[HEAD] = {
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0xffffffff, 0, 1),
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
};

typedef struct {
	struct sock_filter steps[BPF_MAXINSNS];
	unsigned short n;
} Program;

/* 0 or -errno. */
static int export(scmp_filter_ctx filter, Program *ret_program)
{
	int fd = memfd_create("filter", MFD_CLOEXEC), result = fd < 0 ? -errno : 0;
	size_t size = sizeof(ret_program->steps) - sizeof(head);
	ssize_t n = 0;

	if (result == 0)
		result = seccomp_export_bpf(filter, fd);
	if (result == 0)
		n = pread(fd, ret_program->steps + HEAD, size, 0);
	if (fd >= 0)
		close(fd);
	if (result == 0 && (n <= 0 || (size_t)n == size))
		result = n < 0 ? -errno : -E2BIG;
	memcpy(ret_program->steps, head, sizeof(head));
	ret_program->n = HEAD + n / sizeof(*head);
	return result;
}

static int compile(uint32_t work, Program *ret_program)
{
	int result;
	scmp_filter_ctx filter = build(work, 0, &result);

	if (filter)
		result = export(filter, ret_program);
	seccomp_release(filter);
	return result;
}

static int load(const Program *program)
{
	struct sock_fprog whole = { program->n, (struct sock_filter *)program->steps };

	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &whole) < 0 ? -errno : 0;
}

static bool tell(int error, Fault *fault)
{
	if (error == -EINVAL || error == -ENOSYS || error == -EOPNOTSUPP)
		return fault_set(fault, EX_UNAVAILABLE,
			"this kernel has no filters of system calls (CONFIG_SECCOMP_FILTER), and "
			"without one the helper does not go on");
	return fault_set(fault, EX_OSERR, "the filter of system calls: %s", strerror(-error));
}

/* Made beforehand: a keeper could not make it any more. */
static Program waiting;

bool seccomp_confine(uint32_t work, Fault *fault)
{
	static Program program;
	int result = compile(work, &program);

	if (result == 0 && work & KEEPER)
		result = compile(WAIT, &waiting);
	if (result == 0)
		result = load(&program);
	return result == 0 || tell(result, fault);
}

bool seccomp_confine_keeper(Fault *fault)
{
	int result = load(&waiting);

	return result == 0 || tell(result, fault);
}

int seccomp_write(uint32_t work, uint32_t architecture, int fd)
{
	int result;
	scmp_filter_ctx filter = build(work, architecture, &result);

	if (filter)
		result = seccomp_export_bpf(filter, fd);
	seccomp_release(filter);
	return result;
}
