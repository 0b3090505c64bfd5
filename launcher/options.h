/* SPDX-License-Identifier: MIT */
/*
 * options: the command line -> a value: one verb, what it is about, and how.
 *
 *	qemu-tapwrap [OPTION...] PROFILE [-- QEMU-ARGUMENT...]
 *	qemu-tapwrap --VERB [OPTION...] [VM [ARGUMENT...]]
 *
 * What follows the VM of --ssh and --monitor is never ours, whatever it looks like.
 */
#pragma once

#include <glib.h>

typedef enum {
	VERB_START,
	VERB_DRY_RUN,
	VERB_PRINT, /* what is in information, as for --help */
	/* qemu-tapwrap-inspect */
	VERB_CHECK,
	VERB_DOCTOR,
	/* qemu-tapwrap-control */
	VERB_LIST,
	VERB_STATUS,
	VERB_STOP,
	VERB_PAUSE,
	VERB_RESUME,
	VERB_RESET,
	VERB_LINK,
	VERB_SCREENSHOT,
	VERB_CONSOLE,
	VERB_MONITOR,
	VERB_SSH,
	VERB_INSTALL_DESKTOP,
	VERB_REMOVE_DESKTOP,
	VERB_INSTALL_MIME,
	VERB_REMOVE_MIME,
	VERB_COMPLETE, /* of a command line for a shell; what is typed so far is in qemu_args */
} Verb;

#define OPTIONS_NO_TIME (-1)

typedef struct {
	Verb verb;
	char *profile;	   /* what the verb is about, as typed: a path, or the name of a VM */
	GStrv arguments;   /* what else the verb takes; never NULL */
	gboolean rootless; /* in a network of the VM's own */
	gboolean force;	   /* subnets that overlap are meant so */
	gboolean json;	   /* for programs */
	gboolean watch;	   /* of list and status: again and again */
	gboolean wait;	   /* of a start and status: until the guest answers */
	int wait_limit;	   /* of wait: seconds, or OPTIONS_NO_TIME */
	gboolean now;	   /* of stop: the guest is not asked */
	int timeout;	   /* of stop: seconds for the guest, or OPTIONS_NO_TIME */
	GStrv settings;	   /* of --set: SECTION[.ID].KEY=VALUE; NULL without any */
	GStrv words;	   /* the command line itself, without argv[0] */
	GStrv qemu_args;   /* what stands behind "--"; never NULL */
	char *information; /* of VERB_PRINT */
} Options;

/* @error: G_OPTION_ERROR with one line. */
Options *options_parse(int argc, char **argv, GError **error);
void options_free(Options *options);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Options, options_free)

/* The program that does what is asked for, a path; NULL: qemu-tapwrap itself. */
const char *options_program(const Options *options);
