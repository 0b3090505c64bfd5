/* SPDX-License-Identifier: MIT */
/*
 * record: what a running VM tells about itself in its run directory, and others read there. A line
 * for each thing: a word, a blank, and the rest of the line.
 */
#pragma once

#include <glib.h>

#include "profiles/profile.h"

typedef struct {
	int pid;	   /* the launcher's, and so QEMU's unless it goes into the background */
	gint64 started;	   /* in seconds of CLOCK_BOOTTIME, which no clock change moves */
	char *profile;	   /* the real path */
	guint memory;	   /* MiB */
	GPtrArray *taps;   /* char *: "tap0 192.168.50.1/24 fd00:5a17::1/64" */
	GPtrArray *guests; /* char *: an address that the guest is told, without a subnet */
	char *display;	   /* "gtk", or with where it listens: "vnc /run/user/1000/..." */
	char *console;	   /* the socket of the first serial port that has one, or NULL */
	char *ssh;	/* "192.168.50.2" or "127.0.0.1 2222": where the guest's sshd is, or NULL */
	char *ssh_user; /* or NULL */
} Record;

/* Of a VM that this process is about to become. */
Record *record_new(const Profile *profile);
void record_free(Record *record);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Record, record_free)

/* Owned by the caller. */
char *record_print(const Record *record);

/* NULL if @text is no record, or not a whole one yet. Words of later versions are passed over. */
Record *record_parse(const char *text);

/* For how many seconds the VM has run. */
gint64 record_uptime(const Record *record);

/* The names of its taps, their addresses, or those of the guest. Owned by the caller. */
char *record_tap_names(const Record *record, const char *separator);
char *record_tap_addresses(const Record *record, const char *separator);
char *record_guest_addresses(const Record *record, const char *separator);
