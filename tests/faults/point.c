/* SPDX-License-Identifier: MIT */
/*
 * point PROCESS N ACTION COMMAND [ARGUMENT...]
 *
 * Runs a command and does something to one process of it at one system call: kill, error=ERRNO (it
 * is not made, and fails with that) or pause=MS. Processes count from 0, the command itself, in the
 * order of their births, and the calls of each from 1. With ACTION list=FILE nothing is done, and
 * FILE gets a line for each call: process, number, how often it had become another program, name,
 * the first three arguments.
 *
 * strace can do that only to all processes of a command at once. Waits until all of them have
 * ended; the exit status is the command's, 128 + N if signal N killed it, and 98 if it never came
 * to that call.
 */
#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/ptrace.h>

#define PROCESSES_MAX 4096
#define NOT_REACHED 98 /* an exit status */
#define OPTIONS                                                                                   \
	(PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | \
		PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL)

typedef struct {
	pid_t pid;
	int index;	/* -1: its parent has not told of it yet; then it waits */
	long n_calls;	/* so far */
	int n_programs; /* that it has become */
	bool counts, waits, failing;
} Process;

static Process processes[PROCESSES_MAX];
static int n_processes, n_births;

/* What is to be done. */
static int the_process;
static long the_call;
static enum { KILL, ERROR, PAUSE, LIST } action;
static long number; /* errno or ms */
static bool done;
static FILE *list;

/* ---- names ---- */

#define CALL(name)                \
	{                         \
		SYS_##name, #name \
	}

static const struct {
	long number;
	const char *name;
} calls[] = {
	CALL(bind),
	CALL(brk),
	CALL(capget),
	CALL(capset),
	CALL(chdir),
	CALL(clock_gettime),
	CALL(clock_nanosleep),
	CALL(clone),
	CALL(clone3),
	CALL(close),
	CALL(close_range),
	CALL(connect),
	CALL(dup),
	CALL(dup3),
	CALL(execve),
	CALL(exit),
	CALL(exit_group),
	CALL(faccessat),
	CALL(faccessat2),
	CALL(fchdir),
	CALL(fcntl),
	CALL(fdatasync),
	CALL(flock),
	CALL(fstat),
	CALL(fstatfs),
	CALL(fsync),
	CALL(ftruncate),
	CALL(futex),
	CALL(getcwd),
	CALL(getdents64),
	CALL(getegid),
	CALL(geteuid),
	CALL(getgid),
	CALL(getgroups),
	CALL(getpid),
	CALL(getppid),
	CALL(getrandom),
	CALL(getsockname),
	CALL(getsockopt),
	CALL(gettid),
	CALL(getuid),
	CALL(ioctl),
	CALL(kill),
	CALL(linkat),
	CALL(listen),
	CALL(lseek),
	CALL(madvise),
	CALL(mkdirat),
	CALL(mmap),
	CALL(mprotect),
	CALL(mremap),
	CALL(munmap),
	CALL(nanosleep),
	CALL(newfstatat),
	CALL(openat),
	CALL(pidfd_open),
	CALL(pipe2),
	CALL(ppoll),
	CALL(prctl),
	CALL(pread64),
	CALL(prlimit64),
	CALL(pwrite64),
	CALL(read),
	CALL(readlinkat),
	CALL(readv),
	CALL(recvfrom),
	CALL(recvmsg),
	CALL(renameat2),
	CALL(rseq),
	CALL(rt_sigaction),
	CALL(rt_sigprocmask),
	CALL(rt_sigreturn),
	CALL(seccomp),
	CALL(sendmsg),
	CALL(sendto),
	CALL(set_robust_list),
	CALL(set_tid_address),
	CALL(setgid),
	CALL(setgroups),
	CALL(setitimer),
	CALL(setresgid),
	CALL(setresuid),
	CALL(setsid),
	CALL(setsockopt),
	CALL(setuid),
	CALL(shutdown),
	CALL(socket),
	CALL(socketpair),
	CALL(statfs),
	CALL(statx),
	CALL(sysinfo),
	CALL(tgkill),
	CALL(umask),
	CALL(uname),
	CALL(unlinkat),
	CALL(unshare),
	CALL(wait4),
	CALL(waitid),
	CALL(write),
	CALL(writev),
#ifdef SYS_open
	CALL(access),
	CALL(alarm),
	CALL(arch_prctl),
	CALL(dup2),
	CALL(fork),
	CALL(link),
	CALL(lstat),
	CALL(mkdir),
	CALL(open),
	CALL(pipe),
	CALL(poll),
	CALL(readlink),
	CALL(rename),
	CALL(stat),
	CALL(unlink),
	CALL(vfork),
#endif
};

static const char *name_of(long nr)
{
	static char unnamed[32];

	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++)
		if (calls[i].number == nr)
			return calls[i].name;
	snprintf(unnamed, sizeof(unnamed), "call%ld", nr);
	return unnamed;
}

/* ---- the registers ---- */

static void __attribute__((noreturn)) fail(const char *what)
{
	fprintf(stderr, "point: %s: %s\n", what, strerror(errno));
	exit(99);
}

static void change_registers(pid_t pid, void (*change)(struct user_regs_struct *))
{
	struct user_regs_struct registers;
	struct iovec data = { &registers, sizeof(registers) };

	if (ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &data) == 0) {
		change(&registers);
		ptrace(PTRACE_SETREGSET, pid, NT_PRSTATUS, &data);
	}
}

static void set_result(struct user_regs_struct *registers)
{
#if defined(__x86_64__)
	registers->rax = -number;
#elif defined(__aarch64__)
	registers->regs[0] = -number;
#else
#error "which register has the result of a system call here?"
#endif
}

/* Another call that does no harm: a filter for system calls would not let none of them pass. */
static void replace_call(pid_t pid)
{
#if defined(__x86_64__)
	ptrace(PTRACE_POKEUSER, pid, offsetof(struct user_regs_struct, orig_rax), SYS_getuid);
#else
	int nr = SYS_getuid;
	struct iovec data = { &nr, sizeof(nr) };

	ptrace(PTRACE_SETREGSET, pid, NT_ARM_SYSTEM_CALL, &data);
#endif
}

/* ---- at a call ---- */

static void act(Process *process, unsigned long long nr)
{
	done = true;
	switch (action) {
	case KILL:
		kill(process->pid, SIGKILL);
		break;
	case ERROR:
		if (nr != SYS_close) /* which closes even when it fails */
			replace_call(process->pid);
		process->failing = true;
		break;
	case PAUSE:
		usleep(number * 1000);
		break;
	case LIST:
		break;
	}
}

static void print(const Process *process, const struct ptrace_syscall_info *info)
{
	fprintf(list, "%d %ld %d %s %llx %llx %llx\n", process->index, process->n_calls,
		process->n_programs, name_of(info->entry.nr),
		(unsigned long long)info->entry.args[0], (unsigned long long)info->entry.args[1],
		(unsigned long long)info->entry.args[2]);
}

static void at_call(Process *process)
{
	struct ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, process->pid, sizeof(info), &info) <= 0)
		return;
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
		process->n_calls++;
		if (list)
			print(process, &info);
		else if (process->n_calls == the_call)
			act(process, info.entry.nr);
	} else if (process->failing) {
		change_registers(process->pid, set_result);
		process->failing = false;
	}
}

/* ---- processes ---- */

static Process *find(pid_t pid)
{
	Process *process;

	for (int i = n_processes - 1; i >= 0; i--)
		if (processes[i].pid == pid)
			return &processes[i];
	if (n_processes == PROCESSES_MAX)
		fail("too many processes");
	process = &processes[n_processes++];
	*process = (Process){ .pid = pid, .index = -1 };
	return process;
}

/* Does it still have calls to be looked at? */
static bool is_of_interest(const Process *process)
{
	return process->counts &&
	       (list || (process->index == the_process &&
				(process->n_calls < the_call || process->failing)));
}

static void go_on(Process *process, int signal)
{
	ptrace(is_of_interest(process) ? PTRACE_SYSCALL : PTRACE_CONT, process->pid, 0, signal);
}

static void at_birth(const Process *parent)
{
	unsigned long pid;
	Process *child;

	if (ptrace(PTRACE_GETEVENTMSG, parent->pid, 0, &pid) < 0)
		return;
	child = find(pid);
	child->index = n_births++;
	child->counts = true;
	if (child->waits) {
		child->waits = false;
		go_on(child, 0);
	}
}

static void at_stop(Process *process, int status)
{
	int event = status >> 16, signal = WSTOPSIG(status);

	if (signal == (SIGTRAP | 0x80)) {
		at_call(process);
		signal = 0;
	} else if (event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK ||
		   event == PTRACE_EVENT_CLONE) {
		at_birth(process);
		signal = 0;
	} else if (event == PTRACE_EVENT_EXEC) {
		process->counts = true;
		process->n_programs++;
		signal = 0;
	} else if (event == PTRACE_EVENT_STOP && signal != SIGTRAP) {
		ptrace(PTRACE_LISTEN, process->pid, 0, 0);
		return;
	} else if (event == PTRACE_EVENT_STOP) {
		signal = 0;
		if (process->index < 0) {
			process->waits = true;
			return;
		}
	}
	go_on(process, signal);
}

/* ---- start ---- */

static pid_t start(char **argv)
{
	int gate[2];
	char byte = 0;
	pid_t pid;

	if (pipe(gate) < 0 || (pid = fork()) < 0)
		fail("fork");
	if (pid == 0) {
		close(gate[1]);
		if (read(gate[0], &byte, 1) == 1) {
			close(gate[0]);
			execvp(*argv, argv);
		}
		_exit(99);
	}
	if (ptrace(PTRACE_SEIZE, pid, 0, OPTIONS) < 0)
		fail("PTRACE_SEIZE");
	close(gate[0]);
	find(pid)->index = n_births++;
	if (write(gate[1], &byte, 1) != 1)
		fail("write");
	close(gate[1]);
	return pid;
}

static void read_action(const char *text)
{
	const char *value = strchr(text, '=');

	number = value ? atol(value + 1) : 0;
	if (strncmp(text, "error=", 6) == 0)
		action = ERROR;
	else if (strncmp(text, "pause=", 6) == 0)
		action = PAUSE;
	else if (strncmp(text, "list=", 5) == 0)
		action = LIST;
	if (action == LIST && !(list = fopen(value + 1, "we")))
		fail(value + 1);
}

int main(int argc, char **argv)
{
	int status, outcome = 0;
	pid_t pid, first;

	if (argc < 5) {
		fputs("usage: point PROCESS N kill|error=ERRNO|pause=MS|list=FILE COMMAND...\n",
			stderr);
		return 99;
	}
	the_process = atoi(argv[1]);
	the_call = atol(argv[2]);
	read_action(argv[3]);
	first = start(argv + 4);
	while ((pid = waitpid(-1, &status, __WALL)) > 0) {
		if (WIFSTOPPED(status))
			at_stop(find(pid), status);
		else if (pid == first)
			outcome = status;
	}
	if (list)
		fclose(list);
	else if (!done)
		return NOT_REACHED;
	return WIFSIGNALED(outcome) ? 128 + WTERMSIG(outcome) : WEXITSTATUS(outcome);
}
