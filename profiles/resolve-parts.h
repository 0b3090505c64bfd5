/* SPDX-License-Identifier: MIT */
/*
 * resolve-parts: what resolve is made of, a file for each part of the machine. Each completes its
 * own sections and tells what does not go together.
 */
#pragma once

#include <sysexits.h>

#include "profiles/profile.h"

void resolve_machine(Profile *profile); /* vm, numa, firmware and boot too */
void resolve_storage(Profile *profile); /* disk, cdrom, floppy, share */
void resolve_network(Profile *profile);
void resolve_wire(Profile *profile, const ProfileNic *nic); /* listen and connect */
void resolve_guest_network(Profile *profile); /* guest-address, cloud-init; after resolve_network */
void resolve_screen(Profile *profile);	      /* display, video, audio, usb, clipboard */
void resolve_ports(Profile *profile); /* serial, agent, tpm, vfio, monitor; after resolve_screen */

#define complain(profile, item, key, ...) \
	profile_problem(profile, &(item)->section, key, EX_DATAERR, __VA_ARGS__)

/* Is @text, which may be NULL, one of the @words? */
gboolean resolve_is_one_of(const char *text, const char *words);

/* Does @key stand in the section of @item, a Profile* struct, right or wrong? */
gboolean resolve_is_given(gconstpointer item, const char *key);

/* Neither given nor set: the place for a default. */
#define resolve_is_open(item, member, key) (!(item)->member && !resolve_is_given(item, key))

/* Tells when @key, without which @item makes no sense, is absent. @form: how to write it. */
void resolve_require(
	Profile *profile, const ProfileSection *item, const char *key, const char *form);

/* Tells that @key is given though it means nothing, because of @why. */
void resolve_refuse(Profile *profile, const ProfileSection *item, const char *key, const char *why);

/*
 * Tells that @key and @other_key are both given though only one can be: at @key, with the line of
 * the other. @why: what would be right.
 */
void resolve_refuse_both(Profile *profile, const ProfileSection *item, const char *key,
	const char *other_key, const char *why);

/* @file in the run directory; NULL after telling that there is none. Owned by the caller. */
char *resolve_run_path(Profile *profile, const ProfileSection *item, const char *file);

/* Tells when @path, which may be NULL or no path, is too long for a socket. */
void resolve_check_socket(
	Profile *profile, const ProfileSection *item, const char *key, const char *path);
