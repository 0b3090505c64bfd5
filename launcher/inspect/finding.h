/* SPDX-License-Identifier: MIT */
/*
 * finding: what --check and --doctor have to say, and how it says it: lines for people, or JSON for
 * programs.
 */
#pragma once

#include <glib.h>
#include <stdio.h>

typedef enum {
	FINDING_OK,	 /* was looked at, and is fine */
	FINDING_NOTE,	 /* will be so, and need not be otherwise for every VM */
	FINDING_WARNING, /* the VM would start */
	FINDING_ERROR,	 /* it would not */
} FindingSeverity;

/* With which QEMU ends when it does not like its command line. */
#define FINDING_QEMU_FAILS 1

typedef struct Findings Findings;

/* @json: all of it at the end; else each as it comes up. */
Findings *findings_new(gboolean json);
void findings_free(Findings *findings);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Findings, findings_free)

/*
 * Adds one about @place, a line of the profile or a thing like /dev/kvm. @status: with which a
 * start would end, 0 unless it is an error; @cure may be NULL.
 */
void findings_add(Findings *findings, FindingSeverity severity, int status, const char *place,
	const char *cure, const char *format, ...) G_GNUC_PRINTF(6, 7);

/*
 * Adds one from a line as other modules put it: "path:line: [section] key: text; cure". What has
 * no such place is about @subject, which need not stand in front of it.
 */
void findings_add_line(Findings *findings, FindingSeverity severity, int status,
	const char *subject, const char *line);

/* The exit status: 0 without an error; EX_DATAERR if the profile has one; else the first one's. */
int findings_status(const Findings *findings);

/*
 * With JSON prints it now: an array of objects with severity, place, text, cure (null without one)
 * and status.
 */
void findings_print(const Findings *findings, FILE *out);
