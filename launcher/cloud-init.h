/* SPDX-License-Identifier: MIT */
/*
 * cloud-init: what the cloud-init of a guest reads at its first start, as its data source NoCloud
 * wants it: meta-data, user-data and network-config on a CD with the label CIDATA. See
 * https://docs.cloud-init.io/en/latest/reference/datasources/nocloud.html
 */
#pragma once

#include <glib.h>

#include "profiles/profile.h"

typedef struct {
	const ProfileSection *section;
	char *path; /* of the image, in the run directory */
	char *meta_data;
	GBytes *user_data;
	char *network_config; /* NULL: DHCP on the first NIC, as cloud-init has it */
} Seed;

#define CLOUD_INIT_ERROR (cloud_init_error_quark())
GQuark cloud_init_error_quark(void);

/*
 * Reads the files with keys, or that with user-data. *ret_seed is NULL without [cloud-init]. Owned
 * by the caller. CLOUD_INIT_ERROR with the profile's line: EX_NOINPUT, EX_DATAERR for what is no
 * public key.
 */
gboolean cloud_init_find(const Profile *profile, Seed **ret_seed, GError **error);
void cloud_init_free(Seed *seed);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Seed, cloud_init_free)

/* Writes the image, mode 0600, in place of an older one. EX_CANTCREAT. */
gboolean cloud_init_make(const Seed *seed, const Profile *profile, GError **error);

/* A scalar in double quotes, all ASCII, whatever @text holds. Owned by the caller. */
char *cloud_init_quote(const char *text);
