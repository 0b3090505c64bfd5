/* SPDX-License-Identifier: MIT */
/*
 * check-parts: what check is made of, a file for each part of the host. They come in the order of a
 * start, so that the first error is the one it would have ended with.
 */
#pragma once

#include "launcher/inspect/finding.h"
#include "launcher/plan.h"
#include "launcher/options.h"

typedef struct {
	const Options *options;
	Profile *profile; /* sound; files may be missing */
	Plan *plan;
	NetHelper *helper; /* NULL: none is started yet */
	Findings *findings;
	Firmware *firmware; /* found on the way */
	char *emulator;	    /* its path; likewise */
	gboolean needs_run; /* the run directory */
} Check;

void check_taps(Check *check);	     /* are the names free, or the taps ours? */
void check_provisions(Check *check); /* firmware, missing files, companions */
void check_emulator(Check *check);
void check_helper(Check *check);	/* would the taps be made? */
void check_run_directory(Check *check); /* does the VM run already? */
void check_kvm(Check *check);
void check_desktop(Check *check); /* is there one for the display? */
void check_images(Check *check);
void check_ports(Check *check);
void check_vfio(Check *check);
void check_qemu(Check *check); /* does the installed QEMU know it all? */

/* ---- for the parts ---- */

/* Adds one about a key (NULL: the section as a whole). @cure may be NULL. */
void check_tell(Check *check, FindingSeverity severity, int status, const ProfileSection *section,
	const char *key, const char *cure, const char *format, ...) G_GNUC_PRINTF(7, 8);

#define check_ok(check, section, key, ...) \
	check_tell(check, FINDING_OK, 0, section, key, NULL, __VA_ARGS__)
#define check_warn(check, section, key, cure, ...) \
	check_tell(check, FINDING_WARNING, 0, section, key, cure, __VA_ARGS__)
#define check_refused_by_qemu(check, section, key, cure, ...) \
	check_tell(check, FINDING_ERROR, FINDING_QEMU_FAILS, section, key, cure, __VA_ARGS__)

/* Adds an error that a module has raised, and frees it; @subject as for findings_add_line. */
void check_raise(Check *check, const char *subject, GError *error);

/* What is found out about taps, with a profile or without; @text: lines, or NULL. */
void check_tell_privilege(
	Findings *findings, gboolean is_lent); /* it is there, by sudo or pkexec */
void check_tell_password(Findings *findings);  /* it has to be asked for */
void check_tell_warnings(Findings *findings, const char *place, const char *text);

/* Can @path be created? FALSE and errno if the nearest directory that exists forbids it. */
gboolean check_can_create(const char *path);
