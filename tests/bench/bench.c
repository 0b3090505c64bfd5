/* SPDX-License-Identifier: MIT */
/*
 * How long from the start of a command to the start of QEMU (tests/bench/stub.c in its place)?
 *
 *	bench ROUNDS PROFILE RAW
 *
 * The candidates take turns in one run, so that a busy machine slows all of them alike.
 */
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TIME_FILE "/srv/tmp-bench-time"

typedef struct {
	const char *name;
	const char *argv[4];
	const char *undo; /* shell command, not timed */
	GArray *times;	  /* of gint64, ns */
} Candidate;

static gint64 now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * G_GINT64_CONSTANT(1000000000) + time.tv_nsec;
}

static void run_once(Candidate *candidate)
{
	g_autofree char *text = NULL;
	gint64 start = now(), time;
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		execvp(candidate->argv[0], (char **)candidate->argv);
		_exit(127);
	}
	waitpid(pid, &status, 0);
	if (status != 0 || !g_file_get_contents(TIME_FILE, &text, NULL, NULL))
		g_error("%s: wait status %d", candidate->name, status);
	time = g_ascii_strtoll(text, NULL, 10) - start;
	g_array_append_val(candidate->times, time);
	unlink(TIME_FILE);
	if (candidate->undo && system(candidate->undo) != 0)
		g_error("%s: cannot undo", candidate->name);
}

static int compare(gconstpointer a, gconstpointer b)
{
	gint64 left = *(const gint64 *)a, right = *(const gint64 *)b;

	return left < right ? -1 : left > right;
}

static double quantile_ms(const Candidate *candidate, double q)
{
	g_array_sort(candidate->times, compare);
	return g_array_index(candidate->times, gint64, (guint)(q * (candidate->times->len - 1))) /
	       1e6;
}

int main(int argc, char **argv)
{
	Candidate candidates[] = {
		{ .name = "qemu-tapwrap", .argv = { "qemu-tapwrap", argc == 4 ? argv[2] : NULL } },
		{ .name = "recipe: three ip commands in sh",
			.argv = { "sh", "-c",
				"ip tuntap add mode tap tap0; ip addr add 192.168.50.1/24 dev tap0; "
				"ip link set tap0 up; exec qemu-system-x86_64" },
			.undo = "ip tuntap del mode tap tap0" },
		{ .name = "recipe as it is typed, with sudo",
			.argv = { "sh", "-c",
				"sudo ip tuntap add mode tap tap0; "
				"sudo ip addr add 192.168.50.1/24 dev tap0; "
				"sudo ip link set tap0 up; exec qemu-system-x86_64" },
			.undo = "ip tuntap del mode tap tap0" },
		{ .name = "raw: 60 lines of C, no checks", .argv = { argc == 4 ? argv[3] : NULL } },
	};
	int rounds = argc == 4 ? atoi(argv[1]) : 0;
	double first = 0;

	if (rounds < 1)
		return 64;
	g_setenv("BENCH_TIME", TIME_FILE, TRUE);
	for (guint i = 0; i < G_N_ELEMENTS(candidates); i++)
		candidates[i].times = g_array_new(FALSE, FALSE, sizeof(gint64));
	for (int round = 0; round < rounds; round++)
		for (guint i = 0; i < G_N_ELEMENTS(candidates); i++)
			run_once(&candidates[i]);

	printf("start to QEMU's exec, %d rounds\n%-34s %9s %9s %9s\n", rounds, "", "median", "p90",
		"ratio");
	for (guint i = 0; i < G_N_ELEMENTS(candidates); i++) {
		double median = quantile_ms(&candidates[i], 0.5);

		first = i == 0 ? median : first;
		printf("%-34s %6.2f ms %6.2f ms %8.2f\n", candidates[i].name, median,
			quantile_ms(&candidates[i], 0.9), first / median);
	}
	printf("ratio: qemu-tapwrap's median divided by this one\n");
	return 0;
}
