/* SPDX-License-Identifier: MIT */
/*
 * qemu-tapwrap-inspect: what qemu-tapwrap must know but rarely needs to ask: which firmware is
 * installed, and what would go wrong with a start. It has no privilege; it reads JSON and lets QEMU
 * tell about itself, which therefore is no part of a start.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

#include "launcher/inspect/check.h"
#include "launcher/inspect/descriptors.h"
#include "launcher/inspect/doctor.h"

#define HELPER_OPTION "--helper="

/* Five lines, as launcher/firmware.c reads them. */
static int find_firmware(const char *arch, const char *machine, gboolean secure)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Firmware) firmware = descriptors_find(arch, machine, secure, &error);

	if (!firmware) {
		fprintf(stderr, "%s\n", error->message);
		return error->code;
	}
	printf("%s\n%s\n%s\n%s\n%s\n", firmware->code, firmware->code_format,
		firmware->vars ? firmware->vars : "",
		firmware->nvram_format ? firmware->nvram_format : "",
		firmware->needs_smm ? "smm" : "");
	return EXIT_SUCCESS;
}

static int refuse_usage(const char *why)
{
	fprintf(stderr, "qemu-tapwrap: %s\n", why);
	return EX_USAGE;
}

/* The launcher's own command line; in front of it the helper that it has started, if any. */
static int check(int argc, char **argv)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Options) options = NULL;
	NetHelper *helper = NULL;

	if (argc > 1 && g_str_has_prefix(argv[1], HELPER_OPTION)) {
		helper = net_helper_adopt(argv[1] + strlen(HELPER_OPTION));
		argv[1] = argv[0];
		argc--;
		argv++;
	}
	options = options_parse(argc, argv, &error);
	if (!options)
		return refuse_usage(error->message);
	switch (options->verb) {
	case VERB_CHECK:
		return check_run(options, helper);
	case VERB_DOCTOR:
		return doctor_run(options);
	default:
		return refuse_usage("qemu-tapwrap-inspect is started by qemu-tapwrap only");
	}
}

int main(int argc, char **argv)
{
	gboolean firmware = argc == 5 && g_str_equal(argv[1], "--firmware");
	int status;

	setvbuf(stdout, NULL, _IOLBF, 0); /* what goes there and to stderr keeps its order */
	status = firmware ? find_firmware(argv[2], argv[3], g_str_equal(argv[4], "secure"))
			  : check(argc, argv);

	if (!ferror(stdout) && fflush(stdout) == 0)
		return status;
	fputs("qemu-tapwrap: standard output: cannot be written to\n", stderr);
	return EX_IOERR;
}
