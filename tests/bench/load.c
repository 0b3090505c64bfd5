/* SPDX-License-Identifier: MIT */
/*
 * What does a long profile cost over an empty one, from the start of qemu-tapwrap to QEMU's?
 *
 *	load ROUNDS EMPTY FULL
 *
 * The two take turns in one run. Processor time is the process's own, as wait4 has it.
 */
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct {
	const char *profile;
	double user, system; /* ms, summed up */
} Candidate;

static double milliseconds(struct timeval time)
{
	return time.tv_sec * 1e3 + time.tv_usec / 1e3;
}

static void run_once(Candidate *candidate)
{
	struct rusage usage;
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		execlp("qemu-tapwrap", "qemu-tapwrap", candidate->profile, NULL);
		_exit(127);
	}
	if (wait4(pid, &status, 0, &usage) < 0 || status != 0)
		g_error("%s: wait status %d", candidate->profile, status);
	candidate->user += milliseconds(usage.ru_utime);
	candidate->system += milliseconds(usage.ru_stime);
}

int main(int argc, char **argv)
{
	Candidate candidates[2] = { 0 };
	int rounds = argc == 4 ? atoi(argv[1]) : 0;

	if (rounds < 1) {
		fputs("usage: load ROUNDS EMPTY FULL\n", stderr);
		return 64;
	}
	setenv("BENCH_TIME", "/dev/null", TRUE); /* for the stub */
	for (guint k = 0; k < G_N_ELEMENTS(candidates); k++)
		candidates[k].profile = argv[2 + k];
	for (int i = 0; i < rounds; i++)
		for (guint k = 0; k < G_N_ELEMENTS(candidates); k++)
			run_once(&candidates[k]);

	printf("processor time of one start, mean of %d rounds, ms      user   system\n", rounds);
	for (guint k = 0; k < G_N_ELEMENTS(candidates); k++)
		printf("%-50s %8.2f %8.2f\n", candidates[k].profile, candidates[k].user / rounds,
			candidates[k].system / rounds);
	printf("%-50s %8.2f %8.2f\n", "difference",
		(candidates[1].user - candidates[0].user) / rounds,
		(candidates[1].system - candidates[0].system) / rounds);
	return 0;
}
