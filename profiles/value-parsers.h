/* SPDX-License-Identifier: MIT */
/*
 * value-parsers: one function for each ValueType. Part of value.
 */
#pragma once

#include "profiles/value.h"

/* What value_parse was asked; text is neither empty nor holds a control character. */
typedef struct {
	const ValueRule *rule;
	const char *text;
	gpointer slot;
	char **ret_why;
} Parse;

gboolean value_parse_name(const Parse *parse);
gboolean value_parse_device(const Parse *parse);
gboolean value_parse_word(const Parse *parse);
gboolean value_parse_boolean(const Parse *parse);
gboolean value_parse_number(const Parse *parse);
gboolean value_parse_mib(const Parse *parse);
gboolean value_parse_bytes(const Parse *parse);
gboolean value_parse_accel(const Parse *parse);
gboolean value_parse_smp(const Parse *parse);
gboolean value_parse_cpus(const Parse *parse);
gboolean value_parse_hostname(const Parse *parse);
gboolean value_parse_user(const Parse *parse);
gboolean value_parse_order(const Parse *parse);
gboolean value_parse_rtc(const Parse *parse);
gboolean value_parse_uuid(const Parse *parse);
gboolean value_parse_resolution(const Parse *parse);
gboolean value_parse_args(const Parse *parse);

gboolean value_parse_path(const Parse *parse);
gboolean value_parse_paths(const Parse *parse);
gboolean value_parse_command(const Parse *parse);
gboolean value_parse_endpoint(const Parse *parse);
gboolean value_parse_icon(const Parse *parse);

gboolean value_parse_mac(const Parse *parse);
gboolean value_parse_addresses(const Parse *parse);
gboolean value_parse_routes(const Parse *parse);
gboolean value_parse_uplink(const Parse *parse);
gboolean value_parse_hosts(const Parse *parse);
gboolean value_parse_hostfwds(const Parse *parse);

gboolean value_parse_usb_hosts(const Parse *parse);
gboolean value_parse_pci(const Parse *parse);

/* For the parsers: FALSE with the reason, TRUE with a copy of @text in the slot. */
gboolean parse_refuse(const Parse *parse, const char *format, ...) G_GNUC_PRINTF(2, 3);
gboolean parse_keep(const Parse *parse, const char *text);

gboolean parse_is_made_of(const char *text, const char *characters);
/* Digits only: no sign, no space, no 0x; 010 is refused because C reads it as 8. */
gboolean parse_number(const char *text, guint64 max, guint64 *ret_number);
/* The items between commas and blanks. Owned by the caller. */
GStrv parse_list(const char *text);
