/* SPDX-License-Identifier: MIT */
/*
 * value: the text of one key -> a typed value. Pure: no I/O, and on failure nothing is touched.
 */
#pragma once

#include <glib.h>

typedef enum {
	VALUE_TEXT,	  /* char *: any text, not empty */
	VALUE_NAME,	  /* char *: a VM name, 1-64 bytes, no '/' */
	VALUE_OPTION,	  /* char *: a QEMU option with its own commas, e.g. host,-vmx */
	VALUE_DEVICE,	  /* char *: the name of a QEMU device, machine or architecture */
	VALUE_WORD,	  /* char *: one of the words */
	VALUE_BOOLEAN,	  /* gboolean: on/off, yes/no, true/false, 1/0 */
	VALUE_NUMBER,	  /* char *: decimal, within the words */
	VALUE_MIB,	  /* guint: MiB; 512, 512M, 4G, 1T */
	VALUE_BYTES,	  /* guint64: bytes; 512K, 40G, 1T */
	VALUE_ACCEL,	  /* char *: accelerators in order of preference, e.g. kvm:tcg */
	VALUE_SMP,	  /* char *: 4 or 4,cores=2,threads=2 */
	VALUE_CPUS,	  /* GStrv: ranges, 0-3 or 8 */
	VALUE_HOSTNAME,	  /* char *: labels of letters, digits and '-' with dots between them */
	VALUE_USER,	  /* char *: a login name, at most 32 bytes */
	VALUE_ORDER,	  /* char *: boot drive letters, e.g. dc */
	VALUE_RTC,	  /* char *: utc, localtime, 2024-02-29 or 2024-02-29T13:00:00 */
	VALUE_UUID,	  /* char *: lower case */
	VALUE_RESOLUTION, /* char *: 1920x1080 */
	VALUE_PATH,	  /* char *: absolute, after ~/, ${VAR} and the profile's directory */
	VALUE_PATHS,	  /* GStrv: the same, with commas between them */
	VALUE_ENDPOINT,	  /* char *: an absolute path, or 127.0.0.1:5901 or [::1]:5901 */
	VALUE_ICON,	  /* char *: the name of an icon, or an absolute path, as VALUE_PATH */
	VALUE_INCLUDES,	  /* char *: text for include to read */
	VALUE_MAC,	  /* char *: 52:54:00:0a:0b:0c, lower case */
	VALUE_IFNAME,	  /* char *: text for the platform to judge */
	VALUE_ADDRESSES,  /* GArray of ProfileAddress */
	VALUE_HOSTS,	  /* the same, /32 or /128; at most one of each family */
	VALUE_ROUTES,	  /* GArray of ProfileRoute */
	VALUE_UPLINK,	  /* char *: off, on, or text for the platform to judge */
	VALUE_HOSTFWDS,	  /* GStrv: in QEMU's spelling, tcp:127.0.0.1:2222-:22 */
	VALUE_USB_HOSTS,  /* GStrv: properties of usb-host, vendorid=0x046d,productid=0xc52b */
	VALUE_PCI,	  /* char *: 0000:01:00.0, lower case */
	VALUE_ARGS,	  /* GStrv: split as a shell would, nothing expanded */
	VALUE_COMMAND,	  /* the same; the first, if it has a slash, is a VALUE_PATH */
} ValueType;

typedef struct {
	guint8 family;	   /* 4 or 6 */
	guint8 prefix_len; /* 0-32 or 0-128 */
	guint8 octets[16]; /* network order; the first 4 for IPv4 */
} ProfileAddress;	   /* family 0: none */

typedef struct {
	ProfileAddress to;  /* a network */
	ProfileAddress via; /* a host in it, or none */
} ProfileRoute;

typedef struct {
	ValueType type;
	/* VALUE_WORD: the legal ones, separated by spaces; VALUE_NUMBER: the range, like 1-16 */
	const char *words;
	const char *directory; /* VALUE_PATH: what relative paths are relative to */
	/* VALUE_PATH: what ${NAME} means, NULL to ask the environment; may be NULL itself */
	const char *(*variable)(const char *name, gpointer data);
	gpointer data;
} ValueRule;

/*
 * Converts @text and stores the result in @slot, whose C type the list above gives and which must
 * be empty (zero). On failure returns FALSE and says in @ret_why (owned by the caller) what is
 * wrong and what would be right.
 */
gboolean value_parse(const ValueRule *rule, const char *text, gpointer slot, char **ret_why);

/*
 * Is it free of control characters other than tabs? Values go into messages, and into a script that
 * people paste: what is on a line must stay on it.
 */
gboolean value_is_plain(const char *text, size_t len);

/* Without the prefix length: 192.168.50.2. Owned by the caller. */
char *value_host_text(const ProfileAddress *address);

/* Are the first @len bits of both the same, and the family? */
gboolean value_same_prefix(const ProfileAddress *a, const ProfileAddress *b, guint len);

/* Frees what value_parse stored. */
void value_clear(ValueType type, gpointer slot);
