/* SPDX-License-Identifier: MIT */
/*
 * profile: an INI file -> one immutable description of a VM, every default filled in.
 */
#pragma once

#include <glib.h>

#include "profiles/ini.h"
#include "profiles/places.h"
#include "profiles/value.h"

/* How every section's struct begins. */
typedef struct {
	const char *name;	  /* "nic" */
	const char *id;		  /* "lan" of [nic "lan"]; "0" of a bare [nic] */
	const IniSection *source; /* NULL when the profile has no such section */
} ProfileSection;

/* What may be NULL says so, or has no default in the schema. */
typedef struct {
	ProfileSection section;
	char *name;
	char *include; /* as it stands: the files are in already */
	char *arch;    /* as in qemu-system-<arch> */
	char *uuid;
	char *on_terminate;	 /* quit or powerdown */
	char *powerdown_timeout; /* "1" to "86400" */
} ProfileVm;

typedef struct {
	ProfileSection section;
	GStrv pre_start, post_stop; /* NULL when there is none */
} ProfileHooks;

typedef struct {
	ProfileSection section;
	char *type; /* NULL: QEMU's default for the architecture */
	char *accel;
	char *cpu;
	char *smp;
	guint memory; /* MiB */
	char *memory_file;
	gboolean memory_shared, memory_prealloc, memory_lock, hugepages;
	char *rtc;
	gboolean reboot;
} ProfileMachine;

typedef struct {
	ProfileSection section;
	GStrv cpus;
	guint memory; /* MiB */
} ProfileNuma;

typedef struct {
	ProfileSection section;
	char *type;
	char *code, *vars;
	char *nvram; /* NULL: in the state directory */
} ProfileFirmware;

typedef struct {
	ProfileSection section;
	char *kernel, *initrd, *append, *dtb, *order, *once;
	gboolean menu;
} ProfileBoot;

typedef struct {
	ProfileSection section;
	char *file;
	char *format;
	guint64 size; /* bytes; 0: none is given */
	char *backing;
	char *backing_format;
	char *interface; /* the key "if" */
	gboolean readonly, snapshot;
	char *cache, *aio, *discard;
	char *serial;
	char *bootindex;
} ProfileDisk;

typedef struct {
	ProfileSection section;
	char *file; /* NULL: an empty drive */
	char *interface;
	char *bootindex;
} ProfileCdrom;

typedef struct {
	ProfileSection section;
	char *file;
	gboolean readonly;
} ProfileFloppy;

typedef struct {
	ProfileSection section;
	char *path;
	char *type; /* 9p or virtiofs */
	char *tag;
	gboolean readonly;
	char *security_model;
} ProfileShare;

typedef struct {
	ProfileSection section;
	char *type; /* tap, bridge, macvtap, user, passt, stream, dgram, socket or none */
	char *model;
	char *mac;
	char *ifname;	   /* of tap, bridge and macvtap, else NULL */
	GArray *addresses; /* ProfileAddress; NULL when there are none */
	GArray *peers;	   /* ProfileAddress, /32 or /128; NULL when there are none */
	GArray *routes;	   /* ProfileRoute; NULL when there are none */
	char *nat;	   /* off, on, or an interface */
	char *br;	   /* of bridge, else NULL */
	char *parent;	   /* of macvtap, else NULL */
	char *mode;
	char *mtu;
	gboolean dhcp;
	gboolean persist;
	gboolean managed;
	char *queues; /* "1" to "8" */
	gboolean vhost;
	GArray *guest_addresses; /* ProfileAddress, without a subnet; NULL when there are none */
	char *guest_setup;	 /* none without guest_addresses */
	GStrv hostfwd;		 /* NULL when there is none */
	char *listen, *connect;	 /* of stream, dgram and socket; either may be NULL */
	gboolean link;
	char *bootindex, *romfile, *options;
} ProfileNic;

#define PROFILE_SOCKET_MAX 107 /* bytes of a socket's path; sun_path of unix(7) less its NUL */
#define PROFILE_SEED "seed.iso"
#define PROFILE_CONTROL_SOCKET "control.sock" /* in the run directory, for the verbs */
typedef struct {
	ProfileSection section; /* its source is NULL when there is no seed */
	char *hostname;
	char *user;
	GStrv ssh_keys; /* paths; NULL when there are none */
	char *user_data;
} ProfileCloudInit;

typedef struct {
	ProfileSection section;
	char *type;
	gboolean gl, full_screen;
	char *listen; /* of vnc and spice, else NULL */
	char *options;
} ProfileDisplay;

typedef struct {
	ProfileSection section;
	char *model;
	char *resolution;
	char *heads;
} ProfileVideo;

typedef struct {
	ProfileSection section;
	char *type;
	char *model;
} ProfileAudio;

typedef struct {
	ProfileSection section;
	char *controller;
	gboolean tablet, keyboard;
	GStrv host; /* NULL when there is none */
	char *redirect;
} ProfileUsb;

typedef struct {
	ProfileSection section;
	char *type;
	char *path;   /* of file and unix, else NULL */
	char *listen; /* of tcp and telnet, else NULL */
	char *model;
} ProfileSerial;

#define PROFILE_AGENT_SOCKET "agent.sock"
typedef struct {
	ProfileSection section;
	gboolean agent; /* at PROFILE_AGENT_SOCKET in the run directory */
	gboolean clipboard, balloon, rng;
	char *ssh_user, *ssh_port; /* either may be NULL */
} ProfileGuest;

typedef struct {
	ProfileSection section;
	char *type;
	char *model;
	char *version;
	char *state; /* of emulator, else NULL */
	char *path;  /* of passthrough, else NULL */
} ProfileTpm;

typedef struct {
	ProfileSection section;
	char *host;
	char *romfile;
} ProfileVfio;

typedef struct {
	ProfileSection section;
	char *qmp, *hmp, *gdb;
	gboolean paused;
} ProfileMonitor;

/* Nothing of it reaches QEMU. */
typedef struct {
	ProfileSection section;
	char *title; /* NULL: the VM's name */
	char *icon;  /* a name, or an absolute path */
} ProfileDesktop;

typedef struct {
	ProfileSection section;
	char *binary;
	GStrv args; /* NULL when there are none */
} ProfileQemu;

typedef struct {
	char *path;	 /* as the user knows it */
	char *directory; /* the real one */
	Places places;
	Ini *ini;
	Problems *problems;

	ProfileVm *vm;
	ProfileHooks *hooks;
	ProfileMachine *machine;
	ProfileFirmware *firmware;
	ProfileBoot *boot;
	ProfileCloudInit *cloud_init;
	ProfileDisplay *display;
	ProfileVideo *video;
	ProfileAudio *audio;
	ProfileUsb *usb;
	ProfileGuest *guest;
	ProfileTpm *tpm;
	ProfileMonitor *monitor;
	ProfileDesktop *desktop;
	ProfileQemu *qemu;
	GPtrArray *numas;    /* ProfileNuma, file order, as all of these */
	GPtrArray *disks;    /* ProfileDisk */
	GPtrArray *cdroms;   /* ProfileCdrom */
	GPtrArray *floppies; /* ProfileFloppy */
	GPtrArray *shares;   /* ProfileShare */
	GPtrArray *nics;     /* ProfileNic; never empty: QEMU's own default is one in user mode */
	GPtrArray *serials;  /* ProfileSerial */
	GPtrArray *vfios;    /* ProfileVfio */
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

/* Has the machine SMBIOS tables, in which -smbios type=11 arrives? */
gboolean profile_has_smbios(const Profile *profile);

/* Is the guest's architecture x86_64 or i386? */
gboolean profile_is_x86(const Profile *profile);

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

/* Calls @visit for each of them, by name. */
typedef void (*ProfileVisit)(const char *name, const char *path, gpointer data);
void profile_each_known(ProfileVisit visit, gpointer data);
