/* SPDX-License-Identifier: MIT */
/*
 * How long does it take to list many VMs?
 *
 *	many ROUNDS N {NAME COMMAND}...
 *
 * N run directories are made in $XDG_RUNTIME_DIR as VMs that run have them: a child holds every
 *lock and answers at every control socket like QEMU's monitor does. COMMAND is split as a shell
 *would; what it prints is thrown away. The commands take turns.
 */
#include <glib.h>
#include <glib/gstdio.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define GREETING                                                                           \
	"{\"QMP\": {\"version\": {\"qemu\": {\"micro\": 22, \"minor\": 2, \"major\": 7}, " \
	"\"package\": \"Debian 1:7.2+dfsg\"}, \"capabilities\": [\"oob\"]}}\r\n"
#define RECORD                                                      \
	"pid %d\nstarted 1\nprofile /srv/vm%03d.ini\nmemory 2048\n" \
	"tap tap%d 192.168.50.1/24 fd00:5a17::1/64\nguest 192.168.50.2\ndisplay gtk\nend\n"

/* ---- VMs ---- */

static int listen_at(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	g_strlcpy(address.sun_path, path, sizeof(address.sun_path));
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 1) < 0)
		g_error("%s: %s", path, g_strerror(errno));
	return fd;
}

static void watch(int poller, int fd, gboolean listens)
{
	struct epoll_event event = { .events = EPOLLIN,
		.data.u64 = (guint64)fd << 1 | (listens ? 1 : 0) };

	if (epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event) < 0)
		g_error("epoll_ctl: %s", g_strerror(errno));
}

static void make_vm(int poller, int number)
{
	g_autofree char *directory = g_strdup_printf(
		"%s/qemu-tapwrap/vm%03d", g_getenv("XDG_RUNTIME_DIR"), number);
	g_autofree char *lock = g_build_filename(directory, "lock", NULL);
	g_autofree char *control = g_build_filename(directory, "control.sock", NULL);
	g_autofree char *record = g_strdup_printf(RECORD, (int)getpid(), number, number);
	int fd;

	g_mkdir_with_parents(directory, 0700);
	unlink(control); /* of a round before */
	fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0 ||
		write(fd, record, strlen(record)) != (ssize_t)strlen(record))
		g_error("%s: %s", lock, g_strerror(errno));
	watch(poller, listen_at(control), TRUE);
}

/* One command a line, each with an id. */
static void answer(int fd)
{
	char text[4096];
	ssize_t n = read(fd, text, sizeof(text) - 1);

	if (n <= 0) {
		close(fd);
		return;
	}
	text[n] = '\0';
	for (char *at = text; (at = strstr(at, "\"id\":")); at++) {
		g_autofree char *line = g_strdup_printf("{\"return\": {%s}, \"id\": %d}\r\n",
			strstr(text, "query-status")
				? "\"status\": \"running\", \"singlestep\": false, \"running\": true"
				: "",
			atoi(at + strlen("\"id\":")));

		(void)!send(fd, line, strlen(line), MSG_NOSIGNAL);
	}
}

static void serve(int poller)
{
	struct epoll_event event;

	while (epoll_wait(poller, &event, 1, -1) >= 0) {
		int fd = event.data.u64 >> 1;

		if (!(event.data.u64 & 1)) {
			answer(fd);
			continue;
		}
		fd = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
		(void)!send(fd, GREETING, strlen(GREETING), MSG_NOSIGNAL);
		watch(poller, fd, FALSE);
	}
}

/* Returns when all of them are there. */
static pid_t start_vms(int n)
{
	struct rlimit many = { 4096, 4096 };
	int ready[2], poller;
	pid_t pid;
	char byte;

	if (pipe(ready) < 0 || (pid = fork()) < 0)
		g_error("fork: %s", g_strerror(errno));
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		setrlimit(RLIMIT_NOFILE, &many);
		poller = epoll_create1(EPOLL_CLOEXEC);
		for (int i = 0; i < n; i++)
			make_vm(poller, i);
		(void)!write(ready[1], "", 1);
		serve(poller);
		_exit(1);
	}
	close(ready[1]);
	if (read(ready[0], &byte, 1) != 1)
		g_error("no VMs");
	close(ready[0]);
	return pid;
}

/* ---- time ---- */

typedef struct {
	const char *name;
	GStrv argv;
	GArray *times; /* double, ms, as is the next */
	GArray *processor;
} Candidate;

static double milliseconds(struct timeval time)
{
	return time.tv_sec * 1e3 + time.tv_usec / 1e3;
}

static void run_once(Candidate *candidate)
{
	gint64 start = g_get_monotonic_time();
	struct rusage usage;
	double time, processor;
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		dup2(open("/dev/null", O_WRONLY), STDOUT_FILENO);
		execvp(candidate->argv[0], candidate->argv);
		_exit(127);
	}
	if (wait4(pid, &status, 0, &usage) < 0 || !WIFEXITED(status) ||
		WEXITSTATUS(status) > 1) /* pgrep: nothing found */
		g_error("%s: wait status %d", candidate->name, status);
	time = (g_get_monotonic_time() - start) / 1e3;
	processor = milliseconds(usage.ru_utime) + milliseconds(usage.ru_stime);
	g_array_append_val(candidate->times, time);
	g_array_append_val(candidate->processor, processor);
}

static int compare(gconstpointer a, gconstpointer b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(GArray *times)
{
	g_array_sort(times, compare);
	return g_array_index(times, double, times->len / 2);
}

static void report(Candidate *candidate)
{
	double middle = median(candidate->times);

	printf("%-50s %8.2f %8.2f %8.2f\n", candidate->name, middle,
		g_array_index(candidate->times, double, 0), median(candidate->processor));
}

int main(int argc, char **argv)
{
	int rounds = argc >= 5 && argc % 2 ? atoi(argv[1]) : 0, n = argc > 2 ? atoi(argv[2]) : 0;
	int n_candidates = (argc - 3) / 2;
	g_autofree Candidate *candidates = g_new0(Candidate, MAX(1, n_candidates));
	pid_t vms;

	if (rounds < 1 || n < 1) {
		fputs("usage: many ROUNDS N {NAME COMMAND}...\n", stderr);
		return 64;
	}
	for (int i = 0; i < n_candidates; i++) {
		candidates[i].name = argv[3 + 2 * i];
		candidates[i].times = g_array_new(FALSE, FALSE, sizeof(double));
		candidates[i].processor = g_array_new(FALSE, FALSE, sizeof(double));
		if (!g_shell_parse_argv(argv[4 + 2 * i], NULL, &candidates[i].argv, NULL))
			g_error("%s: not a command", argv[4 + 2 * i]);
	}
	vms = start_vms(n);
	for (int round = 0; round < rounds; round++)
		for (int i = 0; i < n_candidates; i++)
			run_once(&candidates[i]);
	printf("%3d VMs made up, %d rounds, ms %-21s   median      min processor\n", n, rounds, "");
	for (int i = 0; i < n_candidates; i++)
		report(&candidates[i]);
	kill(vms, SIGKILL);
	waitpid(vms, NULL, 0);
	return 0;
}
