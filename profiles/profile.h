/* SPDX-License-Identifier: MIT */
/*
 * profile: an INI file -> one immutable description of a VM, every default filled in.
 */
#pragma once

#include <glib.h>

#include "profiles/ini.h"
#include "profiles/value.h"

/* How every section's struct begins. */
typedef struct {
	const char *id;		  /* "lan" of [nic "lan"]; "0" of a bare [nic] */
	const IniSection *source; /* NULL when the profile has no such section */
} ProfileSection;

typedef struct {
	ProfileSection section;
	char *name;
	char *include; /* as it stands: the files are in already */
	char *arch;    /* as in qemu-system-<arch> */
} ProfileVm;

typedef struct {
	ProfileSection section;
	char *type; /* NULL: QEMU's default for the architecture */
	char *accel;
	char *cpu;
	char *smp;
	guint memory; /* MiB */
} ProfileMachine;

typedef struct {
	ProfileSection section;
	char *file;
	char *format;
	char *interface; /* the key "if" */
	gboolean readonly;
} ProfileDisk;

typedef struct {
	ProfileSection section;
	char *file; /* NULL: an empty drive */
} ProfileCdrom;

typedef struct {
	ProfileSection section;
	char *kernel, *initrd, *append, *dtb, *order; /* each may be NULL */
} ProfileBoot;

typedef struct {
	ProfileSection section;
	char *type;
} ProfileDisplay;

typedef struct {
	ProfileSection section;
	char *type;
	char *path; /* of file and unix, else NULL */
} ProfileSerial;

typedef struct {
	ProfileSection section;
	char *type; /* tap, user or none */
	char *model;
	char *mac;
	char *ifname;	   /* of tap, else NULL */
	GArray *addresses; /* ProfileAddress; NULL when there are none */
	GStrv hostfwd;	   /* NULL when there is none */
} ProfileNic;

typedef struct {
	ProfileSection section;
	GStrv args; /* NULL when there are none */
} ProfileQemu;

typedef struct {
	char *path;	 /* as the user knows it */
	char *directory; /* the real one */
	Ini *ini;
	Problems *problems;

	ProfileVm *vm;
	ProfileMachine *machine;
	ProfileBoot *boot;
	ProfileDisplay *display;
	ProfileQemu *qemu;
	GPtrArray *disks;   /* ProfileDisk, file order, as all of these */
	GPtrArray *cdroms;  /* ProfileCdrom */
	GPtrArray *serials; /* ProfileSerial */
	GPtrArray *nics;    /* ProfileNic; never empty: QEMU's own default is one in user mode */
} Profile;

/*
 * Reads the profile @name_or_path, as profile_find finds it, with what it includes and, on top,
 * @settings: SECTION[.ID].KEY=VALUE each, may be NULL. What is wrong with its content is
 * collected in the result, for profile_verdict to tell all at once together with what other modules
 * find. Returns NULL only if the file could not be read: PROFILE_ERROR, EX_NOINPUT.
 */
Profile *profile_load(const char *name_or_path, const GStrv settings, GError **error);
void profile_free(Profile *profile);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Profile, profile_free)

/* The profile's own file, absolute, links resolved. */
const char *profile_real_path(const Profile *profile);

/* Adds: path:line: [section "id"] key: text. @key NULL means the section as a whole. */
void profile_problem(Profile *profile, const ProfileSection *section, const char *key, int status,
	const char *format, ...) G_GNUC_PRINTF(5, 6);

/* path:line: [section "id"] key. For errors that are not the profile's fault. Owned by the caller.
 */
char *profile_place(const Profile *profile, const ProfileSection *section, const char *key);

/* FALSE and @error with every problem, one a line, if there is any: EX_DATAERR or EX_NOINPUT. */
gboolean profile_verdict(Profile *profile, GError **error);

/*
 * The file to read for what the user typed: a path, or the NAME of a NAME.ini in
 * $XDG_CONFIG_HOME/qemu-tapwrap, in qemu-tapwrap under each of $XDG_CONFIG_DIRS, or in
 * SYSCONFDIR/qemu-tapwrap. Owned by the caller. PROFILE_ERROR, EX_NOINPUT when there is none.
 */
char *profile_find(const char *name_or_path, GError **error);

/* All that can be found by name: lines of name and path, aligned. Owned by the caller. */
char *profile_list(void);
