/* SPDX-License-Identifier: MIT */
/*
 * How long from the start of a command to the start of QEMU (tests/bench/stub.c in its place)?
 *
 *	bench ROUNDS {NAME NETNS COMMAND UNDO}...
 *
 * COMMAND is split as a shell would and executed without one, in the network namespace with that
 * file, if NETNS is not empty; UNDO, for a shell, is not timed. The
 * candidates take turns in one run, so that a busy machine slows all of them alike.
 */
#include <fcntl.h>
#include <glib.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TIME_FILE "/srv/tmp-bench-time"

typedef struct {
	const char *name;
	const char *netns;
	GStrv argv;
	const char *undo;
	GArray *times; /* of gint64, ns */
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
		if (*candidate->netns && setns(open(candidate->netns, O_RDONLY), 0) < 0)
			_exit(126);
		execvp(candidate->argv[0], candidate->argv);
		_exit(127);
	}
	waitpid(pid, &status, 0);
	if (status != 0 || !g_file_get_contents(TIME_FILE, &text, NULL, NULL))
		g_error("%s: wait status %d", candidate->name, status);
	time = g_ascii_strtoll(text, NULL, 10) - start;
	g_array_append_val(candidate->times, time);
	unlink(TIME_FILE);
	if (*candidate->undo && system(candidate->undo) != 0)
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

static GArray *read_candidates(char **argv)
{
	GArray *candidates = g_array_new(FALSE, TRUE, sizeof(Candidate));

	for (; argv[0] && argv[1] && argv[2] && argv[3]; argv += 4) {
		Candidate candidate = { .name = argv[0], .netns = argv[1], .undo = argv[3] };

		candidate.times = g_array_new(FALSE, FALSE, sizeof(gint64));
		if (!g_shell_parse_argv(argv[2], NULL, &candidate.argv, NULL))
			g_error("%s: cannot split %s", argv[0], argv[2]);
		g_array_append_val(candidates, candidate);
	}
	return candidates;
}

int main(int argc, char **argv)
{
	g_autoptr(GArray) candidates = argc > 4 ? read_candidates(argv + 2) : NULL;
	int rounds = argc > 4 ? atoi(argv[1]) : 0;
	double first = 0;

	if (rounds < 1)
		return 64;
	g_setenv("BENCH_TIME", TIME_FILE, TRUE);
	for (int round = 0; round < rounds; round++)
		for (guint i = 0; i < candidates->len; i++)
			run_once(&g_array_index(candidates, Candidate, i));

	printf("start to QEMU's exec, %d rounds\n%-34s %9s %9s %9s\n", rounds, "", "median", "p90",
		"ratio");
	for (guint i = 0; i < candidates->len; i++) {
		const Candidate *candidate = &g_array_index(candidates, Candidate, i);
		double median = quantile_ms(candidate, 0.5);

		first = i == 0 ? median : first;
		printf("%-34s %6.2f ms %6.2f ms %8.2f\n", candidate->name, median,
			quantile_ms(candidate, 0.9), median / first);
	}
	printf("ratio: median divided by that of the first line\n");
	return 0;
}
