/* SPDX-License-Identifier: MIT */
/*
 * argv-parts: what qemu-argv is made of, a file for each part of the machine, as in
 * profiles/resolve-parts.h. Each adds its options in the order of the profile.
 */
#pragma once

#include "launcher/qemu-argv.h"

typedef struct {
	const Profile *profile;
	const Backends *backends;
	GPtrArray *argv;
	/* controllers that have been added on the way */
	gboolean has_scsi, has_usb, has_virtio_serial, has_ahci;
	guint n_ide;
} Builder;

void argv_add_machine(Builder *builder); /* memory, numa, firmware and boot too */
void argv_add_storage(Builder *builder);
void argv_add_screen(Builder *builder); /* display, video, audio, usb */
void argv_add_ports(Builder *builder);	/* serial, guest, tpm, vfio, monitor */
void argv_add_network(Builder *builder);
void argv_add_guest_setup(Builder *builder); /* last, so that no slot of another device moves */

/* ---- for the parts ---- */

void argv_add(Builder *builder, const char *word);
void argv_add_option(Builder *builder, const char *option, const char *format, ...)
	G_GNUC_PRINTF(3, 4);
void argv_add_if_given(Builder *builder, const char *option, const char *value);

/* Where QEMU splits at commas, one that belongs to the value is written twice. */
char *argv_double_commas(const char *value);

/* ",name=value", or "" when @value is NULL; commas doubled. Owned by the caller. */
char *argv_property(const char *name, const char *value);

/* Makes sure of the controller's bus: scsi.0, usb.0, virtio-serial.0. */
void argv_need_scsi(Builder *builder);
void argv_need_usb(Builder *builder);
void argv_need_virtio_serial(Builder *builder);

/* ",bus=ide.0,unit=1": the next free place for an IDE drive. Owned by the caller. */
char *argv_take_ide(Builder *builder);

/* The host of 127.0.0.1:5901 or [::1]:5901, without brackets; *ret_port points behind the colon. */
char *argv_split_endpoint(const char *endpoint, const char **ret_port);

/* A socket's chardev: connected to @backend. */
void argv_add_socket(Builder *builder, const char *id, const Backend *backend);
