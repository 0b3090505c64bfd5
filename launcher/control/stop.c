/* SPDX-License-Identifier: MIT */
#include "launcher/control/stop.h"

#include <stdio.h>
#include <sysexits.h>

#include "launcher/control/ending.h"
#include "launcher/control/running.h"

static int tell_of_failure(const Running *running, const Ending *ending)
{
	fprintf(stderr, "qemu-tapwrap: VM '%s' (pid %d) cannot be ended: %s\n", running->name,
		ending_pid(ending), ending_problem(ending));
	return EX_NOPERM;
}

static guint seconds_for_guest(const Options *options)
{
	if (options->now)
		return 0;
	return options->timeout == OPTIONS_NO_TIME ? ENDING_POWERDOWN_LIMIT
						   : (guint)options->timeout;
}

int stop_run(const Options *options)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Running) running = running_find(options->profile, &error);
	g_autoptr(Ending) ending = NULL;

	if (!running) {
		fprintf(stderr, "qemu-tapwrap: %s\n", error->message);
		return error->code;
	}
	ending = ending_begin(running->directory, running->record ? running->record->pid : 0);
	switch (ending_run(ending, seconds_for_guest(options), NULL, NULL)) {
	case ENDING_POWERED_DOWN:
		return STOP_POWERED_DOWN;
	case ENDING_QUIT:
		return STOP_QUIT;
	case ENDING_KILLED:
		return STOP_KILLED;
	default:
		return tell_of_failure(running, ending);
	}
}
