/* SPDX-License-Identifier: MIT */
/*
 * options: the command line -> a value.
 *
 *	qemu-tapwrap [OPTION...] PROFILE [-- QEMU-ARGUMENT...]
 */
#pragma once

#include <glib.h>

typedef struct {
	char *profile;	   /* path or name, as typed */
	gboolean dry_run;  /* print what would be done, as a shell script */
	gboolean check;	   /* only look for what would go wrong */
	gboolean doctor;   /* look at the host alone; there is no profile */
	gboolean rootless; /* in a network of the VM's own */
	gboolean force;	   /* subnets that overlap are meant so */
	gboolean json;	   /* with check or doctor: for programs */
	GStrv settings;	   /* of --set: SECTION[.ID].KEY=VALUE; NULL without any */
	GStrv qemu_args;   /* what stands behind "--"; never NULL */
	char *information; /* the text to print when there is nothing else to do, as for --help */
} Options;

/* @error: G_OPTION_ERROR with one line. */
Options *options_parse(int argc, char **argv, GError **error);
void options_free(Options *options);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Options, options_free)
