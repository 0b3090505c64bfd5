/* SPDX-License-Identifier: MIT */
#include "platform/linux/helper/dhcp.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "platform/linux/dnsmasq.h"
#include "platform/linux/helper/privilege.h"

#define START_LIMIT_MS 2000
#define BUSY_LIMIT_MS 1000 /* the server of a VM that has just ended may still have its port */
#define BUSY_PAUSE_MS 50
#define END_LIMIT_MS 500 /* from SIGTERM to SIGKILL */

#define NOBODY 65534
#define LOG_MAX 2048
#define READY ": started, version "
#define BUSY "Address already in use"

static long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- the program ---- */

/* Root as it is seen from here: in the namespace of an ordinary user root has no number. */
static bool is_roots(uid_t uid)
{
	FILE *map = fopen("/proc/self/uid_map", "re");
	unsigned int inside = 0, outside = 0;
	bool is_whole = map && fscanf(map, "%u %u", &inside, &outside) == 2 && outside == 0;

	if (map)
		fclose(map);
	return uid == 0 || (!is_whole && uid == NOBODY);
}

/* Never by $PATH, and nothing that others than root could have put there. */
static const char *find_program(Fault *fault)
{
	static const char *const paths[] = { "/usr/sbin/dnsmasq", "/usr/bin/dnsmasq" };
	struct stat status;

	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		if (stat(paths[i], &status) < 0 || !S_ISREG(status.st_mode))
			continue;
		if (is_roots(status.st_uid) && !(status.st_mode & (S_IWGRP | S_IWOTH)))
			return paths[i];
		fault_set(fault, EX_OSFILE, "%s: must be root's, and nobody else may write to it",
			paths[i]);
		return NULL;
	}
	fault_set(fault, EX_OSFILE,
		"there is no dnsmasq in /usr/sbin or /usr/bin; install the package dnsmasq-base "
		"(Debian, Ubuntu) or dnsmasq");
	return NULL;
}

bool dhcp_is_possible(const Request *request, Fault *fault)
{
	for (unsigned int i = 0; i < request->n_taps; i++) {
		const RequestTap *tap = &request->taps[i];

		if (!(tap->flags & REQUEST_DHCP) ||
			(find_program(fault) &&
				privilege_keep_for_dhcp(tap->guests[1].family, fault)))
			continue;
		fault->tap = i;
		fault->key = NET_KEY_DHCP;
		return false;
	}
	return true;
}

/* ---- the child, until it becomes dnsmasq ---- */

static void __attribute__((noreturn)) leave(const char *what)
{
	dprintf(STDERR_FILENO, "dnsmasq: %s: %s\n", what, strerror(errno));
	_exit(EXIT_FAILURE);
}

/* Of the keeper it has nothing but /dev/null, and the pipe. */
static void shed_keeper(int log)
{
	sigset_t none;

	if (dup2(log, STDOUT_FILENO) < 0 || dup2(log, STDERR_FILENO) < 0)
		_exit(EXIT_FAILURE);
	if (setsid() < 0 || syscall(SYS_close_range, 3, ~0u, 0) < 0)
		leave("close_range");
	for (int i = 1; i < NSIG; i++)
		signal(i, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static void limit_resources(void)
{
	static const struct {
		int resource;
		rlim_t limit;
	} limits[] = {
		{ RLIMIT_CORE, 0 },
		{ RLIMIT_FSIZE, 0 },
		{ RLIMIT_NOFILE, 256 },
		{ RLIMIT_MEMLOCK, 0 },
#ifndef SANITIZED
		{ RLIMIT_AS, 256 << 20 },
#endif
	};

	for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
		struct rlimit limit = { limits[i].limit, limits[i].limit };

		if (setrlimit(limits[i].resource, &limit) < 0)
			leave("setrlimit");
	}
}

/*
 * With a file capability it is the caller already. Where root is the only user there is, as in a
 * namespace of one's own, it stays root, by name only.
 */
static bool become(uid_t uid)
{
	if (getuid() != 0)
		return true;
	if (setresgid(NOBODY, NOBODY, NOBODY) < 0 && errno == EINVAL)
		return false;
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0 || setgroups(0, NULL) < 0 ||
		getgid() != NOBODY || setresuid(uid, uid, uid) < 0)
		leave("setresuid");
	return true;
}

static void add_command(DnsmasqArgv *argv, const RequestTap *tap, bool is_root)
{
	dnsmasq_begin(argv);
	dnsmasq_add(argv, "dnsmasq");
	/* As root it would change to another user; only --no-daemon does not. */
	dnsmasq_add(argv, is_root ? "--no-daemon" : "--keep-in-foreground");
	dnsmasq_add(argv, "--log-facility=-");
	dnsmasq_add(argv, "--pid-file=");
	dnsmasq_add_options(argv, tap);
}

/*
 * SIGTERM is what it also takes down its own children at. It is set only now: the kernel forgets it
 * when the user or the capabilities change. If the keeper has died meanwhile, nobody will send it.
 */
static void die_with(pid_t keeper)
{
	if (prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0) < 0)
		leave("PR_SET_PDEATHSIG");
	if (getppid() != keeper)
		_exit(EXIT_FAILURE);
}

static void __attribute__((noreturn))
become_dnsmasq(const DhcpServer *server, const char *path, int log, pid_t keeper)
{
	static char *environment[] = { NULL };
	uid_t uid = server->uid ? server->uid : NOBODY;
	DnsmasqArgv argv;
	bool changed;

	shed_keeper(log);
	limit_resources();
	umask(077);
	if (!privilege_raise_kept())
		leave("capset");
	changed = become(uid);
	add_command(&argv, server->tap, !changed);
	if (!privilege_pass_to_dhcp(server->tap->guests[1].family))
		leave("capabilities");
	die_with(keeper);
	execve(path, argv.words, environment);
	leave(path);
}

/* ---- its start, seen by the keeper ---- */

typedef struct {
	char text[LOG_MAX];
	size_t used;
} Log;

/* One line of it: the last, without what is in front of the message. */
static const char *last_line(Log *log)
{
	char *line, *message;

	while (log->used > 0 && log->text[log->used - 1] == '\n')
		log->text[--log->used] = '\0';
	line = strrchr(log->text, '\n');
	line = line ? line + 1 : log->text;
	message = strstr(line, ": ");
	for (char *c = line; *c; c++)
		if (*c < ' ')
			*c = ' ';
	return message ? message + 2 : line;
}

/* 1: it serves; 0: it has ended; -1: neither, and time is over. */
static int wait_until_ready(int fd, long deadline, Log *log)
{
	log->used = 0;
	log->text[0] = '\0';
	while (!strstr(log->text, READY)) {
		struct pollfd readable = { .fd = fd, .events = POLLIN };
		long left = deadline - now_ms();
		ssize_t n;

		if (left <= 0 || log->used == LOG_MAX - 1)
			return -1;
		if (poll(&readable, 1, left) <= 0)
			continue;
		n = read(fd, log->text + log->used, LOG_MAX - 1 - log->used);
		if (n == 0)
			return 0;
		log->used += n > 0 ? n : 0;
		log->text[log->used] = '\0';
	}
	return 1;
}

/* False only when there is no process then. */
static bool spawn(DhcpServer *server, const char *path, Fault *fault)
{
	pid_t keeper = getpid();
	int pipes[2];

	if (pipe2(pipes, O_CLOEXEC) < 0)
		return fault_set(fault, EX_OSERR, "pipe: %s", strerror(errno));
	server->log = pipes[0];
	server->pid = fork();
	if (server->pid == 0)
		become_dnsmasq(server, path, pipes[1], keeper);
	close(pipes[1]);
	if (server->pid > 0)
		server->process = syscall(SYS_pidfd_open, server->pid, 0);
	if (server->pid > 0 && server->process >= 0)
		return true;
	fault_set(fault, EX_OSERR, "cannot start dnsmasq: %s", strerror(errno));
	if (server->pid > 0)
		kill(server->pid, SIGKILL);
	if (server->pid > 0)
		waitpid(server->pid, NULL, 0);
	close(server->log);
	server->pid = 0;
	server->process = server->log = -1;
	return false;
}

static bool refuse_busy(const RequestTap *tap, const char *why, Fault *fault)
{
	const char *port = strstr(why, "DHCPv6") ? "UDP port 547"
			   : strstr(why, "DHCP") ? "UDP port 67"
						 : "port 53";

	return fault_set(fault, EX_UNAVAILABLE,
		"%s is taken: another %s of this host listens on every interface; keep it off %s, or "
		"end it (ss -lnp shows it)",
		port, strcmp(port, "port 53") == 0 ? "name server" : "DHCP server", tap->ifname);
}

bool dhcp_start(DhcpServer *server, Fault *fault)
{
	static const struct timespec pause = { .tv_nsec = BUSY_PAUSE_MS * 1000000 };
	long start = now_ms();
	const char *path = find_program(fault), *why;
	int outcome;
	Log log;

	while (path && spawn(server, path, fault)) {
		outcome = wait_until_ready(server->log, start + START_LIMIT_MS, &log);
		if (outcome > 0)
			return true;
		dhcp_end(server);
		why = last_line(&log);
		if (outcome < 0)
			return fault_set(fault, EX_OSERR,
				"dnsmasq is not ready after %d seconds%s%s", START_LIMIT_MS / 1000,
				*why ? ": " : "", why);
		if (!strstr(why, BUSY))
			return fault_set(fault, EX_OSERR, "dnsmasq has ended: %s",
				*why ? why : "it does not say why");
		if (now_ms() - start > BUSY_LIMIT_MS)
			return refuse_busy(server->tap, why, fault);
		nanosleep(&pause, NULL);
	}
	return false;
}

/* ---- its life and its end ---- */

void dhcp_watch(const DhcpServer *server, struct pollfd *ret_polls)
{
	ret_polls[0] = (struct pollfd){ .fd = server->process, .events = POLLIN };
	ret_polls[1] = (struct pollfd){ .fd = server->log, .events = POLLIN };
}

static void close_log(DhcpServer *server)
{
	if (server->log >= 0)
		close(server->log);
	server->log = -1;
}

/* What it has started itself goes as well, while the number is still its own. */
static void forget(DhcpServer *server)
{
	kill(-server->pid, SIGKILL);
	while (waitpid(server->pid, NULL, 0) < 0 && errno == EINTR)
		;
	close(server->process);
	close_log(server);
	server->process = -1;
	server->pid = 0;
}

void dhcp_react(DhcpServer *server, const struct pollfd *polls)
{
	char nowhere[512];

	if (polls[1].revents && read(server->log, nowhere, sizeof(nowhere)) == 0)
		close_log(server);
	if (polls[0].revents)
		forget(server);
}

void dhcp_end(DhcpServer *server)
{
	struct pollfd ended = { .fd = server->process, .events = POLLIN };

	if (!server->pid)
		return;
	kill(server->pid, SIGTERM);
	if (poll(&ended, 1, END_LIMIT_MS) <= 0)
		kill(server->pid, SIGKILL);
	forget(server);
}
