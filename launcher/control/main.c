/* SPDX-License-Identifier: MIT */
/*
 * qemu-tapwrap-control: what qemu-tapwrap does with VMs that run, and with the desktop. It has no
 * privilege; it talks with QEMU in JSON, which therefore is no part of a start.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

#include "launcher/control/complete.h"
#include "launcher/control/console.h"
#include "launcher/control/desktop.h"
#include "launcher/control/list.h"
#include "launcher/control/monitor.h"
#include "launcher/control/notification.h"
#include "launcher/control/open.h"
#include "launcher/control/ssh.h"
#include "launcher/control/steer.h"
#include "launcher/control/stop.h"
#include "launcher/control/supervisor.h"
#include "launcher/control/wait.h"
#include "launcher/notify.h"
#include "launcher/options.h"
#include "launcher/supervise.h"
#include "launcher/waiter.h"

static int refuse_usage(const char *why)
{
	fprintf(stderr, "qemu-tapwrap: %s\n", why);
	return EX_USAGE;
}

static int obey(const Options *options)
{
	switch (options->verb) {
	case VERB_LIST:
		return list_run(options);
	case VERB_STATUS:
		return list_status_run(options);
	case VERB_STOP:
		return stop_run(options);
	case VERB_PAUSE:
	case VERB_RESUME:
	case VERB_RESET:
	case VERB_LINK:
	case VERB_SCREENSHOT:
		return steer_run(options);
	case VERB_COMPLETE:
		return complete_run(options);
	case VERB_CONSOLE:
		return console_run(options);
	case VERB_MONITOR:
		return monitor_run(options);
	case VERB_SSH:
		return ssh_run(options);
	case VERB_INSTALL_DESKTOP:
	case VERB_REMOVE_DESKTOP:
		return desktop_entry_run(options);
	case VERB_INSTALL_MIME:
	case VERB_REMOVE_MIME:
		return desktop_mime_run(options);
	default:
		return refuse_usage("qemu-tapwrap-control is started by qemu-tapwrap only");
	}
}

/* What users do not call. */
static gboolean is_internal(int argc, char **argv, int *ret_status)
{
	if (argc == 4 && g_str_equal(argv[1], NOTIFY_OPTION))
		*ret_status = notification_show(argv[2], argv[3], FALSE);
	else if (argc == 4 && g_str_equal(argv[1], NOTIFY_ROOTLESS_OPTION))
		*ret_status = notification_show(argv[2], argv[3], TRUE);
	else if (argc == 3 && g_str_equal(argv[1], OPEN_OPTION))
		*ret_status = open_run(argv[2]);
	else if (argc > 1 && g_str_equal(argv[1], SUPERVISE_OPTION))
		*ret_status = supervisor_run(argv + 2);
	else if (argc > 1 && g_str_equal(argv[1], AWAIT_OPTION))
		*ret_status = wait_serve(argv + 2);
	else
		return FALSE;
	return TRUE;
}

int main(int argc, char **argv)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Options) options = NULL;
	int status;

	if (is_internal(argc, argv, &status))
		return status;
	options = options_parse(argc, argv, &error);
	status = options ? obey(options) : refuse_usage(error->message);
	if (!ferror(stdout) && fflush(stdout) == 0)
		return status;
	fputs("qemu-tapwrap: standard output: cannot be written to\n", stderr);
	return EX_IOERR;
}
